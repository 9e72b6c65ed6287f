# SPDX-License-Identifier: MIT
# FcgiClient.pm - one FastCGI request on one connection, byte by byte.
package FcgiClient;

use strict;
use warnings;
use parent 'Answer';
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use PushcgiTest qw(DEADLINE_S);
use Socket qw(SOCK_STREAM SOL_SOCKET SO_RCVBUF);
use Time::HiRes qw(time);

use constant {
	T_BEGIN_REQUEST => 1, T_ABORT_REQUEST => 2, T_END_REQUEST => 3, T_PARAMS => 4,
	T_STDIN => 5, T_STDOUT => 6, T_STDERR => 7, T_DATA => 8, T_GET_VALUES => 9,
	T_GET_VALUES_RESULT => 10, T_UNKNOWN_TYPE => 11,
	RESPONDER => 1, KEEP_CONN => 1,
};

# A connected socket, or undef.
sub dial {
	my ($address, %o) = @_;

	return IO::Socket::UNIX->new(Peer => $1, Type => SOCK_STREAM)
	    if $address =~ /^unix:(.*)/;
	$address =~ /^tcp:(.*)/ or die "no address: $address\n";
	return IO::Socket::INET->new(PeerAddr => $1, Proto => 'tcp');
}

sub record {
	my ($type, $id, $content, $padding) = @_;

	$padding ||= 0;
	return pack('CCnnCC', 1, $type, $id, length $content, $padding, 0)
	    . $content . "\0" x $padding;
}

sub length_bytes {
	my ($n) = @_;

	return $n < 128 ? pack 'C', $n : pack 'N', $n | 0x80000000;
}

# Name-value pairs, from a list so that order and doubles are the caller's.
sub pairs {
	my $bytes = '';

	while (my ($name, $value) = splice @_, 0, 2) {
		$bytes .= length_bytes(length $name)
		    . length_bytes(length $value) . $name . $value;
	}
	return $bytes;
}

# The records of a stream: full ones, then the empty one that ends it.
sub stream {
	my ($type, $id, $content, $size) = @_;
	my $bytes = '';

	$size ||= 65535;
	for (my $at = 0; $at < length $content; $at += $size) {
		$bytes .= record($type, $id, substr $content, $at, $size);
	}
	return $bytes . record($type, $id, '');
}

# All bytes of a request: params => [...], stdin, id, keep, role.
sub request_bytes {
	my (%o) = @_;
	my $id = $o{id} || 1;

	return record(T_BEGIN_REQUEST, $id, pack 'nCx5', $o{role} || RESPONDER,
	    $o{keep} ? KEEP_CONN : 0)
	    . stream(T_PARAMS, $id, pairs(@{ $o{params} }))
	    . stream(T_STDIN, $id, defined $o{stdin} ? $o{stdin} : '');
}

# address => 'unix:…' or 'tcp:…'; id => what the answer must carry;
# receive_buffer => bytes, so that a reader that stops is noticed soon.
sub new {
	my ($class, %o) = @_;
	my $self = bless { id => $o{id} || 1, in => '', problems => [],
	    stderr => '' }, $class;

	$self->{socket} = dial($o{address})
	    or die "cannot connect to $o{address}: $!\n";
	$self->{socket}->setsockopt(SOL_SOCKET, SO_RCVBUF, $o{receive_buffer})
	    if $o{receive_buffer};
	$self->{socket}->blocking(0);
	return $self->init;
}

# Write everything; false if the peer closed.  Reads meanwhile, so that two
# full sockets cannot stop each other.
sub send_bytes {
	my ($self, $bytes) = @_;
	my $end = time + DEADLINE_S;

	while (length $bytes) {
		my $n = syswrite $self->{socket}, $bytes;
		if ($n) {
			substr($bytes, 0, $n) = '';
			next;
		}
		return 0 unless $!{EAGAIN};
		die "the peer does not read\n" if time > $end;
		$self->pump(0.01);
	}
	return 1;
}

sub is_over { return $_[0]{ended} || $_[0]{eof} }

# Wait up to `seconds` for bytes and sort them; false if none came.
sub pump {
	my ($self, $seconds) = @_;

	return 0 if $self->{eof} || !$self->{socket};
	return 0 unless IO::Select->new($self->{socket})->can_read($seconds);
	my $n = sysread $self->{socket}, $self->{in}, 262144,
	    length $self->{in};
	if (!$n) {
		return 0 if !defined $n && $!{EAGAIN};
		$self->{eof} = 1;
		return 0;
	}
	while (length $self->{in} >= 8) {
		my ($version, $type, $id, $length, $padding) =
		    unpack 'CCnnC', $self->{in};
		last if length $self->{in} < 8 + $length + $padding;
		push @{ $self->{problems} }, "record of version $version id $id"
		    if $version != 1 || $id != $self->{id};
		$self->record_came($type, substr $self->{in}, 8, $length);
		substr($self->{in}, 0, 8 + $length + $padding) = '';
	}
	return 1;
}

sub record_came {
	my ($self, $type, $content) = @_;

	if ($self->{id} == 0 && ($type == T_GET_VALUES_RESULT
	    || $type == T_UNKNOWN_TYPE)) {
		$self->{management} = [$type, $content];
	} elsif ($self->{ended}) {
		push @{ $self->{problems} }, "record $type after END_REQUEST";
	} elsif ($type == T_STDOUT) {
		push @{ $self->{problems} }, 'STDOUT after its end'
		    if $self->{stdout_closed};
		$self->{stdout_closed} = 1 if $content eq '';
		$self->take($content);
	} elsif ($type == T_STDERR) {
		$self->{stderr} .= $content;
	} elsif ($type == T_END_REQUEST) {
		$self->{ended} = 1;
		@$self{qw(app_status protocol_status)} = unpack 'NC', $content;
	} else {
		push @{ $self->{problems} }, "record of type $type";
	}
}

# Wait for the peer to close the connection.
sub closed {
	my ($self) = @_;
	my $end = time + DEADLINE_S;

	until ($self->{eof}) {
		return 0 if time > $end;
		$self->pump(0.25);
	}
	return 1;
}

# All that was wrong with the framing and the events so far.
sub problems {
	my ($self) = @_;

	return join '; ', @{ $self->{problems} }, $self->{sse}->problems,
	    defined $self->{bad_head} ? "header $self->{bad_head}" : ();
}

sub hang_up {
	my ($self) = @_;

	close $self->{socket} if $self->{socket};
	$self->{socket} = undef;
	$self->{eof} = 1;
}

1;
