# SPDX-License-Identifier: MIT
# fcgi_streams.t - FastCGI around an open stream, and requests of awkward sizes.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use FcgiClient;
use Hub;
use Test::More;

my $hub = Hub->start(config => { MERCURE_HUB_KEEPALIVE_INTERVAL => 1,
    MERCURE_MAX_BODY => 4_000_000 });
my $path = Hub::URL_PATH;

# Request ids.
for my $id (7, 256, 65535) {
	my $stream = $hub->stream(topic => 'id', id => $id);
	my $answer = $hub->publish(topic => 'id', data => "x$id", id => $id);

	is $answer->status, 200, "request id $id: published";
	is $stream->next_event->{data}, "x$id", "request id $id: streamed";
	is $stream->problems . $answer->problems, '',
	    "request id $id: in every record";
}
my @mixed = map { $hub->stream(topic => 'mixed', id => $_) } 1, 2, 1, 300;
$hub->publish_ok(topic => 'mixed', data => 'y' x 200_000);
is length $_->next_event->{data}, 200_000, "id $_->{id} among others"
    for @mixed;
is join('', map { $_->problems } @mixed), '', 'each with its own id';

# ABORT_REQUEST ends a stream in good order.
my $aborted = $hub->stream(topic => 'a');
$aborted->send_bytes(FcgiClient::record(2, 1, ''));
$aborted->until('its end', sub { $aborted->is_over });
ok $aborted->{ended}, 'ABORT_REQUEST: answered by END_REQUEST';
ok $aborted->closed, 'ABORT_REQUEST: closed';
is $aborted->problems, '', 'ABORT_REQUEST: no problems';

# A server whose visitor has left closes its side; it is still told the end.
my $left = $hub->stream(topic => 'a');
shutdown $left->{socket}, 1;
ok $left->closed, 'a peer that closes its side: closed';
ok $left->{ended}, 'after END_REQUEST';
is $left->problems, '', 'without a problem';

# Late and foreign records on a stream are passed over.
my $odd = $hub->stream(topic => 'a');
$odd->send_bytes(FcgiClient::record(5, 1, 'late body')
    . FcgiClient::record(5, 1, '') . FcgiClient::record(2, 9, ''));
$hub->publish_ok(topic => 'a', data => 'still');
is $odd->next_event->{data}, 'still', 'late records change nothing';

# The empty STDIN of a GET may come late (mod_proxy_fcgi).
my $late = FcgiClient->new(address => $hub->{address});
my $get = FcgiClient::request_bytes(params => Hub::params('GET',
    "$path?topic=a"));
$late->send_bytes(substr $get, 0, -8);
$late->pump(0.05);
$late->send_bytes(substr $get, -8);
$late->opened;
$hub->publish_ok(topic => 'a', data => 'late');
is $late->next_event->{data}, 'late', 'an end of STDIN that comes late';

# Requests that arrive in two pieces, cut anywhere.
for my $at (map { $_ * 37 } 1 .. length($get) / 37) {
	my $peer = FcgiClient->new(address => $hub->{address});

	$peer->send_bytes(substr $get, 0, $at);
	$peer->pump(0.001);
	$peer->send_bytes(substr $get, $at);
	$peer->opened;
	is $peer->problems, '', "a request cut at $at";
}

# FCGI_KEEP_CONN: answered whole, whoever closes.
my $kept = $hub->request('HEAD', "$path?topic=a", undef, keep => 1);
is $kept->status, 200, 'KEEP_CONN: answered';
ok $kept->{ended}, 'KEEP_CONN: END_REQUEST';
my $kept_stream = $hub->stream(topic => 'a', keep => 1);
$hub->publish_ok(topic => 'a', data => 'kept');
is $kept_stream->next_event->{data}, 'kept', 'KEEP_CONN: streams';
my @kept = map { $hub->request('HEAD', "$path?topic=a", undef, keep => 1) }
    1 .. 40;
is $hub->publish(topic => 'a')->status, 200,
    'many kept connections occupy nobody';
$_->hang_up for @kept;

# A reader that stops blocks no other, and misses nothing that is kept.
my $stuck = $hub->stream(topic => 'big', receive_buffer => 4096);
my $reader = $hub->stream(topic => 'big');
for my $n (1 .. 24) {
	$hub->publish_ok(topic => 'big', data => "$n " . 'z' x 1_000_000);
	my ($got) = split / /, $reader->next_event->{data};
	$got == $n or fail "reader got $got for $n";
}
pass 'a stuck reader does not block another';
my @seen = map { (split / /, $stuck->next_event->{data})[0] } 1 .. 24;
is_deeply \@seen, [1 .. 24], 'and reads all of it when it reads again';
is $stuck->problems, '', 'without a problem';

# Lengths at which the end of PARAMS or STDIN falls around the edge of a
# parser's buffer.
sub padded {
	my ($length, $method, $uri, $body, %o) = @_;
	my $params = Hub::params($method, $uri, $body, %o);
	my $bare = FcgiClient::request_bytes(params => [@$params,
	    PADDING => 'x' x 200], stdin => $body);
	my $more = $length - length $bare;

	return FcgiClient::request_bytes(params => [@$params,
	    PADDING => 'x' x (200 + $more)], stdin => $body);
}

my $live = $hub->stream(topic => 'length');
my (@streams, @wrong, @want);
for my $length (8_170 .. 8_200, 8_210 .. 8_230, 16_362 .. 16_392) {
	my $bytes = padded($length, 'GET', "$path?topic=length", undef);
	length $bytes == $length or die "made $length bytes wrong";
	my $stream = FcgiClient->new(address => $hub->{address});
	$stream->send_bytes($bytes);
	push @wrong, "GET $length" unless eval { $stream->opened };
	push @streams, $stream;

	my $body = "topic=length&data=$length";
	for my $extra (0, 8 + length $body) {
		my $post = FcgiClient->new(address => $hub->{address});
		$post->send_bytes(padded($length + $extra, 'POST', $path,
		    $body, token => Token::publisher()));
		eval { $post->finished };
		push @wrong, "POST $length" unless ($post->{status} || 0)
		    == 200;
		push @want, $length;
	}
}
is "@wrong", '', 'requests of awkward lengths are answered';
$hub->publish_ok(topic => 'length', data => 'end');
is_deeply $live->data_until('end'), \@want, 'with their bodies whole';
my @short = grep { eval { $_->data_until('end')->[-1] || '' } ne '16392' }
    @streams[0 .. $#streams - 1];
is scalar(@short), 0, 'and their streams are live';
is join('', map { $_->problems } @streams), '', 'without a problem';

done_testing;
