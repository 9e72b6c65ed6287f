# SPDX-License-Identifier: MIT
# publish_bad.t - bad input gets a clear answer and loses nothing.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use Test::More;

my $hub = Hub->start(config => { MERCURE_MAX_BODY => 65536,
    MERCURE_MAX_TOPICS => 5, MERCURE_MAX_TOPIC_LENGTH => 100 });
my $all = $hub->stream(topic => '*');

# [name, fields or body, status, the sentence names]
my @rows = (
	['no topic', 'data=x', 400, 'topic'],
	['no body', '', 400, 'topic'],
	['empty topic', 'topic=&data=x', 400, 'topic'],
	['empty alternate topic', 'topic=a&topic=&data=x', 400, 'topic'],
	['topic too long', 'topic=' . 'a' x 101, 400, 'topic'],
	['topic not UTF-8', 'topic=%ff&data=x', 400, 'topic'],
	['topic with an overlong form', 'topic=%c0%af', 400, 'topic'],
	['topic with a surrogate', 'topic=%ed%a0%80', 400, 'topic'],
	['topic with NUL', 'topic=a%00b', 400, 'topic'],
	['topic with LF', 'topic=a%0Ab', 400, 'topic'],
	['topic with CR', 'topic=a%0Db', 400, 'topic'],
	['topic with TAB', 'topic=a%09b', 400, 'topic'],
	['topic with DEL', 'topic=a%7Fb', 400, 'topic'],
	['too many topics', join('&', map { "topic=t$_" } 1 .. 6), 400,
	    'topic'],
	['the wildcard as topic', 'topic=*&data=x', '400|403', 'topic'],
	['a reserved topic', 'topic=/.well-known/mercure/subscriptions/x',
	    '400|403', 'topic'],
	['a reserved topic on a host',
	    'topic=https://example.com/.well-known/mercure/x', '400|403',
	    'topic'],
	['a reserved alternate topic', 'topic=a&topic=/.well-known/mercure',
	    '400|403', 'topic'],
	['a reserved topic in the folder of the hub', 'topic=mercure/x', 403,
	    'topic'],
	['a reserved topic with dot segments',
	    'topic=/a/%252e%252e/./.well-known/mercure', 403, 'topic'],
	['a reserved topic with encoded letters',
	    'topic=/.well-known/%256Dercure', 403, 'topic'],
	['a reserved topic with backslashes',
	    'topic=HTTPS:\\\\u:p@h:8\\.well-known\\mercure', 403, 'topic'],
	['a reserved topic on a host without IDNA',
	    'topic=//%c3%a9/.well-known/mercure', 403, 'topic'],
	['id with LF', 'topic=a&id=x%0Adata:%20forged', 400, 'id'],
	['id with CR', 'topic=a&id=x%0Ddata:%20forged', 400, 'id'],
	['id with NUL', 'topic=a&id=x%00', 400, 'id'],
	['id with ESC', 'topic=a&id=x%1B', 400, 'id'],
	['id of the hub', 'topic=a&id=%23x', 400, 'id'],
	['topic as PHP writes a list', 'topic[]=a&topic[]=b&data=x', 400,
	    'topic=A&topic=B'],
	['topic as PHP writes a list, with escapes',
	    'topic%5B0%5D=a&data=x', 400, 'topic=A&topic=B'],
	['id with a blank in front', 'topic=a&id=+x', 400, 'id'],
	['id with a blank behind', 'topic=a&id=x%20', 400, 'id'],
	['id of a blank', 'topic=a&id=+', 400, 'id'],
	['id earliest', 'topic=a&id=earliest', 400, 'id'],
	['id not UTF-8', 'topic=a&id=%ff', 400, 'id'],
	['id too long', 'topic=a&id=' . 'i' x 1025, 400, 'id'],
	['type with LF', 'topic=a&type=x%0Adata:%20forged', 400, 'type'],
	['type with CR', 'topic=a&type=x%0Dy', 400, 'type'],
	['type with NUL', 'topic=a&type=x%00', 400, 'type'],
	['type not UTF-8', 'topic=a&type=%ff', 400, 'type'],
	['type too long', 'topic=a&type=' . 't' x 1025, 400, 'type'],
	['type of the hub', 'topic=a&type=mercure', '400|403', 'type'],
	['type of its counts', 'topic=a&type=pushcgi-count', 403, 'type'],
	['retry a word', 'topic=a&retry=soon', 400, 'retry'],
	['retry negative', 'topic=a&retry=-1', 400, 'retry'],
	['retry with a sign', 'topic=a&retry=%2B1', 400, 'retry'],
	['retry a fraction', 'topic=a&retry=1.5', 400, 'retry'],
	['retry with a space', 'topic=a&retry=1+', 400, 'retry'],
	['retry in hexadecimal', 'topic=a&retry=0x10', 400, 'retry'],
	['retry of ten digits', 'topic=a&retry=1234567890', 400, 'retry'],
	['data not UTF-8', 'topic=a&data=%ff', 400, 'data'],
	['data with NUL', 'topic=a&data=x%00y', 400, 'data'],
);
for my $row (@rows) {
	my ($name, $body, $status, $word) = @$row;
	my $answer = $hub->publish(body => $body);

	like $answer->status, qr/^(?:$status)\z/, "$name: status $status";
	like $answer->header('Content-Type'), qr{^text/plain\b},
	    "$name: plain text";
	like $answer->body, qr/^[^\n]*\b\Q$word\Es?\b[^\n]*\n?\z/i,
	    "$name: one sentence that names the field";
	is $answer->problems, '', "$name: no problems";
}

# [name, content type, status]
for my $row (['JSON', 'application/json', 415],
    ['multipart', 'multipart/form-data; boundary=x', 415],
    ['a longer name', 'application/x-www-form-urlencodedx', 415],
    ['plain text', 'text/plain', 415], ['none', '', 415]) {
	my ($name, $type, $status) = @$row;
	my $answer = $hub->publish(topic => 'a', data => 'x',
	    content_type => $type);

	is $answer->status, $status, "$name: $status";
	like $answer->body, qr{application/x-www-form-urlencoded},
	    "$name: the sentence names the right one";
}

for my $row (['gzip', 415], ['br', 415], ['identity', 200]) {
	my ($encoding, $status) = @$row;
	my $answer = $hub->publish(topic => 'encoded', data => 'x',
	    headers => { 'Content-Encoding' => $encoding });

	is $answer->status, $status, "Content-Encoding $encoding: $status";
	like $answer->body, qr/must not be compressed/,
	    "Content-Encoding $encoding: the sentence" if $status == 415;
}
is $all->next_event->{data}, 'x', 'Content-Encoding identity: published';

my $fit = 65536 - length 'topic=a&data=';
is $hub->publish(body => 'topic=a&data=' . 'x' x $fit)->status, 200,
    'a body of exactly the limit';
is length $all->next_event->{data}, $fit, 'arrives';
for my $more (1, 70_000, 3_000_000) {
	my $answer = $hub->publish(body => 'topic=a&data=' . 'x' x ($fit
	    + $more));

	is $answer->status, 413, "$more bytes over the limit: 413";
	like $answer->body, qr/65536|MERCURE_MAX_BODY/,
	    'the sentence names the limit';
}
is $hub->publish(topic => 'a' x 100, data => 'long')->status, 200,
    'a topic of exactly the limit';
is $hub->publish(topic => [1 .. 5], data => 'five')->status, 200,
    'as many topics as allowed';
is $hub->publish(topic => 'a', id => 'i' x 1024, data => 'id')->status, 200,
    'an id of 1,024 bytes';

# Near the hub's own, but not them.
for my $topic ('/.well-known/mercurex', '/.well-known%2Fmercure',
    'mercure%2F..', 'mercure/..', 'foo:/.well-known\\mercure') {
	is $hub->publish(topic => $topic, data => 'near')->status, 200,
	    "$topic is nobody's";
}

$hub->publish_ok(topic => 'a', data => 'end');
is_deeply $all->data_until('end'), ['long', 'five', 'id', ('near') x 5],
    'nothing of what was refused reached a stream';
is $all->problems, '', 'a clean stream';
my $replay = $hub->stream(topic => '*', last_event_id => 'earliest');
is scalar(@{ $replay->data_until('end') }), 10, '… nor the history';

done_testing;
