# SPDX-License-Identifier: MIT
# check.t - pushcgi check finds what is wrong with a web server, and nothing else.
use strict;
use warnings;
use FindBin qw($Bin);
use IO::Select;
use lib "$Bin/../system/lib", "$Bin/lib";
use CheckRuns;
use JSON::PP ();
use PushcgiTest;
use Test::More;

# Several at once: most of the time they wait.
use constant AT_ONCE => 8;

# A check has time-outs of its own, so none of ours comes first.
$ENV{PUSHCGI_TEST_DEADLINE} ||= 90;

my @waiting = CheckRuns::names();
my (%running, %results);

sub begin {
	my ($name) = @_;

	open my $out, '-|', $^X, "$Bin/check_run.pl", $name
	    or die "check_run.pl: $!\n";
	$running{$out} = { name => $name, out => $out, text => '' };
}

# Read on; at its end there is a result, and room for the next one.
sub take {
	my ($r) = @_;
	my $n = sysread $r->{out}, $r->{text}, 65536, length $r->{text};

	return if $n;
	delete $running{ $r->{out} };
	close $r->{out};
	$results{ $r->{name} } = eval { JSON::PP::decode_json($r->{text}) }
	    || [];
}

while (@waiting || %running) {
	begin(shift @waiting) while @waiting && keys %running < AT_ONCE;
	take($running{$_}) for IO::Select->new(map { $_->{out} }
	    values %running)->can_read;
}

# problem => its fixes, of those that were found.
sub found {
	my ($report) = @_;

	return map { $_->{problem} => $_ } grep { $_->{result} eq 'problem' }
	    @{ $report->{checks} || [] };
}

sub is_line {
	my ($line, $want) = @_;

	return ref $want ? $line =~ $want : $line eq $want;
}

sub as_wanted {
	my ($what, $result, $want) = @_;
	my ($exit, $out, $err) = @{ $result || ['nothing', '', ''] };
	my $report = eval { JSON::PP::decode_json($out) } || {};
	my %found = found($report);

	is join(' ', sort keys %found), join(' ', sort keys %$want),
	    "$what: " . (join(' ', sort keys %$want) || 'no problem')
	    or diag "$out\n$err";
	is $exit, %$want ? 1 : 0, "$what: the exit code";
	is $report->{problems}, scalar keys %$want, "$what: their number";
	for my $problem (grep { $want->{$_} } sort keys %$want) {
		ok scalar(grep { is_line($_->{line}, $want->{$problem}) }
		    @{ $found{$problem}{fixes} || [] }),
		    "$what: $problem: $want->{$problem}";
	}
	unlike "$out$err", qr/eyJ|Bearer /, "$what: shows no token";
}

for my $name (CheckRuns::names()) {
	my @runs = @{ CheckRuns::check_run($name)->{runs} };

	for my $i (0 .. $#runs) {
		my ($title, undef, $want) = @{ $runs[$i] };

		as_wanted(join(', ', $name, $title || ()),
		    $results{$name}[$i], $want);
	}
}

# The README of templates/servers shows what people get, but for the figures.
sub without_figures {
	my ($text) = @_;

	$text =~ s/\d+(?:\.\d+)*/N/g;
	return $text;
}

my ($shown) = slurp(source('templates/servers/README.md'))
    =~ /^    \$ pushcgi check \S+\n((?: {4}\S[^\n]*\n| {8,}[^\n]*\n)+)/m;
my $printed = $results{'the example in the README'}[0][3] // '';
is without_figures(($shown // '') =~ s/^ {4}//mgr), without_figures($printed),
    'the example in the README' or diag $printed;

done_testing;
