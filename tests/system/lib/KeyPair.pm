# SPDX-License-Identifier: MIT
# KeyPair.pm - a private key and what is made with it: tokens, PEM, JWKs.
package KeyPair;

use strict;
use warnings;
use JSON::PP ();
use MIME::Base64 qw(encode_base64url);
use PushcgiTest;

my %options = (
	RS256 => [qw(-algorithm RSA -pkeyopt rsa_keygen_bits:2048)],
	ES256 => [qw(-algorithm EC -pkeyopt ec_paramgen_curve:P-256)],
);
my $json = JSON::PP->new->canonical;

# A new key for RS256 or ES256; `kid` goes into its JWK and its tokens.
sub new {
	my ($class, $alg, $kid) = @_;
	my $self = bless { alg => $alg, kid => $kid, dir => temp_dir() },
	    $class;

	openssl('genpkey', @{ $options{$alg} }, '-out', "$self->{dir}/key");
	return $self;
}

sub openssl {
	my ($status, $out, $err) = run(['openssl', @_]);

	die "openssl $_[0]: $err\n" if $status;
	return $out;
}

# The public key as PEM text, in lines.
sub pem {
	my ($self) = @_;

	return openssl('pkey', '-in', "$self->{dir}/key", '-pubout');
}

# The public key as a JWK, a hash.
sub jwk {
	my ($self) = @_;

	return $self->jwk_rsa if $self->{alg} eq 'RS256';
	my $der = openssl('pkey', '-in', "$self->{dir}/key", '-pubout',
	    '-outform', 'DER');

	return { kty => 'EC', crv => 'P-256', kid => $self->{kid},
	    x => encode_base64url(substr $der, -64, 32),
	    y => encode_base64url(substr $der, -32) };
}

# e is 65537, as openssl makes it.
sub jwk_rsa {
	my ($self) = @_;
	my ($n) = openssl('rsa', '-in', "$self->{dir}/key", '-noout',
	    '-modulus') =~ /=([0-9A-F]+)/;

	return { kty => 'RSA', kid => $self->{kid}, e => 'AQAB',
	    n => encode_base64url(pack 'H*', $n) };
}

# A set of them as text.
sub jwks { return $json->encode({ keys => [map { $_->jwk } @_] }) }

# Two numbers of a DER sequence as 32 bytes each.
sub halves {
	my ($der) = @_;

	return join '', map { substr "\0" x 32 . $_, -32 }
	    (unpack 'x2 (x C/a)2', $der);
}

sub token {
	my ($self, $claims, %header) = @_;
	my $signed = join '.', map { encode_base64url($json->encode($_)) }
	    { alg => $self->{alg}, typ => 'JWT',
	    defined $self->{kid} ? (kid => $self->{kid}) : (), %header },
	    $claims;

	spew("$self->{dir}/signed", $signed);
	my $signature = openssl('dgst', '-sha256', '-sign', "$self->{dir}/key",
	    "$self->{dir}/signed");
	$signature = halves($signature) if $self->{alg} eq 'ES256';
	return "$signed." . encode_base64url($signature);
}

sub publisher {
	my ($self, %header) = @_;

	return $self->token({ mercure => { publish => ['*'] } }, %header);
}

sub subscriber {
	my ($self, %header) = @_;

	return $self->token({ mercure => { subscribe => ['*'] } }, %header);
}

1;
