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
} elsif ($PerlPage::begun) {
	print mercure_set_authz_cookie('of another');
}
