# SPDX-License-Identifier: MIT
# lighttpd.t - behind lighttpd, standing and spawned by it.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use FrontEnds;
use Hub;
use PushcgiTest;
use ServerCases;
use Servers;
use Test::More;

sub takes_leave {
	my ($server, $what) = @_;

	unlike slurp($server->{log}), qr/unexpected end-of-file/,
	    "$what: the hub takes leave of lighttpd in good order";
}

my $hub = Servers::hub_for_server()->start;
my $standing = Servers->lighttpd(hub => $hub);
hub_through($standing, 'standing');
host_applications($standing, 'lighttpd');
notices_leaving($standing, $hub->{pid}, 'standing');
takes_leave($standing, 'standing');

# SIGTERM ends the streams in good order: the answer is complete.
my $stream = $standing->stream(topic => 'a', cursor => 1);
my $cursor = $stream->next_cursor;
is $hub->stop, 0, 'standing: the hub ends';
$stream->finished;
ok $stream->{ended}, 'standing: and the answer was complete';
is $stream->problems, '', 'standing: without a problem';
$hub->start;
wait_until('lighttpd uses the hub again',
    sub { $standing->publish(topic => 'a', data => 'next')->status == 200 });
is $standing->stream(topic => 'a', last_event_id => $cursor)
    ->next_event->{data}, 'next', 'standing: the next hub goes on';
$standing->stop;

my $other = Servers::hub_for_server();
my $spawned = Servers->lighttpd(hub => $other, spawned => 1);
hub_through($spawned, 'spawned');
my ($pid, @more) = $spawned->spawned_hubs;
is scalar(@more), 0, 'spawned: one process';
notices_leaving($spawned, $pid, 'spawned');
takes_leave($spawned, 'spawned');

# kill -9: lighttpd starts another, and nothing that was acknowledged is lost.
my $cut = $spawned->stream(topic => 'a', cursor => 1);
$cursor = $cut->next_cursor;
my $id = $spawned->publish_ok(topic => 'a', data => 'before');
kill 'KILL', $pid;
$cut->until('its end', sub { $cut->is_over });
wait_until('lighttpd has started another', sub {
	$spawned->publish(topic => 'a', data => 'after')->status == 200;
});
my $again = $spawned->stream(topic => 'a', last_event_id => $cursor);
is $again->next_event->{data}, $_, "spawned, after kill -9: $_"
    for 'before', 'after';

# The helper's updates reach the streams of a hub it never talks to.
my ($status, $out) = $other->helper(['publish', 'a', 'by the helper']);
is $status, 0, 'spawned: the helper publishes';
is $again->next_event->{data}, 'by the helper', 'spawned: and it arrives';

$spawned->stop;
wait_until('the spawned hub is gone', sub { !$spawned->spawned_hubs });
pass 'spawned: it ends with lighttpd';

# A client that has read the head of its stream, and then neither reads nor
# closes: a reload does not wait for it.  lighttpd that has started hubs itself
# cannot reload in the background, so this is not for lighttpd-spawned.
for my $name (qw(lighttpd-standing lighttpd-cgi)) {
	my $front = FrontEnds::start($name);
	my $server = $front->{server};
	my $asleep = $server->subscribe(topic => 'a')->headed;

	kill 'USR1', $server->{pid};
	wait_until("$name: the reload leaves the stream to another process",
	    sub { slurp($server->{log}) =~ /continuing to handle 1 conn/ });
	is $server->request('GET', Hub::URL_PATH, undef)->status, 400,
	    "$name: others get answers while a client sleeps";
	ok !$asleep->is_over, "$name: which has not closed its stream";
	$asleep->hang_up;
	$front->stop;
}

done_testing;
