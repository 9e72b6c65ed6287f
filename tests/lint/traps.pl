#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# traps.pl - each test that tests/TRAPS.md names is there, with its words, and
# each that DESIGN.md names for a threat.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

my $rows = 0;
for my $line (split /\n/, text('tests/TRAPS.md')) {
	next if $line !~ /^\|/ || $line =~ /^\| trap \||^\|[-|]+$/;
	my ($trap, $path, $words) = $line
	    =~ /^\| ([^|]+) \| (\S+\.\w+) \| ([^|]+) \|$/;

	$rows++;
	if (!defined $words) {
		complain("no trap, file and words: $line");
	} elsif (!grep { $_ eq "tests/$path" } files("tests/$path")) {
		complain("$trap: there is no tests/$path");
	} elsif (index(text("tests/$path"), $words) < 0) {
		complain("$trap: tests/$path does not say '$words'");
	}
}
complain('no traps found') if !$rows;

my ($threats) = text('DESIGN.md') =~ /^## Threats\n(.*?)^## /ms;
my @rows = grep { /^\|/ && !/^\|[-|]+$/ && !/\| shown by \|$/ }
    split /\n/, $threats // '';
for my $row (@rows) {
	my ($tests) = $row =~ /\| ([^|]+) \|$/;
	my @paths = split /, /, $tests // '';

	complain("no test: $row") if !grep { m{^[\w/]+\.\w+$} } @paths;
	for my $path (@paths) {
		complain("threats: there is no tests/$path")
		    if !grep { $_ eq "tests/$path" } files("tests/$path");
	}
}
complain('no threats found') if !@rows;
finish();
