# SPDX-License-Identifier: MIT
# KeyServer.pm - an identity provider: serves a key set by https, with a CA.
package KeyServer;

use strict;
use warnings;
use IO::Socket::INET;
use JSON::PP ();
use PushcgiTest;

my @EC = qw(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes);

sub openssl {
	my ($status, undef, $err) = run(['openssl', @_]);

	die "openssl $_[0]: $err\n" if $status;
}

# Its certificate is signed by a CA of its own: $self->{ca} is the file.
sub start {
	my ($class) = @_;
	my $dir = temp_dir();
	my $self = bless { dir => $dir, port => free_port(),
	    ca => "$dir/ca.pem" }, $class;

	openssl('req', '-x509', @EC, '-subj', '/CN=test authority', '-days', 2,
	    '-keyout', "$dir/ca.key", '-out', "$dir/ca.pem");
	$self->certify;
	spew("$dir/requests", '');
	$self->{url} = "https://localhost:$self->{port}/jwks.json";
	$self->fails(503);
	$self->run_again;
	return $self;
}

# A certificate of the CA, or (by => 'itself') one that nobody trusts.
sub certify {
	my ($self, %o) = @_;
	my $dir = $self->{dir};
	my @by = $o{by} ? () : ('-CA', "$dir/ca.pem", '-CAkey', "$dir/ca.key");

	openssl('req', '-new', @EC, '-subj', '/CN=localhost',
	    '-keyout', "$dir/key.pem", '-out', "$dir/csr.pem");
	spew("$dir/ext", "subjectAltName = DNS:localhost\n");
	openssl('x509', '-req', '-in', "$dir/csr.pem", '-days', 2, '-extfile',
	    "$dir/ext", '-out', "$dir/cert.pem",
	    @by ? (@by, '-CAcreateserial') : ('-signkey', "$dir/key.pem"));
}

sub run_again {
	my ($self) = @_;

	$self->{pid} = spawn(name => 'key server', stderr => "$self->{dir}/log",
	    command => [$^X, source('tests/system/lib/key_server.pl'),
	    $self->{port}, $self->{dir}]);
	wait_until('the key server answers', sub {
		IO::Socket::INET->new(PeerAddr => '127.0.0.1',
		    PeerPort => $self->{port});
	});
}

sub stop { process_end($_[0]{pid}, 'TERM') }

# From now on it answers with these bytes.
sub answers {
	my ($self, $bytes) = @_;

	spew("$self->{dir}/answer.new", $bytes);
	rename "$self->{dir}/answer.new", "$self->{dir}/answer"
	    or die "answer: $!\n";
}

sub serves {
	my ($self, $text, @headers) = @_;

	$self->answers(join "\r\n", 'HTTP/1.1 200 OK',
	    'Content-Type: application/json', 'Connection: close', @headers,
	    'Content-Length: ' . length $text, '', $text);
}

sub fails {
	my ($self, $status, @headers) = @_;

	$self->answers(join "\r\n", "HTTP/1.1 $status No",
	    'Connection: close', @headers, 'Content-Length: 0', '', '');
}

# The paths that were asked for.
sub requests {
	my ($self) = @_;

	return map { (split)[1] } split /\n/, slurp("$self->{dir}/requests");
}

# Make the set in the hub's queue so many seconds older.
sub age {
	my ($self, $hub, $seconds) = @_;
	my ($status, undef, $err) = run([program('tests/system/age_keys'),
	    "sqlite://$hub->{queue}", $self->{url}, $seconds]);

	die $err if $status;
}

1;
