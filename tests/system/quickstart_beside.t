# SPDX-License-Identifier: MIT
# quickstart_beside.t - steps that run beside others are printed later, counted.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use PushcgiTest;
use Test::More;

my $dir = temp_dir();
my $start = "set -euo pipefail\nlogs=$dir src=" . source() . "\n"
    . 'SECONDS=0 step_start=0' . "\n" . slurp(source('tests/run'));

# [title, steps beside others, others, the lines, the sums]
for my $row (
	['both pass', 'count_status b1 b1 true; count b2 4 0 /dev/null',
	    'count_status f f true', ['f 1 0', 'b1 1 0', 'b2 4 0'], '6 0'],
	['a step fails, and is shown',
	    "count_status b1 b1 sh -c 'echo wrong; exit 3'; "
	    . 'count_status b2 b2 true', 'count_status f f true',
	    ['f 1 0', 'b1 0 1', '    wrong', 'b2 1 0'], '2 1'],
	['they end early', 'count_status b b true; exit 7',
	    'count_status f f true',
	    ['f 1 0', 'b 1 0', 'the steps beside others ended 0 1'], '2 1'],
	['they are the later ones', "count_status b b sh -c 'until test -e $dir/go;"
	    . " do sleep 0.01; done'", "count_status f f touch $dir/go",
	    ['f 1 0', 'b 1 0'], '2 0'],
) {
	my ($title, $beside, $others, $lines, $sums) = @$row;
	my ($status, $out, $err) = run(['bash', '-c', "$start\n"
	    . "beside() { $beside; }\nbegin_beside beside\n$others\n"
	    . "join_beside\necho \$passed \$failed\n"],
	    env => { PATH => $ENV{PATH} });

	$out =~ s/ +(\d+) passed +(\d+) failed +\d+ s$/ $1 $2/mg;
	is $status, 0, "$title: the script goes on" or diag $err;
	is_deeply [split /\n/, $out], [@$lines, $sums], "$title: the lines";
}

# It ends before they do: they end as well.
my $pid = spawn(command => ['bash', '-c', "$start\n"
    . "begin_beside sh -c 'echo \$\$ >$dir/pid.new; mv $dir/pid.new $dir/pid; "
    . "exec sleep 1000'\nsleep 1000 & wait"], env => { PATH => $ENV{PATH} });
wait_until('it runs', sub { -s "$dir/pid" });
my ($beside) = slurp("$dir/pid") =~ /(\d+)/;
process_end($pid, 'TERM');
wait_until('what ran beside it ends', sub { !kill 0, $beside });
pass('what ran beside it ends');

# The slow ones come first, and each comes once.
my ($status, $out) = run(['bash', '-c', "$start\n"
    . 'slow_first tests/servers "${slow_servers[@]}"' . "\n"
    . 'slow_first tests/system "${slow_system[@]}"'],
    env => { PATH => $ENV{PATH} });
is_deeply [sort split /\n/, $out],
    [map { s{^\Q@{[source()]}\E/}{}r } map { glob source("tests/$_/*.t") }
    qw(servers system)], 'each test once, and each slow one exists';
like $out, qr{\Atests/servers/surroundings\.t\n}, 'slow ones first';

done_testing;
