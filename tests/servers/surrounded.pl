#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# surrounded.pl - starts one front end inside a surrounding and prints what it found, for surroundings.t.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use FrontEnds;
use InSite;
use JSON::PP ();
use PushcgiTest;
use Surroundings;

# bare: the pages without a hub; taken: all that must work; broken: whether
# anything does not; right: all again, with the line that the surrounding needs.
my ($name, $number, $how, $fpm, $backend) = @ARGV;
die "usage: surrounded.pl NAME NUMBER HOW FPM BACKEND\n" unless @ARGV == 5;
my @titles = Surroundings::titles();
my $in = $number < @titles ? Surroundings::surrounding($titles[$number], $name)
    : (Surroundings::not_taken_back())[$number - @titles][2];
my $front = FrontEnds::start_edited($name, Surroundings::around($name, $in,
    fpm => $fpm, backend => $backend, $how => 1), InSite::settings());
my $server = $front->{server};
my %found;
$found{pages} = InSite::pages($server) if $how ne 'broken';
$found{problems} = [InSite::problems($server, $how eq 'broken')]
    if $how ne 'bare';
$found{password} = [InSite::password_problems($front)]
    if $how eq 'broken' && $in->{stays};
$front->stop;
print JSON::PP->new->ascii->canonical->encode(\%found), "\n";
