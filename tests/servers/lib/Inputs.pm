# SPDX-License-Identifier: MIT
# Inputs.pm - what limits and checks of the hub are told by a web server, seen by what they do.
package Inputs;

use strict;
use warnings;
use Hub;
use Presence;
use PushcgiTest;
use Token;

# We ask from the first as a proxy whose word is believed, and from the other as
# anybody else.
use constant { PROXY => '127.0.0.1', STRANGER => '127.0.0.2' };
use constant { STREAMS => 2, BODY => 2000 };

my $path = Hub::URL_PATH;

sub settings {
	return (MERCURE_PUBLIC_HUB_URL => undef,
	    MERCURE_TRUSTED_PROXIES => PROXY,
	    MERCURE_MAX_CONNECTIONS_PER_ADDRESS => STREAMS,
	    MERCURE_MAX_CONNECTIONS_PER_TOKEN => STREAMS,
	    MERCURE_MAX_BODY => BODY, MERCURE_MAX_MATCHERS => 3,
	    MERCURE_MAX_TOPIC_LENGTH => 64);
}

# The rows: [the parameter, what it is for, function].  A function gets a
# server (see Servers.pm), and dies unless the input has arrived.
my @checks = (
	['REMOTE_ADDR', 'streams of a client are counted', \&stranger],
	['REMOTE_ADDR', 'nobody else is believed', \&not_believed],
	['HTTP_X_FORWARDED_FOR', 'a proxy\'s clients are counted apart',
	    \&forwarded_for],
	['HTTP_FORWARDED', 'a proxy\'s clients are counted apart',
	    \&forwarded],
	['HTTP_X_FORWARDED_FOR', 'what a client adds gives it no more',
	    \&forged],
	['HTTP_COOKIE', 'streams of a token are counted',
	    sub { token($_[0], cookie => "mercureAuthorization=$_[1]") }],
	['HTTP_AUTHORIZATION', 'streams of a token are counted',
	    sub { token($_[0], token => $_[1]) }],
	['REQUEST_URI', 'streams of a token are counted',
	    sub { token($_[0], query => [authorization => $_[1]]) }],
	['REQUEST_URI', 'topics are counted and measured', \&topics],
	['HTTP_HOST', 'publish by cookie from pages of the own origin',
	    \&own_origin],
	['HTTP_ORIGIN', 'and not of another', \&foreign_origin],
	['HTTP_REFERER', 'the same without an Origin', \&referer],
	['HTTPS', 'the scheme is a part of the origin', \&scheme],
	['HTTP_X_FORWARDED_PROTO', 'a proxy\'s scheme', \&forwarded_proto],
	['HTTP_X_FORWARDED_HOST', 'a proxy\'s host', \&forwarded_host],
	['CONTENT_LENGTH', 'a body is measured', \&body],
	['CONTENT_TYPE', 'a body is a form', \&content_type],
	['HTTP_CONTENT_ENCODING', 'a body is not compressed',
	    \&content_encoding],
	['REQUEST_METHOD', 'methods are told apart', \&method],
);

sub titles { return map { "$_->[0]: $_->[1]" } @checks }

# title => 'yes', or what was wrong.
sub results {
	my ($server) = @_;

	return { map {
		my ($parameter, $what, $check) = @$_;
		my $token = Token::subscriber([$parameter, $what]);

		eval { $check->($server, $token); 1 };
		("$parameter: $what" => $@ || 'yes');
	} @checks };
}

sub fail { die join(' ', map { $_ // 'undef' } @_), "\n" }

sub wants {
	my ($answer, $status, $words) = @_;

	fail('status', $answer->status, 'and not', $status, $answer->body)
	    if $answer->status != $status;
	fail('no', $words, 'in:', $answer->body)
	    if defined $words && index($answer->body, $words) < 0;
}

# Open as many streams as may be, listed before others ask; then one too many
# is refused by this setting.  Returns the streams.
my $n = 0;

sub fill {
	my ($server, $setting, %o) = @_;
	my $topic = 't' . ++$n;
	my @streams = map { $server->stream(topic => $topic, %o) }
	    1 .. STREAMS;

	wait_until('they are listed',
	    sub { @{ there($server, $topic) } == STREAMS });
	refused($server, $setting, %o);
	return @streams;
}

sub refused {
	my ($server, $setting, %o) = @_;

	wants($server->subscribe(topic => 'a', %o)->finished, 429,
	    "MERCURE_MAX_CONNECTIONS_PER_$setting");
}

sub headers { return (headers => { @_ }) }

sub stranger {
	my ($server) = @_;
	my @streams = fill($server, 'ADDRESS', from => STRANGER);

	$_->hang_up for @streams;
}

# Another address than the check before, whose streams may still end.
sub not_believed {
	my ($server) = @_;
	my @from = (from => '127.0.0.3');
	my @streams = fill($server, 'ADDRESS', @from);

	refused($server, 'ADDRESS', @from,
	    headers('X-Forwarded-For' => '198.51.100.99'));
	refused($server, 'ADDRESS', @from,
	    headers(Forwarded => 'for=198.51.100.99'));
	$_->hang_up for @streams;
}

sub by_header {
	my ($server, $header, $form, @address) = @_;
	my @of = map { [headers($header => sprintf $form, $_)] } @address;
	my @streams = map { fill($server, 'ADDRESS', @$_) } @of;

	refused($server, 'ADDRESS', @$_) for @of;
	$_->hang_up for @streams;
}

sub forwarded_for {
	my ($server) = @_;

	by_header($server, 'X-Forwarded-For', '%s', '198.51.100.1',
	    '2001:db8:1::1');
	by_header($server, 'X-Forwarded-For', '203.0.113.9, %s',
	    '198.51.100.2');
}

sub forwarded {
	my ($server) = @_;

	by_header($server, 'Forwarded', 'for="%s"', '198.51.100.3',
	    '[2001:db8:2::1]:80');
}

# The proxy's address is full, and so is the client's: neither a second header
# nor one that only looks alike for CGI leads to a third.
sub forged {
	my ($server) = @_;
	my ($name, $true, $new) = ('X-Forwarded-For', '198.51.100.4',
	    '203.0.113.9');
	my @streams = (fill($server, 'ADDRESS'),
	    fill($server, 'ADDRESS', headers($name => $true)));

	for my $headers ({ $name => "$new\r\n$name: $true" },
	    { $name => "$true\r\nX_Forwarded_For: $new" },
	    { X_Forwarded_For => "$new\r\n$name: $true" },
	    { $name => $true, Forwarded => "for=$new" },
	    { Forwarded => "for=\"$new, for=$true" }) {
		refused($server, 'ADDRESS', headers => $headers);
	}
	$_->hang_up for @streams;
}

# Each from another address, so that it is the token that counts.
sub token {
	my ($server, %credentials) = @_;
	my $topic = 't' . ++$n;
	my @streams = map { $server->stream(topic => $topic,
	    headers('X-Forwarded-For' => '192.0.2.' . ++$n),
	    %credentials) } 1 .. STREAMS;

	wait_until('they are listed',
	    sub { @{ there($server, $topic) } == STREAMS });
	refused($server, 'TOKEN', %credentials,
	    headers('X-Forwarded-For' => '192.0.2.' . ++$n));
	$_->hang_up for @streams;
}

sub topics {
	my ($server) = @_;

	wants($server->subscribe(topic => [1 .. 4])->finished, 400,
	    'MERCURE_MAX_MATCHERS');
	wants($server->subscribe(topic => 'x' x 65)->finished, 400,
	    'MERCURE_MAX_TOPIC_LENGTH');
}

# Publish by cookie, with these headers.
sub publish {
	my ($server, $status, $headers, %o) = @_;
	my $answer = $server->request('POST', $path, 'topic=a', %o,
	    headers => $headers, cookie => 'mercureAuthorization='
	    . Token::publisher());

	wants($answer, $status, $status == 403
	    ? 'MERCURE_PUBLISH_ALLOWED_ORIGINS' : undef);
}

sub here { return "127.0.0.1:$_[0]{port}" }

sub own_origin {
	my ($server) = @_;

	publish($server, 200, { Origin => 'http://' . here($server) });
	publish($server, 200, { Origin => 'http://shop.example:81',
	    Host => 'shop.example:81' });
}

sub foreign_origin {
	my ($server) = @_;

	for my $origin ('https://evil.example', 'http://127.0.0.1:1',
	    'http://' . here($server) . '.evil.example', 'null') {
		publish($server, 403, { Origin => $origin });
	}
}

sub referer {
	my ($server) = @_;

	publish($server, 403, {});
	publish($server, 200, { Referer => 'http://' . here($server) . '/x' });
	publish($server, 403, { Referer => 'http://evil.example/x' });
}

sub scheme {
	my ($server) = @_;
	my $tls = $server->over_tls;

	publish($server, 403, { Origin => 'https://' . here($server) });
	publish($tls, 200, { Origin => 'https://' . here($tls) });
	publish($tls, 403, { Origin => 'http://' . here($tls) });
}

sub forwarded_proto {
	my ($server) = @_;
	my %words = (Origin => 'https://' . here($server),
	    'X-Forwarded-Proto' => 'https');

	publish($server, 200, \%words);
	publish($server, 403, \%words, from => STRANGER);
	publish($server, 200, { Origin => $words{Origin},
	    Forwarded => 'for=192.0.2.1;proto=https' });
}

sub forwarded_host {
	my ($server) = @_;
	my %words = (Origin => 'http://shop.example',
	    'X-Forwarded-Host' => 'shop.example');

	publish($server, 200, \%words);
	publish($server, 403, \%words, from => STRANGER);
}

sub body {
	my ($server) = @_;
	my $form = 'topic=a&data=';
	my $whole = $form . 'x' x (BODY - length $form);
	my %o = (token => Token::publisher());

	wants($server->request('POST', $path, $whole, %o), 200);
	wants($server->request('POST', $path, $whole . 'x', %o), 413,
	    'MERCURE_MAX_BODY');
	my $http = $server->send_request('POST', $path, undef, %o,
	    headers('Transfer-Encoding' => 'chunked',
		'Content-Type' => 'application/x-www-form-urlencoded'));
	$http->send_chunk($whole);
	$http->send_chunk('x');
	$http->send_chunk('');
	wants($http->finished, 413, 'MERCURE_MAX_BODY');
}

sub content_type {
	my ($server) = @_;

	wants($server->request('POST', $path, '{}',
	    token => Token::publisher(),
	    headers('Content-Type' => 'application/json')), 415);
}

sub content_encoding {
	my ($server) = @_;

	wants($server->request('POST', $path, 'topic=a',
	    token => Token::publisher(), headers(
	    'Content-Type' => 'application/x-www-form-urlencoded',
	    'Content-Encoding' => 'gzip')), 415);
}

sub method {
	my ($server) = @_;

	wants($server->request('PUT', $path, 'x'), 405);
	wants($server->request('OPTIONS', $path, undef), 204);
}

1;
