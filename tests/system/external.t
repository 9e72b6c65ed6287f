# SPDX-License-Identifier: MIT
# external.t - the helpers of a site whose hub is remote (MERCURE_HUB_URL).
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use IO::Socket::INET;
use PushcgiTest;
use Servers;
use Test::More;
use Token;

# The remote hub is one of ours, behind a web server.
my $hub = Servers::hub_for_server(config => { MERCURE_MAX_BODY => 2000,
    MERCURE_COUNTS => 'https://example.com/{x} nobody' });
$hub->start;
my $server = Servers->lighttpd(hub => $hub);
my $origin = "http://127.0.0.1:$hub->{port}";
my $url = $origin . Hub::URL_PATH;
my $dir = temp_dir();

# Run pushcgi as on a site with that hub; `set` changes its configuration.
sub site {
	my ($set, @arguments) = @_;
	my %all = (MERCURE_HUB_URL => $url,
	    MERCURE_PUBLISHER_SECRET_KEY => Token::PUBLISHER_KEY,
	    MERCURE_SUBSCRIBER_SECRET_KEY => Token::SUBSCRIBER_KEY,
	    MERCURE_PUBLISH_CONNECT_TIMEOUT => 20000,
	    MERCURE_PUBLISH_TIMEOUT => 20000,
	    # Nothing may fall back to a queue here.
	    MERCURE_TRANSPORT_URL => "sqlite://$dir/none/queue.db", %$set);

	spew("$dir/site.conf", join('', map { "$_ = $all{$_}\n" }
	    grep { defined $all{$_} } sort keys %all), 0600);
	my ($status, $out, $err) = run([program('pushcgi'), '--config',
	    "$dir/site.conf", @arguments], env => { http_proxy => $origin });
	return ($status & 127 ? "signal $status" : $status >> 8, $out, $err);
}

my $stream = $server->stream(topic => 'https://example.com/a');
my $private = $server->stream(topic => 'https://example.com/a',
    token => Token::subscriber());

# By http to another machine a token can be read on the way.
for my $row (['http://0', 1], ['http://127.0.0.1', 0], ['http://localhost', 0]) {
	my ($machine, $warned) = @$row;
	my ($exit, $out, $err) = site({ MERCURE_HUB_URL =>
	    "$machine:$hub->{port}" . Hub::URL_PATH }, 'publish', 'clear', 'x');
	is $exit, 0, "$machine: published" or diag $err;
	is !!($err =~ /warn: token sent in clear .*MERCURE_HUB_URL/), !!$warned,
	    $warned ? 'with a warning' : 'without a warning';
	unlike $err, qr/eyJ/, 'nor a token';
}

# [name, settings, arguments, event, is it private]
for my $row (['a token made with the key', {}, ['x'], { data => 'x' }],
    ['a token of the configuration', { MERCURE_PUBLISHER_SECRET_KEY => undef,
	MERCURE_PUBLISHER_JWT => Token::publisher() }, ['y'],
	{ data => 'y' }],
    ['all options', {}, ['--id', 'i:1', '--type', 'note', '--retry', '5',
	'--alternate', 'b&c', "a\r\nid: z\n"],
	{ id => 'i:1', event => 'note', retry => 5, data => "a\nid: z\n" }],
    ['private', {}, ['--private', 'p'], { data => 'p' }, 1],
    ['type is topic', { MERCURE_TYPE_IS_TOPIC => 'true' }, ['t'],
	{ event => 'https://example.com/a', data => 't' }],
    ['the hub has another public URL',
	{ MERCURE_PUBLIC_HUB_URL => 'https://hub.example/m' }, ['q'],
	{ data => 'q' }]) {
	my ($name, $set, $arguments, $want, $secret) = @$row;
	my @options = @$arguments;
	my $data = pop @options;
	my ($exit, $out, $err) = site($set, 'publish', @options, '--',
	    'https://example.com/a', $data);

	is $exit, 0, "$name: exit 0" or diag $err;
	for my $one ($private, $secret ? () : $stream) {
		my $event = $one->next_event;
		is "$event->{id}\n", $out, "$name: prints the hub's id";
		is_deeply { map { $_ => $event->{$_} } keys %$want }, $want,
		    "$name: reaches a stream";
	}
}

my ($exit, $out) = site({}, 'url', 'a b');
is $out, "$url?topic=a%20b\n", 'url names the remote hub';
($exit, $out) = site({}, 'link');
is $out, "<$url>; rel=\"mercure\"\n", 'link, too';
($exit, $out) = site({}, 'cookie', 'https://example.com/a');
my ($cookie) = $out =~ /^(mercureAuthorization=[^;]+); Path=\/\.well-known/;
my $by_cookie = $server->stream(topic => 'https://example.com/a',
    cookie => $cookie);
site({}, 'publish', '--private', 'https://example.com/a', 'c');
is $by_cookie->next_event->{data}, 'c', 'cookie opens its private updates';

# Who subscribes there is what its own machine says.
my $there = $server->stream(topic => ['https://example.com/{x}', 'b c'],
    token => Token::mint({ mercure => { subscribe => [], payload => {
    user => 'alice', id => 42 } } }, Token::SUBSCRIBER_KEY));
wait_until('the hub knows of all', sub {
	($hub->helper(['connected', 'b c']))[0] == 0;
});
for my $arguments (['subscriptions'], ['subscriptions', '--json'],
    ['subscriptions', '--json', 'b c'],
    ['subscriptions', 'https://example.com/{x}'], ['subscriptions', 'z'],
    ['connected', '--count', 'https://example.com/a'],
    ['connected', '--count', 'b c', 'user=alice', 'id=42'],
    ['connected', 'b c', 'user=bob'], ['connected', '--json', 'z']) {
	my @here = $hub->helper($arguments);
	my @from_there = site({ MERCURE_PUBLISHER_SECRET_KEY => undef },
	    @$arguments);

	is $here[2], '', "@$arguments: no complaint";
	is_deeply \@from_there, \@here, "@$arguments: the same from there";
}

# So does how many have a topic open.
my $counted = { MERCURE_PUBLISHER_SECRET_KEY => undef };
for my $row (['https://example.com/a', 3], ['nobody', 0]) {
	my ($topic, $n) = @$row;
	my @here = $hub->helper(['count', '--json', $topic]);

	is_deeply [site($counted, 'count', '--json', $topic)], \@here,
	    "count $topic: the same from there";
	like $here[1], qr/"count":$n\}/, 'it is right';
}
my ($failed, undef, $refusal) = site($counted, 'count', 'secret');
is $failed, 1, 'count: a topic that is not counted';
like $refusal, qr/answers 403.*MERCURE_COUNTS/, 'it says why';

# Sessions are rows of the queue beside the hub, so there are none here, and
# a queue that happens to be here is not the answer.
for my $arguments (['list'], ['list', '--json']) {
	my ($exit, $out, $err) = site({ MERCURE_SESSION_COOKIE => 'PHPSESSID' },
	    'session', @$arguments);

	is $exit, 1, "session @$arguments: refused";
	like $err, qr/MERCURE_HUB_URL names a remote one/,
	    "session @$arguments: it says why";
}

# What can be wrong, and what the sentence says.
# Bound, so that nobody else gets it, but nobody listens.
my $unheard = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'tcp')
    or die "no free port: $!\n";
my $closed = $unheard->sockport;
my $silent = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 5)
    or die "listen: $!\n";
my $waiting = 'http://127.0.0.1:' . $silent->sockport . '/hub';
my $tls_port = free_port();
run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
    'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj',
    '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout',
    "$dir/key.pem", '-out', "$dir/cert.pem"]);
spawn(command => ['openssl', 's_server', '-quiet', '-www', '-accept',
    "127.0.0.1:$tls_port", '-cert', "$dir/cert.pem", '-key',
    "$dir/key.pem"]);
wait_until('the TLS server listens', sub {
	IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $tls_port);
});

for my $row (
    ['another key', { MERCURE_PUBLISHER_SECRET_KEY => 'x' x 32 }, 'd',
	qr/answers 401 \(.*MERCURE_PUBLISHER_SECRET_KEY/],
    ['a token without the right', { MERCURE_PUBLISHER_JWT =>
	Token::publisher(['https://example.com/b']) }, 'd',
	qr/answers 403 .*MERCURE_PUBLISHER_JWT/],
    ['no key', { MERCURE_PUBLISHER_SECRET_KEY => undef }, 'd',
	qr/MERCURE_PUBLISHER_SECRET_KEY/],
    ['no hub at that path', { MERCURE_HUB_URL => "$origin/nothing" }, 'd',
	qr{\Q$origin\E/nothing answers 404 \(a page\).*MERCURE_HUB_URL}],
    ['a page at that path', { MERCURE_HUB_URL => "$origin/index.html" }, 'd',
	qr{\Q$origin\E/index.html answers .*MERCURE_HUB_URL}],
    ['too long for the hub', {}, 'd' x 2001, qr/answers 413 .*too long/],
    ['nobody listens', { MERCURE_HUB_URL => "http://127.0.0.1:$closed/hub" },
	'd', qr{http://127\.0\.0\.1:$closed/hub: there is no connection}],
    ['nobody answers', { MERCURE_HUB_URL => $waiting,
	MERCURE_PUBLISH_TIMEOUT => 100 }, 'd',
	qr/\Q$waiting\E: .*in time.*MERCURE_PUBLISH_TIMEOUT/],
    ['TLS where there is none', { MERCURE_HUB_URL =>
	"https://127.0.0.1:$hub->{port}/hub" }, 'd', qr/does not speak TLS/],
    ['a certificate nobody knows', { MERCURE_HUB_URL =>
	"https://127.0.0.1:$tls_port/hub" }, 'd',
	qr/certificate is not trusted/],
    ['a name in the URL', { MERCURE_HUB_URL =>
	"http://user:word\@127.0.0.1:$hub->{port}/hub" }, 'd',
	qr/MERCURE_HUB_URL must not contain a name or a password/]) {
	my ($name, $set, $data, $want) = @$row;
	my ($code, $id, $err) = site($set, 'publish', '--',
	    'https://example.com/a', $data);

	is $code, 1, "$name: exit 1";
	is $id, '', "$name: no id";
	like $err, qr/\Apushcgi: [^\n]+\n\z/, "$name: one sentence";
	like $err, $want, "$name: it names the fix";
	unlike $err, qr/eyJ|x{32}|user:word/, "$name: and no secret";
}
# [name, settings, what the sentence says]
for my $row (
    ['another key', { MERCURE_SUBSCRIBER_SECRET_KEY => 'x' x 32 },
	qr{\Q$url\E/subscriptions(/a)? answers 401 .*MERCURE_SUBSCRIBER_SECRET_KEY}],
    ['no key', { MERCURE_SUBSCRIBER_SECRET_KEY => undef },
	qr/MERCURE_SUBSCRIBER_SECRET_KEY/],
    ['no hub at that path', { MERCURE_HUB_URL => "$origin/nothing" },
	qr{\Q$origin\E/nothing/subscriptions(/a)? answers 404 .*MERCURE_HUB_URL}],
    ['nobody listens', { MERCURE_HUB_URL => "http://127.0.0.1:$closed/hub" },
	qr{http://127\.0\.0\.1:$closed/hub/subscriptions(/a)?: there is no}],
    ['nobody answers', { MERCURE_HUB_URL => $waiting,
	MERCURE_PUBLISH_TIMEOUT => 100 }, qr/in time.*MERCURE_PUBLISH_TIMEOUT/],
    ) {
	my ($name, $set, $want) = @$row;

	for my $ask (['subscriptions', 1], ['connected', 3]) {
		my ($command, $code) = @$ask;
		my ($is, $text, $err) = site($set, $command,
		    $command eq 'connected' ? 'a' : ());

		is $is, $code, "$command, $name: exit $code";
		is $text, '', "$command, $name: no output";
		like $err, qr/\Apushcgi: [^\n]+[^?]\.\n\z|\?\n\z/,
		    "$command, $name: one sentence";
		like $err, $want, "$command, $name: it names the fix";
		unlike $err, qr/eyJ|x{32}/, "$command, $name: and no secret";
	}
}
$hub->configure(MERCURE_HUB_SUBSCRIPTIONS => 'false');
$hub->reload;
wait_until('the hub keeps no list any more', sub {
	(site({}, 'subscriptions'))[2]
	    =~ /answers 404 .*MERCURE_HUB_SUBSCRIPTIONS/;
});
pass 'a hub without a list of subscriptions';

$hub->configure(MERCURE_HUB_ALLOW_PUBLISH => 'false');
$hub->reload;
wait_until('the hub takes no updates any more', sub {
	(site({}, 'publish', 'https://example.com/b', 'd'))[2]
	    =~ /answers 405 .*MERCURE_HUB_ALLOW_PUBLISH/;
});
pass 'a hub that takes no updates over HTTP';
ok !-e "$dir/none", 'and nothing was kept here';

$hub->helper(['publish', 'https://example.com/a', 'end']);
is_deeply $stream->data_until('end'), [], 'nothing refused came through';

done_testing;
