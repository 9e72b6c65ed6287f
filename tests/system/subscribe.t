# SPDX-License-Identifier: MIT
# subscribe.t - which updates a stream gets.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use Test::More;

my $hub = Hub->start(config => { MERCURE_MAX_MATCHERS => 10,
    MERCURE_MAX_TOPIC_LENGTH => 200 });
my $path = Hub::URL_PATH;

# [name, selectors, topics published, the ones that arrive]
my @rows = (
	['exact', ['a'], ['a', 'b', 'A', 'a/', 'aa'], ['a']],
	['a URL', ['https://example.com/books/1'],
	    ['https://example.com/books/1', 'https://example.com/books/2',
	    'https://example.com/books/1?x', 'https://example.com/books/1/'],
	    ['https://example.com/books/1']],
	['wildcard', ['*'], ['a', 'https://example.com/b'],
	    ['a', 'https://example.com/b']],
	['several', ['a', 'b'], ['a', 'b', 'c'], ['a', 'b']],
	['several with the wildcard', ['a', '*'], ['a', 'b'], ['a', 'b']],
	['the same twice', ['a', 'a'], ['a', 'b'], ['a']],
	['no prefix wildcard', ['a*'], ['ab', 'a*'], ['a*']],
	['a template is itself', ['/books/{id}'], ['/books/{id}', '/other'],
	    ['/books/{id}']],
	['percent signs stay', ['a%2Fb'], ['a/b', 'a%2Fb', 'a%2fb'],
	    ['a%2Fb']],
	['not ASCII', ["caf\xc3\xa9"], ["caf\xc3\xa9", "cafe\xcc\x81"],
	    ["caf\xc3\xa9"]],
	['plus and space', ['a+b c'], ['a+b c', 'a b c'], ['a+b c']],
	['ampersand', ['a&b=c'], ['a&b=c', 'a'], ['a&b=c']],
	['ten', [1 .. 10], [1 .. 11], [1 .. 10]],
);
for my $row (@rows) {
	my ($name, $selectors, $topics, $want) = @$row;
	my $stream = $hub->stream(topic => $selectors);

	$hub->publish_ok(topic => $_, data => $_) for @$topics;
	$hub->publish_ok(topic => $want->[0], data => 'end');
	is_deeply $stream->data_until('end'), $want, $name;
	is $stream->problems, '', "$name: no problems";
	$stream->hang_up;
}

my $many = join '&', map { "topic=$_" } 1 .. 11;
# [name, query, status, the sentence names]
my @bad = (
	['no topic', 'x=1', 400, 'topic'],
	['no topic, a last event id', 'lastEventID=earliest', 400, 'topic'],
	['empty topic', 'topic=', 400, 'topic'],
	['an empty one among others', 'topic=a&topic=', 400, 'topic'],
	['not UTF-8', 'topic=%ff', 400, 'topic'],
	['as PHP writes a list', 'topic[]=a', 400, 'topic=A&topic=B'],
	['as PHP writes a list, with escapes', 'topic%5B0%5D=a', 400,
	    'topic=A&topic=B'],
	['control character', 'topic=a%0Ab', 400, 'topic'],
	['NUL', 'topic=a%00', 400, 'topic'],
	['too long', 'topic=' . 'a' x 201, 400, 'topic'],
	['too many', $many, 400, 'topic'],
	['match', 'match=a', 400, 'match'],
	['matchURLPattern', 'matchURLPattern=/a', 400, 'match'],
	['topic and match', 'topic=a&match=a', 400, 'match'],
);
for my $row (@bad) {
	my ($name, $query, $status, $word) = @$row;
	my $answer = $hub->request('GET', "$path?$query");

	is $answer->status, $status, "$name: $status";
	like $answer->header('Content-Type'), qr{^text/plain\b},
	    "$name: plain text";
	like $answer->body, qr/^[^\n]*\Q$word\E[^\n]*\n?\z/i,
	    "$name: one sentence that names it";
}

# Form encoding of the query is that of browsers.
my $plus = $hub->send_request('GET', "$path?&&topic=a+b;c&x", undef);
$plus->opened;
$hub->publish_ok(topic => 'a b;c', data => 'plus');
is $plus->next_event->{data}, 'plus', '+ is a space and ; is itself';

# Many streams at once, each with its own selection.
my @streams = map { $hub->stream(topic => ["t$_", 'all']) } 1 .. 40;
$hub->publish_ok(topic => "t$_", data => $_) for 1 .. 40;
$hub->publish_ok(topic => 'all', data => 'end');
my @wrong = grep { "@{ $streams[$_ - 1]->data_until('end') }" ne $_ } 1 .. 40;
is "@wrong", '', 'forty streams, each with its own update';

done_testing;
