#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# smoke.pl - runs the checks of lib/Smoke.pm behind one front end and prints what it found, for all_servers.t.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use FrontEnds;
use JSON::PP ();
use PushcgiTest;
use Smoke;
use Test::More;

my $name = shift || '';
die 'usage: smoke.pl ' . join('|', FrontEnds::names()) . "\n"
    unless grep { $_ eq $name } FrontEnds::names();
my $front = FrontEnds::start($name, Smoke::settings());
my $results = Smoke::results($front, sub { print STDERR $_[0] });
$front->stop;
print JSON::PP->new->canonical->encode($results), "\n";
# The server's log is shown if something did not work.
exit(grep({ $_ eq 'no' } values %$results) ? 1 : 0);
