# SPDX-License-Identifier: MIT
# backlog.t - more peers than the listen queue holds: those in it are served.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use FcgiClient;
use Hub;
use PushcgiTest;
use Socket qw(pack_sockaddr_un AF_UNIX SOCK_NONBLOCK SOCK_STREAM);
use Test::More;
use Token;

# A listener of the test's, whose queue is short.
my $hub = Hub->start(how => 'systemd');
my $stream = $hub->stream(topic => 'a');
my ($path) = $hub->{address} =~ /^unix:(.*)/;

# A peer that does not wait for room; undef if there is none.
sub connect_now {
	socket my $socket, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0
	    or die "socket: $!\n";
	return $socket if connect $socket, pack_sockaddr_un($path);
	die "connect: $!\n" unless $!{EAGAIN};
	return;
}

kill 'STOP', $hub->{pid};
wait_until('the hub is stopped',
    sub { slurp("/proc/$hub->{pid}/stat") =~ /\) T / });
my @requests = map { $hub->send_request('POST', Hub::URL_PATH,
    "topic=a&data=$_", token => Token::publisher()) } 1 .. 20;
my @silent;
while (my $socket = connect_now()) {
	push @silent, $socket;
	@silent < 100_000 or die "the queue never fills\n";
}
ok @silent, 'the listen queue is full';
close $_ for splice @silent, 0, @silent / 2;

kill 'CONT', $hub->{pid};
is $_->finished->status, 200, 'who waited is served' for @requests;
is join(' ', sort { $a <=> $b } map { $stream->next_event->{data} } 1 .. 20),
    join(' ', 1 .. 20), 'and the stream lives on';
wait_until('there is room again', \&connect_now);
is $hub->publish(topic => 'a', data => 'x')->status, 200,
    'others come in again';
is $stream->next_event->{data}, 'x', 'and are heard';
is $stream->problems, '', 'a clean stream';

done_testing;
