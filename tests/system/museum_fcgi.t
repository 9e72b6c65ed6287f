# SPDX-License-Identifier: MIT
# museum_fcgi.t - problems that other programs had in FastCGI (others: museum.t).
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use FcgiClient;
use Hub;
use PushcgiTest;
use Test::More;
use Token;

my $path = Hub::URL_PATH;
# With every line of the log.
my $hub = Hub->start(config => { MERCURE_LOG_LEVEL => 'debug' });
my $pid = $hub->{pid};
my $watch = $hub->stream(topic => 'a');
my $begin = FcgiClient::record(1, 1, pack 'nCx5', 1, 0);
my $body = 'topic=a&data=x';

sub post_params {
	my ($text) = @_;

	return @{ Hub::params('POST', $path, $text,
	    token => Token::publisher()) };
}

my $pairs = FcgiClient::pairs(post_params($body));
my $stdin = FcgiClient::stream(5, 1, $body);

sub sent {
	my ($bytes) = @_;
	my $peer = FcgiClient->new(address => $hub->{address});

	$peer->send_bytes($bytes);
	return $peer;
}

# The next that the stream gets is this publish, by the hub of the beginning.
sub lives {
	my ($name) = @_;

	$hub->publish_ok(topic => 'a', data => $name);
	is $watch->next_event->{data}, $name,
	    "$name: nothing else came, and others are served";
	ok !defined process_ended($pid), "$name: the same process";
}

# 23: the sum of two lengths wrapped, and too little memory was taken for it.
# What is too much is refused as soon as its length is known: none of these
# peers sends a whole request.
for my $row (
    ['two lengths of 2^31 - 1', "\xff" x 8],
    ['lengths whose sum and 2 make 2^32', "\xff\xff\xff\xff\xff\xff\xff\xfd"],
    ['a name of 65,537 bytes', pack('NC', 65_537 | 1 << 31, 0)],
    ['a value of 65,537 bytes', pack('CN', 1, 65_537 | 1 << 31)],
    ['many that are too long together', map { FcgiClient::pairs("X$_" =>
	'x' x 6000) } 1 .. 11],
    ['many that are empty', ("\0\0") x 33_000]) {
	my ($name, @bytes) = @$row;
	my $all = $begin . FcgiClient::stream(4, 1, join('', @bytes), 30_000);
	my $peer = sent(substr $all, 0, -8);

	is $peer->finished->status, 431, "museum 23: $name: 431 at once";
	lives("museum 23: $name");
}

# 25: a length beyond 16 bits was cut, and what followed was read as records.
# On the way in: a full record and its padding, in whose middle, where a sum
# of 16 bits would have the next record begin, stands an end of the body.
my $inner = "topic=a&ignored=";
my $wrapped = (8 + 65_535 + 255) % 65_536 - 8;
$inner .= 'y' x ($wrapped - length $inner) . FcgiClient::record(5, 1, '');
$inner .= 'y' x (65_535 - length $inner);
my $whole = $inner . '&data=whole';
my $peer = sent($begin . FcgiClient::stream(4, 1,
    FcgiClient::pairs(post_params($whole)))
    . FcgiClient::record(5, 1, $inner, 255)
    . FcgiClient::stream(5, 1, '&data=whole'));
is $peer->finished->status, 200, 'museum 25: a full, padded record: 200';
is $watch->next_event->{data}, 'whole', 'museum 25: its end is not its middle';

# On the way out: events around the sizes of one record and of two.
for my $size (65_400 .. 65_420, 65_460 .. 65_480, 65_515 .. 65_540,
    130_870 .. 130_900, 131_040 .. 131_075) {
	$hub->publish_ok(topic => 'a', data => 'z' x $size);
	my $length = length $watch->next_event->{data};
	my $problems = $watch->problems;

	ok $length == $size && $problems eq '',
	    "museum 25: an event of $size bytes: whole, in whole records";
}

# 26: lengths that lie, and lengths of names in the wrong form.
for my $length (127, 128, 129, 255, 256, 300, 4000) {
	my $odd = FcgiClient::pairs('HTTP_' . 'N' x ($length - 5) => 'v',
	    HTTP_V => 'v' x $length);
	my $name = "museum 26: a name and a value of $length bytes";

	is sent($begin . FcgiClient::stream(4, 1, $odd . $pairs) . $stdin)
	    ->finished->status, 200, "$name: 200";
	is $watch->next_event->{data}, 'x', "$name: the rest is read right";
}
# [name, parameters, status, words of the log]
for my $row (
    ['a value shorter than declared', $pairs . "\x06\x40HTTP_Xshort", undef,
	'PARAMS end inside'],
    ['a name shorter than declared', $pairs . "\x40\x00HTTP_X", undef,
	'PARAMS end inside'],
    ['more than is declared', $pairs . 'xx', undef, 'PARAMS end inside'],
    ['half a length', $pairs . "\x80\0", undef, 'PARAMS end inside'],
    ['the length of a name of 200 bytes in one byte', $pairs . "\xc8\x01"
	. 'N' x 200 . 'v', 431, 'headers too long']) {
	my ($name, $bytes, $status, $words) = @$row;
	my $log = length $hub->log_text;
	my $odd = sent($begin . FcgiClient::stream(4, 1, $bytes) . $stdin);

	eval { $odd->finished };
	is $odd->{status}, $status, "museum 26: $name: refused";
	like substr($hub->log_text, $log), qr/\Q$words\E/,
	    "museum 26: $name: the log says why";
	lives("museum 26: $name");
}

# 27: bytes in the wrong order, and a bad record that ended the program.
for my $length (0x0102, 0x0201, 0x00ff, 0xff00, 0x1234) {
	my $data = 'w' x ($length - length 'topic=a&data=');
	my $body = "topic=a&data=$data";

	is sent($begin . FcgiClient::stream(4, 1,
	    FcgiClient::pairs(post_params($body)))
	    . FcgiClient::record(5, 1, $body)
	    . FcgiClient::record(5, 1, ''))->finished->status, 200,
	    "museum 27: a record of $length bytes: 200";
	is $watch->next_event->{data}, $data,
	    "museum 27: a record of $length bytes: whole";
}
my $good = $begin . FcgiClient::stream(4, 1, $pairs) . $stdin;
# [name, offset, byte]
for my $row (['version 0', 0, 0], ['version 2', 0, 2],
    ['version 255', 0, 255], ['version 3 of the second record', 16, 3],
    ['type 99', 1, 99], ['another id', 19, 9]) {
	my ($name, $at, $byte) = @$row;
	my $bytes = $good;

	substr($bytes, $at, 1) = chr $byte;
	my $bad = sent($bytes);
	eval { $bad->finished };
	is $bad->{status}, undef, "museum 27: $name: its connection ends";
	lives("museum 27: $name");
}
is $watch->problems, '', 'a clean stream';

done_testing;
