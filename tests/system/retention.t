# SPDX-License-Identifier: MIT
# retention.t - history is bounded, and who falls out of it is told.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use PushcgiTest;
use Test::More;

# What `earliest` gives: the numbers from the first that is left to the last.
sub history {
	my ($hub, $topic) = @_;
	my $stream = $hub->stream(topic => [$topic, 'marker'],
	    last_event_id => 'earliest');

	$hub->publish_ok(topic => 'marker', data => 'end');
	return [ map { $_->{id} } $stream->events_until('end') ];
}

# By count.  What is pruned is gone from a hub's memory as well; another
# process must agree.
my $keep = 100;
my $hub = Hub->start(config => { MERCURE_HUB_RECONCILIATION_LENGTH => $keep });
my $open = $hub->stream(topic => 'a', cursor => 1);
my $cursor = $open->next_cursor;
my @ids;
for my $n (1 .. 500) {
	push @ids, $hub->publish_ok(topic => 'a', data => $n);
	$open->next_event->{data} == $n or fail "live $n";
}
pass 'a live stream gets all of them';
my @held = grep { /^urn/ } @{ history($hub, 'a') };
is_deeply \@held, [ @ids[-@held .. -1] ], 'the newest, without a gap';
cmp_ok scalar(@held), '<', 300, 'old updates are gone from memory';
my $fresh = Hub->start(queue_of => $hub,
    config => { MERCURE_HUB_RECONCILIATION_LENGTH => $keep });
my @left = grep { /^urn/ } @{ history($fresh, 'a') };
cmp_ok scalar(@left), '<=', $keep * 1.1, 'old updates are gone';
cmp_ok scalar(@left), '>=', $keep * 0.9, 'as many as configured are kept';
is_deeply \@left, [ @ids[-@left .. -1] ], 'the newest, without a gap';

# [name, id that fell out]
for my $row (['a pruned id', $ids[0]], ['a pruned cursor', $cursor]) {
	my ($name, $id) = @$row;
	my $stream = $hub->subscribe(topic => 'a', last_event_id => $id);

	is $stream->header('Last-Event-ID'), 'earliest', "$name: earliest";
	like $stream->next_event->{id}, qr/^urn/, "$name: from what is left";
}
my $kept = $hub->subscribe(topic => 'a', last_event_id => $ids[-2]);
is $kept->header('Last-Event-ID'), $ids[-2], 'an id that is left is known';
is $kept->next_event->{id}, $ids[-1], 'and leads on';

# By bytes.
my $bytes = Hub->start(config => { MERCURE_HUB_RECONCILIATION_MAX_BYTES =>
    1_000_000 });
$bytes->publish_ok(topic => 'a', data => "$_ " . 'x' x 50_000) for 1 .. 300;
my $n = @{ history(Hub->start(queue_of => $bytes), 'a') };
cmp_ok $n, '<=', 21, 'by bytes: old updates are gone';
cmp_ok $n, '>=', 16, 'by bytes: not more than needed';
my $size = 0;
$size += -s $_ for glob "$bytes->{dir}/data/queue.db*";
cmp_ok $size, '<', 40_000_000, 'the files stay bounded';

# A reader that stops is cut off when its position has been pruned: no
# cursor, so that it is told `earliest`, and nobody else notices.
my $small = Hub->start(config => { MERCURE_HUB_RECONCILIATION_LENGTH => 50,
    MERCURE_HUB_RECONCILIATION_MAX_BYTES => 2_000_000 });
my $stuck = $small->stream(topic => 'a', receive_buffer => 4096);
my $other = $small->stream(topic => 'b');
$small->publish_ok(topic => 'a', data => "$_ " . 'x' x 40_000) for 1 .. 200;
$stuck->until('its end', sub { $stuck->is_over });
like $small->log_text, qr/prun/, 'the log tells of it';
my @items = $stuck->all;
ok !Answer::is_cursor($items[-1]),
    'a stream whose position was pruned ends without a cursor';
my @numbers = map { (split / /, $_->{data})[0] }
    grep { $_->{kind} eq 'event' } @items;
is_deeply \@numbers, [1 .. @numbers], 'what it got has no gap';
my $last = $stuck->{sse}->last_event_id;
my $again = $small->subscribe(topic => 'a', last_event_id => $last);
is $again->header('Last-Event-ID'), 'earliest',
    'it learns of the loss when it comes again';
$small->publish_ok(topic => 'b', data => 'fine');
is $other->next_event->{data}, 'fine', 'the others are not touched';

done_testing;
