# SPDX-License-Identifier: MIT
# cgi.t - the same program as a plain CGI: it publishes and streams.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use CgiProcess;
use Hub;
use JSON::PP;
use Presence;
use PushcgiTest;
use Test::More;

my $path = Hub::URL_PATH;
my $hub = Hub->new(config => { MERCURE_HUB_KEEPALIVE_INTERVAL => 1 });

sub cgi {
	my ($method, $uri, $body, %o) = @_;

	return CgiProcess->new(params => Hub::params($method, $uri, $body,
	    %o), stdin => $body, config_path => $hub->{config_path},
	    log => $hub->{log}, socket => $o{socket});
}

sub exit_status {
	my ($answer) = @_;

	wait_until('the CGI has ended',
	    sub { defined process_ended($answer->{pid}) });
	return process_ended($answer->{pid});
}

my $publisher = Token::publisher();
my $stream = cgi('GET', "$path?topic=a", undef)->opened(cursor => 1);
is $stream->status, 200, 'a stream';
like $stream->{head}, qr/^Status: 200\b[^\r\n]*\r?\n/m,
    'with a Status: header';
like $stream->header('Content-Type'), qr{^text/event-stream\b}, 'its type';
is $stream->header('X-Accel-Buffering'), 'no', 'not to be buffered';
my $cursor = $stream->next_cursor;

my $answer = cgi('POST', $path, 'topic=a&data=one', token => $publisher)
    ->finished;
is $answer->status, 200, 'a publish';
like $answer->body, qr/^urn:uuid:[0-9a-f-]{36}\z/, 'its answer is the id';
is exit_status($answer), 0, 'then the process ends with 0';
is_deeply $stream->next_event, { kind => 'event', id => $answer->body,
    data => 'one' }, 'the stream of another process has it';
$stream->next_comment for 1 .. 2;
pass 'comments on silence';

my $private = cgi('GET', "$path?topic=a", undef,
    cookie => Token::subscriber())->opened;
cgi('POST', $path, 'topic=a&data=secret&private=on', token => $publisher)
    ->finished;
cgi('POST', $path, 'topic=a&data=end', token => $publisher)->finished;
is_deeply $stream->data_until('end'), [], 'private stays private';
is_deeply $private->data_until('end'), ['secret'], 'for who may read it';
my $replay = cgi('GET', "$path?topic=a", undef, last_event_id => $cursor)
    ->opened;
is $replay->header('Last-Event-ID'), $cursor, 'a last event id';
is_deeply $replay->data_until('end'), ['one'], 'is replayed';

# [name, method, URI, body, options, status]
for my $row (
    ['no token', 'POST', $path, 'topic=a', {}, 401],
    ['no topic', 'POST', $path, 'data=a', { token => $publisher }, 400],
    ['wrong type', 'POST', $path, '{}', { token => $publisher,
	content_type => 'application/json' }, 415],
    ['GET without a topic', 'GET', $path, undef, {}, 400],
    ['bad token', 'GET', "$path?topic=a", undef, { token => 'x.y.z' }, 401],
    ['HEAD', 'HEAD', "$path?topic=a", undef, {}, 200],
    ['OPTIONS', 'OPTIONS', $path, undef, {}, 204],
    ['DELETE', 'DELETE', $path, undef, {}, 405],
    ['elsewhere', 'GET', '/', undef, {}, 404],
    ['large body', 'POST', $path, 'topic=a&data=' . 'x' x 2_000_000,
	{ token => $publisher }, 413],
    ) {
	my ($name, $method, $uri, $body, $options, $status) = @$row;
	my $short = cgi($method, $uri, $body, %$options)->finished;

	is $short->status, $status, "$name: $status";
	is exit_status($short), 0, "$name: exit 0";
	is $short->problems, '', "$name: no problems";
}

my @bare = @{ Hub::params('GET', "$path?topic=a") };
@bare = map { @bare[$_, $_ + 1] } grep { $bare[$_] ne 'REQUEST_URI' }
    map { 2 * $_ } 0 .. $#bare / 2;
my $nowhere = CgiProcess->new(params => \@bare,
    config_path => $hub->{config_path}, log => $hub->{log})->finished;
is $nowhere->status, 400, 'no REQUEST_URI: 400';
like $nowhere->body, qr/REQUEST_URI/, 'the sentence names it';

# The server says that the body is over; it reads on.
my $reader = cgi('GET', "$path?topic=a", undef, socket => 1)->opened;
$reader->next_comment for 1 .. 3;
is cgi('POST', $path, 'topic=a&data=half-closed', token => $publisher,
    socket => 1)->finished->status, 200, 'a publish through one socket';
is $reader->next_event->{data}, 'half-closed',
    'a socket that is closed on one side: the stream goes on';
$reader->hang_up;
is exit_status($reader), 0, 'and ends when it is closed';
is $stream->next_event->{data}, 'half-closed', 'for all others as well';

# A body that is too long is read to its end, since a socket that is closed with
# something unread loses the answer for mod_cgid.
my $small = Hub->new(config => { MERCURE_MAX_BODY => 1024 });
for my $length (100_000, undef) {
	my @params = @{ Hub::params('POST', $path, undef,
	    token => $publisher, content_type =>
	    'application/x-www-form-urlencoded', params => [
	    defined $length ? (CONTENT_LENGTH => $length)
	    : (CONTENT_LENGTH => '', HTTP_TRANSFER_ENCODING => 'chunked')]) };
	my $what = 'too long, ' . ($length // 'in chunks');
	my $answer = CgiProcess->new(params => \@params, socket => 1,
	    stdin => 'x' x 100_000, config_path => $small->{config_path},
	    log => $small->{log})->finished;

	is $answer->status, 413, "$what: 413";
	is $answer->problems, '', "$what: and the answer arrives whole";
}

# A body in chunks: Apache knows no length of it.
for my $row ([3, 200], [300_000, 200], [1_200_000, 413]) {
	my ($size, $status) = @$row;
	my @chunked = @{ Hub::params('POST', $path, undef,
	    token => $publisher, content_type =>
	    'application/x-www-form-urlencoded',
	    headers => { 'Transfer-Encoding' => 'chunked' }) };
	@chunked = (map({ @chunked[$_, $_ + 1] } grep {
	    $chunked[$_] ne 'CONTENT_LENGTH' } map { 2 * $_ }
	    0 .. $#chunked / 2), CONTENT_TYPE =>
	    'application/x-www-form-urlencoded');
	my $long = CgiProcess->new(params => \@chunked,
	    stdin => 'topic=a&data=' . 'x' x $size,
	    config_path => $hub->{config_path}, log => $hub->{log})->finished;

	is $long->status, $status, "no CONTENT_LENGTH, $size bytes: $status";
	is length $stream->next_event->{data}, $size, 'and it is whole'
	    if $status == 200;
}

# Nobody reads the answer: the update is stored, and no signal ends it.
my $unread = cgi('POST', $path, 'topic=a&data=unread', token => $publisher);
$unread->hang_up;
is exit_status($unread), 0, 'an answer nobody reads: exit 0';
is $stream->next_event->{data}, 'unread', 'and its update is there';

# A body that is shorter than stated must not be published.
my @p = @{ Hub::params('POST', $path, 'topic=a&data=half',
    token => $publisher) };
for (my $i = 0; $i < @p; $i += 2) {
	$p[$i + 1] += 5 if $p[$i] eq 'CONTENT_LENGTH';
}
my $half = CgiProcess->new(params => \@p, stdin => 'topic=a&data=half',
    config_path => $hub->{config_path}, log => $hub->{log})->finished;
like $half->status, qr/^4/, 'half a body: refused';

# The ends of a stream.
my $cut = cgi('GET', "$path?topic=b", undef)->opened;
$cut->hang_up;
is exit_status($cut) & 127, 0, 'the reader has gone: it ends by itself';
kill 'TERM', $private->{pid};
$private->finished;
my ($last) = reverse $private->all;
ok $last && Answer::is_cursor($last), 'SIGTERM: a cursor is last';
is exit_status($private), 0, 'SIGTERM: exit 0';
is $_->problems, '', 'no problems' for $stream, $private, $replay;
my $token = Token::subscriber(undef, more => { exp => time + 2 });
my $expired = cgi('GET', "$path?topic=a", undef, token => $token)->opened;
is exit_status($expired->finished), 0, 'exp: it ends';
($last) = reverse $expired->all;
ok $last && Answer::is_cursor($last), 'exp: a cursor is last';

# Each process stands for its stream, and answers for those of all.
sub listed {
	my $answer = cgi('GET', api_path($_[0]), undef,
	    token => all_events())->finished;

	is $answer->status, 200, "subscriptions to $_[0]: 200";
	return scalar @{ decode_json($answer->body)->{subscriptions} };
}

my $watch = cgi('GET', "$path?" . Hub::form(topic => SUBSCRIPTIONS
    . '/{topic}/{subscriber}'), undef, token => all_events())->opened;
(events($watch, 1))[0]{active} or die 'it does not see itself';
for my $row (
    ['hang_up', sub { $_[0]->hang_up; exit_status($_[0]) }],
    ['SIGTERM', sub { kill 'TERM', $_[0]{pid}; exit_status($_[0]) }],
    ['SIGKILL', sub { process_end($_[0]{pid}, 'KILL') }]) {
	my ($name, $end) = @$row;
	my $there = cgi('GET', "$path?topic=$name", undef)->opened;
	my ($began) = events($watch, 1);

	is "$began->{topic} $began->{active}", "$name 1", "$name: begin";
	is listed($name), 1, "$name: it is listed";
	$end->($there);
	is listed($name), 0, "$name: it is listed no more";
	my ($ended) = events($watch, 1);
	is_deeply $ended, { %$began, active => JSON::PP::false },
	    "$name: end";
}
for my $left ($stream, $replay, $watch) {
	kill 'TERM', $left->{pid};
	is exit_status($left), 0, 'ended';
}

done_testing;
