# SPDX-License-Identifier: MIT
# mixed.t - every kind of process at once on one queue, and half of mod_fcgid's killed.
#
# PUSHCGI_EXACTNESS=full: 50 processes of mod_fcgid beside 200 streams.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib";
use CgiProcess;
use Hub;
use JSON::PP;
use Load;
use Presence;
use PushcgiTest;
use Servers;
use Test::More;

my $full = ($ENV{PUSHCGI_EXACTNESS} || '') eq 'full';
my ($processes, $streams, $updates) = $full ? (50, 200, 2000)
    : (12, 20, 240);
my $topics = 4;
my $range = '0-' . ($topics - 1);

# A hub that stands by itself; Apache, which starts one for each stream; the
# program, and the hub as a CGI: all they have in common is the queue.
my %config = (MERCURE_MAX_CONNECTIONS_PER_TOKEN => 0);
my $standing = Servers::hub_for_server(config => \%config)->start;
my $spawned = Servers::hub_for_server(queue_of => $standing,
    config => \%config);
my $apache = Servers->apache(hub => $spawned);
my $watch = $standing->stream(topic => SUBSCRIPTIONS . '/{t}/{s}',
    token => all_events());

# Half of Apache's streams are named, and stay away when their process dies.
# Each has the updates of one of the load's topics, too.
my @named = map { { topic => "s$_" } } 1 .. $processes / 2;
my %told;	# topic => { begun, ended }

sub come {
	my ($from, $s, %o) = @_;

	$s->{answer} = $from->subscribe(topic => [$s->{topic}, 'bench-0',
	    'end'], %o);
}

come($apache, $_) for @named;
$_->{answer}->opened(cursor => 1) for @named;
my %first = map { $_ => 1 } $apache->stream_hubs;

# The others are the load's, and come back.
my $reference = $standing->stream(topic => ['bench-0', 'end']);
my ($at, $http) = ($standing->{address}, "http:127.0.0.1:$apache->{port}");
my $load = Load->start(hub => $standing, hold => 1, options => ['--tell=10',
    '--retry=100', '--patience=40'],
    streams => ['n=' . @named . ",topics=$range,at=$http",
	"n=$streams,topics=$range,at=$at"],
    lanes => [Load::lanes_of_all($updates, $range, 60, $at, $http)]);

# Ways to ask who is there; each returns topics.
sub by_cgi {
	my $answer = CgiProcess->new(log => $standing->{log},
	    config_path => $standing->{config_path}, params =>
	    Hub::params('GET', SUBSCRIPTIONS, undef, token => all_events()))
	    ->finished;

	return [map { $_->{topic} }
	    @{ decode_json($answer->body)->{subscriptions} }];
}

sub by_program {
	my ($status, $out, $err) = $standing->helper(['subscriptions']);

	die "subscriptions: $err" if $status;
	return [map { (split /\t/)[0] } split /\n/, $out];
}

sub by_hub {
	my ($hub) = @_;

	return sub { [map { (split)[0] } @{ there($hub) }] };
}

# Also each of Apache's processes, at its own socket.
sub every_way {
	return ('the hub that stands' => by_hub($standing),
	    'Apache' => by_hub($apache), 'a CGI' => \&by_cgi,
	    'the program' => \&by_program,
	    map { ("process $_ of Apache" => by_hub($apache->hub_of_pid($_))) }
	    $apache->stream_hubs);
}

# The topics of the streams above in order, without the watcher's and `end`.
sub listed {
	my ($ask) = @_;

	return join ' ', sort grep { /^(?:s|bench-)\d+$/ } @{ $ask->() };
}

# All list just these topics; returns how many ways there are to ask.
sub all_list {
	my ($when, @topics) = @_;
	my $expected = join ' ', sort @topics;
	my %ask = every_way();
	my @differ;

	# A row is written a moment after its stream is open.
	wait_until("$when: the list is so", sub {
		return listed($ask{'the hub that stands'}) eq $expected;
	});
	for my $who (sort keys %ask) {
		my $list = listed($ask{$who});

		push @differ, "$who: $list" if $list ne $expected;
	}
	is_deeply \@differ, [], "$when: all list the streams that live";
	return scalar keys %ask;
}

# The topics of everybody's streams while these named ones live.
sub everybody {
	my (@live) = @_;
	my @of_load = map { 'bench-' . $_ % $topics } 0 .. $#named,
	    0 .. $streams - 1;

	return (@of_load, 'bench-0', map { ($_->{topic}, 'bench-0') } @live);
}

wait_until('the load is open', sub {
	die $load->text if $load->ended;
	$load->opened;
});
cmp_ok all_list('at first', everybody(@named)), '>=', $processes + 4,
    'as many processes as streams';
read_told($watch, \%told, sub { keys %told == @named });

# Half of the processes die while all publish.
$load->go;
wait_until('a third is published', sub {
	die $load->text if $load->ended;
	$load->acked > $updates / 3;
});
my $opened = $load->opened;
my %turn;
my @all = $apache->stream_hubs;
my @killed = grep { $turn{ $first{$_} ? 'named' : 'other' }++ % 2 == 0 }
    sort { $a <=> $b } @all;
kill 'KILL', @killed;

# Who lives gets this, and who does not has ended.
$standing->publish_ok(topic => 'end', data => 'half');
for my $s (map { $_->{answer} } @named) {
	$s->until('its end, or the update', sub {
		return $s->is_over
		    || grep { ($_->{data} // '') eq 'half' } $s->all;
	});
}
my @gone = grep { $_->{answer}->is_over } @named;
my @live = grep { !$_->{answer}->is_over } @named;
ok @gone && @live, @killed . ' processes killed, ' . @gone . ' of ' . @named
    . ' named streams ended';
wait_until('the load is back', sub {
	die $load->text if $load->ended;
	$load->opened > $opened;
});
all_list('half are dead', everybody(@live));
read_told($watch, \%told,
    sub { @gone == grep { $_->{ended} } values %told });
is_deeply [sort grep { $told{$_}{ended} } keys %told],
    [sort map { $_->{topic} } @gone],
    'those who are gone are told of, and no others';

# They come back, to Apache and to the other hub in turns.
for my $n (0 .. $#gone) {
	my ($s, $answer) = ($gone[$n], $gone[$n]{answer});

	$s->{before} = [grep { $_->{kind} eq 'event' } $answer->all];
	come($n % 2 ? $standing : $apache, $s,
	    last_event_id => $answer->{sse}->last_event_id);
}
$_->{answer}->opened for @gone;
all_list('all are back', everybody(@named));

# What each has got, from one process or two.
wait_until('all is published', sub {
	die $load->text if $load->ended;
	$load->fields('problems');
});
all_list('all is published', everybody(@named));
$standing->publish_ok(topic => 'end', data => 'end');
my @ids = map { $_->{id} } $reference->events_until('end');
cmp_ok scalar @ids, '>=', $updates / $topics, 'the topic had its share';
for my $s (@named) {
	my @got = map { $_->{id} } @{ $s->{before} || [] },
	    $s->{answer}->events_until('end');

	is_deeply \@got, \@ids,
	    "$s->{topic} got each update once, in the order of all";
	is $s->{answer}->problems, '', "$s->{topic}: no problem in it";
}
$load->go;
# Apache may have started more processes than it has streams.
$load->judge('the load', acked => $updates,
    interrupted => @killed - @gone - (@all - $processes));

# The rest ends in order.
$_->{answer}->hang_up for @named;
$reference->hang_up;
read_told($watch, \%told, sub {
	return !grep { $_->{begun} != ($_->{ended} || 0) } values %told;
});
is_deeply { map { $_ => $told{$_}{ended} } keys %told },
    { (map { ($_->{topic} => 2) } @gone), map { ($_->{topic} => 1) } @live },
    'each coming and going is told once';
all_list('all have left');

$_->stop for $apache, $standing;

done_testing;
