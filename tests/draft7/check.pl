#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# check.pl - no row of the table lacks a test that passed: check.pl TABLE LOG...
use strict;
use warnings;

my @problems;

sub slurp {
	my ($path) = @_;

	open my $in, '<', $path or die "$path: $!\n";
	return <$in>;
}

# The rows of a table: { line, section, level, sentence, tests => [...] }.
sub read_table {
	my ($path) = @_;
	my ($section, @rows);
	my $n = 0;

	for my $line (slurp($path)) {
		$n++;
		next if $line =~ /^#|^\s*$/;
		if ($line =~ /^= (\S.*)$/) {
			$section = $1;
		} elsif ($section && $line =~ /^(MUST|SHOULD|RULE) +(\S.*)$/) {
			push @rows, { line => $n, section => $section,
			    level => $1, sentence => $2, tests => [] };
		} elsif (@rows && $line =~ /^  > (\S.*)$/) {
			push @{ $rows[-1]{tests} }, $1;
		} elsif (@rows && $line =~ /^       (\S.*)$/) {
			$rows[-1]{sentence} .= " $1";
		} else {
			push @problems, "line $n cannot be read";
		}
	}
	return @rows;
}

# Add what a log says to $results: "file: name" and "file" => did all pass?
# prove names a file before its tests; node does not, so that its tests have
# to be found by name alone.
sub read_log {
	my ($results, $path) = @_;
	my $file = '';

	for my $line (slurp($path)) {
		$file = $1 if $line =~ m{^(\S+\.t) \.+ ?};
		next if $line !~ /^ *(not )?ok \d+(?: - (.*))?$/;
		my ($failed, $name) = ($1, defined $2 ? $2 : '');
		$failed = 1 if $name =~ s/ # (?:SKIP|TO..)\b.*//i;
		$name =~ s/\\([\\#])/$1/g;
		for my $key ($file ne '' ? ($file, "$file: $name") : $name) {
			$results->{$key} //= 1;
			$results->{$key} = 0 if $failed;
		}
	}
}

# What is wrong with one test; '' if it passed.
sub problem {
	my ($results, $test) = @_;

	my $key = $test =~ m{^tests/browser/\S+\.js: (.*)} ? $1 : $test;
	return "$test: is not among the tests" if !defined $results->{$key};
	return $results->{$key} ? '' : "$test: failed";
}

my ($table, @logs) = @ARGV;
die "usage: check.pl TABLE LOG...\n" if !@logs;
my @rows = read_table($table);
my %results;
read_log(\%results, $_) for @logs;
push @problems, 'no rows' if !@rows;
for my $row (@rows) {
	my $where = "line $row->{line} ($row->{section})";

	push @problems, "$where: no test" if !@{ $row->{tests} };
	push @problems, map { "$where: $_" } grep { $_ ne '' }
	    map { problem(\%results, $_) } @{ $row->{tests} };
}
print map { "$_\n" } @problems;
printf "%d rows, %d problems\n", scalar @rows, scalar @problems;
exit(@problems ? 1 : 0);
