# SPDX-License-Identifier: MIT
# Attack.pm - strangers who ask for streams again and again, at a hub or a web server.
package Attack;

use strict;
use warnings;
use FcgiClient;
use Hub;
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();
use PushcgiTest;
use Time::HiRes qw(time sleep);

# select(2) has room for a thousand descriptors: processes share the streams.
use constant EACH => 250;

# Only the first bytes of an answer are read.
use constant ENOUGH => 2048;

# at => a Hub or a server of Servers.pm; streams => how many at once; brings =>
# a function of a number that never comes twice, of how many templates, and of
# the stream's number: a query string; most => templates of one stream; hold =>
# seconds until a stream is closed and asked for again, undef: never; rate =>
# requests a second of all; headers, method => of each request; token => a
# function of that number; one_address => all of it comes from one; budget =>
# after so many bytes each process asks for no more.  A refused client brings half as many templates,
# and one more when he is not: so what all bring is just below each cap.
sub start {
	my ($class, %o) = @_;
	my $processes = POSIX::ceil($o{streams} / EACH);
	my $self = bless { dir => temp_dir(), %o, pids => [],
	    began => time }, $class;

	for my $n (0 .. $processes - 1) {
		my $pid = fork // die "fork: $!\n";

		if ($pid == 0) {
			$SIG{TERM} = $SIG{INT} = 'DEFAULT';
			eval { $self->attack($n, $processes) };
			warn $@ if $@;
			POSIX::_exit(1);
		}
		push @{ $self->{pids} }, $pid;
	}
	return $self;
}

# Addresses of as many visitors: each IPv6 one has a network of its own.
sub address {
	my ($n) = @_;

	return $n % 2 ? '203.0.113.' . ($n / 2 % 254 + 1)
	    : sprintf '2001:db8:%x:%x::1', $n >> 16, $n & 0xffff;
}

# All bytes of one request.
sub request {
	my ($self, $n, $query) = @_;
	my $uri = Hub::URL_PATH . "?$query";
	my %headers = %{ $self->{headers} || {} };
	my $method = $self->{method} || 'GET';

	$headers{Authorization} = 'Bearer ' . $self->{token}->($n)
	    if $self->{token};
	return FcgiClient::request_bytes(params => Hub::params($method, $uri,
	    undef, headers => \%headers,
	    peer => address($self->{one_address} ? 0
	    : int $n / $self->{most})))
	    if $self->{at}->isa('Hub');
	return join "\r\n", "$method $uri HTTP/1.1",
	    "Host: 127.0.0.1:$self->{at}{port}", 'Connection: close',
	    (map { "$_: $headers{$_}" } sort keys %headers), '', '';
}

sub dial {
	my ($self) = @_;

	return FcgiClient::dial($self->{at}{address})
	    if $self->{at}->isa('Hub');
	return IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $self->{at}{port}, Proto => 'tcp');
}

# One process of the attack, which never returns.
sub attack {
	my ($self, $process, $processes) = @_;
	my $share = int $self->{streams} / $processes;
	my $gap = $processes / ($self->{rate} || 400);
	my %at = (next => time, told => 0);
	my @idle = map { +{ number => $process * $share + $_,
	    k => $self->{most} } } 0 .. $share - 1;
	my (%open, $counted);

	srand(($self->{seed} || 0) + $process);
	$self->{select} = IO::Select->new;
	$self->{count} = { requests => 0, bytes => 0 };
	$counted = $process << 24;
	while (1) {
		my $now = time;

		@idle = () if $self->{budget}
		    && $self->{count}{bytes} >= $self->{budget};
		if (@idle && $now >= $at{next}) {
			my $s = shift @idle;
			$at{next} = $now - $at{next} > 0.1 ? $now
			    : $at{next} + $gap;
			$self->ask($s, $counted, $now)
			    ? $open{ fileno $s->{socket} } = $s
			    : push @idle, $s;
			$counted += $self->{most};
		}
		my $wait = @idle ? $at{next} - $now : 0.05;
		for my $socket ($self->{select}->can_read($wait > 0 ? $wait
		    : 0)) {
			my $s = $open{ fileno $socket };
			$s->{over} = 1 if !$self->hear($s);
		}
		for my $fd (keys %open) {
			my $s = $open{$fd};
			next unless $s->{over} || defined $s->{until}
			    && $now > $s->{until};
			$self->leave($s);
			delete $open{$fd};
			push @idle, $s;
		}
		if ($now > $at{told} + 0.1) {
			$at{told} = $now;
			$self->tell($process, values %open);
		}
	}
}

sub ask {
	my ($self, $s, $n, $now) = @_;
	my $bytes = $self->request($n, $self->{brings}->($n, $s->{k},
	    $s->{number}));

	@$s{qw(heard status over)} = ('');
	$s->{socket} = $self->dial or return 0;
	$s->{until} = defined $self->{hold} ? $now + $self->{hold} : undef;
	$s->{socket}->blocking(1);
	for (my $at = 0; $at < length $bytes;) {
		$at += syswrite($s->{socket}, $bytes, 65536, $at) || last;
	}
	$s->{socket}->blocking(0);
	$self->{count}{requests}++;
	$self->{count}{bytes} += length $bytes;
	$self->{select}->add($s->{socket});
	return 1;
}

# False: the answer is over.
sub hear {
	my ($self, $s) = @_;
	my $n = sysread $s->{socket}, my $bytes, 65536;

	return defined $n || !$!{EAGAIN} ? 0 : 1 if !$n;
	$s->{heard} .= $bytes if length $s->{heard} < ENOUGH;
	if (!$s->{status} && $s->{heard} =~ m{(?:Status:|HTTP/1\.1) (\d{3})}) {
		$s->{status} = $1;
		$s->{k}++ if $1 == 200 && $s->{k} < $self->{most};
	}
	return 1;
}

sub leave {
	my ($self, $s) = @_;
	my $status = $s->{status} || 'none';
	my ($named) = $s->{heard} =~ /(MERCURE_[A-Z_]+)/;

	if ($status ne '200' && $status ne 'none') {
		$status .= $named ? " $named"
		    : $s->{heard} =~ /(\d+ (?:states|bytes))/ ? " $1"
		    : $s->{heard} =~ /<html/i ? ' of the server' : '';
		$s->{k} = int $s->{k} / 2 || 1;
		$self->{example}{$status} //= substr $s->{heard}, 0, 600;
	}
	$self->{count}{"status $status"}++;
	$self->{select}->remove($s->{socket});
	close $s->{socket};
}

sub tell {
	my ($self, $process, @open) = @_;
	my $path = "$self->{dir}/$process";
	my %now = (open => 0, templates => 0);

	for my $s (grep { ($_->{status} // 0) == 200 } @open) {
		$now{open}++;
		$now{templates} += $s->{k};
	}
	for my $what (qw(open templates)) {
		my $most = \$self->{count}{"most $what"};
		$$most //= 0;
		$$most = $now{$what} if $now{$what} > $$most;
	}
	spew("$path.new", JSON::PP::encode_json({ %{ $self->{count} }, %now,
	    example => $self->{example} }));
	rename "$path.new", $path;
}

# Its counts so far: requests, bytes, `status CODE SETTING`, open, templates,
# `most open`, `most templates`.
sub counts {
	my ($self) = @_;
	my %sum = (requests => 0, bytes => 0, open => 0, templates => 0,
	    'most open' => 0, 'most templates' => 0);

	for my $n (0 .. $#{ $self->{pids} }) {
		next unless -e "$self->{dir}/$n";
		my $count = JSON::PP::decode_json(slurp("$self->{dir}/$n"));
		my $examples = delete $count->{example};
		$sum{$_} = ($sum{$_} // 0) + $count->{$_}
		    for keys %$count;
		$sum{example}{$_} = $examples->{$_} for keys %{ $examples || {} };
	}
	return \%sum;
}

# End it; returns the counts.
sub stop {
	my ($self) = @_;

	return $self->{counts} if $self->{counts};
	kill 'KILL', @{ $self->{pids} };
	waitpid $_, 0 for @{ $self->{pids} };
	return $self->{counts} = $self->counts;
}

# As a line: what it did.
sub said {
	my ($self) = @_;
	my %c = %{ $self->counts };

	return join ', ', map { "$c{$_} $_" } grep { $_ ne 'example' }
	    sort keys %c;
}

sub DESTROY {
	my ($self) = @_;
	local ($?, $!);

	$self->stop if $self->{pids} && !$self->{select};
}

1;
