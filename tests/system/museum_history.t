# SPDX-License-Identifier: MIT
# museum_history.t - problems that other hubs had in their history (others: museum.t).
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use PushcgiTest;
use Test::More;
use Time::HiRes qw(time);
use Token;

my $path = Hub::URL_PATH;

# Publish `count` updates of `bytes`.  (A stream that counts them would lag
# behind what is kept on a busy machine, and be cut off.)
sub publish_many {
	my ($hub, $count, $bytes) = @_;
	my $line = sprintf qq({"topic":"many","data":"%s"}\n), 'x' x $bytes;
	my ($status, undef, $err) = run([program('pushcgi'), '--config',
	    $hub->{config_path}, 'publish', '--batch'],
	    input => $line x $count);

	is $status, 0, "$count updates are published" or diag $err;
}

# 2: who must not see a private update was told its id all the same.
my $hub = Hub->start(config => { MERCURE_HUB_KEEPALIVE_INTERVAL => 1 });
my $bearer = Token::subscriber(['open']);
my %told = map { ("live, $_->[0]" => $hub->stream(topic => '*',
    token => $_->[1], cursor => 1)) } ['no token', undef],
    ['a right to another topic', $bearer];
my $before = $hub->publish_ok(topic => 'open', data => 'before');
my $secret = $hub->publish_ok(topic => 'closed', data => 'secret',
    private => 'on', id => 'urn:secret:1');
my %replayed = (earliest => { last_event_id => 'earliest' },
    'after the one before' => { last_event_id => $before },
    'an unknown id' => { last_event_id => 'urn:unknown' },
    'no id' => { cursor => 1 },
    'replayed, a right to another topic' => { token => $bearer,
	last_event_id => $before });
$told{$_} = $hub->stream(topic => '*', %{ $replayed{$_} })
    for keys %replayed;
my $head = $hub->request('HEAD', "$path?topic=*")->{head};
unlike $head, qr/urn:secret/, 'museum 2: HEAD: its id is nowhere';
# Past the secret, and past a keep-alive, which tells a position.
$hub->publish_ok(topic => 'marker', data => 'end');
$_->data_until('end') for values %told;
for my $name (sort keys %told) {
	my $stream = $told{$name};

	$stream->next_comment;
	unlike join('', $stream->{head}, $stream->body), qr/urn:secret/,
	    "museum 2: $name: its id is nowhere";
}
is_deeply $hub->stream(topic => '*', token => Token::subscriber(['closed']),
    last_event_id => $before)->next_event->{id}, $secret,
    'museum 2: but those who may see it get it';
is $hub->stop, 0, 'museum 2: the hub ends';
for my $name (sort keys %told) {
	$told{$name}->finished;
	unlike $told{$name}->body, qr/urn:secret/,
	    "museum 2: $name: nor is it the position at the end";
}

# 7: what was to clean up did so in one of a million cases.
my $kept = Hub->start(config => { MERCURE_HUB_RECONCILIATION_LENGTH => 200 });
publish_many($kept, 1500, 4000) for 1 .. 8;
cmp_ok -s $kept->{queue}, '<', 2 * 1500 * 4000,
    'museum 7: the database grows to a plateau';
cmp_ok -s "$kept->{queue}-wal", '<=', 64 << 20,
    'museum 7: so does what is not in it yet';

# 8: a stream near the end of its token was closed at once, and came back.
my $exp = int(time) + 2;
my $token = Token::subscriber(undef, more => { exp => $exp });
my ($opened, $answer) = (0);
while (($answer = $kept->subscribe(topic => 'a', token => $token))
    ->status == 200) {
	$opened++;
	$answer->finished;
}
is $opened, 1, 'museum 8: one stream until the token expires';
cmp_ok time, '>=', $exp - 0.01, 'museum 8: and not a shorter one';
is $answer->status, 401, 'museum 8: then it is refused';

# 11: an id was looked for among the last 10,000 updates only.
my $long = Hub->start(config => { MERCURE_HUB_RECONCILIATION_LENGTH =>
    50_000 });
my $old = $long->publish_ok(topic => 'a', data => 'old', id => 'urn:old');
$long->publish_ok(topic => 'a', data => 'next');
publish_many($long, 11_000, 10);
for my $how ('the hub that has them', 'a hub that was just started') {
	my $asked = $how =~ /just/ ? Hub->start(queue_of => $long) : $long;
	my $stream = $asked->stream(topic => 'a', last_event_id => $old);

	is $stream->header('Last-Event-ID'), $old,
	    "museum 11: 11,000 updates later: $how knows the id";
	is $stream->next_event->{data}, 'next',
	    "museum 11: 11,000 updates later: $how goes on from there";
}

# 14: after an unknown id all was replayed, and nobody was told.
my $unknown = $long->stream(topic => 'a', last_event_id => 'urn:unknown');
is $unknown->header('Last-Event-ID'), 'earliest',
    'museum 14: an unknown id: the answer says earliest';
is $unknown->next_event->{id}, $old, 'museum 14: and all there is follows';
is $long->stream(topic => 'a', query => [lastEventID => ''])
    ->header('Last-Event-ID'), undef, 'museum 14: no id: no such header';

# 18: a reader that fell behind lost updates for good.
my $slow = $long->stream(topic => 'slow', receive_buffer => 4096);
my @quick = map { $long->stream(topic => 'slow') } 1 .. 3;
for my $n (1 .. 100) {
	$long->publish_ok(topic => 'slow', data => "$n " . 'x' x 20_000);
	$_->next_event->{data} =~ /^$n / or fail "quick: $n" for @quick;
}
$long->publish_ok(topic => 'slow', data => 'end');
is_deeply [ map { (split / /)[0] } @{ $slow->data_until('end') } ],
    [1 .. 100], 'museum 18: a reader that fell behind gets all of it';
is_deeply $_->data_until('end'), [], 'museum 18: the others did not wait'
    for @quick;

done_testing;
