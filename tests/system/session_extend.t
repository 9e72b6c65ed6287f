# SPDX-License-Identifier: MIT
# session_extend.t - a page that stays open keeps the rights of its session; a
# revocation and an explicit end count nevertheless.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use JSON::PP;
use PushcgiTest;
use Test::More;

# A stream asks for its extension when less than half is left, at the latest
# when a quarter is left, so a busy machine has four seconds for it.
my $lifetime = 16;
my $longest = 20;
my $ids = 0;

sub site {
	my (%settings) = @_;

	return (config => { MERCURE_SESSION_COOKIE => 'PHPSESSID',
	    MERCURE_SESSION_LIFETIME => $lifetime, %settings });
}

my %polls = (MERCURE_DELIVERY => 'poll', MERCURE_POLL_WAIT => 1);
my %short = (MERCURE_SESSION_MAX_EXTENSION => $longest);
my %never = (MERCURE_SESSION_MAX_EXTENSION => 0);
my $hub = Hub->start(site());
my $other = Hub->start(queue_of => $hub, site());
my $poll = Hub->start(site(%polls));
my $short = Hub->start(site(%short));
my $never = Hub->start(site(%never));

sub session {
	my ($at, $id, @arguments) = @_;
	my ($exit, $out, $err) = $at->helper(['session', @arguments],
	    input => "$id\n");

	is "$exit$err", '0', "session @arguments" if $arguments[0] ne 'list';
	return $out;
}

sub granted {
	my ($at, @arguments) = @_;
	my $id = sprintf 'k3s0v2q9b1m8%014d', ++$ids;

	session($at, $id, 'grant', @arguments, 'a');
	return $id;
}

# When the grant ends; 0: it has ended.
sub end_of {
	my ($at, $id) = @_;
	my $line = session($at, $id, 'list', '--json', '--of');

	return $line eq '' ? 0 : JSON::PP->new->utf8->decode($line)->{expires};
}

sub listen_to {
	my ($at, $id) = @_;

	return $at->stream(topic => ['a', 'end'],
	    headers => { Cookie => "PHPSESSID=$id" });
}

sub changes {
	my ($at) = @_;
	my (undef, $out) = run(['sqlite3', '-readonly', $at->{queue},
	    'SELECT session_change FROM meta']);

	return 0 + $out;
}

my $begun = time;
my $open = granted($hub);
my @streams = map { listen_to($_, $open) } $hub, $other, $hub, $other;
my $end = end_of($hub, $open);
my $polling = granted($poll);
my $polling_end = end_of($poll, $polling);
my $fixed = granted($short, "--lifetime=$lifetime");
my $fixed_stream = listen_to($short, $fixed);
my $fixed_end = end_of($short, $fixed);
my $capped = granted($short);
my $capped_stream = listen_to($short, $capped);
my $capped_end = end_of($short, $capped);
my $off = granted($never);
my $off_stream = listen_to($never, $off);
my $off_end = end_of($never, $off);
my $closed = granted($hub);
my $closed_end = end_of($hub, $closed);
my ($position, %poll_as) = ();

# A page that polls: one response, for which the hub waits a second.
sub polls_on {
	my $response = $poll->subscribe(topic => ['a', 'end'],
	    headers => { Cookie => "PHPSESSID=$polling" },
	    defined $position ? (last_event_id => $position) : ())->finished;
	my ($last) = reverse $response->all;

	$position = $last->{id};
	$poll_as{ $response->header('Pushcgi-Subscriber') }++;
}

my ($later, $polling_later, $capped_later) = ($end, $polling_end, $capped_end);
wait_until('streams and polls extend their sessions', sub {
	polls_on();
	$later = end_of($hub, $open) if $later == $end;
	$polling_later = end_of($poll, $polling)
	    if $polling_later == $polling_end;
	$capped_later = end_of($short, $capped)
	    if $capped_later == $capped_end;
	return $later > $end && $polling_later > $polling_end
	    && $capped_later > $capped_end;
});
cmp_ok $later - $end, '<=', $lifetime, 'an open stream extends its session';
cmp_ok $polling_later - $polling_end, '<=', $lifetime, 'so do polls';
cmp_ok abs($capped_later - $capped_end - $longest + $lifetime), '<=', 1,
    'but not beyond the longest time after the grant';

# When all of these would have ended by themselves.
wait_until('the first ends are over', sub {
	polls_on();
	return !grep { time <= $_ + 1 } $end, $polling_end, $fixed_end,
	    $off_end, $closed_end;
});
# On a busy machine a process may see the other's extension too late and end its
# streams.  A browser opens them again, and has the rights of its session.
for my $i (0 .. $#streams) {
	1 while $streams[$i]->pump(0);
	next unless $streams[$i]->is_over;
	$streams[$i] = listen_to($i % 2 ? $other : $hub, $open);
	is $streams[$i]->header('Pushcgi-Subscriber'), 'session',
	    'a stream that comes back has its rights';
}
$hub->publish_ok(topic => 'a', data => 'private', private => 'on');
$hub->publish_ok(topic => 'end', data => 'end');
is_deeply $_->data_until('end'), ['private'], 'the stream still receives'
    for @streams;
is_deeply [keys %poll_as], ['session'], 'no poll was anonymous';
my $held = int((time - $begun) / ($lifetime / 2));
cmp_ok changes($hub) - 2, '<=', $held,
    'four streams in two processes write as one does';
$_->finished for $fixed_stream, $off_stream;
is end_of($short, $fixed), 0, 'an explicit end was not extended';
is end_of($never, $off), 0, 'nothing was, where that is switched off';
is end_of($hub, $closed), 0, 'nor was a session without a stream';
$capped_stream->finished;
is end_of($short, $capped), 0, 'all ends when the longest time is over';

# A visitor logs out.
session($hub, $open, 'revoke');
for my $stream (@streams) {
	$stream->finished;
	is end_of($hub, $open), 0, 'revoked: the stream ends, for good';
}
$hub->publish_ok(topic => 'a', data => 'secret', private => 'on');
$hub->publish_ok(topic => 'end', data => 'end');
unlike $_->body, qr/secret/, 'nothing more was received' for @streams;
unlike $_->log_text, qr/k3s0v2q9b1m8|not extended/, 'the log is quiet'
    for $hub, $other, $poll, $short, $never;

done_testing;
