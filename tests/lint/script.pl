#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# script.pl - pushcgi.js is small, and each row of its table has a test.
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

my $rows = 0;
for my $line (split /\n/, text('templates/js/README.md')) {
	my ($what, $path, $words) = $line
	    =~ /^\| ([^|]+) \| [^|]+ \| (\S+\.test\.js): ([^|]+) \|$/;

	$rows++ if $line =~ /\.test\.js/;
	if (!defined $words) {
		complain("no test and words: $line") if $line =~ /\.test\.js/;
	} elsif (!grep { $_ eq "tests/browser/$path" }
	    files("tests/browser/$path")) {
		complain("$what: there is no tests/browser/$path");
	} elsif (index(text("tests/browser/$path"), $words) < 0) {
		complain("$what: tests/browser/$path does not say '$words'");
	}
}
complain('no rows found') if !$rows;
# The other way round: what behaves has a row.
for my $line (map { split /\n/, text($_) }
    files('tests/browser/behaviours.test.js')) {
	my ($words) = $line =~ /^\t(?:row|it)\(["`]([^"`\$]+\w)/;

	complain("no row for the test '$words'") if defined $words
	    && index(text('templates/js/README.md'), $words) < 0;
}
finish();
