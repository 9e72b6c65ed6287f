# SPDX-License-Identifier: MIT
# presence_cli.t - who is there, as the helper program tells it.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use JSON::PP;
use Presence;
use PushcgiTest;
use Test::More;

my $json = JSON::PP->new->utf8->canonical;
my $hub = Hub->start;
my $other = Hub->start(queue_of => $hub);

sub user {
	my ($payload) = @_;

	return Token::mint({ mercure => { subscribe => ['*'],
	    payload => $payload } }, Token::SUBSCRIBER_KEY);
}

sub printed {
	my (@arguments) = @_;
	my ($exit, $out, $err) = $hub->helper(['subscriptions', @arguments]);

	is $exit, 0, "subscriptions @arguments: exit 0" or diag $err;
	is $err, '', "subscriptions @arguments: no complaint";
	return $out;
}

sub connected {
	my (@arguments) = @_;
	my ($exit, $out, $err) = $hub->helper(['connected', @arguments]);

	is $err, '', "connected @arguments: no complaint";
	return "$exit $out";
}

# Nobody yet.
is printed(), '', 'nobody';
is $json->decode(printed('--json'))->{lastEventID}, 'earliest',
    'nobody, as JSON';
is connected('a'), '1 ', 'nobody is not connected';

# Two processes, three subscribers, one of them anonymous.
my $alice = $hub->stream(topic => ['a', 'b c'], token => user({
    user => 'alice', id => 42, tags => ['x', { y => JSON::PP::true }] }));
my $bob = $other->stream(topic => 'a', token => user({ user => 'bob',
    id => '42' }));
my $nobody = $hub->stream(topic => 'https://example.com/{x}');
wait_until('all are listed', sub { @{ there($hub) } == 4 });

my @lines = map { [split /\t/] } split /\n/, printed();
is_deeply [sort map { "$_->[0] $_->[1]" } @lines], there($other),
    'as the API lists them';
my ($of_alice) = grep { $_->[0] eq 'b c' } @lines;
is_deeply $json->decode($of_alice->[2]), { user => 'alice', id => 42,
    tags => ['x', { y => JSON::PP::true }] }, 'with the payload';
is +(grep { $_->[0] =~ /^https/ } @lines)[0][2], '-', 'or a dash';
like printed('b c'), qr/\Ab c\t\Q$of_alice->[1]\E\t\{.*\}\n\z/, 'of a topic';
is printed('https://example.com/1'), '',
    'a topic that a selector matches is another text';

# The document is the API's.
my ($exit, $out, $err);
for my $row (['of all'], ['of a topic', 'b c'], ['of nobody', 'z'],
    ['of a template', 'https://example.com/{x}']) {
	my ($name, @topic) = @$row;
	my $answer = $hub->request('GET', api_path(@topic), undef,
	    token => all_events());

	is printed('--json', @topic), $answer->body . "\n", "$name, as JSON";
}

# [arguments, exit code and what is printed]
for my $row (
    [['a'], '0 '],
    [['a', '--count'], "0 2\n"],
    [['a', '--json'], qq(0 {"connected":true,"count":2}\n)],
    [['z', '--json'], qq(1 {"connected":false,"count":0}\n)],
    [['a', 'user=bob', '--count'], "0 1\n"],
    [['a', 'id=42', '--count'], "0 2\n"],
    [['a', 'id=42', 'user=alice'], '0 '],
    [['a', 'id=43'], '1 '],
    [['a', 'id=42', 'user=carol'], '1 '],
    [['a', 'tags=["x",{"y":true}]'], '0 '],
    [['a', 'tags=x'], '1 '],
    [['b c', 'user=bob', '--count'], "1 0\n"],
    [['https://example.com/{x}'], '0 '],
    [['https://example.com/{x}', 'user=alice'], '1 '],
    [['--', '--count'], '1 ']) {
	my ($arguments, $want) = @$row;

	is connected(@$arguments), $want, "connected @$arguments";
}

# Both ends: a peer that leaves, and a process that is killed.
$alice->hang_up;
wait_until('alice has left', sub { connected('a', 'user=alice') eq '1 ' });
is connected('a', 'user=bob'), '0 ', 'bob is still there';
$other->stop('KILL');
is connected('a', 'user=bob'), '1 ', 'the dead are not there, at once';

# What cannot be told has a code of its own, and names the fix.
# [name, arguments, exit code, what the sentence holds]
for my $row (
    ['no topic', ['connected'], 2, qr/connected TOPIC/],
    ['an unknown option', ['connected', '--all', 'a'], 2, qr/--all/],
    ['two topics', ['subscriptions', 'a', 'b'], 2, qr/too many/],
    ['no value', ['connected', 'a', 'user'], 3, qr/KEY=VALUE/],
    ['an empty topic', ['connected', ''], 3, qr/topic/i],
    ['a bad topic', ['subscriptions', "a\n"], 1, qr/topic/i],
    ['switched off', ['connected', 'a', '--mercure-hub-subscriptions=false'],
	3, qr/MERCURE_HUB_SUBSCRIPTIONS/],
    ['switched off, listed', ['subscriptions',
	'--mercure-hub-subscriptions=false'], 1, qr/MERCURE_HUB_SUBSCRIPTIONS/],
    ['no configuration', ['connected', 'a', '--mercure-retry=x'], 3,
	qr/MERCURE_RETRY/i],
    ['no queue', ['connected', 'a',
	"--mercure-transport-url=sqlite://$hub->{dir}/none/queue.db"], 3,
	qr/\Q$hub->{dir}\E\/none/]) {
	my ($name, $arguments, $code, $want) = @$row;

	($exit, $out, $err) = $hub->helper($arguments);
	is $exit, $code, "$name: exit $code";
	is $out, '', "$name: no output";
	like $err, qr/\Apushcgi: [^\n]+\n\z/, "$name: one sentence";
	like $err, $want, "$name: it names the fix";
}
my $same = 'https://hub.example/.well-known/mercure';
is connected('https://example.com/{x}', "--mercure-hub-url=$same",
    "--mercure-public-hub-url=$same"), '0 ',
    'a hub URL that is the public one is this machine';

done_testing;
