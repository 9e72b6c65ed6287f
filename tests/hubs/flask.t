# SPDX-License-Identifier: MIT
# flask.t - publish to, follow and ask another hub: the one of flask-mercure-sse.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib";
use IO::Socket::INET;
use JSON::PP ();
use PushcgiTest;
use Test::More;
use Token;

my $python = ($ENV{PUSHCGI_HUBS} || die "PUSHCGI_HUBS is not set: tests/run\n")
    . '/bin/python';
my $json = JSON::PP->new->utf8;
my $dir = temp_dir();
my $port = free_port();
my $hub;

sub start_hub {
	$hub = spawn(name => 'flask-mercure-sse', stdout => "$dir/log",
	    stderr => "$dir/log", cwd => $dir, command => [$python, '-m',
	    'flask_mercure_sse.server', '--host', '127.0.0.1', '--port', $port,
	    '--publisher-secret', Token::PUBLISHER_KEY,
	    '--subscriber-secret', Token::SUBSCRIBER_KEY]);
	wait_until('the other hub answers', sub {
		die 'it ended: ' . slurp("$dir/log")
		    if defined process_ended($hub);
		IO::Socket::INET->new(PeerAddr => '127.0.0.1',
		    PeerPort => $port);
	});
}
watch_log("$dir/log", 'the other hub');
start_hub();

sub site {
	my ($name, %set) = @_;
	my %all = (MERCURE_HUB_URL =>
	    "http://127.0.0.1:$port/.well-known/mercure",
	    MERCURE_PUBLISHER_SECRET_KEY => Token::PUBLISHER_KEY,
	    MERCURE_SUBSCRIBER_SECRET_KEY => Token::SUBSCRIBER_KEY,
	    MERCURE_PUBLISH_CONNECT_TIMEOUT => 20000,
	    MERCURE_PUBLISH_TIMEOUT => 20000, MERCURE_RETRY => 50,
	    MERCURE_TRANSPORT_URL => "sqlite://$dir/none/queue.db", %set);

	spew("$dir/$name.conf", join('', map { "$_ = $all{$_}\n" }
	    sort keys %all), 0600);
	return "$dir/$name.conf";
}
my $config = site('site');

# (exit code, standard output, standard error)
sub pushcgi {
	my ($file, @arguments) = @_;
	my ($status, $out, $err) = run([program('pushcgi'), '--config', $file,
	    @arguments]);

	return ($status >> 8, $out, $err);
}

my $count = 0;

sub follow {
	my (@arguments) = @_;
	my $self = { out => "$dir/out" . ++$count, err => "$dir/err$count" };

	spew($self->{$_}, '') for qw(out err);
	$self->{pid} = spawn(command => [program('pushcgi'), '--config',
	    $config, 'subscribe', '--json', @arguments],
	    stdout => $self->{out}, stderr => $self->{err});
	return $self;
}

sub data_of {
	my ($self) = @_;

	return map { $json->decode($_)->{data} } split /\n/,
	    slurp($self->{out});
}

sub subscribers {
	my ($topic) = @_;
	my ($exit, $out, $err) = pushcgi($config, 'connected', '--json', $topic);

	return $exit <= 1 ? $json->decode($out)->{count} : $err;
}

# Who subscribes.
like subscribers('news'), qr{/subscriptions/news answers 404},
    'it has no list for a topic that it has never met';
my $public = follow('news', 'other');
my $private = follow('--private', 'news');
wait_until('both are listed', sub { subscribers('news') eq '2' });
pass 'connected counts them';
is subscribers('other'), 1, 'for each topic';
my ($exit, $out, $err) = pushcgi($config, 'subscriptions', 'news');
is $exit, 0, 'subscriptions';
like $out, qr/\A(?:news\turn:uuid:\S+\t\{\}\n){2}\z/, 'a line for each';
($exit, $out) = pushcgi($config, 'subscriptions', '--json', 'news');
my $document = $json->decode($out);
is $document->{type}, 'Subscriptions', 'as a document of the protocol';
is_deeply [map { $_->{topic} } @{ $document->{subscriptions} }],
    ['news', 'news'], 'of both';

# Publish, and get it.
my $id;
($exit, $id, $err) = pushcgi($config, 'publish', '--id', 'urn:1', '--type',
    'note', 'news', "a\nb");
is "$exit $id$err", "0 urn:1\n", 'publish gives the id';
($exit, $id) = pushcgi($config, 'publish', '--private', 'news', 'secret');
is $exit, 0, 'a private one';
like $id, qr/^urn:uuid:/, 'gets an id of the hub';
pushcgi($config, 'publish', 'other', 'x');
pushcgi($config, 'publish', 'news', 'last');
wait_until('the last arrives', sub {
	2 == grep { grep { $_ eq 'last' } data_of($_) } $public, $private;
});
is_deeply [data_of($public)], ["a\nb", 'x', 'last'],
    'subscribe: what is public';
is_deeply [data_of($private)], ["a\nb", 'secret', 'last'],
    'subscribe --private: what is private, too';
my ($first) = map { $json->decode($_) } (split /\n/, slurp($public->{out}))[0];
is "$first->{id} $first->{type}", 'urn:1 note', 'with id and type';

# From an update on.
my $later = follow('--last-event-id', 'urn:1', '--private', '--count', 2,
    'news');
wait_until('it ends', sub { defined process_ended($later->{pid}) });
is_deeply [data_of($later)], ['secret', 'last'], 'behind --last-event-id';

# Over its end: it forgets everything, but we come back.
process_end($hub, 'KILL');
wait_until('both have lost it', sub {
	2 == grep { slurp($_->{err}) =~ /stream lost/ } $public, $private;
});
start_hub();
wait_until('both are back', sub { subscribers('news') eq '2' });
pushcgi($config, 'publish', 'news', 'after');
wait_until('what comes then arrives', sub {
	2 == grep { (data_of($_))[-1] eq 'after' } $public, $private;
});
pass 'over the end of the hub';
for my $one ($public, $private) {
	is process_end($one->{pid}, 'TERM'), 0, 'ended cleanly';
}

# [name, settings, arguments, exit code, what the sentence holds]
for my $row (
    ['another key, publish', { MERCURE_PUBLISHER_SECRET_KEY => 'x' x 32 },
	['publish', 'news', 'x'], 1, qr/answers 403 .*MERCURE_PUBLISHER_JWT/],
    ['another key, subscribe', { MERCURE_SUBSCRIBER_SECRET_KEY => 'x' x 32 },
	['subscribe', '--private', 'news'], 1,
	qr/answers 403 .*MERCURE_SUBSCRIBER_SECRET_KEY/],
    ['another key, connected', { MERCURE_SUBSCRIBER_SECRET_KEY => 'x' x 32 },
	['connected', 'news'], 3,
	qr/answers 403 .*MERCURE_SUBSCRIBER_SECRET_KEY/],
    ['a problem of the hub', {}, ['subscriptions'], 1,
	qr{/subscriptions answers 500 .*its log}],
    ['no hub there', { MERCURE_HUB_URL => "http://127.0.0.1:$port/hub" },
	['subscribe', 'news'], 1, qr/answers 404 .*MERCURE_HUB_URL/]) {
	my ($name, $set, $arguments, $code, $want) = @$row;

	($exit, $out, $err) = pushcgi(site('wrong', %$set), @$arguments);
	is $exit, $code, "$name: exit $code";
	is $out, '', "$name: no output";
	like $err, qr/\Apushcgi: [^\n]+\n\z/, "$name: one sentence";
	like $err, $want, "$name: it names the fix";
}
ok !-e "$dir/none", 'and nothing was kept here';

done_testing;
