# SPDX-License-Identifier: MIT
# session.t - what is granted to an application's own session, in open streams
# and new ones, in all processes.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Digest::SHA qw(sha256_hex);
use Hub;
use JSON::PP;
use Presence;
use PushcgiTest;
use Test::More;

my %settings = (MERCURE_SESSION_COOKIE => 'PHPSESSID');
my $hub = Hub->start(config => \%settings);
my $other = Hub->start(queue_of => $hub, config => \%settings);
my $ids = 0;

# Another session's id, as PHP makes them.
sub new_id {
	return sprintf 'k3s0v2q9b1m8%014d', ++$ids;
}

sub session {
	my ($input, @arguments) = @_;
	my $text = ref $input ? join('', map { "$_\n" } @$input) : "$input\n";

	return $hub->helper(['session', @arguments], input => $text);
}

sub session_ok {
	my ($input, @arguments) = @_;
	my ($exit, $out, $err) = session($input, @arguments);

	is $exit, 0, "session @arguments" or diag $err;
	is $err, '', "session @arguments: no complaint";
	return $out;
}

sub cookie {
	my ($id) = @_;

	return { Cookie => "a=b; PHPSESSID=$id" };
}

my $end = 0;

# What a stream gets of private updates to these topics, published now.
sub gets {
	my ($stream, @topics) = @_;
	my $mark = 'end' . ++$end;

	$hub->publish_ok(topic => $_, data => "$_ $mark", private => 'on')
	    for @topics;
	$hub->publish_ok(topic => 'end', data => $mark);
	return [map { s/ $mark\z//r } grep { / $mark\z/ }
	    @{ $stream->data_until($mark) }];
}

# Streams of a session and of others, in both processes.
my $id = new_id();
session_ok($id, 'grant', 'a', 'b/{x}');
my %stream;
for my $row (['the session', cookie($id)],
    ['the first of two cookies',
	{ Cookie => "PHPSESSID=$id; PHPSESSID=" . new_id() }],
    ['the second of two', { Cookie => 'PHPSESSID=' . new_id()
	. "; PHPSESSID=$id" }, 1],
    ['an unknown session', cookie(new_id()), 1],
    ['no session', {}, 1],
    ['what cannot be one', cookie('short'), 1],
    ['another cookie', { Cookie => "CGISESSID=$id" }, 1],
    ['encoded', cookie($id =~ s/(.)/sprintf '%%%02x', ord $1/ger)],
    ['a token beside it', { %{ cookie($id) }, Authorization => 'Bearer '
	. Token::subscriber(['c']) }, 1]) {
	my ($name, $headers, $anonymous) = @$row;

	for my $process ($hub, $other) {
		my $s = $process->stream(topic => ['a', 'b/1', 'c', 'end'],
		    headers => $headers);
		my $got = gets($s, 'a', 'b/1', $name =~ /token/ ? () : 'c');

		is_deeply $got, $anonymous ? [] : ['a', 'b/1'], $name;
		$stream{$name} //= $s;
	}
}
is $hub->subscribe(topic => 'a', headers => { %{ cookie($id) },
    Authorization => 'Bearer x' })->status, 401,
    'a bad token is not made good by a session';

# A script that looks sees by whose rights its page is served.
for my $row (['anonymous', {}], ['anonymous', cookie(new_id())],
    ['session', cookie($id)],
    ['token', { Authorization => 'Bearer ' . Token::subscriber(['c']) }],
    ['token', { %{ cookie($id) }, Authorization => 'Bearer '
	. Token::subscriber([]) }]) {
	my ($whose, $headers) = @$row;
	my $stream = $hub->stream(topic => 'a', headers => $headers);
	my $head = $hub->request('HEAD', Hub::URL_PATH . '?topic=a', undef,
	    headers => $headers);

	is $_->header('Pushcgi-Subscriber'), $whose, "whose rights: $whose"
	    for $stream, $head;
	$stream->hang_up;
}

# Grants may never publish.
is $hub->publish(topic => 'a', data => 'x', token => undef, headers =>
    { %{ cookie($id) }, Origin => 'http://hub.example' })->status, 401, 'no session may publish';

# In open streams, of both processes.
my $here = $hub->stream(topic => ['a', 'x', 'end'], headers =>
    cookie(my $late = new_id()));
my $there = $other->stream(topic => ['a', 'x', 'end'], headers =>
    cookie($late));
is_deeply gets($_, 'a', 'x'), [], 'nothing yet' for $here, $there;
session_ok($late, 'grant', 'x');
is_deeply gets($_, 'a', 'x'), ['x'], 'granted' for $here, $there;
session_ok($late, 'grant', 'a');
is_deeply gets($_, 'a', 'x'), ['a', 'x'], 'and more' for $here, $there;
session_ok($late, 'revoke', 'x');
is_deeply gets($_, 'a', 'x'), ['a'], 'and less' for $here, $there;
is_deeply gets($stream{'no session'}, 'a', 'x'), [], 'others are not touched';

# All is lost: the streams end where they are, and go on from there.
session_ok($late, 'revoke');
for my $s ($here, $there) {
	my ($last) = reverse $s->finished->all;

	ok Answer::is_cursor($last), 'it ends with its position';
	my $again = $hub->stream(topic => ['a', 'end'], headers =>
	    cookie($late), last_event_id => $last->{id});
	is_deeply gets($again, 'a'), [], 'and comes back as anonymous';
	is $again->header('Pushcgi-Subscriber'), 'anonymous', 'and says so';
}

# Another id.
my ($old, $new) = (new_id(), new_id());
session_ok($old, 'grant', '--payload={"user":1}', '--lifetime=100', 'a');
my $login = $hub->stream(topic => ['a', 'after', 'end'],
    headers => cookie($old));
my $unknown = $other->stream(topic => ['a', 'end'], headers =>
    cookie(my $never = new_id()));
is_deeply gets($login, 'a'), ['a'], 'with its first id';
session_ok([$old, $new], 'move');
session_ok([$never, new_id()], 'move');
session_ok($new, 'grant', 'after');
is_deeply gets($login, 'a', 'after'), ['a'],
    'for a moment the old one has what it had, and no more';
$login->finished;
$login = $hub->stream(topic => ['a', 'end'], headers => cookie($new));
is_deeply gets($login, 'a'), ['a'], 'with its new one';
is_deeply gets($hub->stream(topic => ['a', 'end'], headers => cookie($old)),
    'a'), [], 'whoever knows the old one has nothing';
$unknown->finished;
pass 'streams of a session without rights come back too';

# Who is here: the payload is the session's, and another one is told.
sub payloads {
	return [grep { defined } map { $_->{payload} }
	    @{ subscriptions($hub, 'a')->{subscriptions} }];
}
sub shows {
	my ($user) = @_;

	# Its row is written after the stream is open.
	wait_until("user $user is shown", sub {
		return join(' ', map { $_->{user} } @{ payloads() }) eq $user;
	});
	pass "the payload of user $user is shown";
}
shows(1);
session_ok($new, 'grant', '--payload={"user":2}', 'a');
$login->finished;
$login = $hub->stream(topic => ['a', 'end'], headers => cookie($new));
shows(2);

# The API goes by sessions as well.
session_ok(my $watch = new_id(), 'grant', '--lifetime=7',
    SUBSCRIPTIONS . '{/topic}{/subscriber}');
for my $row ([$watch, 200], [$new, 403], [new_id(), 401]) {
	is $hub->request('GET', api_path('a'), undef, headers =>
	    cookie($row->[0]))->status, $row->[1], "the API: $row->[1]";
}

# What there is, by digest only.
my %listed = map { my ($key, @rest) = split /\t/; $key => \@rest }
    split /\n/, session_ok('', 'list');
is_deeply [sort keys %listed], [sort map { sha256_hex($_) } $id, $new, $watch],
    'all that have something are listed';
my @json = map { JSON::PP->new->utf8->decode($_) } split /\n/,
    session_ok($new, 'list', '--json', '--of');
is @json, 1, 'or one';
is $json[0]{session}, sha256_hex($new), 'which is this one';
is_deeply $json[0]{topics}, ['a', 'after'], 'with its topics';
is_deeply $json[0]{payload}, { user => 2 }, 'its payload';
cmp_ok abs($json[0]{expires} - time - 3600), '<', 60, 'and its end';
is session_ok(new_id(), 'list', '--of'), '', 'or none';

# When its time is up: the stream ends, and what comes back is anonymous.
session_ok(my $short = new_id(), 'grant', '--lifetime=1', 'a');
my $brief = $hub->stream(topic => ['a', 'end'], headers => cookie($short));
$brief->finished;
pass 'it ends with its time';

# No rights, no stream, where nobody is anonymous.
my $closed = Hub->start(queue_of => $hub, config => { %settings,
    MERCURE_HUB_ALLOW_ANONYMOUS => 'false' });
is $closed->subscribe(topic => 'a', headers => cookie(new_id()))->status, 401, 'an unknown session is anonymous';
my $known = $closed->stream(topic => ['a', 'end'], headers => cookie($id));
is_deeply gets($known, 'a'), ['a'], 'a known one is not';

# Switched off by a reload: streams that went by it end.
$closed->configure(MERCURE_SESSION_COOKIE => undef);
$closed->reload;
$known->finished;
pass 'no session counts any more';

# What is refused. [input, arguments, exit code, complaint]
for my $row (
    ['', ['grant', 'a'], 1, qr/Write the session id to standard input/],
    ['short', ['grant', 'a'], 1, qr/16 to 1024 characters/],
    ["$id\n$id", ['grant', 'a'], 1, qr/too much on standard input/],
    ["$id\0x", ['grant', 'a'], 1, qr/control characters/],
    ['x' x 5000, ['grant', 'a'], 1, qr/too much|1024 characters/],
    [$id, ['move'], 1, qr/old session id and the new one/],
    [$id, ['grant'], 2, qr/topic is missing/],
    [$id, ['move', 'a'], 2, qr/takes no topic/],
    [$id, ['drop'], 2, qr/grant, move, revoke or list/],
    [$id, ['revoke', '--lifetime=1'], 2, qr/--lifetime does not belong/],
    [$id, ['grant', '--payload={', 'a'], 1, qr/payload is not JSON/],
    [$id, ['grant', '--lifetime=0', 'a'], 1, qr/lifetime is not between/],
    [$id, ['grant', ''], 1, qr/topic/],
    [$id, ['grant', "a\nb"], 1, qr/control characters/],
    [$id, ['grant', map { "t$_" } 1 .. 101], 1, qr/MERCURE_MAX_MATCHERS/],
    [$id, ['grant', '--mercure-session-cookie=', 'a'], 1,
	qr/MERCURE_SESSION_COOKIE/],
    [$id, ['grant', '--mercure-hub-url=https://hub.example/', 'a'], 1,
	qr/MERCURE_HUB_URL/]) {
	my ($input, $arguments, $status, $complaint) = @$row;
	my ($exit, $out, $err) = session($input, @$arguments);
	my $name = substr "session @$arguments", 0, 60;

	is $exit, $status, "$name: exit $status";
	like $err, $complaint, "$name: why";
	is $out, '', "$name: nothing is printed";
	unlike $err, qr/\Q$id\E/, "$name: the id stays a secret";
}
unlike $_->log_text, qr/k3s0v2q9b1m8/, 'nor is it in a log' for $hub, $other;

done_testing;
