#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# selftest.pl - each lint finds the problem that a small bad tree holds.
use strict;
use warnings;
use Cwd 'abs_path';
use File::Path 'make_path';
use File::Temp 'tempdir';
use FindBin;

my $c = "/* SPDX-License-Identifier: MIT */\n";
# Which do not get smaller.
my $bytes = join '', map { sprintf '%x', $_ * 40503 % 65521 } 1 .. 3000;
my $row = "| x | y | behaviours.test.js: z |\n";
my $make = "helpers/base/buf.c helpers/base/buf.h helpers/text/form.h\n";

# A file with a function that calls others.
sub calls {
	my ($name, @others) = @_;
	return join('', map { "int $_(void);\n" } $name, @others) .
	    "int $name(void)\n{\n\treturn 0" .
	    join('', map { " + $_()" } @others) . ";\n}\n";
}

# lint, what is wrong, path => text of what is wrong, expected words
my @cases = (
	[ 'floors.pl', 'a lower floor includes a higher one',
	    'helpers/base/buf.c', "$c#include \"text/form.h\"\n", 'floor 0 includes',
	    'helpers/text/form.h', $c ],
	[ 'floors.pl', 'a module without a floor',
	    'helpers/x/nowhere.c', $c, 'is not in' ],
	[ 'floors.pl', 'a header of the upper house in the lower',
	    'helpers/config/x.c', "$c#include \"wire/loop.h\"\n",
	    'not a folder and a file', 'fcgi/wire/loop.h', $c ],
	[ 'floors.pl', 'the responder with the program\'s library',
	    'fcgi/main.c', "$c#include \"lib/pushcgi.h\"\n", 'stays apart',
	    'helpers/lib/pushcgi.h', $c ],
	[ 'floors.pl', 'headers in a circle',
	    'helpers/base/buf.h', "$c#include \"base/slice.h\"\n", 'circle',
	    'helpers/base/slice.h', "$c#include \"base/buf.h\"\n" ],
	[ 'floors.pl', 'a generation of the protocol by its name',
	    'helpers/base/buf.c', "$c\treturn &dialect_0x;\n", 'other modules' ],
	[ 'floors.pl', 'a library outside its module',
	    'helpers/base/buf.c', "$c#include <sqlite3.h>\n", 'other modules' ],
	[ 'floors.pl', 'a header of a backend outside of it',
	    'helpers/config/x.c', "$c#include \"queue/sqlite/x.h\"\n",
	    'private to helpers/queue/sqlite', 'helpers/queue/sqlite/x.h', $c ],
	[ 'calls.pl', 'a call of a higher floor',
	    'helpers/base/a.c', calls('a', 'b'), 'floor 0 calls b of floor 1',
	    'helpers/text/b.c', calls('b') ],
	[ 'calls.pl', 'files that call each other',
	    'helpers/base/a.c', calls('a', 'b'), 'base/a.c -> helpers/base/b.c',
	    'helpers/base/b.c', calls('b', 'c'),
	    'helpers/base/c.c', calls('c', 'a') ],
	[ 'calls.pl', 'folders that call each other',
	    'helpers/url/a.c', calls('a', 'b'), 'folders that call',
	    'helpers/jose/b.c', calls('b'),
	    'helpers/jose/c.c', calls('c', 'd'), 'helpers/url/d.c', calls('d') ],
	[ 'calls.pl', 'an exception for nothing',
	    'helpers/base/a.c', calls('a'), 'base/a.c is in no circle',
	    'tests/lint/calls.allow', "helpers/base/a.c: it is alone\n" ],
	[ 'calls.pl', 'an exception without a reason',
	    'helpers/base/a.c', calls('a', 'b'), 'no reason',
	    'helpers/text/b.c', calls('b'), 'tests/lint/calls.allow',
	    "helpers/base/a.c > helpers/text/b.c:\n" ],
	[ 'banned.pl', 'a banned function',
	    'helpers/base/buf.c', "$c\tstrcpy(a, b);\n", 'strcpy\(\) is banned' ],
	[ 'banned.pl', 'an allocation past mem.h',
	    'helpers/base/buf.c', "$c\tp = malloc(1);\n", 'for mem.c alone' ],
	[ 'length.pl', 'a file of 601 lines',
	    'helpers/base/buf.c', $c . "\n" x 599 . "x\n", 'at most 600' ],
	[ 'length.pl', 'a comment that is too wide', 'helpers/base/buf.c',
	    "$c\t/* " . 'x' x 67 . " */\n", 'buf.c:2: 81 columns' ],
	[ 'header.pl', 'no licence',
	    'helpers/base/buf.c', "int x;\n", 'SPDX' ],
	[ 'header.pl', 'no sentence',
	    'helpers/base/buf.c', "${c}int x;\n", 'what it is for' ],
	[ 'header.pl', 'no licence in a script',
	    'tests/x.sh', "#!/bin/sh\n", 'SPDX' ],
	[ 'header.pl', 'a loose end',
	    'helpers/base/buf.c', "$c/* buf.c - x. */\n/* TO" . "DO */\n",
	    'loose end' ],
	[ 'listed.pl', 'a unit test nobody runs',
	    'tests/unit/x/test_x.c', $c, 'no Makemodule.am names it' ],
	[ 'tables.pl', 'a trap whose test is gone',
	    'tests/TRAPS.md', "| x | system/x.t | y |\n", 'there is no' ],
	[ 'tables.pl', 'a trap whose test has changed',
	    'tests/TRAPS.md', "| x | system/x.t | y |\n", 'does not say',
	    'tests/system/x.t', "x\n" ],
	[ 'tables.pl', 'a trap without a test',
	    'tests/TRAPS.md', "| x | y |\n", 'no file and words' ],
	[ 'tables.pl', 'a threat whose test is gone', 'DESIGN.md',
	    "## Threats\n\n| x | y | system/x.t |\n\n## Z\n",
	    'threats: there is no', 'tests/TRAPS.md', '' ],
	[ 'tables.pl', 'a threat without a test', 'DESIGN.md',
	    "## Threats\n\n| x | y | soon |\n\n## Z\n", 'no test: ',
	    'tests/TRAPS.md', '' ],
	[ 'tables.pl', 'a problem whose test is gone',
	    'tests/MUSEUM.md', "| 7 | f | w | system/x.t | museum 7: y |\n",
	    '7: there is no' ],
	[ 'tables.pl', 'a problem whose test has another number',
	    'tests/MUSEUM.md', "| 7 | f | w | system/x.t | museum 8: y |\n",
	    'not its own', 'tests/system/x.t', "museum 8: y\n" ],
	[ 'tables.pl', 'a problem whose test has changed',
	    'tests/MUSEUM.md', "| 7 | f | w | system/x.t | museum 7: y |\n",
	    'does not say', 'tests/system/x.t', "x\n" ],
	[ 'tables.pl', 'a problem without a test',
	    'tests/MUSEUM.md', "# nothing\n", '32 has no row' ],
	[ 'tables.pl', 'a name without a row',
	    'tests/FLASK.md', "| there | here | file | words |\n",
	    'publish\(\) has no row' ],
	[ 'tables.pl', 'a row whose test has changed',
	    'tests/FLASK.md', "| `x` | y | system/x.t | z |\n",
	    'does not say', 'tests/system/x.t', "x\n" ],
	[ 'tables.pl', 'a row whose test is gone',
	    'tests/FLASK.md', "| `x` | y | system/x.t | z |\n",
	    'there is no tests/system' ],
	[ 'memory.pl', 'an allocation that no test lets fail',
	    'helpers/x/x.c', "$c\tp = mem_calloc(1, n);\n", 'no test lets',
	    'tests/unit/x/test_x.c', "$c/* mem_fail_at() */\n" ],
	[ 'memory.pl', 'a buffer that no test lets fail',
	    'helpers/x/x_y.c', "$c\tbuf_text(b, s);\n", 'no test lets' ],
	[ 'memory.pl', 'an exception for nothing',
	    'helpers/base/mem.c', "$c\tp = mem_calloc(1, n);\n",
	    'lib/remote_publish does not allocate' ],
	[ 'script.pl', 'a script that is too large',
	    'templates/js/pushcgi.js', $bytes, 'below 4096',
	    'templates/js/README.md', $row ],
	[ 'tables.pl', 'a behaviour whose test is gone',
	    'templates/js/pushcgi.js', '', 'there is no',
	    'templates/js/README.md', $row ],
	[ 'tables.pl', 'a behaviour whose test has changed',
	    'templates/js/pushcgi.js', '', 'does not say',
	    'templates/js/README.md', $row,
	    'tests/browser/behaviours.test.js', "x\n" ],
	[ 'tables.pl', 'a test without a behaviour',
	    'templates/js/pushcgi.js', '', "no row for the test",
	    'templates/js/README.md', $row,
	    'tests/browser/behaviours.test.js', "z\n\trow(\"other words\", () => {\n" ],
	[ 'format.sh', 'spaces for tabs',
	    'helpers/base/buf.c', "int\nf(void)\n{\n    return 1;\n}\n",
	    'clang-format|not installed' ],
	[ 'man.sh', 'a page that is not mdoc',
	    'helpers/x/x.1', ".Dd\n.Sh\n", 'WARNING|ERROR|not installed' ],
	[ 'options.pl', 'an option only one side knows',
	    'helpers/x/x.1', ".Nm x\n.Fl -manual\n", 'is not in x --help',
	    'x', "#!/bin/sh\necho --helped\n" ],
	[ 'options.pl', 'a page without a program',
	    'helpers/x/x.1', ".Nm x\n", 'no program' ],
	[ 'perl.pl', 'syntax of a newer Perl',
	    'templates/perl/X.pm', "package X;\nuse strict;\nuse warnings;\n"
	    . "my \$x = 'a' =~ s/a/b/r;\n1;\n",
	    'needs Perl|not installed' ],
	[ 'perl.pl', 'a module that Perl 5.10 has not',
	    'templates/perl/X.pm', "package X;\nuse strict;\nuse warnings;\n"
	    . "use HTTP::Tiny;\n1;\n", 'HTTP::Tiny is not|not installed' ],
	[ 'perl.pl', 'a manual that ends in the middle',
	    'templates/perl/X.pm', "package X;\nuse strict;\nuse warnings;\n"
	    . "1;\n__END__\n\n=head1 X\n\n=over\n\n=cut\n",
	    '=over is the last|not installed' ],
	[ 'perl.pl', 'a script that takes any variable',
	    'templates/ssi/x.cgi', "#!/usr/bin/perl\nuse warnings;\n",
	    'does not use strict|not installed' ],
	[ 'listed.pl', 'a module that is not installed',
	    'templates/perl/X/Y/Z.pm', "package X;\n",
	    'no Makemodule.am names it' ],
	[ 'symbols.pl', 'a function that is not in the header',
	    'helpers/lib/pushcgi.map', "pushcgi_x;\n", 'not in pushcgi.h',
	    'helpers/lib/pushcgi.h', $c ],
	[ 'symbols.pl', 'a symbol that got out',
	    'helpers/exported.c', "int buf_x(void)\n{\n\treturn 1;\n}\n",
	    'buf_x: only pushcgi_', 'helpers/lib/pushcgi.map', "\n",
	    'helpers/lib/pushcgi.h', $c ],
	(map { [ 'php56.sh', "PHP 5.6: $_->[1]", 'templates/php/pushcgi.php',
	    "<?php\n$_->[0]\n", "pushcgi\\.php:2: $_->[1]" ] }
	    ['$a = $b ?? 1;', '\?\?'], ['$a ??= 1;', '\?\?='],
	    ['$f = fn($a) => $a;', 'fn'], ['$a = $b <=> 1;', '<=>'],
	    ['[$a, $b] = $c;', 'an array or a list'],
	    ['foreach ($a as [$b]) {}', 'an array or a list'],
	    ['list(\'a\' => $b) = $c;', 'keys in a list'],
	    ['$a = $b?->c;', '\?->'], ['#[A]', 'an attribute'],
	    ['function f(int $a) {}', 'a scalar type'],
	    ['function f(?A $a) {}', 'a nullable'],
	    ['function f($a,) {}', 'a comma'], ['f($a,);', 'a comma'],
	    ['function f(): A {}', 'a return type'],
	    ['class A { private A $b; }', 'the type of a property'],
	    ['class A { public const B = 1; }', 'the visibility'],
	    ['$a = new class {};', 'a class without'],
	    ['try {} catch (A | B $e) {}', 'several classes'],
	    ['$a = $b or throw $c;', 'throw within'],
	    ['$a = array(...$b);', 'an unpacked array'],
	    ['f(name: 1);', 'the name of an argument'],
	    ['$a = 1_000;', 'digits apart'],
	    ['$a = random_bytes(1);', 'random_bytes, which'],
	    ['$a = json_encode($b, JSON_THROW_ON_ERROR);',
	        'JSON_THROW_ON_ERROR, which'],
	    ['$a = \\strlen($b);', 'a name with'],
	    ['match ($a) { 1 => 2 };', 'match']),
	[ 'globals.pl', 'writable data',
	    'fcgi/x.c', "int counter;\n", "writable data 'counter'" ],
	[ 'globals.pl', 'writable data of a function',
	    'fcgi/x.c', "int f(void)\n{\n\tstatic int n;\n\treturn n++;\n}\n",
	    "writable data 'n'" ],
);

sub put {
	my ($path, $text) = @_;
	make_path($1) if $path =~ m{^(.*)/};
	open(my $f, '>', $path) or die "$path: $!\n";
	print $f $text;
	close($f) or die "$path: $!\n";
	chmod 0755, $path;
}

# Each file of a tree whose lint reads object files.
sub compile {
	my ($top, $cc, @files) = @_;
	for my $file (@files) {
		(my $object = $file) =~ s/\.c$/.o/;
		system("cd $top && $cc -c -o $object $file") == 0
		    or die "cannot compile $file\n";
	}
}

sub bad_tree {
	my ($top, $lint, %files) = @_;
	open(my $table, '<', "$FindBin::Bin/floors.txt") or die "$!\n";
	put("$top/tests/lint/floors.txt", join '', <$table>);
	put("$top/tests/lint/globals.allow", '');
	put("$top/tests/lint/calls.allow", '');
	put("$top/Makefile.am", $make);
	put("$top/helpers/ok.c", "int ok(void)\n{\n\treturn 1;\n}\n");
	put("$top/$_", $files{$_}) for keys %files;
	my $cc = $ENV{CC} // 'cc';
	system("cd $top && $cc -c -o helpers/ok.o helpers/ok.c && " .
	    "ar cr helpers/libhelpers.a helpers/ok.o && " .
	    "if [ -f fcgi/x.c ]; then $cc -c -o fcgi/x.o fcgi/x.c; fi && " .
	    "if [ -f helpers/exported.c ]; then mkdir helpers/.libs && " .
	    "$cc -shared -fPIC -o helpers/.libs/libpushcgi.so " .
	    "helpers/exported.c; fi") == 0
	    or die "cannot compile\n";
	unlink "$top/helpers/ok.c", "$top/helpers/ok.o";
	compile($top, $cc, grep { /\.c$/ } keys %files)
	    if $lint eq 'calls.pl';
}

my $failures = 0;
for my $case (@cases) {
	my ($lint, $name, $path, $text, $want, %more) = @$case;
	my $top = abs_path(tempdir(CLEANUP => 1));
	bad_tree($top, $lint, $path => $text, %more);
	local @ENV{qw(PUSHCGI_SRC PUSHCGI_BUILD)} = ($top, $top);
	my $said = `$FindBin::Bin/$lint 2>&1`;
	next if $? != 0 && $said =~ /$want/;
	print "$lint does not find $name: $said\n";
	$failures++;
}
printf "%d bad trees\n", scalar(@cases);
exit($failures > 0 ? 1 : 0);
