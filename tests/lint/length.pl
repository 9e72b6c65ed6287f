#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# length.pl - functions of at most 80 lines, files of at most 600.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

my ($function_soft, $function_hard) = (40, 80);
my ($file_soft, $file_hard) = (400, 600);

# Tells what is long; only beyond the hard limit is it a fault.
sub measure {
	my ($where, $lines, $soft, $hard) = @_;
	if ($lines > $hard) {
		complain("$where: $lines lines, at most $hard");
	} elsif ($lines > $soft) {
		print "$where: $lines lines, better $soft\n";
	}
}

sub check_file {
	my ($path) = @_;
	my @lines = split /\n/, c_code(text($path));
	my ($start, $name);

	measure($path, scalar(@lines), $file_soft, $file_hard);
	for my $i (0 .. $#lines) {
		if ($lines[$i] =~ /^(\w+)\(/) {
			$name = $1;
		} elsif ($lines[$i] =~ /^\{/) {
			$start = $i;
		} elsif ($lines[$i] =~ /^\}/ && defined $start) {
			measure("$path:" . ($start + 1) . ": " .
			    ($name // 'function'), $i - $start + 1,
			    $function_soft, $function_hard);
			undef $start;
		}
	}
}

my @files = files(map { "$_/**/*.[ch]" } qw(helpers fcgi tests/unit
    tests/fuzz tests/bench tests/system));
complain('no source files found') if !@files;
check_file($_) for @files;
finish();
