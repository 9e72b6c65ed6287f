# SPDX-License-Identifier: MIT
# headers.t - what an answer tells caches, proxies and scripts.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use Test::More;

my $path = Hub::URL_PATH;
my $hub = Hub->start(config => { MERCURE_CORS_ALLOWED_ORIGINS =>
    'https://app.example http://other.example:8080' });

sub has {
	my ($answer, $name, $pattern, $what) = @_;
	my $value = $answer->header($name);

	like defined $value ? $value : '', $pattern, "$what: $name";
}

my $stream = $hub->stream(topic => 'a');
has($stream, 'Content-Type', qr{^text/event-stream\b}, 'stream');
has($stream, 'X-Accel-Buffering', qr/^no\z/, 'stream');
has($stream, 'Cache-Control', qr/\bno-store\b/, 'stream');
has($stream, 'Link',
    qr{^<(?:http://hub\.example)?/\.well-known/mercure>; rel="mercure"},
    'stream');
is $stream->header('Content-Length'), undef, 'stream: no length';
my $tokened = $hub->stream(topic => 'a',
    query => [authorization => Token::subscriber()]);
has($tokened, 'Cache-Control', qr/\bprivate\b/, 'token in the query');
has($tokened, 'Cache-Control', qr/\bno-store\b/, 'token in the query');
unlike $tokened->{head}, qr/eyJ/, 'the token is not repeated';
has($hub->publish(topic => 'a', token => undef,
    query => [authorization => Token::publisher()]), 'Cache-Control',
    qr/\bprivate\b/, 'publish, token in the query');
has($hub->publish(topic => 'a'), 'Cache-Control', qr/\bno-store\b/,
    'publish');
has($hub->request('GET', "$path?x"), 'Cache-Control', qr/\bno-store\b/,
    'error');

# A whole answer tells its length; HEAD tells that of GET.
for my $row (
    ['publish', $hub->publish(topic => 'a')],
    ['error', $hub->request('GET', "$path?x")],
    ['not found', $hub->request('GET', "$path/nowhere")],
    ['method', $hub->request('PUT', $path, 'x')]) {
	my ($name, $answer) = @$row;

	is $answer->header('Content-Length'), length $answer->body,
	    "$name: length";
}
# Between the two nobody comes or goes.
my $quiet = Hub->start;
for my $row (
    ['error', "$path?x", 400],
    ['subscriptions', "$path/subscriptions", 200]) {
	my ($name, $uri, $status) = @$row;
	my ($get, $head) = map { $quiet->request($_, $uri, undef,
	    token => Token::subscriber(['*'])) } qw(GET HEAD);

	is $head->status, $status, "HEAD, $name: status";
	is $head->body, '', "HEAD, $name: no body";
	is $head->header('Content-Length'), length $get->body,
	    "HEAD, $name: length of GET";
}
for my $row (['HEAD of a stream', 'HEAD', 200], ['204', 'OPTIONS', 204]) {
	my ($name, $method, $status) = @$row;
	my $answer = $hub->request($method, "$path?topic=a");

	is $answer->status, $status, "$name: status";
	is $answer->header('Content-Length'), undef, "$name: no length";
}

my $public = Hub->start(config => {
    MERCURE_PUBLIC_HUB_URL => 'https://public.example/.well-known/mercure' });
has($public->stream(topic => 'a'), 'Link',
    qr{^<https://public\.example/\.well-known/mercure>; rel="mercure"; last},
    'public URL');

# [origin, is it listed]
my @origins = (
	['https://app.example', 1],
	['http://other.example:8080', 1],
	['http://app.example', 0],
	['https://app.example:444', 0],
	['https://app.example.evil', 0],
	['https://APP.example', 0],
	['https://app.example/', 0],
	['https://app.example:443', 0],
	['https://app.example.', 0],
	['https://app.example, https://app.example', 0],
	['https://app.example http://other.example:8080', 0],
	['https://evil.example https://app.example', 0],
	['app.example', 0],
	['', 0],
	['https://evil.example', 0],
	['null', 0],
	['*', 0],
);
# [name, how to ask with these headers]
my @asks = (
	['stream', sub { $hub->stream(topic => 'a', headers => $_[0]) }],
	['HEAD', sub { $hub->request('HEAD', "$path?topic=a", undef,
	    headers => $_[0]) }],
	['publish', sub { $hub->publish(topic => 'a', headers => $_[0]) }],
	['error', sub { $hub->request('GET', $path, undef,
	    headers => $_[0]) }],
	['401', sub { $hub->request('GET', "$path?topic=a", undef,
	    token => 'x', headers => $_[0]) }],
	['preflight', sub { $hub->request('OPTIONS', $path, undef, headers =>
	    { 'Access-Control-Request-Method' => 'POST',
	    'Access-Control-Request-Headers' => 'authorization', %{ $_[0] } })
	    }],
);
for my $ask (@asks) {
	my ($what, $send) = @$ask;

	for my $row (@origins) {
		my ($origin, $listed) = @$row;
		my $answer = $send->({ Origin => $origin });

		is $answer->header('Access-Control-Allow-Origin'),
		    $listed ? $origin : undef, "$what, $origin: origin";
		is $answer->header('Access-Control-Allow-Credentials'),
		    $listed ? 'true' : undef, "$what, $origin: credentials";
		has($answer, 'Vary', qr/\bOrigin\b/i, "$what, $origin");
		$answer->hang_up;
	}
	my $none = $send->({});
	is $none->header('Access-Control-Allow-Origin'), undef,
	    "$what: nothing without an Origin";
	has($none, 'Vary', qr/\bOrigin\b/i, "$what without an Origin");
}

my $listed = $hub->stream(topic => 'a',
    headers => { Origin => 'https://app.example' });
has($listed, 'Access-Control-Expose-Headers', qr/\bLast-Event-ID\b/i,
    'stream');
has($listed, 'Access-Control-Expose-Headers', qr/\bLink\b/i, 'stream');
has($listed, 'Access-Control-Expose-Headers', qr/\bPushcgi-Subscriber\b/i,
    'stream');
my $preflight = $asks[5][1]->({ Origin => 'https://app.example' });
like $preflight->status, qr/^20[04]\z/, 'a preflight succeeds';
has($preflight, 'Access-Control-Allow-Methods', qr/\b$_\b/, 'preflight')
    for qw(GET POST);
has($preflight, 'Access-Control-Allow-Headers', qr/\b$_\b/i, 'preflight')
    for qw(Authorization Last-Event-ID Cache-Control Content-Type
    X-Requested-With Traceparent Tracestate Baggage Sentry-Trace Pragma);
is $preflight->body, '', 'preflight: no body';

my $plain = Hub->start;
is $plain->stream(topic => 'a', headers => { Origin => 'http://hub.example' })
    ->header('Access-Control-Allow-Origin'), undef,
    'no list, no CORS';

# The log says what to write where.
my $log = $hub->log_text;
my $list = 'setting=MERCURE_CORS_ALLOWED_ORIGINS';
like $log, qr{refused origin=https://evil\.example client=\S+ $list\n},
    'an origin to be listed';
unlike $log, qr{refused origin=https://app\.example }, 'not a listed one';
unlike $log, qr/origin=(?:null|\*| )/, 'nor what cannot be listed';
$plain->publish(topic => 'a', headers => { Origin => 'http://hub.example' });
unlike $plain->log_text, qr{origin=http://hub\.example $list},
    'nor the hub\'s own';

# What comes from outside cannot forge a header.
my $forged = $hub->send_request('GET', "$path?topic=a", undef,
    params => [HTTP_ORIGIN => "https://app.example\r\nForged: 1"]);
is $forged->header('Forged'), undef, 'an Origin with line breaks';
my $host = $plain->send_request('GET', "$path?topic=a", undef,
    headers => { Host => "hub.example\r\nForged: 1" });
is $host->header('Forged'), undef, 'a Host with line breaks';
my $quote = $plain->send_request('GET', "$path?topic=a", undef,
    headers => { Host => 'hub.example/>; rel="self", <http://evil' });
unlike $quote->header('Link') || '', qr/rel="self"/,
    'a Host cannot add a link';

done_testing;
