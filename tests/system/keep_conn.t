# SPDX-License-Identifier: MIT
# keep_conn.t - several requests one after the other on one connection.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use FcgiClient;
use Hub;
use Test::More;
use Token;

my $hub = Hub->start(config => { MERCURE_MAX_BODY => 4_000_000 });
my $path = Hub::URL_PATH;
my $witness = $hub->stream(topic => 'kept');

# The bytes of a publish of `data`.
sub publish_bytes {
	my ($data, %o) = @_;
	my $body = Hub::form(topic => 'kept', data => $data);

	return FcgiClient::request_bytes(keep => 1, stdin => $body, %o,
	    params => Hub::params('POST', $path, $body,
	    token => Token::publisher()));
}

sub head_bytes {
	return FcgiClient::request_bytes(keep => 1, @_,
	    params => Hub::params('HEAD', "$path?topic=kept"));
}

sub connection { return FcgiClient->new(address => $hub->{address}) }

# Send pieces of another request; its answer, once it has ended.
sub ask {
	my ($peer, $id, @pieces) = @_;

	delete @$peer{qw(ended stdout_closed headers status)};
	$peer->{id} = $id;
	$peer->init;
	for my $piece (@pieces) {
		$peer->send_bytes($piece);
		$peer->pump(0.01) if @pieces > 1;
	}
	return $peer->finished;
}

# Is the connection still open?
sub is_open {
	my ($peer) = @_;

	$peer->pump(0.05);
	return !$peer->{eof};
}

sub witness_got {
	my ($want, $name) = @_;

	is $witness->next_event->{data}, $want, "$name: published once";
}

# One after the other, each with its own id, of both kinds.
my $peer = connection();
for my $id (1, 2, 1, 300) {
	is ask($peer, $id, publish_bytes("p$id", id => $id))->status, 200,
	    "request $id: its status";
	witness_got("p$id", "request $id");
	is ask($peer, $id, head_bytes(id => $id))->status, 200,
	    "HEAD $id: its status";
}
is ask($peer, 1, FcgiClient::request_bytes(keep => 1,
    params => Hub::params('GET', '/elsewhere')))->status, 404,
    'a refusal, likewise';
ok is_open($peer), 'and the connection stays open';
is $peer->problems, '', 'without a problem';

# Pieces, and bodies that are read as they come.
my $cut = publish_bytes('in pieces');
is ask($peer, 1, $cut =~ /(.{1,50})/gs)->status, 200, 'in pieces: answered';
witness_got('in pieces', 'in pieces');
my $big = 'b' x 2_000_000;
for my $n (1, 2) {
	is ask($peer, 1, publish_bytes("$n$big"))->status, 200,
	    "big body $n: answered";
	is length $witness->next_event->{data}, 2_000_001,
	    "big body $n: published";
}
ok is_open($peer), 'and the connection stays open';

# The last request says so.
is ask($peer, 1, head_bytes(keep => 0))->status, 200, 'without the flag';
ok $peer->closed, 'the hub closes';

# An event stream has its connection to itself.
$peer = connection();
is ask($peer, 1, head_bytes())->status, 200, 'before a stream';
delete @$peer{qw(ended stdout_closed headers status)};
$peer->init->send_bytes(FcgiClient::request_bytes(keep => 1,
    params => Hub::params('GET', "$path?topic=kept")));
$peer->opened;
$hub->publish_ok(topic => 'kept', data => 'streamed');
is $peer->next_event->{data}, 'streamed', 'a stream on a kept connection';
witness_got('streamed', 'beside it');
$peer->send_bytes(FcgiClient::record(2, 1, ''));
ok $peer->closed, 'which ends with it';

# A web server may ask the hub for its values, before each request.
sub management_bytes { return FcgiClient::record(shift, 0, join '', @_) }

my ($most) = $hub->log_text =~ /streams_max=(\d+)/;
my $names = FcgiClient::pairs(FCGI_MAX_CONNS => '', FCGI_MPXS_CONNS => '',
    FCGI_NO_SUCH => '');
$peer = connection();
for my $pieces ([management_bytes(9, $names)],
    [management_bytes(9, $names) =~ /(.{1,9})/gs], [management_bytes(99)]) {
	$peer->{id} = 0;
	delete $peer->{management};
	$peer->send_bytes($_), $peer->pump(0.01) for @$pieces;
	$peer->until('its answer', sub { $peer->{management} });
	my $want = length $pieces->[0] > 8 || @$pieces > 1
	    ? [10, FcgiClient::pairs(FCGI_MAX_CONNS => $most,
	    FCGI_MPXS_CONNS => 0)] : [11, pack 'Cx7', 99];
	is_deeply $peer->{management}, $want, 'a management record: answered';
	is ask($peer, 1, publish_bytes('after it'))->status, 200,
	    'and a request after it';
	witness_got('after it', 'a request after a management record');
}
is $peer->problems, '', 'without a problem';
$peer->{id} = 0;
$peer->send_bytes(management_bytes(9, $names) x 50);
ok $peer->closed, 'too many of them: closed';
$peer = connection();
$peer->send_bytes(management_bytes(9, 'x' x 2000));
ok $peer->closed, 'one that is too long: closed';

# Nothing behind a request is taken for another one, or for a part of it.
my %behind = ('a whole request' => publish_bytes('smuggled'),
    'a part of one' => substr(publish_bytes('smuggled'), 0, 20),
    'bytes that are not FastCGI' => 'POST / HTTP/1.1',
    'an ABORT_REQUEST' => FcgiClient::record(2, 1, ''));
for my $name (sort keys %behind) {
	$peer = connection();
	is ask($peer, 1, publish_bytes('honest') . $behind{$name})->status,
	    200, "$name behind a request: the request is answered";
	ok $peer->closed, "$name behind a request: closed";
	witness_got('honest', "$name behind a request");
}
for my $name (grep { !/request|part/ } sort keys %behind) {
	$peer = connection();
	is ask($peer, 1, publish_bytes('honest'))->status, 200,
	    "$name behind an answer: the request is answered";
	witness_got('honest', "$name behind an answer");
	$peer->send_bytes($behind{$name});
	ok $peer->closed, "$name behind an answer: closed";
}
$peer = connection();
ask($peer, 1, head_bytes());
$peer->send_bytes(FcgiClient::record(2, 1, ''));
ok $peer->closed, 'an ABORT_REQUEST that comes late: closed';
$hub->publish_ok(topic => 'kept', data => 'last');
witness_got('last', 'nothing was smuggled');

# Only so many are kept; the others are answered, too.
my @many = map { connection() } 1 .. 80;
is scalar(grep { ask($_, 1, head_bytes())->status == 200 } @many), 80,
    'many connections: all are answered';
is scalar(grep { is_open($_) } @many), 64, 'and 64 of them are kept';
my $other = connection();
is ask($other, 1, head_bytes())->status, 200, 'a new one is answered';
$_->hang_up for @many;
$hub->publish_ok(topic => 'kept', data => 'room');
my $again = connection();
for my $n (1, 2) {
	is ask($again, 1, head_bytes())->status, 200,
	    "there is room again: $n";
}

# The end of the hub does not wait until they are idle for too long, which
# would be later than any deadline of this test.
$witness->hang_up;
is $hub->stop, 0, 'the hub ends';
ok $again->closed, 'and closes what was kept';
is $again->problems, '', 'without a word';

# A hub that holds as many streams as it may has descriptors left for them.
my $files = 600;
$hub = Hub->start(prefix => ['sh', '-c', "ulimit -n $files; exec \"\$@\"",
    'sh'], config => { MERCURE_WORKERS => 16 });
@many = map { connection() } 1 .. 64;
ask($_, 1, head_bytes()) for @many;
my @streams = $hub->subscribe(topic => 'kept');
push @streams, $hub->subscribe(topic => 'kept')
    while $streams[-1]->status == 200 && @streams < $files;
is $streams[-1]->status, 503, 'the streams are as many as they may be';
is scalar(grep { ask($many[$_ % @many], 1, publish_bytes($_))->status == 200 }
    1 .. 200), 200, 'and 200 publishes on kept connections succeed';
is scalar(grep { is_open($_) } @many), 64, 'all connections are kept';
unlike $hub->log_text, qr/Too many open files/, 'no descriptor is missing';
$_->hang_up for @streams, @many;
is $hub->stop, 0, 'that hub ends, too';

done_testing;
