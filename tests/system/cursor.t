# SPDX-License-Identifier: MIT
# cursor.t - every stream always has a cursor, which is its own position.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use Test::More;

my $hub = Hub->start(config => { MERCURE_HUB_KEEPALIVE_INTERVAL => 1 });

# What a stream of everything gets after `id`, but for this test's markers.
my $marker = 'marker0';
sub after {
	my ($id, %o) = @_;

	$marker++;
	$hub->publish_ok(topic => 'marker', data => $marker);
	return [ grep { !/^marker/ } @{ $hub->stream(topic => '*',
	    last_event_id => $id, %o)->data_until($marker) } ];
}

my $empty = $hub->stream(topic => 'a', cursor => 1);
my $at_open = $empty->next_cursor;
like $at_open, qr/^#[A-Za-z0-9_-]{22}\z/,
    'a cursor at open, though no update was ever published';
$hub->publish_ok(topic => 'a', data => 'first');
is_deeply after($at_open), ['first'], 'it leads to the very first update';
is $empty->next_event->{data}, 'first', 'the stream has it too';

my $second = $hub->stream(topic => 'a', cursor => 1);
my $cursor = $second->next_cursor;
$hub->publish_ok(topic => 'a', data => 'second');
is_deeply after($cursor), ['second'],
    'a cursor at open lies behind what was before';
is_deeply after($second->next_event->{id}), [],
    'the id of an event lies behind that event';

# The order of the greeting: all of it stands before the first event.
my @kinds = map { $_->{kind} } $hub->stream(topic => '*', cursor => 1)->all;
ok !grep({ $_ eq 'event' } @kinds), 'no event among the greeting';

# With an id in the request nothing may replace it at open.
my $with = $hub->stream(topic => 'a', last_event_id => $cursor);
my @early;
while ((my $item = shift @{ $with->{sse}->items }
    || $with->next_item('anything', sub { 1 }))->{kind} ne 'event') {
	push @early, $item;
}
ok !grep({ Answer::is_cursor($_) } @early),
    'a request that brings an id gets its replay before any cursor';

# With the keep-alive when the log has moved, though this stream saw nothing.
my $quiet = $hub->stream(topic => 'never', cursor => 1);
my $first = $quiet->next_cursor;
$hub->publish_ok(topic => 'elsewhere', data => 'elsewhere');
my $moved = $quiet->next_cursor;
isnt $moved, $first, 'a new cursor after the log has moved';
is_deeply after($moved), [], 'which lies behind what made it move';
is_deeply after($first), ['elsewhere'],
    'while the first still leads there';

# No cursor with a keep-alive when it has not.  (Who is told to be there moves
# the log, too.)
$hub->stop;
$hub->configure(MERCURE_HUB_SUBSCRIPTIONS => 'false');
$hub->start;
my $still = $hub->stream(topic => 'never', cursor => 1);
my $comments = 0;
my @later;
$still->next_cursor;
while ($comments < 3) {
	my $item = $still->next_item('anything', sub { 1 });

	$comments += $item->{kind} eq 'comment';
	push @later, $item if Answer::is_cursor($item);
}
is scalar(@later), 0, 'no cursor while nothing moves';

# A private update moves the log too; its id is nowhere.
my $id = $hub->publish_ok(topic => 'never', data => 'p', private => 'on');
my $over = $still->next_cursor;
unlike $still->body, qr/\Q$id\E/, "a private update's id is not a cursor";
is_deeply after($over, token => Token::subscriber()), [],
    'but the cursor lies behind it';

# A cursor is opaque to others: from another hub it is unknown.
my $other = Hub->start;
$other->publish_ok(topic => 'a', data => 'theirs');
my $foreign = $other->subscribe(topic => 'a', last_event_id => $moved);
is $foreign->header('Last-Event-ID'), 'earliest',
    "another database's cursor is unknown";
is $foreign->next_event->{data}, 'theirs', 'and replays what there is';
# [name, a cursor that is none]
for my $row (['changed', do { my $c = $moved; substr($c, 5, 1) =~
    tr/A-Za-z/B-ZAb-za/ or substr($c, 5, 1) = 'A'; $c }],
    ['cut', substr $moved, 0, 20], ['longer', "${moved}AA"],
    ['padded', "$moved=="], ['only a #', '#'], ['not base64url', '#' . '!'
    x 22]) {
	my ($name, $text) = @$row;
	my $stream = $hub->subscribe(topic => '*', last_event_id => $text);

	is $stream->header('Last-Event-ID'), 'earliest',
	    "a cursor that was $name is unknown";
	is $stream->next_event->{data}, 'first', "$name: from the start";
}

# Link carries the tail's cursor, on HEAD and on GET.
my $at = $hub->request('HEAD', Hub::URL_PATH . '?topic=a');
my ($link) = ($at->header('Link') || '') =~
    /^<[^>]*>; rel="mercure"; last-event-id="(#[A-Za-z0-9_-]{22})"/;
ok $link, 'HEAD has a Link with the cursor of the tail';
$hub->publish_ok(topic => 'a', data => 'after the link');
is_deeply after($link), ['after the link'], 'it leads on from there';
my $get = $hub->stream(topic => 'a');
($link) = ($get->header('Link') || '') =~ /last-event-id="(#[^"]*)"/;
ok $link, 'so has GET';
is_deeply after($link), [], 'and that is the tail';

# Each cursor of a stream is its own position: reconnecting at any of them
# gives what came after it, once, whatever else was sent meanwhile.
my $stream = $hub->stream(topic => 'mix', cursor => 1);
$stream->next_cursor;
my @seen;
for my $round (1 .. 3) {
	$hub->publish_ok(topic => 'mix', data => "mix$round");
	$hub->publish_ok(topic => 'other', data => 'other');
	push @seen, $stream->next_cursor;
}
$hub->publish_ok(topic => 'mix', data => 'end');
for my $round (0 .. 2) {
	is_deeply $hub->stream(topic => 'mix', last_event_id => $seen[$round])
	    ->data_until('end'), [map { "mix$_" } $round + 2 .. 3],
	    "from cursor $round";
}
is $_->problems, '', 'a clean stream' for $quiet, $still, $stream, $with;

done_testing;
