#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# memory.pl - each module that allocates has a test whose allocations fail.
#
# Its own, its family's (queue_sqlite_open: test_queue), or one named here.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

# Modules that are reached through others.
my %through = (
	exchange => 'serve',
	handle => 'pushcgi',
	handle_elsewhere => 'pushcgi_elsewhere',
	handle_listing_elsewhere => 'pushcgi_elsewhere',
	intake => 'serve',
	jws => 'jws_mint',
	jws_key => 'jws_alg',
	jws_keys => 'config_keys',
	publish => 'endpoints',
	subscribe => 'endpoints',
	subscriber => 'fanout',
);

# Modules without one, and why.
my %without = (
	mem => 'it is what fails',
	cmd_main => 'a main(); test_cmd runs the rest of the program',
);

my $allocates = qr/\b(?:mem_(?:calloc|realloc|text)
    |buf_(?:add|byte|grow|printf|slice|steal|text))\s*\(/x;

sub tested {
	my ($test) = @_;
	my $path = "tests/unit/test_$test.c";

	return (files($path))[0] && c_code(text($path)) =~ /\bmem_fail_at\(/;
}

my %seen;
for my $path (files('helpers/*.c', 'fcgi/*.c')) {
	my ($module) = $path =~ m{([^/]+)\.c$};
	next if c_code(text($path)) !~ $allocates;
	$seen{$module} = 1;
	next if exists $without{$module};
	my ($family) = $module =~ /^([^_]+)/;
	my @tests = $through{$module} // ($module, $family);
	complain("$path: no test lets its allocations fail (test_$tests[0].c)")
	    if !grep { tested($_) } @tests;
}
if ($seen{mem}) {
	for my $module (sort(keys %through, keys %without)) {
		complain("memory.pl: $module does not allocate")
		    if !$seen{$module};
	}
}
finish();
