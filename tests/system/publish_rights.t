# SPDX-License-Identifier: MIT
# publish_rights.t - who may publish, and by which carrier.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use Test::More;

my $hub = Hub->start(config => {
    MERCURE_PUBLISH_ALLOWED_ORIGINS =>
	'https://app.example http://other.example:8080' });
my $all = $hub->stream(topic => '*');
my $good = Token::publisher();
my $bad = Token::publisher(undef, key => 'wrong' x 8);
my $none = Token::publisher([]);
my $own = { Origin => 'http://hub.example' };
my @expected;

# [name, options, status]
my @rows = (
	['no token', { token => undef }, 401],
	['header', { token => $good }, 200],
	['header, scheme in lower case', { token => undef,
	    headers => { Authorization => "bearer $good" } }, 200],
	['query', { token => undef, query => [authorization => $good] }, 200],
	['cookie', { token => undef, cookie => $good, headers => $own }, 200],
	['bad header', { token => $bad }, 401],
	['bad query', { token => undef, query => [authorization => $bad] },
	    401],
	['bad cookie', { token => undef, cookie => $bad, headers => $own },
	    401],
	['bad header beats good query', { token => $bad,
	    query => [authorization => $good] }, 401],
	['bad header beats good cookie', { token => $bad, cookie => $good,
	    headers => $own }, 401],
	['bad query beats good cookie', { token => undef, cookie => $good,
	    headers => $own, query => [authorization => $bad] }, 401],
	['good header beats bad query', { token => $good,
	    query => [authorization => $bad] }, 200],
	['good header beats bad cookie', { token => $good, cookie => $bad },
	    200],
	['good query beats bad cookie', { token => undef, cookie => $bad,
	    query => [authorization => $good] }, 200],
	['header without a token', { token => undef,
	    headers => { Authorization => 'Bearer ' } }, 401],
	['another scheme', { token => undef,
	    headers => { Authorization => 'Basic dTpw' } }, 401],
	["a subscriber's key", { token => Token::publisher(undef,
	    key => Token::SUBSCRIBER_KEY) }, 401],
	['no rights', { token => $none }, 403],
	['no claim of ours', { token => Token::mint({ sub => 'x' },
	    Token::PUBLISHER_KEY) }, 403],
	['rights to subscribe only', { token => Token::subscriber(undef,
	    key => Token::PUBLISHER_KEY) }, 403],
	['both rights empty', { token => Token::mint({ mercure =>
	    { publish => [], subscribe => [] } }, Token::PUBLISHER_KEY) },
	    403],
	['another topic', { token => Token::publisher(['b']) }, 403],
	['the very topic', { token => Token::publisher(['a']) }, 200],
	['one of several', { token => Token::publisher(['b', 'a']) }, 200],
	['all but an alternate topic', { token => Token::publisher(['a']),
	    topic => ['a', 'b'] }, 403],
	['every topic', { token => Token::publisher(['b', 'a']),
	    topic => ['a', 'b'] }, 200],
	['exp as a real', { token => Token::mint(
	    '{"mercure":{"publish":["*"]},"exp":4000000000.583167}',
	    Token::PUBLISHER_KEY) }, 200],
	['nbf past', { token => Token::publisher(undef,
	    more => { nbf => time - 5 }) }, 200],
	['no typ', { token => Token::mint({ mercure =>
	    { publish => ['*'] } }, Token::PUBLISHER_KEY,
	    { alg => 'HS256' }) }, 200],
	# Cookie publishes: the request must come from the hub's own origin
	# or a listed one.
	['cookie, neither header', { token => undef, cookie => $good }, 403],
	['cookie, listed origin', { token => undef, cookie => $good,
	    headers => { Origin => 'https://app.example' } }, 200],
	['cookie, listed origin with port', { token => undef,
	    cookie => $good,
	    headers => { Origin => 'http://other.example:8080' } }, 200],
	['cookie, listed host of another port', { token => undef,
	    cookie => $good,
	    headers => { Origin => 'http://other.example' } }, 403],
	['cookie, listed host of another scheme', { token => undef,
	    cookie => $good, headers => { Origin => 'http://app.example' } },
	    403],
	['cookie, foreign origin', { token => undef, cookie => $good,
	    headers => { Origin => 'https://evil.example' } }, 403],
	['cookie, listed origin in large letters', { token => undef,
	    cookie => $good, headers => { Origin => 'https://APP.example' } },
	    403],
	['cookie, listed origin with a slash', { token => undef,
	    cookie => $good, headers => { Origin => 'https://app.example/' } },
	    403],
	['cookie, listed origin with a needless port', { token => undef,
	    cookie => $good,
	    headers => { Origin => 'https://app.example:443' } }, 403],
	['cookie, several origins', { token => undef, cookie => $good,
	    headers => { Origin =>
	    'https://app.example, https://evil.example' } }, 403],
	['cookie, an empty Origin', { token => undef, cookie => $good,
	    headers => { Origin => '' } }, 403],
	['cookie, Origin null beats own Referer', { token => undef,
	    cookie => $good, headers => { Origin => 'null',
	    Referer => 'http://hub.example/' } }, 403],
	['cookie, Referer about:blank', { token => undef, cookie => $good,
	    headers => { Referer => 'about:blank' } }, 403],
	['cookie, Referer of another port', { token => undef,
	    cookie => $good,
	    headers => { Referer => 'http://hub.example:8080/' } }, 403],
	['cookie, own origin, the Host with its port', { token => undef,
	    cookie => $good, headers => { Origin => 'http://hub.example',
	    Host => 'hub.example:80' } }, 200],
	['cookie, no Host', { token => undef, cookie => $good,
	    headers => { Origin => 'http://hub.example', Host => undef } },
	    403],
	['cookie, longer host', { token => undef, cookie => $good,
	    headers => { Origin => 'http://hub.example.evil' } }, 403],
	['cookie, origin null', { token => undef, cookie => $good,
	    headers => { Origin => 'null' } }, 403],
	['cookie, own Referer', { token => undef, cookie => $good,
	    headers => { Referer => 'http://hub.example/page?x=1' } }, 200],
	['cookie, listed Referer', { token => undef, cookie => $good,
	    headers => { Referer => 'https://app.example/' } }, 200],
	['cookie, foreign Referer', { token => undef, cookie => $good,
	    headers => { Referer => 'https://evil.example/hub.example' } },
	    403],
	['cookie, Referer of a longer host', { token => undef,
	    cookie => $good,
	    headers => { Referer => 'http://hub.example.evil/' } }, 403],
	['cookie, Referer with user info', { token => undef,
	    cookie => $good,
	    headers => { Referer => 'http://hub.example@evil.example/' } },
	    403],
	['cookie, Origin goes before Referer', { token => undef,
	    cookie => $good, headers => { Origin => 'https://evil.example',
	    Referer => 'http://hub.example/' } }, 403],
	['header, foreign origin', { token => $good,
	    headers => { Origin => 'https://evil.example' } }, 200],
);
for my $row (@rows) {
	my ($name, $options, $status) = @$row;
	my $answer = $hub->publish(topic => 'a', data => $name, %$options);

	is $answer->status, $status, "$name: $status";
	push @expected, $name if $status == 200;
	like $answer->header('WWW-Authenticate') || '', qr/^Bearer\b/,
	    "$name: WWW-Authenticate" if $status == 401;
	like $answer->body, qr/^[^\n]+\n?\z/, "$name: one line";
}

for my $row (Token::bad_ones(Token::PUBLISHER_KEY, 'publish')) {
	my ($name, $token) = @$row;
	my $answer = $hub->publish(topic => 'a', data => $name,
	    token => $token);

	is $answer->status, 401, "$name: 401";
	unlike $answer->body, qr/\Q$token\E/, "$name: not repeated";
}

$hub->publish_ok(topic => 'a', data => 'end');
is_deeply $all->data_until('end'), \@expected,
    'what was refused reached nobody';
unlike $hub->log_text, qr/eyJ/, 'no token in the log';
my $list = 'setting=MERCURE_PUBLISH_ALLOWED_ORIGINS';
like $hub->log_text, qr{refused origin=https://evil\.example client=\S+ $list\n},
    'the log names an origin to be listed';

# The hub's own origin is that of its public URL, where one is set.
my $public = Hub->start(config => {
    MERCURE_PUBLIC_HUB_URL => 'https://public.example/.well-known/mercure' });
for my $row (['https://public.example', 200], ['http://public.example', 403],
    ['https://public.example:8443', 403]) {
	my ($origin, $status) = @$row;

	is $public->publish(topic => 'a', token => undef, cookie => $good,
	    headers => { Origin => $origin })->status, $status,
	    "public URL, cookie from $origin: $status";
}

my $named = Hub->start(config => { MERCURE_AUTHZ_COOKIE_NAME => 'hubCookie' });
for my $row (['hubCookie', 200], ['mercureAuthorization', 401]) {
	my ($cookie, $status) = @$row;

	is $named->publish(topic => 'a', token => undef, headers => { %$own,
	    Cookie => "x=1; $cookie=$good; y=2" })->status, $status,
	    "cookie name $cookie: $status";
}

done_testing;
