# SPDX-License-Identifier: MIT
# Http.pm - one HTTP/1.1 request to a web server, its answer read bit by bit.
package Http;

use strict;
use warnings;
use parent 'Answer';
use IO::Select;
use IO::Socket::INET;
use PushcgiTest;

# port, method, path, headers => {...}, body; from => the address to ask from.
sub new {
	my ($class, %o) = @_;
	my $self = bless { rest => '', problems => [] }, $class;
	my %headers = (Host => "127.0.0.1:$o{port}", Connection => 'close',
	    %{ $o{headers} || {} });

	$self->{socket} = wait_until("port $o{port} accepts", sub {
		IO::Socket::INET->new(PeerAddr => '127.0.0.1',
		    PeerPort => $o{port}, Proto => 'tcp',
		    $o{from} ? (LocalAddr => $o{from}) : ());
	});
	if (defined $o{body}) {
		$headers{'Content-Length'} = length $o{body};
		$headers{'Content-Type'} ||=
		    'application/x-www-form-urlencoded';
	}
	my $bytes = join "\r\n", "$o{method} $o{path} HTTP/1.1",
	    (map { "$_: $headers{$_}" } sort keys %headers), '',
	    defined $o{body} ? $o{body} : '';
	my $at = 0;
	while ($at < length $bytes) {
		my $n = syswrite $self->{socket}, $bytes, 65536, $at;
		last unless $n;
		$at += $n;
	}
	$self->{socket}->blocking(0);
	return $self->init;
}

# Write everything, however long the server takes to read it.
sub send_all {
	my ($self, $bytes) = @_;

	$self->{socket}->blocking(1);
	while (length $bytes) {
		my $n = syswrite $self->{socket}, $bytes
		    or die "write: $!\n";
		substr($bytes, 0, $n) = '';
	}
	$self->{socket}->blocking(0);
}

# A piece of a body in chunks; an empty one is its end.
sub send_chunk {
	my ($self, $bytes) = @_;

	$self->send_all(sprintf("%x\r\n", length $bytes) . "$bytes\r\n");
}

sub is_over { return $_[0]{ended} || $_[0]{eof} }

sub pump {
	my ($self, $seconds) = @_;

	return 0 if $self->{eof};
	return 0 unless IO::Select->new($self->{socket})->can_read($seconds);
	my $n = sysread $self->{socket}, my $bytes, 65536;
	if (!$n) {
		return 0 if !defined $n && $!{EAGAIN};
		$self->{eof} = 1;
		return 0;
	}
	$self->take($bytes);
	return 1;
}

sub take_body {
	my ($self, $bytes) = @_;

	if (($self->{headers}{'transfer-encoding'}[0] || '') ne 'chunked') {
		my $length = $self->{headers}{'content-length'}[0];

		$self->SUPER::take_body($bytes);
		# A stream that was over at once: the server knew its length.
		$self->{ended} = 1 if defined $length
		    && length $self->{body} >= $length;
		return;
	}
	$self->{rest} .= $bytes;
	while ($self->{rest} =~ /^([0-9A-Fa-f]+)[^\r\n]*\r\n/) {
		my ($start, $size) = ($+[0], hex $1);

		last if length $self->{rest} < $start + $size + 2;
		my $chunk = substr $self->{rest}, $start, $size;
		substr($self->{rest}, 0, $start + $size + 2) = '';
		# The empty chunk: the server says that all was sent.
		$self->{ended} = 1 if $size == 0;
		$self->SUPER::take_body($chunk) if $size;
	}
}

sub problems {
	my ($self) = @_;

	return join '; ', $self->{sse}->problems,
	    defined $self->{bad_head} ? "header $self->{bad_head}" : ();
}

sub hang_up {
	my ($self) = @_;

	close $self->{socket};
	$self->{eof} = 1;
}

1;
