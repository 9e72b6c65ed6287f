# SPDX-License-Identifier: MIT
# php_rights.t - what PHP pages allow: tokens, the cookie, sessions.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use JSON::PP ();
use PhpPage;
use PushcgiTest;
use Site;
use Test::More;

my $site = php_site();
my $callback = "mercure_payload_callback(function (\$topics) { "
    . "return array('user' => 7, 'topics' => \$topics); });";

subtest 'tokens' => sub {
	my ($token) = php_value("mercure_subscriber_jwt('a', array('payload' => "
	    . "'x', 'lifetime' => 60))");
	my $claims = site_claims($token);
	is $claims->{mercure}{payload}, 'x', 'a payload';
	ok $claims->{exp} <= time + 60, 'a lifetime';
	($token) = php_value("mercure_subscriber_jwt('a')");
	$claims = site_claims($token);
	ok $claims->{exp} > time + 3500 && $claims->{exp} <= time + 3600,
	    'or an hour';

	for my $row (["mercure_publisher_jwt()", ['*']],
	    ["mercure_publisher_jwt(array('a', 'b'))", ['a', 'b']]) {
		($token) = php_value($row->[0]);
		$claims = site_claims($token);
		is_deeply $claims->{mercure}, { publish => $row->[1],
		    subscribe => [] }, $row->[0];
		ok !exists $claims->{exp}, 'for ever';
	}
	($token, my $page) = php_value("mercure_subscriber_jwt('a', "
	    . "array('additionalClaims' => array('sub' => 'me')))");
	is $token, JSON::PP::false, 'other claims: false';
	like $page->{errors}, qr/PUSHCGI_SECRET_FILE/, 'and what to set';
};

subtest 'mercure_payload_callback' => sub {
	my ($token) = php_value("mercure_subscriber_jwt('a')",
	    before => $callback);
	is_deeply site_claims($token)->{mercure}{payload},
	    { user => 7, topics => ['a'] }, 'tells the payload of tokens';
	($token) = php_value("mercure_subscriber_jwt('a', array('payload' => "
	    . "array('user' => 8, 'b' => 1)))", before => $callback);
	is_deeply site_claims($token)->{mercure}{payload},
	    { user => 8, topics => ['a'], b => 1 }, 'one call may add to it';
	my (undef, $page) = php_value("mercure_set_authz_cookie('a')",
	    before => $callback);
	is_deeply site_claims((php_cookies($page))[0])->{mercure}{payload},
	    { user => 7, topics => ['a'] }, 'and of cookies';
	($token) = php_value("mercure_publisher_jwt()", before => $callback);
	ok !exists site_claims($token)->{mercure}{payload},
	    'not of publishers';
};

subtest 'the cookie' => sub {
	my ($got, $page) = php_value("mercure_set_authz_cookie('b', null, "
	    . "array('payload' => array('y' => 2)))", before =>
	    "mercure_set_authz_cookie('a', null, "
	    . "array('payload' => array('x' => 1)));");
	my @cookies = php_cookies($page);
	is @cookies, 1, 'two widgets, one cookie';
	is_deeply site_claims($cookies[0])->{mercure}, { publish => [],
	    subscribe => ['a', 'b'], payload => { x => 1, y => 2 } },
	    'with the rights and payloads of both';

	($got, $page) = php_value("mercure_set_authz_cookie(null, null, "
	    . "array('token' => 'x.y.z', 'lifetime' => 60))",
	    before => "mercure_set_authz_cookie('a');");
	like +(php_cookies($page))[0], qr/^mercureAuthorization=x\.y\.z; .*
	    Max-Age=360\b/x, 'of a token that is there';
	is scalar(() = php_cookies($page)), 1, 'instead of the other';

	($got, $page) = php_value("mercure_set_authz_cookie(null, 'a')");
	is_deeply site_claims((php_cookies($page))[0])->{mercure}{publish},
	    ['a'], 'to publish';
	($got, $page) = php_value("mercure_set_authz_cookie('a', 'a')");
	is $got, JSON::PP::false, 'for both at once: false';
	like $page->{errors}, qr/PUSHCGI_SECRET_FILE/, 'and what to set';

	($got, $page) = php_value("mercure_clear_authz_cookie()",
	    before => "setcookie('other', '1'); mercure_set_authz_cookie('a');");
	is $got, JSON::PP::true, 'mercure_clear_authz_cookie: true';
	like +(php_cookies($page))[1], qr/^mercureAuthorization=; .*Max-Age=0/,
	    'takes it away';
	is scalar(() = php_cookies($page)), 2, 'and leaves others';
	($got, $page) = php_value("mercure_set_authz_cookie('b')",
	    before => "mercure_set_authz_cookie('a'); "
	    . 'mercure_clear_authz_cookie();');
	is_deeply site_claims((php_cookies($page))[0])->{mercure}{subscribe},
	    ['b'], 'what comes after it begins again';
	for my $call ('mercure_clear_authz_cookie()',
	    "mercure_set_authz_cookie('a')") {
		($got, $page) = php_value($call,
		    before => "echo ' ';\nflush();\n");
		is $got, JSON::PP::false, "$call too late: false";
		like $page->{errors}, qr/output started at \S*page\.php:3\b/,
		    'and where output began';
	}
};

# [name, request, is a Secure cookie of use to its browser]
my @pages = (
	['http', { HTTP_HOST => 'shop.example' }, 0],
	['http, port 8080', { HTTP_HOST => 'shop.example:8080',
	    SERVER_PORT => 8080, HTTPS => 'off' }, 0],
	['https', { HTTP_HOST => 'shop.example', HTTPS => 'on' }, 1],
	['port 443', { HTTP_HOST => 'shop.example', SERVER_PORT => 443 }, 1],
	['a proxy', { HTTP_HOST => 'shop.example',
	    HTTP_X_FORWARDED_PROTO => 'https' }, 1],
	['Forwarded', { HTTP_HOST => 'shop.example',
	    HTTP_FORWARDED => 'for=192.0.2.1;proto=https' }, 1],
	['this machine', { HTTP_HOST => 'localhost:8080' }, 1],
	['127.0.0.1', { HTTP_HOST => '127.0.0.1:8080' }, 1],
	['a host that looks like it', { HTTP_HOST => '127.0.0.1.example' }, 0],
);

subtest 'a cookie for https, a page by http' => sub {
	for my $row (@pages) {
		my ($name, $env, $good) = @$row;
		my ($got, $page) = php_value("mercure_set_authz_cookie('b')",
		    before => "mercure_set_authz_cookie('a');", env => {
		    MERCURE_PUBLIC_HUB_URL => 'https://shop.example/hub',
		    %$env });

		is $got, JSON::PP::true, "$name: true";
		is scalar(() = php_cookies($page)), 1, 'it is sent';
		is scalar(() = $page->{errors} =~ /\bby http, so /g),
		    $good ? 0 : 1, $good ? 'without a word'
		    : 'one line in the log for two calls';
	}
	my (undef, $page) = php_value("mercure_set_authz_cookie('a')",
	    env => { HTTP_HOST => 'shop.example' });
	is $page->{errors}, '', 'a cookie of an http hub: without a word';
	($page) = (php_value("mercure_set_authz_cookie('a')", env => {
	    HTTP_HOST => 'shop.example', PUSHCGI_STRICT => 1,
	    MERCURE_PUBLIC_HUB_URL => 'https://shop.example/hub' }))[1];
	like $page->{errors}, qr/MERCURE_PUBLIC_HUB_URL .* X-Forwarded-Proto/,
	    'strict: a line as well, no exception';
};

# What the program is asked for when `expression` runs in a session.
sub asked {
	my ($expression, %o) = @_;
	my $log = "$site/asked";

	unlink $log;
	my ($got, $page) = php_value($expression, %o, env => {
	    PUSHCGI_CONFIG => '', PUSHCGI_PROGRAM => site_answers($site,
	    "{ printf '[%s]' \"\$@\"; echo; cat; } >>'$log'") });
	return ($got, -e $log ? slurp($log) : '', $page);
}

subtest 'sessions' => sub {
	my $start = "session_id('the-id'); session_start();\n";
	# [call, what the program is asked for]
	my @rows = (
		["mercure_set_authz_session(array('a', '--b'))",
		    '[session][grant][--][a][--b]'],
		["mercure_set_authz_session('a', array('lifetime' => 60, "
		    . "'replace' => true, 'payload' => array('u' => 1)))",
		    '[session][grant][--lifetime=60][--payload={"u":1}]'
		    . '[--replace][--][a]'],
		['mercure_clear_authz_session()', '[session][revoke][--]'],
		["mercure_clear_authz_session('a')",
		    '[session][revoke][--][a]'],
	);
	# [call with an id of the site's own, as above]
	my @own = (
		["mercure_set_authz_session('a', array('id' => 'own'))",
		    '[session][grant][--][a]'],
		["mercure_clear_authz_session('a', array('id' => 'own'))",
		    '[session][revoke][--][a]'],
	);
	for my $row (@rows) {
		my ($got, $asked, $page) = asked($row->[0], setup => $start);
		is $got, JSON::PP::true, "$row->[0]: true";
		is $asked, "$row->[1]\nthe-id\n", 'the id by standard input';
		is $page->{errors}, '', 'without a word';
		($got, $asked, $page) = asked($row->[0]);
		is $got, JSON::PP::false, 'without a session: false';
		is $asked, '', 'and nothing is asked';
		like $page->{errors}, qr/session_start\(\)/, 'but said';
	}
	for my $row (@own) {
		my ($got, $asked) = asked($row->[0]);
		is $got, JSON::PP::true, "$row->[0]: true";
		is $asked, "$row->[1]\nown\n", 'the id by standard input';
		($got, $asked) = asked($row->[0] =~ s/'own'/''/r);
		is $got, JSON::PP::false, 'an empty id: false';
		is $asked, '', 'and nothing is asked';
	}
	my ($got, $asked) = asked("mercure_set_authz_session('a')",
	    setup => $start, before => $callback);
	like $asked, qr/\Q[--payload={"user":7,"topics":["a"]}]\E/,
	    'the payload of the callback';
};

# What is published is not for everybody who may look at processes.
subtest 'arguments' => sub {
	my (undef, $asked) = asked("mercure_publish(array('a', 'b'), 'x', true, "
	    . "'an-id', 'a-type', 5)");
	my ($arguments, $input) = split /\n/, $asked;

	is $arguments, '[publish][--batch]', 'hold nothing of an update';
	is_deeply JSON::PP::decode_json($input), { topic => ['a', 'b'],
	    data => 'x', private => JSON::PP::true, id => 'an-id',
	    type => 'a-type', retry => 5 }, 'which is on standard input';
};

# With the program itself: what its list says a session has.
sub rights_of {
	my ($id) = @_;
	my (undef, $out) = run([program('pushcgi'),
	    "--config=$site/pushcgi.conf", qw(session list --of --json)],
	    input => "$id\n");
	my $has = $out eq '' ? {} : JSON::PP::decode_json($out);

	return [@$has{qw(topics payload)}];
}

subtest 'mercure_session_regenerate_id' => sub {
	my %env = (MERCURE_SESSION_COOKIE => 'PHPSESSID');
	my $start = "session_id('old-id-0123456789ab'); session_start();\n";
	my $given = "mercure_set_authz_session(array('a', '{b}'), array("
	    . "'payload' => array('n' => 1.5, 'o' => new stdClass())));";

	# The ids are those of the page; what the old one has while it runs.
	my ($got, $page) = php_value("array(mercure_session_regenerate_id("
	    . "true), session_id(), pushcgi_run(array('session', 'list', "
	    . "'--of'), \"old-id-0123456789ab\\n\"))", setup => $start, before => $given,
	    env => \%env);
	is $got->[0], JSON::PP::true, 'true';
	isnt $got->[1], 'old-id-0123456789ab', 'another id';
	like $got->[2], qr/\t[0-5]\ta\t\{b}\z/,
	    'the old one has its rights for seconds';
	wait_until('and then none', sub {
		!defined rights_of('old-id-0123456789ab')->[0] });
	is_deeply rights_of($got->[1]), [['a', '{b}'], { n => 1.5, o => {} }],
	    'the new one has all of them';
	is $page->{errors}, '', 'without a word';
	($got, $page) = php_value('mercure_session_regenerate_id()',
	    setup => $start, env => \%env);
	is $got, JSON::PP::true, 'a session without rights: true';
	is $page->{errors}, '', 'without a word, too';

	# Nothing that comes later is needed: neither another run of the
	# program nor the end of the page.
	my $program = program('pushcgi');
	my $once = site_answers($site, "case \"\$*\" in *revoke*) exit 1;; esac; "
	    . "exec '$program' \"\$@\"");
	($got, $page) = php_value('mercure_session_regenerate_id(true)',
	    setup => $start, before => $given,
	    env => { %env, PUSHCGI_PROGRAM => $once });
	is $got, JSON::PP::true, 'a program that does not revoke';
	wait_until('the old id ends all the same', sub {
		!defined rights_of('old-id-0123456789ab')->[0] });

	# If it cannot be moved, somebody learns of it.
	my $never = site_fake($site, 'echo "no disk" >&2; exit 1');
	($got, $page) = php_value('mercure_session_regenerate_id(true)',
	    setup => $start, env => { %env, PUSHCGI_PROGRAM => $never });
	is $got, JSON::PP::true, 'a program that fails: another id';
	like $page->{errors}, qr/no disk/, 'and a line in the log';
};

subtest 'a page of a session that shows who is connected' => sub {
	my ($got, $page) = php_value("mercure_script_tag('a', array("
	    . "'presence' => true))", env => { MERCURE_SESSION_COOKIE =>
	    'PHPSESSID' }, setup => "session_id('an-id-0123456789abcd'); "
	    . "session_start();\n", before => 'mercure_set_authz_session('
	    . "'a', array('payload' => array('n' => 'Ann')));");

	like $got, qr/ data-private="true" data-presence="true">/, 'the tag';
	is_deeply rights_of('an-id-0123456789abcd'), [['a',
	    '/.well-known/mercure/subscriptions/a{/subscriber}'], { n => 'Ann' }],
	    'the right is the session\'s, with its payload';
	unlike $page->{errors}, qr/cookie/, 'no cookie is needed';
};

done_testing;
