# SPDX-License-Identifier: MIT
# CgiProcess.pm - runs the responder as a plain CGI and reads its answer.
package CgiProcess;

use strict;
use warnings;
use parent 'Answer';
use IO::Select;
use PushcgiTest;
use Socket qw(AF_UNIX SHUT_WR SOCK_STREAM);

# params => [...] become the environment, stdin its standard input.  socket =>
# both are one socket, whose end to the program is closed behind the body, as
# mod_cgid does it.
sub new {
	my ($class, %o) = @_;
	my $self = bless {}, $class;
	my $input = temp_dir() . '/in';

	my $theirs;
	if ($o{socket}) {
		socketpair $self->{out}, $theirs, AF_UNIX, SOCK_STREAM, 0
		    or die "socketpair: $!\n";
		syswrite $self->{out}, $o{stdin} if defined $o{stdin};
		shutdown $self->{out}, SHUT_WR;
		$input = $theirs;
	} else {
		spew($input, defined $o{stdin} ? $o{stdin} : '');
		pipe $self->{out}, $theirs or die "pipe: $!\n";
	}
	$self->{pid} = spawn(name => 'CGI', env => { @{ $o{params} } },
	    stdin => $input, stdout => $theirs, stderr => $o{log},
	    command => [program('pushcgi.fcgi'), '--config',
	    $o{config_path}]);
	close $theirs;
	return $self->init;
}

sub is_over { return $_[0]{eof} }

sub pump {
	my ($self, $seconds) = @_;

	return 0 if $self->{eof};
	return 0 unless IO::Select->new($self->{out})->can_read($seconds);
	my $n = sysread $self->{out}, my $bytes, 65536;
	if (!$n) {
		$self->{reset} = "$!" if !defined $n;
		$self->{eof} = 1;
		return 0;
	}
	$self->take($bytes);
	return 1;
}

sub hang_up {
	my ($self) = @_;

	close $self->{out};
	$self->{eof} = 1;
}

sub problems {
	my ($self) = @_;

	return join '; ', $self->{sse}->problems,
	    defined $self->{reset} ? "end $self->{reset}" : (),
	    defined $self->{bad_head} ? "header $self->{bad_head}" : ();
}

1;
