# SPDX-License-Identifier: MIT
# exactness.t - each acknowledged update once, in one order, whatever dies.
#
# PUSHCGI_EXACTNESS=full: 1,000 streams, and web servers.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use Load;
use PushcgiTest;
use Servers;
use Test::More;

my $full = ($ENV{PUSHCGI_EXACTNESS} || '') eq 'full';
my ($streams, $topics, $updates, $kills) = $full ? (1000, 50, 4000, 8)
    : (100, 10, 300, 3);
my $last_topic = $topics - 1;
my $rate = $full ? 400 : 100;
my %config = (MERCURE_HUB_RECONCILIATION_LENGTH => 1_000_000);

# Kill one of the hubs whenever a further part of the updates has been
# acknowledged and all streams are back; start it again.
sub kill_during {
	my ($load, $times, @hubs) = @_;

	for my $round (1 .. $times) {
		my $hub = $hubs[$round % @hubs];
		my $opened = $load->opened;
		my $goal = $load->acked + $updates / ($kills + 1);

		wait_until("updates flow in round $round", sub {
			die $load->text if $load->ended;
			$load->acked >= $goal;
		});
		$hub->stop('KILL');
		$hub->start;
		wait_until("streams are open again in round $round",
		    sub { $load->opened > $opened || $load->ended });
	}
}

sub judge {
	my ($name, $load) = @_;

	$load->judge($name, acked => $updates, interrupted => $kills);
}

sub lanes {
	my ($n, $rate, @addresses) = @_;

	return Load::lanes_of_all($n, "0-$last_topic", $rate, @addresses);
}

# A program that sends 20 updates, and another in its place that sends the
# same again: the load generator must notice, and miss the 21st.
my $floor = temp_dir() . '/floor.sock';

sub start_floor {
	pipe my $theirs, my $to or die "pipe: $!\n";
	$to->autoflush;
	my $pid = spawn(command => [program('tests/bench/floor'), $floor, 20,
	    1000, 100], stdin => $theirs);
	wait_until('the floor listens', sub { FcgiClient::dial("unix:$floor") });
	return ($pid, $to);
}

my ($pid, $to) = start_floor();
my $load = Load->start(options => ['--patience=2'],
    streams => ["n=5,topics=0,at=unix:$floor"],
    lanes => ['how=other,topics=0,count=21']);
wait_until('streams are open', sub { $load->opened == 1 });
print $to "\n\n";
wait_until('the first floor ends', sub { defined process_ended($pid) });
($pid, $to) = start_floor();
wait_until('streams are open again', sub { $load->opened == 2 });
print $to "\n\n";
wait_until('the load ends', sub { $load->ended });
my ($group) = $load->groups;
is_deeply [@$group{qw(received duplicate lost)}], [200, 100, 5],
    'what is wrong is noticed';
isnt process_ended($load->{pid}), 0, 'and said';

# One hub.  Some streams get their only update at the very end: until then they
# have nothing but cursors.
my $hub = Hub->start(config => \%config);
my $at = $hub->{address};
$load = Load->start(hub => $hub, options => ['--tell=10'],
    streams => ["n=$streams,topics=0-$last_topic,at=$at",
	"n=10,topics=0-$last_topic,each=3,at=$at",
	"n=10,topics=$topics,at=$at"],
    lanes => [lanes($updates, $rate, $at),
	"how=helper,topics=$topics,count=1,last=1"]);
kill_during($load, $kills, $hub);
judge('one hub', $load);
$hub->stop;

# Two of them on one queue; streams change over when theirs dies.
my $first = Hub->start(config => \%config);
my $second = Hub->start(config => \%config, queue_of => $first);
my ($a, $b) = map { $_->{address} } $first, $second;
$load = Load->start(hub => $first, options => ['--tell=10'],
    streams => ["n=$streams,topics=0-$last_topic,at=$a|$b"],
    lanes => [lanes($updates, $rate, $a, $b)]);
kill_during($load, $kills, $first, $second);
judge('two hubs', $load);

# Behind lighttpd, and in 20 processes of Apache, on one queue.
if ($full) {
	my $served = Servers::hub_for_server(config => \%config)->start;
	my $spawned = Servers::hub_for_server(queue_of => $served,
	    config => \%config);
	my $lighttpd = Servers->lighttpd(hub => $served);
	my $apache = Servers->apache(hub => $spawned);
	my ($l, $s) = map { "http:127.0.0.1:$_->{port}" } $served, $spawned;

	$load = Load->start(hub => $served, options => ['--tell=10',
	    '--retry=100', '--pending=40', '--patience=40'],
	    streams => ["n=300,topics=0-$last_topic,at=$l",
		"n=200,topics=0-$last_topic,at=$served->{address}|$l",
		"n=20,topics=0-$last_topic,at=$s"],
	    lanes => [lanes($updates, 60, $l, $s)]);
	wait_until('streams are open', sub { $load->opened });
	cmp_ok scalar $apache->spawned_hubs, '>=', 20, 'Apache has 20 hubs';
	for my $round (1 .. 2) {
		kill_during($load, 2, $served);
		kill 'KILL', ($apache->spawned_hubs)[0 .. 9];
	}
	judge('web servers', $load);
	$_->stop for $apache, $lighttpd, $served;
}

done_testing;
