#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# tt.cgi - a page of the Template Toolkit.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CGI ();
use PerlPage qw(topic);
use Pushcgi;
use Template;

my $q = CGI->new;
my $topic = topic('tt');
my $hub = Pushcgi->new;

if ($q->request_method eq 'POST') {
	print $q->header(-type => 'text/plain'), $hub->publish($topic,
	    scalar $q->param('data'), private => 1);
} else {
	my $page = '';
	my $template = Template->new(INCLUDE_PATH => $FindBin::Bin);
	$template->process('page.tt', { topic => $topic, pushcgi => $hub },
	    \$page) or die $template->error;
	print $q->header(-charset => 'utf-8', -cookie => [$hub->cookie,
	    $q->cookie(-name => 'other', -value => 'x')]), $page;
}
