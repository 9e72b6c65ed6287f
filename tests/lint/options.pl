#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# options.pl - a program's --help and its manual page name the same options.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

sub options_of_help {
	my ($program) = @_;
	my %seen;
	open(my $p, '-|', $program, '--help') or die "$program: $!\n";
	while (<$p>) {
		$seen{$1} = 1 while /(?<![\w-])(--?[A-Za-z][\w-]*)/g;
	}
	close($p);
	complain("$program --help fails") if $? != 0;
	return \%seen;
}

sub options_of_page {
	my ($page) = @_;
	my %seen;
	for (split /\n/, text($page)) {
		next if /^\.\\"/ || !/^\./;
		$seen{"-$1"} = 1 while /\bFl\s+(-?[A-Za-z][\w-]*)/g;
	}
	return \%seen;
}

for my $page (files('helpers/*.[18]', 'fcgi/*.[18]')) {
	my ($name) = $page =~ m{([^/]+)\.[18]$};
	my $program = build() . "/$name";
	if (!-x $program) {
		complain("$page: there is no program $name");
		next;
	}
	my ($help, $man) = (options_of_help($program), options_of_page($page));
	complain("$page: $_ is only in $name --help")
	    for sort grep { !$man->{$_} } keys %$help;
	complain("$page: $_ is not in $name --help")
	    for sort grep { !$help->{$_} } keys %$man;
}
finish();
