# SPDX-License-Identifier: MIT
# cli.t - the helper program by itself: every subcommand, option and error.
use strict;
use warnings;
use Digest::SHA qw(hmac_sha256);
use FindBin qw($Bin);
use lib "$Bin/lib";
use JSON::PP ();
use MIME::Base64 qw(decode_base64url encode_base64url);
use PushcgiTest;
use Test::More;

use constant {
	PUBLISHER_KEY => 'publisher-key-of-the-tests-0123456789',
	SUBSCRIBER_KEY => 'subscriber-key-of-the-tests-012345678',
	HUB => 'https://hub.example/.well-known/mercure',
};

my $pushcgi = program('pushcgi');
my $dir = temp_dir();
my $conf = "$dir/pushcgi.conf";
my $db = "$dir/queue.db";

# Write another configuration file: the usual settings, changed by `set`.
sub conf {
	my ($name, %set) = @_;
	my %all = (MERCURE_PUBLISHER_SECRET_KEY => PUBLISHER_KEY,
	    MERCURE_SUBSCRIBER_SECRET_KEY => SUBSCRIBER_KEY,
	    MERCURE_TRANSPORT_URL => "sqlite://$db",
	    MERCURE_PUBLIC_HUB_URL => HUB, %set);

	spew("$dir/$name", join('', map { "$_ = $all{$_}\n" }
	    grep { defined $all{$_} } sort keys %all), 0600);
	return "$dir/$name";
}
conf('pushcgi.conf');

# (exit code, standard output, standard error)
sub pushcgi {
	my ($arguments, %o) = @_;
	my ($status, $out, $err) = run([$pushcgi, @$arguments], %o);

	return ($status & 127 ? "signal $status" : $status >> 8, $out, $err);
}

# The same with the usual configuration; dies unless it worked.
sub works {
	my (@arguments) = @_;
	my ($exit, $out, $err) = pushcgi(['--config', $conf, @arguments]);

	die "pushcgi @arguments: $exit $err" if $exit ne '0';
	chomp $out;
	return $out;
}

sub rows {
	my ($path, $since) = @_;
	my (undef, $json) = run(['sqlite3', '-readonly', '-json', $path,
	    'SELECT seq, id, type, topics, data, private, retry_ms FROM '
	    . "updates WHERE seq > $since ORDER BY seq"]);

	return $json eq '' ? [] : JSON::PP->new->utf8->decode($json);
}

sub last_seq {
	my $rows = -e $db ? rows($db, 0) : [];

	return @$rows ? $rows->[-1]{seq} : 0;
}

# The claims of a token that was signed with `key`.
sub claims {
	my ($token, $key) = @_;
	my ($header, $claims, $signature) = split /\./, $token;

	is $signature, encode_base64url(hmac_sha256("$header.$claims", $key)),
	    'the signature is right';
	is JSON::PP::decode_json(decode_base64url($header))->{alg}, 'HS256',
	    'the algorithm is HS256';
	return JSON::PP::decode_json(decode_base64url($claims));
}

subtest 'help and version' => sub {
	my ($exit, $out, $err) = pushcgi(['--help']);
	my @commands = $out =~ /^  ([a-z][a-z-]+) {2}/mg;

	is $exit, 0, '--help';
	is $err, '', 'says nothing on standard error';
	is_deeply \@commands, [qw(url link last-event-id cookie clear-cookie
	    subscriber-jwt publisher-jwt token-explain publish subscribe
	    subscriptions connected count session answer backup gen-secret-key
	    config snippet check)],
	    'lists the subcommands';
	for my $command (@commands) {
		for my $arguments ([$command, '--help'], ['--help', $command],
		    [$command, 'a', 'b', 'c', '--help']) {
			($exit, $out) = pushcgi($arguments);
			is $exit, 0, "@$arguments";
			like $out, qr/^usage: pushcgi \Q$command\E /,
			    "explains $command";
			unlike $out =~ s/^Keys:.*//msr, qr/.{81}/,
			    'within 80 columns';
		}
	}
	($exit, $out) = pushcgi(['config', '--help']);
	like $out, qr/MERCURE_PUBLIC_HUB_URL/, 'config --help lists the keys';
	for my $arguments (['--version'], ['url', '--version']) {
		($exit, $out) = pushcgi($arguments);
		is $exit, 0, "@$arguments";
		like $out, qr/^pushcgi \d+\.\d+\.\d+\n\z/, 'the version';
	}
};

# [name, arguments, what the sentence holds]
subtest 'wrong command lines' => sub {
	my @rows = (
		['nothing at all', [], qr/subcommand is missing/],
		['unknown subcommand', ['pubish'], qr/no subcommand pubish/],
		['its control characters', ["a\n\e[2Jb"], qr/a\?\?\[2Jb/],
		['unknown option', ['url', '--topci', 't'], qr/--topci/],
		['unknown letter', ['subscriber-jwt', '-x'], qr/-x/],
		['option of a subcommand before it', ['-t', 'a', 'url'],
		    qr/before the subcommand/],
		['option of another subcommand', ['url', '--private', 't'],
		    qr/--private/],
		['option without its value', ['url', '--last-event-id'],
		    qr/--last-event-id ID/],
		['letter without its value', ['publisher-jwt', '-t'],
		    qr/--topic TOPIC/],
		['value for a flag', ['publish', '--private=yes', 't'],
		    qr/--private takes no value/],
		['given twice', ['publish', '--id=a', '--id=b', 't'],
		    qr/--id was given twice/],
		['config without a file', ['url', '--config'], qr/--config/],
		['config given twice', ['--config', $conf, 'url', '--config',
		    $conf], qr/--config was given twice/],
		['cookie without topics', ['cookie'], qr/cookie TOPIC/],
		['cookie of a topic and a token', ['cookie', '--token', 't'],
		    qr/exclude each other/],
		['cookie of a token with a payload', ['cookie', '--token',
		    '--payload=1'], qr/exclude each other/],
		['publish without topic', ['publish'], qr/publish TOPIC/],
		['publish with too much', ['publish', 'a', 'b', 'c'],
		    qr/too many/],
		['publish, quiet and as JSON', ['publish', '--quiet', '--json',
		    't'], qr/--quiet and --json exclude each other/],
		['operand for config', ['config', 'a'], qr/too many/],
		['two snippets', ['snippet', 'a', 'b'], qr/too many/],
		['operand for a token', ['publisher-jwt', 'a'], qr/too many/],
		['setting without value', ['--mercure-retry', 'url'],
		    qr/--mercure-retry=VALUE/],
		(map { ["lifetime '$_'", ['cookie', '--lifetime', $_, 't'],
		    qr/--lifetime needs a whole number/] }
		    '', '-1', '1.5', 'x', ' 1', "1\n", '3155760001',
		    '18446744073709551617'),
		(map { ["retry '$_'", ['publish', '--retry', $_, 't'],
		    qr/--retry needs a whole number/] }
		    '', '-1', '1e3', "1\r", '1000000000'),
	);
	for my $row (@rows) {
		my ($name, $arguments, $want) = @$row;
		my ($exit, $out, $err) = pushcgi($arguments);

		is $exit, 2, "$name: exit 2";
		is $out, '', "$name: no output";
		like $err, qr/\Apushcgi: [^\n]+\.\n\z/, "$name: one sentence";
		like $err, $want, "$name: it names the fix";
	}
};

subtest 'configuration' => sub {
	for my $arguments (['--config', $conf, 'url', 't'],
	    ['url', '--config', $conf, 't'], ['url', 't', '--config', $conf],
	    ["--config=$conf", 'url', 't'], ['url', "--config=$conf", 't']) {
		my ($exit, $out) = pushcgi($arguments);
		is $exit, 0, 'exit 0';
		is $out, HUB . "?topic=t\n", 'the file was read';
	}
	my ($exit, $out, $err) = pushcgi(['--config', "$dir/none", 'url']);
	is $exit, 1, 'a file that is not there';
	like $err, qr/\Q$dir\E\/none does not exist: .*--config/, 'is named';
	($exit, $out, $err) = pushcgi(['--config', $dir, 'url']);
	like $err, qr/\Q$dir\E is a directory: name a file/, 'nor a folder';
	for my $arguments (['cookie', 't'], ['publish', 't'], ['subscribe',
	    't'], ['session', 'list'], ['subscriptions'], ['connected', 't'],
	    ['backup', "$dir/copy"], ['last-event-id']) {
		($exit, $out, $err) = pushcgi($arguments);
		isnt $exit, 0, "no configuration: @$arguments";
		like $err, qr/there is no \S+pushcgi\.conf.* --config/i,
		    'says where it was looked for';
	}
	spew("$dir/folder.conf", "MERCURE_TRANSPORT_URL = sqlite://$dir\n");
	($exit, $out, $err) = pushcgi(['--config', "$dir/folder.conf",
	    'publish', 't']);
	like $err, qr{\Q$dir\E is a directory: .* sqlite://\Q$dir\E/queue\.db},
	    'a queue that is a folder';

	($exit, $out) = pushcgi(['url', '--config', $conf, 't'],
	    env => { MERCURE_PUBLIC_HUB_URL => 'https://env.example/m' });
	is $out, "https://env.example/m?topic=t\n", 'environment beats file';
	($exit, $out) = pushcgi(['--config', $conf, 'url', 't',
	    '--mercure-public-hub-url=https://arg.example/m'],
	    env => { MERCURE_PUBLIC_HUB_URL => 'https://env.example/m' });
	is $out, "https://arg.example/m?topic=t\n", 'the command line both';

	my $secret = 'a-secret-that-must-not-be-seen';
	for my $key (qw(--secret-key --mercure-publisher-secret-key
	    --MERCURE_SUBSCRIBER_SECRET_KEY)) {
		($exit, $out, $err) = pushcgi(['url', "$key=$secret"]);
		is $exit, 1, "$key is refused";
		unlike $err, qr/\Q$secret\E/, 'and not repeated';
	}
	for my $arguments (["--password=$secret", 'url'],
	    ['url', "--passwd=$secret"], ['publish', "--retry=$secret", 't'],
	    ['config', $secret]) {
		($exit, $out, $err) = pushcgi($arguments);
		is $exit, 2, 'a usage error';
		unlike $err, qr/\Q$secret\E/, 'repeats no value';
	}
};

subtest 'snippet' => sub {
	my $folder = source('templates', 'servers');
	my @here = ('snippet', '--templates', $folder);
	my ($exit, $out, $err) = pushcgi(\@here);
	my @names = map { m{([^/]+)\.conf\z} } sort glob "$folder/*.conf";

	is $exit, 0, 'without a server';
	is_deeply [ $out =~ /^(\S+) +[A-Za-z]/mg ], \@names,
	    'all are listed, and what they are for';
	unlike $out, qr/.{81}/, 'within 80 columns';
	for my $name (@names) {
		my %values = (program => '/opt/x/pushcgi.fcgi',
		    socket => '/srv/x+y/hub_1.sock');
		my $text = slurp("$folder/$name.conf");

		($exit, $out) = pushcgi([@here, $name, '--program',
		    $values{program}, '--socket', $values{socket}]);
		is $exit, 0, "$name: exit 0";
		unlike $out, qr{/usr/lib/cgi-bin|/run/\w+/\w+\.sock},
		    "$name: no path of Debian's";
		$out =~ s/\Q$values{socket}\E/SOCKET/g;
		$out =~ s/\Q$values{program}\E/PROGRAM/g;
		$out =~ s{<Directory "/opt/x">}{<Directory "PROGRAMS">};
		$out =~ s{[\w/]*/lib/pushcgi$}{FOLDER}mg;
		$text =~ s{/run/pushcgi/hub\.sock}{SOCKET}g;
		$text =~ s{/run/lighttpd/pushcgi\.sock}{SOCKET}g;
		$text =~ s{/usr/lib/cgi-bin/pushcgi\.fcgi}{PROGRAM}g;
		$text =~ s{<Directory "/usr/lib/cgi-bin">}
		    {<Directory "PROGRAMS">};
		$text =~ s{/var/lib/pushcgi$}{FOLDER}mg;
		is $out, $text, "$name: the rest is as it is";
	}
	($exit, $out) = pushcgi([@here, 'apache-cgi']);
	my ($program) = $out =~ m{^ScriptAlias "\S+" "(/\S+)"$}m;
	my (undef, $help) = pushcgi(['--help']);
	my ($prefix) = $help =~ m{ (/\S+?)/(?:usr/)?etc/pushcgi/}
	    ? $1 : '';
	like $program, qr{^\Q$prefix\E/\S+/cgi-bin/pushcgi\.fcgi\z},
	    'the program as it is installed';

	# [name, arguments, what the sentence holds]
	for my $row (
	    ['an unknown server', [@here, 'iis'],
		qr/no snippet iis; there are: apache-cgi, .*, nginx\./],
	    ['a path as its name', [@here, '../servers/nginx'],
		qr/there are: apache-cgi/],
	    ['an empty name', [@here, ''], qr/there are: apache-cgi/],
	    ['no folder', ['snippet', '--templates', "$dir/none"],
		qr/\Q$dir\E\/none.*--templates FOLDER/],
	    ['no snippets', ['snippet', '--templates', temp_dir()],
		qr/--templates FOLDER/],
	    (map { ["socket '$_'", [@here, 'nginx', '--socket', $_],
		qr/--socket needs a path/] } '', 'hub.sock', '/a b', '/a"',
		'/a;', '/a|b', "/a\n", '/a$b', "/\xc3\xa9"),
	    ['program', [@here, 'nginx', '--program', 'x'],
		qr/--program needs a path/],
	    ) {
		my ($name, $arguments, $want) = @$row;

		($exit, $out, $err) = pushcgi($arguments);
		is $exit, 1, "$name: exit 1";
		is $out, '', "$name: no output";
		like $err, qr/\Apushcgi: [^\n]+\.\n\z/, "$name: one sentence";
		like $err, $want, "$name: it names the fix";
	}
};

subtest 'config' => sub {
	my $out = works('config');
	unlike $out, qr/\Q${\PUBLISHER_KEY}\E/, 'no secrets';
	like $out, qr/^# MERCURE_PUBLISHER_SECRET_KEY is set/m,
	    'but that they are set';

	$out = works('config', '--show-secrets') . "\n";
	like $out, qr/\Q${\PUBLISHER_KEY}\E/, 'with --show-secrets they are';
	spew("$dir/dumped.conf", $out, 0600);
	my ($exit, $again) = pushcgi(['--config', "$dir/dumped.conf",
	    'config', '--show-secrets']);
	is $again, $out, 'what it prints is a file that gives the same';

	my $object = JSON::PP::decode_json(works('config', '--json'));
	my %file = map { /^# (\S+) is set/ ? ($1 => undef)
	    : split(/ = /, s/^# by default: //r, 2) }
	    split /\n/, works('config');
	is_deeply { map { my $v = $object->{$_};
	    $_ => JSON::PP::is_bool($v) ? $v ? 'true' : 'false' : $v }
	    keys %$object }, \%file, '--json says the same';
	is_deeply [grep { !defined $object->{$_} } sort keys %$object],
	    [qw(MERCURE_PUBLISHER_SECRET_KEY MERCURE_SUBSCRIBER_SECRET_KEY)],
	    'a secret is null';
	$object = JSON::PP::decode_json(works('config', '--json',
	    '--show-secrets'));
	is $object->{MERCURE_PUBLISHER_SECRET_KEY}, PUBLISHER_KEY,
	    'but with --show-secrets';
};

subtest 'url' => sub {
	# [name, configuration, arguments, url]
	my $plain = conf('plain.conf', MERCURE_PUBLIC_HUB_URL => undef);
	my @rows = (
		['one topic', $conf, ['a'], HUB . '?topic=a'],
		['several', $conf, ['a', 'b&c', 'd'],
		    HUB . '?topic=a&topic=b%26c&topic=d'],
		['none', $conf, [], HUB],
		['wildcard', $conf, ['*'], qr/\?topic=(\*|%2A)\z/],
		['last event id', $conf, ['--last-event-id', '#x y', 'a'],
		    qr/\?topic=a&lastEventID=%23x%20y\z/],
		['what looks like an option', $conf, ['--', '--help'],
		    HUB . '?topic=--help'],
		['UTF-8', $conf, ["\xc3\xa9"], HUB . '?topic=%C3%A9'],
		['no public URL', $plain, ['a'],
		    '/.well-known/mercure?topic=a'],
	);
	for my $row (@rows) {
		my ($name, $file, $arguments, $want) = @$row;
		my ($exit, $out) = pushcgi(['--config', $file, 'url',
		    @$arguments]);

		is $exit, 0, "$name: exit 0";
		chomp $out;
		ref $want ? like $out, $want, $name : is $out, $want, $name;
	}
	for my $topic ('', "\xff", "a\nb", "a\rb", 'x' x 100_000) {
		my ($exit, $out, $err) = pushcgi(['--config', $conf, 'url',
		    $topic]);
		is $exit, 1, 'a topic that cannot be';
		is $out, '', 'gives no URL';
		like $err, qr/\Apushcgi: [^\n]*topic[^\n]*\n\z/i, 'but why';
	}
	is works('link'), '<' . HUB . '>; rel="mercure"', 'link';
	is works('link', '--last-event-id', '#a"b'),
	    '<' . HUB . '>; rel="mercure"; last-event-id="#a\\"b"',
	    'link with an id';
	my ($exit, undef, $err) = pushcgi(['--config', $conf, 'url',
	    ('t') x 2000]);
	is $exit, 1, 'too many topics';
	like $err, qr/MERCURE_MAX_MATCHERS/, 'name the setting';
};

subtest 'tokens' => sub {
	my $now = time;
	my $claims = claims(works('subscriber-jwt', '-t', 'a', '--topic',
	    "\xc3\xa9", '--topic=*', '-tb'), SUBSCRIBER_KEY);
	is_deeply $claims->{mercure}{subscribe}, ['a', "\x{e9}", '*', 'b'],
	    'subscribe rights';
	is_deeply $claims->{mercure}{publish}, [], 'and no others';
	ok !exists $claims->{mercure}{payload}, 'no payload';
	is_deeply claims(works('subscriber-jwt', '--payload', '[1,"a"]'),
	    SUBSCRIBER_KEY)->{mercure}{payload}, [1, 'a'], 'or one';
	my ($status, undef, $why) = pushcgi(['--config', $conf,
	    'subscriber-jwt', '--payload', '{']);
	is $status, 1, 'a payload that is no JSON';
	like $why, qr/payload/i, 'is refused';
	ok $claims->{exp} >= $now + 3600 && $claims->{exp} <= time + 3600,
	    'for an hour';

	$claims = claims(works('subscriber-jwt'), SUBSCRIBER_KEY);
	is_deeply $claims->{mercure}{subscribe}, [], 'none asked for, none';
	$claims = claims(works('subscriber-jwt', '--lifetime', '10'),
	    SUBSCRIBER_KEY);
	ok $claims->{exp} >= $now + 10 && $claims->{exp} <= time + 10,
	    'for ten seconds';
	$claims = claims(works('subscriber-jwt', '--lifetime=0'),
	    SUBSCRIBER_KEY);
	ok !exists $claims->{exp}, 'for ever';

	$claims = claims(works('publisher-jwt'), PUBLISHER_KEY);
	is_deeply $claims, { mercure => { publish => ['*'],
	    subscribe => [] } }, 'a publisher: everywhere, for ever';
	$claims = claims(works('publisher-jwt', '-t', 'a', '-t', 'b',
	    '--lifetime', '60'), PUBLISHER_KEY);
	is_deeply $claims->{mercure}{publish}, ['a', 'b'], 'or where asked';
	ok $claims->{exp} >= $now + 60 && $claims->{exp} <= time + 60,
	    'and as long';

	my $one = conf('one-key.conf', SECRET_KEY => 'k' x 32,
	    MERCURE_PUBLISHER_SECRET_KEY => undef,
	    MERCURE_SUBSCRIBER_SECRET_KEY => undef);
	for my $command (qw(subscriber-jwt publisher-jwt)) {
		my ($exit, $out) = pushcgi(['--config', $one, $command]);
		chomp $out;
		claims($out, 'k' x 32);
	}

	my $short = conf('short-key.conf', SECRET_KEY => 'k' x 15,
	    MERCURE_PUBLISHER_SECRET_KEY => undef,
	    MERCURE_SUBSCRIBER_SECRET_KEY => undef);
	for my $row (['publisher-jwt'], ['subscriber-jwt'], ['cookie', 't']) {
		my ($exit, $out, $err) = pushcgi(['--config', $short, @$row]);
		is $exit, 1, "$row->[0] with a key of 15 bytes";
		is $out, '', 'gives no token';
		like $err, qr/SECRET_KEY: .* 15 bytes.*gen-secret-key/,
		    'names the setting and the fix';
	}
	spew($short, 'SECRET_KEY = ' . 'k' x 16 . "\n");
	my @warned = pushcgi(['--config', $short, 'subscriber-jwt']);
	is $warned[0], 0, 'with a key of 16 bytes it works';
	like $warned[2], qr/short secret setting=SECRET_KEY/, 'with a warning';

	my $none = conf('no-key.conf', MERCURE_PUBLISHER_SECRET_KEY => undef,
	    MERCURE_SUBSCRIBER_SECRET_KEY => undef);
	for my $row (['publisher-jwt', 'PUBLISHER'],
	    ['subscriber-jwt', 'SUBSCRIBER'], ['cookie', 'SUBSCRIBER', 't']) {
		my ($command, $who, @topics) = @$row;
		my ($exit, $out, $err) = pushcgi(['--config', $none, $command,
		    @topics]);
		is $exit, 1, "$command without a key";
		is $out, '', 'gives no token';
		like $err, qr/MERCURE_${who}_SECRET_KEY.*gen-secret-key/,
		    'names the setting and the fix';
	}
	my ($exit, $out, $err) = pushcgi(['--config', $conf, 'subscriber-jwt',
	    map { ('-t', 'https://example.com/' . 'x' x 200 . $_) } 1 .. 50]);
	is $exit, 1, 'too long a token';
	is $out, '', 'is not printed';
	like $err, qr/8192 bytes.*topics/, 'with the fix';
	for my $topic ('', "a\nb", "\xff") {
		($exit, $out) = pushcgi(['--config', $conf, 'subscriber-jwt',
		    '-t', $topic]);
		is $exit, 1, 'a topic that cannot be';
		is $out, '', 'gives no token';
	}
};

# The attributes of a Set-Cookie value, names in lower case.
sub cookie {
	my ($text) = @_;
	my ($first, @attributes) = split /; /, $text;
	my ($name, $value) = split /=/, $first, 2;

	return { name => $name, value => $value, map {
		/^([^=]+)(?:=(.*))?\z/ ? (lc $1 => $2) : () } @attributes };
}

subtest 'cookie' => sub {
	my $now = time;
	my $cookie = cookie(works('cookie', 'a', 'b'));
	my $claims = claims(delete $cookie->{value}, SUBSCRIBER_KEY);

	is_deeply $cookie, { name => 'mercureAuthorization',
	    path => '/.well-known/mercure', httponly => undef,
	    secure => undef, samesite => 'Strict' }, 'its attributes';
	is_deeply $claims->{mercure}, { subscribe => ['a', 'b'],
	    publish => [] }, 'its token';
	ok $claims->{exp} >= $now + 3600 && $claims->{exp} <= time + 3600,
	    'an hour for a session';

	$cookie = cookie(works('cookie', '--lifetime', '600', 'a'));
	is $cookie->{'max-age'}, 900, 'with a lifetime';
	$claims = claims($cookie->{value}, SUBSCRIBER_KEY);
	ok $claims->{exp} >= $now + 600 && $claims->{exp} <= time + 600,
	    'which ends five minutes before';

	# [name, settings, path, secure, samesite]
	my @rows = (
		['no public URL', { MERCURE_PUBLIC_HUB_URL => undef },
		    '/.well-known/mercure', 1, 'Strict'],
		['http', { MERCURE_PUBLIC_HUB_URL =>
		    'http://h:80/.well-known/mercure' },
		    '/.well-known/mercure', 0, 'Strict'],
		['a query', { MERCURE_PUBLIC_HUB_URL => 'http://h/hub?a=b' },
		    '/hub', 0, 'Strict'],
		['no path', { MERCURE_PUBLIC_HUB_URL => 'https://h' }, '/', 1,
		    'Strict'],
		['Lax', { MERCURE_COOKIE_SAMESITE => 'Lax' },
		    '/.well-known/mercure', 1, 'Lax'],
		['None', { MERCURE_COOKIE_SAMESITE => 'None',
		    MERCURE_PUBLIC_HUB_URL => 'http://h/m' }, '/m', 1, 'None'],
		['__Host-', { MERCURE_AUTHZ_COOKIE_NAME => '__Host-a',
		    MERCURE_PUBLIC_HUB_URL => 'https://h/hub' }, '/', 1,
		    'Strict'],
		['__Secure-', { MERCURE_AUTHZ_COOKIE_NAME => '__Secure-a',
		    MERCURE_PUBLIC_HUB_URL => 'https://h/hub' }, '/hub', 1,
		    'Strict'],
		['a domain', { MERCURE_COOKIE_DOMAIN => 'h.example',
		    MERCURE_PUBLIC_HUB_URL => 'https://hub.h.example/m' },
		    '/m', 1, 'Strict', 'h.example'],
		['Partitioned', { MERCURE_COOKIE_SAMESITE => 'None',
		    MERCURE_COOKIE_PARTITIONED => 'true' },
		    '/.well-known/mercure', 1, 'None', undef, 1],
		['hub and public URL the same', { MERCURE_HUB_URL =>
		    'http://h/m', MERCURE_PUBLIC_HUB_URL => 'http://h/m' },
		    '/m', 0, 'Strict'],
	);
	for my $row (@rows) {
		my ($name, $set, $path, $secure, $samesite, $domain,
		    $partitioned) = @$row;
		my ($exit, $out) = pushcgi(['--config',
		    conf('cookie.conf', %$set), 'cookie', 't']);
		chomp $out;
		my $c = cookie($out);

		is $exit, 0, "$name: exit 0";
		is $c->{path}, $path, "$name: path";
		is !!exists $c->{secure}, !!$secure, "$name: secure";
		is $c->{samesite}, $samesite, "$name: same site";
		ok exists $c->{httponly}, "$name: HttpOnly";
		is $c->{domain}, $domain, $domain ? "$name: for its hosts"
		    : "$name: host-only";
		is !!exists $c->{partitioned}, !!$partitioned,
		    "$name: kept apart or not";
	}
	# [settings, the sentence]
	for my $row ([{ MERCURE_COOKIE_PARTITIONED => 'true' },
		qr/PARTITIONED = true needs MERCURE_COOKIE_SAMESITE = None/],
	    [{ MERCURE_COOKIE_DOMAIN => 'h.example',
		MERCURE_AUTHZ_COOKIE_NAME => '__Host-a' },
		qr/has no domain: MERCURE_COOKIE_DOMAIN/],
	    [{ MERCURE_COOKIE_DOMAIN => 'https://h.example' },
		qr/MERCURE_COOKIE_DOMAIN must be a host name/]) {
		my ($set, $why) = @$row;

		for my $command (['cookie', 't'], ['clear-cookie']) {
			my ($exit, $out, $err) = pushcgi(['--config',
			    conf('cookie.conf', %$set), @$command]);

			is $exit, 1, "@{[%$set]}: $command->[0] refuses";
			is $out, '', 'prints nothing';
			like $err, $why, 'and says why';
		}
	}
	$cookie = cookie(works('clear-cookie'));
	is_deeply $cookie, { name => 'mercureAuthorization', value => '',
	    path => '/.well-known/mercure', httponly => undef,
	    secure => undef, samesite => 'Strict', 'max-age' => 0,
	    expires => 'Thu, 01 Jan 1970 00:00:01 GMT' }, 'clear-cookie';
	for my $command (qw(link url)) {
		my ($exit, $out, $err) = pushcgi(['--config', $conf, $command,
		    '--last-event-id', "a\r\nSet-Cookie: b"]);
		is $exit, 1, "$command: an id with a line break";
		is $out, '', 'gives no header';
		like $err, qr/control characters/, 'but why';
	}
	$cookie = cookie(works('cookie', '--payload', '{"user":1}', 'a'));
	is_deeply claims($cookie->{value}, SUBSCRIBER_KEY)->{mercure}{payload},
	    { user => 1 }, 'a payload';
	for my $row (['x.y.z', 0, 'x.y.z'], ["x.y.z\r\n", 0, 'x.y.z'], [" x.y.z", 1, qr/./],
	    ["\n", 1, qr/token is empty/], ["x\ny", 1, qr/./],
	    ["x; Domain=y", 1, qr/./], ['x' x 3585, 1, qr/fewer topics/],
	    ['x' x 100_000, 1, qr/too long/]) {
		my ($in, $status, $want) = @$row;
		my ($exit, $out, $err) = pushcgi(['--config', $conf,
		    'cookie', '--token', '--lifetime=60'], input => $in);
		my $name = 'a token of ' . length($in) . ' bytes';

		is $exit, $status, "$name: exit $status";
		if ($status) {
			like $err, $want, "$name: why";
			next;
		}
		chomp $out;
		is cookie($out)->{value}, $want, "$name: in the cookie";
		is cookie($out)->{'max-age'}, 360, "$name: for a minute";
	}
	my ($exit, $out) = pushcgi(['--config', conf('named.conf',
	    MERCURE_AUTHZ_COOKIE_NAME => 'live'), 'cookie', 't']);
	is cookie($out)->{name}, 'live', 'its name is a setting';

	($exit, $out, my $err) = pushcgi(['--config', $conf, 'cookie',
	    map { 'https://example.com/' . 'x' x 100 . $_ } 1 .. 40]);
	is $exit, 1, 'too long for browsers';
	is $out, '', 'is not printed';
	like $err, qr/fewer topics/, 'with the fix';
};

subtest 'publish' => sub {
	my $now = time;
	# [name, arguments, input, row]
	my @rows = (
		['only a topic', ['t'], '', { topics => 't', data => '' }],
		['data', ['t', 'x'], 'not read', { topics => 't',
		    data => 'x' }],
		['empty data', ['t', ''], '', { data => '' }],
		['standard input', ['t', '-'], "a\r\nb\n\n",
		    { data => "a\r\nb\n\n" }],
		['empty input', ['t', '-'], '', { data => '' }],
		['private', ['--private', 't'], '', { private => 1 }],
		['private behind', ['t', 'x', '--private'], '',
		    { private => 1, data => 'x' }],
		['id', ['--id', 'urn:x:1', 't'], '', { id => 'urn:x:1' }],
		['id with =', ['--id=a=b', 't'], '', { id => 'a=b' }],
		['empty id', ['--id=', 't'], '', {}],
		['type', ['--type', 'note', 't'], '', { type => 'note' }],
		['retry', ['--retry', '0', 't'], '', { retry_ms => 0 }],
		['longest retry', ['--retry=999999999', 't'], '',
		    { retry_ms => 999999999 }],
		['alternates', ['--alternate', 'u', '--alternate=v', 't'], '',
		    { topics => "t\nu\nv" }],
		['an option as data', ['--', 't', '--private'], '',
		    { private => 0, data => '--private' }],
		['an option as topic', ['--', '-t', 'x'], '',
		    { topics => '-t' }],
		['UTF-8', ["\xc3\xa9", "\xe2\x82\xac"], '',
		    { topics => "\x{e9}", data => "\x{20ac}" }],
		['a setting', ['t', 'x', '--mercure-type-is-topic=true'], '',
		    { type => 't' }],
		['a setting, but a type', ['t', 'x', '--type', 'y',
		    '--mercure-type-is-topic=true'], '', { type => 'y' }],
		(map { ["shell: $_", ['--id', $_, '--type', $_,
		    '--alternate', "u$_", $_, $_], '', { id => $_,
		    type => $_, topics => "$_\nu$_", data => $_ }] }
		    "\$(touch $dir/pwned)", "`touch $dir/pwned`",
		    "; touch $dir/pwned;", "' \" \\ | & > < * ? ~ ! %s %n"),
		['CR and LF in data', ['t', "a\r\nid: x\n\ndata: y"], '',
		    { data => "a\r\nid: x\n\ndata: y" }],
	);
	for my $row (@rows) {
		my ($name, $arguments, $input, $want) = @$row;
		my $before = last_seq();
		my ($exit, $out, $err) = pushcgi(['--config', $conf,
		    'publish', @$arguments], input => $input);
		my $found = rows($db, $before);

		is $exit, 0, "$name: exit 0" or diag $err;
		is @$found, 1, "$name: one update";
		is "$found->[0]{id}\n", $out, "$name: its id was printed";
		is_deeply { map { $_ => $found->[0]{$_} } keys %$want },
		    $want, "$name: as asked";
		like $out, qr/^urn:uuid:[0-9a-f-]{36}\n\z/,
		    "$name: a random id" unless $want->{id};
	}
	ok !-e "$dir/pwned", 'no shell saw an argument';

	# [name, arguments, input, what the sentence holds]
	my @bad = (
		['empty topic', ['', 'x'], '', qr/topic/i],
		['wildcard', ['*', 'x'], '', qr/topic \*/],
		['reserved topic', ['/.well-known/mercure/x'], '',
		    qr/reserved/],
		['reserved topic, relative', ['./%6dercure', 'x'], '',
		    qr/reserved/],
		['reserved topic, dot segments',
		    ['//h/x/%2e./.well-known/mercure', 'x'], '',
		    qr/reserved/],
		['reserved alternate', ['--alternate',
		    '/.well-known/mercure/x', 't'], '', qr/reserved/],
		['line break in a topic', ["t\nu"], '', qr/topic/i],
		['carriage return in a topic', ["t\ru"], '', qr/topic/i],
		['line break in an alternate', ['--alternate', "u\nv", 't'],
		    '', qr/topic/i],
		['topic not UTF-8', ["\xff"], '', qr/UTF-8/],
		['data not UTF-8', ['t', "\xff"], '', qr/UTF-8/],
		['input not UTF-8', ['t', '-'], "\xff", qr/UTF-8/],
		['NUL in the input', ['t', '-'], "a\0b", qr/NUL/],
		['line break in the id', ['--id', "a\nb", 't'], '', qr/\bid\b/],
		['id of the hub', ['--id', '#a', 't'], '', qr/\bid\b/],
		['id earliest', ['--id', 'earliest', 't'], '', qr/earliest/],
		['line break in the type', ['--type', "a\r\nb", 't'], '',
		    qr/type/],
		['type mercure', ['--type', 'mercure', 't'], '', qr/type/],
		['too long', ['--mercure-max-body=2000', 't', 'x' x 2001], '',
		    qr/MERCURE_MAX_BODY.*2000/],
		['input too long', ['--mercure-max-body=100000', 't', '-'],
		    'x' x 100001, qr/MERCURE_MAX_BODY.*100000/],
		['too many topics', ['--mercure-max-topics=2', '--alternate',
		    'a', '--alternate', 'b', 't'], '', qr/topics/],
		['external hub', ['--mercure-hub-url=http://127.0.0.1:1/m',
		    't'], '', qr{http://127\.0\.0\.1:1/m: }],
		['no such folder', ["--mercure-transport-url=sqlite://$dir"
		    . '/none/queue.db', 't'], '', qr/\Q$dir\E\/none/],
		['unknown queue', ['--mercure-transport-url=redis://h/', 't'],
		    '', qr/redis|sqlite/],
	);
	my $before = last_seq();
	for my $row (@bad) {
		my ($name, $arguments, $input, $want) = @$row;
		my ($exit, $out, $err) = pushcgi(['--config', $conf,
		    'publish', @$arguments], input => $input);

		is $exit, 1, "$name: exit 1";
		is $out, '', "$name: no id";
		like $err, qr/^pushcgi: [^\n]+\n\z/m, "$name: a sentence";
		like $err, $want, "$name: it names the fix";
	}
	is last_seq(), $before, 'nothing of it was published';

	my ($exit) = pushcgi(['--config', $conf, 'publish', 't',
	    '--mercure-hub-url=' . HUB]);
	is $exit, 0, 'a hub URL that is the public one is this machine';
	($exit) = pushcgi(['--config', conf('off.conf',
	    MERCURE_HUB_ALLOW_PUBLISH => 'false'), 'publish', 't']);
	is $exit, 0, 'also when publishing over HTTP is off';
	($exit) = pushcgi(['--config', $conf, 'publish', 't', '-'],
	    input => 'x' x 1_000_000);
	is $exit, 0, 'a large update';
	is length rows($db, last_seq() - 1)->[0]{data}, 1_000_000, 'is whole';
};

# Updates as lines of JSON: (exit code, ids, standard error).
sub batch {
	my ($input, @settings) = @_;
	my ($exit, $out, $err) = pushcgi(['--config', $conf, 'publish',
	    '--batch', @settings], input => $input);

	return ($exit, [split /\n/, $out], $err);
}

subtest 'publish --batch' => sub {
	my $before = last_seq();
	my ($exit, $ids, $err) = batch(qq({"topic":"t","data":"a\\nb"}\r\n)
	    . qq(\n  \n{"topic":["t","u"],"id":"b:1","type":"n",)
	    . qq("private":true,"retry":5}\n{"topic":"\\u00e9"}));
	my $rows = rows($db, $before);

	is $exit, 0, 'exit 0' or diag $err;
	is_deeply $ids, [map { $_->{id} } @$rows], 'an id for each, in order';
	is_deeply [map { [@$_{qw(topics data type private retry_ms)}] }
	    @$rows], [['t', "a\nb", undef, 0, undef],
	    ["t\nu", '', 'n', 1, 5], ["\x{e9}", '', undef, 0, undef]],
	    'published as asked';
	($exit, $ids) = batch('');
	is $exit, 0, 'nothing to do';
	is_deeply $ids, [], 'and no id';
	$before = last_seq();
	($exit) = batch("\xef\xbb\xbf" . qq({"topic":"t","data":"bom"}\n));
	is $exit, 0, 'a byte order mark in front: exit 0';
	is_deeply [map { $_->{data} } @{ rows($db, $before) }], ['bom'],
	    'a byte order mark in front: published';

	# More than a group; [name, line in place of the 600th, the sentence]
	for my $row (['no JSON', 'x', qr/Line 600: it is not a JSON object/,
	    599], ['a field too many', '{"topic":"t","ID":"x"}',
	    qr/Line 600: there is no field "ID"/, 599],
	    ['a topic that cannot be', '{"topic":"*"}',
	    qr/Line 600: The topic \*/, 512],
	    ['too long', '{"topic":"t","data":"' . 'x' x 100001 . '"}',
	    qr/Line 600: .*MERCURE_MAX_BODY/, 512],
	    ['far too long', '{"topic":"t","data":"' . 'x' x 2_000_000 . '"}',
	    qr/Line 600: .*MERCURE_MAX_BODY/, 599]) {
		my ($name, $line, $want, $good) = @$row;
		$before = last_seq();
		($exit, $ids, $err) = batch(join("\n", (map {
		    qq({"topic":"t","data":"$_"}) } 1 .. 599), $line,
		    '{"topic":"never"}') . "\n", '--mercure-max-body=100000');
		$rows = rows($db, $before);

		is $exit, 1, "$name: exit 1";
		like $err, qr/\Apushcgi: [^\n]+\n\z/, "$name: one sentence";
		like $err, $want, "$name: it names line and problem";
		like $err, qr/before it: $good updates/, "$name: how many are";
		is_deeply $ids, [map { $_->{id} } @$rows],
		    "$name: the ids are those of what was published";
		is_deeply [map { $_->{data} } @$rows], [1 .. $good],
		    "$name: all before the group with the problem";
	}

	# For programs.
	$before = last_seq();
	($exit, $ids, $err) = batch(qq({"topic":"t"}\n\n{"topic":"u"}\n)
	    . qq({"topic":"\xc3\xa9","ID":"x"}\n{"topic":"never"}), '--json');
	$rows = rows($db, $before);
	is $exit, 1, '--json: exit 1 as ever';
	is_deeply [map { JSON::PP::decode_json($_) } @$ids],
	    [{ line => 1, id => $rows->[0]{id} },
	    { line => 3, id => $rows->[1]{id} }, { line => 4, published => 2,
	    error => $err =~ /Line 4: (.*?\.) Published/ }],
	    '--json: lines, ids and the problem';
	is_deeply JSON::PP::decode_json(works('publish', '--json', '--id',
	    'i"1', 't')), { id => 'i"1' }, '--json: of one';

	# Who writes line by line gets each id at once.
	spew("$dir/ids", '');
	pipe my $in, my $to or die "pipe: $!\n";
	my $pid = spawn(command => [$pushcgi, '--config', $conf, 'publish',
	    '--batch'], stdin => $in, stdout => "$dir/ids");
	close $in;
	wait_until('it keeps its memory from the disk', sub {
		slurp("/proc/$pid/limits") =~ /^Max core file size +0 +0 /m });
	for my $n (1 .. 3) {
		syswrite $to, qq({"topic":"t","id":"one:$n"}\n);
		wait_until("id $n is printed", sub {
			slurp("$dir/ids") =~ /^one:$n$/m;
		});
	}
	close $to;
	wait_until('it ends', sub { defined process_ended($pid) });
	is process_ended($pid), 0, 'a pipe: each line at once';
};

subtest 'gen-secret-key' => sub {
	my %seen;

	for (1 .. 3) {
		my ($exit, $out) = pushcgi(['gen-secret-key', '--config',
		    "$dir/none"]);
		is $exit, 0, 'needs no configuration';
		like $out, qr/^[0-9a-f]{64}\n\z/, '32 bytes';
		$seen{$out} = 1;
	}
	is keys %seen, 3, 'never the same';
};

subtest 'standard output and the other two' => sub {
	for my $command ([$pushcgi, 'gen-secret-key'],
	    [$pushcgi, '--version'], [program('pushcgi.fcgi'), '--version'],
	    [program('pushcgi.fcgi'), '--help']) {
		my $full = spawn(command => $command,
		    stdout => '/dev/full', stderr => "$dir/full.err");
		wait_until('it ends', sub { defined process_ended($full) });
		is process_ended($full) >> 8, 1,
		    "@$command: nowhere to print: exit 1";
		like slurp("$dir/full.err"), qr/standard output/i,
		    "@$command: it says so";
	}
	my ($quiet, $printed) = pushcgi(['--config', $conf, 'publish',
	    '--quiet', 't', 'x']);
	is "$quiet $printed", '0 ', 'publish --quiet prints nothing';

	for my $closing ('<&-', '>&-', '2>&-', '<&- >&- 2>&-') {
		my $before = last_seq();
		my ($status) = run(['sh', '-c',
		    "exec \"\$0\" --config \"\$1\" publish t x $closing",
		    $pushcgi, $conf]);
		is $status, 0, "$closing: exit 0";
		is @{ rows($db, $before) }, 1, 'published';
	}
	my (undef, $check) = run(['sqlite3', '-readonly', $db,
	    'PRAGMA integrity_check']);
	is $check, "ok\n", 'nothing was printed into the database';
};

subtest 'examples of the manual' => sub {
	my ($section) = slurp(source('helpers/cmd/pushcgi.1'))
	    =~ /^\.Sh EXAMPLES\n(.*?)^\.Sh /ms;
	my @blocks = $section =~ /^\.Bd [^\n]*\n(.*?)^\.Ed/msg;
	my $home = temp_dir();
	my $templates = source('templates', 'servers');
	my ($bin) = $pushcgi =~ m{(.*)/};
	my $script = "set -e\n";

	ok @blocks >= 4, 'there are some';
	for my $block (@blocks) {
		$block =~ s/\\e/\\/g;
		$block =~ s/^\$ //mg;
		# Not installed yet.
		$block =~ s{(?<=pushcgi snippet )}{--templates '$templates' };
		$script .= $block;
	}
	my ($status, $out, $err) = run(['sh', '-c', $script], cwd => $home,
	    env => { PATH => "$bin:$ENV{PATH}" });
	is $status, 0, 'they work' or diag $err;
	is $err, '', 'without a warning';
	my @lines = split /\n/, $out;
	like $lines[0], qr/^urn:uuid:/, 'publish prints an id';
	like $lines[5], qr{^\{"id":"urn:uuid:.*"data":"Hello"\}},
	    'subscribe an update';
	like $lines[6], qr{^/\.well-known/mercure\?topic=}, 'url a URL';
	like $lines[7], qr/^mercureAuthorization=/, 'cookie a cookie';
	like $out, qr/^MERCURE_RETRY = 1000$/m, 'config the settings';
	like $out, qr/^location \^~ /m, 'snippet what nginx needs';
	my $rows = rows("$home/queue.db", 0);
	is @$rows, 5, 'five updates were published';
	is $rows->[0]{data}, 'Hello', 'the first';
	is $rows->[1]{type}, 'clock', 'the second';
	is $rows->[4]{topics}, 'https://example.com/3', 'the last';
};

done_testing;
