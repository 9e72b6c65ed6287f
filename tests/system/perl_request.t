# SPDX-License-Identifier: MIT
# perl_request.t - what the functions for Perl add up in a request.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib", "$Bin/../../templates/perl";
use CGI::Cookie ();
use CGI qw(-no_debug);
use Hub;
use JSON::PP ();
use Plack::Middleware::Pushcgi ();
use Plack::Response ();
use Plack::Util ();
use Presence;
use PushcgiTest;
use Pushcgi;
use Site;
use Test::More;

my $site = site_new();
my $hub_url = 'http://site.example/.well-known/mercure';
my $json = JSON::PP->new->canonical;
my @warnings;

$Pushcgi::PROGRAM = program('pushcgi');
$Pushcgi::CONFIG = "$site/pushcgi.conf";
$Pushcgi::TIMEOUT_S = PushcgiTest::DEADLINE_S;
$SIG{__WARN__} = sub { push @warnings, @_ };

# What a piece of code warns of, in one text.
sub warned(&) {
	my ($code) = @_;

	@warnings = ();
	$code->();
	return join '', splice @warnings;
}

sub rights { return site_claims($_[0])->{mercure}{subscribe} }
sub payload { return site_claims($_[0])->{mercure}{payload} }
sub row { return +(site_rows($site))[-1] }

# A program that tells what it was given, and then is the real one.
sub telling {
	return site_answers($site, "for a; do echo \"\$a\"; done >'$site/given'\n"
	    . "tee '$site/input' | exec '$_[0]' \"\$@\"");
}

{
	package Book;
	sub new { return bless { id => $_[1] } }
	sub mercure_topic { return "https://example.com/books/$_[0]{id}" }
	sub mercure_data { return "book $_[0]{id}" }
	sub id { return "session-$_[0]{id}" }
}

subtest 'every function has its words' => sub {
	my $pod = slurp(source('templates/perl/Pushcgi.pm'));

	for my $name (grep { !/_(?:begin|end)_request\z/ }
	    @Pushcgi::EXPORT) {
		my ($method) = $name =~ /^mercure_(.*)/;

		ok defined &{"main::$name"}, "$name is exported";
		ok +Pushcgi->can($method), 'and a method';
		like $pod, qr/^=item $method\(/m, 'and documented';
	}
};

subtest 'hub_url' => sub {
	# [arguments, URL]
	for my $row ([['a', subscriptions => 1], '?topic=a&topic='
		. '%2F.well-known%2Fmercure%2Fsubscriptions%2Fa%7B%2Fsubscriber%7D'],
	    [[Book->new(7)], '?topic=https%3A%2F%2Fexample.com%2Fbooks%2F7'],
	    [[['a', Book->new(7)]],
		'?topic=a&topic=https%3A%2F%2Fexample.com%2Fbooks%2F7'],
	    [['a', { lastEventId => 'x' }], '?topic=a&lastEventID=x'],
	    [['a', lastEventId => undef], '?topic=a'],
	    [['a', authorization => 'x.y&z'],
		'?topic=a&authorization=x.y%26z'],
	    [[undef, authorization => 'x'], '?authorization=x'],
	    ) {
		is mercure_hub_url(@{ $row->[0] }), $hub_url . $row->[1],
		    $row->[1];
	}
	my ($token) = mercure_hub_url(['a', 'b'], authorization => 1,
	    payload => { n => 1 }) =~ /&authorization=([\w.-]+)\z/;
	is_deeply rights($token), ['a', 'b'], 'a token made for these topics';
	is_deeply payload($token), { n => 1 }, 'with the payload';
	($token) = mercure_authentified_hub_url('a', lifetime => 60)
	    =~ /&authorization=([\w.-]+)\z/;
	is_deeply rights($token), ['a'], 'authentified_hub_url';
	ok site_claims($token)->{exp} <= time + 60, 'its lifetime';

	my $request = Pushcgi->new;
	is $request->hub_url('a', subscribe => ['a', 'b']),
	    "$hub_url?topic=a", 'subscribe: the same URL';
	is_deeply rights($request->cookie), ['a', 'b'], 'and the cookie';
};

subtest 'subscription_topic' => sub {
	my $base = '/.well-known/mercure/subscriptions';

	is mercure_subscription_topic(), $base . '{/topic}{/subscriber}',
	    'of all';
	is mercure_subscription_topic('a/b'), "$base/a%2Fb{/subscriber}",
	    'of a topic';
	is mercure_subscription_topic('a', 'urn:x:1'), "$base/a/urn%3Ax%3A1",
	    'of a subscriber';
	is mercure_hub_url(mercure_subscription_topic()), "$hub_url?topic="
	    . Hub::encode(mercure_subscription_topic()), 'the hub knows it';
};

subtest 'several calls make one cookie' => sub {
	my $request = Pushcgi->new(lifetime => 60);
	ok !defined $request->cookie, 'none at first';
	$request->set_authz_cookie('a');
	$request->set_authz_cookie(['b', 'a']);
	my $cookie = $request->set_authz_cookie("\x{20ac}");
	is_deeply rights($cookie), ['a', 'b', "\x{20ac}"], 'of an object';
	is $cookie, $request->cookie, 'which keeps it';
	like $cookie, qr/; Max-Age=360\b/, 'with its lifetime';
	like warned { $request->set_authz_cookie("x\ny") }, qr/topic/i,
	    'a call that fails';
	is_deeply rights($request->cookie), ['a', 'b', "\x{20ac}"],
	    'changes nothing';
	like warned { $request->set_authz_cookie([map { "topic-$_" x 10 }
	    1 .. 60]) }, qr/cookie/, 'too much for a cookie';
	is_deeply rights($request->cookie), ['a', 'b', "\x{20ac}"],
	    'changes nothing, either';
	$request->set_authz_cookie('c', payload => { n => 1 }, lifetime => 9);
	$cookie = $request->set_authz_cookie('d');
	is_deeply payload($cookie), { n => 1 }, 'a payload stays';
	like $cookie, qr/; Max-Age=309\b/, 'and a lifetime';

	like $request->clear_authz_cookie, qr/\AmercureAuthorization=;.*Max-Age=0/,
	    'cleared';
	is_deeply rights($request->set_authz_cookie('e')), ['e'],
	    'what was allowed before is gone';

	mercure_begin_request();
	mercure_set_authz_cookie('a');
	is_deeply rights(mercure_set_authz_cookie('b')), ['a', 'b'],
	    'of the functions';
	mercure_begin_request();
	is_deeply rights(mercure_set_authz_cookie('c')), ['c'],
	    'the next request begins again';
	undef $Pushcgi::CURRENT;
	mercure_set_authz_cookie('of one visitor');
	is_deeply rights(mercure_set_authz_cookie('of another')),
	    ['of another'], 'without a request they share nothing';

	my $token = mercure_subscriber_jwt('t');
	like mercure_set_authz_cookie(undef, token => $token),
	    qr/\AmercureAuthorization=\Q$token\E;/, 'of a token';
	like warned { mercure_set_authz_cookie('a', token => $token) },
	    qr/token/, 'not of both';
};

# Not all that runs in a process begins a request of its own.
subtest 'a request ends' => sub {
	# [name, how it is begun and ends]
	for my $row (
	    ['with the variable', sub {
		my $request = mercure_begin_request();
		$_[0]->();
	    }],
	    ['mercure_end_request()', sub {
		mercure_begin_request();
		$_[0]->();
		mercure_end_request();
	    }]) {
		my ($name, $serve) = @$row;
		my $id;

		like warned {
			$serve->(sub {
				mercure_payload_callback(sub { return 'one' });
				mercure_set_authz_cookie('of one');
				$id = mercure_last_event_id();
				mercure_publish_later('t', 'of one');
				is_deeply rights($Pushcgi::CURRENT->cookie),
				    ['of one'], "$name: meanwhile it is there";
			});
		}, qr/1 updates.*publish_flush/, "$name: and then is not";
		ok !defined $Pushcgi::CURRENT, 'nothing stays';
		my $cookie = mercure_set_authz_cookie('of another');
		is_deeply rights($cookie), ['of another'], 'no rights';
		is payload($cookie), undef, 'no payload';
		mercure_publish('t', 'x');
		isnt mercure_last_event_id(), $id, 'no position';
		is_deeply mercure_publish_flush(), [], 'no updates';
	}
	local $ENV{MOD_PERL} = 'mod_perl/2.0';
	like warned { mercure_begin_request() }, qr/GlobalRequest/,
	    'under mod_perl, but without its request: what to do';
	is warned { my $request = mercure_begin_request() }, '',
	    'or is done already';
};

subtest 'a cookie for a hub of another site' => sub {
	my $cookie = Pushcgi::Cookie->new(
	    'a=b; Path=/; Secure; SameSite=None; Partitioned');

	ok $cookie->partitioned, 'is Partitioned';
	is $cookie->plack->{partitioned}, 1, 'also for a Plack that knows it';
	unlike join(' ', $cookie->args), qr/partitioned/i, 'CGI does not';
};

subtest 'the cookie is what CGI and Plack take' => sub {
	for my $lifetime (0, 600) {
		my $cookie = mercure_set_authz_cookie('a', lifetime => $lifetime);
		my $of_cgi = CGI::Cookie->new($cookie->args);
		my $q = CGI->new('');

		isa_ok $of_cgi, 'CGI::Cookie';
		is $of_cgi->$_ || '', $cookie->$_ || '', "its $_"
		    for qw(name value path domain secure httponly samesite);
		like $q->header(-cookie => [$cookie]),
		    qr/^Set-Cookie: \Q$cookie\E\r$/m, 'in CGI\'s header';
		like $q->header(-cookie => $q->cookie($cookie->args)),
		    qr/^Set-Cookie: mercureAuthorization=\Q@{[ $cookie->value
		    ]}\E; path=/m, 'by CGI\'s cookie()';
		ok !$lifetime || abs($of_cgi->max_age - ($lifetime + 300)) <= 5,
		    'its lifetime, for CGI' or diag $of_cgi;

		my $response = Plack::Response->new(200);
		$response->cookies->{ $cookie->name } = $cookie->plack;
		my %set = @{ $response->finalize->[1] };
		is_deeply [sort map { lc } split /; */, $set{'Set-Cookie'}],
		    [sort map { lc } split /; */, "$cookie"],
		    'by a Plack::Response';
	}
};

subtest 'publish' => sub {
	# [arguments, row]
	for my $row (
	    [['t', 'x', 1], { private => 1 }],
	    [['t', 'x', 0, 'urn:x:2', 'note', 7], { private => 0,
		id => 'urn:x:2', type => 'note', retry_ms => 7 }],
	    [['t', 'x', '', undef, 'note'], { private => 0, type => 'note' }],
	    [['t', 'x', undef, undef, undef, 9], { retry_ms => 9 }],
	    [['t', 'x', { private => 1, type => 'y' }], { private => 1,
		type => 'y' }],
	    [['t', 'x', JSON::PP::true], { private => 1 }],
	    [['t', { b => "\x{e9}", a => [1, undef] }],
		{ data => "{\"a\":[1,null],\"b\":\"\x{e9}\"}" }],
	    [[Book->new(3), Book->new(3)], { data => 'book 3',
		topics => 'https://example.com/books/3' }],
	    ) {
		is mercure_publish(@{ $row->[0] }), row()->{id}, 'its id';
		is_deeply { map { $_ => row()->{$_} } keys %{ $row->[1] } },
		    $row->[1], 'as asked';
	}
	my $request = Pushcgi->new(type_is_topic => 1);
	$request->publish('the-topic', 'x');
	is row()->{type}, 'the-topic', 'the type is the topic';

	# A word too much must not become something else, least of all public.
	my $before = () = site_rows($site);
	for my $row (['t', 'x', prvate => 1], ['t', 'x', 'private'],
	    ['t', 'x', { Private => 1 }], ['t', 'x', 1, 2, 3, 4, 5],
	    ['t', 'x', 'on']) {
		my @rest = @$row;
		like warned { is mercure_publish(@rest), undef, 'undef' },
		    qr/option|pairs|six/, 'and why';
	}
	is scalar(() = site_rows($site)), $before, 'nothing was published';
};

subtest 'what cannot become JSON' => sub {
	my (@list, %hash);
	my $before = () = site_rows($site);
	push @list, 1, [\@list], \@list;
	@hash{qw(a b)} = (\%hash, { c => \%hash });

	# [name, data]
	for my $row (['a function in it', { f => sub { } }],
	    ['a file handle', \*STDIN], ['a list in itself', \@list],
	    ['a hash in itself', \%hash], ['a reference', \'x']) {
		my ($name, $data) = @$row;

		for my $call (sub { mercure_publish('t', $data) },
		    sub { Pushcgi->new->publish_later('t', $data) },
		    sub { mercure_set_authz_cookie('t', payload => $data) },
		    sub { mercure_subscriber_jwt('t', payload => $data) },
		    sub { mercure_is_connected('t', m => $data) }) {
			like warned { is $call->(), undef, "$name: undef" },
			    qr/data to JSON: \w[^\n]*\n\z/, 'and why';
		}
		is eval { Pushcgi->new(strict => 1)->publish('t', $data); 1 },
		    undef, 'strict: it dies';
	}
	is scalar(() = site_rows($site)), $before, 'nothing was published';
	my $twice = [1];
	mercure_publish('t', [$twice, { a => $twice }]);
	is row()->{data}, '[[1],{"a":[1]}]', 'the same twice is no circle';
};

subtest 'the runs of one call share its time' => sub {
	local $Pushcgi::PROGRAM = site_answers($site, 'sleep 0.7; echo x');
	local $Pushcgi::PAUSE_S = 0;
	my $request = Pushcgi->new(timeout => 1);

	# Neither has the time for all, which is over with the second run.
	like warned { is $request->authentified_hub_url('a'), undef, 'undef' },
	    qr/in time/, 'and why';
	like warned { $request->script_tag('a') }, qr/in time/, 'of a tag';
	like warned { $request->tmpl_params('a') }, qr/in time.*in time/s,
	    'of parameters';
	ok !$request->{call}, 'the next call has its own';
};

subtest 'publish_later' => sub {
	my $request = Pushcgi->new;
	my $count = sub { return scalar(() = site_rows($site)) };
	my $before = $count->();
	my @nasty = ("\x00-\"\\\n\r\t\x1f\x7f" =~ s/\x00//r, "\x{20ac}",
	    "\xc3\xa9", '</script>', '{"a":1}');

	is_deeply $request->publish_flush, [], 'nothing to flush';
	ok $request->publish_later(['t', "u\xc3\xa9"], $_, private => 1,
	    type => 'note', retry => 5), 'kept' for @nasty;
	$request->publish_later(Book->new(1), { a => 1 });
	is $count->(), $before, 'not yet';

	local $Pushcgi::PROGRAM = telling($Pushcgi::PROGRAM);
	unlink "$site/started";
	my $ids = $request->publish_flush;
	my @rows = (site_rows($site))[$before .. $before + @nasty];
	is_deeply $ids, [map { $_->{id} } @rows], 'flushed: the ids';
	is scalar(() = slurp("$site/started") =~ /\n/g), 1, 'in one go';
	is_deeply [map { $_->{data} } @rows], [(map { my $s = $_;
	    utf8::decode($s) unless utf8::is_utf8($s); $s } @nasty),
	    '{"a":1}'], 'the data, byte for byte';
	is_deeply [@{ $rows[0] }{qw(topics private type retry_ms)}],
	    ["t\nu\x{e9}", 1, 'note', 5], 'all fields';
	is_deeply $request->publish_flush, [], 'only once';

	$request->publish_later('t', 'rolled back');
	$request->publish_discard;
	is_deeply $request->publish_flush, [], 'discarded';
	$before = $count->();
	$request->publish_later('t', 'good');
	like warned { is $request->publish_later('t', 'bad', retry => 'soon'),
	    undef, 'a bad one' }, qr/retry/, 'is refused at once';
	is scalar @{ $request->publish_flush }, 1, 'the good one is published';
	is $count->(), $before + 1, 'alone';
	$before++;
	$request->publish_later($_, 'x') for 't', '*';
	like warned { is $request->publish_flush, undef, 'a bad topic' },
	    qr/Line 2.*topic \*/, 'the problem tells which';
	is $count->(), $before, 'none was published';

	my $tell = $request->listener('t', sub { return $_[0]{secret} ? undef
	    : { name => $_[0]{name} } }, private => 1);
	$tell->({ name => 'a' });
	$tell->({ name => 'b', secret => 1 });
	is scalar @{ $request->publish_flush }, 1, 'a listener';
	is_deeply [@{ row() }{qw(data private)}], ['{"name":"a"}', 1],
	    'makes the data';

	like warned { mercure_publish_later('t', 'x') },
	    qr/mercure_begin_request/, 'not without a request';
	like warned { mercure_payload_callback(sub { }) },
	    qr/mercure_begin_request/, 'nor a payload';
	my $early = mercure_listener('t');
	like warned { is $early->('x'), undef, 'nor a listener' },
	    qr/mercure_begin_request/, 'that is called outside';
	for my $n (1, 2) {
		local $Pushcgi::CURRENT = Pushcgi->new;
		$early->("early $n");
		is scalar @{ mercure_publish_flush() }, 1,
		    "a listener made early: request $n";
		is row()->{data}, "early $n", 'its update';
	}
	undef $tell;
	like warned { $request->publish_later('t', 'x'); undef $request },
	    qr/1 updates.*publish_flush/, 'what is forgotten is told';
};

subtest 'the page' => sub {
	my $request = Pushcgi->new;
	my $id = $request->last_event_id;
	mercure_publish('t', 'x');
	is $request->last_event_id, $id, 'its position stays';
	isnt(Pushcgi->new->last_event_id, $id, 'of the next it is another');
	is mercure_link_header(), "<$hub_url>; rel=\"mercure\"", 'link_header';
	is mercure_link_header(lastEventId => 'x'), "<$hub_url>; "
	    . 'rel="mercure"; last-event-id="x"', 'with a position';

	is $request->script_tag(['a', "\"b'<\x{20ac}"]), '<script '
	    . "src=\"/pushcgi.js\" data-url=\"$hub_url\" data-topics=\"[&quot;"
	    . 'a&quot;,&quot;\u0022b&#39;&lt;&#8364;&quot;]" '
	    . "data-last-event-id=\"$id\"></script>", 'script_tag';
	like $request->script_tag('a', nonce => 'a"b', id => 'x', defer => 1,
	    async => 0), qr{" nonce="a&quot;b" id="x" defer=""></script>\z},
	    'attributes of the element';
	for my $bad ([nonce => []], [onload => 'x']) {
		like warned { is $request->script_tag('a', @$bad), undef,
		    "$bad->[0]: undef" }, qr/option $bad->[0]/, 'and why';
	}
	is $request->script_tag('a', src => '/x?a&b', lastEventId => undef,
	    withCredentials => 0, refresh => '/r', subscribe => 'a',
	    refreshAfter => 60, types => ['t', 'u'], share => 'none',
	    delivery => 'poll', pollAfter => 5),
	    "<script src=\"/x?a&amp;b\" data-url=\"$hub_url\" "
	    . 'data-topics="[&quot;a&quot;]" '
	    . 'data-types="[&quot;t&quot;,&quot;u&quot;]" '
	    . 'data-with-credentials="false" data-refresh="/r" '
	    . 'data-refresh-after="60" data-share="none" '
	    . 'data-delivery="poll" data-poll-after="5" '
	    . 'data-private="true"></script>', 'all its options';
	is_deeply rights($request->cookie), ['a'], 'and the cookie';

	# A page that grants rights is its own refresh URL, unless it is the
	# result of a form. [name, lifetime, options, method, URL, seconds]
	for my $row (['a cookie', undef, [], 'GET', '#', 2700],
	    ['with a lifetime', 8, [], 'GET', '#', 6],
	    ['in PSGI', 8, [], undef, '#', 6],
	    ['another URL', 8, [refresh => '/r'], 'GET', '/r', 6],
	    ['another time', 8, [refreshAfter => 9], 'GET', '#', 9],
	    ['switched off', 8, [refresh => undef], 'GET'],
	    ['the result of a form', 8, [], 'POST']) {
		my ($name, $lifetime, $options, $method, $url, $after) = @$row;
		my $page = Pushcgi->new(lifetime => $lifetime);

		local $ENV{REQUEST_METHOD} = $method;
		delete $ENV{REQUEST_METHOD} if !defined $method;
		$page->set_authz_cookie('a');
		my $tag = $page->script_tag('a', @$options);
		is +($tag =~ / data-refresh="([^"]*)"/)[0], $url, "$name: URL";
		is +($tag =~ / data-refresh-after="([^"]*)"/)[0], $after,
		    "$name: how often" if $name ne 'switched off';
	}
	unlike(Pushcgi->new->script_tag('a'), qr/refresh/, 'no rights: none');
	my $events = '/.well-known/mercure/subscriptions/b{/subscriber}';
	like $request->script_tag('b', presence => 1, count => '#n',
	    target => '#a', swap => 'append', leaveAfter => 9, private => 0,
	    payload => { n => 'Ann' }),
	    qr{\ data-private="false"\ data-presence="true"
	    \ data-leave-after="9"\ data-count="\#n"\ data-target="\#a"
	    \ data-swap="append"></script>\z}x, 'what the second script does';
	is_deeply [rights($request->cookie), payload($request->cookie)],
	    [['a', $events], { n => 'Ann' }],
	    'and the right to see who is connected';
	like warned { is $request->script_tag("a\nb"), undef,
	    'a bad topic: undef' }, qr/topic/i, 'told here';

	is_deeply { $request->tmpl_params('a') }, {
	    MERCURE_URL => "$hub_url?topic=a&lastEventID=" . Hub::encode($id),
	    MERCURE_LINK => "<$hub_url>; rel=\"mercure\"",
	    MERCURE_SCRIPT => $request->script_tag('a') }, 'tmpl_params';
	@warnings = ();
	is_deeply { $request->tmpl_params("a\nb") }, { MERCURE_URL => '',
	    MERCURE_LINK => "<$hub_url>; rel=\"mercure\"",
	    MERCURE_SCRIPT => '' }, 'what fails is empty';
};

subtest 'payload' => sub {
	my @asked;
	my $request = Pushcgi->new(payload => sub { push @asked, @_;
	    return { name => "\x{c9}ve", role => 'user' } });

	is_deeply payload($request->set_authz_cookie('a')),
	    { name => "\x{c9}ve", role => 'user' }, 'of a function';
	is_deeply \@asked, [['a']], 'that is told the topics';
	is_deeply payload($request->subscriber_jwt('a',
	    payload => { role => 'admin' })), { name => "\x{c9}ve",
	    role => 'admin' }, 'what is given is merged over it';
	$request->payload_callback(sub { return 'text' });
	is payload($request->subscriber_jwt('a')), 'text', 'a text';
	is payload(mercure_subscriber_jwt('a')), undef, 'none';
	my $payload = payload(mercure_subscriber_jwt('a', payload =>
	    { n => 42, t => '42', b => \1, e => "\xc3\xa9",
	    l => ["\x{20ac}", undef] }));
	is $json->encode($payload), "{\"b\":true,\"e\":\"\x{e9}\","
	    . "\"l\":[\"\x{20ac}\",null],\"n\":42,\"t\":\"42\"}",
	    'bytes, characters, numbers and truth';
	my $claims = site_claims(mercure_publisher_jwt());
	is_deeply $claims, { mercure => { publish => ['*'],
	    subscribe => [] } },
	    'a publisher\'s token has none';
	is_deeply site_claims(mercure_publisher_jwt(['a', 'b'],
	    lifetime => 60))->{mercure}, { publish => ['a', 'b'],
	    subscribe => [] },
	    'of some topics';
	like warned { mercure_publisher_jwt([]) }, qr/needs a topic/,
	    'of no topic: not of all';
};

subtest 'sessions go to the program by standard input' => sub {
	local $Pushcgi::PROGRAM = site_answers($site, "echo \"\$*\" "
	    . ">'$site/given'\ncat >'$site/input'");
	local $ENV{HTTP_COOKIE} = 'a=b; PHPSESSID=first; PHPSESSID=second';
	my $request = Pushcgi->new(session => Book->new(9));
	my $config = "--config=$site/pushcgi.conf session";

	# [name, call, arguments, input]
	for my $row (
	    ['grant', sub { $request->set_authz_session(['a', '-b'],
		lifetime => 60, replace => 1, payload => { n => 1 }) },
		'grant --lifetime=60 --replace --payload={"n":1} -- a -b',
		"session-9\n"],
	    ['of an id', sub { mercure_set_authz_session('a',
		session => 'x,y-1') }, 'grant -- a', "x,y-1\n"],
	    ['of PHP', sub { mercure_set_authz_session('a',
		session => { cookie => 'PHPSESSID' }) }, 'grant -- a',
		"first\n"],
	    ['of a header', sub { mercure_set_authz_session('a',
		session => { cookie => 's', header => 's=1' }) },
		'grant -- a', "1\n"],
	    ['move', sub { mercure_move_authz_session('old', Book->new(1)) },
		'move', "old\nsession-1\n"],
	    ['move from its own', sub { $request->move_authz_session(undef,
		'new') }, 'move', "session-9\nnew\n"],
	    ['revoke', sub { $request->clear_authz_session },
		'revoke --', "session-9\n"],
	    ['revoke one', sub { mercure_clear_authz_session('a',
		session => 'i') }, 'revoke -- a', "i\n"],
	    ) {
		my ($name, $call, $given, $input) = @$row;

		is $call->(), 1, "$name: 1";
		is slurp("$site/given"), "$config $given\n",
		    "$name: the arguments";
		is slurp("$site/input"), $input, "$name: the id";
	}
	unlink "$site/started";
	for my $id (undef, '', "a\nb", 'a b', "a\0", { cookie => 'none' }) {
		like warned { is mercure_set_authz_session('a',
		    session => $id), undef, 'no session: undef' },
		    qr/id of a session/, 'and why';
	}
	ok !-e "$site/started", 'the program was not asked';
};

subtest 'the middleware' => sub {
	my $published = sub { return scalar(() = site_rows($site)) };
	my $app;
	my $wrapped = Plack::Middleware::Pushcgi->wrap(sub { $app->(@_) },
	    link => 1, options => { payload => { n => 1 } });
	my $ask = sub {
		my (%env) = @_;
		my $response = eval { $wrapped->({ REQUEST_METHOD => 'GET',
		    %env }) };
		return $response && Plack::Util::headers($response->[1]);
	};
	my $before = $published->();

	$app = sub {
		mercure_set_authz_cookie($_) for 'a', 'b';
		mercure_publish_later('t', 'x');
		return [200, ['Set-Cookie' => 'other=1'], []];
	};
	my @set = $ask->()->get('Set-Cookie');
	is $set[0], 'other=1', 'a cookie of the application stays';
	is_deeply rights($set[1]), ['a', 'b'], 'and there is ours';
	is_deeply payload($set[1]), { n => 1 }, 'with the options';
	is $published->(), $before + 1,
	    'published before the response where there is no behind';
	$app = sub { return [200, [], []] };
	is_deeply [$ask->()->get('Set-Cookie')], [],
	    'the next request has none';
	is $ask->()->get('Link'), "<$hub_url>; rel=\"mercure\"", 'the link';
	is $ask->(REQUEST_METHOD => 'OPTIONS')->get('Link'), undef,
	    'not for OPTIONS';

	$before = $published->();
	$app = sub { mercure_publish_later('t', 'x'); die { code => 7 } };
	is $ask->(), undef, 'it dies';
	is_deeply $@, { code => 7 }, 'of what the application died of';
	$app = sub { mercure_publish_later('t', 'x'); return };
	is $ask->(), undef, 'no response';
	like $@, qr/nothing/, 'is told';
	$app = sub { mercure_publish_later('t', 'x'); return [500, [], []] };
	$ask->();
	is $published->(), $before, 'nothing of those is published';
	is $Pushcgi::CURRENT, undef, 'nothing stays';

	# A delayed response: the object goes on, and is the request's own.
	my @late;
	$app = sub {
		my ($env) = @_;
		return sub {
			my ($respond) = @_;
			push @late, sub {
				$env->{'pushcgi.request'}->set_authz_cookie(
				    $env->{PATH_INFO});
				$respond->([200, [], []]);
			};
		};
	};
	my @got;
	$wrapped->({ REQUEST_METHOD => 'GET', PATH_INFO => $_ })->(sub {
		push @got, $_[0] }) for 'a', 'b';
	$_->() for reverse @late;
	is_deeply [map { rights(Plack::Util::headers($_->[1])
	    ->get('Set-Cookie')) } @got], [['b'], ['a']],
	    'two at once share nothing';
};

subtest 'strict' => sub {
	my $request = Pushcgi->new(strict => 1);

	is eval { $request->publish('*', 'x'); 1 }, undef, 'it dies';
	like $@, qr/topic \*/, 'of the same words';
	local $Pushcgi::STRICT = 1;
	is eval { mercure_publish('t', 'x', prvate => 1); 1 }, undef,
	    'the functions, too';
	is eval { Pushcgi->new(strickt => 1); 1 }, undef,
	    'an option of new that is unknown is no accident';
	local $Pushcgi::PROGRAM = site_fake($site, 'sleep 600');
	local $Pushcgi::PAUSE_S = 0;
	is eval { Pushcgi->new(timeout => 0.1)->publish('t'); 1 }, undef,
	    'out of time';
	like $@, qr/in time/, 'it says so';
};

subtest 'a header is one line, whatever the program prints' => sub {
	local $Pushcgi::PROGRAM = site_answers($site,
	    'printf "a=b\\r\\nX: y\\n"');

	for my $call (\&mercure_link_header, \&mercure_clear_authz_cookie,
	    sub { mercure_set_authz_cookie('a') }) {
		like warned { is $call->(), undef, 'undef' }, qr/header/,
		    'and why';
	}
};

subtest 'taint checks' => sub {
	my $script = <<'END';
use Pushcgi;
my $tainted = $ARGV[0] . substr $ENV{PATH}, 0, 0;
print mercure_publish($tainted, $tainted, type => $tainted), "\n",
    mercure_hub_url($tainted), "\n";
END
	my ($status, $out, $err) = run(['perl', '-T',
	    '-I' . source('templates/perl'), '-e', $script, '$(a)'],
	    env => { PUSHCGI_PROGRAM => $Pushcgi::PROGRAM,
	    PUSHCGI_CONFIG => "$site/pushcgi.conf", CDPATH => '/',
	    PUSHCGI_TIMEOUT_S => PushcgiTest::DEADLINE_S });
	is $err, '', 'no complaint';
	is $out, row()->{id} . "\n$hub_url?topic=%24%28a%29\n", 'published';

	# What is run is nobody's to choose: not by PATH, nor by a path that
	# leads back.
	my $own = temp_dir();
	mkdir "$own/b";
	spew("$own/pushcgi", "#!/bin/sh\ntouch '$own/ran'\necho x\n", 0755);
	for my $row (['PATH', 'pushcgi'], ['..', "$own/b/../pushcgi"],
	    ['a relative path', './pushcgi'], ['a blank', "$own/pushcgi x"]) {
		my ($name, $program) = @$row;
		($status, $out, $err) = run(['perl', '-T',
		    '-I' . source('templates/perl'), '-e', "chdir '$own';"
		    . 'use Pushcgi; print mercure_publish("a", "b") || "no";'],
		    env => { PUSHCGI_PROGRAM => $program,
		    PATH => "$own:$ENV{PATH}", PUSHCGI_CONFIG => '/dev/null',
		    PUSHCGI_TIMEOUT_S => PushcgiTest::DEADLINE_S });
		ok !-e "$own/ran", "$name: not run" or unlink "$own/ran";
	}
	# Without taint checks the environment is trusted, as by a shell.
	run(['perl', '-I' . source('templates/perl'), '-e',
	    'use Pushcgi; mercure_publish("a", "b");'],
	    env => { PUSHCGI_PROGRAM => 'pushcgi', PATH => "$own:$ENV{PATH}",
	    PUSHCGI_CONFIG => '/dev/null',
	    PUSHCGI_TIMEOUT_S => PushcgiTest::DEADLINE_S });
	ok -e "$own/ran", 'without -T PATH counts';
};

subtest 'who is there' => sub {
	my $hub = Hub->start(config => { MERCURE_COUNTS => 'a b --help' });
	local $Pushcgi::CONFIG = $hub->{config_path};
	is mercure_is_connected('a'), 0, 'nobody';
	my $cookie = mercure_set_authz_cookie('a', payload =>
	    { name => 'Alice', id => 42, tags => ['x'] });
	my $stream = $hub->stream(topic => 'a', cookie => $cookie->value);
	wait_until('she is listed', sub { @{ there($hub, 'a') } });

	is mercure_is_connected('a'), 1, 'somebody';
	# [members, answer]
	for my $row ([{ name => 'Alice' }, 1], [{ name => 'Bob' }, 0],
	    [{ id => 42, name => 'Alice' }, 1], [{ tags => ['x'] }, 1],
	    [{ '--help' => 1 }, 0]) {
		is mercure_is_connected('a', $row->[0]), $row->[1],
		    join ' ', %{ $row->[0] };
	}
	is mercure_is_connected('--help'), 0, 'no option';
	is mercure_count($_->[0]), $_->[1], "count: $_->[0]"
	    for ['a', 1], ['b', 0], ['--help', 0];
	like warned { is mercure_count('c'), undef, 'count: not counted' },
	    qr/MERCURE_COUNTS/, 'count: and why';
	my ($list) = map { $_->{subscriptions} } mercure_get_subscriptions('a');
	is_deeply [map { [@$_{qw(topic payload)}] } @$list],
	    [['a', { name => 'Alice', id => 42, tags => ['x'] }]],
	    'get_subscriptions';
	is scalar @{ mercure_get_subscriptions()->{subscriptions} }, 1,
	    'of anything';
	$stream->hang_up;
	local $Pushcgi::CONFIG = '/none';
	like warned { is mercure_is_connected('a'), undef,
	    'it cannot be told' }, qr/none/, 'and why';
};

is_deeply \@warnings, [], 'and no other warning';
done_testing;
