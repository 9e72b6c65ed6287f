# SPDX-License-Identifier: MIT
# museum_keys.t - problems that other hubs had in keys and in selectors.
#
# The numbers are those of museum.t.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use KeyPair;
use Test::More;
use Token;

my $path = Hub::URL_PATH;
my %all = (mercure => { subscribe => ['*'] });

sub status {
	my ($hub, $token) = @_;
	my $answer = $hub->subscribe(topic => 'a', token => $token);
	my $status = $answer->status;

	$answer->hang_up;
	return $status;
}

# [name, token]: none is good.
sub refused {
	my ($number, $hub, @rows) = @_;

	for my $row (@rows) {
		my ($name, $token) = @$row;

		is status($hub, $token), 401, "museum $number: $name: 401";
	}
}

# 3: a public key without an algorithm was taken for a secret of HS256.
my $rsa = KeyPair->new('RS256', 'a');
my $pem = $rsa->pem;
(my $line = $pem) =~ s/\n/\\n/g;
my $hub = Hub->start(config => { MERCURE_SUBSCRIBER_SECRET_KEY => $line });
is status($hub, $rsa->subscriber), 200,
    'museum 3: PEM without an algorithm: RS256';
refused(3, $hub, map { ["HS256 by $_->[0]", Token::mint(\%all, $_->[1])] }
    ['the PEM text', $pem], ['its one line', $line],
    ['it without its end', $pem =~ s/\n\z//r], ['nothing', '']);
refused(3, $hub, ['no signature', do {
	my $token = Token::mint(\%all, '', { alg => 'none' });
	$token =~ s/[^.]*\z//r;
}]);

# 4: a token chose among the algorithms of a key in a set.
my $ec = KeyPair->new('ES256', 'b');
my $set = KeyPair::jwks($rsa, $ec);
my $many = Hub->start(config => { MERCURE_SUBSCRIBER_SECRET_KEY => $set });
is status($many, $_->subscriber), 200, "museum 4: $_->{alg} of a set"
    for $rsa, $ec;
refused(4, $many,
    ['HS256 by the set', Token::mint(\%all, $set)],
    ['HS256 by the modulus', Token::mint(\%all, $rsa->jwk->{n})],
    ['HS256 by nothing', Token::mint(\%all, '', { alg => 'HS256',
	kid => 'a' })],
    ['RS512 said of RS256', $rsa->subscriber(alg => 'RS512')],
    ['PS256 said of RS256', $rsa->subscriber(alg => 'PS256')],
    ["RS256 under the other's kid, said to be ES256",
	$rsa->subscriber(alg => 'ES256', kid => 'b')]);

# 20: templates were claimed and never matched.
my $plain = Hub->start;
my $books = $plain->stream(topic => ['https://example.com/books/{id}', 'end']);
my $mine = $plain->stream(topic => ['https://example.com/books/{id}', 'end'],
    token => Token::subscriber(['https://example.com/books/1{more}']));
for my $row (['books/1', 'on'], ['books/2', 'on'], ['books/3'], ['books/3/4'],
    ['papers/5']) {
	my ($name, $private) = @$row;

	$plain->publish_ok(topic => "https://example.com/$name",
	    data => $name, private => $private);
}
$plain->publish_ok(topic => 'end', data => 'end');
is_deeply $books->data_until('end'), ['books/3'],
    'museum 20: what a template matches, and nothing else';
is_deeply $mine->data_until('end'), ['books/1', 'books/3'],
    'museum 20: private ones by a template of the token';

# 32: a pattern that takes a backtracker longer than anybody waits.
my $slow = join '', map { "{$_}" } 'a' .. 'h';
my @hostile = map { $plain->stream(topic => $_) } $slow, "$slow/x",
    join('x', map { "{+$_}" } 'a' .. 'h');
my $other = $plain->stream(topic => 'other');
$plain->publish_ok(topic => 'x' x 4000 . '!', data => 'hostile');
$plain->publish_ok(topic => 'other', data => 'served');
is $other->next_event->{data}, 'served', 'museum 32: others are served';
$plain->publish_ok(topic => 'x' x 200, data => 'matched');
is_deeply $hostile[0]->data_until('matched'), ['served'],
    'museum 32: and it matches what it should';

done_testing;
