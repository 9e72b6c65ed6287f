# SPDX-License-Identifier: MIT
# Curl.pm - one request by HTTPS and HTTP/2, made by curl, read bit by bit.
package Curl;

use strict;
use warnings;
use parent 'Answer';
use IO::Select;
use PushcgiTest;

# As Http->new(); authority => the file with the certificate to trust.
sub new {
	my ($class, %o) = @_;
	my $dir = temp_dir();
	my $self = bless { dir => $dir }, $class;
	my %headers = %{ $o{headers} || {} };
	my @command = (qw(curl --disable --silent --show-error --no-buffer
	    --include --http2 --path-as-is --globoff --max-time 120),
	    '--cacert', $o{authority}, $o{method} eq 'HEAD' ? '--head'
	    : ('--request', $o{method}));

	if (defined $o{body}) {
		spew("$dir/body", $o{body});
		$headers{'Content-Type'} ||=
		    'application/x-www-form-urlencoded';
		push @command, '--data-binary', "\@$dir/body";
	}
	# Long ones do not belong on a command line.
	spew("$dir/headers", join '', map { "$_: $headers{$_}\n" }
	    sort keys %headers);
	push @command, '--header', "\@$dir/headers",
	    "https://127.0.0.1:$o{port}$o{path}";
	pipe $self->{out}, my $theirs or die "pipe: $!\n";
	$self->{pid} = spawn(name => 'curl', stdout => $theirs,
	    stderr => "$dir/err", command => \@command);
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
		$self->{eof} = 1;
		wait_until('curl ends',
		    sub { defined process_ended($self->{pid}) });
		# Only an answer that was complete makes it end with 0.
		$self->{ended} = 1 if process_ended($self->{pid}) == 0;
		return 0;
	}
	$self->take($bytes);
	return 1;
}

sub problems {
	my ($self) = @_;

	return join '; ', $self->{sse}->problems,
	    defined $self->{bad_head} ? "header $self->{bad_head}" : ();
}

sub hang_up {
	my ($self) = @_;

	close $self->{out};
	$self->{eof} = 1;
	process_end($self->{pid}, 'KILL');
}

1;
