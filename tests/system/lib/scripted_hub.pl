#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# scripted_hub.pl - an http server that answers as it is told, for ScriptedHub.pm.
#
#	scripted_hub.pl PORT FOLDER
#
# The n-th connection, counted from 1, gets the bytes in FOLDER/n, others those
# in FOLDER/METHOD; it then ends, but where FOLDER/holds is, who asked for a
# stream has it until they leave.  Each request is one JSON line of `requests`, and
# so is each end.  The file `listening` appears when it does.
use strict;
use warnings;
use IO::Socket::INET;
use JSON::PP ();
use Time::HiRes ();

my ($port, $dir) = @ARGV;
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
    LocalPort => $port, Listen => 64, ReuseAddr => 1)
    or die "port $port: $!\n";
open my $listening, '>', "$dir/listening" or die "listening: $!\n";
$SIG{CHLD} = 'IGNORE';
$SIG{PIPE} = 'IGNORE';

sub note {
	my (%request) = @_;

	open my $log, '>>', "$dir/requests" or die "requests: $!\n";
	syswrite $log, JSON::PP->new->canonical->encode(\%request) . "\n";
}

sub bytes {
	for my $path (map { "$dir/$_" } @_) {
		open my $in, '<:raw', $path or next;
		local $/;
		return scalar <$in>;
	}
	return "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
}

sub serve {
	my ($peer, $n, $began) = @_;
	my ($head, $body) = ('', '');

	while ($head !~ /\r\n\r\n\z/) {
		sysread $peer, $head, 1, length $head or return;
	}
	my ($method) = $head =~ /\A(\w+)/;
	my ($length) = $head =~ /^content-length: *(\d+)/mi;
	while (length $body < ($length || 0)) {
		sysread $peer, $body, 65536, length $body or return;
	}
	note(at => $began, method => $method, head => $head);
	syswrite $peer, bytes($n, $method);
	1 while $head =~ m{^accept: *text/event-stream}mi && -e "$dir/holds"
	    && sysread $peer, $body, 65536;
	note(at => Time::HiRes::time(), method => 'end', head => '');
}

for (my $n = 1;; $n++) {
	my $peer = $listener->accept or next;
	my $began = Time::HiRes::time();

	if (!fork) {
		serve($peer, $n, $began);
		exit 0;
	}
	close $peer;
}
