#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# header.pl - each file says its licence and what it is for; no loose ends.
use strict;
use warnings;
use FindBin;
use File::Find;
use lib $FindBin::Bin;
use Lint;

# What the build made, or git keeps.
my $made = qr{^(configure~?|aclocal\.m4|config\.\w+~?|Makefile\.in)$
	|^(\.git|_?build[^/]*|_inst|autom4te\.cache|pushcgi-[0-9][^/]*)(/|$)
	|(^|/)node_modules(/|$)}x;
# Data and documents carry no header.
my $plain = qr{^(LICENSE|NEWS|\.gitignore|\.clang-format)$|\.(md|json|txt)$
	|^tests/(fuzz/corpus|vectors)/}x;
# Spelled so that this file does not contain them.
my $mark = join '|', 'TO' . 'DO', 'FIX' . 'ME', 'XX' . 'X', 'HA' . 'CK';

my @files;
my $top = source();
find({ no_chdir => 1, wanted => sub {
	my $path = substr($_, length($top));
	$path =~ s{^/}{};
	if (-d) {
		$File::Find::prune = 1 if $path =~ $made;
	} elsif ($path !~ $made && $path !~ /\.(o|a|swp|png)$|~$/) {
		push @files, $path;
	}
} }, $top);
complain('no files found') if !@files;

for my $path (sort @files) {
	my @lines = split /\n/, text($path), -1;
	my ($name) = $path =~ m{([^/]+)$};
	if ($path !~ /^LICENSE$|^tests\/(fuzz\/corpus|vectors)\//) {
		for my $i (0 .. $#lines) {
			complain("$path:" . ($i + 1) . ": a loose end: $1")
			    if $lines[$i] =~ /\b($mark)\b/;
		}
	}
	next if $path =~ $plain || !@lines;
	if ($path =~ /\.[ch]$/) {
		complain("$path:1: not the SPDX line") if $lines[0] ne
		    '/* SPDX-License-Identifier: MIT */';
		complain("$path:2: not '/* $name - what it is for. */'")
		    if ($lines[1] // '') !~ m{^/\* \Q$name\E - \S};
	} else {
		complain("$path: no SPDX line at its top") if !grep {
			defined && /SPDX-License-Identifier: MIT/ } @lines[0 .. 3];
	}
}
finish();
