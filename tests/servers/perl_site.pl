#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# perl_site.pl - runs the pages of PerlSite.pm for the browser tests, until it is ended.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use JSON::PP ();
use PerlSite;
use PushcgiTest;

my $server = perl_site(MERCURE_SESSION_COOKIE => 'CGISESSID');
my @pages = (perl_pages(), { name => 'session', path => '/app/session.cgi',
    topic => PerlPage::topic('session') });
utf8::decode($_->{topic}) for @pages;
$| = 1;
print 'READY ', JSON::PP->new->canonical->ascii->encode({
    url => "http://127.0.0.1:$server->{port}", pages => \@pages,
    config => $server->{hub}{config_path} }), "\n";
sleep 1 until defined process_ended($server->{pid});
die "Apache has ended\n";
