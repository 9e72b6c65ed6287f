#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# html_template.cgi - a page of HTML::Template.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CGI ();
use HTML::Template;
use PerlPage qw(topic);
use Pushcgi;

my $q = CGI->new;
my $topic = topic('html_template');
my $hub = Pushcgi->new;

if ($q->request_method eq 'POST') {
	print $q->header(-type => 'text/plain'), $hub->publish($topic,
	    scalar $q->param('data'), private => 1);
} else {
	my $template = HTML::Template->new(
	    filename => "$FindBin::Bin/page.tmpl");
	$template->param($hub->tmpl_params($topic, src => 'pushcgi.js',
	    subscribe => $topic));
	print $q->header(-charset => 'utf-8', -cookie => [$hub->cookie,
	    $q->cookie(-name => 'other', -value => 'x')]), $template->output;
}
