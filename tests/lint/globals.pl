#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# globals.pl - no writable data in the objects but what globals.allow lists.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

sub allowed {
	my %allow;
	for (split /\n/, text('tests/lint/globals.allow')) {
		my ($object, $symbol) = split;
		next if !defined $symbol || $object =~ /^#/;
		$allow{"$object $symbol"} = 0;
	}
	return \%allow;
}

# Tables of pointers lie in .data.rel.ro, which is read-only once loaded.
sub is_writable {
	my ($section) = @_;
	return 0 if $section =~ /^\.data\.rel\.ro/;
	return $section =~ /^(\.(data|bss|tdata|tbss)(\.|$)|\*COM\*)/;
}

sub check_file {
	my ($file, $allow) = @_;
	my $object = $file;
	my $seen = 0;

	open(my $p, '-|', 'objdump', '-t', $file) or die "objdump: $!\n";
	while (<$p>) {
		$object = $1 if m{^(?:.*/)?([^/\s]+\.o):\s+file format};
		next if !/^[0-9a-f]+ (.{7}) (\S+)\s+[0-9a-f]+\s+(?:\.hidden )?(\S+)$/;
		my ($flags, $section, $symbol) = ($1, $2, $3);
		$seen++;
		next if !is_writable($section) || $flags =~ /d/;
		$symbol =~ s/\.\d+$//;
		$object =~ s/^[^-]*-//;
		next if exists $allow->{"$object $symbol"}
		    && ++$allow->{"$object $symbol"};
		complain("$object: writable data '$symbol'");
	}
	close($p);
	complain("$file: cannot be read") if $? != 0 || $seen == 0;
}

my $allow = allowed();
my @files = (build() . '/helpers/libhelpers.a',
    map { glob(quotemeta(build()) . "/fcgi/$_") } '*.o', '*/*.o');
check_file($_, $allow) for @files;
for (sort keys %$allow) {
	complain("globals.allow: '$_' is not used any more") if $allow->{$_} == 0;
}
finish();
