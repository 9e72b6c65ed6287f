# SPDX-License-Identifier: MIT
# php_presence.t - PHP pages ask who subscribes right now.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use JSON::PP ();
use PhpPage;
use PushcgiTest;
use Test::More;

my $site = php_site();
my $hub = Hub->start;

sub ask {
	my ($expression, %o) = @_;
	my ($got, $page) = php_value($expression, env =>
	    { PUSHCGI_CONFIG => $hub->{config_path}, %{ $o{env} || {} } });

	return ($got, $page->{errors});
}

my ($got) = ask("array(mercure_is_connected('a'), "
    . "mercure_get_subscriptions('a')['subscriptions'])");
is_deeply $got, [JSON::PP::false, []], 'nobody is there';

my %payload = (alice => { user => 'alice', id => 42, vip => JSON::PP::true },
    bob => { user => 'bob', id => 43 });
my %streams = map { $_ => $hub->stream(topic => 'a', token =>
    Token::mint({ mercure => { subscribe => [], payload => $payload{$_} } },
    Token::SUBSCRIBER_KEY)) } keys %payload;
wait_until('both are there', sub {
	($got) = ask("mercure_get_subscriptions('a')");
	return @{ $got->{subscriptions} } == 2;
});
is $got->{type}, 'Subscriptions', 'mercure_get_subscriptions: the document';
my %listed = map { $_->{payload}{user} => $_ } @{ $got->{subscriptions} };
is_deeply $listed{alice}{payload}, $payload{alice}, 'with payloads';
($got) = ask('mercure_get_subscriptions(null, "'
    . "$listed{bob}{subscriber}\")");
is_deeply [map { $_->{payload}{user} } @{ $got->{subscriptions} }], ['bob'],
    'of one subscriber, to anything';

# [topic, payload, is somebody there]
for my $row (['a', '', 1], ['b', '', 0], ['a', "'user' => 'alice'", 1],
    ['a', "'user' => 'carol'", 0], ['a', "'id' => 42", 1],
    ['a', "'id' => '42'", 1], ['a', "'vip' => true", 1],
    ['a', "'vip' => false", 0], ['a', "'user' => 'alice', 'id' => 43", 0],
    ['a', "'user' => 'bob', 'id' => 43", 1], ['a', "'none' => null", 0]) {
	my ($topic, $payload, $want) = @$row;
	($got, my $errors) = ask("mercure_is_connected('$topic', "
	    . "array($payload))");
	is $got, $want ? JSON::PP::true : JSON::PP::false,
	    "mercure_is_connected: $topic, $payload";
	is $errors, '', 'without a word';
}
($got, my $errors) = ask("mercure_is_connected('a')",
    env => { MERCURE_HUB_SUBSCRIPTIONS => 'false' });
is $got, undef, 'it cannot be told: null';
like $errors, qr/MERCURE_HUB_SUBSCRIPTIONS/, 'and why';
($got, $errors) = ask("mercure_get_subscriptions('a')",
    env => { MERCURE_HUB_SUBSCRIPTIONS => 'false' });
is $got, JSON::PP::false, 'no list: false';

# How many, without identities: [topic, number].
my %counted = (MERCURE_COUNTS => 'a b https://example.com/products/{id}');
my $counting = Hub->start(config => \%counted);
my @there = map { $counting->stream(topic => ['a', '*']) } 1 .. 3;

sub count {
	my ($topic, $h) = @_;

	return ask("mercure_count('$topic')",
	    env => { PUSHCGI_CONFIG => ($h || $counting)->{config_path} });
}
for my $row (['a', 3], ['b', 0]) {
	($got, $errors) = count($row->[0]);
	is_deeply [$got, $errors], [$row->[1], ''],
	    "mercure_count: $row->[0]";
}
($got, $errors) = count('c');
is $got, undef, 'mercure_count: a topic that is not counted';
like $errors, qr/MERCURE_COUNTS/, 'mercure_count: and why';
my $remote = Hub->new(config => { MERCURE_HUB_URL =>
    'http://127.0.0.1:1/.well-known/mercure' });
($got, $errors) = count('a', $remote);
is $got, undef, 'mercure_count: a remote hub that does not answer';
like $errors, qr/MERCURE_HUB_URL/, 'mercure_count: that is why';

# The page of the README.
my ($page) = slurp(source('templates', 'php', 'README.md'))
    =~ /^## How many.*?^```php\n(.*?)^```/ms;
spew("$site/page.php", $page =~ s/'pushcgi.php'/
    "'" . source('templates', 'php', 'pushcgi.php') . "'"/er);
my $looks = $counting->stream(topic => 'https://example.com/products/1');
my $answer = php_page("$site/page.php", env => { PUSHCGI_CONFIG =>
    $counting->{config_path} });
like $answer->{body}, qr{<b id="count">1</b>}, 'README: the number';
my ($url) = $answer->{body} =~ /EventSource\((".*?")\)/;
(my $path = JSON::PP->new->allow_nonref->decode($url)) =~ s{^https?://[^/]+}{};
my $script = $counting->send_request('GET', $path)->opened;
like $script->next_event->{data}, qr/"count":2\}/,
    'README: its script gets the number, with itself';
$script->hang_up;
$looks->hang_up;
$_->hang_up for @there;
$counting->stop;

$_->hang_up for values %streams;
$hub->stop;
done_testing;
