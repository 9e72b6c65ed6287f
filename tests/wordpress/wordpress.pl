#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# wordpress.pl - runs WordPress with the plugin, for the browser tests, until it is ended: wordpress.pl KEY=VALUE...
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", $Bin;
use JSON::PP ();
use PushcgiTest;
use Servers;
use WordPress;

my $hub = Servers::hub_for_server(
    config => { map { split /=/, $_, 2 } @ARGV });
$hub->start;
my $server = WordPress->start($hub);
$| = 1;
print 'READY ', JSON::PP->new->canonical->encode({
    url => "http://127.0.0.1:$server->{port}/",
    folder => "$server->{dir}/www", config => $hub->{config_path},
    user => WordPress::USER, password => WordPress::PASSWORD }), "\n";
sleep 1 until defined process_ended($server->{pid});
die "lighttpd has ended\n";
