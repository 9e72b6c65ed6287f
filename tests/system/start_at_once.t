# SPDX-License-Identifier: MIT
# start_at_once.t - many processes make one new database at the same time.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use PushcgiTest;
use Test::More;

# Fewer where each is slow to start.
use constant PROCESSES => $ENV{PUSHCGI_STARTS} || 500;

# Who has to wait too long for the lock, on a busy machine, tries again.
my $publisher = 'kill -STOP $$; until "$@"; do :; done';

my $hub = Hub->new;
my $second = Hub->new(queue_of => $hub);
my $told = "$hub->{dir}/told";
my @publishers = map { spawn(name => "publisher $_", stderr => $told,
    stdout => "$hub->{dir}/ids", command => ['/bin/sh', '-c', $publisher,
	'sh', program('pushcgi'), '--config', $hub->{config_path},
	'publish', 'a', $_]) } 1 .. PROCESSES;
for my $pid (@publishers) {
	wait_until("process $pid stands at the start",
	    sub { slurp("/proc/$pid/stat") =~ /\) T / });
}
kill 'CONT', @publishers;
$_->start for $hub, $second;
wait_until("process $_ ends", sub { defined process_ended($_) })
    for @publishers;
is scalar(grep { process_ended($_) != 0 } @publishers), 0,
    'all that started at once have published';
is join("\n", grep { !/process \d+ holds the write lock/ }
    split /\n/, slurp($told)), '', 'nothing but the lock stopped one';

$second->publish_ok(topic => 'a', data => 'end');
my @ids;
for my $row (['one', $hub], ['another', $second]) {
	my ($name, $from) = @$row;
	my @events = $from->stream(topic => 'a', last_event_id => 'earliest')
	    ->events_until('end');

	is join(' ', sort { $a <=> $b } map { $_->{data} } @events),
	    join(' ', 1 .. PROCESSES), "$name hub has each update once";
	push @ids, join ' ', map { $_->{id} } @events;
}
is $ids[0], $ids[1], 'in the same order';
is join(' ', sort split ' ', slurp("$hub->{dir}/ids")),
    join(' ', sort split ' ', $ids[0]), 'under the ids that were told';

done_testing;
