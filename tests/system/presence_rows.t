# SPDX-License-Identifier: MIT
# presence_rows.t - no stream waits for its row, nor fails with it.
use strict;
use warnings;
use Fcntl qw(SEEK_SET);
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use Presence;
use PushcgiTest;
use Test::More;

# No limit: it would need these bytes, too (stream_limits.t counts without
# rows).
my $hub = Hub->start(config => { MERCURE_HUB_KEEPALIVE_INTERVAL => 1,
    MERCURE_MAX_CONNECTIONS_PER_TOKEN => 0 });

# Another sidecar, in which somebody else has the bytes of all processes: none can
# show that it lives, so none may write rows of subscribers.  Publishing needs
# none of these bytes.  fcntl(2): F_OFD_SETLK, from 2^40 to the end.
sub lock_bytes_of_processes {
	my $path = "$hub->{queue}-hub";

	spew("$path.new", slurp($path), 0660);
	open my $file, '+<', "$path.new" or die "$path.new: $!\n";
	my $flock = pack 's s x![q] q q i x![q]', 1, SEEK_SET, 1 << 40, 0, 0;
	fcntl $file, 37, $flock or die "lock: $!\n";
	rename "$path.new", $path or die "$path: $!\n";
	return $file;
}

# As an administrator's shell would, beside the hub.
sub sql {
	my (@words) = @_;
	my ($status, $out, $err) = run(['sqlite3', $hub->{queue}, @words]);

	die $err if $status;
	return $out;
}

my @streams = map { $hub->stream(topic => 'a') } 1, 2;
wait_until('two are listed', sub { @{ there($hub) } == 2 });
my $locked = lock_bytes_of_processes();

# Streams open, get updates and end.
push @streams, map { $hub->stream(topic => 'a') } 3, 4;
$hub->publish_ok(topic => 'a', data => 'x');
is $_->next_event->{data}, 'x', 'a stream without a row gets updates'
    for @streams;
$_->hang_up for splice @streams, 0, 2;
push @streams, map { $hub->stream(topic => 'a') } 5, 6;
my $late = $streams[-1];
$late->next_comment for 1 .. 4;
is @{ there($hub) }, 2, 'the list is of what could be written';
my @said = $hub->log_text =~ /subscriptions not written/g;
is @said, 1, 'the log says so once';
@said = $hub->log_text =~ /works again/g;
cmp_ok scalar(@said), '<=', 1, 'and does not take it back';

# It works again: what was missed is made up for, by itself.
close $locked;
wait_until('the others are listed', sub { @{ there($hub) } == 4 });
is sql(q(SELECT sum(data LIKE '%"active":true%'),
    sum(data LIKE '%"active":false%') FROM updates WHERE kind = 1)),
    "6|2\n", 'and told: six came, two went';
is $_->problems, '', 'clean streams' for @streams;

# Another database: all who are there are listed in it, without a publish.
unlink map { "$hub->{queue}$_" } '', '-wal', '-shm';
wait_until('all are listed in the new one',
    sub { my $list = eval { there($hub) }; $list && @$list == 4 });
pass 'a replaced database gets the rows of all';

done_testing;
