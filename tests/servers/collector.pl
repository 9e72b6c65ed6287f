#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# collector.pl - a proxy between PORT and port SERVER that passes answers on in lumps, as some appliances do.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(time);

# Bytes wait this long for others to come.
use constant PATIENCE_S => 1.5;

my ($port, $server) = @ARGV;

# One connection, to its end.
sub carry {
	my ($browser) = @_;
	my $hub = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
	    PeerPort => $server) or return;
	my $open = IO::Select->new($browser, $hub);
	my ($pending, $since) = ('', 0);

	while (1) {
		my $left = length $pending ? $since + PATIENCE_S - time
		    : undef;
		my @ready = $open->can_read(defined $left && $left < 0 ? 0
		    : $left);

		for my $from (@ready) {
			sysread $from, my $bytes, 65536 or goto END;
			if ($from == $browser) {
				syswrite $hub, $bytes;
				next;
			}
			$since = time unless length $pending;
			$pending .= $bytes;
		}
		next if !length $pending || time < $since + PATIENCE_S;
		syswrite $browser, $pending;
		$pending = '';
	}
END:
	syswrite $browser, $pending;
}

$SIG{CHLD} = 'IGNORE';
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
    LocalPort => $port, Listen => 16, ReuseAddr => 1) or die "listen: $!\n";
while (1) {
	my $browser = $listener->accept or next;
	my $pid = fork // die "fork: $!\n";

	if ($pid == 0) {
		close $listener;
		carry($browser);
		exit 0;
	}
	close $browser;
}
