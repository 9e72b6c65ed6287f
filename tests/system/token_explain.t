# SPDX-License-Identifier: MIT
# token_explain.t - what pushcgi token-explain says of tokens, and what the hub does with them.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use JSON::PP ();
use KeyPair;
use KeyServer;
use PushcgiTest;
use Test::More;

my $json = JSON::PP->new->utf8->canonical;
my %keys = (subscriber => Token::SUBSCRIBER_KEY,
    publisher => Token::PUBLISHER_KEY);
my %right = (subscriber => 'subscribe', publisher => 'publish');
# With every line of the log.
my $hub = Hub->start(config => { MERCURE_LOG_LEVEL => 'debug' });
my @checks = qw(form header key signature claims times rights);

# (exit code, what it printed)
sub told {
	my ($of, $token, @arguments) = @_;
	my ($exit, $out, $err) = $of->helper(['token-explain', @arguments],
	    input => $token);

	is $err, '', "no complaint: @arguments" if $exit < 2;
	return ($exit, $out, $err);
}

# The same for one role as JSON; dies if it cannot be told.
sub explained {
	my ($of, $token, $role) = @_;
	my ($exit, $out, $err) = told($of, $token, '--json', '--role',
	    $role);

	die "token-explain: $exit $err" if $exit > 1;
	my ($one, @more) = @{ $json->decode($out) };
	is_deeply \@more, [], 'one role';
	is $one->{role}, $role, 'the one that was asked for';
	is $exit, $one->{accepted} ? 0 : 1, 'the exit code says the same';
	return $one;
}

sub failed_at {
	my ($one) = @_;
	my @failed = grep { $_->{result} eq 'no' } @{ $one->{checks} };

	return @failed == 1 ? $failed[0] : undef;
}

# What the hub does with it: the status, and why.
sub hub_says {
	my ($token, $role) = @_;
	my $before = length $hub->log_text;
	my $answer = $role eq 'publisher'
	    ? $hub->publish(topic => 't', data => 'x', token => $token)
	    : $hub->subscribe(topic => 't', token => $token);
	my $status = $answer->status;

	$answer->hang_up;
	return ($status, substr($hub->log_text, $before)
	    =~ /token refused \S+ reason="(.*)"$/m ? $1 =~ s/\\(.)/$1/gr
	    : undef);
}

# Whatever is wrong, it says what the hub's log says.
my %at;
for my $role (qw(subscriber publisher)) {
	for my $row (Token::bad_ones($keys{$role}, $right{$role})) {
		my ($name, $token) = @$row;
		my $one = explained($hub, $token, $role);
		my ($status, $why) = hub_says($token, $role);
		my $failed = failed_at($one);

		is $status, 401, "$role, $name: the hub refuses it";
		ok !$one->{accepted}, "$role, $name: so it says";
		is $failed->{detail}, $why, "$role, $name: for that reason";
		is_deeply [map { $_->{check} } @{ $one->{checks} }], \@checks,
		    "$role, $name: check by check";
		my ($before, $after) = map { join ' ', map { $_->{result} }
		    @$_ } split_at($one->{checks}, $failed->{check});
		like $before, qr/^(ok ?)*\z/, "$role, $name: what was in order";
		like $after, qr/^(unknown ?)*\z/,
		    "$role, $name: what the hub does not look at";
		$at{ $failed->{check} }++;
	}
}
is_deeply [grep { !$at{$_} } @checks], [], 'each check has failed once';

sub split_at {
	my ($list, $name) = @_;
	my ($at) = grep { $list->[$_]{check} eq $name } 0 .. $#$list;

	return [@$list[0 .. $at - 1]], [@$list[$at + 1 .. $#$list]];
}

# Good ones: what they grant.
my $good = Token::mint({ exp => time + 1000, mercure => {
    subscribe => ['https://example.com/{x}', "\x{e9}"], publish => [],
    payload => { user => 'alice', id => 42 } } }, Token::SUBSCRIBER_KEY);
my $one = explained($hub, $good, 'subscriber');
is((hub_says($good, 'subscriber'))[0], 200, 'the hub takes it');
ok $one->{accepted}, 'so it says';
is $one->{setting}, 'MERCURE_SUBSCRIBER_SECRET_KEY', 'by which key';
is_deeply $one->{topics}, ['https://example.com/{x}', "\x{e9}"],
    'what may be received';
is_deeply $one->{payload}, { user => 'alice', id => 42 }, 'its payload';
cmp_ok abs($one->{expires} - time - 1000), '<', 60, 'when it expires';
is $one->{bytes}, length $good, 'how long it is';
ok $one->{fits_cookie}, 'so it fits into a cookie';
my (undef, $text) = told($hub, Token::mint({ mercure => { subscribe => ['a'],
    payload => "a\x7fb\x{9b}c\e\x{e9}" } }, Token::SUBSCRIBER_KEY),
    '--role', 'subscriber');
like $text, qr/^Payload: "a\?b\?c\\u001B\xc3\xa9"$/m,
    'as text: nothing that a terminal would obey';
$one = explained($hub, $good, 'publisher');
is failed_at($one)->{check}, 'signature', 'for publishers, the wrong key';

my ($exit, $out) = told($hub, " Bearer\n") ;
is $exit, 1, 'no token at all';
($exit, $out) = told($hub, "\r\n$good \n");
is $exit, 0, 'both roles: one accepts it';
like $out, qr/^As a subscriber \(.*\n  times +ok: it expires at \d{4}-/s,
    'for people: check by check';
like $out, qr/\nAccepted;.* private ones of:\n  https.*"user":"alice"/s,
    'what it grants';
like $out, qr/\nAs a publisher .*\n  signature +NO: .*\n  claims +not checked/s,
    'and what is wrong';
like $out, qr/\nNot accepted: .*401\.\n\z/, 'with which answer';

# [name, role, claims, what the last lines say]
for my $row (
    ['no rights', 'subscriber', {}, qr/^Accepted, as an anonymous one/m],
    ['empty rights', 'publisher', { mercure => { publish => [] } },
	qr/^Accepted, but it may publish nothing/m],
    ['all', 'publisher', { mercure => { publish => ['*'] } },
	qr/^Accepted; it may publish to:\n  \*$/m],
    ['far too many', 'subscriber', { mercure => { subscribe =>
	[map { "t$_" } 1 .. 300] } }, qr/MERCURE_MAX_MATCHERS/],
    ['for ever', 'subscriber', { mercure => { subscribe => ['*'] } },
	qr/times +ok: it never expires/],
    ['beyond a cookie', 'subscriber', { mercure => { subscribe =>
	['x' x 2000, 'y' x 1000] } }, qr/cookie +too long: \d+ bytes/]) {
	my ($name, $role, $claims, $want) = @$row;
	my $token = Token::mint($claims, $keys{$role});

	($exit, $out) = told($hub, $token, '--role', $role);
	like $out, $want, "$name: it says so";
	my ($status) = hub_says($token, $role);
	is $exit, $status == 401 ? 1 : 0, "$name: as the hub has it";
	unlike $out, qr/\Q$keys{$role}\E/, "$name: no secret";
	my ($signature) = $token =~ /\.([^.]+)\z/;
	unlike $out, qr/\Q$signature\E/, "$name: no signature";
}

# Several public keys, and none.
my ($first, $second) = map { KeyPair->new('ES256', $_) } qw(first second);
my $public = Hub->new(config => {
    MERCURE_SUBSCRIBER_SECRET_KEY => KeyPair::jwks($first, $second),
    MERCURE_PUBLISHER_SECRET_KEY => undef });
$one = explained($public, $second->subscriber, 'subscriber');
ok $one->{accepted}, 'a public key';
is $one->{checks}[1]{detail}, 'alg ES256, kid second', 'its header';
is $one->{checks}[3]{detail}, 'by key 2 of 2', 'which of them';
$one = explained($public, $good, 'subscriber');
is failed_at($one)->{check}, 'key', 'none for its algorithm';
$one = explained($public, $good, 'publisher');
is failed_at($one)->{check}, 'key', 'no key is set';
like failed_at($one)->{detail}, qr/MERCURE_PUBLISHER_SECRET_KEY is not set/,
    'and which setting it is';

# Keys at a URL: those that the hub has fetched.
my $provider = KeyServer->start;
my $fetching = Hub->new(config => { MERCURE_CA_FILE => $provider->{ca},
    MERCURE_SUBSCRIBER_SECRET_KEY => "\@$provider->{url}" });
my $err;
($exit, $out, $err) = told($fetching, $first->subscriber, '--role',
    'subscriber');
is $exit, 3, 'not fetched yet: it cannot be told';
like $err, qr/\Apushcgi: MERCURE_SUBSCRIBER_SECRET_KEY: .*fetched.*\n\z/,
    'and why';
$provider->serves(KeyPair::jwks($first));
$fetching->start;
wait_until('the hub has fetched them', sub {
	(told($fetching, $first->subscriber, '--role=subscriber'))[0] == 0;
});
$one = explained($fetching, $second->subscriber, 'subscriber');
is failed_at($one)->{check}, 'signature', 'another key than the fetched';

# [name, arguments, standard input, exit code, what the sentence holds]
for my $row (
    ['nothing', [], '', 3, qr/no token on standard input/],
    ['blanks', [], " \r\n", 3, qr/no token on standard input/],
    ['no end', [], 'x' x 100000, 3, qr/more bytes than any token/],
    ['no such role', ['--role', 'reader'], $good, 2,
	qr/subscriber or publisher/],
    ['the token as an argument', [$good], '', 2, qr/too many/],
    ['no configuration', ['--mercure-retry=x'], $good, 3, qr/MERCURE_RETRY/i],
    ) {
	my ($name, $arguments, $input, $code, $want) = @$row;

	($exit, $out, $err) = told($hub, $input, @$arguments);
	is $exit, $code, "$name: exit $code";
	is $out, '', "$name: no output";
	like $err, qr/\Apushcgi: [^\n]+\n\z/, "$name: one sentence";
	like $err, $want, "$name: it names the fix";
	unlike $err, qr/eyJ/, "$name: and no token";
}

done_testing;
