# SPDX-License-Identifier: MIT
# jwks.t - keys at a URL: fetched by one process, used by all, replaced in time.
#
# Numbers of tests are those of the table of hostile tokens.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use CgiProcess;
use Hub;
use JSON::PP ();
use KeyPair;
use KeyServer;
use PushcgiTest;
use Test::More;
use Token;

use constant { MINUTE => 60, HOUR => 3600 };

my $server = KeyServer->start;
my ($a, $b, $c) = (KeyPair->new('RS256', 'a'), KeyPair->new('ES256', 'b'),
    KeyPair->new('ES256', 'c'));
my %config = (MERCURE_SUBSCRIBER_SECRET_KEY => "\@$server->{url}",
    MERCURE_CA_FILE => $server->{ca});
my $one = Hub->start(config => \%config);
my $two = Hub->start(config => \%config, queue_of => $one);
my @hubs = ($one, $two);

sub status {
	my ($hub, $token) = @_;
	my $answer = $hub->subscribe(topic => 'a', token => $token);
	my $status = $answer->status;

	$answer->hang_up;
	return $status;
}

sub logs { return join '', map { $_->log_text } @hubs }

# What they have said since the last call.
my %told;
sub news {
	my $text = '';

	for my $hub (@hubs) {
		my $log = $hub->log_text;
		$text .= substr $log, $told{$hub->{log}} || 0;
		$told{$hub->{log}} = length $log;
	}
	return $text;
}

sub asked { return scalar(my @paths = $server->requests) }

sub logged {
	my ($want) = @_;

	wait_until("the log says $want", sub { logs() =~ $want });
	pass "the log says $want";
}

# Until every hub answers it so.
sub become {
	my ($what, $token, $want) = @_;

	for my $hub (@hubs) {
		wait_until($what, sub { status($hub, $token) == $want });
	}
	pass $what;
}

# No keys yet: nothing is refused for good, and nothing else waits.
my ($token_a, $token_b, $token_c) = map { $_->subscriber } $a, $b, $c;
my $early = $one->subscribe(topic => 'a', token => $token_a);
is $early->status, 503, 'no keys yet: 503';
is $early->header('Retry-After'), 2, 'no keys yet: Retry-After';
like $early->body, qr/has not fetched the keys yet/, 'and a sentence';
$early->hang_up;
my $anonymous = $one->stream(topic => 'a');
ok $anonymous, 'no keys yet: anonymous streams open';
is $one->publish(topic => 'a', data => 'early')->status, 200,
    'no keys yet: publishers have one of their own';
logged(qr/key set not fetched reason="\S+: the answer has the status 503/);
is asked(), 1, 'two processes asked once';

$server->serves(KeyPair::jwks($a, $b));
$server->age($one, 11);
become('the keys are there', $token_a, 200);
become('all of them', $token_b, 200);
is asked(), 2, 'fetched once for both';
is status($one, $token_c), 401, 'a key that is not in the set: 401';
my @of_a = map { $_->stream(topic => 'a', token => $token_a, cursor => 1) }
    @hubs;
my @of_b = map { $_->stream(topic => 'a', token => $token_b) } @hubs;

# A stranger's tokens do not make the hub a hammer.
sub storm {
	for my $n (1 .. 20) {
		my $token = $c->subscriber(kid => "stranger$n");
		is status($_, $token), 401, "17: unknown kid $n: 401"
		    for @hubs;
	}
}

storm();
is asked(), 2, 'unknown kids soon after a fetch: nothing is fetched';
for my $turn (1, 2) {
	$server->age($one, 31);
	storm();
	wait_until('the set is fetched again',
	    sub { asked() == 2 + $turn });
	storm();
	is asked(), 2 + $turn, 'unknown kids: one fetch in half a minute';
}
is status($one, $a->subscriber(kid => '../../../etc/passwd')), 200,
    '17: a kid is a hint, also with the characters of a path';

# Where to find a key is never taken from a token.
(my $elsewhere = $server->{url}) =~ s/jwks/stranger/;
for my $name (qw(jku x5u)) {
	is status($one, $c->subscriber($name => $elsewhere)), 401,
	    "9: $name is refused";
}
is status($one, $c->subscriber(jwk => $c->jwk)), 401, '9: jwk is refused';
is_deeply [grep { $_ ne '/jwks.json' } $server->requests], [],
    '9: nothing else was asked for';

# A public key of the set is no secret, and serves one algorithm.
is status($one, Token::mint({ mercure => { subscribe => ['*'] } },
    $a->jwk->{n}, { alg => 'HS256', kid => 'a' })), 401,
    '5: HS256 by the modulus';
is status($one, $a->subscriber(alg => 'RS512')), 401, '4: RS512 of RS256';

# A plain CGI process uses what is there.
sub cgi {
	my ($hub, $token, $config) = @_;
	my $cgi = CgiProcess->new(log => $hub->{log}, config_path =>
	    $hub->{config_path}, params => Hub::params('GET',
	    Hub::URL_PATH . '?topic=a', undef, token => $token));
	my $status = $cgi->status;

	$cgi->hang_up;
	wait_until('the CGI process ends',
	    sub { defined process_ended($cgi->{pid}) });
	return $status;
}

my $before = asked();
is cgi($one, $token_b), 200, 'CGI: a good token';
is cgi($one, $token_c), 401, 'CGI: a bad one';
is asked(), $before, 'CGI: nothing is fetched again';
my $cgi_stream = CgiProcess->new(log => $one->{log}, config_path =>
    $one->{config_path}, params => Hub::params('GET',
    Hub::URL_PATH . '?topic=a', undef, token => $token_a));
$cgi_stream->opened;

# Rotation: a goes, c comes.
$server->serves(KeyPair::jwks($b, $c));
$server->age($one, 31);
is status($one, $token_c), 401, 'rotation: not known at once';
become('rotation: the new key is known', $token_c, 200);
for my $stream (@of_a) {
	$stream->until('the end', sub { $stream->is_over });
	ok $stream->{ended}, 'rotation: the stream of the old key ended';
	my ($last) = reverse $stream->all;
	ok $last && Answer::is_cursor($last), 'rotation: with its position';
}
$cgi_stream->until('the end', sub { $cgi_stream->is_over });
pass 'rotation: and that of a CGI process';
is status($_, $token_a), 401, 'rotation: its token is refused' for @hubs;
$one->publish_ok(topic => 'a', data => 'goes on', private => 'on');
is $_->next_event->{data}, 'goes on', 'rotation: other streams go on'
    for @of_b;

# The server does something else: the keys of before stay.
my $set = KeyPair::jwks($b, $c);
my @bad = (
	['no JSON', sub { $server->serves('<html>') },
	    qr/jwks\.json: The JWK, or set of JWKs, is not a JSON object/],
	['no keys', sub { $server->serves('{"keys":[]}') },
	    qr/jwks\.json: The set has no key that can be used/],
	['18: a secret', sub { $server->serves(
	    '{"keys":[{"kty":"oct","alg":"HS256","k":"c2VjcmV0c2VjcmV0"}]}') },
	    qr/no key that can be used\. The last one: /],
	['18: a key for another use', sub { $server->serves(
	    JSON::PP->new->encode({ keys => [{ %{ $c->jwk },
	    use => 'enc' }] })) }, qr/no key that can be used\. The last one: /],
	['too much', sub { $server->serves($set . ' ' x 300_000) },
	    qr/jwks\.json: the answer has more than 262144 bytes/],
	['a redirect', sub { $server->fails(302, "Location: $elsewhere") },
	    qr/redirects to \S+stranger\.json, which is not followed/],
	['not found', sub { $server->fails(404) }, qr/has the status 404/],
	['nothing', sub { $server->answers('') },
	    qr/hung up without an answer/],
	['a certificate of nobody', sub { $server->certify(by => 'itself') },
	    qr/certificate is not trusted: .* in MERCURE_CA_FILE/],
	['nobody', sub { $server->stop }, qr/there is no connection/],
);
for my $row (@bad) {
	my ($name, $act, $want) = @$row;
	my $text = '';

	news();
	$act->();
	$server->age($one, HOUR + MINUTE);
	wait_until("$name is logged",
	    sub { $text .= news(); $text =~ /not fetched reason=.*\n/ });
	like $text, $want, "$name: the log says so";
	is status($_, $token_b), 200, "$name: the keys of before"
	    for @hubs;
}
$server->age($one, 31);
my $down = qr/not fetched reason="\S+: there is no connection/;
my $third = Hub->start(config => \%config, queue_of => $one);
push @hubs, $third;
is status($third, $token_b), 200, 'a new process uses them at once';
is scalar(() = logs() =~ /$down/g), 1, 'the log says it once';
like logs(), qr/$down.*the one before is used for a day/,
    'and what happens now';

# A day after they were due they are too old.  What was due an hour after it
# was fetched has grown older with each row above; who starts now has no other
# memory of it.
$server->age($one, 23 * HOUR - (@bad * (HOUR + MINUTE) - HOUR));
push @hubs, Hub->start(config => \%config, queue_of => $one);
is status($_, $token_b), 200, 'after 23 hours: still good' for @hubs;
$server->age($one, 2 * HOUR);
become('after more than a day: 503', $token_b, 503);
for my $stream (@of_b) {
	$stream->until('the end', sub { $stream->is_over });
	ok $stream->{ended}, 'after more than a day: streams end';
}
logged(qr/fetched keys too old setting=MERCURE_SUBSCRIBER_SECRET_KEY/);

# Everything is well again.
$server->certify;
$server->serves(KeyPair::jwks($b), 'Cache-Control: max-age=600');
$server->run_again;
$server->age($one, 31);
become('fetched again', $token_b, 200);
logged(qr/key set fetched url=\Q$server->{url}\E$/m);
my $age = asked();
$server->age($one, 11 * MINUTE);
wait_until('max-age is over', sub { asked() == $age + 1 });
pass 'max-age is heeded';

# A reload keeps what it has while neither queue nor server have any.
is $third->stop, 0, 'ended by SIGTERM with status 0';
pop @hubs;
my $kept = $two->stream(topic => 'a', token => $token_b);
$server->fails(503);
my ($sql, undef, $why) = run(['sqlite3', $two->{queue},
    'DROP TRIGGER key_sets_guard_delete', 'DELETE FROM key_sets']);
is $sql . $why, 0, 'a queue without keys';
news();
$two->reload;
wait_until('it is read again', sub { news() =~ /configuration read again/ });
is status($two, $token_b), 200, 'a reload: the keys stay';
$one->publish_ok(topic => 'a', data => 'kept', private => 'on');
is $kept->next_event->{data}, 'kept', 'a reload: and their streams';
$server->serves(KeyPair::jwks($b), 'Cache-Control: max-age=600');

# A reload: another URL has no keys yet.
(my $other_url = $server->{url}) =~ s/jwks/other/;
$two->configure(MERCURE_SUBSCRIBER_SECRET_KEY => "\@$other_url");
$two->reload;
wait_until('the other set is fetched',
    sub { grep { $_ eq '/other.json' } $server->requests });
wait_until('and used', sub { status($two, $token_b) == 200 });
is status($two, $token_b), 200, 'a reload: another URL';
is $_->stop, 0, 'ended by SIGTERM with status 0' for @hubs;

# A site of plain CGI alone fetches by itself.
my $alone = Hub->new(config => \%config);
watch_log($alone->{log}, 'log of a CGI');
$age = asked();
is cgi($alone, $token_b), 503, 'CGI alone: the first one finds no keys';
is cgi($alone, $token_b), 200, 'CGI alone: the next one does';
is cgi($alone, $token_b), 200, 'CGI alone: and the next';
is asked(), $age + 1, 'CGI alone: fetched once';

# --check fetches, and says what there is.
my %env;
sub check {
	my (%settings) = @_;
	my $hub = Hub->new(config => { %config, %settings });
	my ($status, $out, $err) = run([program('pushcgi.fcgi'), '--config',
	    $hub->{config_path}, '--check'], env => \%env);

	return ($status, "$out$err");
}

my ($status, $out) = check();
is $status, 0, '--check: all is well';
like $out, qr/ok +MERCURE_SUBSCRIBER_SECRET_KEY: fetched from \Q$server->{url}\E, and again every 600 s/,
    '--check: where from';
like $out, qr/SUBSCRIBER_SECRET_KEY is set: a public key for ES256/,
    '--check: what was there';
for my $row (
    ['an authority that is not trusted', { MERCURE_CA_FILE => undef },
	qr/certificate is not trusted.*MERCURE_CA_FILE/],
    ['no file of authorities', { MERCURE_CA_FILE => '/nowhere/ca.pem' },
	qr/cannot be read: check MERCURE_CA_FILE/],
    ['an algorithm that no key has', { MERCURE_SUBSCRIBER_JWT_ALG => 'RS256' },
	qr/no key that can be used/],
    ['http', { MERCURE_SUBSCRIBER_SECRET_KEY => '@http://localhost/jwks' },
	qr/must begin with https:.*save the set to a file/],
    ['a password', { MERCURE_SUBSCRIBER_SECRET_KEY =>
	'@https://me:hidden@localhost/jwks' }, qr/is before the \@/],
    ['no @', { MERCURE_SUBSCRIBER_SECRET_KEY => 'https://localhost/jwks' },
	qr/write \@ in front/],
    ['a relative path', { MERCURE_CA_FILE => 'ca.pem' },
	qr/MERCURE_CA_FILE.* must be the path/],
) {
	my ($name, $settings, $want) = @$row;

	($status, $out) = check(%$settings);
	isnt $status, 0, "--check: $name";
	like $out, $want, "--check: $name: why";
	unlike $out, qr/hidden/, "--check: $name: nothing secret";
}

# Where libcurl is not installed, or something else has its name.
$env{LD_LIBRARY_PATH} = temp_dir();
spew("$env{LD_LIBRARY_PATH}/libcurl.so.4", 'no library');
($status, $out) = check();
isnt $status, 0, '--check: no libcurl';
like $out, qr/libcurl\.so\.4 cannot be loaded: install it/, 'and its fix';

# The helper shows the URL, and cannot sign.
($status, $out) = $alone->helper(['config']);
like $out, qr/^MERCURE_SUBSCRIBER_SECRET_KEY = \@\Q$server->{url}\E$/m,
    'pushcgi config shows the URL';
($status, $out, my $err) = $alone->helper(['subscriber-jwt']);
is $status, 1, 'subscriber-jwt fails';
like $err, qr/MERCURE_SUBSCRIBER_SECRET_KEY: keys at a URL .* cannot sign/,
    'and says why';

done_testing;
