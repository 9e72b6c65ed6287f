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

our @EXPORT = qw(hub_through host_applications);

my $path = Hub::URL_PATH;

# Publish and stream through `server`; `what` names it in the results.
sub hub_through {
	my ($server, $what) = @_;

	streams_live($server, $what);
	private_by_cookie($server, $what);
	goes_on($server, $what);
	urls_arrive_raw($server, $what);
	short_answers($server, $what);
	large_updates($server, $what);
}

sub streams_live {
	my ($server, $what) = @_;
	my $stream = $server->stream(topic => 'live', cursor => 1);

	is $stream->header('X-Accel-Buffering'), 'no', "$what: no buffering";
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
	is $stream->faults, '', "$what: a clean stream";
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
	is $server->publish(topic => 'large', data => 'x' x 1_048_576)
	    ->status, 413, "$what: over the limit";
	$stream->hang_up;
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
		is $url, "http://127.0.0.1:$server->{port}$path?"
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
