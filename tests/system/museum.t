# SPDX-License-Identifier: MIT
# museum.t - problems that other hubs had in what goes in and out.
#
# tests/MUSEUM.md has the list of such problems, whose numbers these are, and
# the test of each.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use MIME::Base64 ();
use PushcgiTest;
use Test::More;

my $path = Hub::URL_PATH;
my $hub = Hub->start;
my $end = 0;

# Start streams by name => options of Hub->stream, each with a topic `end`.
sub watch {
	my (%streams) = @_;

	for my $o (values %streams) {
		my $topics = $o->{topic} // 'a';
		$o = $hub->stream(%$o, topic => [ref $topics ? @$topics
		    : $topics, 'end']);
	}
	return %streams;
}

# The events of a stream up to now.
sub events {
	my ($stream) = @_;
	my $marker = 'end' . ++$end;

	$hub->publish_ok(topic => 'end', data => $marker);
	my @events = grep { $_->{data} !~ /^end\d/ }
	    $stream->events_until($marker);
	is $stream->problems, '', 'a clean stream';
	return \@events;
}

sub data { return [ map { $_->{data} } @{ events(@_) } ] }

# The hub that was started at the top still serves.
sub lives {
	my ($name) = @_;
	my %w = watch(alive => {});

	$hub->publish_ok(topic => 'a', data => 'alive');
	is_deeply data($w{alive}), ['alive'], $name;
	ok !defined process_ended($hub->{pid}), "$name: the same process";
}

# 1: an id or type with a line break became lines of the stream.
my $forged = "x\ndata: forged\n\nid: forged\ndata: forged";
my %w = watch(all => { topic => '*' });
for my $field (qw(id type topic retry)) {
	for my $break ("\n", "\r", "\r\n", "\0") {
		my $name = sprintf '%s with %vd', $field, $break;
		my $value = $field eq 'retry' ? "1${break}data: forged"
		    : $forged =~ s/\n/$break/gr;

		is $hub->publish(topic => 'a', data => 'x', $field => $value)
		    ->status, 400, "museum 1: $name: 400";
		my @how = $field eq 'topic' ? ($value, 'x')
		    : ("--$field", $value, 'a', 'x');
		next if $break eq "\0"; # no argument can hold it
		isnt +($hub->helper(['publish', @how]))[0], 0,
		    "museum 1: $name: not by the helper either";
	}
}
$hub->publish_ok(topic => 'a', data => $forged);
is_deeply data($w{all}), [$forged],
    'museum 1: line breaks in data stay in data, all else is refused';

# 5: as many topics and selectors as anybody liked.
sub many { return join '&', map { "topic=t$_" } 1 .. shift }
for my $row (
    ['1,000 topics', sub { $hub->publish(body => many(1000)) }, 200],
    ['1,001 topics', sub { $hub->publish(body => many(1001)) }, 400],
    ['100 selectors', sub { $hub->request('HEAD', "$path?" . many(100)) },
	200],
    ['101 selectors', sub { $hub->request('HEAD', "$path?" . many(101)) },
	400],
    ['100 rights', sub { $hub->publish(topic => 'a',
	token => Token::publisher([ ('*') x 100 ])) }, 200],
    ['101 rights', sub { $hub->publish(topic => 'a',
	token => Token::publisher([ ('*') x 101 ])) }, 401],
    ['a topic of 4,096 bytes', sub { $hub->publish(topic => 't' x 4096) },
	200],
    ['a topic of 4,097 bytes', sub { $hub->publish(topic => 't' x 4097) },
	400],
    ['a selector of 4,097 bytes', sub { $hub->request('HEAD',
	"$path?topic=" . 't' x 4097) }, 400]) {
	my ($name, $ask, $status) = @$row;

	is $ask->()->status, $status, "museum 5: by default, $name: $status";
}

# 6: a NUL in a topic made two topics the same.
%w = watch(a => { topic => 'a' }, ab => { topic => ['a', 'b'] });
is $hub->publish(topic => "a\0b", data => 'x')->status, 400,
    'museum 6: NUL in a topic: 400';
is $hub->publish(topic => ['a', "b\0"], data => 'x')->status, 400,
    'museum 6: NUL in an alternate topic: 400';
is $hub->request('GET', "$path?topic=a%00b")->status, 400,
    'museum 6: NUL in a selector: 400';
is $hub->publish(topic => 'a', token => Token::mint(
    '{"mercure":{"publish":["a\u0000b"]}}', Token::PUBLISHER_KEY))->status,
    401, 'museum 6: NUL in a right: 401';
is $hub->publish(topic => "a\nb", data => 'x')->status, 400,
    'museum 6: nor does a line break part topics';
$hub->publish_ok(topic => 'ab', data => 'x');
is_deeply data($w{$_}), [], "museum 6: nothing of it reached $_"
    for sort keys %w;

# 9: answers that showed the program's inside.
my $broken = Hub->start;
$broken->publish_ok(topic => 'a', data => 'x');
rename "$broken->{dir}/data", "$broken->{dir}/gone" or die "rename: $!\n";
my $bearer = Token::publisher();
for my $row (
    ['a publish without a queue', sub { $broken->publish(topic => 'a',
	data => 'x') }, 503],
    ['a bad token', sub { $hub->publish(topic => 'a', token => 'a.b.c') },
	401],
    ['a selector of brackets', sub { $hub->request('GET', "$path?topic="
	. '%5B%28%7B*%5C%00') }, 400],
    ['a path of odd bytes', sub { $hub->request('GET',
	"/%00%ff/../../etc/passwd") }, 404],
    ['a long method', sub { $hub->request('A' x 5000, $path) }, 405]) {
	my ($name, $ask, $status) = @$row;
	my $answer = $ask->();
	my $all = $answer->{head} . $answer->body;

	is $answer->status, $status, "museum 9: $name: $status";
	like $answer->body, qr/^[A-Z][^\n]{10,200}\.\n?\z/,
	    "museum 9: $name: one sentence";
	unlike $all, qr{sqlite|SQL|\.db|\.[ch]:|/tmp|\Q$broken->{dir}\E
	    |regex|errno|0x[0-9a-f]{4}|\Q$bearer\E|passwd|A{99}}xi,
	    "museum 9: $name: nothing of the inside";
}
$broken->stop('KILL');

# 10: for a week, everybody got everything.
%w = watch(a => { topic => 'a' }, b => { topic => 'b' },
    other => { topic => ['c', 'A', 'a ', 'aa'] },
    right => { topic => 'c', token => Token::subscriber(['a', 'b']) });
$hub->publish_ok(topic => 'a', data => 'for a');
$hub->publish_ok(topic => 'a', data => 'private for a', private => 'on');
$hub->publish_ok(topic => ['b', 'x'], data => 'for b');
is_deeply data($w{a}), ['for a'], 'museum 10: a stream of a';
is_deeply data($w{b}), ['for b'], 'museum 10: a stream of b';
is_deeply data($w{other}), [], 'museum 10: a stream of neither';
is_deeply data($w{right}), [], 'museum 10: a right asks for nothing';

# 12: the request's Origin was given back as the allowed one.
my $cors = Hub->start(config => { MERCURE_CORS_ALLOWED_ORIGINS =>
    'https://app.example' });
for my $row (['no list', $hub], ['a list', $cors]) {
	my ($name, $asked) = @$row;

	for my $origin ('https://evil.example', 'null', '*',
	    'https://app.example.evil.example', 'http://hub.example') {
		for my $method (qw(HEAD OPTIONS)) {
			my $answer = $asked->request($method,
			    "$path?topic=a", undef,
			    headers => { Origin => $origin,
			    'Access-Control-Request-Method' => 'GET' });

			unlike $answer->{head}, qr/^Access-Control-/mi,
			    "museum 12: $name, $method from $origin";
		}
	}
}

# 13: 403 where the client should have been asked for a token.
my $closed = Hub->start(config => { MERCURE_HUB_ALLOW_ANONYMOUS => 'false' });
for my $row (['no token', undef, 401], ['a bad token', 'a.b.c', 401],
    ['an expired token', Token::publisher(undef, more => { exp => 1 }), 401],
    ['a token without the right', Token::publisher([]), 403],
    ['the right', $bearer, 200]) {
	my ($name, $token, $status) = @$row;
	my $answer = $closed->publish(topic => 'a', token => $token);

	is $answer->status, $status, "museum 13: publish, $name: $status";
	is defined $answer->header('WWW-Authenticate'), $status == 401,
	    "museum 13: publish, $name: asked for a token or not";
}
for my $row (['no token', undef, 401], ['a bad token', 'a.b.c', 401],
    ['no rights', Token::subscriber([]), 200]) {
	my ($name, $token, $status) = @$row;

	is $closed->request('HEAD', "$path?topic=a", undef,
	    token => $token)->status, $status,
	    "museum 13: subscribe, $name: $status";
}

# 15: all topics of an update but the first were dropped.
%w = watch(first => { topic => 'one' }, second => { topic => 'two' },
    third => { topic => 'three', token => Token::subscriber(['two']) });
$hub->publish_ok(topic => [qw(one two three)], data => 'x');
$hub->publish_ok(topic => [qw(one two three)], data => 'p', private => 'on');
is_deeply data($w{first}), ['x'], 'museum 15: the first topic';
is_deeply data($w{second}), ['x'], 'museum 15: the second topic';
is_deeply data($w{third}), ['x', 'p'],
    'museum 15: the third, with a right to the second';

# 16: text was cut into lines where Python would, not where browsers do.
my $odd = join 'x', map { chr } 0x0b, 0x0c, 0x1c .. 0x1e, 0x85, 0x2028,
    0x2029;
utf8::encode($odd);
%w = watch(a => {});
$hub->publish_ok(topic => 'a', data => "1${odd}2\n3");
is_deeply data($w{a}), ["1${odd}2\n3"],
    'museum 16: no other character ends a line';

# 17: an event without data is one that browsers do not fire.
%w = watch(a => {});
my @ids = ($hub->publish_ok(topic => 'a'), $hub->publish_ok(topic => 'a',
    data => ''));
is_deeply events($w{a}), [ map { { kind => 'event', id => $_, data => '' } }
    @ids ], 'museum 17: no data and empty data are events';

# 19: tokens for ever, and everybody let in, without a word about it.
my (undef, $dump) = run([program('pushcgi'), 'config', '--config',
    $hub->{config_path}]);
like $dump, qr/^(?:# )?MERCURE_HUB_ALLOW_ANONYMOUS = true$/m,
    'museum 19: what is allowed by default can be printed';
my ($manual) = slurp(source('helpers/config/pushcgi.conf.5'))
    =~ /^\.It Ic MERCURE_HUB_ALLOW_ANONYMOUS\n(.*?)^\.It/ms;
like $manual, qr/^Default:\n\.Ql true/m, 'museum 19: and the manual says it';
my (undef, $token) = $hub->helper(['subscriber-jwt', '--topic', 'a']);
like MIME::Base64::decode_base64url((split /\./, $token)[1]),
    qr/"exp":\d{10}\b/, 'museum 19: tokens that the helper makes expire';

# 21: an odd event id ended the hub.
for my $id ('#', '#x', '#' . 'A' x 21, '#' . 'A' x 22, '#' . 'A' x 23,
    '#' . '-' x 22, '#' . '_' x 22, '#' . 'A' x 21 . '=', '##', '-1:0',
    '0:0', '99999999999999999999:1', ':', ',', '%', '%n%s', ' ', "\xff",
    '[1,2,3]', '1,,2', 'A' x 4000) {
	for my $how ([last_event_id => $id], [query =>
	    [lastEventID => $id]]) {
		my $answer = $hub->subscribe(topic => 'never', @$how);

		like $answer->status // 'none', qr/^(?:200|400)\z/,
		    'museum 21: an answer to '
		    . Hub::encode(substr $id, 0, 30);
		$answer->hang_up;
	}
}
lives('museum 21: the hub goes on');

# 22: a publish with odd fields freed what was still in use.
for my $body ('', '&', '=', '&&&=&', '%', 'topic', 'topic=%', 'topic=%0',
    'topic=a&topic', 'topic=a&data', 'topic=a&data=%&id', 'a=' x 500,
    '=&' x 99, 'topic=a&' . 'data=x&' x 90, 'topic=a&private&private=&id=&',
    'topic=a&id=' . '%F0%9F%92%A9' x 256, 'topic=a&retry=0&retry=x',
    "topic=a&data=\xed\xa0\x80", '%74opic=a&dat%61=x&' . '+' x 1000) {
	like $hub->publish(body => $body)->status // 'none',
	    qr/^(?:200|400)\z/, 'museum 22: an answer to '
	    . Hub::encode(substr $body, 0, 20);
}
lives('museum 22: the hub goes on');

# 28: a FastCGI port that the whole network could speak to.
is +(stat $hub->{address} =~ s/^unix://r)[2] & 07777, 0660,
    'museum 28: the socket is for its user and group';
my ($status, undef, $why) = run([program('pushcgi.fcgi'), '--config',
    $hub->{config_path}, '--listen', 'tcp:0.0.0.0:0']);
isnt $status, 0, 'museum 28: no port for everybody';
like $why, qr/FCGI_WEB_SERVER_ADDRS|loopback/,
    'museum 28: and it is said what would be';

done_testing;
