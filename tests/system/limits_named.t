# SPDX-License-Identifier: MIT
# limits_named.t - whoever hits a limit is told which, and how far it reaches.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use Test::More;

my $path = Hub::URL_PATH;
my $hub = Hub->start(config => { MERCURE_MAX_TOPICS => 5,
    MERCURE_MAX_MATCHERS => 7, MERCURE_MAX_TOPIC_LENGTH => 100 });

# A query or form with `n` topics, and `more` fields besides.
sub topics {
	my ($n, $more) = @_;

	return join '&', (map { "topic=t$_" } 1 .. $n),
	    ('x=1') x ($more || 0);
}

# Claims with rights whose payload makes them `depth` levels deep in all.
sub nested {
	my ($depth) = @_;
	my $inner = $depth - 2;

	return '{"mercure":{"publish":["*"],"subscribe":["*"],"payload":'
	    . '[' x $inner . ']' x $inner . '}}';
}

# Claims that make a token of `length` bytes.
sub token_of {
	my ($length, $key) = @_;
	my $claims = '{"mercure":{"publish":["*"],"subscribe":["*"]},"x":"';
	my $token = Token::mint("$claims\"}", $key);
	my $more = int(($length - length $token) * 3 / 4);

	for my $n ($more - 3 .. $more + 3) {
		$token = Token::mint($claims . 'x' x $n . '"}', $key);
		return $token if length $token == $length;
	}
	die "no token of $length bytes\n";
}

sub selectors {
	my ($n, $key) = @_;
	my $list = [ ('*') x $n ];

	return Token::mint({ mercure => { publish => $list,
	    subscribe => $list } }, $key);
}

my ($pub, $sub) = (Token::PUBLISHER_KEY, Token::SUBSCRIBER_KEY);
my $own = { Origin => 'http://hub.example' };

# [name, publish's options, status, what the sentence names]
my @publishes = (
	['as many topics as allowed', { body => topics(5) }, 200],
	['one topic too many', { body => topics(6) }, 400,
	    qr/\b5 topics.*MERCURE_MAX_TOPICS\b/],
	['as many fields as allowed', { body => topics(5, 100) }, 200],
	['one field too many', { body => topics(5, 101) }, 400,
	    qr/\b105 fields.*MERCURE_MAX_TOPICS\b/],
	['many thousand topics', { body => topics(50_000) }, 400,
	    qr/MERCURE_MAX_TOPICS/],
	['as long a topic as allowed', { body => 'topic=' . 't' x 100 }, 200],
	['a topic too long', { body => 'topic=' . 't' x 101 }, 400,
	    qr/\b100 bytes.*MERCURE_MAX_TOPIC_LENGTH\b/],
	['an alternate topic too long', { body => 'topic=a&topic='
	    . 't' x 101 }, 400, qr/\b100 bytes.*MERCURE_MAX_TOPIC_LENGTH\b/],
	['an id too long', { body => 'topic=a&id=' . 'i' x 1025 }, 400,
	    qr/\b1024 bytes/],
	['a type too long', { body => 'topic=a&type=' . 't' x 1025 }, 400,
	    qr/\b1024 bytes/],
	['too many parameters', { body => 'topic=a', query =>
	    [ ('x' => 1) x 101 ] }, 400, qr/\b100 parameters/],
	['as long a token as allowed', { body => 'topic=a',
	    token => token_of(8192, $pub) }, 200],
	['a token too long', { body => 'topic=a',
	    token => token_of(8193, $pub) }, 401, qr/\b8192 bytes/],
	['a token too long in the query', { body => 'topic=a',
	    token => undef, query => [authorization =>
	    token_of(8193, $pub)] }, 401, qr/\b8192 bytes/],
	['a token too long in the cookie', { body => 'topic=a',
	    token => undef, cookie => token_of(8193, $pub),
	    headers => $own }, 401, qr/\b8192 bytes/],
	['claims as deep as allowed', { body => 'topic=a',
	    token => Token::mint(nested(32), $pub) }, 200],
	['claims too deep', { body => 'topic=a',
	    token => Token::mint(nested(33), $pub) }, 401, qr/\b32 levels/],
	['claims far too deep', { body => 'topic=a',
	    token => Token::mint(nested(2000), $pub) }, 401,
	    qr/\b32 levels/],
	['as many selectors as allowed', { body => 'topic=a',
	    token => selectors(7, $pub) }, 200],
	['a selector too many', { body => 'topic=a',
	    token => selectors(8, $pub) }, 401,
	    qr/\b7 selectors.*MERCURE_MAX_MATCHERS\b/],
);
for my $row (@publishes) {
	my ($name, $options, $status, $names) = @$row;
	my $answer = $hub->publish(%$options);

	is $answer->status, $status, "publish, $name: $status";
	like $answer->body, $names, "publish, $name: the answer names it"
	    if $names;
	like $answer->body, qr/^[^\n]+\n?\z/, "publish, $name: one line";
}

# [name, query, options, status, what the sentence names]
my @subscribes = (
	['as many topics as allowed', topics(7), {}, 200],
	['one topic too many', topics(8), {}, 400,
	    qr/\b7 topics.*MERCURE_MAX_MATCHERS\b/],
	['too many parameters', topics(7, 101), {}, 400,
	    qr/\b107 parameters.*MERCURE_MAX_MATCHERS\b/],
	['as long a topic as allowed', 'topic=' . 't' x 100, {}, 200],
	['a topic too long', 'topic=' . 't' x 101, {}, 400,
	    qr/\b100 bytes.*MERCURE_MAX_TOPIC_LENGTH\b/],
	['as long a token as allowed', 'topic=a',
	    { token => token_of(8192, $sub) }, 200],
	['a token too long', 'topic=a', { token => token_of(8193, $sub) },
	    401, qr/\b8192 bytes/],
	['a token too long in the query', 'topic=a&authorization='
	    . token_of(8193, $sub), {}, 401, qr/\b8192 bytes/],
	['a token too long in the cookie', 'topic=a',
	    { cookie => token_of(8193, $sub) }, 401, qr/\b8192 bytes/],
	['claims as deep as allowed', 'topic=a',
	    { token => Token::mint(nested(32), $sub) }, 200],
	['claims too deep', 'topic=a',
	    { token => Token::mint(nested(33), $sub) }, 401,
	    qr/\b32 levels/],
	['a selector too many', 'topic=a', { token => selectors(8, $sub) },
	    401, qr/\b7 selectors.*MERCURE_MAX_MATCHERS\b/],
);
for my $row (@subscribes) {
	my ($name, $query, $options, $status, $names) = @$row;
	my $answer = $hub->request('HEAD', "$path?$query", undef, %$options);

	is $answer->status, $status, "subscribe, $name: $status";
	next unless $names;
	$answer = $hub->request('GET', "$path?$query", undef, %$options);
	like $answer->body, $names, "subscribe, $name: the answer names it";
	like $answer->body, qr/^[^\n]+\n?\z/, "subscribe, $name: one line";
}

# What is not signed with the key is told nothing about its claims.
my $forged = $hub->publish(topic => 'a',
    token => Token::mint(nested(33), 'wrong' x 8));
is $forged->status, 401, 'claims too deep, of another key: 401';
unlike $forged->body, qr/levels/, 'and not a word about them';

done_testing;
