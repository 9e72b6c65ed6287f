# SPDX-License-Identifier: MIT
# Lint.pm - what the lint scripts share: file lists, C without its comments.
package Lint;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT = qw(source build files text c_code complain finish);

my $complaints = 0;

sub source { return $ENV{PUSHCGI_SRC} // die "PUSHCGI_SRC is not set\n" }
sub build  { return $ENV{PUSHCGI_BUILD} // die "PUSHCGI_BUILD is not set\n" }

# Paths below the source folder, relative to it, for shell patterns; a double
# asterisk stands for a folder and those in it.
sub files {
	my $top = source();
	my %seen;
	for my $pattern (map { in_depth($_) } @_) {
		$seen{ substr($_, length($top) + 1) } = 1
		    for grep { -f } glob("\Q$top\E/$pattern");
	}
	return sort keys %seen;
}

sub in_depth {
	my ($pattern) = @_;
	return $pattern if $pattern !~ m{\*\*/};
	return map { (my $p = $pattern) =~ s{\*\*/}{$_}; $p }
	    '', '*/', '*/*/', '*/*/*/';
}

sub text {
	my ($path) = @_;
	open(my $f, '<:raw', source() . "/$path") or die "$path: $!\n";
	local $/;
	return scalar(<$f>) // '';
}

# C text whose comments, strings and characters are blank; lines stay.
sub c_code {
	my ($text) = @_;
	$text =~ s{(/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')}
	    {(my $s = $1) =~ s/[^\n]/ /g; $s}gse;
	return $text;
}

sub complain {
	print @_, "\n";
	$complaints++;
}

sub finish {
	exit($complaints > 0 ? 1 : 0);
}

1;
