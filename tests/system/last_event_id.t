# SPDX-License-Identifier: MIT
# last_event_id.t - where a stream starts, and what its header says.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use Test::More;

my $hub = Hub->start;
my $path = Hub::URL_PATH;
my %id;

my $fresh = $hub->subscribe(topic => 'a', last_event_id => 'earliest');
is $fresh->header('Last-Event-ID'), 'earliest', 'an empty history: earliest';
$fresh->opened;

my $open = $hub->stream(topic => 'a', cursor => 1);
my $cursor = $open->next_cursor;
$hub->publish_ok(topic => 'a', data => $_, id => "id:$_") for 1 .. 3;
$hub->publish_ok(topic => 'b', data => 'b', id => 'id:b');
$hub->publish_ok(topic => 'a', data => '3 again', id => 'id:3');
$hub->publish_ok(topic => 'a', data => 'caf', id => "caf\xc3\xa9");
$hub->publish_ok(topic => 'a', data => 'end');
is_deeply $fresh->data_until('end'), [1 .. 3, '3 again', 'caf'],
    'and live follows';
my ($link) = ($hub->request('HEAD', "$path?topic=a")->header('Link') || '')
    =~ /last-event-id="(#[^"]*)"/;

# [name, options, response header, what arrives]
my $all = [1 .. 3, '3 again', 'caf'];
my @rows = (
	['header', { last_event_id => 'id:1' }, 'id:1', [2, 3, '3 again',
	    'caf']],
	['an id of another topic', { last_event_id => 'id:b' }, 'id:b',
	    ['3 again', 'caf']],
	['a reused id means its first update', { last_event_id => 'id:3' },
	    'id:3', ['3 again', 'caf']],
	['not ASCII', { query => [lastEventID => "caf\xc3\xa9"] },
	    "caf\xc3\xa9", []],
	['not ASCII, as an EventSource sends it', { last_event_id =>
	    "caf\xc3\xa9" }, "caf\xc3\xa9", []],
	['not ASCII, as fetch() sends it', { last_event_id => "caf\xe9" },
	    "caf\xc3\xa9", []],
	['earliest', { last_event_id => 'earliest' }, 'earliest', $all],
	['unknown', { last_event_id => 'urn:unknown' }, 'earliest', $all],
	['a case that differs', { last_event_id => 'ID:1' }, 'earliest',
	    $all],
	['cursor of a frame', { last_event_id => $cursor }, $cursor, $all],
	['the header beats the parameter', { last_event_id => 'id:2',
	    query => [lastEventID => 'id:1'] }, 'id:2', [3, '3 again',
	    'caf']],
	['… even when it is unknown', { last_event_id => 'unknown',
	    query => [lastEventID => 'id:1'] }, 'earliest', $all],
	['an empty header counts as not given', { last_event_id => '',
	    query => [lastEventID => 'id:2'] }, 'id:2', [3, '3 again',
	    'caf']],
	(map { ["parameter $_", { query => [$_ => 'id:2'] }, 'id:2',
	    [3, '3 again', 'caf']], ["parameter $_, cursor",
	    { query => [$_ => $cursor] }, $cursor, $all] }
	    'lastEventID', 'lastEventId', 'Last-Event-ID', 'last_event_id',
	    'evs_last_event_id'),
	['two spellings of one id', { query => [lastEventID => 'id:2',
	    'Last-Event-ID' => 'id:2'] }, 'id:2', [3, '3 again', 'caf']],
	['an empty parameter before a good one', { query =>
	    [lastEventID => '', 'Last-Event-ID' => 'id:2'] }, 'id:2',
	    [3, '3 again', 'caf']],
);
for my $row (@rows) {
	my ($name, $options, $header, $want) = @$row;
	my $stream = $hub->stream(topic => 'a', %$options);

	is $stream->header('Last-Event-ID'), $header, "$name: header";
	is_deeply $stream->data_until('end'), $want, "$name: events";
	is $stream->problems, '', "$name: no problems";
	my $head = $hub->request('HEAD', "$path?" . Hub::form(topic => 'a',
	    @{ $options->{query} || [] }), undef,
	    last_event_id => $options->{last_event_id});
	is $head->header('Last-Event-ID'), $header, "$name: HEAD agrees";
}

for my $row (['no id', {}], ['an empty header', { last_event_id => '' }],
    ['an empty parameter', { query => [lastEventID => ''] }]) {
	my ($name, $options) = @$row;
	my $stream = $hub->stream(topic => 'a', cursor => 1, %$options);

	is $stream->header('Last-Event-ID'), undef, "$name: no header";
	$hub->publish_ok(topic => 'a', data => "live, $name");
	is $stream->next_event->{data}, "live, $name", "$name: live";
}

my $linked = $hub->stream(topic => 'a', query => [lastEventID => $link]);
is $linked->header('Last-Event-ID'), $link, 'the cursor of a Link is known';
is_deeply $linked->data_until('live, an empty parameter'),
    ['live, no id', 'live, an empty header'], 'and leads on from there';

# [name, id, status]: what cannot be an id cannot split the answer either.
for my $row (['a line feed', "x\x0ainjected: 1"], ['a carriage return',
    "x\x0dinjected: 1"], ['NUL', "x\0"], ['not UTF-8', "\xff"],
    ['very long', 'x' x 5000]) {
	my ($name, $id) = @$row;
	my $answer = $hub->subscribe(topic => 'a',
	    query => [lastEventID => $id]);

	like $answer->status, qr/^(?:200|400)\z/, "$name: an answer";
	is $answer->header('injected'), undef, "$name: no header is forged";
	is $answer->header('Last-Event-ID'), 'earliest', "$name: unknown"
	    if $answer->status == 200;
	$answer->hang_up;
}

# A long history, replayed while it grows: no gap, no double.
$hub->publish_ok(topic => 'long', data => $_) for 1 .. 400;
my $long = $hub->stream(topic => 'long', last_event_id => 'earliest');
$hub->publish_ok(topic => 'long', data => $_) for 401 .. 500;
$hub->publish_ok(topic => 'long', data => 'end');
is_deeply $long->data_until('end'), [1 .. 500],
    'five hundred updates, the last hundred published during the replay';

done_testing;
