# SPDX-License-Identifier: MIT
# slow_bodies.t - bodies that come slowly cost no thread, and have an end.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use FcgiClient;
use Hub;
use PushcgiTest;
use Test::More;
use Token;

my $hub = Hub->start(config => { MERCURE_WORKERS => 2 });
my $stream = $hub->stream(topic => 'a');

sub post_bytes {
	my ($data, %o) = @_;
	my $body = "topic=a&data=$data";
	my $params = Hub::params('POST', Hub::URL_PATH, $body,
	    token => Token::publisher());

	return FcgiClient::record(1, 1, pack 'nCx5', 1, 0)
	    . FcgiClient::stream(4, 1, FcgiClient::pairs(@$params))
	    . FcgiClient::stream(5, 1, $body, $o{size});
}

# A peer that has sent its request up to `rest` bytes before the end.
sub begun {
	my ($to, $data, $rest, %o) = @_;
	my $bytes = post_bytes($data, %o);
	my $peer = FcgiClient->new(address => $to->{address});

	$peer->send_bytes(substr $bytes, 0, length($bytes) - $rest);
	$peer->{rest} = substr $bytes, -$rest;
	return $peer;
}

# Many more than there are workers: those that complete are published, the
# others are told, and nobody waits for them.
my @slow = map { begun($hub, $_ . 'x' x 200_000, 100_000) } 1 .. 12;
is $hub->publish(topic => 'b', data => 'x')->status, 200, 'others publish';
is $hub->request('HEAD', Hub::URL_PATH . '?topic=a')->status, 200,
    'and subscribe';
for my $n (1 .. 8) {
	my $peer = $slow[$n - 1];

	$peer->send_bytes($peer->{rest});
	is $peer->finished->status, 200, "slow body $n: published";
	is $stream->next_event->{data}, $n . 'x' x 200_000,
	    "slow body $n: arrives whole";
}
for my $n (9 .. 12) {
	my $peer = $slow[$n - 1];

	is $peer->finished->status, 408, "slow body $n: told 408";
	like $peer->body, qr/^[^\n<]+\n?\z/, "slow body $n: in a sentence";
	is $peer->problems, '', "slow body $n: no problems";
}

# One that closes its side is told as well, at once.
my $half = begun($hub, 'x' x 50_000, 10_000);
shutdown $half->{socket}, 1;
is $half->finished->status, 408, 'half a body and no more: told 408';

# More than a body may have, and records that are mere overhead.
my $long = begun($hub, 'x' x 3_000_000, 20);
is $long->finished->status, 413, 'a body that does not end: 413';
like $long->body, qr/MERCURE_MAX_BODY/, 'it names the setting';
my $dust = eval { begun($hub, 'x' x 400_000, 20, size => 1)->finished };
is $dust->{status}, 413, 'a body of records of one byte: 413';

# They share what publishes may wait in.
my $small = Hub->start(config => { MERCURE_MAX_BODY => 500_000,
    MERCURE_MAX_PENDING_BYTES => 1_050_000 });
my @many = map { begun($small, 'x' x 400_000, 100_000) } 1 .. 8;
my %told;
wait_until('some are told', sub {
	$_->pump(0.01) for @many;
	%told = ();
	$told{ $_->{status} }++ for grep { $_->{status} } @many;
	return $told{503};
});
my @waiting = grep { !$_->{status} } @many;
is scalar(@waiting), 3, 'as many wait as there is room for';
my ($refused) = grep { ($_->{status} || 0) == 503 } @many;
like $refused->finished->body, qr/MERCURE_MAX_PENDING_BYTES/,
    'the others are told which setting it is';
ok defined $refused->header('Retry-After'), 'and to try again';
$refused->hang_up;
$waiting[0]->send_bytes($waiting[0]{rest});
is $waiting[0]->finished->status, 200, 'who waits is served';
is $small->publish(topic => 'a', data => 'x')->status, 200,
    'a whole request needs no such room';
my $next = begun($small, 'x' x 200_000, 100);
$next->send_bytes($next->{rest});
is $next->finished->status, 200, 'and whoever is served gives it back';

# Bodies that do not end take the room of others for a second only.  With 408
# they would have been waited for.
my $public = Hub->start(config => { MERCURE_MAX_BODY => 500_000,
    MERCURE_MAX_PENDING_BYTES => 1_000_000 });
my @strangers = map { begun($public, 'x' x 400_000, 100_000) } 1 .. 3;
wait_until('another has room', sub {
	my $other = begun($public, 'x' x 300_000, 100_000);

	$other->send_bytes($other->{rest});
	return $other->finished->status == 200;
});
is $strangers[0]->finished->status, 503, 'the first of them gave way';
like $strangers[0]->body, qr/MERCURE_MAX_PENDING_BYTES/, 'and is told so';
is $_->problems, '', 'without a problem' for @strangers;

# One that is alone has room, also beside its parameters.
my $tight = Hub->start(config => { MERCURE_MAX_BODY => 500_000,
    MERCURE_MAX_PENDING_BYTES => 500_000 });
my $alone = begun($tight, 'x' x 499_900, 100_000);
$alone->send_bytes($alone->{rest});
is $alone->finished->status, 200, 'as long as allowed, and alone: published';

$hub->publish_ok(topic => 'a', data => 'end');
is_deeply $stream->data_until('end'), [], 'nothing else was published';
is $stream->problems, '', 'a clean stream';

done_testing;
