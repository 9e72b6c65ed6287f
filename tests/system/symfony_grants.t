# SPDX-License-Identifier: MIT
# symfony_grants.t - PushcgiHub.php with the interfaces that symfony/mercure has
# from 0.8 on, and with those before.
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
my $hub = source('templates/php/PushcgiHub.php');
my %native = (PUSHCGI_HUB_URL => 'https://hub.example/m',
    PUSHCGI_SECRET_FILE => "$site/secret");

spew("$site/secret", "key-of-the-tests-0123456789abcdef\n");

my $both = <<'EOT';
namespace Symfony\Component\Mercure\Exception {
	class RuntimeException extends \RuntimeException {}
}
namespace Symfony\Component\Mercure\Jwt {
	interface TokenProviderInterface {
		public function getJwt(): string;
	}
}
EOT
spew("$site/older.php", "<?php\n$both" . <<'EOT');
namespace Symfony\Component\Mercure\Jwt {
	interface TokenFactoryInterface {
		public function create(?array $subscribe = [],
		    ?array $publish = [], array $additionalClaims = []): string;
	}
}
namespace Symfony\Component\Mercure {
	class Update {}
	interface HubInterface {
		public function getUrl(): string;
		public function getPublicUrl(): string;
		public function getProvider(): Jwt\TokenProviderInterface;
		public function getFactory(): ?Jwt\TokenFactoryInterface;
		public function publish(Update $update): string;
	}
}
EOT
spew("$site/newer.php", "<?php\n$both" . <<'EOT');
namespace Symfony\Component\Mercure\Jwt {
	interface TokenFactoryInterface {
		public function create(array $grants = [],
		    array $additionalClaims = []): string;
	}
}
namespace Symfony\Component\Mercure {
	class Update {}
	enum ProtocolVersion: string {
		case Legacy = '0.x';
		case V1 = '1.0';
	}
	final class Grant {
		public function __construct(public readonly array $actions,
		    public readonly array $topics,
		    public readonly mixed $payload = null) {}
	}
	interface HubInterface {
		public function getPublicUrl(): string;
		public function getFactory(): ?Jwt\TokenFactoryInterface;
		public function publish(Update $update): string;
		public function getProtocolVersion(): ProtocolVersion;
		public function getCookieName(): string;
	}
}
EOT

# The value of an expression with `$hub` and `$create`, or the text of the
# exception that it throws.
sub asked {
	my ($version, $expression, %env) = @_;
	my ($got) = php_value("(function () { \$hub = new PushcgiHub(); "
	    . "try { return $expression; } catch (RuntimeException \$e) { "
	    . "return 'refused: ' . \$e->getMessage(); } })()",
	    before => "require '$site/$version.php'; require '$hub';\n"
	    . "class_alias('Symfony\\Component\\Mercure\\Grant', 'Grant');\n"
	    x ($version eq 'newer'), env => \%env);

	return $got;
}

for my $version ('older', 'newer') {
	is asked($version, '$hub->getPublicUrl()'),
	    'http://site.example/.well-known/mercure', "$version: the URL";
	is asked($version, '$hub->getCookieName()'), 'mercureAuthorization',
	    "$version: the cookie's name";
}
is asked('newer', '$hub->getProtocolVersion()'), '0.x', 'the protocol';
is asked('newer', '$hub->getCookieName()', %native,
    PUSHCGI_COOKIE_NAME => 'live'), 'live', 'a cookie of another name';
spew("$site/pushcgi.conf", slurp("$site/pushcgi.conf")
    . "MERCURE_AUTHZ_COOKIE_NAME = live\n", 0600);
is asked('newer', '$hub->getCookieName()'), 'live', 'also by the program';

# [name, arguments of create(), the claim mercure, seconds to its end, or none]
my $a = "new Grant(['subscribe'], ['a'])";
for my $row (
    ['a grant', "[$a]", { subscribe => ['a'] }, 3600],
    ['exact topics', "[new Grant(['subscribe'], ['exact' => ['a', 'b']])]",
	{ subscribe => ['a', 'b'] }, 3600],
    ['several grants', "[$a, new Grant(['subscribe'], ['b', 'a'])]",
	{ subscribe => ['a', 'b'] }, 3600],
    ['its end', "[$a], ['exp' => new DateTimeImmutable('+2 hours')]",
	{ subscribe => ['a'] }, 7200],
    ['an end as a number', "[$a], ['exp' => time() + 60]",
	{ subscribe => ['a'] }, 60],
    ['names of arguments', "grants: [$a], additionalClaims: ['exp' => "
	. 'time() + 60]', { subscribe => ['a'] }, 60],
    ['no end is asked for', "[$a], ['exp' => null]",
	{ subscribe => ['a'] }, 3600],
    ['payloads', "[new Grant(['subscribe'], ['a'], ['id' => 1]), "
	. "new Grant(['subscribe'], ['b'], ['name' => 'x'])]",
	{ subscribe => ['a', 'b'], payload => { id => 1, name => 'x' } }, 3600],
    ['a publisher', "[new Grant(['publish'], ['b'])]", { publish => ['b'] }],
    ["a publisher's end", "[new Grant(['publish'], ['b'])], "
	. "['exp' => new DateTimeImmutable('+1 minute')]",
	{ publish => ['b'] }, 60]) {
	my ($name, $arguments, $want, $end) = @$row;

	for my $env ({}, \%native) {
		my $way = %$env ? 'native' : 'program';
		my $token = asked('newer', "\$hub->getFactory()->create("
		    . "$arguments)", %$env);
		my $claims = site_claims($token) || diag $token;
		my $exp = delete $claims->{exp};

		is_deeply $claims, { mercure => { subscribe => [],
		    publish => [], %$want } }, "$name, $way: the rights";
		ok defined $end ? $exp && $exp <= time + $end
		    && $exp > time + $end - DEADLINE_S : !defined $exp,
		    "$name, $way: the end";
	}
}

# Both actions at once, and other claims: without the program only.
my $mixed = "\$hub->getFactory()->create([$a, new Grant(['publish'], ['b']), "
    . "new Grant(['subscribe', 'publish'], ['c'])], ['sub' => 'me', "
    . "'nbf' => new DateTimeImmutable('\@1000')])";
my $claims = site_claims(asked('newer', $mixed, %native));
my $exp = delete $claims->{exp};
is_deeply $claims, { sub => 'me', nbf => 1000, mercure => {
    subscribe => ['a', 'c'], publish => ['b', 'c'] } }, 'both actions';
ok $exp && $exp <= time + 3600, 'end, since one may subscribe';
like asked('newer', $mixed), qr/refused: .*PUSHCGI_HUB_URL/,
    'the program refuses that';

# [name, arguments, what the refusal says]
for my $row (
    ['a pattern', "[new Grant(['subscribe'], ['urlpattern' => ['/:id']])]",
	qr/0\.x.*urlpattern/],
    ['a pattern among others', "[$a, new Grant(['subscribe'], "
	. "['exact' => ['a'], 'regexp' => ['.*']])]", qr/0\.x.*regexp/],
    ['another action', "[new Grant(['delete'], ['a'])]", qr/actions/],
    ['texts', "['a']", qr/Grant objects/],
    ['arguments of older versions', "['a'], ['b']", qr/Grant objects/],
    ['another object', '[new stdClass]', qr/Grant objects/],
    ['an empty topic', "[new Grant(['subscribe'], [''])]", qr/topic/],
    ['a grant as a topic', "[new Grant(['subscribe'], [$a])]", qr/topic/],
    ['rights in the claims', "[$a], ['mercure' => ['publish' => ['*']]]",
	qr/claim mercure/],
    ['payloads that differ', "[new Grant(['subscribe'], ['a'], 'x'), "
	. "new Grant(['subscribe'], ['b'], 'y')]", qr/one payload/]) {
	my ($name, $arguments, $want) = @$row;

	for my $env ({}, \%native) {
		like asked('newer', "\$hub->getFactory()->create($arguments)",
		    %$env), qr/^refused: .*$want/, "$name: refused"
		    . (%$env ? ', native' : ', program');
	}
}

for my $env ({}, \%native) {
	my $token = asked('older', "\$hub->getFactory()->create(['a'], [], "
	    . "['exp' => time() + 60])", %$env);
	my $claims = site_claims($token);

	is_deeply $claims->{mercure}, { subscribe => ['a'], publish => [] },
	    'the older interface: rights';
	ok $claims->{exp} && $claims->{exp} <= time + 60, 'and their end';
	like asked('older', "\$hub->getFactory()->create([''], [])", %$env),
	    qr/^refused: .*topic/, 'an empty topic: refused';
}

done_testing;
