# SPDX-License-Identifier: MIT
# inputs.t - each input of a limit or a check arrives behind each front end as it is shipped.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use FrontEnds;
use Inputs;
use JSON::PP ();
use PushcgiTest;
use Test::More;

# All at once: most of the time they wait.
my %output;
for my $name (FrontEnds::names()) {
	open $output{$name}, '-|', $^X, "$Bin/inputs.pl", $name
	    or die "inputs.pl: $!\n";
}
for my $name (FrontEnds::names()) {
	my $out = $output{$name};
	my $results = eval { JSON::PP::decode_json(
	    do { local $/; <$out> }) } || {};

	close $out;
	is $results->{$_} // 'nothing', 'yes', "$name: $_"
	    for Inputs::titles();
}

# Nothing that the hub reads is forgotten.
my @read = slurp(source('fcgi/request/request.c'))
    =~ /\bPARAM\("(\w+)",|value_of\(list, "(\w+)"\)/g;
my %elsewhere = (HTTP_LAST_EVENT_ID => 'all_servers.t: replay',
    HTTP_IF_NONE_MATCH => 'presence.t: only saves an answer');

for my $parameter (grep { defined && !$elsewhere{$_} } @read) {
	ok scalar(grep { /^\Q$parameter\E: / } Inputs::titles()),
	    "$parameter has a check";
}

done_testing;
