#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# listed.pl - every source, test and page is named in a Makefile fragment.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

my $make = join "\n", map { text($_) } files('Makefile.am', '*/Makemodule.am');
my @files = files('helpers/**/*.[ch]', 'fcgi/**/*.[ch]',
    'helpers/**/*.[1-8]', 'fcgi/*.[1-8]', 'sql/*.sql', 'tests/unit/**/*.[ch]',
    'tests/fuzz/*.c',
    'tests/lint/*.pl', 'tests/lint/*.sh',
    'templates/*/*', 'templates/*/*/*', 'templates/*/*/*/*');
complain('no files found') if !@files;
for my $path (@files) {
	my $name = $path;
	$name =~ s/\.c$// if $path =~ m{^tests/(unit/.*/test|fuzz/fuzz)_};
	complain("$path: no Makemodule.am names it")
	    if $make !~ m{(^|[\s/])\Q$name\E(\s|\\|$)}m;
}
finish();
