# SPDX-License-Identifier: MIT
# Token.pm - mints access tokens, good ones and bad ones.
package Token;

use strict;
use warnings;
use Digest::SHA qw(hmac_sha256);
use JSON::PP ();
use MIME::Base64 qw(encode_base64url);

use constant {
	PUBLISHER_KEY => 'publisher-key-of-the-tests-0123456789',
	SUBSCRIBER_KEY => 'subscriber-key-of-the-tests-012345678',
};

my $json = JSON::PP->new->utf8->canonical;

# claims: a hash, or JSON text as it stands.  header: likewise.
sub mint {
	my ($claims, $key, $header) = @_;

	$header = { typ => 'JWT', alg => 'HS256' } unless defined $header;
	my $signed = join '.', map {
		encode_base64url(ref $_ ? $json->encode($_) : $_)
	} $header, $claims;
	return "$signed." . encode_base64url(hmac_sha256($signed, $key));
}

# A good token; more => { exp => … } adds claims.
sub publisher {
	my ($topics, %o) = @_;

	return mint({ mercure => { publish => $topics || ['*'] },
	    %{ $o{more} || {} } }, $o{key} || PUBLISHER_KEY);
}

sub subscriber {
	my ($topics, %o) = @_;

	return mint({ mercure => { subscribe => $topics || ['*'] },
	    %{ $o{more} || {} } }, $o{key} || SUBSCRIBER_KEY);
}

# Rows of [name, token] that must all be refused as signed with `key` for the
# right `publish` or `subscribe`.
sub bad_ones {
	my ($key, $right) = @_;
	my $good = { mercure => { $right => ['*'] } };
	my $token = mint($good, $key);
	my ($header, $claims, $signature) = split /\./, $token;
	my $with = sub { mint({ %$good, @_ }, $key) };

	return (
		['another key', mint($good, "$key-")],
		['the empty key', mint($good, '')],
		['alg none, no signature', encode_base64url(
		    '{"alg":"none","typ":"JWT"}') . ".$claims."],
		['alg none, signed', mint($good, $key, { alg => 'none' })],
		['alg in lower case', mint($good, $key, { alg => 'hs256' })],
		['no alg', mint($good, $key, { typ => 'JWT' })],
		['alg of another size', mint($good, $key, { alg => 'HS384' })],
		['alg twice', mint($good, $key,
		    '{"alg":"none","alg":"HS256"}')],
		['crit', mint($good, $key,
		    { alg => 'HS256', crit => ['exp'] })],
		['typ at+jwt', mint($good, $key,
		    { alg => 'HS256', typ => 'at+jwt' })],
		['empty signature', "$header.$claims."],
		['padded signature', "$token="],
		['junk after the signature', "$token!!"],
		['two segments', "$header.$claims"],
		['four segments', "$token.$signature"],
		['no segments', 'nonsense'],
		['too long', $token . 'A' x 9000],
		['claims not an object', mint('["mercure"]', $key)],
		['claims not JSON', mint('{"mercure":', $key)],
		['claims not UTF-8', mint(
		    qq({"mercure":{"$right":["*"]},"a":"\xff"}), $key)],
		['mercure twice', mint(qq({"mercure":{"$right":["*"]},)
		    . qq("mercure":{"$right":["*"]}}), $key)],
		['mercure not an object', mint('{"mercure":[]}', $key)],
		['rights not an array', mint(
		    qq({"mercure":{"$right":"*"}}), $key)],
		['right not a text', mint(
		    qq({"mercure":{"$right":[1]}}), $key)],
		['exp past', $with->(exp => time - 60)],
		['exp a text', $with->(exp => '4000000000x')],
		['exp negative', $with->(exp => -1)],
		['exp true', mint(
		    qq({"mercure":{"$right":["*"]},"exp":true}), $key)],
		['exp not finite', mint(
		    qq({"mercure":{"$right":["*"]},"exp":1e999}), $key)],
		['nbf in the future', $with->(nbf => time + 3600)],
		['nbf a real in the future', mint(
		    qq({"mercure":{"$right":["*"]},"nbf":4.0e9}), $key)],
	);
}

1;
