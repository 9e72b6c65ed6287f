# SPDX-License-Identifier: MIT
# slow_lane.t - more slow bodies than the slow lane has threads: each is told.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use FcgiClient;
use Hub;
use PushcgiTest;
use Test::More;
use Token;

my $hub = Hub->start(config => { MERCURE_WORKERS => 4 });
my $body = 'topic=a&data=' . 'x' x 200_000;
my $bytes = FcgiClient::request_bytes(params => Hub::params('POST',
    Hub::URL_PATH, $body, token => Token::publisher()), stdin => $body);
my @slow = map { FcgiClient->new(address => $hub->{address}) } 1 .. 5;
$_->send_bytes(substr $bytes, 0, length($bytes) / 2) for @slow;
is $hub->publish(topic => 'b', data => 'x')->status, 200, 'others publish';
for my $n (1 .. @slow) {
	my $peer = $slow[$n - 1];

	eval { $peer->finished };
	is $peer->{status}, 408, "slow body $n: told 408";
}
$hub->publish_ok(topic => 'b', data => 'x');
done_testing;
