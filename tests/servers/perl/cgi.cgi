#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# cgi.cgi - a page of CGI.pm; also run by ModPerl::Registry.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CGI ();
use PerlPage qw(topic html);
use Pushcgi;

my $q = CGI->new;
my $topic = topic($ENV{MOD_PERL} ? 'registry' : 'cgi');

if ($q->request_method eq 'POST') {
	print $q->header(-type => 'text/plain'), mercure_publish($topic,
	    scalar $q->param('data'), private => 1);
} else {
	my $hub = Pushcgi->new;
	my $script = $hub->script_tag($topic, src => 'pushcgi.js');

	print $q->header(-charset => 'utf-8', -Link => $hub->link_header,
	    -cookie => [$hub->set_authz_cookie($topic),
	    $q->cookie(-name => 'other', -value => 'x')]), html($script);
}
