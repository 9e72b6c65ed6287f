#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# key_server.pl - an https server that answers every request with a file.
#
#	key_server.pl PORT FOLDER
#
# FOLDER holds cert.pem and key.pem, which are read for each connection, and
# `answer`, the bytes of the whole response.  Each request adds a line to
# `requests`.
use strict;
use warnings;
use IO::Handle;
use IO::Socket::INET;
use IO::Socket::SSL;

my ($port, $dir) = @ARGV;
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
    LocalPort => $port, Listen => 64, ReuseAddr => 1)
    or die "port $port: $!\n";
$SIG{CHLD} = 'IGNORE';
$SIG{PIPE} = 'IGNORE';

sub serve {
	my ($peer) = @_;
	my $tls = IO::Socket::SSL->start_SSL($peer, SSL_server => 1,
	    SSL_cert_file => "$dir/cert.pem", SSL_key_file => "$dir/key.pem")
	    or return;
	my ($first, $line) = ('');

	while (defined($line = <$tls>) && $line =~ /\S/) {
		$first ||= $line;
	}
	open my $log, '>>', "$dir/requests" or die "requests: $!\n";
	syswrite $log, $first;
	open my $in, '<:raw', "$dir/answer" or die "answer: $!\n";
	local $/;
	print {$tls} <$in>;
	$tls->close;
}

while (1) {
	my $peer = $listener->accept or next;
	my $pid = fork;

	if (!$pid) {
		serve($peer);
		exit 0;
	}
	close $peer;
}
