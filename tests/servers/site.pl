#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# site.pl - runs the example applications behind a web server, for the browser tests, until it is ended: site.pl SERVER [buffers] [fpm] KEY=VALUE...
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib";
use JSON::PP ();
use PushcgiTest;
use Servers;

my $name = shift || '';
die "usage: site.pl lighttpd|apache [buffers] [fpm] KEY=VALUE...\n"
    if $name !~ /^(?:lighttpd|apache)\z/;
my ($buffers, $fpm) = map { @ARGV && $ARGV[0] eq $_ && shift } qw(buffers fpm);
my $hub = Servers::hub_for_server(
    config => { map { split /=/, $_, 2 } @ARGV });
$hub->start if $name eq 'lighttpd';
my $server = Servers->$name(hub => $hub, buffers => $buffers,
    fpm => $fpm);
$| = 1;
print 'READY ', JSON::PP->new->canonical->encode({
    url => "http://127.0.0.1:$server->{port}/",
    folder => "$server->{dir}/www", config => $hub->{config_path} }), "\n";
sleep 1 until defined process_ended($server->{pid});
die "$name has ended\n";
