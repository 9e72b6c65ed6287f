# SPDX-License-Identifier: MIT
# surroundings.t - each snippet inside what sites have around it: the hub works, and the site's pages are as they were.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use FrontEnds;
use Hub;
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use PushcgiTest;
use Servers;
use Surroundings;
use Test::More;

# Several at once: most of the time they wait.
use constant AT_ONCE => 8;

# PHP-FPM and a back end, for all of them.
my $dir = temp_dir();
mkdir "$dir/run";
chmod 0777, "$dir/run";
my $fpm = Servers::php_fpm($dir, Servers::hub_for_server());
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 64)
    or die "back end: $!\n";
spawn(name => 'the back end', listener => $listener, listener_fd => 5,
    command => [$^X, "$Bin/back_end.pl"]);

my @titles = Surroundings::titles();
my @more = Surroundings::not_taken_back();
my @jobs;	# [name, number, how]
for my $n (0 .. $#titles) {
	my %kinds;

	for my $name (FrontEnds::names()) {
		my $in = Surroundings::surrounding($titles[$n], $name) or next;

		push @jobs, [$name, $n, 'bare']
		    if !$kinds{ Surroundings::kind_of($name) }++;
		push @jobs, [$name, $n, $in->{own} || $in->{fixed} ? 'right'
		    : 'taken'];
	}
}
push @jobs, map { my $n = @titles + $_; my $name = $more[$_][0];
    map { [$name, $n, $_] } qw(bare broken right) } 0 .. $#more;
@jobs = grep { "@$_" =~ /$ENV{PUSHCGI_SURROUNDINGS}/ } @jobs
    if $ENV{PUSHCGI_SURROUNDINGS};

my (%running, %found, %log);

sub begin {
	my ($job) = @_;
	my $log = "$dir/" . join '-', @$job;
	my $pid = open my $out, '-|';

	die "fork: $!\n" unless defined $pid;
	if (!$pid) {
		open STDERR, '>', $log;
		exec $^X, "$Bin/surrounded.pl", @$job, $fpm,
		    $listener->sockport;
	}
	$running{$out} = { job => "@$job", out => $out, text => '',
	    log => $log };
}

# Read on; at its end there is a result, and room for the next one.
sub take {
	my ($r) = @_;

	return if sysread $r->{out}, $r->{text}, 1 << 20, length $r->{text};
	delete $running{ $r->{out} };
	close $r->{out};
	$found{ $r->{job} } = eval { JSON::PP::decode_json($r->{text}) } || {
	    problems => [['start', substr slurp($r->{log}), -3000]] };
}

my @waiting = @jobs;
while (@waiting || %running) {
	begin(shift @waiting) while @waiting && keys %running < AT_ONCE;
	take($running{$_}) for IO::Select->new(map { $_->{out} }
	    values %running)->can_read;
}

# Everything works, and the pages are those of the site without a hub.
sub all_is_well {
	my ($what, $found, $bare) = @_;
	my @problems = @{ $found->{problems} || [['start', 'nothing']] };

	is join("\n", map { "$_->[0]: $_->[1]" } @problems), '',
	    "$what: the hub works";
	is_deeply $found->{pages}, $bare->{pages},
	    "$what: the site's pages are as they were" if $bare;
	return !@problems;
}

my %matrix;
for my $n (0 .. $#titles) {
	my %bare;

	for my $name (FrontEnds::names()) {
		my $kind = Surroundings::kind_of($name);

		$bare{$kind} ||= $found{"$name $n bare"};
		for my $how ('taken', 'right') {
			my $found = $found{"$name $n $how"} or next;

			$matrix{$titles[$n]}{$name} = !all_is_well(
			    "$name, $titles[$n]", $found, $bare{$kind}) ? 'no'
			    : $how eq 'right' ? 'with a line' : 'yes';
		}
		$matrix{$titles[$n]}{$name} ||= '–';
	}
}
for my $i (0 .. $#more) {
	my ($name, $title) = @{ $more[$i] };
	my $n = @titles + $i;
	my $of = sub { $found{"$name $n $_[0]"} };
	my $broken = $of->('broken') or next;

	ok @{ $broken->{problems} || [] }, "$name, $title: breaks the hub";
	note map { "$_->[0]: $_->[1]" } @{ $broken->{problems} || [] };
	is_deeply $broken->{password}, [], "$name, $title: with it, streams work,"
	    . ' and without it, nothing does' if $more[$i][2]{stays};
	all_is_well("$name, $title, with the right line", $of->('right'),
	    $more[$i][2]{own} ? $of->('bare') : undef);
}

# The README has the matrix and each line that mends.
my $readme = slurp(source('templates/servers/README.md'));
my $table = join '', map { my $t = $_; "| $t | " . join(' | ',
    map { $matrix{$t}{$_} } FrontEnds::names()) . " |\n" } @titles;
ok index($readme, $table) >= 0, 'the README has this table'
    or diag "It should be:\n$table";
for my $row (@more) {
	my ($name, $title, $in) = @$row;

	for my $line (split /\n/, $in->{own} || $in->{fixed} || '') {
		$line =~ s/^\s+|\s+\z//g;
		ok index($readme, $line) >= 0, "the README has: $line"
		    if $line !~ m{^</|BACKEND|^RewriteEngine|X-Frame|Cache-C|page\.php|DOCUMENT_ROOT};
	}
}

done_testing;
