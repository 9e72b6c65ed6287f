#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# front.pl - runs one front end for the browser tests, until its input ends; a line "reload" on it makes the server read its configuration again.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use FrontEnds;
use JSON::PP ();
use PushcgiTest;

my $name = shift || '';
die 'usage: front.pl ' . join('|', FrontEnds::names()) . "\n"
    unless grep { $_ eq $name } FrontEnds::names();
my $front = FrontEnds::start($name, MERCURE_RETRY => 100);
$| = 1;
print 'READY ', JSON::PP->new->canonical->encode({ urls => [
    "http://127.0.0.1:$front->{server}{port}/",
    "https://127.0.0.1:$front->{server}{tls}{port}/"],
    config => $front->{hub}{config_path} }), "\n";
while (defined(my $line = <STDIN>)) {
	next if $line ne "reload\n";
	my $is_over = $front->reload;

	print "SIGNALLED\n";
	# lighttpd has no new processes to be seen; its streams end.
	wait_until('the server has done it', $is_over)
	    unless $name =~ /^lighttpd-(?:cgi|standing)\z/;
	print "RELOADED\n";
}
$front->stop;
