# SPDX-License-Identifier: MIT
# apache_mod_fcgid.t - behind Apache, which starts a process for each stream.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use Http;
use Hub;
use Presence;
use PushcgiTest;
use ServerCases;
use Servers;
use Test::More;
use Token;

my $hub = Servers::hub_for_server();
my $server = Servers->apache(hub => $hub,
    more => "FcgidMaxProcessesPerClass 6\nGracefulShutdownTimeout 1");
hub_through($server, 'mod_fcgid');
host_applications($server, 'Apache');

# Six processes serve six streams, and those that have left make room; all of
# them taken, others are left to publish and to answer.
sub all_taken { return map { $server->stream(topic => 'a') } 1 .. 6 }

for my $round (1 .. 3) {
	my @streams = all_taken();

	$server->publish_ok(topic => 'a', data => $round);
	is $_->next_event->{data}, $round, "round $round: a stream of its own"
	    for @streams;
	$_->hang_up for @streams;
}
my $for_streams = () = $server->stream_hubs;
my $others = $server->spawned_hubs - $for_streams;
is $for_streams, 6, 'as many processes for streams as are allowed';
cmp_ok $others, '<=', 6, 'and never more for all else';
my @crowd = all_taken();
wait_until('all are listed', sub { @{ there($server, 'a') } == 6 });
pass 'the subscription API answers beside them';
is $server->request('HEAD', Hub::URL_PATH . '?topic=a', undef)->status, 200,
    'and HEAD';
is $server->request('OPTIONS', Hub::URL_PATH, undef)->status, 204,
    'and OPTIONS';
$_->hang_up for @crowd;

# The streams of several processes see the same updates in the same order.
my @streams = map { $server->stream(topic => 'order') } 1 .. 4;
my @ids = map { $server->publish_ok(topic => 'order', data => $_) } 1 .. 20;
$server->publish_ok(topic => 'order', data => 'end');
is_deeply [ map { $_->{id} } $_->events_until('end') ], \@ids,
    'the same order in another process' for @streams;

# Each process stands for its stream, and answers for those of all.
wait_until('all four are listed', sub { @{ there($server, 'order') } == 4 });
pass 'subscriptions of four processes';
$streams[0]->hang_up;
wait_until('one has left', sub { @{ there($server, 'order') } == 3 });
pass 'who leaves is listed no more';
$_->hang_up for @streams;
wait_until('all have left', sub { !@{ there($server, 'order') } });

# kill -9 of the processes: the cursor leads on, and nobody stays online.
my $cut = $server->stream(topic => 'a', cursor => 1);
wait_until('it is listed', sub { @{ there($server, 'a') } == 1 });
my $cursor = $cut->next_cursor;
$server->publish_ok(topic => 'a', data => 'before');
kill 'KILL', $server->spawned_hubs;
$cut->until('its end', sub { $cut->is_over });
my ($status) = $hub->helper(['publish', 'a', 'meanwhile']);
is $status, 0, 'the helper publishes while no hub runs';
is_deeply there($server, 'a'), [], 'after kill -9: it is listed no more';
my $again = $server->stream(topic => 'a', last_event_id => $cursor);
is $again->next_event->{data}, $_, "after kill -9: $_"
    for 'before', 'meanwhile';

# SIGTERM, as a graceful restart sends it, ends a stream in good order.
my $ending = $server->stream(topic => 'a', cursor => 1);
kill 'TERM', $server->spawned_hubs;
$ending->finished;
ok $ending->{ended}, 'SIGTERM: the answer was complete';
my ($last) = reverse $ending->all;
ok $last && Answer::is_cursor($last), 'SIGTERM: a cursor is last';

is $server->stop, 0, 'Apache ends';
wait_until('its hubs are gone', sub { !$server->spawned_hubs });
pass 'and its hubs with it';

# Apache empties or cuts off a body that is longer than LimitRequestBody, and
# mod_fcgid passes on the rest as if it were the whole.
sub long_bodies {
	my ($server, $size) = @_;
	my %headers = (Authorization => 'Bearer ' . Token::publisher(),
	    'Content-Type' => 'application/x-www-form-urlencoded');
	my $in_chunks = Http->new(port => $server->{port}, method => 'POST',
	    path => Hub::URL_PATH, headers => { %headers,
		'Transfer-Encoding' => 'chunked' });
	my $start = "topic=$size&data=";
	my $body = $start . 'x' x ($size - length $start);
	my $whole = $server->request('POST', Hub::URL_PATH,
	    $body =~ s/topic=\K/other-/r, headers => \%headers);

	is $whole->status, $size < 1_114_000 ? 200 : 413, "$size bytes";
	like $whole->body, qr/\(FcgidMaxRequestLen/,
	    "$size bytes: the refusal names the setting"
	    if $whole->status == 413;
	# Apache may close while the last ones are sent.
	eval { $in_chunks->send_chunk($_) for unpack('(A100000)*', $body), '' };
	$in_chunks->finished;
	is $in_chunks->status, $size < 3_000_000 ? 200 : 500,
	    "$size bytes in chunks";
	if ($in_chunks->status == 500) {
		like $in_chunks->body, qr/\(FcgidMaxRequestLen/,
		    "$size bytes in chunks: the refusal names the setting";
		return;
	}
	my $stream = $server->stream(topic => $size,
	    last_event_id => 'earliest');
	is length($start . $stream->next_event->{data}), $size,
	    "$size bytes in chunks: they are published whole";
	$stream->hang_up;
}

my $roomy = Servers->apache(hub => Servers::hub_for_server(config => {
    MERCURE_MAX_BODY => 4_000_000 }), edit => sub {
	s/^FcgidMaxRequestLen \K\d+$/3000000/m;
	# Of a virtual host: it comes after the snippet's lines.
	s{<VirtualHost [^>]*>\n\K}{<Location "/">\nLimitRequestBody 100000
</Location>\n};
});
long_bodies($roomy, $_) for 1_100_000, 1_200_000, 2_900_000, 3_100_000;
is $roomy->stop, 0, 'Apache ends once more';

done_testing;
