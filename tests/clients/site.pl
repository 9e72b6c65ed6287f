#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# site.pl - runs the site of ClientSite.pm for the browser tests, until it is ended: site.pl KEY=VALUE...
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use ClientSite;
use JSON::PP ();
use PushcgiTest;

my $server = client_site(map { split /=/, $_, 2 } @ARGV);
$| = 1;
print 'READY ', JSON::PP->new->canonical->encode({
    url => "http://127.0.0.1:$server->{port}/", port => $server->{port},
    config => $server->{hub}{config_path} }), "\n";
sleep 1 until defined process_ended($server->{pid});
die "lighttpd has ended\n";
