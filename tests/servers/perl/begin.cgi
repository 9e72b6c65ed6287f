#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# begin.cgi - in ModPerl::Registry: what a request leaves to the next script.
use strict;
use warnings;
use PerlPage ();
use Pushcgi;

print "Content-Type: text/plain\n\n";
if (($ENV{QUERY_STRING} || '') eq 'begin') {
	mercure_begin_request();
	mercure_set_authz_cookie('of one');
	$PerlPage::begun = 1;
	print "begun\n";
} elsif (($ENV{QUERY_STRING} || '') eq 'keep') {
	# A request that lives longer than Apache's: the process ids of its program
	# at two calls, and how many such requests have one.
	my $hub = Pushcgi->new;
	$Pushcgi::Program::IDLE_S = $Pushcgi::Program::REUSE_S = 600;
	push @PerlPage::kept, $hub;
	print join(' ', (map { $hub->hub_url('a'); $hub->{program}{child} } 1, 2),
	    scalar grep { $_->{program} } @PerlPage::kept), "\n";
} elsif ($PerlPage::begun) {
	print mercure_set_authz_cookie('of another');
}
