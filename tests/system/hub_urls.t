# SPDX-License-Identifier: MIT
# hub_urls.t - a hub with several names: helpers, PHP, Perl and the hub itself.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use PhpPage;
use PushcgiTest;
use ScriptedHub;
use Test::More;

use constant {
	FIRST => 'https://www.example.com/hub',
	SHOP => 'https://shop.example:8443/live',
	PLAIN => 'http://old.example/hub',
};

my $site = php_site();
my $pushcgi = program('pushcgi');
my $list = join ' ', FIRST, SHOP, PLAIN;

sub helper {
	my ($arguments, %env) = @_;
	my ($status, $out, $err) = run([$pushcgi, '--config',
	    "$site/pushcgi.conf", @$arguments], env => \%env);

	is $status, 0, "@$arguments" or diag $err;
	chomp $out;
	return $out;
}

# [name, scheme and host of the page, further settings, what it gets, the path
# of its cookie, is that Secure]
my @pages = (
	['the first', ['https', 'www.example.com'], {}, FIRST, '/hub', 1],
	['the second', ['https', 'shop.example:8443'], {}, SHOP, '/live', 1],
	['http where it is listed', ['http', 'old.example'], {}, PLAIN, '/hub',
	    0],
	['http where https is listed', ['http', 'www.example.com'], {}, '/hub',
	    '/hub', 1],
	['https where http is listed', ['https', 'old.example'], {}, '/hub',
	    '/hub', 1],
	['an alias by https', ['https', 'alias.example'], {}, '/hub', '/hub',
	    1],
	['an alias by http', ['http', 'alias.example'], {}, '/hub', '/hub', 1],
	['an alias of an http hub', ['http', 'alias.example'],
	    { MERCURE_PUBLIC_HUB_URL => PLAIN }, '/hub', '/hub', 0],
	['another origin', ['https', 'app.example'],
	    { MERCURE_CORS_ALLOWED_ORIGINS => 'https://app.example' }, FIRST,
	    '/hub', 1],
	['a back end', ['http', 'php:8080'], {}, FIRST, '/hub', 1],
	['an address', ['http', '192.0.2.1'], {}, FIRST, '/hub', 1],
	['garbage', ['http', 'evil.example/www.example.com'], {}, FIRST, '/hub',
	    1],
);

sub environment {
	my ($page, $set) = @_;
	my ($scheme, $host) = @$page;

	return (REQUEST_METHOD => 'GET', HTTP_HOST => $host,
	    ($scheme eq 'https' ? (HTTPS => 'on') : ()),
	    MERCURE_PUBLIC_HUB_URL => $list, %$set);
}

sub is_cookie {
	my ($cookie, $path, $secure, $name) = @_;

	like $cookie, qr{; Path=\Q$path\E;}, "$name: the cookie's path";
	is scalar(() = $cookie =~ /; Secure/g), $secure,
	    "$name: Secure or not";
}

subtest 'the program' => sub {
	for my $row (@pages) {
		my ($name, $page, $set, $want, @cookie) = @$row;
		my %env = environment($page, $set);

		is helper(['url'], %env), $want, "$name: URL";
		like helper(['link'], %env), qr/^<\Q$want\E>;/, "$name: link";
		is_cookie(helper(['cookie', 't'], %env), @cookie, $name);
		is_cookie(helper(['clear-cookie'], %env), @cookie,
		    "$name, cleared");
		delete @env{qw(REQUEST_METHOD HTTP_HOST HTTPS)};
		is helper(['url', '--page=' . join('://', @$page) . '/x?y'],
		    %env), $want, "$name: by the option"
		    unless $name eq 'garbage';
	}
	is helper(['url'], MERCURE_PUBLIC_HUB_URL => $list), FIRST,
	    'without a page: the first';
};

subtest 'a program that answers looks at the question only' => sub {
	my $page = '--page=https://alias.example';
	my $ask = sub {
		return join(' ', (map { length } @_), 0) . "\n" . join '', @_;
	};
	my ($status, $out) = run([$pushcgi, '--config', "$site/pushcgi.conf",
	    'answer'], input => $ask->('url') . $ask->('url', $page)
	    . $ask->('url'), env => { environment(['https',
	    'shop.example:8443'], {}) });

	is $status, 0, 'it ends well';
	is_deeply [grep { !/^\d+ \d+ \d+$/ } split /\n/, $out],
	    [FIRST, '/hub', FIRST], 'what it says';
};

subtest 'PHP' => sub {
	for my $row (@pages) {
		my ($name, $page, $set, $want, @cookie) = @$row;
		my ($got, $all) = php_value("array(mercure_hub_url(), "
		    . "mercure_link_header(), mercure_set_authz_cookie('t'))",
		    env => { environment($page, $set) });

		is $got->[0], $want, "$name: URL";
		ok scalar(grep { /^Link: <\Q$want\E>;/ } @{ $all->{headers} }),
		    "$name: link";
		is_cookie((php_cookies($all))[0], @cookie, $name);
	}
};

subtest 'PHP without the program' => sub {
	spew("$site/secret", "key-of-the-tests-0123456789abcdef\n");
	# It knows no list of origins: what is not listed gets the first URL.
	for my $row (grep { !%{ $_->[2] } } @pages) {
		my ($name, $page, undef, $want, @cookie) = @$row;

		$want = FIRST if $name =~ /^an alias/;
		my ($got, $all) = php_value("array(mercure_hub_url(), "
		    . "mercure_link_header(), mercure_set_authz_cookie('t'))",
		    env => { environment($page, {}), PUSHCGI_HUB_URL => $list,
		    PUSHCGI_PROGRAM => '/none',
		    PUSHCGI_SECRET_FILE => "$site/secret" });

		is $got->[0], $want, "$name: URL";
		ok scalar(grep { /^Link: <\Q$want\E>;/ } @{ $all->{headers} }),
		    "$name: link";
		is_cookie((php_cookies($all))[0], @cookie, $name);
	}
};

subtest 'Perl' => sub {
	my $code = 'use Pushcgi; print mercure_hub_url(), "\n", '
	    . 'mercure_link_header(), "\n", mercure_set_authz_cookie("t"), "\n"';

	for my $row (@pages) {
		my ($name, $page, $set, $want, @cookie) = @$row;
		my ($status, $out, $err) = run([$^X, '-I'
		    . source('templates/perl'), '-e', $code], env => {
		    PUSHCGI_PROGRAM => $pushcgi,
		    PUSHCGI_CONFIG => "$site/pushcgi.conf",
		    PUSHCGI_TIMEOUT_S => PushcgiTest::DEADLINE_S,
		    environment($page, $set) });
		my ($url, $link, $cookie) = split /\n/, $out;

		is $url, $want, "$name: URL" or diag $err;
		like $link, qr/^<\Q$want\E>;/, "$name: link";
		is_cookie($cookie, @cookie, $name);
	}
};

subtest 'the hub' => sub {
	my $hub = Hub->start(config => { MERCURE_PUBLIC_HUB_URL => $list });
	my $token = Token::publisher();

	# [origin, status]
	for my $row (['https://www.example.com', 200],
	    ['https://shop.example:8443', 200], ['http://old.example', 200],
	    ['http://www.example.com', 403], ['https://shop.example', 403],
	    ['https://alias.example', 403],
	    ['http://hub.example', 403]) { # the request's own host
		my ($origin, $status) = @$row;

		is $hub->publish(topic => 'a', token => undef,
		    cookie => $token, headers => { Origin => $origin })->status,
		    $status, "a cookie from $origin: $status";
	}
	# [host, whose URL]
	for my $row (['shop.example:8443', SHOP], ['old.example', PLAIN],
	    ['www.example.com', FIRST], ['evil.example', FIRST]) {
		my ($host, $want) = @$row;

		like $hub->request('HEAD', Hub::URL_PATH . '?topic=a', undef,
		    headers => { Host => $host })->header('Link'),
		    qr/^<\Q$want\E>;/, "Link for $host";
	}
};

subtest 'publishing is local if any of the list is the hub to publish to' => sub {
	# [hub to publish to, is it remote]
	for my $row ([FIRST, 0], [PLAIN, 0], ['https://other.example/hub', 1]) {
		my ($url, $remote) = @$row;
		my ($status, undef, $err) = run([$pushcgi, '--config',
		    "$site/pushcgi.conf", 'last-event-id'], env => {
		    MERCURE_HUB_URL => $url, MERCURE_PUBLIC_HUB_URL => $list });

		is $status != 0, !!$remote, "$url: remote or not" or diag $err;
	}
};

subtest 'pushcgi check' => sub {
	my $hub = ScriptedHub->start(holds => 1, answers => {
	    HEAD => "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\n"
	    . "Content-Length: 0\r\nConnection: close\r\n\r\n" });
	my $url = "http://127.0.0.1:$hub->{port}/hub";
	my $check = sub {
		return (run([$pushcgi, '--config', "$site/pushcgi.conf",
		    'check', '--quick', $url],
		    env => { MERCURE_PUBLIC_HUB_URL => $_[0] }))[1];
	};

	like $check->($list),
	    qr/in pushcgi\.conf.* MERCURE_PUBLIC_HUB_URL = \Q$list $url\E\b/,
	    'the line with what is there';
	unlike $check->("$list $url"), qr/MERCURE_PUBLIC_HUB_URL = /,
	    'nothing if it is there';
	unlike $check->(join ' ', map { "http://$_.example" } 1 .. 8),
	    qr/MERCURE_PUBLIC_HUB_URL = /, 'nothing if there is no room';
	$hub->stop;
};

done_testing;
