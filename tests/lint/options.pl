#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# options.pl - a program's --help and its manual page name the same options.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

# The options that `program [subcommand] --help` names, added to %$seen.
sub read_help {
	my ($seen, @command) = @_;
	open(my $p, '-|', @command, '--help') or die "$command[0]: $!\n";
	while (<$p>) {
		$seen->{$1} = 1 while /(?<![\w-])(--?[A-Za-z][\w-]*)/g;
	}
	close($p);
	complain("@command --help fails") if $? != 0;
}

# A page names a subcommand in a line after .Nm.
sub options_of_help {
	my ($program, $page) = @_;
	my %seen;
	read_help(\%seen, $program);
	my %done;
	for (text($page) =~ /^\.Nm\n\.Cm ([a-z][a-z-]*)$/mg) {
		read_help(\%seen, $program, $_) if !$done{$_}++;
	}
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

for my $page (files('helpers/**/*.[18]', 'fcgi/*.[18]')) {
	my ($name) = $page =~ m{([^/]+)\.[18]$};
	my $program = build() . "/$name";
	if (!-x $program) {
		complain("$page: there is no program $name");
		next;
	}
	my $help = options_of_help($program, $page);
	my $man = options_of_page($page);
	complain("$page: $_ is only in $name --help")
	    for sort grep { !$man->{$_} } keys %$help;
	complain("$page: $_ is not in $name --help")
	    for sort grep { !$help->{$_} } keys %$man;
}
finish();
