# SPDX-License-Identifier: MIT
# counts.t - how many have a topic open: by streams, by GET, over all processes.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use CgiProcess;
use Hub;
use JSON::PP;
use PushcgiTest;
use Test::More;

my $json = JSON::PP->new->utf8->canonical;
my $page = 'https://example.com/products/1';
my %open = (MERCURE_COUNTS => 'https://example.com/products/{id} caf%C3%A9',
    MERCURE_POLL_WAIT => 3600);
my $hub = Hub->start(config => \%open);
my $other = Hub->start(config => \%open, queue_of => $hub);

sub path { return Hub::URL_PATH . '/counts/' . Hub::encode($_[0]) }

# The answer to GET.
sub ask {
	my ($topic, $h) = @_;
	my $answer = ($h || $hub)->request('GET', path($topic));

	is $answer->status, 200, 'GET: 200' if $answer->status != 200;
	return $json->decode($answer->body)->{count};
}

sub becomes {
	my ($n, $what, $topic, $h) = @_;

	wait_until("$what: $n", sub { ask($topic || $page, $h) == $n });
	pass "$what: $n";
}

# The next number of a stream; others come after it, never a wrong one.
sub told {
	my ($stream, $n, $what) = @_;
	my $event;

	do {
		$event = $stream->next_event;
		die 'not a count' if ($event->{event} || '') ne 'pushcgi-count';
		$event->{count} = $json->decode($event->{data})->{count};
	} until $event->{count} == $n;
	is $event->{count}, $n, $what;
	return $event;
}

# A page that shows how many look at it.
is ask($page), 0, 'nobody looks';
my $first = $hub->stream(topic => [$page, path($page)], cursor => 1);
my $event = told($first, 1, 'the number comes at once');
is $event->{data}, qq({"topic":"$page","count":1}), 'its document';
my $id = $first->{sse}->last_event_id;
my $second = $hub->stream(topic => [$page, path($page)]);
told($second, 2, 'the second learns it at once');
told($first, 2, 'the first a little later');
is $first->{sse}->last_event_id, $id, 'a count has no id';

# Over processes, those of CGI among them.
my $third = $other->stream(topic => [$page, $page]);
told($_, 3, 'another process, a topic twice') for $first, $second;
my $cgi = CgiProcess->new(params => Hub::params('GET', Hub::URL_PATH
    . '?topic=' . Hub::encode($page) . '&topic='
    . Hub::encode(path($page))), config_path => $hub->{config_path},
    log => $hub->{log});
told($cgi->opened, 4, 'a CGI program learns it');
told($first, 4, 'and counts');
is ask($page, $other), 4, 'GET at another process';
$cgi->hang_up;
told($first, 3, 'it has left');

# Only who names the topic counts; not those who listen to its number.
my @not = ($hub->stream(topic => ['*', 'https://example.com/products/{id}']),
    $hub->stream(topic => path($page)),
    $hub->stream(topic => 'https://example.com/products/2'));
told($not[1], 3, 'a stream of numbers only');
$third->hang_up;
told($_, 2, 'templates and listeners do not count')
    for $first, $second, $not[1];

# What is in the log, and who is connected, does not change.
$hub->publish_ok(topic => $page, data => 'x');
is $first->next_event->{data}, 'x', 'an update between numbers';
my $again = $hub->stream(topic => [$page, path($page)],
    last_event_id => $id);
my @kinds = map { $again->next_event->{event} || 'message' } 1, 2;
is_deeply [sort @kinds], ['message', 'pushcgi-count'],
    'only the number of now, and the update, for who comes back';
told($first, 3, 'it counts again');

# A killed process.
my $third_hub = Hub->start(config => \%open, queue_of => $hub);
my @there = map { $third_hub->stream(topic => $page) } 1 .. 3;
told($first, 6, 'three at another hub');
process_end($third_hub->{pid}, 'KILL');
told($first, 3, 'they are gone with it');

# Long polling: the first response has the number, later ones end with
# another one, and between two the subscriber counts.
my $topic = 'https://example.com/products/poll';
sub poll {
	my ($h, $at) = @_;

	return $h->stream(topic => [$topic, path($topic)],
	    query => [delivery => 'poll'],
	    defined $at ? (last_event_id => $at) : ());
}
my $at;
sub ended {
	my ($poll) = @_;

	$poll->until('the end', sub { $poll->is_over });
	my @items = $poll->all;
	$at = $items[-1]{id};
	return [map { $json->decode($_->{data})->{count} }
	    grep { $_->{kind} eq 'event' } @items];
}
is_deeply ended(poll($hub)), [1], 'poll: the first ends at once';
is ask($topic), 1, 'poll: it counts between two responses';
my $polls = poll($other, $at);
becomes(1, 'poll: back, at another process', $topic);
my $viewer = $hub->stream(topic => $topic);
is_deeply ended($polls), [1, 2], 'poll: another number ends it';
$viewer->hang_up;
becomes(1, 'poll: one of two has left', $topic);

# Refusals.
for my $row (
    ['https://example.com/secret', 403, qr/MERCURE_COUNTS/, 'not public'],
    ['', 404, qr/percent-encoded/, 'no topic']) {
	my ($t, $status, $like, $name) = @$row;
	my $answer = $hub->request('GET', path($t));

	is $answer->status, $status, "GET, $name: status";
	like $answer->body, $like, "GET, $name: sentence";
	$answer = $hub->subscribe(topic => [$page, path($t)])->finished;
	is $answer->status, $status == 404 ? 400 : $status,
	    "stream, $name: status";
	like $answer->body, $like, "stream, $name: sentence";
}
for my $bad ("{id}", 'a/b', '%00', '%FF') {
	my $answer = $hub->subscribe(
	    topic => Hub::URL_PATH . "/counts/$bad")->finished;

	is $answer->status, 400, "not a topic: $bad";
}
my $many = $hub->subscribe(topic => [map {
    path("https://example.com/products/$_") } 1 .. 17])->finished;
is $many->status, 400, 'too many';
like $many->body, qr/16/, 'too many: the limit';
my $sixteen = $hub->stream(topic => [map {
    path("https://example.com/products/$_") } 1 .. 16]);
is $json->decode($sixteen->next_event->{data})->{count}, 3, 'sixteen may be';
my $post = $hub->request('POST', path($page), 'x');
is $post->status, 405, 'POST: 405';
is $hub->request('HEAD', path($page))->status, 200, 'HEAD';

# Nobody counts for a topic that is not listed, so nothing is stored.
my $default = Hub->start;
my $answer = $default->request('GET', path($page));
is $answer->status, 403, 'by default no number is public';

# Who may not subscribe may not read a number.
my $closed = Hub->start(config => { %open,
    MERCURE_HUB_ALLOW_ANONYMOUS => 'false' });
is $closed->request('GET', path($page))->status, 401, 'anonymous: 401';
is $closed->request('GET', path($page), undef,
    token => Token::subscriber([]))->status, 200, 'with a token: 200';

# Presence knows nothing of counts: no row names them.
my (undef, $rows) = run(['sqlite3', '-readonly', $hub->{queue},
    "SELECT count(*) FROM subscriptions WHERE topic LIKE '%counts%'"]);
is $rows, "0\n", 'no subscription of a count is listed';

done_testing;
