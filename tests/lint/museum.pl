#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# museum.pl - each fault of tests/MUSEUM.md has a test that bears its number.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

use constant FAULTS => 32;

my %seen;
for my $line (split /\n/, text('tests/MUSEUM.md')) {
	my ($number, $path, $words) = $line
	    =~ /^\| (\d+) \|(?: [^|]+ \|){2} (\S+) \| ([^|]+) \|$/;

	if (!defined $words) {
		complain("no number, file and words: $line")
		    if $line =~ /^\| *\d/;
		next;
	}
	complain("fault $number stands twice") if $seen{$number}++;
	complain("fault $number: the words are not its own: $words")
	    if $words !~ /^museum[ _]$number\b/;
	if (!grep { $_ eq "tests/$path" } files("tests/$path")) {
		complain("fault $number: there is no tests/$path");
	} elsif (index(text("tests/$path"), $words) < 0) {
		complain("fault $number: tests/$path does not say '$words'");
	}
}
for my $number (1 .. FAULTS) {
	complain("fault $number has no test") if !$seen{$number};
}
finish();
