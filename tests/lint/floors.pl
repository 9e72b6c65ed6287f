#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# floors.pl - compares every #include with the floor table.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

my (@rules, @only, %includes);

sub pattern {
	my ($word) = @_;
	my $re = join '.*', map { quotemeta } split /\*/, $word, -1;
	return qr/^$re$/;
}

sub floor_of {
	my ($module) = @_;
	for my $rule (@rules) {
		return $rule->[0] if $module =~ $rule->[1];
	}
	return undef;
}

sub module_of {
	my ($path) = @_;
	return $path =~ m{([^/]+)\.[ch]$} ? $1 : $path;
}

sub read_table {
	my @exact;
	for (split /\n/, text('tests/lint/floors.txt')) {
		my ($kind, $what, @words) = split;
		next if !defined $kind || $kind =~ /^#/;
		if ($kind eq 'only') {
			push @only, [$what, map { pattern($_) } @words];
			next;
		}
		die "floors.txt: $_\n" if $kind ne 'floor';
		# A full name beats a pattern.
		push @{ /\*/ ? \@rules : \@exact }, [$what, pattern($_)]
		    for @words;
	}
	unshift @rules, @exact;
}

sub check_library_header {
	my ($where, $header, $module) = @_;
	for my $rule (@only) {
		my ($name, @allowed) = @$rule;
		next if $header ne $name || grep { $module =~ $_ } @allowed;
		complain("$where: <$header> belongs to other modules");
	}
}

sub check_file {
	my ($path) = @_;
	my $module = module_of($path);
	my $floor = floor_of($module);
	my $line = 0;

	if (!defined $floor) {
		complain("$path: '$module' is not in tests/lint/floors.txt");
		return;
	}
	complain("$path: floor $floor does not belong in this folder")
	    if ($path =~ m{^helpers/}) != ($floor <= 4);
	for (split /\n/, text($path)) {
		$line++;
		check_library_header("$path:$line", $1, $module)
		    if /^\s*#\s*include\s*<([^>]+)>/;
		next if !/^\s*#\s*include\s*"([^"]+)"/;
		my $header = $1;
		my $other = floor_of(module_of($header));
		if (!defined $other) {
			complain("$path:$line: \"$header\" is on no floor");
		} elsif ($other > $floor) {
			complain("$path:$line: floor $floor includes " .
			    "\"$header\" of floor $other");
		}
		push @{ $includes{$path} }, $header if $path =~ /\.h$/;
	}
}

# Headers of one floor may include each other, but never in a circle.
sub check_circle {
	my ($header, $state, %path_of) = @_;
	my @stack = ([$header]);
	while (@stack) {
		my $way = pop @stack;
		my $path = $path_of{ $way->[-1] } // next;
		for my $next (@{ $includes{$path} // [] }) {
			if ($next eq $header) {
				complain("circle: @$way $next");
				return;
			}
			push @stack, [@$way, $next]
			    if !$state->{"$header $next"}++;
		}
	}
}

read_table();
my @files = files('helpers/*.[ch]', 'fcgi/*.[ch]');
complain('no source files found') if !@files;
check_file($_) for @files;
my %path_of = map { m{([^/]+)$} ? ($1 => $_) : () } grep { /\.h$/ } @files;
my %state;
check_circle($_, \%state, %path_of) for sort keys %path_of;
finish();
