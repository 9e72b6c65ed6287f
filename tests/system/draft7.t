# SPDX-License-Identifier: MIT
# draft7.t - the check of the table of draft 7 finds each kind of problem.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use PushcgiTest;
use Test::More;

my $check = source('tests/draft7/check.pl');
my $dir = temp_dir();
my $log = <<'EOT';
t/a.t .. 
ok 1 - good
not ok 2 - bad
ok 3 - left out # SKIP no server
    ok 1 - inner
ok 4 - with a \# in it
ok 5 - twice
not ok 6 - twice
t/b.t ..... 
ok 1 - other
ok 2
t/b.t ..... ok
EOT
my $node = <<'EOT';
TAP version 13
# Subtest: a page
    # Subtest: shows it
    ok 1 - shows it
      ---
ok 1 - a page
EOT

# Run the check on a table; returns (exit status, what it says).
sub check {
	my ($table) = @_;

	spew("$dir/table", $table);
	spew("$dir/prove.log", $log);
	spew("$dir/node.log", $node);
	my ($status, $out) = run([$^X, $check, "$dir/table", "$dir/node.log",
	    "$dir/prove.log"]);
	return ($status >> 8, $out);
}

my $head = "# a table\n\n= Publication\n\nMUST   A sentence\n"
    . "       of two lines.\n";

# [name, what stands below the head, words of the problem; undef: it passes]
my @rows = (
	['a test that passed', "  > t/a.t: good\n"],
	['several', "  > t/a.t: good\n  > t/b.t: other\n"],
	['one of a subtest', "  > t/a.t: inner\n"],
	['one with an escaped #', "  > t/a.t: with a # in it\n"],
	['a file whose tests all passed', "  > t/b.t\n"],
	['a test in a browser', "  > tests/browser/x.test.js: shows it\n"],
	['no test', '', 'no test'],
	['a test that is not there', "  > t/a.t: gone\n",
	    'gone: is not among'],
	['a test of another file', "  > t/b.t: good\n", 'is not among'],
	['a file that did not run', "  > t/c.t\n", 't/c.t: is not among'],
	['a test that failed', "  > t/a.t: good\n  > t/a.t: bad\n",
	    'bad: failed'],
	['a test that was skipped', "  > t/a.t: left out\n", 'failed'],
	['a name that failed once', "  > t/a.t: twice\n", 'failed'],
	['a file with a failed test', "  > t/a.t\n", 't/a.t: failed'],
	['an unknown test in a browser',
	    "  > tests/browser/x.test.js: hides it\n", 'is not among'],
	['a row that is put off', "  > next issue\n", 'is not among'],
	['a line that is none', "> t/a.t: good\n", 'cannot be read'],
);
for my $row (@rows) {
	my ($name, $tests, $problem) = @$row;
	my ($exit, $out) = check($head . $tests);

	is $exit, $problem ? 1 : 0, "$name: exit status" or diag $out;
	like $out, qr/\Q$problem\E/, "$name: it is named" if $problem;
	like $out, qr/^line 5 \(Publication\): /m, "$name: so is the row"
	    if $problem && $problem !~ /read/;
}
my ($exit) = check("# nothing\n");
is $exit, 1, 'a table without rows';

done_testing;
