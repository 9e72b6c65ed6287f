# SPDX-License-Identifier: MIT
# routes.t - which method is answered where.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use Test::More;

my $hub = Hub->start;
my $path = Hub::URL_PATH;

# [name, method, URI, status, Allow must have]
my @rows = (
	['HEAD of a subscription', 'HEAD', "$path?topic=a", 200],
	['HEAD without a topic', 'HEAD', $path, 400],
	['GET without a topic', 'GET', $path, 400],
	['GET with an empty query', 'GET', "$path?", 400],
	['OPTIONS', 'OPTIONS', $path, 204, 'GET'],
	['OPTIONS with a query', 'OPTIONS', "$path?topic=a", 204, 'GET'],
	['PUT', 'PUT', $path, 405, 'GET'],
	['DELETE', 'DELETE', "$path?topic=a", 405, 'GET'],
	['PATCH', 'PATCH', $path, 405, 'POST'],
	['a method nobody knows', 'BREW', $path, 405, 'POST'],
	['methods are case-sensitive', 'post', $path, 405, 'POST'],
	['the root', 'GET', '/', 404],
	['a path above', 'GET', '/.well-known/', 404],
	['a longer name', 'GET', "${path}s?topic=a", 404],
	['a path below', 'GET', "$path/nowhere?topic=a", 404],
	['an encoded slash is no slash', 'GET',
	    '/.well-known%2Fmercure?topic=a', 404],
	['an encoded letter is not decoded', 'GET',
	    '/%2Ewell-known/mercure?topic=a', 404],
	['two slashes', 'GET', "/$path?topic=a", 404],
	['a slash behind', 'GET', "$path/?topic=a", 404],
	['POST elsewhere', 'POST', '/publish', 404],
	['the absolute form', 'HEAD', "http://hub.example$path?topic=a", 200],
	['the absolute form of https', 'HEAD',
	    "https://hub.example:8443$path?topic=a", 200],
	['an empty request URI', 'GET', '', 400],
);

for my $row (@rows) {
	my ($name, $method, $uri, $status, $allow) = @$row;
	my $answer = $hub->request($method, $uri,
	    $method =~ /^(?:GET|HEAD|OPTIONS)\z/ ? undef : 'topic=a');

	is $answer->status, $status, "$name: status";
	like $answer->header('Allow') || '', qr/\b$allow\b/, "$name: Allow"
	    if $allow;
	ok $answer->{ended} && $answer->{app_status} == 0, "$name: ended";
	is $answer->problems, '', "$name: no problems";
	next if $status < 400;
	like $answer->header('Content-Type'), qr{^text/plain\b},
	    "$name: a plain text";
	like $answer->body, qr/^[^\n]{10,}[.]?\n?\z/,
	    "$name: one sentence" unless $method eq 'HEAD';
}

my $head = $hub->request('HEAD', "$path?topic=a");
is $head->body, '', 'HEAD has no body';
like $head->header('Content-Type'), qr{^text/event-stream\b},
    'HEAD has the type of the stream';
my $get = $hub->stream(topic => 'a');
for my $name (qw(Content-Type Cache-Control X-Accel-Buffering)) {
	is $head->header($name), $get->header($name),
	    "HEAD and GET agree on $name";
}

# The server's idea of a path may differ; only the raw URI counts.
my $odd = $hub->send_request('GET', "$path?topic=%2Fa", undef,
    params => [PATH_INFO => '/elsewhere', PATH_TRANSLATED => '/nowhere']);
$odd->opened;
$hub->publish_ok(topic => '/a', data => 'raw');
is $odd->next_event->{data}, 'raw', 'routing reads REQUEST_URI alone';

my $off = Hub->start(config => { MERCURE_HUB_ALLOW_PUBLISH => 'false' });
my $post = $off->publish(topic => 'a', data => 'x');
is $post->status, 405, 'publishing switched off: 405';
like $post->header('Allow'), qr/\bGET\b/, 'its Allow has GET';
unlike $post->header('Allow'), qr/\bPOST\b/, 'its Allow has no POST';
like $post->body, qr/MERCURE_HUB_ALLOW_PUBLISH/,
    'the sentence names the setting';

done_testing;
