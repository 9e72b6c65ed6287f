# SPDX-License-Identifier: MIT
# apache_mod_fcgid_timeouts.t - mod_fcgid cuts silent and long requests: streams are neither.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use Hub;
use PushcgiTest;
use Servers;
use Test::More;

# What mod_fcgid writes to the log when it ends a request or a process itself.
my $cuts = qr/timeout|timed out|mod_fcgid: (?:read|ap_pass)|kill/i;

# The shipped configuration with other numbers.
sub start {
	my (%numbers) = @_;
	my $hub = Servers::hub_for_server(config => { MERCURE_RETRY => 100 });

	return Servers->apache(hub => $hub, more => join '', map {
	    "$_ $numbers{$_}\n" } sort keys %numbers);
}

# Silence: keep-alives come every second, and two seconds are allowed.
my $server = start(FcgidIOTimeout => 2);
my $stream = $server->stream(topic => 'silent', cursor => 1);
$stream->next_comment for 1 .. 4;
my $id = $server->publish_ok(topic => 'silent', data => 'live');
is $stream->next_event->{id}, $id, 'after twice FcgidIOTimeout: live';
is $stream->problems, '', 'and no page of HTML in the stream';
$stream->hang_up;
unlike slurp($server->{log}), $cuts, 'mod_fcgid had nothing to cut';
is $server->stop, 0, 'Apache ends';

# A long stream ends by itself before FcgidBusyTimeout, and goes on.
$server = start('FcgidInitialEnv MERCURE_WRITE_TIMEOUT' => 2,
    FcgidBusyTimeout => 5, FcgidBusyScanInterval => 1);
my ($last, @received, %pids);
for my $n (1 .. 4) {
	$stream = $server->stream(topic => 'long', cursor => 1,
	    defined $last ? (last_event_id => $last) : ());
	$server->publish_ok(topic => 'long', data => $n);
	push @received, $stream->next_event->{data};
	$stream->finished;
	ok $stream->{ended}, "life $n: the answer was complete";
	is $stream->problems, '', "life $n: without a problem";
	$last = $stream->{sse}->last_event_id;
	$pids{$_} = 1 for $server->spawned_hubs;
}
is "@received", '1 2 3 4', 'four lives of one stream miss nothing';
# The first of them would be at FcgidBusyTimeout by now.
is_deeply [ sort grep { $pids{$_} } $server->spawned_hubs ],
    [ sort keys %pids ], 'no process was ended for them';
unlike slurp($server->{log}), $cuts, 'mod_fcgid had nothing to end';
is $server->stop, 0, 'Apache ends';

done_testing;
