# SPDX-License-Identifier: MIT
# php_pages.t - what PHP pages carry: URLs, positions, tags, later updates.
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
my $hub = 'http://site.example/.well-known/mercure';
my $of_a = '/.well-known/mercure/subscriptions/a';

# The parameters of a URL: [name, value] pairs.
sub parameters {
	my ($url) = @_;
	my ($query) = $url =~ /\?(.*)/ or return [];

	return [map { [map { s/%(..)/chr hex $1/ger } split /=/, $_, 2] }
	    split /&/, $query];
}

subtest 'mercure_hub_url with options' => sub {
	my ($url) = php_value("mercure_hub_url('a', "
	    . "array('authorization' => 'x.y+z'))");
	is $url, "$hub?topic=a&authorization=x.y%2Bz", 'a token that is there';

	($url) = php_value("mercure_hub_url('a', array('authorization' => true,"
	    . " 'payload' => array('user' => 7), 'lifetime' => 60))");
	my ($topic, $token) = @{ parameters($url) };
	is_deeply $topic, [topic => 'a'], 'a token made for it: the topic';
	my $claims = site_claims($token->[1]);
	is_deeply $claims->{mercure}, { publish => [], subscribe => ['a'],
	    payload => { user => 7 } }, 'its rights and payload';
	ok $claims->{exp} > time && $claims->{exp} <= time + 60,
	    'its lifetime';

	($url) = php_value("mercure_authentified_hub_url(array('a', 'b'))");
	is_deeply site_claims(parameters($url)->[2][1])->{mercure}{subscribe},
	    ['a', 'b'], 'mercure_authentified_hub_url';

	($url) = php_value("mercure_hub_url('a', "
	    . "array('subscriptions' => true, 'authorization' => true))");
	is_deeply [map { $_->[1] } @{ parameters($url) }[0, 1]],
	    ['a', "$of_a\{/subscriber}"], 'subscriptions: their topic';
	is_deeply site_claims(parameters($url)->[2][1])->{mercure}{subscribe},
	    ['a', "$of_a\{/subscriber}"], 'and the right to it';

	($url, my $page) = php_value("mercure_hub_url('a', "
	    . "array('subscribe' => array('a', 'b'), 'additionalClaims' => "
	    . "array('exp' => time() + 600, 'mercure' => "
	    . "array('payload' => 1))))");
	is $url, "$hub?topic=a", 'the options of the Twig function: the URL';
	my ($cookie) = php_cookies($page);
	$claims = site_claims($cookie);
	is_deeply $claims->{mercure}, { subscribe => ['a', 'b'],
	    publish => [], payload => 1 }, 'the cookie';
	like $cookie, qr/; Max-Age=900\b/, 'that outlives its token by a little';

	($url, $page) = php_value("mercure_hub_url('a', "
	    . "array('lastEventID' => 'x'))");
	is $url, JSON::PP::false, 'an option that is none: false';
	like $page->{errors}, qr/no option lastEventID.*lastEventId/,
	    'and which there are';
	for my $row (["array('subscribe' => \"a\\nb\")", '', qr/topic/i],
	    ["array('subscribe' => 'a')", "echo ' ';\nflush();\n",
		qr/output started/]) {
		my ($options, $before, $want) = @$row;

		($url, $page) = php_value("mercure_hub_url('a', $options)",
		    before => $before);
		is $url, JSON::PP::false, 'no cookie, no URL';
		like $page->{errors}, $want, 'and why';
	}
};

subtest 'mercure_topic' => sub {
	my $setup = 'class Book { public function mercureTopic() '
	    . "{ return 'https://example.com/books/1'; }\n"
	    . "public function mercureData() { return array('id' => 1); } }\n"
	    . "class Named { public function __toString() "
	    . "{ return 'named'; } }";
	my ($topics) = php_value("array_map('mercure_topic', array('a', 7, "
	    . "new Book(), new Named(), array('x'), new stdClass()))",
	    setup => $setup);
	is_deeply $topics, ['a', '7', 'https://example.com/books/1', 'named',
	    '', ''], 'texts of things';
	my ($url) = php_value("mercure_hub_url(new ArrayIterator(array("
	    . "new Book(), 'b')))", setup => $setup);
	is $url, "$hub?topic=https%3A%2F%2Fexample.com%2Fbooks%2F1&topic=b",
	    'wherever a topic is wanted';
	my ($id) = php_value("mercure_publish(\$book, \$book)", setup => $setup,
	    before => '$book = new Book();');
	my ($row) = (site_rows($site))[-1];
	is_deeply [@$row{qw(id topics data)}], [$id,
	    'https://example.com/books/1', '{"id":1}'],
	    'an object that is an update';
	php_value("mercure_publish('t', array(1, 'a/b'), false, null, true)");
	($row) = (site_rows($site))[-1];
	is_deeply [@$row{qw(data type)}], ['[1,"a/b"]', 't'],
	    'JSON of a list; the topic as type';
	my ($topic) = php_value("array(mercure_subscription_topic(), "
	    . "mercure_subscription_topic('a/b'), "
	    . "mercure_subscription_topic('{a}', 'urn:x'))");
	is_deeply $topic, ["/.well-known/mercure/subscriptions{/topic}"
	    . "{/subscriber}", '/.well-known/mercure/subscriptions/a%2Fb'
	    . '{/subscriber}', '/.well-known/mercure/subscriptions/%7Ba%7D'
	    . '/urn%3Ax'], 'mercure_subscription_topic';
};

subtest 'mercure_last_event_id' => sub {
	my ($got, $page) = php_value("array(mercure_last_event_id(), "
	    . "mercure_publish('t', 'between'), mercure_last_event_id(), "
	    . "mercure_hub_url('t', array('lastEventId' => true)))");
	like $got->[0], qr/^#[\w-]+\z/, 'a position';
	is $got->[2], $got->[0], 'one for the whole page';
	is $got->[3], "$hub?topic=t&lastEventID=%23" . substr($got->[0], 1),
	    'that the URL carries';
	is $page->{errors}, '', 'without a word';

	($got, $page) = php_value("mercure_hub_url('t', "
	    . "array('lastEventId' => true))",
	    env => { MERCURE_HUB_URL => 'http://h/m',
	    MERCURE_PUBLIC_HUB_URL => 'http://p/m' });
	is $got, 'http://p/m?topic=t', 'of a remote hub: none';
	like $page->{errors}, qr/MERCURE_HUB_URL/, 'and why';
};

subtest 'mercure_link_header' => sub {
	my ($got, $page) = php_value("array(mercure_link_header(), "
	    . "mercure_link_header(array('lastEventId' => 'a\"b')))",
	    setup => "header('Link: </x>; rel=\"y\"');");
	is_deeply $got, [JSON::PP::true, JSON::PP::true], 'true';
	is_deeply [grep { /^Link/ } @{ $page->{headers} }],
	    ['Link: </x>; rel="y"', "Link: <$hub>; rel=\"mercure\"",
	    "Link: <$hub>; rel=\"mercure\"; last-event-id=\"a\\\"b\""],
	    'beside others';
	($got, $page) = php_value("mercure_link_header()",
	    before => "echo ' '; flush();");
	is $got, JSON::PP::false, 'too late: false';
	like $page->{errors}, qr/output started at \S*page\.php:\d+/,
	    'and where output began';
};

subtest 'mercure_script_tag' => sub {
	my ($tag) = php_value("mercure_script_tag(array('a', 'b&\"c'), "
	    . "array('lastEventId' => null))");
	is $tag, "<script src=\"/pushcgi.js\" data-url=\"$hub\" data-topics="
	    . '"[&quot;a&quot;,&quot;b&amp;\\&quot;c&quot;]"></script>',
	    'where the hub is and what to ask for';
	($tag) = php_value("mercure_script_tag('a', array('src' => '/x.js', "
	    . "'withCredentials' => false, 'refreshAfter' => 60, "
	    . "'types' => array('note')))");
	like $tag, qr{^<script\ src="/x\.js"\ data-url="\Q$hub\E"
	    \ data-topics="\[&quot;a&quot;\]"\ data-last-event-id="\#[\w-]+"
	    \ data-with-credentials="false"\ data-refresh-after="60"
	    \ data-types="\[&quot;note&quot;\]"></script>\z}x,
	    'by default behind what the page shows';
	($tag, my $sent) = php_value("array(mercure_set_authz_cookie('a', "
	    . "array(), array('payload' => array('n' => 'Ann'), "
	    . "'lifetime' => 60)), mercure_script_tag(array('a', 'b'), "
	    . "array('presence' => 'a', 'count' => '#n', 'leaveAfter' => 9, "
	    . "'target' => array('message' => '#a'), 'swap' => 'append')))");
	like $tag->[1], qr{\ data-private="true"\ data-presence="a"
	    \ data-leave-after="9"\ data-count="\#n"
	    \ data-target="\{&quot;message&quot;:&quot;\#a&quot;\}"
	    \ data-swap="append"></script>\z}x, 'what the second script does';
	is_deeply site_claims((php_cookies($sent))[0])->{mercure},
	    { publish => [], payload => { n => 'Ann' }, subscribe => ['a',
	    '/.well-known/mercure/subscriptions/a{/subscriber}'] },
	    'and the right to see who is connected';
	($tag) = php_value("mercure_script_tag('a')", env =>
	    { PUSHCGI_SCRIPT_URL => '/js/pushcgi.js' });
	like $tag, qr{^<script src="/js/pushcgi\.js" }, 'PUSHCGI_SCRIPT_URL';
	($tag) = php_value("mercure_script_tag('a', array('nonce' => 'a\"b', "
	    . "'defer' => true, 'async' => false, 'id' => 'x', "
	    . "'integrity' => null, 'lastEventId' => null))");
	like $tag, qr{" nonce="a&quot;b" id="x" defer=""></script>\z},
	    'attributes of the element';
	($tag) = php_value("mercure_script_tag('a', array('nonce' => array()))");
	is $tag, JSON::PP::false, 'a nonce that is no text: false';
	($tag) = php_value("mercure_script_tag('a', array('onload' => 'x'))");
	is $tag, JSON::PP::false, 'an attribute that runs a script: false';
	($tag, my $page) = php_value("mercure_script_tag(\"\\xff\")");
	is $tag, JSON::PP::false, 'a bad topic: false';
};

# A page that grants rights is its own refresh URL, unless it is the result of a
# form. [name, setup, options, method, URL, seconds]
subtest 'a page that stays open' => sub {
	my $cookie = 'mercure_set_authz_cookie("a");';

	for my $row (
	    ['a cookie', $cookie, '', 'GET', '#', 2700],
	    ['with a lifetime',
		'mercure_set_authz_cookie("a", array(), array("lifetime" => 8));',
		'', 'GET', '#', 6],
	    ['another URL', $cookie, ", array('refresh' => '/r')", 'GET', '/r',
		2700],
	    ['another time', $cookie, ", array('refreshAfter' => 9)", 'GET',
		'#', 9],
	    ['switched off', $cookie, ", array('refresh' => false)", 'GET'],
	    ['the result of a form', $cookie, '', 'POST'],
	    ['no rights', '', '', 'GET']) {
		my ($name, $setup, $options, $method, $url, $after) = @$row;
		my ($tag, $page) = php_value("mercure_script_tag('a'$options)",
		    before => "\$_SERVER['REQUEST_METHOD'] = '$method';$setup");

		is $page->{errors}, '', "$name: no complaint";
		is +($tag =~ / data-refresh="([^"]*)"/)[0], $url, "$name: URL";
		is +($tag =~ / data-refresh-after="([^"]*)"/)[0], $after,
		    "$name: how often" if $name ne 'switched off';
	}
};

subtest 'mercure_publish_later' => sub {
	my $before = () = site_rows($site);
	my ($got, $page) = php_value("array(mercure_publish_later('t', 'x'), "
	    . "mercure_publish_later(array('u', 'v'), \"\\xc3\\xa9\", true, "
	    . "'urn:1', 'note', 7))");
	is_deeply $got, [JSON::PP::true, JSON::PP::true], 'true';
	my @rows = (site_rows($site))[$before .. $before + 1];
	is_deeply [map { [@$_{qw(topics data private type retry_ms)}] } @rows],
	    [['t', 'x', 0, $rows[0]{type}, undef],
	    ["u\nv", "\x{e9}", 1, 'note', 7]], 'published when the page ends';
	is $page->{errors}, '', 'without a word';

	($got) = php_value('mercure_publish_flush()', before =>
	    "mercure_publish_later('t', '1'); mercure_publish_later('t', '2');");
	my ($one, $two) = (site_rows($site))[-2, -1];
	is_deeply $got, [$one->{id}, $two->{id}], 'flush: the ids, at once';
	is "$one->{data}$two->{data}", '12', 'in order';

	my $log = "$site/log";
	my $fake = site_answers($site, "echo \"\$@\" >>'$log'; cat >>'$log'; "
	    . 'echo id');
	php_value("mercure_publish_later('a')", env =>
	    { PUSHCGI_PROGRAM => $fake, PUSHCGI_CONFIG => '' }, before =>
	    "mercure_publish_later('b');");
	is slurp($log), "publish --batch\n"
	    . "{\"topic\":[\"b\"],\"data\":\"\",\"private\":false}\n"
	    . "{\"topic\":[\"a\"],\"data\":\"\",\"private\":false}\n",
	    'one run for all of them';

	$before = () = site_rows($site);
	php_value("mercure_publish_discard()",
	    before => "mercure_publish_later('t');");
	is scalar(() = site_rows($site)), $before, 'discard: nothing';
	spew("$site/fatal.php", "<?php require '"
	    . source('templates/php/pushcgi.php') . "';\n"
	    . "mercure_publish_later('t');\nno_such_function();\n");
	$page = php_page("$site/fatal.php", status => 255 << 8);
	like $page->{errors}, qr/1 updates are not published/,
	    'a fatal error: nothing, and a line';
	is scalar(() = site_rows($site)), $before, 'nothing in the queue';

	# One that would be refused later does not take others with it.
	for my $row (["array()", qr/topic/], ["'t', \"\\xff\"", qr/UTF-8/],
	    ["array('t', '')", qr/topic/], ["'t', \"\\0\"", qr/NUL/],
	    ["'t', '', false, \"\\n\"", qr/\bid\b/],
	    ["'t', '', false, null, array()", qr/\btype\b/],
	    ["'t', '', false, null, null, 'soon'", qr/\bretry\b/]) {
		$before = () = site_rows($site);
		($got, $page) = php_value("array(mercure_publish_later("
		    . "$row->[0]), count(mercure_publish_flush()))",
		    before => "mercure_publish_later('t', 'good');");
		is_deeply $got, [JSON::PP::false, 1], "$row->[0]: false";
		like $page->{errors}, $row->[1], 'and why';
		is scalar(() = site_rows($site)), $before + 1,
		    'the other is published';
	}
	($got, $page) = php_value('mercure_publish_flush()', before =>
	    "mercure_publish_later('t', 'x', false, 42, 7, '9');");
	is_deeply [@{ (site_rows($site))[-1] }{qw(id type retry_ms)}],
	    [42, 7, 9], 'numbers are texts, and a text a number';
	is $page->{errors}, '', 'without a word';
};

# A process that serves two visitors: FrankenPHP's workers change the time of
# the request, others have to say when one begins.
subtest 'one process, several requests' => sub {
	my %how = ('of itself' => '$_SERVER["REQUEST_TIME_FLOAT"] += 1;',
	    'mercure_begin_request()' => 'mercure_begin_request();');

	for my $name (sort keys %how) {
		my $next = "header_remove();\n$how{$name}\n";
		my ($got, $page) = php_value('array($last, '
		    . "mercure_last_event_id(), mercure_subscriber_jwt('b'), "
		    . "mercure_set_authz_cookie('b'))", before =>
		    "mercure_payload_callback(function () { return 'one'; });"
		    . "\$last = mercure_last_event_id();\n"
		    . "mercure_set_authz_cookie('a');\n"
		    . "mercure_publish_later('t', '$name');\n$next");
		my ($row) = (site_rows($site))[-1];

		is $row->{data}, $name, "$name: what was left is published";
		isnt $got->[0], $got->[1],
		    "$name: before, so the next position is behind it";
		is_deeply site_claims($got->[2])->{mercure}, { publish => [],
		    subscribe => ['b'] }, "$name: no payload of another";
		my @cookies = php_cookies($page);
		is @cookies, 1, "$name: one cookie";
		is_deeply site_claims($cookies[0])->{mercure}{subscribe},
		    ['b'], "$name: without the rights of another";
		is $page->{errors}, '', "$name: without a word";

		($got, $page) = php_value("mercure_hub_url('b')",
		    env => { PUSHCGI_STRICT => 1 }, before =>
		    "mercure_publish_later('*');\n"
		    . "mercure_publish_later('t');\n$next");
		is $got, "$hub?topic=b", "$name: a problem of another is its own";
		like $page->{errors}, qr/topic \*/, "$name: but in the log";
	}
};

subtest 'mercure_listener' => sub {
	my $before = () = site_rows($site);
	php_value('call_user_func($a, "one") || call_user_func($b, 1, 2)'
	    . ' || call_user_func($b, 0, 2)', before =>
	    "\$a = mercure_listener('t');\n\$b = mercure_listener('u', "
	    . "function (\$x, \$y) { return \$x ? \"\$x-\$y\" : false; }, "
	    . "true, 'sum');\n");
	my @rows = (site_rows($site))[$before .. $before + 1];
	is_deeply [map { [@$_{qw(topics data private)}] } @rows],
	    [['t', 'one', 0], ['u', '1-2', 1]],
	    'publishes what it is called with, or what is made of it';
	is $rows[1]{type}, 'sum', 'with a type';
	is scalar(() = site_rows($site)), $before + 2, 'false: nothing';
};

subtest 'PUSHCGI_STRICT' => sub {
	for my $row (["mercure_publish('*')", qr/topic \*/],
	    ["mercure_hub_url('')", qr/topic/i],
	    ["mercure_set_authz_session('a')", qr/session_start/],
	    ["mercure_hub_url('a', array('x' => 1))", qr/no option x/],
	    ["call_user_func(function () { echo ' '; flush(); "
		. "return mercure_link_header(); })", qr/output started at/]) {
		my ($call, $want) = @$row;
		my ($got) = php_value('attempt()', env =>
		    { PUSHCGI_STRICT => 1 }, setup => 'function attempt() { '
		    . "try { $call; return 'nothing'; } "
		    . 'catch (RuntimeException $e) '
		    . "{ return \$e->getMessage(); } }\n");
		like $got, $want, "$call throws";
		($got) = php_value($call, env => { PUSHCGI_STRICT => 0 });
		is $got, JSON::PP::false, 'and does not by default';
	}
};

done_testing;
