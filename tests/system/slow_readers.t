# SPDX-License-Identifier: MIT
# slow_readers.t - readers that stop: all of them together cost so much memory.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use FcgiClient;
use Hub;
use Presence;
use PushcgiTest;
use Test::More;
use Time::HiRes qw(time);

use constant {
	STUCK => 200,
	SIZE => 500_000,
	BUDGET => 4 << 20, # beside 16 MB of recent updates
};

# A sanitizer shall not keep what is freed.
sub sanitizer {
	my ($name, $option) = @_;

	return ("${name}_OPTIONS" => join ':', grep { defined }
	    $ENV{"${name}_OPTIONS"}, $option);
}

my $hub = Hub->start(config => { MERCURE_MAX_QUEUED_BYTES => BUDGET },
    env => { sanitizer('ASAN', 'quarantine_size_mb=1'),
	sanitizer('TSAN', 'flush_memory_ms=500') });

sub memory {
	my ($kb) = slurp("/proc/$hub->{pid}/status") =~ /^VmRSS:\s+(\d+)/m;

	return $kb * 1024;
}

my $before = memory();
my $reader = $hub->stream(topic => 'all');
my (@stuck, @late);
for my $n (1 .. STUCK) {
	# Each is stuck at an update of its own: nothing is shared.
	push @stuck, $hub->stream(topic => "to/$n", cursor => 1,
	    receive_buffer => 4096);
	my $begin = time;
	$hub->publish_ok(topic => ['all', "to/$n"],
	    data => "$n " . 'z' x SIZE);
	my ($got) = split / /, $reader->next_event->{data};
	push @late, $n if $got != $n;
}
is "@late", '', 'a reader that keeps up gets each update in order';
my $grown = memory() - $before;
note "memory: $before bytes, and $grown more";
cmp_ok $grown, '<', STUCK * SIZE * 0.7, 'the hub holds a part of all that only';

my @lines = grep { /MERCURE_MAX_QUEUED_BYTES/ }
    split /\n/, $hub->log_text;
ok @lines, 'the log names the setting';

# The last ones may still be served, the first ones were closed.
my $first = $stuck[0];
$first->until('its end', sub { $first->is_over });
my $back = $hub->stream(topic => 'to/1',
    last_event_id => $first->{sse}->last_event_id);
is +(split / /, $back->next_event->{data})[0], 1,
    'who was closed comes back and gets what it missed';
my $last = $stuck[-1];
is +(split / /, $last->next_event->{data})[0], STUCK,
    'who stalled last is served as soon as it reads';
is $last->problems, '', 'without a problem';
is $reader->problems, '', 'nor has the quick one any';

# Answers that nobody reads count, too: never more of them than the budget and
# one more, however many are ready at the same moment.
my $list = Hub->start(config => { MERCURE_MAX_QUEUED_BYTES => 1 << 20 });
$_->hang_up for @stuck;
my $claim = Token::subscriber();
my @members = map { $list->stream(token => $claim,
    topic => [map { 's' x 3000 . "/$_" } 1 .. 10]) } 1 .. 60;
my $url = Hub::URL_PATH . '/subscriptions';
wait_until('a list that is read is there in full',
    sub { @{ there($list) } == 600 });
my @askers = map { $list->send_request('GET', $url, undef, token => $claim,
    receive_buffer => 4096) } 1 .. 5;
my @closed;
wait_until('the log names the setting for answers', sub {
	@closed = $list->log_text
	    =~ /streams=(\d+) bytes=\d+ .*MERCURE_MAX_QUEUED_BYTES/g;
	return eval(join '+', 0, @closed) == @askers - 1;
});
is "@closed", '1 1 1 1', 'each is closed for the next one';
is $list->publish(topic => 'a')->status, 200, 'others are answered';

done_testing;
