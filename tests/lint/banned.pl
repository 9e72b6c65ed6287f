#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# banned.pl - functions nobody calls, and allocators only mem.c calls.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

my $banned = join '|', qw(strcpy strcat sprintf vsprintf gets strtok atoi atol
    atoll atof strncpy strncat alloca system popen tmpnam mktemp);
my $allocators = join '|', qw(malloc calloc realloc reallocarray free strdup
    strndup asprintf vasprintf aligned_alloc posix_memalign getline);

# What a library hands out must go back the library's way.
my %given = ('helpers/jose/jws_sign.c free' => "libjwt's token");

sub check_file {
	my ($path) = @_;
	my $line = 0;
	for (split /\n/, c_code(text($path))) {
		$line++;
		complain("$path:$line: $1() is banned")
		    if /\b($banned)\s*\(/;
		next if $path =~ m{^tests/|^helpers/base/mem\.c$};
		complain("$path:$line: $1() is for mem.c alone")
		    if /(?<![>.\w])($allocators)\s*\(/
		    && !$given{"$path $1"};
	}
}

my @files = files(map { "$_/**/*.[ch]" } qw(helpers fcgi tests/unit
    tests/fuzz tests/bench tests/system));
complain('no source files found') if !@files;
check_file($_) for @files;
finish();
