# SPDX-License-Identifier: MIT
# poll.t - delivery that ends each response once it has brought something.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use CgiProcess;
use Hub;
use PushcgiTest;
use Test::More;
use Time::HiRes qw(time);

my $path = Hub::URL_PATH;

# The response is over: it ended cleanly, with a short delay and a position.
# Returns the data of its events and the position.
sub polled {
	my ($answer, $name) = @_;

	$answer->until("the end of $name", sub { $answer->is_over });
	my @items = $answer->all;
	ok $answer->{ended} && $answer->closed, "$name: END_REQUEST"
	    if $answer->isa('FcgiClient');
	is $answer->problems, '', "$name: no problems";
	ok Answer::is_cursor($items[-1]), "$name: a cursor is last";
	is $items[-2]{retry}, 500, "$name: the delay is short";
	return ([ map { $_->{data} } grep { $_->{kind} eq 'event' } @items ],
	    $items[-1]{id});
}

# No test waits for the default.
my $hub = Hub->start(config => { MERCURE_DELIVERY => 'poll',
    MERCURE_POLL_WAIT => 3600 });

# The first update ends it; what comes then is the next one's.
my $first = $hub->stream(topic => 'a', cursor => 1);
$hub->publish_ok(topic => 'quiet', data => 'not for it');
$hub->publish_ok(topic => 'a', data => 'secret', private => 'on');
$hub->publish_ok(topic => 'a', data => 1, retry => 60_000);
my ($data, $at) = polled($first, 'the first update');
is_deeply $data, [1], 'has it alone';

# Several that wait leave in one response; the quiet ones are behind it, once
# the hub has read them.
my $reads = $hub->stream(topic => 'quiet', query => [delivery => 'stream']);
$hub->publish_ok(topic => 'a', data => $_) for 2 .. 4;
$hub->publish_ok(topic => 'quiet', data => 'not for it') for 1 .. 3;
$reads->next_event for 1 .. 3;
$reads->hang_up;
($data, my $behind) = polled($hub->stream(topic => 'a',
    last_event_id => $at), 'a replay');
is_deeply $data, [2 .. 4], 'has all of it';
my $next = $hub->stream(topic => ['a', 'quiet'], last_event_id => $behind);
$hub->publish_ok(topic => 'a', data => 5);
($data) = polled($next, 'the next');
is_deeply $data, [5], 'its position was that of all it had looked at';

# A long replay is one response, also to a peer that reads slowly.
my $marker = $hub->publish_ok(topic => 'long', data => 'begin');
my $big = 'x' x 20_000;
$hub->publish_ok(topic => 'long', data => "$_ $big") for 1 .. 250;
my $slow = $hub->subscribe(topic => 'long', last_event_id => $marker,
    receive_buffer => 4096);
$slow->headed;
($data, $at) = polled($slow, 'a long replay');
is_deeply $data, [ map { "$_ $big" } 1 .. 250 ], 'has all of it';

# The request decides against the setting.
my $stream = $hub->stream(topic => 'b', query => [delivery => 'stream']);
my $other = Hub->start(config => { MERCURE_RETRY => 7 });
my $plain = $other->stream(topic => 'b');
my $asked = $other->stream(topic => 'b', query => [delivery => 'poll']);
for my $row ([$hub, $stream, 'delivery=stream'],
    [$other, $plain, 'the default']) {
	my ($from, $to, $name) = @$row;

	for my $n (1 .. 3) {
		$from->publish_ok(topic => 'b', data => $n);
		is $to->next_event->{data}, $n, "$name: update $n";
	}
}
$asked->until('the end of delivery=poll', sub { $asked->is_over });
my @items = $asked->all;
is_deeply [ map { $_->{retry} } grep { exists $_->{retry} } @items ], [7, 7],
    'delivery=poll: MERCURE_RETRY, when it is less';

# [name, query]
for my $row (['another word', 'delivery=long'], ['an empty one', 'delivery='],
    ['upper case', 'delivery=POLL'],
    ['the former word', 'delivery=drain',
	qr/^delivery=drain is called delivery=poll now\.$/m]) {
	my ($name, $query, $says) = @$row;

	for my $method ('GET', 'HEAD') {
		my $answer = $hub->request($method, "$path?topic=a&$query");

		is $answer->status, 400, "$name, $method: 400";
		like $answer->body, $says || qr/\bstream or poll\b/,
		    "$name: the sentence names what is right"
		    if $method eq 'GET';
	}
}
my $head = $hub->request('HEAD', "$path?topic=a&delivery=poll");
is $head->status, 200, 'HEAD: status';
like $head->header('Link'), qr/last-event-id="#/, 'HEAD: a position';

# A quiet poll ends by itself, and leads on; keep-alives do no harm.
my $quiet = Hub->start(config => { MERCURE_DELIVERY => 'poll',
    MERCURE_POLL_WAIT => 2, MERCURE_HUB_KEEPALIVE_INTERVAL => 1 });
my $silent = $quiet->stream(topic => 'a', cursor => 1);
$quiet->publish_ok(topic => 'quiet', data => 'not for it');
($data, $at) = polled($silent, 'a quiet poll');
is_deeply $data, [], 'has nothing';
# The greeting's comment and cursor, the last cursor, and at least one more.
cmp_ok scalar(grep { $_->{kind} eq 'comment' || Answer::is_cursor($_) }
    $silent->all), '>', 3, 'but for signs of life';
$quiet->publish_ok(topic => 'a', data => 'missed');
($data) = polled($quiet->stream(topic => ['a', 'quiet'],
    last_event_id => $at), 'the poll after it');
is_deeply $data, ['missed'], 'has what came between them, and no more';

# exp comes before its time is over.
my $exp = int(time) + 2;
my $expiring = $hub->stream(topic => 'a', token => Token::subscriber(undef,
    more => { exp => $exp }));
($data) = polled($expiring, 'exp');
is_deeply $data, [], 'exp: it waits no longer';
cmp_ok time, '>=', $exp - 0.01, 'exp: and not less';
my $private = $hub->stream(topic => 'a', token => Token::subscriber());
$hub->publish_ok(topic => 'a', data => 'secret', private => 'on');
($data) = polled($private, 'a private update');
is_deeply $data, ['secret'], 'ends it for who may have it';

# As a plain CGI, each poll a process.
my $cgi = CgiProcess->new(params => Hub::params('GET',
    "$path?topic=cgi"), config_path => $hub->{config_path},
    log => $hub->{log})->opened(cursor => 1);
$hub->publish_ok(topic => 'cgi', data => 1);
($data, $at) = polled($cgi, 'plain CGI');
is_deeply $data, [1], 'plain CGI: the update';
wait_until('the CGI has ended', sub { defined process_ended($cgi->{pid}) });
is process_ended($cgi->{pid}), 0, 'plain CGI: exit 0';
$hub->publish_ok(topic => 'cgi', data => $_) for 2, 3;
($data) = polled(CgiProcess->new(params => Hub::params('GET',
    "$path?topic=cgi", undef, last_event_id => $at), config_path =>
    $hub->{config_path}, log => $hub->{log}), 'the next CGI');
is_deeply $data, [2, 3], 'plain CGI: the next';

# Two publishers at once, poll after poll: each of theirs once, in order.
my @publishers = map {
	my $name = $_;
	my $list = "$hub->{dir}/$name";

	spawn(name => "publisher $name", must_exit => 1, stdout => $list,
	    command => ['sh', '-c', 'for n in $(seq 1 150); do '
	    . '"$0" --config "$1" publish "$2" "$2$n" && '
	    . '"$0" --config "$1" publish quiet x || exit; done',
	    program('pushcgi'), $hub->{config_path}, $name]);
} 'p', 'q';
my $position = $behind;
my (%got, $polls);
until (($got{p} || 0) == 150 && ($got{q} || 0) == 150) {
	my ($part, $to) = poll($position);
	for my $text (@$part) {
		my ($who, $n) = $text =~ /^([pq])(\d+)\z/;
		$n == ++$got{$who} or die "$text instead of $who$got{$who}\n";
	}
	$position = $to;
	$polls++;
}
pass "two publishers, $polls polls: each update once, in order";
wait_until('the publishers have ended',
    sub { !grep { !defined process_ended($_) } @publishers });

sub poll {
	my ($from) = @_;
	my $answer = $hub->subscribe(topic => ['p', 'q'],
	    last_event_id => $from)->finished;
	my @events = grep { $_->{kind} eq 'event' } $answer->all;

	die "a poll without anything\n" unless @events;
	return ([ map { $_->{data} } @events ], ($answer->all)[-1]{id});
}

# SIGTERM ends a poll as any stream.
my $last = $hub->stream(topic => 'a', cursor => 1);
is $hub->stop, 0, 'SIGTERM: exit 0';
$last->finished;
ok Answer::is_cursor(($last->all)[-1]), 'SIGTERM: a cursor is last';

done_testing;
