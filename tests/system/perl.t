# SPDX-License-Identifier: MIT
# perl.t - the functions for Perl pages.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib", "$Bin/../../templates/perl";
use PushcgiTest;
use Pushcgi;
use Site;
use Test::More;

my $pushcgi = program('pushcgi');
my $site = site_new();
my $hub = 'http://site.example/.well-known/mercure';
my @warnings;

$Pushcgi::PROGRAM = $pushcgi;
$Pushcgi::CONFIG = "$site/pushcgi.conf";
$Pushcgi::TIMEOUT_S = PushcgiTest::DEADLINE_S;
$SIG{__WARN__} = sub { push @warnings, @_ };

subtest 'mercure_hub_url' => sub {
	# [arguments, URL]
	for my $row ([[], $hub], [['a'], "$hub?topic=a"],
	    [[['a', 'b&c']], "$hub?topic=a&topic=b%26c"],
	    [['a', lastEventId => '#x'], "$hub?topic=a&lastEventID=%23x"],
	    [['--help'], "$hub?topic=--help"],
	    [["\xc3\xa9"], "$hub?topic=%C3%A9"],
	    [["\x{20ac}"], "$hub?topic=%E2%82%AC"]) {
		is mercure_hub_url(@{ $row->[0] }), $row->[1], $row->[1];
	}
};

subtest 'mercure_set_authz_cookie' => sub {
	my $cookie = mercure_set_authz_cookie(['a', 'b']);

	like $cookie, qr/^mercureAuthorization=[^\n]*\z/, 'a value';
	unlike $cookie, qr/Max-Age/i, 'of a session cookie';
	is_deeply site_claims($cookie)->{mercure}{subscribe}, ['a', 'b'],
	    'with the rights';
	like mercure_set_authz_cookie('a', lifetime => 60),
	    qr/; Max-Age=360\b/, 'a lifetime';
};

subtest 'mercure_subscriber_jwt' => sub {
	for my $topics ('a', ['a', '-b'], []) {
		my $claims = site_claims(mercure_subscriber_jwt($topics));
		is_deeply $claims->{mercure}{subscribe},
		    ref $topics ? $topics : [$topics], 'with the rights';
	}
	my $claims = site_claims(mercure_subscriber_jwt('a', lifetime => 60));
	ok $claims->{exp} <= time + 60, 'a lifetime';
};

subtest 'mercure_publish' => sub {
	my $pwned = "$site/pwned";
	# [arguments, row]
	my @rows = (
		[['t'], { topics => 't', data => '', private => 0 }],
		[['t', 'x'], { topics => 't', data => 'x' }],
		[[['t', 'u', '-v'], 'x'], { topics => "t\nu\n-v" }],
		[['t', 'x', private => 1], { private => 1 }],
		[['t', 'x', id => 'urn:x:1', type => 'note', retry => 7],
		    { id => 'urn:x:1', type => 'note', retry_ms => 7 }],
		[['--help', '--private'], { topics => '--help',
		    data => '--private' }],
		[['t', "a\r\nb\n"], { data => "a\r\nb\n" }],
		[['t', 'x' x 900_000], { data => 'x' x 900_000 }],
		[["\xc3\xa9", "\x{20ac}"], { topics => "\x{e9}",
		    data => "\x{20ac}" }],
		map { [[$_, $_, id => $_, type => $_], { topics => $_,
		    data => $_, id => $_, type => $_ }] } "\$(touch $pwned)",
		    "`touch $pwned`", "';touch $pwned;'", '" & | > < * ?',
	);
	for my $row (@rows) {
		my $before = () = site_rows($site);
		my $id = mercure_publish(@{ $row->[0] });
		my @rows = site_rows($site);

		is @rows, $before + 1, 'published' or next;
		is $id, $rows[-1]{id}, 'its id';
		is_deeply { map { $_ => $rows[-1]{$_} } keys %{ $row->[1] } },
		    $row->[1], 'as asked';
	}
	ok !-e $pwned, 'no shell saw an argument';

	for my $row ([[], {}], [[id => 'urn:x:2', type => 'note', retry => 7],
	    { id => 'urn:x:2', type => 'note', retry_ms => 7 }],
	    [[{ type => 'note' }], { type => 'note' }]) {
		ok mercure_publish_private('t', 'x', @{ $row->[0] }),
		    'mercure_publish_private';
		my $got = (site_rows($site))[-1];
		my %want = (topics => 't', data => 'x', private => 1,
		    %{ $row->[1] });
		is_deeply { map { $_ => $got->{$_} } keys %want }, \%want,
		    'is private';
	}
	my $hub = Pushcgi->new;
	$hub->publish_private_later('t', 'later', type => 'note');
	$hub->publish_flush;
	is_deeply [@{ (site_rows($site))[-1] }{qw(data private type)}],
	    ['later', 1, 'note'], 'publish_private_later, too';

	# What is published is not for everybody who may look at processes.
	local $Pushcgi::PROGRAM = site_fake($site,
	    "echo \"\$*\" >'$site/arguments'; exec '$pushcgi' \"\$@\"");
	ok mercure_publish(['secret-1', 'secret-2'], 'secret-3', private => 1,
	    id => 'secret-4', type => 'secret-5'), 'published';
	my $arguments = slurp("$site/arguments");
	like $arguments, qr{ answer }, 'the program was asked';
	unlike $arguments, qr/secret/, 'its arguments hold nothing of it';
};
is_deeply \@warnings, [], 'all that without a warning';

subtest 'what cannot be done' => sub {
	my $before = () = site_rows($site);

	# [arguments, what the warning says]
	for my $row ([[[], 'x'], qr/topic/], [[undef], qr/topic/],
	    [['*'], qr/topic \*/], [["a\nb"], qr/topic/i],
	    [['t', "\0"], qr/NUL/], [["t\0"], qr/NUL/],
	    [['t', "\xff"], qr/UTF-8/], [['t', '', id => '#a'], qr/\bid\b/],
	    [['t', '', retry => 'soon'], qr/\bretry\b/],
	    [['t', 'x' x 3_000_000], qr/MERCURE_MAX_BODY/]) {
		@warnings = ();
		is_deeply [mercure_publish(@{ $row->[0] })], [undef], 'undef';
		is @warnings, 1, 'one warning';
		like $warnings[0], qr/\A[^\n]*\n\z/, 'of one line';
		like $warnings[0], $row->[1], 'that says why';
	}
	is scalar(() = site_rows($site)), $before, 'nothing was published';
};

subtest 'the program misbehaves' => sub {
	my $big = "head -c 300000 /dev/zero | tr '\\0' x";
	# [name, script, what the warning says]
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
		local $Pushcgi::PROGRAM = defined $script
		    ? site_fake($site, $script) : "$site/none";
		@warnings = ();
		is mercure_publish('t', 'x' x 900_000), undef, "$name: undef";
		is @warnings, 1, "$name: one warning";
		like $warnings[0], $want, "$name: that says why";
	}
	{
		local $Pushcgi::PROGRAM = site_answers($site,
		    "$big; cat >/dev/null; $big");
		is length mercure_publish('t', 'x' x 900_000), 600_000,
		    'a long answer is whole';
	}
	local ($Pushcgi::PAUSE_S, $Pushcgi::TIMEOUT_S) = (3600, 1);
	local $Pushcgi::PROGRAM = site_fake($site, 'exec sleep 600');
	unlink "$site/started";
	@warnings = ();
	is mercure_publish('t', 'x' x 900_000), undef, 'hangs: undef';
	like $warnings[0], qr/did not answer in time/, 'a warning says so';
	is mercure_hub_url('t'), undef, 'the next call';
	like $warnings[1], qr/moment ago/, 'does not wait for it';
	my @started = split /\n/, slurp("$site/started");
	is @started, 1, 'nor start it';
	ok !kill(0, $started[0]), 'and it was ended';
};

subtest 'unfriendly surroundings' => sub {
	my $script = <<'END';
use Pushcgi;
package Tied;
sub TIEHANDLE { bless [] } sub PRINT { die } sub FILENO { undef }
sub WRITE { die } sub READLINE { die } sub READ { die }
package main;
$SIG{CHLD} = 'IGNORE';
$SIG{PIPE} = sub { die };
tie *STDIN, 'Tied';
tie *STDOUT, 'Tied';
$! = 2; $? = 5;
my $id = mercure_publish('t', 'surrounded');
print STDERR $! + 0, " $? $id\n";
END
	my ($status, $out, $err) = run(['perl',
	    '-I' . source('templates/perl'), '-e', $script], env => {
	    PERL_UNICODE => 'SDA', PUSHCGI_PROGRAM => $pushcgi,
	    PUSHCGI_CONFIG => "$site/pushcgi.conf",
	    PUSHCGI_TIMEOUT_S => PushcgiTest::DEADLINE_S });
	is $out, '', 'nothing is printed';
	like $err, qr/\A2 5 urn:uuid:\S+\n\z/,
	    'tied handles, signals, layers, variables';
	is +(site_rows($site))[-1]{data}, 'surrounded', 'published';
};

subtest 'publish_private takes no other privacy' => sub {
	my $before = () = site_rows($site);

	for my $rest ([private => 0], [{ private => 0 }], [1], ['urn:x:1']) {
		@warnings = ();
		is mercure_publish_private('t', 'x', @$rest), undef, 'undef';
		like $warnings[0], qr/publish_private\(\)/, 'and says why';
	}
	is scalar(() = site_rows($site)), $before, 'nothing was published';
};

subtest 'a cookie for https, a page by http' => sub {
	my $code = 'use Pushcgi; print mercure_set_authz_cookie("a"), "\n"'
	    . ' for 1, 2; mercure_clear_authz_cookie();';
	# [name, environment, does the browser take it]
	for my $row (['http', {}, 0], ['https', { HTTPS => 'on' }, 1],
	    ['off', { HTTPS => 'off', SERVER_PORT => 80 }, 0],
	    ['443', { SERVER_PORT => 443 }, 1],
	    ['a proxy', { HTTP_X_FORWARDED_PROTO => 'https' }, 1],
	    ['this machine', { HTTP_HOST => 'localhost:80' }, 1],
	    ['no request', { REQUEST_METHOD => undef }, 1]) {
		my ($name, $env, $good) = @$row;
		my %env = (PUSHCGI_PROGRAM => $pushcgi,
		    PUSHCGI_CONFIG => "$site/pushcgi.conf",
		    PUSHCGI_TIMEOUT_S => PushcgiTest::DEADLINE_S,
		    MERCURE_PUBLIC_HUB_URL => 'https://shop.example/hub',
		    HTTP_HOST => 'shop.example', REQUEST_METHOD => 'GET',
		    %$env);
		delete $env{REQUEST_METHOD} if !defined $env{REQUEST_METHOD};
		my ($status, $out, $err) = run([$^X, '-I'
		    . source('templates/perl'), '-e', $code], env => \%env);

		is scalar(() = $out =~ /^mercureAuth/mg), 2, "$name: returned";
		is scalar(() = $err =~ /\bby http, so /g), $good ? 0 : 1,
		    $good ? 'without a word' : 'one line for two calls';
		(undef, $out, $err) = run([$pushcgi, '--config',
		    "$site/pushcgi.conf", 'cookie', 'a'], env => \%env);
		like $out, qr/^mercureAuth/, 'the program prints it';
		is scalar(() = $err =~ /^\N*by http, so \N*\n\z/g),
		    $good ? 0 : 1, 'and warns, too';
	}
};

subtest 'the example page' => sub {
	my $get = sub {
		my ($body, %env) = @_;
		my ($status, $out, $err) = run(
		    ['perl', source('templates/perl/example.cgi')],
		    input => $body, env => { PUSHCGI_PROGRAM => $pushcgi,
		    PUSHCGI_CONFIG => "$site/pushcgi.conf",
		    REQUEST_METHOD => $body eq '' ? 'GET' : 'POST',
		    CONTENT_LENGTH => length $body, %env });
		is $status, 0, 'ends well';
		return $out, $err;
	};
	my ($out, $err) = $get->('');
	my ($cookie) = $out =~ /^Set-Cookie: (.*)$/m;

	is_deeply site_claims($cookie)->{mercure}{subscribe},
	    ['https://example.com/perl'], 'sets the cookie';
	like $out, qr{>\Q$hub\E\?topic=https%3A%2F%2Fexample\.com%2Fperl
	    &amp;lastEventID=%23[\w-]+<}x, 'prints the URL';
	like $out, qr/new EventSource\(/, 'and the script';
	is $err, '', 'without a word';

	($out) = $get->('data=%3Cb%3E+%26');
	my ($update) = (site_rows($site))[-1];
	like $out, qr/\n\n\Q$update->{id}\E\n\z/, 'a POST answers with the id';
	is_deeply [@$update{qw(topics data private)}],
	    ['https://example.com/perl', '<b> &', 1],
	    'of a private update';
	($out) = $get->('data=x', PUSHCGI_PROGRAM => '/none');
	like $out, qr/\AStatus: 503/, '503 when that fails';
	($out) = $get->('', PUSHCGI_PROGRAM => '/none');
	like $out, qr/<form/, 'without the program it still shows';
};

done_testing;
