#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# beside.pl - runs Apache with the pages and lighttpd with the hub alone, for the browser tests, until it is ended: beside.pl PAGE-HOST HUB-HOST KEY=VALUE...
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use Beside;
use JSON::PP ();
use PushcgiTest;

my ($page, $hub, @settings) = @ARGV;
die "usage: beside.pl PAGE-HOST HUB-HOST KEY=VALUE...\n" if !defined $hub;
my $site = Beside->start($page, $hub, map { split /=/, $_, 2 } @settings);
$| = 1;
print 'READY ', JSON::PP->new->canonical->encode({
    url => "https://$page:$site->{tls}{port}/app/beside.php",
    hub => "https://$hub:$site->{port}/",
    config => $site->{hub}{config_path} }), "\n";
sleep 1 until grep { defined process_ended($_->{pid}) }
    @$site{qw(apache lighttpd)};
die "a server has ended\n";
