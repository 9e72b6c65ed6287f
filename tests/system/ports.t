# SPDX-License-Identifier: MIT
# ports.t - tests that run at once get distinct ports for their servers.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use PushcgiTest;
use Test::More;

use constant { PROCESSES => 4, PORTS => 200 };

# Each holds its ports until all have theirs.
my $dir = temp_dir();
my $code = 'print join(" ", map { free_port() } 1 .. ' . PORTS . '), "\n"; '
    . '$| = 1; print "."; wait_until("the others", sub { -e $ARGV[0] })';
my @pids = map { spawn(command => [$^X, "-I$Bin/lib", '-MPushcgiTest', '-e',
    $code, "$dir/go"], stdout => "$dir/$_") } 1 .. PROCESSES;

for my $n (1 .. PROCESSES) {
	wait_until("process $n has its ports",
	    sub { -e "$dir/$n" && slurp("$dir/$n") =~ /\n\.\z/ });
}
spew("$dir/go", '');

my %count;
$count{$_}++ for map { split ' ', slurp("$dir/$_") =~ s/\.\z//r }
    1 .. PROCESSES;
is scalar keys %count, PROCESSES * PORTS, 'all are distinct';

my ($first_of_clients) = slurp('/proc/sys/net/ipv4/ip_local_port_range')
    =~ /^(\d+)/;
is_deeply [grep { $_ >= $first_of_clients } keys %count], [],
    'none is one that clients get by themselves' if $first_of_clients > 29_000;

done_testing;
