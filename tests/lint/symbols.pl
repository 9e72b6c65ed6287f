#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# symbols.pl - the library exports what its map and its header say, no more.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

my %exported;
my $library = build() . '/helpers/.libs/libpushcgi.so';
open(my $p, '-|', 'nm', '-D', '--defined-only', $library) or die "nm: $!\n";
while (<$p>) {
	$exported{$1} = 1 if /^[0-9a-f]+ [^A] ([^@\s]+)/;
}
close($p);
complain("$library cannot be read") if $? != 0 || !%exported;

my %mapped = map { $_ => 1 } text('helpers/lib/pushcgi.map') =~ /\b(\w+);/g;
my %declared = map { $_ => 1 } c_code(text('helpers/lib/pushcgi.h'))
    =~ /^PUSHCGI_API\s[^;(]*?\b(\w+)\(/mg;
my %pages;
for my $page (files('helpers/lib/pushcgi*.3')) {
	$pages{$_} = 1 for text($page) =~ /^\.Fo (pushcgi_\w+)$/mg;
}

for my $name (sort keys %{ { %exported, %mapped, %declared } }) {
	complain("$name: only pushcgi_... is exported")
	    if $name !~ /^pushcgi_/;
	complain("$name: the library does not export it") if !$exported{$name};
	complain("$name: not in pushcgi.map") if !$mapped{$name};
	complain("$name: not in pushcgi.h") if !$declared{$name};
	complain("$name: no page in section 3") if !$pages{$name};
}
finish();
