# SPDX-License-Identifier: MIT
# InSite.pm - what a hub must do, whatever a site has around it, and what the site's pages are.
package InSite;

use strict;
use warnings;
use Hub;
use Presence;
use PushcgiTest;
use Token;

use constant ORIGIN => 'https://page.example';

my $path = Hub::URL_PATH;
my $alice = 'Basic YWxpY2U6d29uZGVybGFuZA==';
# What filters change.
my $text = "data token x &<!--#echo --> \xc3\xa9 \xe2\x82\xac";

sub settings { return (MERCURE_CORS_ALLOWED_ORIGINS => ORIGIN) }

# Pages of a site, each as a stranger and as somebody with a password gets it:
# path => text.
sub pages {
	my ($server) = @_;
	my %seen;

	for my $page ('/page.php', '/static.html', '/absent.html',
	    '/absent.php', '/.hidden', '/other/path', '/error.html') {
		for my $headers ({}, { Authorization => $alice }) {
			my $answer = $server->request('GET', $page, undef,
			    headers => { 'Accept-Encoding' => 'gzip, br',
				%$headers });

			$seen{"$page " . join ' ', %$headers} = join "\n",
			    $answer->status // 'nothing', map({
				"$_: " . ($answer->header($_) // '')
			    } 'Content-Type', 'Content-Encoding',
				'Cache-Control', 'WWW-Authenticate',
				'Access-Control-Allow-Origin'), $answer->body;
		}
	}
	return \%seen;
}

sub fail { die join(' ', map { $_ // 'nothing' } @_), "\n" }

sub is_header {
	my ($answer, $name, $wanted) = @_;
	my $value = $answer->header($name) // '';

	fail("$name: $value") if $value !~ $wanted;
}

# Each is received before the next is sent: nothing holds it back.
sub streams {
	my ($server) = @_;
	my $stream = $server->send_request('GET', "$path?topic=a", undef,
	    headers => { 'Accept-Encoding' => 'gzip, deflate, br' });

	fail('status', $stream->status, $stream->body)
	    if ($stream->status // 0) != 200;
	is_header($stream, 'Content-Type', qr{^text/event-stream\z});
	is_header($stream, 'Content-Encoding', qr/^\z/);
	is_header($stream, 'Cache-Control', qr/\bno-store\b/);
	$stream->opened;
	for my $n (1 .. 3) {
		my $id = $server->publish_ok(topic => 'a', data => "$n $text");
		my $event = $stream->next_event;

		fail("received $event->{id} $event->{data}, published $id")
		    if "$event->{id} $event->{data}" ne "$id $n $text";
	}
	$stream->next_comment;
	fail($stream->problems) if $stream->problems;
	return $stream->hang_up;
}

# The same URL again, as a cache would answer, and several at once.
sub again {
	my ($server) = @_;
	my @streams = map { $server->stream(topic => 'a') } 1 .. 4;

	$server->publish_ok(topic => 'a', data => 'x');
	for my $stream (@streams) {
		my $data = $stream->next_event->{data};

		fail("received $data") if $data ne 'x';
		$stream->hang_up;
	}
}

# A token in a header, and one in a cookie beside a site's password.
sub tokens {
	my ($server) = @_;
	my $token = Token::subscriber(['private']);
	my @streams = ($server->stream(topic => 'private', token => $token),
	    $server->stream(topic => 'private',
		cookie => "mercureAuthorization=$token",
		headers => { Authorization => $alice }));

	$server->publish_ok(topic => 'private', data => 'x', private => 'on');
	$_->next_event for @streams;
	$_->hang_up for @streams;
}

# [method, path, body, options, status]
my @refusals = (
	['GET', $path, undef, {}, 400],
	['POST', $path, 'topic=a', {}, 401],
	['GET', "$path?topic=a", undef, { token => 'x.y.z' }, 401],
	['POST', $path, 'topic=a&data=x', { token =>
	    Token::publisher(['b']) }, 403],
	['GET', "$path/nowhere", undef, {}, 404],
	['PUT', $path, 'x', {}, 405],
	['POST', $path, 'topic=a&data=' . 'x' x 1_060_000, { token =>
	    Token::publisher() }, 413],
	['POST', $path, '{}', { token => Token::publisher(), headers => {
	    'Content-Type' => 'application/json' } }, 415],
);

# The hub's own sentences, with its status.
sub refuses {
	my ($server) = @_;

	for my $row (@refusals) {
		my ($method, $uri, $body, $o, $status) = @$row;
		my $answer = $server->request($method, $uri, $body, %$o);

		fail("$status:", $answer->status, $answer->body)
		    if ($answer->status // 0) != $status
		    || $answer->body !~ /^[A-Z][^\n<]+\n?\z/
		    || $answer->body =~ /DATA|TOKEN/;
		is_header($answer, 'Content-Type',
		    qr{^text/plain; ?charset=utf-8\z}i);
		is_header($answer, 'WWW-Authenticate',
		    $status == 401 ? qr/^Bearer\b(?!.*Basic)/ : qr//);
	}
}

# What the server refuses itself: not with a page of the site that says 200, nor
# by sending the publisher to another place; Apache names the setting.
sub too_large {
	my ($server, $name) = @_;
	my $answer = $server->request('POST', $path, 'topic=a&data='
	    . 'x' x 1_200_000, token => Token::publisher());

	fail('status', $answer->status) if ($answer->status // 0) != 413;
	fail($answer->body) if $name =~ /^apache/
	    && $answer->body !~ /^The \w+ is longer .*\(\w+[^()]*\)\.?$/;
}

sub other_methods {
	my ($server) = @_;
	my $head = $server->request('HEAD', "$path?topic=a", undef);
	my $options = $server->request('OPTIONS', $path, undef, headers => {
	    Origin => ORIGIN, 'Access-Control-Request-Method' => 'POST',
	    'Access-Control-Request-Headers' => 'authorization' });
	my $refused = $server->request('POST', $path, 'topic=a',
	    headers => { Origin => ORIGIN });

	fail('HEAD', $head->status) if ($head->status // 0) != 200;
	is_header($head, 'Link', qr/rel="?mercure/);
	fail('OPTIONS', $options->status) if ($options->status // 0) != 204;
	is_header($_, 'Access-Control-Allow-Origin', qr/^\Q@{[ORIGIN]}\E\z/)
	    for $options, $refused;
}

# Also topics that look like pages of PHP, and hidden files.
sub lists {
	my ($server) = @_;

	for my $topic ('https://example.com/x.php', '.hidden') {
		my $uri = api_path($topic);
		my $list = $server->request('GET', $uri, undef,
		    token => all_events());
		my $refused = $server->request('GET', $uri, undef);

		fail($topic, $list->status, $list->body)
		    if ($list->status // 0) != 200;
		is_header($list, 'Content-Type', qr/json/);
		fail($topic, $refused->status, $refused->body)
		    if ($refused->status // 0) != 401;
	}
	my $metadata = $server->request('GET',
	    "/.well-known/oauth-protected-resource$path", undef);
	is_header($metadata, 'Content-Type', qr{^text/plain\b|\bjson\b});
}

# A password of the site that stays in force for the hub: a browser sends it with
# the streams of the site's own pages, and a stranger gets nothing.
sub password_problems {
	my ($front) = @_;
	my ($server, $hub) = @$front{qw(server hub)};
	my $cookie = 'mercureAuthorization=' . Token::subscriber(['private']);

	return () if eval {
		for my $cookie (undef, $cookie) {
			my $refused = $server->request('GET',
			    "$path?topic=private", undef, cookie => $cookie);

			fail('no password:', $refused->status)
			    if ($refused->status // 0) != 401;
			is_header($refused, 'WWW-Authenticate', qr/^Basic\b/);
		}
		my $stream = $server->stream(topic => 'private',
		    cookie => $cookie, headers => { Authorization => $alice });
		for my $n (1 .. 3) {
			my ($status, undef, $err) = $hub->helper(['publish',
			    '--private', 'private', $n]);

			fail('publish:', $err) if $status;
			my $data = $stream->next_event->{data};
			fail("received $data, published $n") if $data ne $n;
		}
		$stream->hang_up;
		1;
	};
	return (['password', $@ =~ s/\n\tAnswer::.*//sr]);
}

my @all = (
	['streams' => \&streams], ['refusals' => \&refuses],
	['other methods' => \&other_methods], ['more streams' => \&again],
	['tokens' => \&tokens], ['too large' => \&too_large],
	['lists' => \&lists],
);

# What does not work: [name, why]; only the first one if `first`.
sub problems {
	my ($front, $first) = @_;
	my @problems;

	for my $row (@all) {
		my ($what, $works) = @$row;

		next if eval { $works->(@$front{qw(server name)}); 1 };
		push @problems, [$what, $@ =~ s/\n\tAnswer::.*//sr];
		last if $first;
	}
	return @problems;
}

1;
