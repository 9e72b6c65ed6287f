# SPDX-License-Identifier: MIT
# php.t - the functions for PHP pages, run by php-cgi without a web server.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use JSON::PP ();
use PhpPage;
use PushcgiTest;
use Site;
use Test::More;

my $pushcgi = program('pushcgi');
my $template = source('templates/php/pushcgi.php');
my $site = php_site();

my $hub = 'http://site.example/.well-known/mercure';

subtest 'mercure_hub_url' => sub {
	# [expression, URL]
	my @rows = (
		["mercure_hub_url()", $hub],
		["mercure_hub_url('a')", "$hub?topic=a"],
		["mercure_hub_url(array('a', 'b&c'))",
		    "$hub?topic=a&topic=b%26c"],
		["mercure_hub_url('a', array('lastEventId' => '#x'))",
		    "$hub?topic=a&lastEventID=%23x"],
		["mercure_hub_url('a', array('lastEventId' => null))",
		    "$hub?topic=a"],
		["mercure_hub_url('--help')", "$hub?topic=--help"],
		["mercure_hub_url(\"\\xc3\\xa9\")", "$hub?topic=%C3%A9"],
		["mercure_hub_url(7)", "$hub?topic=7"],
	);
	for my $row (@rows) {
		my ($got, $page) = php_value($row->[0]);
		is $got, $row->[1], $row->[0];
		is $page->{errors}, '', 'without a word';
	}
};

subtest 'mercure_set_authz_cookie' => sub {
	my ($got, $page) = php_value("mercure_set_authz_cookie('a')");
	my @cookies = php_cookies($page);

	is $got, JSON::PP::true, 'true';
	is @cookies, 1, 'one cookie';
	like $cookies[0], qr/^mercureAuthorization=/, 'of that name';
	unlike $cookies[0], qr/Max-Age/i, 'a session cookie';
	is_deeply site_claims($cookies[0])->{mercure}{subscribe}, ['a'],
	    'with the right';

	($got, $page) = php_value("mercure_set_authz_cookie(array('c', 'a'))",
	    setup => "setcookie('one', '1'); header('X-A: b');"
	    . "require '$template'; mercure_set_authz_cookie('a');"
	    . "setcookie('two', '2'); mercure_set_authz_cookie('b');");
	@cookies = php_cookies($page);
	is_deeply [map { /^(\w+=\d?)/ } @cookies],
	    ['one=1', 'two=2', 'mercureAuthorization='],
	    'several calls make one cookie, and leave the others';
	is_deeply site_claims($cookies[2])->{mercure}{subscribe},
	    ['a', 'b', 'c'], 'with all rights';
	ok scalar(grep { $_ eq 'X-A: b' } @{ $page->{headers} }),
	    'other headers stay';

	($got, $page) = php_value("mercure_set_authz_cookie('a')",
	    setup => "ini_set('session.cookie_lifetime', '600');");
	like +(php_cookies($page))[0], qr/; Max-Age=900\b/,
	    'it lives as long as the session cookie';

	($got, $page) = php_value("mercure_set_authz_cookie('b')",
	    setup => "require '$template'; mercure_set_authz_cookie('a');"
	    . "mercure_set_authz_cookie(\"x\\ny\");");
	is_deeply site_claims((php_cookies($page))[0])->{mercure}{subscribe},
	    ['a', 'b'], 'a call that failed changes nothing';

	# Frameworks turn warnings of PHP into exceptions.
	spew("$site/late.php", "<?php\nrequire '$template';\necho 'x';\n"
	    . "flush();\nset_error_handler(function (\$n, \$text) "
	    . "{ throw new ErrorException(\$text); });\n"
	    . "echo json_encode(mercure_set_authz_cookie('a'));");
	$page = php_page("$site/late.php");
	is $page->{body}, 'xfalse', 'too late: false';
	like $page->{errors}, qr/\Amercure_set_authz_cookie\(\)[^\n]*\ output
	    \ started\ at\ \S*late\.php:3\.\ \(called\ in\ \S*late\.php
	    \ on\ line\ 6\)\n\z/x,
	    'and a line in the log that says where output began';
	is_deeply [php_cookies($page)], [], 'no cookie';
};

subtest 'mercure_subscriber_jwt' => sub {
	# [expression, rights]
	for my $row (["mercure_subscriber_jwt('a')", ['a']],
	    ["mercure_subscriber_jwt(array('a', '-b'))", ['a', '-b']],
	    ["mercure_subscriber_jwt(array())", []]) {
		my ($got) = php_value($row->[0]);
		is_deeply site_claims($got)->{mercure}{subscribe}, $row->[1],
		    $row->[0];
	}
};

subtest 'mercure_publish' => sub {
	my $pwned = "$site/pwned";
	# [arguments in PHP, row]
	my @rows = (
		["'t'", { topics => 't', data => '', private => 0 }],
		["'t', 'x'", { topics => 't', data => 'x' }],
		["array('t', 'u', '-v'), 'x'", { topics => "t\nu\n-v" }],
		["'t', 'x', true", { private => 1 }],
		["'t', 'x', false, 'urn:x:1', 'note', 7", { id => 'urn:x:1',
		    type => 'note', retry_ms => 7 }],
		["'t', 42", { data => '42' }],
		["'--help', '--private'", { topics => '--help',
		    data => '--private' }],
		["'t', \"a\\r\\nb\\n\"", { data => "a\r\nb\n" }],
		["'t', str_repeat('x', 900000)", { data => 'x' x 900_000 }],
		["\"\\xc3\\xa9\", \"\\xe2\\x82\\xac\"",
		    { topics => "\x{e9}", data => "\x{20ac}" }],
		map { my $in_php = s/'/\\'/gr; ["'$in_php', '$in_php', false, "
		    . "'$in_php', '$in_php'", { topics => $_, data => $_,
		    id => $_, type => $_ }] } "\$(touch $pwned)",
		    "`touch $pwned`", "';touch $pwned;'", '" & | > < * ?',
	);
	for my $row (@rows) {
		my $before = () = site_rows($site);
		my ($got, $page) = php_value("mercure_publish($row->[0])");
		my @rows = site_rows($site);
		my $name = substr $row->[0], 0, 60;

		is @rows, $before + 1, "$name: published" or next;
		is $got, $rows[-1]{id}, "$name: its id";
		is_deeply { map { $_ => $rows[-1]{$_} } keys %{ $row->[1] } },
		    $row->[1], "$name: as asked";
		is $page->{errors}, '', "$name: without a word";
	}
	ok !-e $pwned, 'no shell saw an argument';

	for my $row (['mercure_publish_private', "'t', 'x'",
	    { topics => 't', data => 'x', private => 1 }],
	    ['mercure_publish_private', "'t', 'x', 'urn:x:2', 'note', 7",
	    { id => 'urn:x:2', type => 'note', retry_ms => 7, private => 1 }],
	    ['mercure_publish_private_later', "'t', 'y', 'urn:x:3', 'note', 7",
	    { id => 'urn:x:3', type => 'note', retry_ms => 7,
	    private => 1 }]) {
		my ($function, $arguments, $want) = @$row;
		my ($got, $page) = php_value("$function($arguments)");
		my $row = (site_rows($site))[-1];

		is $page->{errors}, '', "$function: without a word";
		is_deeply { map { $_ => $row->{$_} } keys %$want }, $want,
		    "$function($arguments)";
	}

	# [arguments, what the log says]
	my $before = () = site_rows($site);
	for my $row (["array(), 'x'", qr/needs a topic/],
	    ["null", qr/needs a topic/], ["array('t', ''), 'x'", qr/topic/],
	    ["\"\\xff\"", qr/topic.*UTF-8/],
	    ["'t', '', false, \"\\xff\"", qr/\bid\b.*UTF-8/],
	    ["'t', '', false, null, \"\\xff\"", qr/\btype\b.*UTF-8/],
	    ["'t', '', false, array('x')", qr/\bid\b/],
	    ["'t', '', false, null, new stdClass()", qr/\btype\b/],
	    ["'t', '', false, null, null, -1", qr/\bretry\b/],
	    ["'t', '', false, null, null, 1.5", qr/\bretry\b/],
	    ["'*', 'x'", qr/topic \*/], ["\"a\\nb\"", qr/topic/i],
	    ["'t', \"\\0\"", qr/NUL/], ["\"t\\0\"", qr/topic.*control/],
	    ["'t', \"\\xff\"", qr/UTF-8/], ["'t', '', false, '#a'", qr/\bid\b/],
	    ["'t', '', false, null, null, 'soon'", qr/\bretry\b/],
	    ["'t', '', false, \"a\\r\\nX: y\"", qr/\bid\b/],
	    ["'t', '', false, null, \"a\\nb\"", qr/\btype\b/],
	    ["'t', str_repeat('x', 3000000)", qr/MERCURE_MAX_BODY/]) {
		my ($got, $page) = php_value("mercure_publish($row->[0])");
		is $got, JSON::PP::false, "$row->[0]: false";
		like $page->{errors}, qr/\A[^\n]*\n\z/, 'one line in the log';
		like $page->{errors}, $row->[1], 'that says why';
	}
	is scalar(() = site_rows($site)), $before, 'nothing was published';
};

subtest 'the program misbehaves' => sub {
	my $big = "head -c 300000 /dev/zero | tr '\\0' x";
	# [name, script, what the log says]
	my @rows = (
		['not there', undef, qr/PUSHCGI_PROGRAM/],
		['fails at once', 'echo broken >&2; exit 1', qr/broken/],
		['many complaints', "$big >&2; exit 1", qr/failed/],
		['stops reading', 'exec <&-; echo stopped >&2; exit 3',
		    qr/stopped/],
		['is killed', 'kill -9 $$', qr/failed/],
	);
	for my $row (@rows) {
		my ($name, $script, $want) = @$row;
		my $fake = defined $script ? site_fake($site, $script)
		    : "$site/none";
		my ($got, $page) = php_value("mercure_publish('t', "
		    . "str_repeat('x', 900000))",
		    env => { PUSHCGI_PROGRAM => $fake });
		is $got, JSON::PP::false, "$name: false";
		like $page->{errors}, $want, "$name: a line in the log";
	}
	my ($got) = php_value("mercure_publish('t', str_repeat('x', 900000))",
	    env => { PUSHCGI_PROGRAM => site_answers($site,
	    "$big; cat >/dev/null; $big") });
	is length $got, 600_000, 'a long answer is whole';

	for my $hangs ('exec sleep 600', 'exec sleep 600 >&- 2>&-',
	    'while :; do sleep 1; done; exit 0') {
		unlink "$site/started";
		my ($both, $page) = php_value("array(mercure_publish('t', "
		    . "str_repeat('x', 900000)), mercure_hub_url('t'), "
		    . "mercure_set_authz_cookie('t'))",
		    env => { PUSHCGI_PROGRAM => site_fake($site, $hangs),
		    PUSHCGI_TIMEOUT_S => '' });
		is_deeply $both, [(JSON::PP::false) x 3], "$hangs: false";
		like $page->{errors}, qr/did not answer in time/,
		    'the log says so';
		my @started = split /\n/, slurp("$site/started");
		is @started, 1, 'only one call waited for it';
		ok !kill(0, $started[0]), 'and it was ended';
	}

	# Neither has the time for all, which is over with the second run.
	for my $call ("mercure_authentified_hub_url('t')",
	    "mercure_set_authz_cookie(null, 'a')") {
		my ($got, $page) = php_value("array($call, "
		    . "pushcgi_state('spent'))", env => {
		    PUSHCGI_PROGRAM => site_answers($site, 'sleep 0.7; echo x'),
		    PUSHCGI_TIMEOUT_S => 1 });
		is_deeply $got, [JSON::PP::false, undef],
		    "$call: its runs share one time, and no other's do";
		like $page->{errors}, qr/did not answer in time/,
		    'the log says so';
	}
};

subtest 'settings, names and older versions of PHP' => sub {
	my ($got) = php_value("mercure_hub_url('a')", setup =>
	    "define('PUSHCGI_PROGRAM', '$pushcgi');"
	    . "define('PUSHCGI_CONFIG', '$site/pushcgi.conf');",
	    env => { PUSHCGI_PROGRAM => '/none', PUSHCGI_CONFIG => '/none' });
	is $got, "$hub?topic=a", 'constants beat the environment';
	($got) = php_value("mercure_hub_url('a')", env => {
	    PUSHCGI_TIMEOUT_S => 60, PUSHCGI_PROGRAM => site_answers($site,
	    'sleep 1.5; echo late') });
	is $got, 'late', 'PUSHCGI_TIMEOUT_S';
	my ($bin) = $pushcgi =~ m{(.*)/};
	($got) = php_value("mercure_hub_url('a')", env => {
	    PUSHCGI_PROGRAM => '', PATH => "$bin:$ENV{PATH}" });
	is $got, "$hub?topic=a", 'by default it is in PATH';
	($got) = php_value("mercure_publish('a')", setup =>
	    "function mercure_publish() { return 'the site\\'s own'; }");
	is $got, "the site's own", 'functions that are there stay';

	my @arguments = ("a b", "it's", "\$(false)`false`", "\xc3\xa9", '',
	    "a\nb", '\\');
	spew("$site/print", "#!/bin/sh\nprintf '<%s>' \"\$@\"\n", 0755);
	my $in_php = join ', ', map { "'" . s/([\\'])/\\$1/gr . "'" } @arguments;
	my ($line) = php_value("pushcgi_command(array('$site/print', $in_php), "
	    . '70300)');
	my ($status, $out) = run(['sh', '-c',
	    do { utf8::encode($line); $line }]);
	is $out, join('', map { "<$_>" } @arguments),
	    'the line for the shell gives the same arguments';
};

subtest 'the example page' => sub {
	my $example = source('templates/php/example.php');
	my $page = php_page($example);
	my ($cookie) = php_cookies($page);

	is_deeply site_claims($cookie)->{mercure}{subscribe},
	    ['https://example.com/php'], 'sets the cookie';
	like $page->{body}, qr{>\Q$hub\E\?topic=https%3A%2F%2Fexample\.com%2Fphp
	    &amp;lastEventID=%23[\w-]+<}x, 'prints the URL';
	like $page->{body}, qr/new EventSource\(/, 'and the script';
	is $page->{errors}, '', 'without a word';

	$page = php_page($example, post => 'data=%3Cb%3E+%26');
	my ($update) = (site_rows($site))[-1];
	is $page->{body}, "$update->{id}\n", 'a POST answers with the id';
	is_deeply [@$update{qw(topics data private)}],
	    ['https://example.com/php', '<b> &', 1],
	    'of a private update';
	$page = php_page($example, post => 'data=x',
	    env => { PUSHCGI_PROGRAM => '/none' });
	like $page->{headers}[0], qr/503/, '503 when that fails';

	$page = php_page($example, env => { PUSHCGI_PROGRAM => '/none' });
	like $page->{body}, qr/<form/, 'without the program it still shows';
};

done_testing;
