#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# script.pl - pushcgi.js is small.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use IO::Compress::Gzip qw(gzip);
use Lint;

use constant BYTES => 4096;

my $script = text('templates/js/pushcgi.js');
gzip \$script => \my $sent, -Level => 9 or die "cannot compress\n";
complain('pushcgi.js is ' . length($sent) . ' bytes when compressed; below '
    . BYTES . ' it shall be') if length $sent >= BYTES;
finish();
