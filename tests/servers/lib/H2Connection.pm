# SPDX-License-Identifier: MIT
# H2Connection.pm - one HTTP/2 connection (RFC 9113) with many GET requests.
package H2Connection;

use strict;
use warnings;
use IO::Select;
use IPC::Open2 qw(open2);
use PushcgiTest;
use Time::HiRes qw(time);

# Types of frames, section 6.
use constant { DATA => 0, HEADERS => 1, RST_STREAM => 3, SETTINGS => 4,
    PING => 6, WINDOW_UPDATE => 8 };
use constant { ACK => 1, END_STREAM => 1, END_HEADERS => 4 };
use constant MAX_CONCURRENT_STREAMS => 3;

# openssl carries the bytes.  authority => the certificate to trust.
sub new {
	my ($class, %o) = @_;
	my $self = bless { rest => '', next => 1, data => {},
	    host => "127.0.0.1:$o{port}" }, $class;

	$self->{pid} = open2($self->{in}, $self->{out}, qw(openssl s_client
	    -quiet -verify_quiet -verify_return_error -noservername -alpn h2 -CAfile),
	    $o{authority}, '-connect', $self->{host});
	binmode $self->{$_} for qw(in out);
	$self->write_all("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	$self->send_frame(SETTINGS, 0, 0, '');
	$self->send_frame(WINDOW_UPDATE, 0, 0, pack 'N', 1 << 24);
	return $self;
}

sub write_all {
	my ($self, $bytes) = @_;

	while (length $bytes) {
		my $n = syswrite $self->{out}, $bytes
		    or die "openssl: $!\n";
		substr($bytes, 0, $n) = '';
	}
}

sub send_frame {
	my ($self, $type, $flags, $stream, $payload) = @_;

	$self->write_all(substr(pack('N', length $payload), 1)
	    . pack('CCN', $type, $flags, $stream) . $payload);
}

# A field without compression (RFC 7541, 6.2.2; lengths below 127).
sub field {
	my ($name, $value) = @_;

	return pack 'C C/a C/a', 0, $name, $value;
}

# Ask for it, on a stream of its own.
sub get {
	my ($self, $path) = @_;

	$self->send_frame(HEADERS, END_STREAM | END_HEADERS, $self->{next},
	    join '', field(':method', 'GET'), field(':scheme', 'https'),
	    field(':authority', $self->{host}), field(':path', $path));
	$self->{next} += 2;
}

# Give up a request, as a page does that is closed: CANCEL.
sub cancel {
	my ($self, $stream) = @_;

	$self->send_frame(RST_STREAM, 0, $stream, pack 'N', 8);
}

# How many streams the server allows at once, `at_most` if more.
sub streams_allowed {
	my ($self, $at_most) = @_;

	$self->until('the settings', sub { $self->{settings} });
	my $n = $self->{settings}{ +MAX_CONCURRENT_STREAMS } // $at_most;
	return $n < $at_most ? $n : $at_most;
}

# How many streams have had an answer.
sub answered { return scalar keys %{ $_[0]{answered} || {} } }

# How many keep-alives the first stream has had since the last answer.
sub keep_alives_since {
	my ($self) = @_;

	return 0 unless $self->{answered};
	return scalar(() = substr($self->{data}{1} // '', $self->{at_answer})
	    =~ /^:$/mg);
}

sub take_frame {
	my ($self, $type, $flags, $stream, $payload) = @_;

	if ($type == SETTINGS && !($flags & ACK)) {
		$self->{settings} = { unpack '(nN)*', $payload };
		$self->send_frame(SETTINGS, ACK, 0, '');
	} elsif ($type == PING && !($flags & ACK)) {
		$self->send_frame(PING, ACK, 0, $payload);
	} elsif ($type == HEADERS) {
		$self->{answered}{$stream} = 1;
		$self->{at_answer} = length($self->{data}{1} // '');
	} elsif ($type == DATA) {
		$self->{data}{$stream} .= $payload;
	} elsif ($type == RST_STREAM) {
		die "stream $stream was reset\n";
	}
}

sub until {
	my ($self, $what, $condition) = @_;
	my $end = time + DEADLINE_S;

	until ($condition->()) {
		die "gave up waiting for $what\n" if time > $end;
		next unless IO::Select->new($self->{in})->can_read(0.25);
		sysread $self->{in}, $self->{rest}, 65536,
		    length $self->{rest} or die "closed before $what\n";
		while (length $self->{rest} >= 9) {
			my $length = unpack 'N', "\0" . substr $self->{rest},
			    0, 3;
			last if length $self->{rest} < 9 + $length;
			my $frame = substr $self->{rest}, 0, 9 + $length, '';
			$self->take_frame(unpack('x3 CCN', $frame),
			    substr $frame, 9);
		}
	}
}

sub hang_up {
	my ($self) = @_;

	kill 'KILL', $self->{pid};
	waitpid $self->{pid}, 0;
}

1;
