# SPDX-License-Identifier: MIT
# presence.t - events when subscriptions begin and end, and the API that lists them.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use JSON::PP;
use Presence;
use PushcgiTest;
use Test::More;

my $json = JSON::PP->new->utf8->canonical;
my $hub = Hub->start;
my $other = Hub->start(queue_of => $hub);
my $urn = qr/^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

# Nobody yet.
my $empty = $hub->request('GET', SUBSCRIPTIONS, undef, token => all_events());
is $empty->status, 200, 'empty list: status';
is_deeply $json->decode($empty->body), { '@context' =>
    'https://mercure.rocks/', id => SUBSCRIPTIONS, type => 'Subscriptions',
    lastEventID => 'earliest', subscriptions => [] }, 'empty list: document';
is $empty->header('Content-Type'), 'application/ld+json', 'content type';
like $empty->header('Cache-Control'), qr/\bmust-revalidate\b/,
    'cache control';
like $empty->header('Link'), qr{^</\.well-known/mercure>; rel="mercure"},
    'link to the hub';

# One subscriber with two selectors, one of them a template.
my $watch = $other->stream(topic => SUBSCRIPTIONS . '/{topic}/{subscriber}',
    token => all_events());
my $own = (events($watch, 1))[0];
is $own->{topic}, SUBSCRIPTIONS . '/{topic}/{subscriber}',
    'who watches is told of itself';
my $token = Token::mint({ mercure => { subscribe => ['*'],
    payload => { user => 'alice', ids => [1, 2] } } },
    Token::SUBSCRIBER_KEY);
my $template = 'https://example.com/{id}';
my $stream = $hub->stream(topic => ['b/c d', $template, 'b/c d'],
    token => $token);
my @began = sort { $a->{topic} cmp $b->{topic} } events($watch, 2);
my $who = $began[0]{subscriber};
like $who, $urn, 'a subscriber is a random URN';
is $began[1]{subscriber}, $who, 'one identifier for all of its selectors';
for my $i (0, 1) {
	my $topic = ('b/c d', $template)[$i];

	is_deeply $began[$i], { '@context' => 'https://mercure.rocks/',
	    id => api_path($topic, $who), type => 'Subscription',
	    topic => $topic, subscriber => $who, active => JSON::PP::true,
	    payload => { user => 'alice', ids => [1, 2] } },
	    "begins: $topic";
}

# The same from every process.
for my $row (['here', $hub], ['elsewhere', $other]) {
	my ($name, $h) = @$row;

	is_deeply there($h), [sort "b/c d $who", "$template $who",
	    "$own->{topic} $own->{subscriber}"], "list of all: $name";
	is_deeply there($h, $template), ["$template $who"],
	    "list of a topic: $name";
	is_deeply there($h, 'nobody'), [], "list of a topic of nobody: $name";
	my $one = subscriptions($h, 'b/c d', $who);
	my $last = delete $one->{lastEventID};
	is_deeply $one, $began[0], "one: $name";
	like $last, qr/^#/, "one: last event id: $name";
}
is subscriptions($hub, $template)->{id}, api_path($template),
    'the id of a collection is its URL';

# What is not there.
for my $row (
    ['another subscriber', api_path($template, "$who-")],
    ['another topic', api_path('b', $who)],
    ['three segments', api_path('b/c d', $who, 'x')],
    ['an empty topic', SUBSCRIPTIONS . '/'],
    ['an empty subscriber', api_path('b/c d') . '/'],
    ['decoded once only', api_path(Hub::encode('b/c d'), $who)],
    ['bytes that are no UTF-8', SUBSCRIPTIONS . '/%FF'],
    ['a control character', SUBSCRIPTIONS . '/a%00'],
    ['a longer name', SUBSCRIPTIONS . 's']) {
	my ($name, $path) = @$row;

	is $hub->request('GET', $path, undef, token => all_events())->status,
	    404, "404: $name";
}

# Rights.
for my $row (
    ['no token', undef, SUBSCRIPTIONS, 401],
    ['a bad token', Token::subscriber(undef, key => 'wrong' x 8),
	SUBSCRIPTIONS, 401],
    ['no selector for it', Token::subscriber(['a']), SUBSCRIPTIONS, 403],
    ['the very URL', Token::subscriber([SUBSCRIPTIONS]), SUBSCRIPTIONS, 200],
    ['the collection is not its members', Token::subscriber([SUBSCRIPTIONS]),
	api_path($template), 403],
    ['the topic as the draft encodes it', Token::subscriber(
	[api_path($template)]), api_path($template), 200],
    ['*', Token::subscriber(['*']), api_path($template, $who), 200],
    ['another spelling of the same URL', Token::subscriber(
	[api_path('b/c d')]), SUBSCRIPTIONS . '/%62%2fc%20d', 200],
    ['a publisher', Token::publisher(), SUBSCRIPTIONS, 401]) {
	my ($name, $t, $path, $status) = @$row;

	is $hub->request('GET', $path, undef, token => $t)->status, $status,
	    "rights: $name";
}
is $hub->request('GET', SUBSCRIPTIONS, undef, cookie => all_events())->status,
    200, 'rights: by cookie';
is $hub->request('GET', SUBSCRIPTIONS . '?authorization=' . all_events())
    ->status, 200, 'rights: by query parameter';

# Conditional requests, other methods.
my $answer = $hub->request('GET', SUBSCRIPTIONS, undef,
    token => all_events());
my $tag = $answer->header('ETag');
like $tag, qr/^"[0-9a-f]{32}"$/, 'ETag';
my $again = $hub->request('GET', SUBSCRIPTIONS, undef,
    token => all_events(), headers => { 'If-None-Match' => $tag });
is $again->status, 304, 'unchanged: 304';
is $again->body, '', 'unchanged: no body';
my $head = $hub->request('HEAD', SUBSCRIPTIONS, undef,
    token => all_events());
is $head->status, 200, 'HEAD: status';
is $head->body, '', 'HEAD: no body';
is $head->header('ETag'), $tag, 'HEAD: the same tag';
my $post = $hub->request('POST', SUBSCRIPTIONS, 'a=b',
    token => all_events());
is $post->status, 405, 'POST: 405';
is $post->header('Allow'), 'GET, HEAD, OPTIONS', 'POST: what is allowed';

# lastEventID: the last row's own id, and it leads on from there.
$hub->publish_ok(topic => 'x', data => '1', id => 'last-one');
is subscriptions($hub)->{lastEventID}, 'last-one',
    "the last update's own id";

for my $row (['an own id', 'last-one'], ['a position', undef]) {
	my ($name, $want) = @$row;
	my $last = subscriptions($hub)->{lastEventID};

	$want ? is $last, $want, "from the list on: $name"
	    : like $last, qr/^#/, "from the list on: $name";
	my $late = $hub->stream(topic => "late: $name");
	my $on = $other->stream(token => all_events(),
	    topic => api_path("late: $name") . '/{subscriber}',
	    last_event_id => $last);
	is +(events($on, 1))[0]{topic}, "late: $name",
	    "from the list on: $name: nothing is missed";
	$_->hang_up for $on, $late;
	# Both begin and end.
	events($watch, 4);
}

# The end, whoever ends it.
my $exact = $other->stream(topic => $began[0]{id}, token => all_events());
events($watch, 1);
$stream->hang_up;
is +(events($exact, 1))[0]{id}, $began[0]{id},
    'the topic of the event is its id';
$exact->hang_up;
my @ended = sort { $a->{topic} cmp $b->{topic} }
    grep { $_->{subscriber} eq $who } events($watch, 3);
is_deeply [map { [@$_{qw(topic subscriber active)}] } @ended],
    [['b/c d', $who, JSON::PP::false], [$template, $who, JSON::PP::false]],
    'ends: the peer hangs up';
is $ended[0]{payload}{user}, 'alice', 'the end tells the payload, too';
is_deeply there($other), ["$own->{topic} $own->{subscriber}"],
    'and is no longer listed';
is $hub->request('GET', api_path('b/c d', $who), undef,
    token => all_events())->status, 404, 'nor found';

# Events are private, and for whom the topic is granted.
my $public = $hub->stream(topic => ['*', SUBSCRIPTIONS . '/{t}/{s}']);
my $rightless = $hub->stream(topic => '*', token => Token::subscriber(['a']));
my $granted = $hub->stream(topic => '*', token => Token::subscriber(
    [SUBSCRIPTIONS . '/z/{s}', 'end']));
my $z = $hub->stream(topic => 'z');
wait_until('z is listed', sub { @{ there($hub, 'z') } });
is +(events($granted, 1))[0]{topic}, 'z', 'private: with a grant';
$hub->publish_ok(topic => 'end', data => 'end');
is_deeply $public->data_until('end'), [], 'private: not to anybody';
is_deeply $rightless->data_until('end'), [], 'private: not without a grant';

# Nothing of it is an update that applications may publish.
is $hub->publish(topic => api_path('z', 'me'), data => '{}')->status, 403,
    'a forged event is refused';

# Switched off.
my $off = Hub->start(config => { MERCURE_HUB_SUBSCRIPTIONS => 'false' });
my $sees = $off->stream(topic => '*', token => Token::subscriber(['*']));
my $unseen = $off->stream(topic => 'a');
$off->publish_ok(topic => 'a', data => 'end');
is_deeply $sees->data_until('end'), [], 'off: no events';
my $refused = $off->request('GET', SUBSCRIPTIONS, undef,
    token => Token::subscriber(['*']));
is $refused->status, 404, 'off: no API';
like $refused->body, qr/MERCURE_HUB_SUBSCRIPTIONS/, 'off: the setting';

# A list is longer than what a socket takes: who reads it slowly gets it whole.
my $full = Hub->start(config => { MERCURE_HUB_KEEPALIVE_INTERVAL => 1 });
my $long = Token::mint({ mercure => { subscribe => [],
    payload => 'x' x 5_000 } }, Token::SUBSCRIBER_KEY);
my @many = map { $full->stream(topic => [map { "$_" } 1 .. 100],
    token => $long) } 1, 2;
wait_until('many are listed', sub { @{ there($full) } == 200 });
my $whole = $full->request('GET', SUBSCRIPTIONS, undef,
    token => all_events());
my $slow = $full->send_request('GET', SUBSCRIPTIONS, undef,
    token => all_events(), receive_buffer => 4096)->headed;
$many[0]->next_comment for 1 .. 4;
ok $slow->finished->{ended}, 'a slow reader: END_REQUEST';
is length $slow->body, length $whole->body, 'a slow reader: all of it';

done_testing;
