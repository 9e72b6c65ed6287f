# SPDX-License-Identifier: MIT
# log_debug.t - the log says what was decided about each request, without secrets.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use PushcgiTest;
use Test::More;
use Token;

my $hub = Hub->start(config => { MERCURE_LOG_LEVEL => 'debug',
    MERCURE_SESSION_COOKIE => 'SID' });
my $path = Hub::URL_PATH;
my $list = "$path/subscriptions";
my $subscriber = Token::subscriber(['a', "$list\{/topic}{/subscriber}"]);
my $publisher = Token::publisher();
my $bad = Token::publisher() . 'x';
my $session = 'session-of-somebody-1234';

# The line of the request that `ask` makes.
sub line_of {
	my ($ask) = @_;
	my $before = length $hub->log_text;
	my $line;

	$ask->();
	wait_until('a line about the request', sub {
		($line) = substr($hub->log_text, $before) =~
		    /debug: (request decided .*)\n/;
		return defined $line;
	});
	return $line;
}

# [name, request, what the line says in this order]
my @rows = (
	['a publish', sub { $hub->publish_ok(topic => 'hidden-topic',
	    data => 'hidden-data', token => $publisher) },
	    'route=publish dialect=0.x status=200 token=header refused=none'],
	['a publish with a bad token', sub { $hub->publish(topic => 'a',
	    data => 'b', token => $bad) },
	    'route=publish dialect=0.x status=401 token=header ' .
	    'refused=(?:form|signature)'],
	['a publish without a token', sub { $hub->publish(topic => 'a',
	    token => undef) },
	    'route=publish dialect=0.x status=401 token=none refused=none'],
	['a publish by a cookie from elsewhere', sub { $hub->publish(
	    topic => 'a', token => undef, cookie => $publisher,
	    headers => { Origin => 'https://evil.example' }) },
	    'status=403 token=cookie refused=origin'],
	['a stream', sub { $hub->stream(topic => ['hidden-topic', '*',
	    'http://x/{id}', 'b']) },
	    'route=subscribe dialect=0.x status=200 token=none refused=none ' .
	    'any=1 exact=2 templates=1 position=tail'],
	['a stream from the beginning', sub { $hub->stream(topic => 'b',
	    last_event_id => 'earliest', token => $subscriber) },
	    'token=header .*exact=1 templates=0 position=earliest'],
	['a stream with its token in the query', sub { $hub->stream(
	    topic => 'b', query => [authorization => $subscriber]) },
	    'token=query refused=none'],
	['a stream of a session', sub { $hub->stream(topic => 'b',
	    headers => { Cookie => "SID=$session" }) },
	    'token=session refused=none'],
	['a stream with a bad token', sub { $hub->subscribe(topic => 'b',
	    token => $bad)->finished },
	    'route=subscribe .*status=401 token=header refused='],
	['a stream without a topic', sub { $hub->request('GET', $path) },
	    'route=subscribe .*status=400 .*position=none'],
	['a list of subscriptions', sub { $hub->request('GET',
	    "$list/hidden-topic", undef, token => $subscriber) },
	    'route=subscriptions dialect=0.x status=200 token=header'],
	['a list without a token', sub { $hub->request('GET', $list) },
	    'route=subscriptions dialect=0.x status=401 token=none'],
	['another path', sub { $hub->request('GET', '/hidden-path') },
	    'route=none dialect=0.x status=404'],
);

for my $row (@rows) {
	my ($name, $ask, $want) = @$row;

	like line_of($ask), qr/$want/, $name;
}

my $log = $hub->log_text;
for my $secret ($subscriber, $publisher, $bad, $session) {
	ok index($log, $secret) < 0, 'no secret stands in the log';
	my ($signature) = $secret =~ /([^.]+)\z/;
	ok index($log, $signature) < 0, 'nor does a signature';
}
unlike $log, qr/hidden-(?:topic|data|path)/, 'nor topics, data or paths';
unlike $log, qr/authorization=|topic=/, 'nor query strings';

# Without it such lines do not stand in the log.
$hub->stop;
my $quiet = Hub->start(config => { MERCURE_LOG_LEVEL => 'info' });
is $quiet->publish(topic => 'a')->status, 200, 'the level info';
unlike $quiet->log_text, qr/request decided/, 'says nothing of a request';

done_testing;
