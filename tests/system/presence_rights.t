# SPDX-License-Identifier: MIT
# presence_rights.t - presence ends with the right it came with, also between
# two responses of long polling.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use Presence;
use PushcgiTest;
use Test::More;

my %config = (MERCURE_POLL_WAIT => 3600, MERCURE_SESSION_COOKIE => 'SID');
my $hub = Hub->start(config => \%config);
my $other = Hub->start(queue_of => $hub, config => \%config);
my ($count, $n) = (0, 0);
my @hubs = ($hub, $other);

sub session {
	my ($input, @arguments) = @_;
	my ($exit, $out, $err) = $hub->helper(['session', @arguments],
	    input => join('', map { "$_\n" } ref $input ? @$input : $input));

	die $err if $exit;
}

# How many are there, by `pushcgi connected`.
sub connected {
	my ($exit, $out, $err) = $hub->helper(['connected', '--count',
	    @_]);

	die $err if $err ne '';
	return $out + 0;
}

# How many rows wait, and belong to no process.
sub waiting {
	my (undef, $out) = run(['sqlite3', '-readonly', $hub->{queue},
	    'SELECT count(*) FROM subscribers WHERE owner = 0']);

	return $out + 0;
}

# Open a response, let an update end it, and wait until its subscriber waits.
sub polled {
	my ($topic, %o) = @_;
	my $at = delete $o{hub} || $hub;
	my $before = waiting();
	my $answer = $at->stream(topic => $topic,
	    query => [delivery => 'poll'], %o);

	$at->publish_ok(topic => $topic, data => ++$n);
	$answer->until('the end', sub { $answer->is_over });
	wait_until('it waits', sub { waiting() > $before });
	return ($answer->all)[-1]{id};
}

sub cookie { return (headers => { Cookie => "SID=$_[0]" }) }

my $watch = $other->stream(topic => SUBSCRIPTIONS . '/{t}/{s}',
    token => all_events());
events($watch, 1);

sub told {
	my ($count) = @_;

	return [map { ($_->{active} ? '+' : '-') . $_->{topic} }
	    events($watch, $count)];
}

# Sessions, in both processes. [what happens, who is there afterwards]
for my $row (
    ['a revoke', sub { session($_[0], 'revoke') }, 0],
    ['another payload', sub {
	session($_[0], 'grant', '--payload={"user":"bob"}', 'x') }, 0],
    ['another id', sub { session([$_[0], "moved-to-this-one-$count"],
	'move') }, 0],
    ['a revoke of some', sub { session($_[0], 'revoke', 'z') }, 1],
    ['a grant of more', sub { session($_[0], 'grant', 'more') }, 1]) {
	my ($name, $change, $left) = @$row;

	for my $h (@hubs) {
		my $id = sprintf 'session-of-alice-%04d', ++$count;
		my $topic = "session $count";

		session($id, 'grant', '--payload={"user":"alice"}', 'x', 'z');
		polled($topic, hub => $h, cookie($id));
		is connected($topic, 'user=alice'), 1, "$name: before";
		is_deeply told(1), ["+$topic"], "$name: told";
		$change->($id);
		is connected($topic, 'user=alice'), $left, "$name: after";
		is connected($topic), $left, "$name: as nobody else either";
		is_deeply told(1), ["-$topic"], "$name: told to have ended"
		    if !$left;
	}
}

# Who comes back is shown as what it is then.
my $sid = 'session-of-somebody-else';
session($sid, 'grant', '--payload={"user":"alice"}', 'x');
my $at = polled('back', cookie($sid));
session($sid, 'grant', '--payload={"user":"bob"}', 'x');
my $back = $hub->stream(topic => 'back', query => [delivery => 'poll'],
    last_event_id => $at, cookie($sid));
is_deeply told(3), ['+back', '-back', '+back'], 'another payload: it ends,'
    . ' and begins';
is connected('back', 'user=bob'), 1, 'as the other one';
is connected('back', 'user=alice'), 0, 'not as the first one as well';
$back->hang_up;
is_deeply told(1), ['-back'], 'and hangs up';

# A token's time: its row does not wait for longer.
my $end = time + 3;
polled('exp', token => Token::subscriber(['exp'], more => { exp => $end }));
is_deeply told(1), ['+exp'], 'exp: it is told';
is connected('exp'), 1, 'exp: and there';
is_deeply told(1), ['-exp'], 'exp: the end is told, while its response would'
    . ' wait for hours';
cmp_ok time, '>=', $end, 'exp: not before';
is connected('exp'), 0, 'exp: it is gone';

# Keys that leave, sessions and anybody that are allowed no more: after a reload
# of each process, which may be the first or the last.
sub reload_all {
	my (%settings) = @_;

	for my $h (@hubs) {
		$h->configure(%settings);
		my @before = $h->log_text =~ /configuration read again/g;
		$h->reload;
		wait_until('it is read again', sub {
			my @now = $h->log_text =~ /configuration read again/g;
			return @now > @before;
		});
	}
}

session($sid, 'grant', '--payload={"user":"carol"}', 'x');
my $key = 'another key of subscribers, of many bytes';
my $signed = sub { return Token::subscriber(['x'], @_) };
for my $row (
    ['a key', 'key', [token => $signed->()],
	{ MERCURE_SUBSCRIBER_SECRET_KEY => $key }],
    ['sessions', 'sessions', [cookie($sid)],
	{ MERCURE_SESSION_COOKIE => undef }],
    ['anybody', 'anybody', [],
	{ MERCURE_HUB_ALLOW_ANONYMOUS => 'false' }]) {
	my ($name, $topic, $o, $settings) = @$row;

	polled($topic, @$o, hub => $other);
	is connected($topic), 1, "$name: before";
	reload_all(%$settings);
	wait_until("$name: gone", sub { connected($topic) == 0 });
	pass "$name: after a reload it is gone";
}
polled('stays', token => $signed->(key => $key), hub => $other);
reload_all(MERCURE_RETRY => 2999);
is connected('stays'), 1, 'whose key stays does as well';

# Also when the process with the other settings has just been started.
$_->stop for @hubs;
$_->configure(MERCURE_SUBSCRIBER_SECRET_KEY => Token::SUBSCRIBER_KEY)
    for @hubs;
is connected('stays'), 1, 'without a process: it waits';
$hub->start;
wait_until('a start: gone', sub { connected('stays') == 0 });
pass 'after a start with another key it is gone';

# Switched off by a reload: no event leaves for anybody any more.
my $sees = $hub->stream(topic => '*', token => Token::subscriber(['*']));
wait_until('it is listed', sub { connected('*') == 1 });
@hubs = ($hub);
reload_all(MERCURE_HUB_SUBSCRIPTIONS => 'false');
my $unseen = $hub->stream(topic => 'unseen', token => $signed->());
wait_until('its row is there', sub {
	my (undef, $out) = run(['sqlite3', '-readonly', $hub->{queue},
	    "SELECT count(*) FROM subscriptions WHERE topic = 'unseen'"]);
	return $out == 1;
});
$hub->publish_ok(topic => 'end', data => 'end');
is scalar(grep { /unseen/ } @{ $sees->data_until('end') }), 0,
    'subscriptions off: nothing is told';

done_testing;
