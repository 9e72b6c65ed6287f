# SPDX-License-Identifier: MIT
# fcgi_traps.t - whatever a FastCGI peer does, the hub goes on.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use FcgiClient;
use Hub;
use PushcgiTest;
use Test::More;
use Time::HiRes qw(time);

my $hub = Hub->start(config => { MERCURE_HUB_KEEPALIVE_INTERVAL => 1 });
my $path = Hub::URL_PATH;
my $watch = $hub->stream(topic => 'watch');
my $alive = 0;

# The hub still publishes and streams.
sub hub_lives {
	my ($after) = @_;
	my $data = 'alive' . ++$alive;

	$hub->publish_ok(topic => 'watch', data => $data);
	is $watch->next_event->{data}, $data, "$after: the hub goes on";
}

sub connected {
	my ($bytes) = @_;
	my $peer = FcgiClient->new(address => $hub->{address});

	$peer->send_bytes($bytes);
	return $peer;
}

my $begin = FcgiClient::record(1, 1, pack 'nCx5', 1, 0);
my $params = Hub::params('POST', $path, 'topic=a&data=x',
    token => Token::publisher());
my $pairs = FcgiClient::pairs(@$params);
my $good = FcgiClient::request_bytes(params => $params,
    stdin => 'topic=a&data=x');
my $get = FcgiClient::request_bytes(params =>
    Hub::params('GET', "$path?topic=a"));
my $end_params = FcgiClient::record(4, 1, '');
my $stdin = FcgiClient::stream(5, 1, 'topic=a&data=x');

sub with_pairs { return $begin . FcgiClient::stream(4, 1, shift) . $stdin }

# [name, bytes]: refused, or answered with an error, but never hung upon.
my @rows = (
	['no FastCGI at all', "GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
	['only zeros', "\0" x 64],
	['version 2', "\2" . substr $good, 1],
	['a record of an unknown type', $begin . FcgiClient::record(99, 1,
	    'x') . $end_params . $stdin],
	['parameters before the begin', substr $good, 16],
	['a begin that is too short', FcgiClient::record(1, 1, "\0\1")
	    . substr $good, 16],
	['role authorizer', FcgiClient::request_bytes(role => 2,
	    params => $params)],
	['role 77', FcgiClient::request_bytes(role => 77,
	    params => $params)],
	['request id 0', FcgiClient::request_bytes(id => 0,
	    params => $params) =~ s/^\x01\x01\x00\x01/\x01\x01\x00\x00/r],
	['parameters of another id', $begin . FcgiClient::stream(4, 2,
	    $pairs) . $stdin],
	['two begins', $begin . $good],
	['no parameters', $begin . $end_params . $stdin],
	['no method', with_pairs(FcgiClient::pairs(REQUEST_URI => $path))],
	['no URI', with_pairs(FcgiClient::pairs(REQUEST_METHOD => 'GET'))],
	['a name beyond the parameters', with_pairs($pairs . "\x40\x00abc")],
	['a value beyond the parameters', with_pairs($pairs
	    . "\x01\xff\xff\xff\xffa")],
	['a length of 2^31 - 1', with_pairs("\xff\xff\xff\xff\xff\xff\xff\xff"
	    . $pairs)],
	['lengths whose sum wraps', with_pairs("\xff\xff\xff\xff\xff\xff\xff"
	    . "\xfe" . 'x' x 100)],
	['half a length', with_pairs($pairs . "\x80\0")],
	['one byte of parameters', with_pairs("\1")],
	['parameters over the cap', with_pairs(FcgiClient::pairs(@$params,
	    HTTP_X => 'x' x 70_000))],
	['a thousand kilobytes of parameters', with_pairs(FcgiClient::pairs(
	    @$params, map { ("HTTP_X$_" => 'x' x 1000) } 1 .. 1000))],
	['ten thousand parameters', with_pairs(FcgiClient::pairs(@$params,
	    map { ("X$_" => '') } 1 .. 10_000))],
	['a NUL in the URI', with_pairs(FcgiClient::pairs(@{ Hub::params(
	    'GET', "$path\0?topic=a") }))],
);
for my $row (@rows) {
	my ($name, $bytes) = @$row;
	my $peer = FcgiClient->new(address => $hub->{address});

	$peer->send_bytes($bytes);
	eval { $peer->finished };
	ok $peer->is_over, "$name: answered or closed";
	unlike $peer->{status} || 'closed', qr/^(?:2|500)/,
	    "$name: no success";
	$peer->hang_up;
	hub_lives($name);
}

# What is odd but right.
# [name, bytes, status]
for my $row (
    ['records of one byte', $begin . FcgiClient::stream(4, 1, $pairs, 1)
	. FcgiClient::stream(5, 1, 'topic=a&data=x', 1), 200],
    ['padded records', $begin . FcgiClient::record(4, 1, $pairs, 255)
	. $end_params . FcgiClient::record(5, 1, 'topic=a&data=x', 7)
	. FcgiClient::record(5, 1, '', 3), 200],
    ['names and values with long lengths', $begin . FcgiClient::stream(4, 1,
	do { my ($b, @p) = ('', @$params); while (my ($k, $v) = splice @p, 0,
	2) { $b .= pack('NN', length($k) | 1 << 31, length($v) | 1 << 31)
	. $k . $v } $b }) . $stdin, 200],
    ['a parameter twice: the first counts', $begin . FcgiClient::stream(4, 1,
	$pairs . FcgiClient::pairs(REQUEST_METHOD => 'DELETE')) . $stdin,
	200],
    ['60 KB of parameters', $begin . FcgiClient::stream(4, 1, $pairs
	. FcgiClient::pairs(map { ("HTTP_X$_" => 'x' x 1000) } 1 .. 60))
	. $stdin, 200],
    ) {
	my ($name, $bytes, $status) = @$row;
	my $peer = connected($bytes);

	is $peer->finished->status, $status, "$name: $status";
	is $peer->problems, '', "$name: no problems";
}

# A stated length that lies: nothing is published by halves.
my $lies = $hub->stream(topic => 'lie');
my %refused = (100 => 408, 4_294_967_296 => 413);
for my $length (0, 5, 100, 4_294_967_296, -1, 'many') {
	my @p = @{ Hub::params('POST', $path, 'topic=lie&data=whole',
	    token => Token::publisher()) };
	for (my $i = 0; $i < @p; $i += 2) {
		$p[$i + 1] = $length if $p[$i] eq 'CONTENT_LENGTH';
	}
	my $peer = connected(FcgiClient::request_bytes(params => \@p,
	    stdin => 'topic=lie&data=whole'));
	is $peer->finished->status, $refused{$length} || 200,
	    "content length $length of 20";
	hub_lives("content length $length of 20");
}
$hub->publish_ok(topic => 'lie', data => 'end');
is scalar(grep { $_ ne 'whole' } @{ $lies->data_until('end') }), 0,
    'no half of a body was published';

# The peer vanishes at every byte of a request.
for my $request ($good, $get) {
	for my $n (0 .. length $request) {
		connected(substr $request, 0, $n)->hang_up;
	}
	hub_lives('a peer that vanished at each of ' . length($request)
	    . ' bytes');
}

# … and streams that vanish while they are written to.
for my $round (1 .. 20) {
	my @gone = map { connected($get) } 1 .. 5;
	$hub->publish_ok(topic => 'a', data => 'x' x 10_000);
	$_->hang_up for @gone;
}
hub_lives('a hundred streams that vanished');

# Peers that stop or drip are closed, and block nobody meanwhile.
my $begun = time;
my %stopped = (
	'a silent peer' => connected(''),
	'half a header' => connected(substr $good, 0, 5),
	'half the parameters' => connected(substr $good, 0, 100),
	'half a body' => connected(substr $good, 0, length($good) - 12),
	'no end of the body' => connected(substr $good, 0,
	    length($good) - 8),
	map({ ("half a body, $_" => connected(substr $good, 0,
	    length($good) - 12)) } 1 .. 30),
);
my $drip = connected('');
my $rest = $good;
my $beats = 0;
until ($drip->{eof} || !length $rest) {
	last unless $drip->send_bytes(substr $rest, 0, 1, '');
	$hub->publish_ok(topic => 'watch', data => 'beat') if ++$beats < 9;
	$drip->pump(0.1);
}
ok length $rest, 'a dripping peer does not get to its end';
cmp_ok time - $begun, '<', DEADLINE_S, 'it is closed in time';
is $watch->next_event->{data}, 'beat', 'others are served meanwhile'
    for 1 .. 8;
for my $name (sort keys %stopped) {
	my $peer = $stopped{$name};

	ok $peer->closed, "$name: closed";
	like $peer->{status} || 408, qr/^408\z/, "$name: with 408 or nothing";
}
hub_lives('peers that stopped');

# A body that drips: answered 408 after its total time.
my $slow = connected(substr $good, 0, length($good) - 22);
$rest = substr $good, -22;
until ($slow->is_over || !length $rest) {
	last unless $slow->send_bytes(substr $rest, 0, 1, '');
	$slow->pump(1.1);
}
ok length $rest, 'a dripping body does not get to its end';
is $slow->{status}, 408, 'it is told so';
hub_lives('a dripping body');

done_testing;
