# SPDX-License-Identifier: MIT
# supervision.t - hubs under supervisors: one crashes, another takes over, and visitors notice nothing.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use FcgiClient;
use Hub;
use PushcgiTest;
use Test::More;
use Visitors;

use constant VISITORS => 20;

# The program publishes: it needs no hub.
sub publisher {
	my ($hub) = @_;

	return sub {
		my ($status, undef, $err) = $hub->helper(['publish', 'a', @_]);
		die "publish: $err" if $status;
	};
}

sub visitors {
	my ($hub) = @_;

	return Visitors->new(n => VISITORS,
	    ask => sub { $hub->subscribe(topic => 'a', @_) });
}

# systemctl restart: the socket is systemd's, and holds who comes meanwhile.
my $hub = Hub->start(how => 'systemd');
my $publish = publisher($hub);
my $visitors = visitors($hub);
my $some = sub {
	$visitors->look_until('some updates', $publish,
	    sub { $visitors->{published} % 5 == 0 });
};
$some->();
my $old = $hub->{pid};
kill 'TERM', $old;
$visitors->look_until('it has ended', $publish,
    sub { defined process_ended($old) });
is process_ended($old), 0, 'a restart: exit 0';
$hub->start(how => 'systemd');
$visitors->all_is_well('a restart', $publish);

# Two services with one socket: the new one first.
$visitors = visitors($hub);
my $next = Hub->new(queue_of => $hub);
@$next{qw(listener address)} = @$hub{qw(listener address)};
$next->start(how => 'systemd');
$some->();
kill 'TERM', $hub->{pid};
$visitors->look_until('the old one has ended', $publish,
    sub { defined process_ended($hub->{pid}) });
$visitors->all_is_well('the new one first', $publish);
$next->stop;

# The children of a process.
sub children {
	my ($pid) = @_;

	return split ' ', eval { slurp("/proc/$pid/task/$pid/children") } // '';
}

# multiwatch holds three on one socket, and starts another for each that ends.
$hub = Hub->new;
my ($path) = $hub->{address} =~ /^unix:(.*)/;
# Sanitizers are to leave a crash that is meant alone.
my %sanitizers = map { $_ => join ':', $ENV{$_} // (), 'handle_segv=0' }
    qw(ASAN_OPTIONS TSAN_OPTIONS);
my $multiwatch = spawn(name => 'multiwatch', stderr => $hub->{log},
    env => { SOCKET => $path, PROGRAM => program('pushcgi.fcgi'), HUBS => 3,
	%sanitizers },
    command => [source('templates', 'supervise', 'multiwatch'), '--config',
    $hub->{config_path}]);
wait_until('multiwatch has three hubs', sub { children($multiwatch) == 3 });
wait_until('they answer', sub { FcgiClient::dial($hub->{address}) });
$publish = publisher($hub);
$visitors = visitors($hub);
for my $old (children($multiwatch)) {
	kill 'TERM', $old;
	$visitors->look_until('another is in its place', $publish, sub {
		my @now = children($multiwatch);
		return @now == 3 && !grep { $_ == $old } @now;
	});
}
$visitors->all_is_well('multiwatch, one after the other', $publish);

# Ten streams of one of these processes, while the others are stopped.
sub streams_of {
	my ($pid, @others) = @_;

	kill 'STOP', @others;
	for my $other (@others) {
		wait_until("process $other is stopped",
		    sub { slurp("/proc/$other/stat") =~ /\) T / });
	}
	my @streams = map { $hub->stream(topic => 'crash', cursor => 1) }
	    1 .. 10;
	kill 'CONT', @others;
	return @streams;
}

# A crash takes the streams of one process only.
for my $signal ('SEGV', 'KILL') {
	my @before = children($multiwatch);
	my @streams = map { my $pid = $_; streams_of($pid,
	    grep { $_ != $pid } @before) } @before;
	my $victim = $before[0];

	kill $signal, $victim;
	wait_until("SIG$signal: another is in its place", sub {
		my @now = children($multiwatch);
		return @now == 3 && !grep { $_ == $victim } @now;
	});
	is scalar(grep { my $pid = $_; grep { $_ == $pid }
	    children($multiwatch) } @before[1, 2]), 2,
	    "SIG$signal of one: the others stay";
	$hub->publish_ok(topic => 'crash', data => $signal);
	is join(' ', map { $_->next_event->{data} } @streams[10 .. 29]),
	    join(' ', ($signal) x 20),
	    "SIG$signal: streams of the others go on";
	for my $stream (@streams[0 .. 9]) {
		$stream->until('its end', sub { $stream->is_over });
		$stream = $hub->stream(topic => 'crash',
		    last_event_id => $stream->{sse}->last_event_id);
	}
	is join(' ', map { $_->next_event->{data} } @streams[0 .. 9]),
	    join(' ', ($signal) x 10),
	    "SIG$signal: those that were cut go on where they were";
}
process_end($multiwatch, 'TERM');
wait_until('its hubs end with it',
    sub { !FcgiClient::dial($hub->{address}) });
pass 'multiwatch ends, and its hubs with it';

done_testing;
