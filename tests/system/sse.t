# SPDX-License-Identifier: MIT
# sse.t - the bytes of a stream are exact.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use Test::More;

my $hub = Hub->start(config => { MERCURE_MAX_BODY => 4_000_000,
    MERCURE_RETRY => 4321 });
my $stream = $hub->stream(topic => '*');

my ($retry) = grep { defined $_->{retry} } $stream->all;
is $retry->{retry}, 4321, 'retry: is sent at open';

# What a browser gets: CR, LF and CRLF are one line break each.
sub as_read {
	my ($data) = @_;

	$data =~ s/\r\n|\r/\n/g;
	return $data;
}

my @rows = (
	['one line', 'x'],
	['two lines', "a\nb"],
	['CR', "a\rb"],
	['CRLF', "a\r\nb"],
	['LF CR is two', "a\n\rb"],
	['CR CR LF is two', "a\r\r\nb"],
	['trailing LF', "a\n"],
	['trailing LFs', "a\n\n\n"],
	['trailing CR', "a\r"],
	['trailing CRLF', "a\r\n"],
	['leading LF', "\na"],
	['only LF', "\n"],
	['blank lines between', "a\n\n\nb"],
	['leading space', ' a'],
	['leading spaces', '  a'],
	['only a space', ' '],
	['a colon', ': a'],
	['what looks like a field', "data: x\nid: y\nevent: z\nretry: 1"],
	['a forged event', "a\n\nid: forged\ndata: forged\n\n"],
	['U+2028', "a\xe2\x80\xa8b"],
	['U+2029', "a\xe2\x80\xa9b"],
	['U+0085', "a\xc2\x85b"],
	['VT and FF', "a\x0bb\x0cc"],
	['TAB and DEL', "a\tb\x7f"],
	['byte order mark', "\xef\xbb\xbfa"],
	['four bytes', "\xf0\x9f\x98\x80"],
	['U+10FFFF', "\xf4\x8f\xbf\xbf"],
	['JSON', "{\n  \"a\": [1, 2]\n}"],
	['empty', ''],
);
for my $row (@rows) {
	my ($name, $data) = @$row;
	my $id = $hub->publish_ok(topic => 'a', data => $data);

	is_deeply $stream->next_event, { kind => 'event', id => $id,
	    data => as_read($data) }, $name;
}

my $missing = $hub->publish_ok(topic => 'a');
is_deeply $stream->next_event, { kind => 'event', id => $missing,
    data => '' }, 'missing data: one event with an empty line';
like $stream->body, qr/^data:[ ]?\n/m, 'written as an empty data: line';

# Records hold 65,535 bytes: sizes around it, and one of many records.
for my $size (65_000, 65_400 .. 65_402, 65_450 .. 65_540, 131_000,
    131_070 .. 131_073, 1_048_576) {
	my $data = substr join('', map { sprintf '%07d ', $_ }
	    1 .. $size / 8 + 1), 0, $size;
	$hub->publish_ok(topic => 'a', data => $data);
	my $event = $stream->next_event;
	$event->{data} eq $data or fail "$size bytes of data";
}
pass 'sizes around a record of 65,535 bytes, and 1 MiB';

my $lines = "\n" x 100_000;
$hub->publish_ok(topic => 'a', data => $lines);
is length $stream->next_event->{data}, 100_000, '100,000 empty lines';

# The same bytes live and replayed.
my $live = $hub->stream(topic => 'b', cursor => 1);
my $from = $live->next_cursor;
$hub->publish_ok(topic => 'b', data => $_->[1], type => 't', retry => 5)
    for @rows;
$hub->publish_ok(topic => 'b', data => 'end');
my @live = $live->events_until('end');
my @again = $hub->stream(topic => 'b', last_event_id => $from)
    ->events_until('end');
is_deeply \@again, \@live, 'replay gives what live gave';

is $_->problems, '', 'a clean stream' for $stream, $live;
ok !$stream->{sse}->is_partial, 'which ends with a blank line';

done_testing;
