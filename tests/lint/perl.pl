#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# perl.pl - what sites copy runs on Perl 5.10 with core modules, and its POD is clean.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;
use Module::CoreList ();
use Pod::Checker ();

eval { require Perl::MinimumVersion; 1 } or do {
	print "Perl::MinimumVersion (libperl-minimumversion-perl) is not "
	    . "installed\n";
	exit 77;
};

my $oldest = version->parse('5.010');

# What stands in for a page's engine is there with the engine.
my %engine = (Plack => qr/^Plack\b/, Template => qr/^Template\b/);

sub check_modules {
	my ($path, $code) = @_;
	my ($engine) = $path =~ m{^templates/perl/(\w+)/\w+/};
	my @names = $code =~ /^\s*(?:use|require)\s+([A-Z][\w:]*)/mg;

	push @names, $1 while $code =~ /^use base '([\w:]+)'/mg;
	for my $name (@names) {
		next if $name =~ /^Pushcgi\b/;
		next if defined $engine && $name =~ $engine{$engine};
		# Asked for by those functions only that need it.
		next if $name =~ /^(?:JSON::PP\z|APR::|Apache2::)/
		    && $code =~ /^ +require \Q$name\E;/m;
		my $since = Module::CoreList->first_release($name);
		complain("$path: $name is not in Perl $oldest")
		    if !defined $since || $since > $oldest;
	}
}

for my $path (files('templates/perl/*.pm', 'templates/perl/*/*.pm',
    'templates/perl/*/*/*.pm', 'templates/*/*.cgi', 'templates/*/*/*.cgi')) {
	my $text = text($path);
	next if $text !~ /\A#!\S*perl|\A(?:#.*\n)*package /;
	my ($code) = split /^__END__$/m, $text;

	for my $wanted (qw(strict warnings)) {
		complain("$path: does not use $wanted")
		    if $code !~ /^use $wanted;$/m;
	}
	my $version = Perl::MinimumVersion->new(\$code)
	    ->minimum_syntax_version;
	complain("$path: its syntax needs Perl $version")
	    if $version > $oldest;
	check_modules($path, $code);

	next if $text !~ /^=head1/m;
	my $said = '';
	open my $out, '>', \$said or die "$!\n";
	my $pod = Pod::Checker->new(-warnings => 1);
	$pod->parse_from_file(source() . "/$path", $out);
	complain("$path: $said")
	    if $pod->num_errors > 0 || $pod->num_warnings > 0;
}
finish();
