# SPDX-License-Identifier: MIT
# php_processes.t - PHP processes of every kind, and how they run the program.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use JSON::PP ();
use PhpPage;
use PushcgiTest;
use Site;
use Test::More;

my $template = source('templates/php/pushcgi.php');
my $program = program('pushcgi');
my $site = php_site();
spew("$site/pushcgi.conf", slurp("$site/pushcgi.conf")
    . "MERCURE_SESSION_COOKIE = PHPSESSID\n", 0600);
my $hub = 'http://site.example/.well-known/mercure';

# The program, and a line with process id and arguments for each start of it.
spew("$site/counted", "#!/bin/sh\necho \"\$\$ \$*\" >>'$site/starts'\n"
    . "exec '$program' \"\$\@\"\n", 0755);
my %env = (PUSHCGI_PROGRAM => "$site/counted");
my $script = "mercure_hub_url('a') && mercure_script_tag('a') && "
    . "mercure_publish('a', 'secret') && mercure_is_connected('a') === false";
my $all = "mercure_set_authz_cookie('a') && mercure_hub_url('a') && "
    . "mercure_script_tag('a') && mercure_publish('a', 'secret') && "
    . "mercure_is_connected('a') === false";

sub starts {
	my @starts = -e "$site/starts" ? split /\n/, slurp("$site/starts") : ();

	unlink "$site/starts";
	return @starts;
}

# Standard output and error of a script of the command line.
sub script {
	my ($code, %more) = @_;

	spew("$site/script.php", "<?php\n$code\n");
	my ($status, $out, $err) = run(['php', '-n', '-d', 'display_errors=0',
	    '-d', 'log_errors=1', '-d', 'error_log=', "$site/script.php"],
	    env => { %env, PUSHCGI_CONFIG => "$site/pushcgi.conf",
	    PUSHCGI_TIMEOUT_S => DEADLINE_S, %more });
	diag "status $status: $err" if $status;
	return ($out, $err);
}

subtest 'one program for a page' => sub {
	my ($got, $page) = php_value($all, env => \%env);
	my @starts = starts();

	is $got, JSON::PP::true, 'all calls work' or diag $page->{errors};
	is $page->{errors}, '', 'without a word';
	is @starts, 1, 'the program was started once';
	my ($pid, $arguments) = split / /, $starts[0], 2;
	unlike $arguments, qr/secret|\ba\b/, 'nothing of the page in arguments';
	ok !kill(0, $pid), 'it has ended with the page';
};

subtest 'when another program is started' => sub {
	# [name, code between two calls, settings, starts]
	my @rows = (
		['nothing', '', {}, 1],
		['another environment', "putenv('SECRET_KEY=other-key-0123456789abcdef');", {}, 2],
		['another folder', 'chdir("/");', {}, 2],
		['a failed call', "mercure_publish('*');", {}, 1],
		['an exception in the middle',
		    "\$p = &pushcgi_state('program'); \$c = function () "
		    . "{ \$this->answered = null; }; \$c = "
		    . "\$c->bindTo(\$p, \$p); \$c(); unset(\$p);", {}, 2],
		['a long time', '', { PUSHCGI_REUSE_S => '0.0' }, 2],
		['a request begins', 'mercure_begin_request();', {}, 2],
		['it was killed', "preg_match('/\\d+/', file_get_contents("
		    . "'$site/starts'), \$m); exec('kill -9 ' . \$m[0]);"
		    . "mercure_hub_url('x');", {}, 2, qr/without an answer/],
		['it ended because nobody asked',
		    "preg_match('/\\d+/', file_get_contents('$site/starts'), "
		    . "\$m); while (preg_match('/\\) [^Z]/', (string) "
		    . "\@file_get_contents('/proc/' . \$m[0] . '/stat'))) "
		    . "{ usleep(10000); }", { PUSHCGI_REUSE_S => '600.0',
		    PUSHCGI_IDLE_S => '1' }, 2],
	);
	for my $row (@rows) {
		my ($name, $between, $settings, $want, $error) = @$row;
		my $before = () = site_rows($site);
		my ($got, $page) = php_value("mercure_publish('a')",
		    env => \%env, before => "mercure_hub_url('a');$between",
		    setup => join '', map { "define('$_', $settings->{$_});" }
		    keys %$settings);
		my @starts = starts();

		ok $got, "$name: it works" or diag $page->{errors};
		is @starts, $want, "$name: starts";
		is scalar(() = site_rows($site)), $before + 1,
		    "$name: published once";
		ok !kill(0, (split / /)[0]), "$name: ended" for @starts;
		like $page->{errors}, $error, "$name: the log" if $error;
	}
	spew("$site/fatal.php", "<?php require '$template';\n"
	    . "mercure_hub_url('a');\nnone();");
	php_page("$site/fatal.php", env => \%env, status => 255 << 8);
	my @starts = starts();
	is @starts, 1, 'a fatal error: one';
	ok !kill(0, (split / /, $starts[0])[0]), 'and it has ended';
};

subtest 'scripts of the command line' => sub {
	my ($out) = script("require '$template'; echo json_encode($script);");
	is $out, 'true', 'all calls work';
	is scalar(() = starts()), 5, 'a start for each question: a script may '
	    . 'run for days';

	($out) = script("require '$template'; mercure_begin_request();"
	    . "echo json_encode($script), json_encode($script); "
	    . "mercure_begin_request(); echo json_encode($script);");
	is $out, 'truetruetrue', 'with requests';
	is scalar(() = starts()), 2, 'a start for each request';
};

subtest 'signals and forks' => sub {
	# A worker that does not want to hear of its children.
	my ($out, $err) = script("require '$template';"
	    . "pcntl_signal(SIGCHLD, SIG_IGN);"
	    . "\$id = mercure_publish('a', 'x'); echo \$id, ' ', "
	    . "json_encode($script), json_encode(mercure_publish('*'));");
	my @rows = site_rows($site);
	is $err =~ s/^.*topic \*.*\n//r, '', 'SIGCHLD ignored: nothing else';
	like $out, qr/\A\S+ truefalse\z/, 'and each call is right';
	is $rows[-2]{id}, (split / /, $out)[0], 'the id is that of the update';

	# [name, code of the parent before, of the child, of the parent; rows]
	for my $row (['left for later, then forked',
	    "mercure_publish_later('a', 'parent');", '', '', ['parent']],
	    ['both leave something', "mercure_publish_later('a', 'parent');",
		"mercure_publish_later('a', 'child');", '',
		['child', 'parent']],
	    ['the child flushes', "mercure_publish_later('a', 'parent');",
		'echo count(mercure_publish_flush());', '', ['parent']],
	    ['with a program', "mercure_begin_request();"
		. "mercure_hub_url('a');", "mercure_publish('a', 'child');",
		"mercure_publish('a', 'parent');", ['child', 'parent']],
	    ['both at once', "mercure_begin_request(); mercure_hub_url('a');",
		"for (\$i = 0; \$i < 20; \$i++) mercure_publish('a', 'c');",
		"for (\$i = 0; \$i < 20; \$i++) mercure_publish('a', 'p');",
		[('c') x 20, ('p') x 20]]) {
		my ($name, $before, $child, $parent, $want) = @$row;
		my $n = () = site_rows($site);
		($out, $err) = script("require '$template'; $before\n"
		    . "\$pid = pcntl_fork(); if (\$pid === 0) { $child exit; }"
		    . "$parent pcntl_waitpid(\$pid, \$status);");
		my @new = (site_rows($site))[$n ..
		    scalar(() = site_rows($site)) - 1];
		is_deeply [sort map { $_->{data} } @new], $want, $name;
		is $err, '', "$name: without a word";
	}

	# A child that lives on must not keep the parent waiting.
	($out) = script("require '$template'; mercure_begin_request();"
	    . "mercure_hub_url('a'); \$pid = pcntl_fork(); if (\$pid === 0) "
	    . "{ sleep(600); exit; } mercure_begin_request(); echo 'on'; "
	    . "exec(\"kill -9 \$pid\"); pcntl_waitpid(\$pid, \$status);");
	is $out, 'on', 'a program ends although a child has its pipes';
	my @starts = starts();
	is scalar(grep { kill 0, (split / /)[0] } @starts), 0, 'nothing is left';

	# All of its own children, which the program must not be one of.
	($out) = script("require '$template'; mercure_hub_url('a');"
	    . "\$pid = pcntl_fork(); if (\$pid === 0) { exit; }"
	    . "while (pcntl_wait(\$status) > 0) { continue; } echo 'on';");
	is $out, 'on', 'a script that waits for all children';
};

subtest 'the end of the page' => sub {
	# As PHP-FPM: what is printed later is lost.
	my $finish = "function fastcgi_finish_request() { flush(); "
	    . "ob_start(function () { return ''; }); }";
	# [name, code, body, updates]
	for my $row (
	    ['functions of the shutdown',
		"mercure_publish_later('a'); register_shutdown_function("
		. "function () { echo '1'; register_shutdown_function("
		. "function () { echo '2'; }); });", 'x12', 1],
	    ['another one that wants to be the last',
		"mercure_publish_later('a'); register_shutdown_function("
		. "function () { register_shutdown_function(function () "
		. "{ register_shutdown_function(function () { echo '1'; }); "
		. "}); });", 'x1', 1],
	    ['a function that calls exit',
		"mercure_publish_later('a'); register_shutdown_function("
		. "function () { echo '1'; exit; });", 'x1', 1],
	    ['exit in the page', "mercure_publish_later('a'); echo 'x'; exit;",
		'x', 1],
	    ['a function that publishes', "register_shutdown_function("
		. "function () { mercure_publish_later('a'); });", 'x', 1],
	    ['a function that publishes at once', 'mercure_hub_url("a");'
		. 'register_shutdown_function(function () '
		. "{ echo (bool) mercure_publish('a'); });", 'x1', 1],
	    ['a failure when all is over', "mercure_publish_later('a');"
		. 'putenv("PUSHCGI_STRICT=1"); putenv("MERCURE_MAX_BODY=x");',
		'x', 0]) {
		my ($name, $code, $body, $updates) = @$row;
		my $before = () = site_rows($site);
		spew("$site/end.php", "<?php require '$template'; $finish\n"
		    . "$code\necho 'x';");
		my $page = php_page("$site/end.php", env => \%env);

		is $page->{body}, $body, "$name: output";
		is scalar(() = site_rows($site)) - $before, $updates,
		    "$name: updates";
		unlike $page->{errors}, qr/Uncaught/, "$name: log";
	}
	starts();
};

subtest 'values that a function does not expect' => sub {
	my @values = ('null', 'true', '-1', '1.5', 'NAN', '"\xff"', '"\0"', '""',
	    'array()', 'array(array(1))', 'array(null)', 'new stdClass()',
	    'fopen("php://memory", "r")', 'function () { return 1; }',
	    'array("a" => NAN)', 'str_repeat("x", 300000)');
	my @calls = (
		'mercure_hub_url($x)',
		'mercure_hub_url("t", $x)',
		'mercure_hub_url("t", array("lastEventId" => $x))',
		'mercure_hub_url("t", array("authorization" => $x))',
		'mercure_hub_url($x, array("authorization" => true))',
		'mercure_hub_url($x, array("subscriptions" => true))',
		'mercure_hub_url("t", array("subscribe" => $x))',
		'mercure_hub_url("t", array("publish" => $x))',
		'mercure_authentified_hub_url($x)',
		'mercure_authentified_hub_url("t", $x)',
		'mercure_authentified_hub_url("t", array("payload" => $x))',
		'mercure_topic($x)',
		'mercure_subscription_topic($x)',
		'mercure_subscription_topic("t", $x)',
		'mercure_link_header($x)',
		'mercure_link_header(array("lastEventId" => $x))',
		'mercure_script_tag($x)',
		'mercure_script_tag("t", $x)',
		'mercure_script_tag("t", array("src" => $x))',
		'mercure_script_tag("t", array("lastEventId" => $x))',
		'mercure_script_tag("t", array("refresh" => $x))',
		'mercure_script_tag("t", array("types" => $x))',
		'mercure_publish($x)',
		'mercure_publish("t", $x)',
		'mercure_publish("t", "", $x)',
		'mercure_publish("t", "", false, $x)',
		'mercure_publish("t", "", false, null, $x)',
		'mercure_publish("t", "", false, null, null, $x)',
		'mercure_publish_later("t", $x) && mercure_publish_flush()',
		'mercure_subscriber_jwt($x)',
		'mercure_subscriber_jwt("t", $x)',
		'mercure_subscriber_jwt("t", array("payload" => $x))',
		'mercure_subscriber_jwt("t", array("lifetime" => $x))',
		'mercure_subscriber_jwt("t", array("additionalClaims" => $x))',
		'mercure_subscriber_jwt("t", array("additionalClaims" => '
		    . 'array("exp" => $x, "mercure" => $x)))',
		'mercure_publisher_jwt($x)',
		'mercure_publisher_jwt("t", $x)',
		'mercure_set_authz_cookie($x)',
		'mercure_set_authz_cookie(null, $x)',
		'mercure_set_authz_cookie("t", null, $x)',
		'mercure_set_authz_cookie("t", null, array("payload" => $x))',
		'mercure_set_authz_cookie("t", null, array("token" => $x))',
		'mercure_set_authz_cookie("t", null, array("lifetime" => $x))',
		'mercure_set_authz_session($x)',
		'mercure_set_authz_session("t", $x)',
		'mercure_set_authz_session("t", array("payload" => $x))',
		'mercure_set_authz_session("t", array("lifetime" => $x))',
		'mercure_set_authz_session("t", array("id" => $x))',
		'mercure_clear_authz_session($x)',
		'mercure_clear_authz_session("t", $x)',
		'mercure_clear_authz_session("t", array("id" => $x))',
		'mercure_get_subscriptions($x)',
		'mercure_get_subscriptions("t", $x)',
		'mercure_is_connected($x)',
		'mercure_is_connected("t", $x)',
		'mercure_is_connected("t", array("a" => $x))',
		'mercure_payload_callback($x) . mercure_subscriber_jwt("t")',
	);
	# A framework that makes an exception of everything.
	my $setup = 'set_error_handler(function ($level, $text, $file, $line) '
	    . "{ throw new ErrorException(\"\$text at \$line\"); });\n";
	my $tries = join '', map { my $call = $_; map { my ($x, $name) = ($_,
	    "$call with $_"); $name =~ s/(['\\])/\\$1/g;
	    "\$x = $x; try { mercure_payload_callback(null); $call; } "
	    . "catch (Throwable \$e) { \$bad[] = '$name: ' . "
	    . "\$e->getMessage() . ' line ' . \$e->getLine(); }\n" } @values }
	    @calls;
	for my $more (\%env, { PUSHCGI_PROGRAM => '/none' },
	    { PUSHCGI_HUB_URL => 'http://127.0.0.1:9/', PUSHCGI_SECRET_FILE =>
	    '/none' }) {
		my ($bad) = php_value('preg_replace('
		    . '"/[^ -~]/", "?", $bad)', env => $more, setup =>
		    "ob_start(); session_id('0123456789abcdefgh'); "
		    . "session_start(); $setup", before => "\$bad = array();\n"
		    . $tries);
		is join("\n", @$bad), '',
		    join ' ', 'no exception with', map { "$_=$more->{$_}" }
		    sort keys %$more;
	}
	starts();
};

subtest 'the caller of a failed call' => sub {
	# [call, a word of the message]
	for my $row (["mercure_publish(array())", qr/needs a topic/],
	    ["mercure_publish('*')", qr/topic \*/],
	    ["mercure_publish_private('*')", qr/topic \*/],
	    ["mercure_publish_later('t', \"\\xff\")", qr/UTF-8/],
	    ["mercure_hub_url('t', array('x' => 1))", qr/no option x/],
	    ["mercure_hub_url('')", qr/topic/],
	    ["mercure_script_tag('')", qr/topic/],
	    ["mercure_set_authz_cookie('t', 't')", qr/publishing at once/],
	    ["mercure_authentified_hub_url('t', array('payload' => NAN))",
		qr/JSON/],
	    ["mercure_set_authz_session('t')", qr/session_start/],
	    ["mercure_is_connected('')", qr/topic/],
	    ["call_user_func('mercure_publish', '*')", qr/topic \*/],
	    ["current(array_map('mercure_publish', array('*')))",
		qr/topic \*/],
	    ["mercure_publish_later('t') && mercure_publish_later('*') && "
		. 'mercure_publish_flush()', qr/Line 2:.*left for later in/],
	) {
		my ($got, $page) = php_value('array($got, mercure_last_error())',
		    env => \%env, before => "\n\n\$got = $row->[0];\n");

		ok !$got->[0], "$row->[0]: fails";
		like $page->{errors}, $row->[1], "$row->[0]: why";
		like $page->{errors}, qr/ in \Q$site\E\/page\.php on line 5\)\n\z/,
		    "$row->[0]: and where";
		is "$got->[1]\n", $page->{errors}, 'as mercure_last_error()';
	}
	my ($got, $page) = php_value('array($e->getLine(), '
	    . 'basename($e->getFile()), $e->getMessage())', env => { %env,
	    PUSHCGI_STRICT => 1 }, before => "\$e = null;\ntry {\n"
	    . "mercure_publish('*');\n} catch (RuntimeException \$e) {}\n");
	is_deeply [@$got[0, 1]], [5, 'page.php'], 'an exception has it, too';

	($got) = php_value("mercure_last_error()", env => \%env);
	is $got, '', 'without a failure there is no error';

	# After the page, the line that left it for later.
	(undef, $page) = php_value("1", env => { %env,
	    PUSHCGI_PROGRAM => '/none' }, before =>
	    "\n\nmercure_publish_later('a');\n");
	like $page->{errors}, qr/left for later in \S*page\.php on line 5\)/,
	    'a failure after the page';
	starts();
};

done_testing;
