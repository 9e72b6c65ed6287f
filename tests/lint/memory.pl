#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# memory.pl - each module that allocates has a test whose allocations fail.
#
# Its own, its family's (jws_alg: test_jws), its room's, or one named here.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

# Rooms whose files are all reached through one test.
my %room = (
	'queue/sqlite' => 'queue/test_queue',
	check => 'check/test_check',
	config => 'config/test_config',
	cmd => 'cmd/test_cmd',
	lib => 'lib/test_pushcgi',
	queue => 'queue/test_queue',
	http => 'http/test_client',
	url => 'url/test_url',
);

# Files that are reached through others.
my %through = (
	'endpoint/publish' => 'endpoint/test_endpoints',
	'endpoint/subscribe' => 'endpoint/test_endpoints',
	'fanout/count_topic' => 'fanout/test_counts',
	'fanout/session_follow' => 'mercure/test_session',
	'fanout/subscriber' => 'fanout/test_fanout',
	'hub/acceptor' => 'fcgi/test_serve',
	'hub/exchange' => 'fcgi/test_serve',
	'jose/jws' => 'jose/test_jws_sign',
	'jose/jws_key' => 'jose/test_jws_alg',
	'jose/jws_keys' => 'config/test_keys',
	'lib/remote_publish' => 'lib/test_remote',
	'lib/remote_subscriptions' => 'lib/test_remote',
	'mercure/dialect_0x_refusals' => 'endpoint/test_endpoints',
	'mercure/dialect_0x_subscriptions' => 'mercure/test_subscription',
);

# Files without one, and why.
my %without = (
	'base/mem' => 'it is what fails',
);

my $allocates = qr/\b(?:mem_(?:calloc|realloc|text)
    |buf_(?:add|byte|grow|printf|slice|steal|text))\s*\(/x;

sub tested {
	my ($test) = @_;
	my $path = "tests/unit/$test.c";

	return (files($path))[0] && c_code(text($path)) =~ /\bmem_fail_at\(/;
}

my %seen;
for my $path (files('helpers/**/*.c', 'fcgi/**/*.c')) {
	my ($folder, $module) = $path =~ m{^(?:helpers/|(?=fcgi/[^/]+$)|fcgi/)
	    (.*)/([^/]+)\.c$}x or next;
	next if c_code(text($path)) !~ $allocates;
	my $name = "$folder/$module";
	$seen{$name} = 1;
	next if exists $without{$name};
	my ($family) = $module =~ /^([^_]+)/;
	my @tests = $through{$name} // ("$folder/test_$module",
	    "$folder/test_$family", $room{$folder} // ());
	complain("$path: no test lets its allocations fail ($tests[0].c)")
	    if !grep { tested($_) } @tests;
}
if ($seen{'base/mem'}) {
	for my $name (sort(keys %through, keys %without)) {
		complain("memory.pl: $name does not allocate")
		    if !$seen{$name};
	}
}
finish();
