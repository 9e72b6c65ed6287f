# SPDX-License-Identifier: MIT
# recovery.t - an end or a crash of the hub loses no acknowledged update.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use PushcgiTest;
use Test::More;

my $path = Hub::URL_PATH;

# Signals that end it in peace.
for my $signal (qw(TERM USR1)) {
	my $hub = Hub->start;
	my $never = $hub->stream(topic => 'a', cursor => 1);
	my $some = $hub->stream(topic => 'a', cursor => 1);
	my $seventh = $hub->stream(topic => 'a', id => 7);
	my $id = $hub->publish_ok(topic => 'a', data => 'x');
	$_->next_event for $some, $seventh, $never;
	my $stuck = $hub->stream(topic => 'big', receive_buffer => 4096);
	$hub->publish_ok(topic => 'big', data => 'x' x 1_000_000) for 1 .. 3;
	my $half = FcgiClient->new(address => $hub->{address});
	$half->send_bytes(substr FcgiClient::request_bytes(params =>
	    Hub::params('GET', "$path?topic=a")), 0, 60);
	my $silent = FcgiClient->new(address => $hub->{address});
	# Long enough that workers wait for their bodies, or not: both count.
	my @slow = map { FcgiClient->new(address => $hub->{address}) } 1 .. 6;
	$_->send_bytes(substr FcgiClient::request_bytes(params =>
	    Hub::params('POST', $path, 'topic=a&data=never',
	    token => Token::publisher()), stdin => 'topic=a&data=never'), 0,
	    -12) for @slow;
	$_->pump(0.05) for @slow;

	is $hub->stop($signal), 0, "SIG$signal: exit 0";
	unlike $hub->log_text, qr/end not waited for/,
	    "SIG$signal: a reader that has stopped does not delay the end";
	my @cursors;
	for my $stream ($never, $some, $seventh) {
		$stream->until('its end', sub { $stream->is_over });
		ok $stream->{ended}, "SIG$signal: END_REQUEST";
		is $stream->{app_status}, 0, "SIG$signal: status 0";
		my ($last) = reverse $stream->all;
		ok $last && Answer::is_cursor($last),
		    "SIG$signal: a cursor is last";
		push @cursors, $last->{id};
		is $stream->problems, '', "SIG$signal: no problems";
	}
	is scalar(grep { !$_->closed } $half, $silent, @slow), 0,
	    "SIG$signal: unfinished requests are let go";
	$hub->start;
	$hub->publish_ok(topic => 'a', data => 'next');
	is $hub->stream(topic => 'a', last_event_id => $_)
	    ->next_event->{data}, 'next', "SIG$signal: a cursor leads on"
	    for @cursors;
	my $again = $hub->stream(topic => 'a', last_event_id => $id);
	is $again->header('Last-Event-ID'), $id, 'so does an id';
	is $again->next_event->{data}, 'next', 'and its replay';
}

# Publishes that are under way are committed and answered.
my $busy = Hub->start;
my @under_way = map { $busy->send_request('POST', $path,
    "topic=a&data=$_", token => Token::publisher()) } 1 .. 200;
wait_until('some are answered', sub {
	$_->pump(0) for @under_way;
	return grep { $_->is_over } @under_way;
});
is $busy->stop, 0, 'ended with publishes under way: exit 0';
my %answered;
for my $answer (@under_way) {
	eval { $answer->finished };
	$answered{ $answer->body } = 1 if ($answer->{status} || 0) == 200;
}
$busy->start;
my $replay = $busy->stream(topic => 'a', last_event_id => 'earliest');
$busy->publish_ok(topic => 'a', data => 'end');
my %stored = map { $_->{id} => 1 } $replay->events_until('end');
is join(' ', grep { !$stored{$_} } keys %answered), '',
    'every acknowledged one of ' . keys(%answered) . ' is stored';

# kill -9 again and again, at whatever moment, while four publish.
my $hub = Hub->start;
my $watch = $hub->stream(topic => 'a', cursor => 1);
my $from = $watch->next_cursor;
my $early = $hub->stream(topic => 'a', cursor => 1);
my $untouched = $early->next_cursor;
my (@acknowledged, @pending, $n);
for my $round (1 .. 6) {
	my $goal = @acknowledged + 7 * $round;
	while (@acknowledged < $goal) {
		push @pending, $hub->send_request('POST', $path,
		    'topic=a&data=' . ++$n, token => Token::publisher())
		    while @pending < 4;
		$_->pump(0.002) for @pending;
		push @acknowledged, map { $_->body } grep { $_->is_over
		    && $_->{ended} && ($_->{status} || 0) == 200 } @pending;
		@pending = grep { !$_->is_over } @pending;
	}
	$hub->stop('KILL');
	for my $answer (@pending) {
		eval { $answer->finished };
		push @acknowledged, $answer->body if $answer->{ended}
		    && ($answer->{status} || 0) == 200;
	}
	@pending = ();
	$hub->start;
}
$hub->publish_ok(topic => 'a', data => 'end');
for my $row (['the cursor of a stream that had received nothing',
    $untouched], ['the cursor of another', $from],
    ['earliest', 'earliest']) {
	my ($name, $id) = @$row;
	my @events = $hub->stream(topic => 'a', last_event_id => $id)
	    ->events_until('end');
	my %count;

	$count{ $_->{id} }++ for @events;
	is join(' ', grep { !$count{$_} } @acknowledged), '',
	    "$name: all " . @acknowledged . ' acknowledged are there';
	is join(' ', grep { $count{$_} > 1 } keys %count), '',
	    "$name: none twice";
	my %place = map { $events[$_]{id} => $_ } 0 .. $#events;
	is scalar(grep { $_->{data} > $n } @events), 0,
	    "$name: nothing that was not sent";
}

# The signal and a byte of slow bodies in one round of the loop, in this order.
my @half = map { FcgiClient->new(address => $hub->{address}) } 1 .. 6;
my $request = FcgiClient::request_bytes(params => Hub::params('POST', $path,
    'topic=a&data=never', token => Token::publisher()),
    stdin => 'topic=a&data=never');
$_->send_bytes(substr $request, 0, -12) for @half;
is $hub->request('HEAD', "$path?topic=a")->status, 200, 'they have arrived';
kill 'STOP', $hub->{pid};
wait_until('the hub is stopped',
    sub { slurp("/proc/$hub->{pid}/stat") =~ /\) T / });
kill 'TERM', $hub->{pid};
$_->send_bytes(substr $request, -12, 1) for @half;
kill 'CONT', $hub->{pid};
for my $peer (@half) {
	is $peer->finished->status, 408, 'half a body at SIGTERM: told 408';
}
is $hub->stop, 0, 'and the hub ends with 0';
$hub->start;

# A stale socket file is no obstacle to a new start.
$hub->stop('KILL');
ok -S $hub->{address} =~ s/^unix://r, 'a killed hub leaves its socket';
$hub->start;
is $hub->publish(topic => 'a')->status, 200, 'the next one takes its place';

done_testing;
