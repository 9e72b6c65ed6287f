#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# inputs.pl - runs the checks of lib/Inputs.pm behind one front end and prints what it found, for inputs.t.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use FrontEnds;
use Inputs;
use JSON::PP ();
use PushcgiTest;

my $name = shift || '';
die 'usage: inputs.pl ' . join('|', FrontEnds::names()) . "\n"
    unless grep { $_ eq $name } FrontEnds::names();
my $front = FrontEnds::start($name, Inputs::settings());
my $results = Inputs::results($front->{server});
$front->stop;
print JSON::PP->new->canonical->encode($results), "\n";
# The server's log is shown if something did not work.
exit(grep({ $_ ne 'yes' } values %$results) ? 1 : 0);
