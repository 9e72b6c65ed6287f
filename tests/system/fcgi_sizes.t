# SPDX-License-Identifier: MIT
# fcgi_sizes.t - requests of many sizes, in many records and on one connection.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use FcgiClient;
use Hub;
use PushcgiTest;
use Test::More;
use Token;

my $hub = Hub->start(config => { MERCURE_HUB_KEEPALIVE_INTERVAL => 1 });
my $path = Hub::URL_PATH;
my $stream = $hub->stream(topic => 'a');

sub connected {
	my ($bytes) = @_;
	my $peer = FcgiClient->new(address => $hub->{address});

	$peer->send_bytes($bytes);
	return $peer;
}

# All bytes of a publish of `data`; more => parameters, size => of records.
sub post_bytes {
	my ($data, %o) = @_;
	my $id = $o{id} || 1;
	my $body = "topic=a&data=$data";
	my @params = (@{ Hub::params('POST', $path, $body,
	    token => Token::publisher()) }, @{ $o{more} || [] });

	return FcgiClient::record(1, $id, pack 'nCx5', 1, $o{keep} || 0)
	    . FcgiClient::stream(4, $id, FcgiClient::pairs(@params))
	    . FcgiClient::stream(5, $id, $body, $o{size});
}

sub published {
	my ($peer, $data, $name) = @_;

	is $peer->finished->status, 200, "$name: published";
	ok $stream->next_event->{data} eq $data, "$name: arrives whole";
	is $peer->problems, '', "$name: no problems";
}

# Slow bodies: what is missing is sent after the hub has had its time.
for my $size (40_000, 49_000, 60_000, 180_000, 300_000, 1_048_000) {
	my $data = "$size-" . 'x' x ($size - 20);
	my $bytes = post_bytes($data, size => 8192);
	my $half = int length($bytes) / 2;
	my $slow = connected(substr $bytes, 0, $half);

	$stream->next_comment;
	$slow->send_bytes(substr $bytes, $half);
	published($slow, $data, "a slow body of $size");
}

# Five hundred records of one byte: at once, and each in a write of its own.
my $data = 'y' x (500 - length 'topic=a&data=');
published(connected(post_bytes($data, size => 1)), $data,
    '500 records of a byte');
my $bytes = post_bytes($data, size => 1);
my $peer = connected(substr $bytes, 0, -(500 * 9 + 8), '');
$peer->send_bytes(substr $bytes, 0, 9, '') for 1 .. 500;
$peer->send_bytes($bytes);
published($peer, $data, '500 writes of a byte');

# Lengths around the sizes of buffers, whole and cut at the buffer's end.
my $base = length post_bytes('z', more => [HTTP_X => 'x' x 4000]);
for my $length (8170 .. 8200, 16_362 .. 16_392) {
	my $whole = post_bytes('z',
	    more => [HTTP_X => 'x' x (4000 + $length - $base)]);
	my @ids;

	length $whole == $length or die "a request of " . length $whole;
	for my $cut ($length, $length & ~8191 || 8000, $length - 1) {
		my $sent = connected(substr $whole, 0, $cut);
		$sent->send_bytes(substr $whole, $cut);
		push @ids, $sent->finished->status == 200 ? $sent->body
		    : "status $sent->{status}";
	}
	is join(' ', map { $stream->next_event->{id} } 1 .. 3),
	    join(' ', @ids), "a request of $length bytes";
}

# A connection that its server would keep: the first request is served, the
# next one whole or not at all.
for my $row (['at once', 0], ['after the answer', 1]) {
	my ($when, $wait) = @$row;
	my $kept = connected(post_bytes("first $when", keep => 1));

	$kept->until('its answer', sub { $kept->{ended} }) if $wait;
	my $more = post_bytes("second $when", keep => 1);
	eval { $kept->send_bytes($more) };
	$kept->finished;
	is $kept->{status}, 200, "kept, a second request $when: the first";
	$hub->publish_ok(topic => 'a', data => "end $when");
	my $seen = join ', ', @{ $stream->data_until("end $when") };
	my ($first, $second) = map { "$_ $when" } 'first', 'second';
	# A second one may be served after the end of its row.
	like $seen, qr/^(?:second at once, )?$first(?:, $second)?\z/,
	    "kept, a second request $when: nothing else";
}

# Two requests through one connection, record by record.
my $one = post_bytes('one', keep => 1);
my $two = post_bytes('two', keep => 1, id => 2);
my $mixed = '';
while (length $one or length $two) {
	for my $from (\$one, \$two) {
		next unless length $$from;
		my $size = 8 + unpack 'x4n', $$from;
		$mixed .= substr $$from, 0, $size, '';
	}
}
my $both = connected($mixed);
eval { $both->finished };
ok $both->is_over, 'multiplexed requests: answered or closed';
$hub->publish_ok(topic => 'a', data => 'end');
# The second request of the last row may be served as late as here.
my @other = grep { !/^(?:one|two|second after the answer)\z/ }
    @{ $stream->data_until('end') };
is "@other", '', 'and not mixed up';
is $stream->problems, '', 'a clean stream to the end';

done_testing;
