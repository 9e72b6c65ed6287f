#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# check_run.pl - runs pushcgi check on one server of lib/CheckRuns.pm and prints what it said, for check.t.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use CheckRuns;
use JSON::PP ();
use PushcgiTest;
use Test::More;

my $row = CheckRuns::check_run(shift || '') or die "usage: check_run.pl NAME\n";
print JSON::PP->new->canonical->encode(CheckRuns::results($row)), "\n";
