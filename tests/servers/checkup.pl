#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# checkup.pl - runs pushcgi check on one server of lib/Checkups.pm and prints what it said, for check.t.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use Checkups;
use JSON::PP ();
use PushcgiTest;
use Test::More;

my $row = Checkups::checkup(shift || '') or die "usage: checkup.pl NAME\n";
print JSON::PP->new->canonical->encode(Checkups::results($row)), "\n";
