# SPDX-License-Identifier: MIT
# abandoned.t - a request whose peer has gone before its turn costs nothing.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use PushcgiTest;
use Test::More;

# The log says of each such token that it was looked at.
my $hub = Hub->start(config => { MERCURE_LOG_LEVEL => 'debug' });
my $reader = $hub->stream(topic => 'a');
my $path = Hub::URL_PATH;

# Requests that are there, and whose peers are gone, when the hub looks.
sub gone_before {
	my ($method, $uri, $body, %o) = @_;

	kill STOP => $hub->{pid} or die "kill: $!\n";
	$hub->send_request($method, $uri, $body, %o)->hang_up for 1 .. 5;
	kill CONT => $hub->{pid} or die "kill: $!\n";
}

gone_before('GET', "$path?topic=a", undef, token => 'bad');
gone_before('HEAD', "$path?topic=a", undef, token => 'bad');
$hub->publish_ok(topic => 'a', data => 'first');
is $reader->next_event->{data}, 'first', 'others are served';
is +(() = $hub->log_text =~ /token refused/g), 0,
    'nobody looks at what nobody waits for';

is $hub->request('GET', "$path?topic=a", undef, token => 'bad')->status, 401,
    'who waits is answered';
wait_until('the log has it', sub { $hub->log_text =~ /token refused/ });

# An update counts, whether its publisher waits for the answer or not.
gone_before('POST', $path, Hub::form(topic => 'a', data => 'sent'),
    token => Token::publisher());
is $reader->next_event->{data}, 'sent', "an update arrives ($_)" for 1 .. 5;
is $reader->problems, '', 'without a problem';

done_testing;
