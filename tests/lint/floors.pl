#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# floors.pl - compares every #include with the table of floors.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

my (%floor, @only, @word, %apart, %private, %includes);

sub pattern {
	my ($word) = @_;
	my $re = join '.*', map { quotemeta } split /\*/, $word, -1;
	return qr/^$re$/;
}

sub folder_of {
	my ($path) = @_;
	return $path =~ m{^(.*)/[^/]+$} ? $1 : '';
}

sub read_table {
	for (split /\n/, text('tests/lint/floors.txt')) {
		my ($kind, $what, @words) = split;
		next if !defined $kind || $kind =~ /^#/;
		if ($kind eq 'only') {
			push @only, [$what, map { pattern($_) } @words];
			next;
		}
		if ($kind eq 'word') {
			push @word, [$what, map { pattern($_) } @words];
			next;
		}
		if ($kind eq 'apart') {
			$apart{"$what $_"} = 1 for @words;
			next;
		}
		if ($kind eq 'private') {
			$private{$what} = 1;
			next;
		}
		die "floors.txt: $_\n" if $kind ne 'floor';
		$floor{$_} = $what for @words;
	}
}

sub check_library_header {
	my ($where, $header, $path) = @_;
	for my $rule (@only) {
		my ($name, @allowed) = @$rule;
		next if $header ne $name || grep { $path =~ $_ } @allowed;
		complain("$where: <$header> belongs to other modules");
	}
}

sub check_words {
	my ($where, $text, $path) = @_;
	for my $rule (@word) {
		my ($word, @allowed) = @$rule;
		next if $text !~ /\b\Q$word\E/ ||
		    grep { $path =~ $_ } @allowed;
		complain("$where: $word belongs to other modules");
	}
}

# The program's and the responder's rooms stand side by side: the floors up to
# the configuration are common, those above belong to one of the two.
sub found_at {
	my ($header, $from) = @_;
	my ($house) = $from =~ m{^([^/]+)};
	for my $path ("$house/$header", "helpers/$header") {
		return $path if -f source() . "/$path";
	}
	return undef;
}

sub check_include {
	my ($where, $header, $path) = @_;
	my $own = $floor{ folder_of($path) };

	return if $header eq 'sql_text.h';
	my $target = found_at($header, $path);
	if (!defined $target) {
		complain("$where: \"$header\" is not a folder and a file");
		return;
	}
	my $other = $floor{ folder_of($target) };
	if (!defined $other) {
		complain("$where: \"$header\" is on no floor");
	} elsif ($other > $own) {
		complain("$where: floor $own includes " .
		    "\"$header\" of floor $other");
	}
	my ($house) = $path =~ m{^([^/]+)};
	complain("$where: $house stays apart from \"$header\"")
	    if $apart{"$house " . folder_of($target)};
	my $room = folder_of($target);
	complain("$where: \"$header\" is private to $room")
	    if $private{$room} && folder_of($path) ne $room;
	push @{ $includes{$path} }, $target if $path =~ /\.h$/;
}

sub check_file {
	my ($path) = @_;
	my $line = 0;

	if (!defined $floor{ folder_of($path) }) {
		complain("$path: the folder is not in tests/lint/floors.txt");
		return;
	}
	for (split /\n/, text($path)) {
		$line++;
		check_words("$path:$line", $_, $path);
		check_library_header("$path:$line", $1, $path)
		    if /^\s*#\s*include\s*<([^>]+)>/;
		check_include("$path:$line", $1, $path)
		    if /^\s*#\s*include\s*"([^"]+)"/;
	}
}

# Headers of one floor may include each other, but never in a circle.
sub check_circle {
	my ($header, $seen) = @_;
	my @stack = ([$header]);
	while (@stack) {
		my $way = pop @stack;
		for my $next (@{ $includes{ $way->[-1] } // [] }) {
			if ($next eq $header) {
				complain("circle: @$way $next");
				return;
			}
			push @stack, [@$way, $next]
			    if !$seen->{"$header $next"}++;
		}
	}
}

read_table();
my @files = files('helpers/**/*.[ch]', 'fcgi/**/*.[ch]');
complain('no source files found') if !@files;
check_file($_) for @files;
my %seen;
check_circle($_, \%seen) for grep { /\.h$/ } @files;
finish();
