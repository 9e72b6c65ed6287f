# SPDX-License-Identifier: MIT
# presence_strangers.t - little is written of streams that anybody can open.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use Presence;
use PushcgiTest;
use Test::More;
use Time::HiRes qw(time);

# So long that no machine is too busy for it.
my $long = 60_000;

sub sql {
	my ($hub, $query) = @_;
	my ($status, $out, $err) = run(['sqlite3', '-readonly',
	    $hub->{queue}, $query]);

	die $err if $status;
	chomp $out;
	return $out;
}

# Rows of subscribers there are, and rows of updates there ever were.
sub written {
	my ($hub) = @_;

	return sql($hub, 'SELECT (SELECT count(*) FROM subscribers),'
	    . " coalesce((SELECT seq FROM sqlite_sequence), 0)");
}

sub listed {
	my ($hub, @names) = @_;

	wait_until("listed: @names", sub {
		my @there = map { s/ .*//r } @{ there($hub) };

		return "@there" eq "@names";
	});
	pass "listed: @names";
}

# Whoever has rights is written at once, whoever has none is not yet.
my $hub = Hub->start(config => { MERCURE_PRESENCE_DELAY => $long,
    MERCURE_SESSION_COOKIE => 'PHPSESSID' });
my $cookie = 'an-unknown-session-0001';
my @strangers = (
    $hub->stream(topic => 'anybody'),
    $hub->stream(topic => 'unknown', headers => {
	Cookie => "PHPSESSID=$cookie" }));
$hub->helper(['session', 'grant', 'a'], input => "known-session-000002\n");
my @members = (
    $hub->stream(topic => 'session', headers => {
	Cookie => 'PHPSESSID=known-session-000002' }),
    $hub->stream(topic => 'token', token => Token::subscriber(['a'])));
listed($hub, 'session', 'token');
$hub->publish_ok(topic => 'anybody', data => 'x');
is $strangers[0]->next_event->{data}, 'x', 'a stream without a row';

# Those who do not stay leave nothing, however many they are.
my $before = written($hub);
for my $n (1 .. 400) {
	$hub->stream(topic => [map { "crowd/$n/$_" } 1 .. 20])->hang_up;
}
my $id;
for my $n (1 .. 50) {
	my $poll = $hub->stream(topic => 'anybody',
	    query => [delivery => 'poll'], last_event_id => 'earliest');

	$poll->until('the end', sub { $poll->is_over });
	$id = ($poll->all)[-1]{id};
}
is length $id, 44, 'polls: the position leads back to the subscriber';
push @members, $hub->stream(topic => 'zz', token => Token::subscriber([]));
listed($hub, 'session', 'token', 'zz');
my ($rows, $updates) = split /\|/, $before;
is written($hub), join('|', $rows + 1, $updates + 1),
    'streams and polls that end early: nothing is written';
$_->hang_up for @strangers, @members;
$hub->stop;

# By default they are there after a second.
my $usual = Hub->start(config => { MERCURE_PRESENCE_DELAY => undef,
    MERCURE_PRESENCE_RATE => undef });
my $watch = $usual->stream(topic => SUBSCRIPTIONS . '/{t}/{s}',
    token => all_events());
events($watch, 1);
my $start = time;
my $stays = $usual->stream(topic => 'stays');
is +(events($watch, 1))[0]{topic}, 'stays', 'who stays is told of';
cmp_ok time - $start, '>=', 0.9, 'after a second';
$stays->hang_up;
my ($end) = events($watch, 1);
ok !$end->{active}, 'and so is the end';

# Polls that are all shorter than the delay count from the first.
my %late = (MERCURE_PRESENCE_DELAY => 2000);
my $one = Hub->start(config => \%late);
my $two = Hub->start(config => \%late, queue_of => $one);
my ($at, $polls) = (undef, 0);
$start = time;
until (@{ there($one, 'p') }) {
	my $poll = ($one, $two)[$polls++ % 2]->stream(topic => 'p',
	    query => [delivery => 'poll'],
	    defined $at ? (last_event_id => $at) : ());

	$one->publish_ok(topic => 'p', data => $polls);
	$poll->until('the end', sub { $poll->is_over });
	$at = ($poll->all)[-1]{id};
}
cmp_ok time - $start, '>=', 1.9, 'short polls: listed after the delay';
cmp_ok $polls, '>', 1, 'short polls: of several';
my ($first) = @{ there($one, 'p') };
for my $h ($one, $two, $two) {
	my $until = sql($one, 'SELECT max(until_ms) FROM subscribers');

	# A browser waits for half a second, this test does not.
	wait_until('its row says away', sub { sql($one, 'SELECT count(*)'
	    . ' FROM subscribers WHERE owner = 0') == 1 });
	my $poll = $h->stream(topic => 'p', query => [delivery => 'poll'],
	    last_event_id => $at);

	$one->publish_ok(topic => 'p', data => 'again');
	$poll->until('the end', sub { $poll->is_over });
	$at = ($poll->all)[-1]{id};
	wait_until('for longer', sub {
		sql($one, 'SELECT max(until_ms) FROM subscribers') > $until;
	});
}
is_deeply there($one, 'p'), [$first], 'and from then on as the same one';

# No more is written than the setting allows; members do not wait.
my $tight = Hub->start(config => { MERCURE_PRESENCE_RATE => 1000 });
my $busy = $tight->stream(topic => [map { "t$_" } 1 .. 50]);
wait_until('the first is listed', sub { @{ there($tight) } == 50 });
my $later = $tight->stream(topic => 'later');
my $member = $tight->stream(topic => 'member', token => Token::subscriber([]));
wait_until('a member is listed', sub { @{ there($tight, 'member') } });
wait_until('the log names the setting', sub {
	$tight->log_text =~ /wait to be written setting=MERCURE_PRESENCE_RATE/;
});
is_deeply there($tight, 'later'), [], 'a stranger has to wait';
$tight->publish_ok(topic => 'later', data => 'x');
is $later->next_event->{data}, 'x', 'but its stream does not';
$later->hang_up;
$tight->stop;
$tight->configure(MERCURE_PRESENCE_RATE => 0);
$tight->start;
my $free = $tight->stream(topic => 'free');
wait_until('without a limit it is listed', sub {
	@{ there($tight, 'free') } });
is sql($tight, "SELECT count(*) FROM updates WHERE data LIKE '%later%'"), 0,
    'whoever was never listed has not ended either';

done_testing;
