# SPDX-License-Identifier: MIT
# ServerCases.pm - what must work behind every web server.
package ServerCases;

use strict;
use warnings;
use Exporter qw(import);
use Hub;
use PushcgiTest;
use Servers;
use Test::More;

our @EXPORT = qw(hub_through host_applications notices_leaving survives_reload
    hub_comes_back);

my $path = Hub::URL_PATH;

# Publish and stream through `server`; `what` names it in the results.
sub hub_through {
	my ($server, $what) = @_;

	streams_live($server, $what);
	private_by_cookie($server, $what);
	publishes_by_cookie($server, $what);
	goes_on($server, $what);
	urls_arrive_raw($server, $what);
	short_answers($server, $what);
	large_updates($server, $what);
}

sub streams_live {
	my ($server, $what) = @_;
	my $stream = $server->stream(topic => 'live', cursor => 1);

	like $stream->header('Cache-Control'), qr/no-store/,
	    "$what: not to be stored";
	# Each is received before the next is sent: nothing holds it back.
	for my $n (1 .. 5) {
		my $id = $server->publish_ok(topic => 'live', data => $n);
		my $event = $stream->next_event;
		is "$event->{id} $event->{data}", "$id $n", "$what: live $n";
	}
	$stream->next_comment;
	$stream->next_comment;
	pass "$what: comments on silence";
	is $stream->problems, '', "$what: a clean stream";
	$stream->hang_up;
}

sub private_by_cookie {
	my ($server, $what) = @_;
	my $cookie = 'mercureAuthorization=' . Token::subscriber(['secret']);
	my %stream = (
		cookie => $server->stream(topic => ['secret', 'open'],
		    cookie => $cookie),
		header => $server->stream(topic => ['secret', 'open'],
		    token => Token::subscriber(['secret'])),
		nobody => $server->stream(topic => ['secret', 'open']),
	);

	$server->publish_ok(topic => 'secret', data => 's', private => 'on');
	$server->publish_ok(topic => 'open', data => 'end');
	is_deeply $stream{cookie}->data_until('end'), ['s'],
	    "$what: private by cookie";
	is_deeply $stream{header}->data_until('end'), ['s'],
	    "$what: private by header";
	is_deeply $stream{nobody}->data_until('end'), [],
	    "$what: not for others";
	$_->hang_up for values %stream;
}

# The server must tell the whole Host, or the hub's own pages look foreign.
sub publishes_by_cookie {
	my ($server, $what) = @_;

	for my $row (["http://127.0.0.1:$server->{port}", 200],
	    ['http://127.0.0.1:1', 403], ['https://elsewhere.example', 403]) {
		my ($origin, $status) = @$row;
		my $answer = $server->request('POST', $path, 'topic=cookie',
		    headers => { Origin => $origin }, cookie =>
		    'mercureAuthorization=' . Token::publisher());

		is $answer->status, $status,
		    "$what: a page of $origin publishes by cookie: $status";
	}
}

sub goes_on {
	my ($server, $what) = @_;
	my $first = $server->stream(topic => 'resume', cursor => 1);
	my $cursor = $first->next_cursor;
	$first->hang_up;
	my @ids = map { $server->publish_ok(topic => 'resume', data => $_) }
	    1 .. 3;

	for my $row (['Last-Event-ID', { last_event_id => $ids[0] }, 2],
	    ['a cursor', { last_event_id => $cursor }, 1],
	    ['the parameter', { query => [lastEventID => $ids[1]] }, 3],
	    ['a cursor as parameter', { query => [lastEventID => $cursor] },
		1]) {
		my ($name, $options, $next) = @$row;
		my $stream = $server->stream(topic => 'resume', %$options);

		is $stream->next_event->{data}, $next, "$what: $name";
		ok defined $stream->header('Last-Event-ID'),
		    "$what: $name: the header of the answer";
		$stream->hang_up;
	}
}

# Servers decode and merge what they pass on; the hub reads what was sent.
sub urls_arrive_raw {
	my ($server, $what) = @_;
	my @topics = ('https://example.com/a/b', 'https://example.com/a%2Fb',
	    'a//b/../c', 'a+b c&d=e;f', "caf\xc3\xa9", '~%41', '%');

	for my $topic (@topics) {
		my $stream = $server->stream(topic => $topic);
		$server->publish_ok(topic => $_, data => $_) for @topics;
		is $stream->next_event->{data}, $topic,
		    "$what: topic $topic";
		$stream->hang_up;
	}
	my $below = $server->request('GET',
	    "$path/nowhere/https%3A%2F%2Fexample.com%2Fa", undef);
	is $below->status, 404, "$what: %2F in the path";
	like $below->header('Content-Type') || '', qr{^text/plain\b},
	    "$what: %2F in the path reaches the hub";
}

sub short_answers {
	my ($server, $what) = @_;

	# [name, method, path, body, options, status]
	for my $row (
	    ['HEAD', 'HEAD', "$path?topic=a", undef, {}, 200],
	    ['OPTIONS', 'OPTIONS', $path, undef, {}, 204],
	    ['PUT', 'PUT', $path, 'x', {}, 405],
	    ['no token', 'POST', $path, 'topic=a', {}, 401],
	    ['a bad token', 'GET', "$path?topic=a", undef,
		{ token => 'x.y.z' }, 401],
	    ['no topic', 'GET', $path, undef, {}, 400],
	    ['a wrong type', 'POST', $path, '{}', { token =>
		Token::publisher(), headers => { 'Content-Type' =>
		'application/json' } }, 415],
	    ) {
		my ($name, $method, $uri, $body, $options, $status) = @$row;
		my $answer = $server->request($method, $uri, $body,
		    %$options);

		is $answer->status, $status, "$what: $name: $status";
	}
	my $bad = $server->request('POST', $path, 'topic=a');
	like $bad->header('WWW-Authenticate') || '', qr/^Bearer\b/,
	    "$what: WWW-Authenticate";
	like $bad->body, qr/^[^\n<]+\n?\z/, "$what: the hub's own sentence";
}

sub large_updates {
	my ($server, $what) = @_;
	my $stream = $server->stream(topic => 'large');

	for my $size (1000, 70_000, 300_000, 1_000_000) {
		$server->publish_ok(topic => 'large', data => 'x' x $size);
		is length $stream->next_event->{data}, $size,
		    "$what: $size bytes";
	}
	my $more = $server->publish(topic => 'large', data => 'x' x 1_048_576);
	is $more->status, 413, "$what: over the limit";
	like $more->body, qr/MERCURE_MAX_BODY/, "$what: by the hub";
	$stream->hang_up;
}

# How many sockets a process holds.
sub sockets {
	my ($pid) = @_;

	return scalar grep { (readlink($_) || '') =~ /^socket:/ }
	    glob "/proc/$pid/fd/*";
}

# The hub of this pid lets streams go whose visitors have left.
sub notices_leaving {
	my ($server, $pid, $what) = @_;
	my @streams = map { $server->stream(topic => 'leave') } 1 .. 10;

	cmp_ok sockets($pid), '>=', 10, "$what: ten streams open";
	$_->hang_up for @streams;
	wait_until('the hub has let ten streams go',
	    sub { sockets($pid) <= 3 });
	pass "$what: the hub notices that they have left";
}

# `signal` makes the server read its configuration again: streams stay with
# its old processes, which go when those have ended.
sub survives_reload {
	my ($server, $signal, $what) = @_;
	my $stream = $server->stream(topic => 'reload');
	my %old = map { $_ => 1 } $server->workers;

	kill $signal, $server->{pid};
	wait_until("$what has new processes",
	    sub { grep { !$old{$_} } $server->workers });
	for my $n (1 .. 3) {
		$server->publish_ok(topic => 'reload', data => $n);
		is $stream->next_event->{data}, $n,
		    "$what, a reload: the stream goes on, $n";
		$stream->next_comment;
	}
	is $stream->problems, '', "$what, a reload: a clean stream";
	$stream->hang_up;
	wait_until('the old processes are gone',
	    sub { !grep { $old{$_} } $server->workers });
	pass "$what, a reload: the old processes go with their streams";
}

# The hub ends and starts again while the server runs.
sub hub_comes_back {
	my ($server, $hub, $what) = @_;
	my $stream = $server->stream(topic => 'back', cursor => 1);
	my $cursor = $stream->next_cursor;

	is $hub->stop, 0, "$what: the hub ends";
	$stream->finished;
	ok $stream->{ended}, "$what: and the answer was complete";
	is $stream->problems, '', "$what: without a problem";
	like $server->publish(topic => 'back', data => 'lost')->status,
	    qr/^50[23]\z/, "$what: without a hub: an error";
	$hub->start;
	is $server->publish(topic => 'back', data => 'next')->status, 200,
	    "$what: the next hub is found at once";
	is $server->stream(topic => 'back', last_event_id => $cursor)
	    ->next_event->{data}, 'next', "$what: and goes on";
}

# The PHP page and the Perl script set the cookie, print the URL, publish.
sub host_applications {
	my ($server, $what) = @_;

	for my $row (['PHP', '/app/example.php', 'https://example.com/php'],
	    ['Perl', '/app/example.cgi', 'https://example.com/perl']) {
		my ($name, $page, $topic) = @$row;
		my $shown = $server->request('GET', $page, undef);

		is $shown->status, 200, "$what, $name: the page";
		my ($url) = $shown->body =~ m{<code id="url">([^<]*)</code>};
		is $url =~ s/&amp;lastEventID=%23[\w-]+\z//r,
		    "http://127.0.0.1:$server->{port}$path?"
		    . Hub::form(topic => $topic), "$what, $name: the URL";
		my $set = $shown->header('Set-Cookie') || '';
		like $set, qr/^mercureAuthorization=[\w.-]+;.*HttpOnly/i,
		    "$what, $name: the cookie";
		my ($cookie) = $set =~ /^([^;]*)/;
		my $topics = [$topic, 'open'];
		my $visitor = $server->stream(topic => $topics,
		    cookie => $cookie);
		my $stranger = $server->stream(topic => $topics);
		my $post = $server->request('POST', $page,
		    Hub::form(data => "from $name & \"caf\xc3\xa9\"\n"));

		is $post->status, 200, "$what, $name: publishes";
		my ($id) = $post->body =~ /(urn:uuid:\S+)/;
		$server->publish_ok(topic => 'open', data => 'end');
		is_deeply [ $visitor->events_until('end') ], [ { kind =>
		    'event', id => $id, data => "from $name & \"caf\xc3\xa9\"\n"
		    } ], "$what, $name: the visitor receives it";
		is_deeply $stranger->data_until('end'), [],
		    "$what, $name: a stranger does not";
		$_->hang_up for $visitor, $stranger;
	}
}

1;
