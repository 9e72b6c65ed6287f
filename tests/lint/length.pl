#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# length.pl - files of at most 600 lines of 80 columns; names functions of
# more than 60 lines.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

# A function is as long as its thought: a long one is named, not refused.
use constant FUNCTION_BETTER => 60;
use constant FILE_BETTER => 400;
use constant FILE_MOST => 600;
use constant COLUMNS_MOST => 80;

# A tab goes on to the next multiple of eight.
sub columns {
	my ($line) = @_;
	utf8::decode($line);
	1 while $line =~ s/^([^\t]*)\t/$1 . ' ' x (8 - length($1) % 8)/e;
	return length $line;
}

# clang-format breaks code, but leaves comments as they are.
sub measure_lines {
	my ($path) = @_;
	my $n = 0;
	for my $line (split /\n/, text($path)) {
		$n++;
		my $columns = columns($line);
		complain("$path:$n: $columns columns, at most " . COLUMNS_MOST)
		    if $columns > COLUMNS_MOST;
	}
}

sub measure_file {
	my ($path, $lines) = @_;
	if ($lines > FILE_MOST) {
		complain("$path: $lines lines, at most " . FILE_MOST);
	} elsif ($lines > FILE_BETTER) {
		print "$path: $lines lines, better " . FILE_BETTER . "\n";
	}
}

sub check_file {
	my ($path) = @_;
	my @lines = split /\n/, c_code(text($path));
	my ($start, $name);

	measure_file($path, scalar(@lines));
	for my $i (0 .. $#lines) {
		if ($lines[$i] =~ /^(\w+)\(/) {
			$name = $1;
		} elsif ($lines[$i] =~ /^\{/) {
			$start = $i;
		} elsif ($lines[$i] =~ /^\}/ && defined $start) {
			my $n = $i - $start + 1;
			print "$path:" . ($start + 1) . ': '
			    . ($name // 'function')
			    . ": $n lines, better " . FUNCTION_BETTER . "\n"
			    if $n > FUNCTION_BETTER;
			undef $start;
		}
	}
}

my @files = files(map { "$_/**/*.[ch]" } qw(helpers fcgi tests));
complain('no source files found') if !@files;
for my $path (@files) {
	check_file($path);
	measure_lines($path);
}
finish();
