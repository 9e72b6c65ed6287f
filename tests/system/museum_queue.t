# SPDX-License-Identifier: MIT
# museum_queue.t - problems that others had in what they keep (others: museum.t).
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use Load;
use PushcgiTest;
use Test::More;
use Time::HiRes qw(sleep stat);
use Token;
use WriteLock;

my $path = Hub::URL_PATH;

# 30: SQLite may corrupt a database when one connection commits at the instant
# at which another checkpoints.  So whoever has the lock sees neither: not while
# two hubs and the helper publish so much that the log is checkpointed again
# and again.
my %config = (MERCURE_HUB_RECONCILIATION_LENGTH => 2000);
my $hub = Hub->start(config => \%config);
my $twin = Hub->start(queue_of => $hub, config => \%config);
$hub->publish_ok(topic => 'a', data => 'x');
my $lock = WriteLock->new($hub);
my %file = (database => $hub->{queue},
    'write-ahead log' => "$hub->{queue}-wal");
my $lane = 'topics=0,rate=1000000,bytes=20000,count';
my $load = Load->start(hub => $hub,
    streams => ["n=1,topics=1,at=$hub->{address}"],
    lanes => ["at=$hub->{address},$lane=1500",
	"at=$twin->{address},$lane=1500",
	"at=$twin->{address},$lane=1500", "how=helper,$lane=50"]);

# What tells that a file was written to.
sub state_of { return join ' ', (stat $_[0])[7, 9] }

my (%last, %moved, %disturbed);
my $holds = 0;
until ($load->ended) {
	$lock->take('queued');
	my %before = map { $_ => state_of($file{$_}) } keys %file;

	for my $name (keys %file) {
		$moved{$name}++ if $before{$name} ne ($last{$name} // '');
	}
	# Longer than a tick of the clock that stamps files.
	sleep 0.015;
	for my $name (keys %file) {
		$last{$name} = state_of($file{$name});
		$disturbed{$name}++ if $last{$name} ne $before{$name};
	}
	$lock->release;
	$holds++;
	sleep 0.02;
}
is process_ended($load->{pid}), 0, 'museum 30: all was published';
for my $name (sort keys %file) {
	cmp_ok $moved{$name} // 0, '>=', 5,
	    "museum 30: the $name was written to between";
	is $disturbed{$name} // 0, 0,
	    "museum 30: the $name was not while another had the lock";
}
note "$holds times";
my ($status, $out) = run(['sqlite3', '-readonly', $hub->{queue},
    'PRAGMA integrity_check']);
is $out, "ok\n", 'museum 30: the database is whole';
$_->stop for $hub, $twin;

# 31: what was acknowledged was on no disk yet.
my ($manual) = slurp(source('helpers/config/pushcgi.conf.5'))
    =~ /^\.It Ic MERCURE_DURABILITY\n(.*?)^\.It/ms;
like $manual, qr/kill|crash/i, 'museum 31: the manual says what 200 means';

my $fragile = Hub->start;
my (@in_order, @answered);
for my $round (1 .. 6) {
	push @in_order, map { $fragile->publish_ok(topic => 'a',
	    data => "$round.$_") } 1 .. 10;
	my @sent = map { $fragile->send_request('POST', $path,
	    "topic=a&data=$round.$_", token => Token::publisher()) }
	    11 .. 70;
	wait_until('some are answered', sub {
		$_->pump(0) for @sent;
		return $round * 5 < grep { $_->is_over } @sent;
	});
	$fragile->stop('KILL');
	for my $answer (@sent) {
		eval { $answer->finished };
		push @answered, $answer->body
		    if ($answer->{status} || 0) == 200;
	}
	$fragile->start;
}
$fragile->publish_ok(topic => 'a', data => 'end');
for my $how ('once', 'again') {
	my @ids = map { $_->{id} } $fragile->stream(topic => 'a',
	    last_event_id => 'earliest')->events_until('end');
	my (%times, %place);

	for my $n (0 .. $#ids) {
		$times{ $ids[$n] }++;
		$place{ $ids[$n] } = $n;
	}
	is join(' ', grep { ($times{$_} || 0) != 1 } @in_order, @answered), '',
	    "museum 31: kill -9: acknowledged, so replayed once, read $how";
	is "@{[ sort { ($place{$a} // -1) <=> ($place{$b} // -1) } @in_order ]}",
	    "@in_order", "museum 31: kill -9: in their order, read $how";
}

# Nothing is acknowledged before it is stored.
my $stop = WriteLock->new($fragile);
my $alive = $fragile->stream(topic => 'b');
$stop->take;
my @early = map { $fragile->send_request('POST', $path,
    "topic=a&data=early$_", token => Token::publisher()) } 1 .. 20;
is $fragile->request('HEAD', "$path?topic=a")->status, 200,
    'museum 31: they have arrived';
for (1 .. 50) {
	$_->pump(0.001) for @early;
}
$fragile->stop('KILL');
$stop->release;
eval { $_->finished } for @early;
is join(' ', map { $_->{status} // () } @early), '',
    'museum 31: what could not be stored was not acknowledged';
$fragile->start;
my $rest = $fragile->stream(topic => 'a', last_event_id => 'earliest');
$fragile->publish_ok(topic => 'a', data => 'end2');
is scalar(grep { /early/ } @{ $rest->data_until('end2') }), 0,
    'museum 31: and is not there';

done_testing;
