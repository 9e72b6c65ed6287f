# SPDX-License-Identifier: MIT
# Smoke.pm - what has to work behind every web server, and how it is seen.
package Smoke;

use strict;
use warnings;
use Hub;
use H2Connection;
use Presence;
use PushcgiTest;
use Token;

use constant {
	ORIGIN => 'https://page.example',
	METADATA => '/.well-known/oauth-protected-resource' . Hub::URL_PATH,
};

my $path = Hub::URL_PATH;

# What the hub needs to be told for them.
sub settings {
	return (MERCURE_CORS_ALLOWED_ORIGINS => ORIGIN,
	    MERCURE_COUNTS => 'https://example.com/pages/{id}');
}

# The rows of the matrix, in its order: [title, function, how].  A function
# gets a server (see Servers.pm) and the front end, returns what is written
# there, and dies unless it works.  how => 'tls': by HTTP/2 only,
# 'once': by HTTP/1.1 only, else by both.
my @checks = (
	['publish', \&publish],
	['live', \&live],
	['private, by cookie', \&private_by_cookie],
	['private, by header', \&private_by_header],
	['replay after a last event id', \&replay],
	['the subscription API, `%2F` in its path', \&encoded_slashes],
	['numbers of viewers, live and by GET', \&viewers],
	['the path of protocol 1.0\'s metadata', \&metadata_path],
	['HEAD', \&head],
	['OPTIONS', \&options],
	['a body of 1 MiB', \&large_body],
	['a body of 1 MiB in chunks', \&large_body_in_chunks, 'once'],
	['a URL of 7,500 bytes, a cookie of 4,000', \&large_head],
	['a URL of 16,000 bytes', \&larger_head],
	['a browser leaves: noticed', \&leaving],
	['streams at once on one HTTP/2 connection', \&http2_streams, 'tls'],
	['streams at a reload of the server', \&reload, 'once'],
);

sub titles { return map { $_->[0] } @checks }

# All of them for one front end: title => what was found; `tell` is called
# with a sentence about each that failed.
sub results {
	my ($front, $tell) = @_;
	my %carriers = ('HTTP/1.1' => $front->{server},
	    'HTTP/2' => $front->{server}->over_tls);
	my %results;

	for my $row (@checks) {
		my ($title, $check, $how) = (@$row, '');
		my @found = map { one_result($carriers{$_}, $front, $check,
		    sub { $tell->("$front->{name}, $_[1], $title: $_[0]") },
		    $_) } $how eq 'tls' ? 'HTTP/2' : $how eq 'once'
		    ? 'HTTP/1.1' : ('HTTP/1.1', 'HTTP/2');
		$results{$title} = $found[0] eq $found[-1] ? $found[0]
		    : "$found[0] (HTTP/2: $found[-1])";
	}
	return \%results;
}

# The results of all front ends as the README's table.
sub matrix {
	my ($results, @names) = @_;
	my @rows = (['', @names], ['---', map { '---' } @names],
	    map { my $title = $_; [$title, map { $results->{$_}{$title}
		// 'nothing' } @names] } titles());

	return join '', map { '| ' . join(' | ', @$_) . " |\n" } @rows;
}

# What such a table in a text says: title => { name => result }.
sub read_matrix {
	my ($text) = @_;
	my (@names, %shown);
	my %wanted = map { $_ => 1 } titles();

	for my $line ($text =~ /^\| (.*) \|$/mg) {
		my ($title, @cells) = split / \| /, $line;
		@names = @cells if $title eq '' && $line =~ /apache-cgi/;
		$shown{$title} = { map { $names[$_] => $cells[$_] }
		    0 .. $#names } if $wanted{$title} && @names;
	}
	return %shown;
}

sub one_result {
	my ($server, $front, $check, $tell, $protocol) = @_;
	my $found = eval { $check->($server, $front) };

	return $found if defined $found;
	$tell->($@, $protocol);
	return 'no';
}

sub fail { die join(' ', map { $_ // 'undef' } @_), "\n" }

sub publish {
	my ($server) = @_;
	my $answer = $server->publish(topic => 'publish', data => 'x');

	fail('status', $answer->status, $answer->body)
	    unless $answer->status == 200
	    && $answer->body =~ /^urn:uuid:[0-9a-f-]{36}\z/;
	return 'yes';
}

# Each is received before the next is sent: nothing holds it back.
sub live {
	my ($server) = @_;
	my $stream = $server->stream(topic => 'live');

	for my $n (1 .. 5) {
		my $id = $server->publish_ok(topic => 'live', data => $n);
		my $event = $stream->next_event;
		fail('received', %$event)
		    unless $event->{id} eq $id && $event->{data} eq $n;
	}
	$stream->next_comment for 1 .. 2;
	fail($stream->problems) if $stream->problems;
	$stream->hang_up;
	return 'yes';
}

# A private update reaches who presents a token this way, and nobody else.
sub private {
	my ($server, %credentials) = @_;
	my %topics = (topic => ['secret', 'open']);
	my $reader = $server->stream(%topics, %credentials);
	my $stranger = $server->stream(%topics);

	$server->publish_ok(topic => 'secret', data => 's', private => 'on');
	$server->publish_ok(topic => 'open', data => 'end');
	my ($reads, $overhears) = map { join ',', @{ $_->data_until('end') } }
	    $reader, $stranger;
	$_->hang_up for $reader, $stranger;
	fail("received '$reads', a stranger '$overhears'")
	    unless $reads eq 's' && $overhears eq '';
	return 'yes';
}

sub private_by_cookie {
	my ($server) = @_;

	return private($server, cookie => 'mercureAuthorization='
	    . Token::subscriber(['secret']));
}

sub private_by_header {
	my ($server) = @_;

	return private($server, token => Token::subscriber(['secret']));
}

sub replay {
	my ($server) = @_;
	my @ids = map { $server->publish_ok(topic => 'replay', data => $_) }
	    1 .. 3;

	for my $how ({ last_event_id => $ids[0] },
	    { query => [lastEventID => $ids[0]] }) {
		my $stream = $server->stream(topic => 'replay', %$how);
		my @data = map { $stream->next_event->{data} } 1 .. 2;

		$stream->hang_up;
		fail('received', @data) unless "@data" eq '2 3';
	}
	return 'yes';
}

# Is it the hub that speaks, whatever it says?  Web servers answer in HTML.
sub from_the_hub {
	my ($server, $uri, %o) = @_;
	my $answer = $server->request('GET', $uri, undef, %o);
	my $type = $answer->header('Content-Type') || '';

	fail('status', $answer->status, $type, $answer->body)
	    unless $type =~ m{^(?:text/plain|application/(?:\w+\+)?json)\b}
	    && $answer->body !~ /^\s*</;
	return $answer;
}

sub encoded_slashes {
	my ($server) = @_;
	my $topic = 'https://example.com/1';

	from_the_hub($server, api_path($topic), token => all_events());
	my $stream = $server->stream(topic => $topic);
	wait_until('it is listed', sub { @{ there($server, $topic) } == 1 });
	my ($listed) = @{ there($server, $topic) };
	$stream->hang_up;
	fail("listed: $listed") unless $listed =~ /^\Q$topic\E urn:uuid:/;
	return 'yes';
}

sub metadata_path {
	my ($server) = @_;

	from_the_hub($server, METADATA);
	return 'yes';
}

sub head {
	my ($server) = @_;
	my $answer = $server->request('HEAD', "$path?topic=head", undef);

	fail('status', $answer->status, $answer->body)
	    unless $answer->status == 200 && $answer->body eq ''
	    && ($answer->header('Link') || '') =~ /rel="?mercure/;
	return 'yes';
}

# What a browser asks before a page of another origin publishes.
sub options {
	my ($server) = @_;
	my $answer = $server->request('OPTIONS', $path, undef, headers => {
	    Origin => ORIGIN, 'Access-Control-Request-Method' => 'POST',
	    'Access-Control-Request-Headers' => 'authorization' });

	fail('status', $answer->status, $answer->{head})
	    unless $answer->status == 204
	    && ($answer->header('Access-Control-Allow-Origin') || '')
	    eq ORIGIN;
	return 'yes';
}

# An update whose whole form is as long as the hub takes: [data, form].
sub of_1_mib {
	my $form = 'topic=body&data=';
	my $data = 'x' x (1_048_576 - length $form);

	return ($data, $form . $data);
}

sub arrives {
	my ($stream, $data, $answer) = @_;

	fail('status', $answer->status, $answer->body)
	    if $answer->status != 200;
	fail('it did not arrive whole')
	    if $stream->next_event->{data} ne $data;
	$stream->hang_up;
	return 'yes';
}

sub large_body {
	my ($server) = @_;
	my ($data, $form) = of_1_mib();
	my $stream = $server->stream(topic => 'body');

	return arrives($stream, $data, $server->request('POST', $path, $form,
	    token => Token::publisher()));
}

sub large_body_in_chunks {
	my ($server) = @_;
	my ($data, $form) = of_1_mib();
	my $stream = $server->stream(topic => 'body');
	my $http = $server->send_request('POST', $path, undef,
	    token => Token::publisher(), headers => {
		'Transfer-Encoding' => 'chunked',
		'Content-Type' => 'application/x-www-form-urlencoded' });

	while (length(my $chunk = substr $form, 0, 100_000, '')) {
		$http->send_chunk($chunk);
	}
	$http->send_chunk('');
	return arrives($stream, $data, $http->finished);
}

# A stream of many topics, of which the last one receives an update.
sub head_of {
	my ($server, $length, %o) = @_;
	my $last = 'https://example.com/last';
	my $start = "$path?" . Hub::form(topic => [map {
	    "https://example.com/$_/" . 'x' x 900 } 1 .. $length / 1000]);
	my $end = '&' . Hub::form(topic => $last);
	my $url = $start . '&topic=' . 'y' x ($length - length("$start$end")
	    - length '&topic=') . $end;
	my $stream = $server->send_request('GET', $url, undef, %o)->opened;

	fail('the URL has', length $url, 'bytes') if length $url != $length;
	$server->publish_ok(topic => $last, data => 'x', private => 'on');
	$server->publish_ok(topic => $last, data => 'end');
	my $data = join ',', @{ $stream->data_until('end') };
	$stream->hang_up;
	return $data;
}

sub large_head {
	my ($server) = @_;
	my $cookie = 'mercureAuthorization=' . Token::subscriber();
	my $rest = '; other=';
	my $data = head_of($server, 7_500, cookie => $cookie . $rest
	    . 'c' x (4_000 - length "$cookie$rest"));

	fail("received '$data'") if $data ne 'x';
	return 'yes';
}

sub larger_head {
	my ($server) = @_;

	head_of($server, 16_000);
	return 'yes';
}

sub leaving {
	my ($server, $front) = @_;

	wait_until('nothing is left of the checks before',
	    sub { $front->requests_open == 0 });
	my @streams = map { $server->stream(topic => 'leave') } 1 .. 3;
	fail($front->requests_open, 'of 3 are open')
	    if $front->requests_open != @streams;
	wait_until('they are listed',
	    sub { @{ there($server, 'leave') } == @streams });
	$_->hang_up for @streams;
	wait_until('the hub has let them go',
	    sub { $front->requests_open == 0 });
	wait_until('nobody is listed',
	    sub { !@{ there($server, 'leave') } });
	return 'yes';
}

# Others may be slow to leave, so each check has a page of its own.
my $pages = 0;
sub viewers {
	my ($server) = @_;
	my $page = 'https://example.com/pages/' . $pages++;
	my $number = "$path/counts/" . Hub::encode($page);
	my $first = $server->stream(topic => [$page, $number]);
	my $second = $server->stream(topic => $page);

	wait_until('the stream has the number of both', sub {
		return $first->next_event->{data} =~ /:2\}$/;
	});
	my $answer = $server->request('GET', $number);
	fail($answer->body, 'by GET')
	    if $answer->body ne qq({"topic":"$page","count":2});
	$_->hang_up for $first, $second;
	return 'yes';
}

# As many as the server allows, or more than any browser would open.
sub http2_streams {
	my ($server) = @_;
	my $connection = H2Connection->new(port => $server->{port},
	    authority => $server->{authority});

	$connection->get("$path?topic=http2")
	    for 1 .. $connection->streams_allowed(150);
	# Those that are answered live on while the others wait.
	$connection->until('keep-alives without a further answer',
	    sub { $connection->keep_alives_since >= 4 });
	my $n = $connection->answered;
	$connection->hang_up;
	return $n;
}

# The server reads its configuration again, while updates are published on
# this machine: none is lost and none comes twice, on one stream or on two.
sub reload {
	my ($server, $front) = @_;
	my $publish = sub {
		my ($status, undef, $err) = $front->{hub}->helper(
		    ['publish', 'reload', @_]);
		fail("pushcgi publish: $err") if $status;
	};
	my $stream = $server->stream(topic => 'reload', cursor => 1);
	my $cursor = $stream->next_cursor;

	$publish->('before');
	my $is_over = $front->reload;
	$publish->('during');
	wait_until('the server has done it', sub {
		$stream->pump(0);
		# lighttpd's old process serves its streams for a moment.
		return $stream->is_over
		    || $front->{name} !~ /^lighttpd/ && $is_over->();
	});
	$publish->('after');
	my @data;
	my $next = sub { push @data, $stream->next_event->{data} };
	eval { $next->() until @data == 3 };
	my $stays = !$stream->is_over;
	if (!$stays) {
		$cursor = $stream->{sse}->last_event_id // $cursor;
		$stream->hang_up;
		$stream = $server->stream(topic => 'reload',
		    last_event_id => $cursor);
		$next->() until @data >= 3;
	}
	$stream->hang_up;
	fail("received '@data'") unless "@data" eq 'before during after';
	return $stays ? 'stay' : 'resume';
}

1;
