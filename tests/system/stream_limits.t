# SPDX-License-Identifier: MIT
# stream_limits.t - streams are counted from their first byte, with or without rows.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use CgiProcess;
use Hub;
use Presence;
use PushcgiTest;
use Test::More;
use WriteLock;

use constant LIMIT => 5;

my @settings = qw(MERCURE_MAX_CONNECTIONS MERCURE_MAX_CONNECTIONS_PER_TOKEN
    MERCURE_MAX_CONNECTIONS_PER_ADDRESS);

sub hubs {
	my ($n, %config) = @_;
	my @hubs = Hub->start(config => \%config);

	push @hubs, Hub->start(config => \%config, queue_of => $hubs[0])
	    for 2 .. $n;
	return @hubs;
}

my $token = Token::subscriber(['a']);

sub ask {
	my ($hub, %o) = @_;

	return $hub->subscribe(topic => 'a', token => $token,
	    peer => '198.51.100.1', %o);
}

# Ask each in turn until one more is refused by all: as many as got in.
sub fill {
	my ($hubs, %o) = @_;
	my @in;

	for (my $n = 0; $n < @$hubs;) {
		my $answer = ask($hubs->[0], %o);

		$answer->{hub} = $hubs->[0];
		push @$hubs, shift @$hubs;
		if ($answer->status == 200) {
			push @in, $answer;
			$n = 0;
		} else {
			$n++;
		}
	}
	return @in;
}

# The same as soon as those that have left are gone.
sub fill_up {
	my ($name, @hubs) = @_;
	my @in;

	wait_until("$name: who left makes room", sub {
		push @in, fill(\@hubs);
		return @in >= LIMIT;
	});
	is @in, LIMIT, "$name: who left makes room";
	return @in;
}

# Without a row of anybody each limit holds exactly, over three processes.
for my $setting (@settings) {
	my @hubs = hubs(3, $setting => LIMIT);

	# Nothing can be written of who is there.
	my $lock = WriteLock->new($hubs[0]);
	$lock->take;
	my @in = fill(\@hubs);
	is @in, LIMIT, "$setting: as many as may, without rows";
	is @{ there($hubs[0]) }, 0, 'nobody is listed';
	like ask($_)->finished->body, qr/\($setting\)/,
	    "$setting: each process refuses one more" for @hubs;
	is $hubs[1]->request('HEAD', Hub::URL_PATH . '?topic=a', undef,
	    token => $token, peer => '198.51.100.1')->status, 429,
	    "$setting: and HEAD";

	$lock->release;

	# A killed process frees its places at once, a stopped one does not.
	my @left = grep { $_ != $hubs[0] } @hubs;
	kill 'STOP', $hubs[0]{pid};
	is ask($left[0])->status, 429, "$setting: a stopped process counts";
	process_end($hubs[0]{pid}, 'KILL');
	my @again = fill(\@left);
	my $lost = grep { $_->{hub} == $hubs[0] } @in;
	cmp_ok $lost, '>', 0, "$setting: streams ended with their process";
	is @again, $lost, "$setting: so many may come now";
	$_->hang_up for @in, @again;
	fill_up($setting, @left);
}

# Many at the very same moment, again and again: never more than may.
for my $setting (@settings) {
	my @hubs = hubs(3, $setting => LIMIT);
	my @before;

	for my $round (1 .. 5) {
		$_->hang_up for @before;
		my @asked = map { ask($hubs[$_ % 3]) } 1 .. 60;
		my @in = grep { $_->status == 200 } @asked;
		my @refused = grep { $_->status == 429 } @asked;

		is @in + @refused, @asked, "$setting, round $round: 200 or 429";
		cmp_ok scalar(@in), '<=', LIMIT,
		    "$setting, round $round: not more than may";
		$_->hang_up for @in;
		@before = fill_up("$setting, round $round", @hubs);
	}
}

# A plain CGI has a process for each stream, too.
my ($beside) = hubs(1, MERCURE_MAX_CONNECTIONS => 3);
sub cgi {
	my ($method) = @_;

	return CgiProcess->new(params => Hub::params($method,
	    Hub::URL_PATH . '?topic=a', undef), log => $beside->{log},
	    config_path => $beside->{config_path});
}
my @cgis = map { cgi('GET')->opened } 1, 2;
is cgi('HEAD')->finished->status, 200, 'CGI: HEAD takes no place';
my $standing = ask($beside)->opened;
is cgi($_)->finished->status, 429, "CGI: $_ beyond the limit"
    for 'GET', 'HEAD';
is ask($beside)->status, 429, 'CGI: its streams count for others';
process_end($cgis[0]{pid}, 'KILL');
is cgi('GET')->status, 200, 'CGI: a killed one does not';
$_->hang_up for @cgis, $standing;

# Tokens of one subject count together, also if each is made for one page.
my ($subjects) = hubs(1, MERCURE_MAX_CONNECTIONS_PER_TOKEN => 2);
my $page = 0;
sub token_of {
	my ($subject) = @_;

	return Token::subscriber(['a'],
	    more => { sub => $subject, page => ++$page });
}
my @views = map { ask($subjects, token => token_of('alice'))->opened } 1, 2;
my $third = ask($subjects, token => token_of('alice'))->finished;
is $third->status, 429, 'a third token of a subject';
like $third->body, qr/MERCURE_MAX_CONNECTIONS_PER_TOKEN/, 'names the setting';
is ask($subjects, token => token_of($_))->status, 200, "subject '$_'"
    for 'bob', 'alic', '';
$_->hang_up for @views;

# Of one client: an IPv6 network, and however its address is written.
my @same = hubs(1, MERCURE_MAX_CONNECTIONS_PER_ADDRESS => 2);
for my $row (
    ['one /64', 200, 429, '2001:db8:1:2::1', '2001:db8:1:2:ffff::1'],
    ['two of them', 200, 200, '2001:db8:2:3::1', '2001:db8:2:4::1'],
    ['an IPv4 address in IPv6', 200, 429, '203.0.113.9',
	'::ffff:203.0.113.9'],
    ['two IPv4 addresses in IPv6', 200, 200, '::ffff:203.0.113.1',
	'::ffff:203.0.113.2']) {
	my ($name, $first, $last, @peers) = @$row;
	my @answers;

	for my $peer (@peers[0, 1, 0]) {
		push @answers, ask($same[0], peer => $peer);
		$answers[-1]->status;
	}
	is $answers[1]->status, $first, "$name: the second";
	is $answers[2]->status, $last, "$name: the third";
	$_->hang_up for @answers;
}

# A web server that tells no address: all are one, and the answer says so.
my @in = map { ask($same[0], peer => '') } 1 .. 2;
is $_->status, 200, 'without an address: streams' for @in;
my $refused = ask($same[0], peer => '')->finished;
is $refused->status, 429, 'without an address: as of one';
like $refused->body, qr/pass REMOTE_ADDR/, 'and what to do about it';
wait_until('the log says so', sub {
	$same[0]->log_text =~ /client has no address/ });
is ask($same[0])->status, 200, 'those with an address do not count to them';

# A limit that is set while streams are open counts all of them.
my @changed = hubs(2);
my @open = map { ask($_)->opened } @changed, @changed;
for my $setting (@settings) {
	for my $limit (4, 5) {
		for my $hub (@changed) {
			$hub->configure(map { ($_ => undef) } @settings);
			$hub->configure($setting => $limit);
			$hub->reload;
		}
		my $want = $limit == 4 ? 429 : 200;
		for my $hub (@changed) {
			wait_until("$setting = $limit holds", sub {
				my $answer = ask($hub);
				my $got = $answer->status == $want;

				$answer->hang_up;
				return $got;
			});
		}
		pass "$setting = $limit counts who came before it";
	}
}
$_->hang_up for @open;

# The files are exchanged under running hubs: their streams count on.
for my $row (['the sidecar', '-hub'], ['the database', '', '-wal', '-shm'],
    ['all of it', '', '-wal', '-shm', '-hub']) {
	my ($name, @files) = @$row;
	my @hubs = hubs(2, MERCURE_MAX_CONNECTIONS => LIMIT);
	my @before = map { ask($_)->opened } @hubs, $hubs[0];

	unlink map { "$hubs[0]{queue}$_" } @files;
	my @more;
	# Within a second each process enters its streams again.
	wait_until("$name is there again",
	    sub { -s "$hubs[0]{queue}-hub" && -s $hubs[0]{queue} });
	my $full = 0;
	wait_until("$name: both count all", sub {
		@more = grep { !$_->{eof} && $_->status == 200 } @more;
		push @more, grep { $_->status == 200 } map { ask($_) } @hubs;
		$full = @more >= 1 && !grep { ask($_)->status != 429 } @hubs;
		return 1 if $full && @before + @more == LIMIT;
		$_->hang_up for splice @more;
		return 0;
	});
	pass "$name: as many as may";
	$_->hang_up for @before, @more;
	fill_up($name, @hubs);
}

# Long polling: between two polls the place is kept, for its own subscriber
# alone.
my ($one, $two) = hubs(2, MERCURE_MAX_CONNECTIONS_PER_ADDRESS => 1,
    MERCURE_POLL_WAIT => 3600);
my @by_polls = (query => [delivery => 'poll']);
my $at;
for my $hub ($one, $two, $two, $one) {
	my $poll = ask($hub, @by_polls,
	    defined $at ? (last_event_id => $at) : ());

	is $poll->status, 200, 'a poll';
	is ask($_, @by_polls)->status, 429, 'while it is there: no other'
	    for $one, $two;
	$poll->opened;
	$one->publish_ok(topic => 'a', data => 'x');
	$poll->until('its end', sub { $poll->is_over });
	$at = ($poll->all)[-1]{id};
	is length $at, 44, 'its position leads to its place';
	is ask($_, @by_polls)->status, 429, 'between two polls: no other'
	    for $one, $two;
	is $one->request('HEAD', Hub::URL_PATH . '?topic=a', undef,
	    token => $token, last_event_id => $at)->status, 200,
	    'HEAD says that it may';
	is ask($two, @by_polls, token => undef, last_event_id => $at)->status,
	    429, 'another with its position may not';
	is ask($two)->status, 429, 'and leaves its place to it';
}

# In all, only what is open counts: whoever polled and left shuts nobody out.
my @polled = hubs(2, MERCURE_MAX_CONNECTIONS => LIMIT,
    MERCURE_POLL_WAIT => 3600);
my @polls = map { ask($_, @by_polls, token => undef)->opened } ($polled[0]) x 3,
    ($polled[1]) x 2;
is ask($_)->status, 429, 'all places are taken by polls' for @polled;
$polled[0]->publish_ok(topic => 'a', data => 'x');
for my $poll (@polls) {
	$poll->until('its end', sub { $poll->is_over });
}
my @newcomers = fill_up('polls that ended', @polled);
my ($back) = map { ($_->all)[-1]{id} } @polls;
is ask($polled[0], @by_polls, token => undef, last_event_id => $back)->status, 429,
    'who comes back is one more';
$newcomers[0]->hang_up;
my $again;
wait_until('there is room for who comes back', sub {
	$again = ask($polled[0], @by_polls, token => undef,
	    last_event_id => $back);
	return $again->status == 200;
});
is ask($polled[1])->status, 429, 'which is full again';

done_testing;
