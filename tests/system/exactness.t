# SPDX-License-Identifier: MIT
# exactness.t - each acknowledged update once, in one order, whatever dies.
#
# PUSHCGI_EXACTNESS=full: 1,000 streams, over lighttpd, too.
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
my %config = (MERCURE_HUB_RECONCILIATION_LENGTH => 1_000_000);

# Kill one of the hubs whenever a further part of the updates has been
# acknowledged and all streams are back; start it again.
sub kill_during {
	my ($load, @hubs) = @_;

	for my $round (1 .. $kills) {
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
	my ($name, $load, $expected) = @_;

	wait_until("$name: the end", sub { $load->ended });
	my @groups = $load->groups;
	my $published = $load->fields('published');
	for my $fault (qw(lost duplicate disordered disagree forgotten)) {
		my $sum = 0;
		$sum += $_->{$fault} for @groups;
		is $sum, 0, "$name: none $fault" if @groups;
	}
	is process_ended($load->{pid}), 0, "$name: exact";
	cmp_ok $published->{acked}, '>=', $expected, "$name: acknowledged";
	my $interrupted = 0;
	$interrupted += $_->{interrupted} for @groups;
	cmp_ok $interrupted, '>=', $kills, "$name: streams were interrupted";
}

sub lanes {
	my ($n, @addresses) = @_;
	my $each = int $n / 4;

	return ((map { "at=$_,topics=0-$last_topic,count=" . int($n / 2
	    / @addresses) . ',rate=' . ($full ? 400 : 100) } @addresses),
	    "how=helper,topics=0-$last_topic,count=$each",
	    "how=cgi,topics=0-$last_topic,count=$each");
}

# One hub.  Some streams get their only update at the very end: until then they
# have nothing but cursors.
my $hub = Hub->start(config => \%config);
my $at = $hub->{address};
my $load = Load->start(hub => $hub, options => ['--tell=10'],
    streams => ["n=$streams,topics=0-$last_topic,at=$at",
	"n=10,topics=0-$last_topic,each=3,at=$at",
	"n=10,topics=$topics,at=$at"],
    lanes => [lanes($updates, $at),
	"how=helper,topics=$topics,count=1,last=1"]);
kill_during($load, $hub);
judge('one hub', $load, $updates);
$hub->stop;

# Two of them on one queue; streams change over when theirs dies.
my $first = Hub->start(config => \%config);
my $second = Hub->start(config => \%config, queue_of => $first);
my ($a, $b) = map { $_->{address} } $first, $second;
$load = Load->start(hub => $first, options => ['--tell=10'],
    streams => ["n=$streams,topics=0-$last_topic,at=$a|$b"],
    lanes => [lanes($updates, $a, $b)]);
kill_during($load, $first, $second);
judge('two hubs', $load, $updates);

done_testing;
