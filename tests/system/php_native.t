# SPDX-License-Identifier: MIT
# php_native.t - pushcgi.php where PHP may start no program.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use IO::Socket::INET;
use JSON::PP ();
use PhpPage;
use PushcgiTest;
use Servers;
use Site;
use Test::More;

use constant KEY => 'key-of-the-tests-0123456789abcdef';

my $site = php_site('disable_functions = proc_open,exec,shell_exec,popen');
my $hub = Servers::hub_for_server(config => { SECRET_KEY => KEY,
    MERCURE_PUBLISHER_SECRET_KEY => undef,
    MERCURE_SUBSCRIBER_SECRET_KEY => undef,
    MERCURE_COUNTS => 'c&/d c' })->start;
my $server = Servers->lighttpd(hub => $hub);
my $url = "http://127.0.0.1:$hub->{port}" . Hub::URL_PATH;
my %native = (PUSHCGI_PROGRAM => '/none', PUSHCGI_HUB_URL => $url,
    PUSHCGI_SECRET_FILE => "$site/secret");

spew("$site/secret", KEY . "\n");

sub native {
	my ($expression, %o) = @_;
	my ($got, $page) = php_value($expression, %o,
	    env => { %native, %{ $o{env} || {} } });

	return ($got, $page->{errors}, $page);
}

# What a page with the program answers.
sub by_program {
	my ($status, $out, $err) = $hub->helper([@_]);

	die $err if $status;
	chomp $out;
	return $out;
}

my ($got, $errors, $page) = native("mercure_hub_url('a')",
    env => { PUSHCGI_HUB_URL => '' });
is $got, JSON::PP::false, 'no program and no hub: false';
like $errors, qr/proc_open\(\) is disabled.*PUSHCGI_HUB_URL/,
    'and what to set';

for my $topics ([], ['a'], ['a', 'b&c d+e'], ["\xc3\xa9", '{x}', '*']) {
	my $list = join ', ', map { php_text($_) } @$topics;
	($got) = native("mercure_hub_url(array($list))");
	is $got, by_program('url', '--', @$topics),
	    'the URL is the program\'s: ' . @$topics . ' topics';
}
($got) = native("mercure_hub_url('a', array('lastEventId' => '#x'))");
is $got, by_program('url', '--last-event-id=#x', 'a'), 'with a position';

subtest 'tokens' => sub {
	($got) = native("mercure_subscriber_jwt('a', array('payload' => 'x', "
	    . "'additionalClaims' => array('sub' => 'me')))");
	my $claims = site_claims($got);
	is_deeply [@$claims{qw(mercure sub)}], [{ publish => [],
	    subscribe => ['a'], payload => 'x' }, 'me'],
	    'rights, payload and other claims';
	ok $claims->{exp} > time + 3500 && $claims->{exp} <= time + 3600,
	    'for an hour';
	($got) = native("mercure_publisher_jwt('a')");
	is_deeply site_claims($got), { mercure => { publish => ['a'],
	    subscribe => [] } }, 'for a publisher: for ever';
	spew("$site/short", 'k' x 15 . "\n");
	for my $row (["$site/none"], ["$site/empty"], ["$site/short"], ['']) {
		spew("$site/empty", "\n");
		($got, $errors) = native("mercure_subscriber_jwt('a')",
		    env => { PUSHCGI_SECRET_FILE => $row->[0] });
		is $got, JSON::PP::false, 'without a secret: false';
		like $errors, qr/PUSHCGI_SECRET_FILE/, 'and what to set';
	}
	like +(native("mercure_subscriber_jwt('a')",
	    env => { PUSHCGI_SECRET_FILE => "$site/short" }))[1],
	    qr/15 bytes .*gen-secret-key/, 'a short one is refused';
};

# A Set-Cookie value without its token.
sub bare { return $_[0] =~ s/=[\w-]+\.[\w-]+\.[\w-]+/=/r }

subtest 'the cookie' => sub {
	# [settings of PHP, of the program]
	for my $row ([{}, []],
	    [{ PUSHCGI_HUB_URL => 'https://h/m' },
		['--mercure-public-hub-url=https://h/m']],
	    [{ PUSHCGI_HUB_URL => 'http://h' },
		['--mercure-public-hub-url=http://h']],
	    [{ PUSHCGI_COOKIE_SAMESITE => 'none' },
		['--mercure-cookie-samesite=None']],
	    [{ PUSHCGI_COOKIE_DOMAIN => 'example.com' },
		['--mercure-cookie-domain=example.com']],
	    [{ PUSHCGI_COOKIE_SAMESITE => 'none',
		PUSHCGI_COOKIE_PARTITIONED => 1 },
		['--mercure-cookie-samesite=None',
		'--mercure-cookie-partitioned=true']],
	    (map { [{ PUSHCGI_COOKIE_NAME => $_, PUSHCGI_HUB_URL =>
		'https://h/m' }, ["--mercure-authz-cookie-name=$_",
		'--mercure-public-hub-url=https://h/m']] }
		'__Host-hub', '__Secure-hub'),
	    [{ PUSHCGI_COOKIE_NAME => 'live',
		PUSHCGI_COOKIE_SAMESITE => 'Lax' },
		['--mercure-authz-cookie-name=live',
		'--mercure-cookie-samesite=Lax']]) {
		my ($settings, $options) = @$row;
		my $name = join(' ', %$settings) || 'as it is';

		for my $lifetime (0, 600) {
			(undef, undef, $page) = native(
			    "mercure_set_authz_cookie(array('a', 'b'))",
			    env => $settings, setup => 'ini_set('
			    . "'session.cookie_lifetime', '$lifetime');");
			my ($cookie) = php_cookies($page);
			is bare($cookie), bare(by_program(@$options, 'cookie',
			    "--lifetime=$lifetime", 'a', 'b')),
			    "$name, $lifetime s: as the program's";
			is_deeply site_claims($cookie)->{mercure}{subscribe},
			    ['a', 'b'], 'with the rights';
		}
		(undef, undef, $page) = native('mercure_clear_authz_cookie()',
		    env => $settings);
		is +(php_cookies($page))[0],
		    by_program(@$options, 'clear-cookie'), "$name: taken away";
	}
	(undef, undef, $page) = native("mercure_set_authz_cookie('b', 'c')",
	    before => "mercure_set_authz_cookie('a');");
	is scalar(() = php_cookies($page)), 1, 'two calls, one cookie';
	is_deeply site_claims((php_cookies($page))[0])->{mercure},
	    { subscribe => ['a', 'b'], publish => ['c'] },
	    'also with rights to publish';
	($got, $errors) = native("mercure_set_authz_cookie(str_repeat('x', "
	    . '4000))');
	is $got, JSON::PP::false, 'too long for browsers: false';
	like $errors, qr/fewer topics/, 'with the fix';
	for my $row ([{ PUSHCGI_COOKIE_PARTITIONED => 1 }, qr/SAMESITE = None/],
	    [{ PUSHCGI_COOKIE_DOMAIN => 'a; Secure' }, qr/a host name/],
	    [{ PUSHCGI_COOKIE_DOMAIN => 'example.com',
		PUSHCGI_HUB_URL => 'https://h/m',
		PUSHCGI_COOKIE_NAME => '__Host-hub' }, qr/begins with __Host-/]) {
		my ($got, $errors) = native("mercure_set_authz_cookie('a')",
		    env => $row->[0]);

		is $got, JSON::PP::false, "@{[%{ $row->[0] }]}: false";
		like $errors, $row->[1], 'and why';
	}
	for my $name ('__Host-hub', '__secure-hub') {
		my ($got, $errors) = native("mercure_set_authz_cookie('a')",
		    env => { PUSHCGI_COOKIE_NAME => $name,
		    PUSHCGI_HUB_URL => 'http://h/m' });
		is $got, JSON::PP::false, "$name by http: false";
		like $errors, qr/PUSHCGI_COOKIE_NAME/, 'and why';
	}
};

subtest 'publishing' => sub {
	my $visitor = $server->stream(topic => ['a', 'b', 'end'], cookie =>
	    'mercureAuthorization=' . Token::subscriber(['a'], key => KEY));
	my ($one) = native("mercure_publish(array('a', 'x'), "
	    . "\"caf\\xc3\\xa9 & = + %\\n\", true, 'urn:x:1', 'note', 7)");
	is $one, 'urn:x:1', 'the id';
	my ($ids) = native('mercure_publish_flush()', before =>
	    "mercure_publish_later('b', '1'); "
	    . "mercure_publish_later('b', '2', true);"
	    . "mercure_publish_later('b', '3');");
	my ($true) = native("mercure_publish_later('b', 'last')");
	is $true, JSON::PP::true, 'later';
	native("mercure_publish('a', 'typed')",
	    env => { PUSHCGI_TYPE_IS_TOPIC => 1 });
	native("mercure_publish('end', 'end')");
	my @events = $visitor->events_until('end');
	is_deeply \@events, [{ kind => 'event', id => 'urn:x:1',
	    event => 'note', retry => 7, data => "caf\xc3\xa9 & = + %\n" },
	    (map { { kind => 'event', id => $ids->[$_ - 1], data => $_ } }
	    1, 3), { %{ $events[3] }, data => 'last' },
	    { %{ $events[4] }, event => 'a', data => 'typed' }],
	    'all arrives, and what is private only where it may';
	$visitor->hang_up;
};

subtest 'who is there, and from where' => sub {
	my $stream = $server->stream(topic => 'c&/d', token =>
	    Token::subscriber([], key => KEY, more => { mercure => {
	    subscribe => [], payload => { id => 42, name => 'x' } } }));
	my ($document) = wait_until('it is listed', sub {
		my ($d) = native("mercure_get_subscriptions('c&/d')");
		return $d && @{ $d->{subscriptions} } && $d;
	});
	my ($s) = @{ $document->{subscriptions} };
	is_deeply $s->{payload}, { id => 42, name => 'x' }, 'the list';
	my ($rows) = native('array(count($all["subscriptions"]), '
	    . 'count($none["subscriptions"]))', before =>
	    '$all = mercure_get_subscriptions(null, ' . php_text(
	    $s->{subscriber}) . '); $none = mercure_get_subscriptions(null, '
	    . '"urn:x");');
	is_deeply $rows, [1, 0], 'of one subscriber';
	# [payload, is it there]
	for my $row (['', 1], ["'id' => 42", 1], ["'id' => '42'", 1],
	    ["'id' => 42, 'name' => 'x'", 1], ["'id' => 43", 0],
	    ["'name' => 'y'", 0], ["'other' => 1", 0]) {
		my ($there) = native('mercure_is_connected("c&/d", '
		    . "array($row->[0]))");
		is !!$there, !!$row->[1], "connected with ($row->[0])";
	}
	($got) = native('mercure_is_connected("nobody")');
	is $got, JSON::PP::false, 'nobody is false';
	for my $row (['c&/d', 1], ['c', 0]) {
		($got) = native("mercure_count('$row->[0]')");
		is $got, $row->[1], "mercure_count: $row->[0]";
	}
	($got, my $why) = native('mercure_count("secret")');
	is $got, undef, 'mercure_count: not counted';
	$stream->hang_up;

	my ($position) = native('mercure_last_event_id()');
	like $position, qr/^#[\w-]+\z/, 'a position';
	native("mercure_publish('p', 'missed')");
	my $later = $server->stream(topic => 'p',
	    query => [lastEventID => $position]);
	is $later->next_event->{data}, 'missed', 'from which nothing is missed';
	$later->hang_up;
	(undef, undef, $page) = native(
	    "mercure_link_header(array('lastEventId' => '#a\"b'))");
	is_deeply [map { /^Link: (.*)/ } @{ $page->{headers} }],
	    [by_program('link', '--last-event-id=#a"b')], 'the Link header';
};

subtest 'what fails' => sub {
	my $silent = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
	    Listen => 9);
	spew("$site/wrong", "another-key-0123456789abcdef0123456789\n");
	# [name, settings, what the log says]
	for my $row (
	    ['nobody there', { PUSHCGI_LOCAL_URL => 'http://127.0.0.1:9/m' },
		qr{http://127\.0\.0\.1:9/m cannot be reached}],
	    ['no answer', { PUSHCGI_TIMEOUT_S => '', PUSHCGI_LOCAL_URL =>
		'http://127.0.0.1:' . $silent->sockport . '/m' },
		qr/in time/],
	    ['a wrong secret', { PUSHCGI_SECRET_FILE => "$site/wrong" },
		qr/answered HTTP\S+ 401/],
	    ['no hub', { PUSHCGI_LOCAL_URL =>
		"http://127.0.0.1:$hub->{port}/none" },
		qr/answered HTTP\S+ 404/]) {
		my ($name, $settings, $want) = @$row;

		($got, $errors) = native("mercure_publish('a', 'x')",
		    env => $settings);
		is $got, JSON::PP::false, "$name: false";
		like $errors, $want, "$name: a line that says so";
		unlike $errors, qr/[\w-]{20,}\.[\w-]{20,}|another-key/,
		    "$name: without a secret";
	}
	($got, $errors) = native("array(mercure_publish('a'), "
	    . "mercure_publish('a'))", env => { PUSHCGI_LOCAL_URL =>
	    'http://127.0.0.1:9/m' });
	like $errors, qr/moment ago/, 'only one call waits for it';
	($got, $errors) = native("mercure_set_authz_session('a')",
	    setup => 'session_start();');
	is $got, JSON::PP::false, 'sessions: false';
	like $errors, qr/needs the program/, 'and why';
	($got, $errors) = native("mercure_publish(str_repeat('x', 5000))");
	like $errors, qr/answered HTTP\S+ 400.*\btopic\b/,
	    'what the hub refuses is said';
};

$server->stop;
$hub->stop;
done_testing;
