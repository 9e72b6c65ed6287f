# SPDX-License-Identifier: MIT
# stream_end.t - a stream ends when it must, with its cursor; until then it is kept alive.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use Test::More;
use Time::HiRes qw(time);

my $path = Hub::URL_PATH;

# The end of a stream: its last item is a cursor, then END_REQUEST.
sub ends_cleanly {
	my ($stream, $name) = @_;
	my @items;

	$stream->until("the end of $name", sub { $stream->is_over });
	@items = $stream->all;
	ok $stream->{ended}, "$name: END_REQUEST";
	is $stream->{app_status}, 0, "$name: status 0";
	ok @items && Answer::is_cursor($items[-1]), "$name: a cursor is last";
	ok $stream->closed, "$name: the connection is closed";
	is $stream->problems, '', "$name: no problems";
	return $items[-1]{id};
}

my $hub = Hub->start(config => { MERCURE_HUB_KEEPALIVE_INTERVAL => 1 });

# exp: never before it, and at it.
for my $name ('exp', 'exp as a real') {
	my $exp = $name eq 'exp' ? int(time) + 3 : time + 2.5;
	my $token = Token::mint(sprintf('{"mercure":{"subscribe":["*"]},'
	    . '"exp":%.3f}', $exp), Token::SUBSCRIBER_KEY);
	my $stream = $hub->stream(topic => 'a', token => $token,
	    cursor => 1);
	my $id = $hub->publish_ok(topic => 'a', data => 'x',
	    private => 'on');
	is $stream->next_event->{id}, $id, "$name: authorized until then";
	my $cursor = ends_cleanly($stream, $name);
	cmp_ok time, '>=', $exp - 0.01, "$name: not before its time";
	is $hub->subscribe(topic => 'a', token => $token)->status, 401,
	    "$name: then the token is refused";
	$hub->publish_ok(topic => 'a', data => "after $name");
	is $hub->stream(topic => 'a', last_event_id => $cursor)
	    ->next_event->{data}, "after $name", "$name: the cursor leads on";
}
my $cookie = $hub->stream(topic => 'a', cookie => Token::subscriber(undef,
    more => { exp => int(time) + 2 }));
ends_cleanly($cookie, 'exp of a cookie');
my $far = $hub->stream(topic => 'a', token => Token::subscriber(undef,
    more => { exp => 99_999_999_999 }));
$hub->publish_ok(topic => 'a', data => 'far');
is $far->next_event->{data}, 'far', 'an exp far away';

# Silence is broken by comments.
my $silent = $hub->stream(topic => 'never');
$silent->next_comment for 1 .. 4;
pass 'comments on a silent stream';
my $busy = $hub->stream(topic => 'never');
ok !$busy->{ended}, 'and it stays open';

# The lifetime limit: jitter only shortens it, to 80 % at most.
my $short = Hub->start(config => { MERCURE_WRITE_TIMEOUT => 2 });
my $begin = time;
my @streams = map { $short->stream(topic => 'a', cursor => 1) } 1 .. 5;
my @cursors = map { ends_cleanly($streams[$_], "lifetime $_") } 0 .. 4;
cmp_ok time - $begin, '>=', 1.59, 'no stream ended before 80 % of it';
$short->publish_ok(topic => 'a', data => 'missed');
for my $cursor (@cursors[0, 4]) {
	is $short->stream(topic => 'a', last_event_id => $cursor)
	    ->next_event->{data}, 'missed',
	    'a stream that received nothing misses nothing';
}

# What was published before the end is sent before the end.
my $last = $short->stream(topic => 'a', cursor => 1);
my ($n, $seen) = (0, 0);
until ($last->is_over) {
	$short->publish_ok(topic => 'a', data => 'x' . ++$n);
	$last->pump(0.001);
}
my $cursor = ends_cleanly($last, 'lifetime under load');
my @got = map { $_->{data} } grep { $_->{kind} eq 'event' } $last->all;
$short->publish_ok(topic => 'a', data => 'end');
my $rest = $short->stream(topic => 'a', last_event_id => $cursor)
    ->data_until('end');
is_deeply [@got, @$rest], [map { "x$_" } 1 .. $n],
    'the stream and its successor together have each update once';

done_testing;
