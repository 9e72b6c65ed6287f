# SPDX-License-Identifier: MIT
# subscribe_cli.t - pushcgi subscribe: updates of this machine's queue and of a remote hub.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use IO::Socket::INET;
use JSON::PP ();
use PushcgiTest;
use ScriptedHub;
use Servers;
use Test::More;

my $json = JSON::PP->new->utf8;
my $hub = Servers::hub_for_server(config => { MERCURE_RETRY => 50 });
$hub->start;
my $server = Servers->lighttpd(hub => $hub);
my $url = "http://127.0.0.1:$hub->{port}" . Hub::URL_PATH;
my $dir = temp_dir();

# The configuration of a site whose hub is remote; nothing may fall back
# to a queue there.
sub site {
	my ($name, %set) = @_;
	my %all = (MERCURE_HUB_URL => $url, MERCURE_RETRY => 10,
	    MERCURE_SUBSCRIBER_SECRET_KEY => Token::SUBSCRIBER_KEY,
	    MERCURE_PUBLISH_CONNECT_TIMEOUT => 20000,
	    MERCURE_TRANSPORT_URL => "sqlite://$dir/none/queue.db", %set);

	spew("$dir/$name.conf", join('', map { "$_ = $all{$_}\n" }
	    grep { defined $all{$_} } sort keys %all), 0600);
	return "$dir/$name.conf";
}
my %config = (here => $hub->{config_path}, remote => site('site'));
my $count = 0;

# Start a subscriber; { pid, out, err }.
sub follow {
	my ($config, @arguments) = @_;
	my $self = { out => "$dir/out" . ++$count, err => "$dir/err$count" };

	spew($self->{$_}, '') for qw(out err);
	$self->{pid} = spawn(command => [program('pushcgi'), '--config',
	    $config, 'subscribe', @arguments], stdout => $self->{out},
	    stderr => $self->{err}, env => { http_proxy => "$url/none" });
	return $self;
}

# Each update that it printed so far.
sub got {
	my ($self) = @_;

	return map { $json->decode($_) } split /\n/, slurp($self->{out});
}

# Publish until the subscriber has something: it is there then.
sub subscribed {
	my ($self, $topic) = @_;
	my $n = 0;

	wait_until('it gets updates', sub {
		$hub->helper(['publish', $topic, 'warm ' . $n++]);
		slurp($self->{out}) =~ /warm/
		    or defined process_ended($self->{pid})
		    && die 'it ended: ' . slurp($self->{err});
	});
	return $n;
}

sub data_of { return grep { !/^warm/ } map { $_->{data} } got(@_) }

sub ended {
	my ($self) = @_;

	wait_until('it ends', sub { defined process_ended($self->{pid}) });
	return process_ended($self->{pid});
}

my $strange = "a\"\\\t\x01\r\nb\n";
for my $where (qw(here remote)) {
	my $config = $config{$where};
	my $public = follow($config, '--json', 'https://example.com/{x}', 't');
	my $private = follow($config, '--json', '--private', 't',
	    'https://example.com/a');
	subscribed($_, 't') for $public, $private;

	$hub->publish_ok(topic => 'https://example.com/a', id => "i:$where",
	    type => 'note', data => $strange);
	$hub->publish_ok(topic => 'other', data => 'not asked for');
	$hub->publish_ok(topic => ['x', 't'], data => 'secret',
	    private => 'on');
	$hub->publish_ok(topic => 't', data => '');
	$hub->publish_ok(topic => 't', data => "end \xc3\xa9");
	for my $row (['public', $public, []],
	    ['private, too', $private, ['secret']]) {
		my ($name, $who, $more) = @$row;

		wait_until("$where: the last arrives", sub {
			grep { $_ eq "end \x{e9}" } data_of($who);
		});
		my $data = $where eq 'here' ? $strange
		    : "a\"\\\t\x01\nb\n";
		is_deeply [data_of($who)], [$data, @$more, '',
		    "end \x{e9}"], "$where, $name: all, in order";
		my ($first) = grep { $_->{type} } got($who);
		is $first->{id}, "i:$where", "$where, $name: the id";
		is $first->{type}, 'note', "$where, $name: the type";
		for my $signal ($more->[0] ? 'TERM' : 'INT') {
			is process_end($who->{pid}, $signal), 0,
			    "$where, $name: SIG$signal ends it cleanly";
		}
		is slurp($who->{err}), '', "$where, $name: no complaint";
	}
	if ($where eq 'here') {
		my ($first) = grep { $_->{private} } got($private);
		is_deeply $first->{topic}, ['x', 't'],
		    'here, the topics are known';
		my ($exit) = $hub->helper(['publish', '--batch'], input =>
		    slurp($private->{out}) =~ s/"topic":\[/"topic":["copy",/gr
			=~ s/"id":"[^"]+",//gr);
		is $exit, 0, 'and --batch reads such lines';
	}

	# From an update on, so many of them.
	$hub->publish_ok(topic => 'n', id => "n:$where:$_", data => $_)
	    for 1 .. 5;
	my $three = follow($config, '--json', '--last-event-id',
	    "n:$where:1", '--count', 3, 'n');
	is ended($three), 0, "$where: --count ends it";
	is_deeply [data_of($three)], [2, 3, 4],
	    "$where: behind --last-event-id";
	my $all = follow($config, '--json', '--last-event-id', 'earliest',
	    '--count=1', 'https://example.com/a');
	is ended($all), 0, "$where: earliest";
	is((got($all))[0]{type}, 'note', "$where: from what there is");

	# For people.
	$hub->publish_ok(topic => 'p', id => "p:$where", type => 'news',
	    data => "one\n\e[2Jtwo");
	$hub->publish_ok(topic => ['x', 'p'], id => "q:$where",
	    private => 'on');
	my $text = follow($config, '--private', '--last-event-id',
	    "n:$where:5", '--count', 2, 'p');
	is ended($text), 0, "$where: as text";
	my @topics = $where eq 'here' ? ("public\tp", "private\tx\tp")
	    : ("-\t-") x 2;
	is slurp($text->{out}), "p:$where\tnews\t$topics[0]\n\tone\n"
	    . "\t?[2Jtwo\nq:$where\tmessage\t$topics[1]\n\t\n",
	    "$where: readable, and nothing that a terminal would obey";
}
ok !-e "$dir/none", 'nothing was looked for in another queue';

# [name, settings of the site, arguments, what the sentence holds]
# Bound, so that nobody else gets it, but nobody listens.
my $unheard = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'tcp')
    or die "no free port: $!\n";
my $closed = $unheard->sockport;
for my $row (
    ['another key', { MERCURE_SUBSCRIBER_SECRET_KEY => 'x' x 32 },
	['--private', 't'], qr/answers 401 .*MERCURE_SUBSCRIBER_SECRET_KEY/],
    ['no key', { MERCURE_SUBSCRIBER_SECRET_KEY => undef },
	['--private', 't'], qr/MERCURE_SUBSCRIBER_SECRET_KEY/],
    ['no hub', { MERCURE_HUB_URL => "$url/none" }, ['t'],
	qr{\Q$url\E/none answers 404 .*MERCURE_HUB_URL}],
    ['a page', { MERCURE_HUB_URL => "http://127.0.0.1:$hub->{port}"
	. '/index.html' }, ['t'], qr/not with a stream.*MERCURE_HUB_URL/],
    ['nobody listens', { MERCURE_HUB_URL => "http://127.0.0.1:$closed/hub" },
	['t'], qr{http://127\.0\.0\.1:$closed/hub: there is no connection}],
    ['an id that no header holds', {}, ['--last-event-id', 'y' x 9000, 't'],
	qr/--last-event-id .* 8000 bytes/],
    ['a bad topic', {}, ["a\n"], qr/topic/i],
    ['no topic', {}, [''], qr/topic/i],
    ['a bad topic, here', { MERCURE_HUB_URL => undef }, ["a\n"], qr/topic/i],
    ['no queue', { MERCURE_HUB_URL => undef }, ['t'], qr{\Q$dir\E/none}]) {
	my ($name, $set, $arguments, $want) = @$row;
	my $one = follow(site('wrong', %$set), @$arguments);

	is ended($one) >> 8, 1, "$name: exit 1";
	is slurp($one->{out}), '', "$name: no output";
	like slurp($one->{err}), qr/\Apushcgi: [^\n]+\n\z/,
	    "$name: one sentence";
	like slurp($one->{err}), $want, "$name: it names the fix";
	unlike slurp($one->{err}), qr/eyJ|x{32}/, "$name: and no secret";
}

# A hub that wants no pause, and whose streams end at once.
my $answer = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    . "Connection: close\r\n\r\nretry: 0\n\n";
my $long = 'x' x 9000;
my $rash = ScriptedHub->start(answers => { GET => $answer,
    1 => "${answer}id: a\ndata: 1\n\n", 5 => "${answer}id: $long\ndata: 2\n\n",
    7 => "${answer}id: b\ndata: 3\n\n" });
my $patient = follow(site('rash', MERCURE_HUB_URL =>
    "http://127.0.0.1:$rash->{port}/hub"), '--json', '--count', 3, 't');
is ended($patient), 0, 'a rash hub: its updates come';
is slurp($patient->{err}), '', 'a rash hub: without a word';
is_deeply [map { [$_->{id}, $_->{data}] } got($patient)],
    [['a', 1], [$long, 2], ['b', 3]],
    'a rash hub: also behind an id that no header holds';
my (@pauses, @ids, $ended);
for ($rash->requests) {
	if ($_->{method} eq 'end') {
		$ended = $_->{at};
		next;
	}
	push @pauses, $_->{at} - $ended if defined $ended;
	push @ids, $_->{head} =~ /^Last-Event-ID: (.*)\r$/m ? $1 : '-';
}
is "@ids", '- a a a a a a', 'a rash hub: the last id that fits is sent';
is scalar(grep { $_ < 0.09 } @pauses), 0, 'a rash hub: never asked at once'
    or diag "@pauses";
$rash->stop;

# Over the end of a hub, and one that comes again.
my $here = follow($config{here}, '--json', 't');
my $remote = follow($config{remote}, '--json', '--private', 't');
subscribed($_, 't') for $here, $remote;
for my $signal (qw(TERM KILL)) {
	$hub->stop($signal);
	$hub->helper(['publish', '--private', 't', "while down $signal"]);
	$hub->helper(['publish', 't', "after $signal"]);
	wait_until("$signal: here nothing has changed", sub {
		grep { $_ eq "after $signal" } data_of($here);
	});
	wait_until("$signal: it is missed", sub {
		slurp($remote->{err}) =~ /stream lost/;
	});
	unlink $hub->{address} =~ s/^unix://r;
	$hub->start;
	wait_until("$signal: it comes back", sub {
		grep { $_ eq "after $signal" } data_of($remote);
	});
}
is_deeply [data_of($here)], ['after TERM', 'after KILL'],
    'here: no hub is needed';
is_deeply [data_of($remote)], ['while down TERM', 'after TERM',
    'while down KILL', 'after KILL'],
    'remote: nothing lost, nothing twice';
is process_end($_->{pid}, 'TERM'), 0, 'ended cleanly' for $here, $remote;

# While there is no hub: a signal ends the wait, too.
my $waiting = follow($config{remote}, '--json', 't');
subscribed($waiting, 't');
$hub->stop;
wait_until('it waits', sub { slurp($waiting->{err}) =~ /stream lost/ });
is process_end($waiting->{pid}, 'INT'), 0, 'ended while it waits';
unlike slurp($waiting->{err}), qr/eyJ/, 'no token in what it says';

# A queue that is restored is another one.
my $moved = follow($config{here}, '--json', 't');
subscribed($moved, 't');
is slurp($moved->{err}), '', 'nothing was lost so far';
kill 'STOP', $moved->{pid};
my $few = '--mercure-hub-reconciliation-length=5';
$hub->helper(['publish', '--batch', $few], input => join '',
    map { qq({"topic":"t","data":"$_"}\n) } 1 .. 9);
$hub->helper(['publish', $few, 't', 10]);
kill 'CONT', $moved->{pid};
wait_until('it goes on', sub { grep { $_ eq '10' } data_of($moved) });
is_deeply [data_of($moved)], [6 .. 10], 'what is kept follows';
like slurp($moved->{err}), qr/updates lost reason="history pruned"/,
    'and it says that there was more';
$hub->helper(['backup', "$dir/copy"]);
unlink "$hub->{queue}$_" for '', '-wal', '-shm';
spew($hub->{queue}, slurp("$dir/copy"), 0660);
$hub->helper(['publish', 't', 'in the new one']);
wait_until('it follows the new one', sub {
	grep { $_ eq 'in the new one' } data_of($moved);
});
is process_end($moved->{pid}, 'TERM'), 0, 'and ends cleanly';

done_testing;
