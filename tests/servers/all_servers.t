# SPDX-License-Identifier: MIT
# all_servers.t - one suite behind all front ends; the README shows what it finds.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use FrontEnds;
use JSON::PP ();
use PushcgiTest;
use Smoke;
use Test::More;

# All at once: most of the time they wait for keep-alives.
my (%output, %results);
for my $name (FrontEnds::names()) {
	open $output{$name}, '-|', $^X, "$Bin/smoke.pl", $name
	    or die "smoke.pl: $!\n";
}
for my $name (FrontEnds::names()) {
	my $out = $output{$name};

	$results{$name} = eval { JSON::PP::decode_json(
	    do { local $/; <$out> }) } || {};
	close $out;
}

my $readme = slurp(source('templates/servers/README.md'));
my $found = Smoke::matrix(\%results, FrontEnds::names());
my %shown = Smoke::read_matrix($readme);

for my $title (Smoke::titles()) {
	is $results{$_}{$title} // 'nothing', $shown{$title}{$_},
	    "$_: $title: as the README says" for FrontEnds::names();
}
ok index($readme, $found) >= 0, 'the README has this table'
    or diag "It should be:\n$found";

done_testing;
