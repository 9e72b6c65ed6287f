# SPDX-License-Identifier: MIT
# tokens.t - public keys: PEM, a JWK and a set of them, and how they are replaced.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use JSON::PP ();
use KeyPair;
use PushcgiTest;
use Test::More;

my $publishers = KeyPair->new('RS256');
my ($one, $two, $other) = map { KeyPair->new('ES256', $_) } qw(one two other);
my $dir = temp_dir();
my ($pem_path, $set_path) = ("$dir/publishers.pem", "$dir/jwks.json");

spew($pem_path, $publishers->pem, 0644);
my $hub = Hub->start(config => {
    MERCURE_PUBLISHER_SECRET_KEY => "\@$pem_path",
    MERCURE_PUBLISHER_JWT_ALG => 'RS256',
    MERCURE_SUBSCRIBER_SECRET_KEY => JSON::PP->new->encode($one->jwk),
});

sub published {
	my ($data) = @_;

	return $hub->publish(topic => 'a', data => $data, private => 'on',
	    token => $publishers->publisher);
}

# RS256 by PEM, ES256 by a JWK.
my $stream = $hub->stream(topic => 'a', token => $one->subscriber);
is published('first')->status, 200, 'RS256, PEM from a file';
is $stream->next_event->{data}, 'first', 'ES256, a JWK in the configuration';
is $hub->subscribe(topic => 'a', token => $one->subscriber(kid => 'new'))
    ->status, 200, 'an unknown kid is no reason to refuse';

# [name, token of a subscriber, what the log says]
my $pem = $one->pem;
for my $row (
    ['another key', $two->subscriber, qr/signature is wrong/],
    ['another key under its kid', $two->subscriber(kid => 'one'),
	qr/signature is wrong/],
    ["the publishers' key", $publishers->subscriber, qr/not ES256/],
    ['1: HS256 with the PEM text', Token::mint({ mercure =>
	{ subscribe => ['*'] } }, $pem), qr/not ES256/],
    ['1: HS256 with the JWK', Token::mint({ mercure =>
	{ subscribe => ['*'] } }, JSON::PP->new->encode($one->jwk)),
	qr/not ES256/],
    ['9: a key brought along', $two->subscriber(jwk => $two->jwk),
	qr/parameter \\"jwk\\"/],
) {
	my ($name, $token, $want) = @$row;
	my $before = length $hub->log_text;
	my $answer = $hub->subscribe(topic => 'a', token => $token);

	is $answer->status, 401, "$name: 401";
	$answer->finished;
	unlike $answer->body, $want, "$name: the peer does not learn why";
	wait_until("$name: the log says why",
	    sub { substr($hub->log_text, $before) =~ $want });
}
is published('second')->status, 200, 'the hub goes on';
is $stream->next_event->{data}, 'second', 'and the stream';

# To a set with the same key and another: nobody's stream ends.
sub reloaded {
	my ($what, $token, $status, %settings) = @_;

	$hub->configure(%settings);
	$hub->reload;
	wait_until($what, sub {
		my $answer = $hub->subscribe(topic => 'a', token => $token);
		my $is = $answer->status == $status;
		$answer->hang_up;
		return $is;
	});
}

spew($set_path, KeyPair::jwks($one, $two), 0644);
reloaded('the second key of the set holds', $two->subscriber, 200,
    MERCURE_SUBSCRIBER_SECRET_KEY => "\@$set_path");
my $second = $hub->stream(topic => 'a', token => $two->subscriber);
my $anonymous = $hub->stream(topic => ['a', 'b']);
is published('third')->status, 200, 'published';
is $_->next_event->{data}, 'third', 'both keys of the set'
    for $stream, $second;

# One key leaves, another comes: exactly the streams of the one end.
spew($set_path, KeyPair::jwks($two, $other), 0644);
reloaded('the new key holds', $other->subscriber, 200);
$stream->until('its end', sub { $stream->is_over });
my ($last) = reverse $stream->all;
ok Answer::is_cursor($last), 'the stream of the key that left ends, a cursor last';
is $hub->subscribe(topic => 'a', token => $one->subscriber)->status, 401,
    'its token is refused';
is published('fourth')->status, 200, 'published';
is $second->next_event->{data}, 'fourth', 'the stream of the other goes on';
$hub->publish(topic => 'b', data => 'public',
    token => $publishers->publisher);
is $anonymous->next_event->{data}, 'public', 'and one without a key';

# A broken set changes nothing, and the log names the setting.
spew($set_path, '{"keys":[]}', 0644);
$hub->reload;
wait_until('the log names the problem', sub { $hub->log_text =~
    /MERCURE_SUBSCRIBER_SECRET_KEY: The set has no key/ });
is published('fifth')->status, 200, 'published';
is $second->next_event->{data}, 'fifth', 'the stream goes on';
is $hub->stop, 0, 'ended by SIGTERM with status 0';

# 2: alg none where no key is configured either.
my $keyless = Hub->start(config => { MERCURE_SUBSCRIBER_SECRET_KEY => undef });
is $keyless->subscribe(topic => 'a', token => Token::mint({ mercure =>
    { subscribe => ['*'] } }, '', { alg => $_ }))->status, 401,
    "2: $_ without a key" for qw(none HS256);
is $keyless->stop, 0, 'ended by SIGTERM with status 0';

# --check names what keys there are, and what is wrong with one.
sub check {
	my (%settings) = @_;
	my $checked = Hub->new(config => \%settings);
	my ($status, $out, $err) = run([program('pushcgi.fcgi'), '--config',
	    $checked->{config_path}, '--check']);

	return $out . $err;
}

my $good = check(MERCURE_PUBLISHER_SECRET_KEY => "\@$pem_path",
    MERCURE_SUBSCRIBER_SECRET_KEY => KeyPair::jwks($one, $two));
like $good, qr/PUBLISHER_SECRET_KEY is set: a public key for RS256$/m,
    '--check: a public key';
is scalar(() = $good =~ /SUBSCRIBER_SECRET_KEY is set: .* for ES256$/mg), 2,
    '--check: two of a set';

(my $line = $pem) =~ s/\n/\\n/g;
for my $row (
    ['1: PEM as a secret', $line, 'HS256', qr/which HS256 cannot use/],
    ['6: another curve', $line, 'ES384', qr/not of the kind that ES384/],
    ['a file that is not there', '@/nowhere/key', undef, qr{/nowhere/key: }],
    ['a URL', '@http://example.com/jwks', undef, qr/save the set to a file/],
    ['a JWK cut short', '{"kty":"EC"', undef, qr/not a JSON object/],
    ['18: a private key', slurp("$one->{dir}/key") =~ s/\n/\\n/gr, undef,
	qr/is a private key.*openssl pkey -pubout/],
) {
	my ($name, $key, $alg, $want) = @$row;
	my $out = check(MERCURE_SUBSCRIBER_SECRET_KEY => $key,
	    MERCURE_SUBSCRIBER_JWT_ALG => $alg);

	like $out, qr/MERCURE_SUBSCRIBER_SECRET_KEY: /, "--check: $name";
	like $out, $want, "$name: why";
}

# A public key cannot sign: the helper says which settings to change.
my $idle = Hub->new(config => { MERCURE_PUBLISHER_SECRET_KEY => "\@$pem_path",
    MERCURE_SUBSCRIBER_SECRET_KEY => $line });
for my $row (['subscriber-jwt', 'SUBSCRIBER'], ['publisher-jwt', 'PUBLISHER'],
    ['cookie', 'SUBSCRIBER', 'a']) {
	my ($command, $role, @operands) = @$row;
	my ($exit, $out, $err) = $idle->helper([$command, @operands]);

	is $exit, 1, "$command with a public key fails";
	is $out, '', "$command: no token";
	like $err, qr/MERCURE_${role}_SECRET_KEY .*MERCURE_${role}_JWT_ALG/,
	    "$command: names both settings";
}

done_testing;
