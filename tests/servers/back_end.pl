#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# back_end.pl - answers each request at descriptor 5 with one page, for surroundings.t.
use strict;
use warnings;

open my $listener, '+<&=', 5 or die "descriptor 5: $!\n";
while (accept my $client, $listener) {
	my $page = "<!DOCTYPE html><title>Back end</title>\n";
	my $length = length $page;

	sysread $client, my $request, 65536;
	syswrite $client, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
	    . "Content-Length: $length\r\nConnection: close\r\n\r\n$page";
	close $client;
}
