# SPDX-License-Identifier: MIT
# subscribe_rights.t - who receives private updates, live and replayed.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use Test::More;

my $hub = Hub->start;
my $cookie = 'mercureAuthorization';
my $path = Hub::URL_PATH;
my $good = Token::subscriber();
my $bad = Token::subscriber(undef, key => 'wrong' x 8);
my $expired = Token::mint({ mercure => { subscribe => ['*'] },
    exp => time - 3600 }, Token::SUBSCRIBER_KEY);

# [name, options, may it read a private update of topic "a"]
my @rows = (
	['anonymous', {}, 0],
	['header', { token => $good }, 1],
	['query', { query => [authorization => $good] }, 1],
	['cookie', { cookie => $good }, 1],
	['cookie among others', { headers =>
	    { Cookie => "a=b; mercureAuthorization=$good; c=d" } }, 1],
	# Of cookies for several paths and domains the first valid one counts.
	['two cookies, the first expired', { headers => { Cookie =>
	    "$cookie=$expired; $cookie=$good" } }, 1],
	['two cookies, the first cleared', { headers => { Cookie =>
	    "$cookie=; a=b; $cookie=$good" } }, 1],
	['two cookies, both valid', { headers => { Cookie => "$cookie="
	    . Token::subscriber(['b']) . "; $cookie=$good" } }, 0],
	['four cookies, the last valid', { headers => { Cookie => join '; ',
	    map { "$cookie=$_" } ($bad) x 3, $good } }, 1],
	['header beats cookie', { token => Token::subscriber(['b']),
	    cookie => $good }, 0],
	['header beats query', { token => Token::subscriber(['b']),
	    query => [authorization => $good] }, 0],
	['query beats cookie', { cookie => $good,
	    query => [authorization => Token::subscriber(['b'])] }, 0],
	['the very topic', { token => Token::subscriber(['a']) }, 1],
	['another topic', { token => Token::subscriber(['b']) }, 0],
	['an alternate topic', { token => Token::subscriber(['alt']) }, 1],
	['no rights', { token => Token::subscriber([]) }, 0],
	['no claim of ours', { token => Token::mint({ sub => 'x' },
	    Token::SUBSCRIBER_KEY) }, 0],
	['rights to publish only', { token => Token::publisher(undef,
	    key => Token::SUBSCRIBER_KEY) }, 0],
	['exp as a real', { token => Token::mint(
	    '{"mercure":{"subscribe":["*"]},"exp":4000000000.583167}',
	    Token::SUBSCRIBER_KEY) }, 1],
	# A password in front of the site is not the hub's business.
	['another scheme', { headers => { Authorization => 'Basic dTpw' } },
	    0],
	['cookie behind another scheme', { cookie => $good,
	    headers => { Authorization => 'Basic dTpw' } }, 1],
	# Claims of others are not the hub's business, however large.
	['foreign claims', { token => Token::mint(
	    '{"mercure":{"subscribe":["*"],"payload":[12345678901234567890]},'
	    . '"n":1e400,"i":-99999999999999999999,"t":"a\u0000b"}',
	    Token::SUBSCRIBER_KEY) }, 1],
	['with a payload', { token => Token::mint({ mercure =>
	    { subscribe => ['*'], payload => { user => [1, undef] } } },
	    Token::SUBSCRIBER_KEY) }, 1],
);
my @streams = map { $hub->stream(topic => ['a', 'marker'], %{ $_->[1] }) }
    @rows;
my $start = $hub->publish_ok(topic => 'a', data => 'public');
my $secret = $hub->publish_ok(topic => ['a', 'alt'], data => 'private',
    private => 'on');
$hub->publish_ok(topic => 'marker', data => 'end');

for my $i (0 .. $#rows) {
	my ($name, $options, $may) = @{ $rows[$i] };
	my $want = ['public', $may ? 'private' : ()];

	is_deeply $streams[$i]->data_until('end'), $want, "$name: live";
	my $replay = $hub->stream(topic => ['a', 'marker'], %$options,
	    last_event_id => 'earliest');
	is_deeply $replay->data_until('end'), $want, "$name: replayed";
	my $after = $hub->stream(topic => ['a', 'marker'], %$options,
	    last_event_id => $start);
	is_deeply $after->data_until('end'), [$may ? 'private' : ()],
	    "$name: replayed after an id";
	next if $may;
	for my $stream ($streams[$i], $replay, $after) {
		unlike join('', $stream->{head}, $stream->body),
		    qr/\Q$secret\E/, "$name: its id is nowhere";
	}
}

# Asking for a topic gives no right to it, and a right asks for nothing.
my $narrow = $hub->stream(topic => 'b', token => Token::subscriber(['a']));
$hub->publish_ok(topic => 'a', data => 'x', private => 'on');
$hub->publish_ok(topic => ['b', 'a'], data => 'both', private => 'on');
$hub->publish_ok(topic => 'b', data => 'end');
is_deeply $narrow->data_until('end'), ['both'],
    'an update must be asked for and allowed';

# The rights of a replay are those of the request that replays.
my $was = $hub->stream(topic => 'a', token => $good, cursor => 1);
my $cursor = $was->next_cursor;
$was->hang_up;
$hub->publish_ok(topic => 'a', data => 'later', private => 'on');
$hub->publish_ok(topic => 'a', data => 'end');
my $now = $hub->stream(topic => 'a', last_event_id => $cursor);
is_deeply $now->data_until('end'), [], 'a right that was lost is lost';

# Who has received a private update, and then lost the right to it, goes on from
# there: nobody else has its id, which is random.
my $had = $hub->stream(topic => 'a', token => $good);
$hub->publish_ok(topic => 'a', data => 'last', private => 'on');
my $last = $had->next_event;
is $last->{data}, 'last', 'a private update';
$had->hang_up;
$hub->publish_ok(topic => 'a', data => 'hidden', private => 'on');
$hub->publish_ok(topic => 'a', data => $_) for 'shown', 'end';
for my $row (['anonymous', {}],
    ['other rights', { token => Token::subscriber(['b']) }]) {
	my ($name, $options) = @$row;
	my $on = $hub->stream(topic => 'a', last_event_id => $last->{id},
	    %$options);

	is $on->header('Last-Event-ID'), $last->{id},
	    "a right that was lost, then $name: the place is known";
	is_deeply $on->data_until('end'), ['shown'],
	    "a right that was lost, then $name: nothing comes again";
}

# Nor does an answer tell strangers whether an update with some id exists.
my $orders = Hub->start;
$orders->publish_ok(topic => 'a', data => 1, id => 'order-1');
$orders->publish_ok(topic => ['p', 'q'], data => 2, id => 'order-4711',
    private => 'on');
$orders->publish_ok(topic => 'a', data => 3, id => 'order-2');
$orders->publish_ok(topic => 'p', data => 4, id => 'twice', private => 'on');
$orders->publish_ok(topic => 'a', data => 5, id => 'twice');
$orders->publish_ok(topic => 'p', data => "6 $_", id => 'often',
    private => 'on') for 1 .. 20;
$orders->publish_ok(topic => ['a', 'p'], data => 'end', id => 'often');

# What a request is told, but for the time and what it asked for.
sub told {
	my ($id, %o) = @_;
	my $head = $orders->request('HEAD', "$path?topic=a&topic=p", undef,
	    last_event_id => $id, %o);
	my $stream = $orders->stream(topic => ['a', 'p'],
	    last_event_id => $id, %o);
	my $data = $stream->data_until('end');

	is $stream->header('Last-Event-ID'), $head->header('Last-Event-ID'),
	    "$id: GET and HEAD agree";
	return [$head->header('Last-Event-ID'), @$data];
}

my @public = (1, 3, 5);
my @private = (2, 4, map { "6 $_" } 1 .. 20);
is_deeply told('order-1'), ['order-1', 3, 5], 'a public one is known';
my $unknown = told('order-4712');
is_deeply $unknown, ['earliest', @public], 'one that is not there';
# [name, options]
for my $row (['anonymous', {}],
    ['no rights', { token => Token::subscriber([]) }],
    ['other rights', { token => Token::subscriber(['a', 'order-4711']) }],
    ['rights to publish', { token => Token::publisher(['*'],
	key => Token::SUBSCRIBER_KEY) }]) {
	my ($name, $options) = @$row;

	is_deeply told('order-4711', %$options), $unknown,
	    "a private one, $name: as if it were not there";
}
for my $topics (['p'], ['q'], ['*']) {
	is told('order-4711', token => Token::subscriber($topics))->[0],
	    'order-4711', "a private one, right to @$topics: known";
}
is_deeply told('order-4711', token => Token::subscriber(['q'])),
    ['order-4711', 3, 5], 'and the stream goes on behind it';
is_deeply told('twice'), ['twice'],
    'a reused id: the first that it could have';
is told('twice', token => Token::subscriber(['p']))->[1], 5,
    'with the right to it the first of all';
is_deeply told('often'), $unknown,
    'a reused id is looked for in a few updates: nothing is lost';

# A token that was presented is never downgraded to anonymous.
for my $row (['header', { token => $bad }],
    ['query', { query => [authorization => $bad] }],
    ['cookie', { cookie => $bad }],
    ['two bad cookies', { headers => { Cookie =>
	"$cookie=$expired; $cookie=$bad" } }],
    ['more cookies than are tried', { headers => { Cookie => join '; ',
	map { "$cookie=$_" } ($bad) x 4, $good } }],
    ["a publisher's key", { token => Token::subscriber(undef,
	key => Token::PUBLISHER_KEY) }],
    ['Bearer without a token', { headers => { Authorization => 'Bearer' } }],
    ['a tab behind Bearer', { headers => {
	Authorization => "Bearer\tx" } }],
    ['bad header with a good cookie', { token => $bad, cookie => $good }],
    map { [$_->[0], { token => $_->[1] }] }
    Token::bad_ones(Token::SUBSCRIBER_KEY, 'subscribe')) {
	my ($name, $options) = @$row;
	my $answer = $hub->subscribe(topic => 'a', %$options);

	is $answer->status, 401, "$name: 401";
	like $answer->header('WWW-Authenticate') || '', qr/^Bearer\b/,
	    "$name: WWW-Authenticate";
	$answer->finished;
	like $answer->body, qr/^[^\n]+\n?\z/, "$name: one line";
}

my $renamed = Hub->start(config => { MERCURE_AUTHZ_COOKIE_NAME =>
    'hubCookie' });
for my $row (['hubCookie', ['p']], ['mercureAuthorization', []]) {
	my ($name, $want) = @$row;
	my $stream = $renamed->stream(topic => 'a',
	    headers => { Cookie => "x=1; $name=$good" });

	$renamed->publish_ok(topic => 'a', data => 'p', private => 'on');
	$renamed->publish_ok(topic => 'a', data => 'end');
	is_deeply $stream->data_until('end'), $want, "cookie name $name";
}

my $closed = Hub->start(config => { MERCURE_HUB_ALLOW_ANONYMOUS => 'false' });
is $closed->subscribe(topic => 'a')->status, 401,
    'anonymous not allowed: 401';
is $closed->subscribe(topic => 'a', headers => { Authorization =>
    'Basic dTpw' })->status, 401, 'nor is another scheme';
my $named = $closed->stream(topic => 'a', token => Token::subscriber([]));
$closed->publish_ok(topic => 'a', data => 'p', private => 'on');
$closed->publish_ok(topic => 'a', data => 'end');
is_deeply $named->data_until('end'), [],
    'there a token without rights hears what is public';

done_testing;
