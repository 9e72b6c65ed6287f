# SPDX-License-Identifier: MIT
# drain_window.t - a hub that ends lets its streams go one after the other.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use PushcgiTest;
use Test::More;

use constant { STREAMS => 600, RETRY => 2000 };

# `other` publishes what the streams of `hub` get while it ends.
my $hub = Hub->start(config => { MERCURE_RETRY => RETRY });
my $other = Hub->start(queue_of => $hub);

sub open_streams {
	return map { $hub->stream(topic => 'a', cursor => 1) } 1 .. STREAMS;
}

# What a stream got to its end: the data of its events, the delay and the
# position that it was told last.
sub outcome {
	my ($stream) = @_;

	$stream->until('the end of a stream', sub { $stream->is_over });
	my @items = $stream->all;
	my ($cursor, $retry) = ($items[-1], $items[-2]);

	return { clean => $stream->{ended} && $stream->problems eq ''
	    && Answer::is_cursor($cursor), retry => $retry->{retry},
	    at => $cursor->{id}, data =>
	    [ map { $_->{data} } grep { $_->{kind} eq 'event' } @items ] };
}

# Publish until the process has ended; who never reads would be cut.
my @streams = open_streams();
my $n = 0;
kill 'TERM', $hub->{pid};
until (defined process_ended($hub->{pid})) {
	$other->publish_ok(topic => 'a', data => ++$n);
	next if $n % 50;
	$_->pump(0) for @streams;
}
is process_ended($hub->{pid}), 0, 'exit 0';
my @outcomes = map { outcome($_) } @streams;
$_->hang_up for @streams;
is scalar(grep { !$_->{clean} } @outcomes), 0,
    'each stream ends in good order, with a position';

# Who ended first got fewest of what was published meanwhile.
my @counts = map { scalar @{ $_->{data} } } @outcomes;
is scalar(grep { $counts[$_] < $counts[$_ - 1] } 1 .. $#counts), 0,
    'in the order in which they came';
cmp_ok $counts[-1], '>', $counts[0],
    'the last received updates after the first had ended';
my %counts = map { $_ => 1 } @counts;
cmp_ok scalar(keys %counts), '>', 2, 'and the others ended in between';

my @retries = map { $_->{retry} } @outcomes;
is scalar(grep { $_ < RETRY || $_ > RETRY + STREAMS } @retries), 0,
    'each comes back after its usual delay and no more than the window';
my %retries = map { $_ => 1 } @retries;
cmp_ok scalar(keys %retries), '>', 50, 'at different times';

# Each got what there was up to its position, and goes on behind it.
$other->publish_ok(topic => 'a', data => 'end');
my @wrong = grep {
	my $o = $outcomes[$_];
	my $next = $other->stream(topic => 'a', last_event_id => $o->{at});
	my $rest = $next->data_until('end');

	$next->hang_up;
	"@{ $o->{data} } @$rest" !~ /^ ?@{[ join ' ', 1 .. $n ]} ?\z/;
} map { 60 * $_ } 0 .. 9;
is "@wrong", '', 'nothing is lost, and nothing comes twice';

# A second signal ends all that are left.
for my $row (['SIGTERM', 'TERM'], ['SIGHUP', 'HUP']) {
	my ($name, $signal) = @$row;

	unlink $hub->{log};
	$hub->start;
	@streams = open_streams();
	kill 'TERM', $hub->{pid};
	$streams[0]->finished;
	kill $signal, $hub->{pid};
	wait_until('the hub ends', sub { defined process_ended($hub->{pid}) });
	is process_ended($hub->{pid}), 0, "$name while it ends: exit 0";
	is scalar(grep { !outcome($_)->{clean} } @streams), 0,
	    "$name while it ends: each stream ends in good order";
	like $hub->log_text, qr/ending at once streams=[1-9]/,
	    "$name while it ends: some had been left";
	$_->hang_up for @streams;
}

# A window of 0: all at once.
$hub->configure(MERCURE_DRAIN_WINDOW => 0);
$hub->start;
@streams = open_streams();
is $hub->stop, 0, 'without a window: exit 0';
@outcomes = map { outcome($_) } @streams;
is scalar(grep { !$_->{clean} || $_->{retry} != RETRY } @outcomes), 0,
    'without a window: each ends in good order, with the usual delay';

done_testing;
