#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# ssi_site.pl - runs the pages of SsiSite.pm for the browser tests, until it is ended.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use JSON::PP ();
use PushcgiTest;
use SsiSite;

my $server = ssi_site();
$| = 1;
print 'READY ', JSON::PP->new->canonical->encode({
    url => "http://127.0.0.1:$server->{port}", username => 'alice',
    password => ssi_password(),
    config => $server->{hub}{config_path} }), "\n";
sleep 1 until defined process_ended($server->{pid});
die "Apache has ended\n";
