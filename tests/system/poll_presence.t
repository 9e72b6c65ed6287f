# SPDX-License-Identifier: MIT
# poll_presence.t - a subscriber that polls stays listed between its responses.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use Presence;
use PushcgiTest;
use Test::More;

my %config = (MERCURE_POLL_WAIT => 3600);
my $hub = Hub->start(config => \%config);
my $other = Hub->start(queue_of => $hub, config => \%config);
my $watch = $other->stream(topic => SUBSCRIPTIONS . '/{t}/{s}',
    token => all_events());
my $token = Token::subscriber(['*']);
my $n = 0;

events($watch, 1);	# of itself

sub poll {
	my ($at, %o) = @_;

	return ($o{hub} || $hub)->stream(topic => ['a', 'b'],
	    query => [delivery => 'poll'], token => $token,
	    defined $at ? (last_event_id => $at) : (), %o);
}

# Wait until the end of a response is written: a browser comes back half a
# second later, this test at once.
my $until_ms = 0;
sub written {
	wait_until('the row says away', sub {
		my (undef, $now) = run(['sqlite3', '-readonly', $hub->{queue},
		    'SELECT max(until_ms) FROM subscribers WHERE owner = 0']);
		my $later = $now =~ /^(\d+)/ && $1 > $until_ms;

		$until_ms = $1 if $later;
		return $later;
	});
}

# Let it end by an update; returns its position.
sub polled {
	my ($answer) = @_;

	$hub->publish_ok(topic => 'b', data => ++$n);
	$answer->until('the end', sub { $answer->is_over });
	my @items = $answer->all;
	is_deeply [map { $_->{data} } grep { $_->{kind} eq 'event' } @items],
	    [$n], "update $n: delivered";
	written();
	return $items[-1]{id};
}

# Who is there for a topic, but for what else the tests open.
sub who { return map { (split)[1] } @{ there($_[0] || $hub, 'a') } }

# What is told after `action`: topics with + or -, and of whom.
sub told {
	my ($count) = @_;

	return [sort map { ($_->{active} ? '+' : '-') . $_->{topic} }
	    events($watch, $count)];
}

my $first = poll();
is_deeply told(2), ['+a', '+b'], 'it begins';
my ($id) = who();
my $at = polled($first);
is length $at, 44, 'its position leads to its row';
is_deeply [who()], [$id], 'between two responses it is there';

# It comes back again and again, in one process or the other.
for my $h ($hub, $other, $hub) {
	my $again = poll($at, hub => $h);

	is_deeply [who($h)], [$id], 'back: the same subscriber';
	$at = polled($again);
}
is_deeply [who()], [$id], 'and still the same';

# Also by a response that ends before its beginning was written.
sub parked_until {
	my (undef, $ms) = run(['sqlite3', '-readonly', $hub->{queue},
	    "SELECT until_ms FROM subscribers WHERE subscriber = '$id'"]);

	return 0 + $ms;
}
for my $h ($hub, $other) {
	my $until = parked_until();

	$hub->publish_ok(topic => 'a', data => ++$n);
	my $short = poll($at, hub => $h);
	$short->until('the end', sub { $short->is_over });
	$at = ($short->all)[-1]{id};
	wait_until('it has longer', sub { parked_until() > $until });
	is_deeply [who()], [$id], 'a short response: the same, for longer';
}

# Nobody was told of any of that: the next to be told of is another one.
my $stranger = $hub->stream(topic => 'z');
is_deeply told(1), ['+z'], 'nothing was told meanwhile';

# Who is not the same does not go on as it.
for my $row (['another token', token => Token::subscriber(['*', 'x'])],
    ['no token', token => undef], ['other topics', topic => ['a', 'c']]) {
	my ($name, @o) = @$row;
	my $not = poll($at, @o);
	my @new = sort map { substr $_, 1 } @{ told(2) };

	is scalar(my @all = who()), 2, "$name: another subscriber";
	$not->hang_up;
	told(2);
	is_deeply [who()], [$id], "$name: the first is still there";
}
my $same = poll($at);
my $copy = poll($at);
is_deeply told(2), ['+a', '+b'], 'a copied position: another subscriber';
is scalar(my @both = who()), 2, 'and the first goes on';
$_->hang_up for $same, $copy;
is_deeply told(4), ['-a', '-a', '-b', '-b'], 'who hangs up has ended';

# A hub that ends marks it as away, too, because its peer will be back at once.
my $away = poll();
told(2);
($id) = who();
$hub->stop;
$away->until('the end', sub { $away->is_over });
$at = ($away->all)[-1]{id};
is_deeply [who($other)], [$id], 'the hub ends: still there';
$hub->start;
my $back = poll($at);
is_deeply [who()], [$id], 'and back after the start';
$back->hang_up;
my @told = @{ told(3) };
is_deeply \@told, ['-a', '-b', '-z'], 'with nothing told but real ends';

# Who does not come back has ended once its time is up.
my $short = Hub->start(queue_of => $hub, config => {
    MERCURE_POLL_WAIT => 1 });
my $gone = poll(undef, hub => $short);
told(2);
is_deeply told(2), ['-a', '-b'], 'its time is up: it has ended';
is_deeply [who()], [], 'and is not listed';
$gone->until('the end', sub { $gone->is_over });
my $late = poll(($gone->all)[-1]{id});
is_deeply told(2), ['+a', '+b'], 'a subscriber that comes too late begins again';

done_testing;
