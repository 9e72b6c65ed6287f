# SPDX-License-Identifier: MIT
# same_rules.t - what the functions accept: PHP with the program and without it,
# Perl, and the program itself agree.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib", "$Bin/../../templates/perl";
use Hub;
use PhpPage;
use Pushcgi;
use PushcgiTest;
use Servers;
use Site;
use Test::More;

use constant KEY => 'key-of-the-tests-0123456789abcdef';

my $site = php_site();
my $hub = Servers::hub_for_server(config => { SECRET_KEY => KEY,
    MERCURE_PUBLISHER_SECRET_KEY => undef,
    MERCURE_SUBSCRIBER_SECRET_KEY => undef, MERCURE_COUNTS => '*' })->start;
my $server = Servers->lighttpd(hub => $hub);

spew("$site/secret", KEY . "\n");
$Pushcgi::PROGRAM = program('pushcgi');
$Pushcgi::CONFIG = $hub->{config_path};
$Pushcgi::TIMEOUT_S = DEADLINE_S;

my @texts = ('', 'a', ' a', 'a ', ' ', "a\nb", "a\tb", "a\0b", "a\x7f",
    "a\xc2\x85", "\xe2\x80\xa8", "\xff", "\xed\xa0\x80", "\xf5\x80\x80\x80",
    'x' x 1024, 'x' x 1025, 'x' x 4096, 'x' x 4097, '{', '*', '#x', 'earliest',
    'mercure', '/.well-known/mercure/subscriptions/x', 'NAN', '0', '7', '07',
    '-1', '1e3', '1.5', ' 7', '7 ', '999999999', '1000000000', '3155760000',
    '3155760001', '99999999999999999999');
# [name, in PHP, in Perl]
my @things = ((map { [$_, php_text($_), $_] } @texts),
    ['null', 'null', undef], ['42', '42', 42], ['1.5', '1.5', 1.5],
    ['true', 'true', 1], ['false', 'false', ''], ['no topics', 'array()', []],
    ['a list', 'array("a")', ['a']], ['a list of ""', 'array("")', ['']],
    ['a list of null', 'array(null)', [undef]],
    ['a list of lists', 'array(array("a"))', [['a']]],
    ['an object', 'new stdClass', bless({}, 'Nothing')]);

# What an update would be if it were published after the response.
sub later {
	my (@update) = @_;
	my $request = Pushcgi->new;
	my $done = $request->publish_later(@update);

	$request->publish_discard;
	return $done;
}

# [name, in PHP, in Perl, arguments of the program]
my @calls = (
    ['a topic of a URL', 'mercure_hub_url($x)',
	sub { mercure_hub_url($_[0]) }, sub { ('url', '--', $_[0]) }],
    ['a position', 'mercure_hub_url("t", array("lastEventId" => $x))',
	sub { mercure_hub_url('t', lastEventId => $_[0]) },
	sub { ('url', "--last-event-id=$_[0]", '--', 't') }],
    ['a topic of a token', 'mercure_subscriber_jwt($x)',
	sub { mercure_subscriber_jwt($_[0]) },
	sub { ('subscriber-jwt', "--topic=$_[0]") }],
    ['a topic to publish', 'mercure_publisher_jwt($x)',
	sub { mercure_publisher_jwt($_[0]) },
	sub { ('publisher-jwt', "--topic=$_[0]") }],
    ['a topic of a cookie', 'mercure_set_authz_cookie($x)',
	sub { mercure_set_authz_cookie($_[0]) },
	sub { ('cookie', '--', $_[0]) }],
    ['a topic of a script', 'mercure_script_tag($x)',
	sub { mercure_script_tag($_[0]) }],
    ['types of a script', 'mercure_script_tag("t", array("types" => $x))',
	sub { mercure_script_tag('t', types => $_[0]) }],
    ['share of a script', 'mercure_script_tag("t", array("share" => $x))',
	sub { mercure_script_tag('t', share => $_[0]) }],
    ['refreshAfter of a script', 'mercure_script_tag("t", array("refreshAfter" => $x))',
	sub { mercure_script_tag('t', refreshAfter => $_[0]) }],
    ['target of a script', 'mercure_script_tag("t", array("target" => $x))',
	sub { mercure_script_tag('t', target => $_[0]) }],
    ['a target of a type', 'mercure_script_tag("t", array("target" => '
	. 'array("message" => $x)))',
	sub { mercure_script_tag('t', target => { message => $_[0] }) }],
    ['a topic of an update', 'mercure_publish($x)',
	sub { mercure_publish($_[0], '') }],
    ['a topic for later', 'mercure_publish_later($x)',
	sub { later($_[0], '') }],
    ['data', 'mercure_publish("t", $x)', sub { mercure_publish('t', $_[0]) }],
    ['an id', 'mercure_publish("t", "", false, $x)',
	sub { mercure_publish('t', '', id => $_[0]) }],
    ['an id for later', 'mercure_publish_later("t", "", false, $x)',
	sub { later('t', '', id => $_[0]) }],
    ['a type', 'mercure_publish("t", "", false, null, $x)',
	sub { mercure_publish('t', '', type => $_[0]) }],
    ['a type for later', 'mercure_publish_later("t", "", false, null, $x)',
	sub { later('t', '', type => $_[0]) }],
    ['retry', 'mercure_publish("t", "", false, null, null, $x)',
	sub { mercure_publish('t', '', retry => $_[0]) }],
    ['a lifetime of a token',
	'mercure_subscriber_jwt("t", array("lifetime" => $x))',
	sub { mercure_subscriber_jwt('t', lifetime => $_[0]) },
	sub { ('subscriber-jwt', '--topic=t', "--lifetime=$_[0]") }],
    ['a lifetime of a cookie',
	'mercure_set_authz_cookie("t", null, array("lifetime" => $x))',
	sub { mercure_set_authz_cookie('t', lifetime => $_[0]) },
	sub { ('cookie', "--lifetime=$_[0]", '--', 't') }],
    ['a payload', 'mercure_subscriber_jwt("t", array("payload" => $x))',
	sub { mercure_subscriber_jwt('t', payload => $_[0]) }],
    ['subscriptions to a topic', 'mercure_get_subscriptions($x)',
	sub { mercure_get_subscriptions($_[0]) },
	sub { ('subscriptions', '--json', '--', $_[0]) }],
    ['who is connected to a topic', 'mercure_is_connected($x) !== null',
	sub { mercure_is_connected($_[0]) }],
    ['the number at a topic', 'mercure_count($x) !== null',
	sub { mercure_count($_[0]) }, sub { ('count', '--', $_[0]) }]);

# What the languages mean differently: in Perl, undef is an argument that is not
# given, and bytes that are not UTF-8 are characters of Latin-1 in JSON.
my %differs = ('a topic to publish: null' => 1, map { my $name = $_;
    map { ("$name: $_" => 1) } "\xff", "\xed\xa0\x80", "\xf5\x80\x80\x80" }
    'a payload', 'a target of a type');

# All calls with all things in one page: lists of true and false by name.
sub by_php {
	my (%env) = @_;
	my $calls = join ', ', map { "'$_->[0]' => function (\$x) { return "
	    . "$_->[1]; }" } @calls;
	my $things = join ', ', map { $_->[1] } @things;
	my ($got) = php_value('verdicts()', env => \%env, before => <<"EOT");
function verdicts() {
	\$all = array();
	foreach (array($calls) as \$name => \$call) {
		foreach (array($things) as \$x) {
			\$cookie = &pushcgi_state('cookie');
			\$cookie = null;
			\$value = \$call(\$x);
			mercure_publish_discard();
			\$all[\$name][] = \$value !== false && \$value !== null;
		}
	}
	return \$all;
}
EOT
	return $got;
}

my %by = ('PHP with the program' =>
    by_php(PUSHCGI_CONFIG => $hub->{config_path}), 'PHP without it' =>
    by_php(PUSHCGI_PROGRAM => '/none', PUSHCGI_SECRET_FILE => "$site/secret",
    PUSHCGI_HUB_URL => "http://127.0.0.1:$hub->{port}" . Hub::URL_PATH));

local $SIG{__WARN__} = sub {};
for my $call (@calls) {
	my ($name, undef, $perl, $program) = @$call;
	my (@wrong, %seen);

	for my $i (0 .. $#things) {
		my ($thing, undef, $value) = @{ $things[$i] };
		my $here = $name . ': ' . substr $thing, 0, 40;
		my %verdict = map { $_ => $by{$_}{$name}[$i] ? 1 : 0 } keys %by;

		$verdict{Perl} = defined $perl->($value) ? 1 : 0;
		if ($program && $i < @texts && $thing !~ /\0/) {
			my ($status) = run([program('pushcgi'),
			    "--config=$hub->{config_path}", $program->($thing)]);
			$verdict{program} = $status == 0 ? 1 : 0;
		}
		delete $verdict{Perl} if $differs{$here};
		$seen{$_}++ for values %verdict;
		push @wrong, "$here (" . length($thing) . ' bytes): '
		    . join ', ', map { "$_ $verdict{$_}" } sort keys %verdict
		    if keys %{ { reverse %verdict } } > 1;
	}
	is_deeply \@wrong, [], "$name: the same everywhere";
	ok $seen{0} && $seen{1}, "$name: some are accepted, and some refused"
	    if $name ne 'data';
}

# Not a number: it would be a token without an end.
for my $lifetime ('an hour', '1e3', ' 60') {
	my ($got, $page) = php_value('mercure_subscriber_jwt("t", '
	    . "array('lifetime' => '$lifetime'))");
	ok !$got, "a lifetime of '$lifetime': no token";
	like $page->{errors}, qr/whole number of seconds/, 'and why';
}

$server->stop;
$hub->stop;
done_testing;
