#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# session.cgi - a page whose right hangs on its visitor's CGI::Session.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use CGI ();
use CGI::Session ();
use PerlPage qw(topic html);
use Pushcgi;

my $q = CGI->new;
my $where = { Directory => "$FindBin::Bin/../../run" };
my $session = CGI::Session->new('driver:file', $q, $where);
my $hub = Pushcgi->new(session => $session, strict => 1);
my $topic = topic('session');

# Who logs in gets another id.
if ($q->request_method eq 'POST') {
	my $next = CGI::Session->new('driver:file', '', $where);
	$hub->move_authz_session($session, $next);
	$session = $next;
} else {
	$hub->set_authz_session($topic);
}
print $q->header(-charset => 'utf-8', -cookie => [$q->cookie(
    -name => 'CGISESSID', -value => $session->id, -path => '/',
    -httponly => 1, -samesite => 'Lax')]),
    html($hub->script_tag($topic, src => 'pushcgi.js'));
$session->flush;
