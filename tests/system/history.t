# SPDX-License-Identifier: MIT
# history.t - every case of a last event id and of a cursor frame, by name.
#
# Three tables: what an answer says to a last event id, where cursor frames
# stand, and what leads on from them.  Streams below a newer database end with
# a cursor as well, and those of another one start over: database.t.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use File::Copy qw(copy);
use Hub;
use Load;
use PushcgiTest;
use Test::More;
use Time::HiRes qw(time);

my $path = Hub::URL_PATH;

sub link_of {
	my ($hub) = @_;
	my $answer = $hub->request('HEAD', "$path?topic=a");

	return ($answer->header('Link') =~ /last-event-id="(#[^"]*)"/)[0];
}

# The numbers of a stream's events, up to `end`.
# Not what the hub says of earlier streams, which have rows on a slow machine.
sub numbers { return join ' ', grep { !/^\{/ } @{ $_[0]->data_until('end') } }

# -- What an answer says to a last event id, and what it begins with.

# 60 updates and the end; the first 11 are pruned.  %at: cursors of the tail
# when so many were there.
use constant { KEEP => 50, COUNT => 60 };
my %config = (MERCURE_HUB_RECONCILIATION_LENGTH => KEEP);
my $hub = Hub->start(config => \%config);
my %at = (0 => link_of($hub));

# [name, last event id, what the answer says]
for my $row (['earliest', 'earliest', 'earliest'],
    ['an unknown id', 'urn:unknown', 'earliest'],
    ['the cursor of the beginning', $at{0}, $at{0}]) {
	my ($name, $id, $says) = @$row;
	my $stream = $hub->subscribe(topic => 'a', last_event_id => $id);

	is $stream->header('Last-Event-ID'), $says,
	    "nothing was published, $name: header";
	$stream->hang_up;
}

# What differs from a public update of topic a with an id of its own.
my %odd = (
	5 => { id => 'thrice' }, 20 => { id => 'thrice' },
	40 => { id => 'thrice' }, 30 => { topic => 'b' },
	35 => { private => 'on' }, 45 => { private => 'on',
	    topic => ['b', 'c'] }, 50 => { id => undef },
	55 => { id => "caf\xc3\xa9 \"x\", y" },
);
my @id;
for my $n (1 .. COUNT) {
	my %fields = (topic => 'a', id => "own:$n", data => $n,
	    %{ $odd{$n} || {} });

	$id[$n] = $hub->publish_ok(%fields);
	$at{$n} = link_of($hub);
}
$hub->publish_ok(topic => ['a', 'b', 'c'], data => 'end', id => 'own:end');
my $floor = COUNT + 1 - KEEP;

# What a stream of a gets behind a place.
sub behind {
	my ($place, @left_out) = @_;
	my %gone = map { $_ => 1 } 30, 35, 45, @left_out;

	return join ' ', grep { !$gone{$_} } $place + 1 .. COUNT;
}

my $all = behind($floor);
my $other = Hub->start;
$other->publish_ok(topic => 'a', data => 'x');
my $changed = $at{40} =~ s/^(#.{5})(.)/$1 . ($2 eq 'A' ? 'B' : 'A')/er;
# [name, last event id, known, events]
my @rows = (
	['the id of an update', 'own:25', 1, behind(25)],
	['the id of the oldest that is left', 'own:12', 1, behind(12)],
	['the id of the last but one', 'own:60', 1, ''],
	['an id that the hub made', $id[50], 1, behind(50)],
	['an id with other characters', $id[55], 1, behind(55)],
	['the id of an update of another topic', 'own:30', 1, behind(30)],
	['the id of a private update', 'own:35', 0, $all],
	['an id used again, the first pruned: the earliest left', 'thrice',
	    1, behind(20)],
	['a pruned id', 'own:5', 0, $all],
	['the id of the last that was pruned', "own:$floor", 0, $all],
	['an id that never was', 'urn:uuid:1', 0, $all],
	['an id in another case', 'OWN:25', 0, $all],
	['earliest', 'earliest', 0, $all],
	['earliest in another case', 'EARLIEST', 0, $all],
	['a cursor', $at{25}, 1, behind(25)],
	['a cursor behind the last that was pruned', $at{$floor}, 1, $all],
	['a cursor before the last that was pruned', $at{ $floor - 1 }, 0,
	    $all],
	['the cursor of the beginning, pruned since', $at{0}, 0, $all],
	['the cursor of the last but one', $at{60}, 1, ''],
	['a cursor of another database', link_of($other), 0, $all],
	['a cursor with a byte changed', $changed, 0, $all],
	['a cursor that is cut', substr($at{25}, 0, 20), 0, $all],
	['a cursor that is only a #', '#', 0, $all],
);

# The answers to one last event id, in every way to send it.
sub answers {
	my ($hub, $id, %o) = @_;

	return (
		['header', $hub->stream(topic => 'a', last_event_id => $id,
		    %o)],
		['parameter', $hub->stream(topic => 'a', query =>
		    [lastEventID => $id], %o)],
		['header before parameter', $hub->stream(topic => 'a',
		    last_event_id => $id, query => [lastEventID => 'own:15'],
		    %o)],
		['empty header, parameter', $hub->stream(topic => 'a',
		    last_event_id => '', query => [lastEventID => $id],
		    %o)],
	);
}

for my $row (@rows) {
	my ($name, $id, $known, $events) = @$row;
	my $says = $known ? $id : 'earliest';

	for my $answer (answers($hub, $id)) {
		my ($how, $stream) = @$answer;

		is $stream->header('Last-Event-ID'), $says,
		    "$name, $how: header";
		is numbers($stream), $events, "$name, $how: events";
		$stream->hang_up;
	}
	is $hub->request('HEAD', "$path?topic=a", undef, last_event_id => $id)
	    ->header('Last-Event-ID'), $says, "$name, HEAD: header";
}

# [name, last event id, token's rights, topics, events]: by the rights of the
# request that replays, whoever got the id.
for my $row (
    ['no token', 'own:34', undef, ['a'], behind(34)],
    ['a right to the topic', 'own:34', ['a'], ['a'],
	join ' ', grep { $_ != 45 } 35 .. 60],
    ['a right to another topic', 'own:34', ['b'], ['a'], behind(34)],
    ['a right to another topic of the update', 'own:44', ['c'], ['b'], '45'],
    ['all rights, all topics', 'own:28', ['*'], ['*'], join ' ', 29 .. 60],
    ['several selectors hit', 'own:44', ['*'], ['b', 'c', '*', 'a'],
	join ' ', 45 .. 60]) {
	my ($name, $id, $rights, $topics, $events) = @$row;

	is numbers($hub->stream(topic => $topics, last_event_id => $id,
	    token => $rights && Token::subscriber($rights))), $events,
	    "rights of a replay, $name";
}

# [name, options]: none was sent.
for my $row (['no id', {}], ['an empty header', { last_event_id => '' }],
    ['an empty parameter', { query => [lastEventID => ''] }],
    ['both empty', { last_event_id => '', query => [lastEventID => ''] }]) {
	my ($name, $o) = @$row;
	my $stream = $hub->stream(topic => 'a', cursor => 1, %$o);

	is $stream->header('Last-Event-ID'), undef, "$name: no header";
	$hub->publish_ok(topic => 'a', data => "live, $name");
	is $stream->next_event->{data}, "live, $name", "$name: live only";
}

# An older copy of the database knows nothing of what came later.
my $copied = Hub->new(config => \%config);
$hub->stop;
for my $file (glob "$hub->{queue} $hub->{queue}-wal") {
	copy($file, $copied->{queue} . substr $file, length $hub->{queue})
	    or die "copy: $!\n";
}
chmod 0660, glob "$copied->{queue}*";
$hub->start;
my $same = link_of($hub);
$hub->publish_ok(topic => 'a', data => 'only here');
my $beyond = link_of($hub);
$copied->start;
for my $row (['as far as the copy goes', $same, $same],
    ['beyond its last update', $beyond, 'earliest']) {
	my ($name, $cursor, $says) = @$row;

	is $copied->request('HEAD', "$path?topic=a", undef,
	    last_event_id => $cursor)->header('Last-Event-ID'), $says,
	    "a copy of the database, a cursor $name: header";
}
$_->stop for $copied, $hub, $other;

# -- Where cursor frames stand.

# The kinds of a stream's items, in their order.
sub kinds {
	my ($stream) = @_;

	return join ' ', map { Answer::is_cursor($_) ? 'cursor'
	    : $_->{kind} } grep { !defined $_->{retry} } $stream->all;
}

# Without the events of subscriptions, which move the log as well.
my $alive = Hub->start(config => { MERCURE_HUB_KEEPALIVE_INTERVAL => 1,
    MERCURE_HUB_SUBSCRIPTIONS => 'false' });
$alive->publish_ok(topic => 'a', data => 'a', id => 'own:a');
my $open = $alive->stream(topic => 'a', cursor => 1);
is kinds($open), 'comment cursor', 'cursor frame: at open, without an id';
for my $row (['an id', 'own:a'], ['earliest', 'earliest'],
    ['an unknown id', 'unknown'], ['a cursor', link_of($alive)]) {
	my ($name, $id) = @$row;
	my $stream = $alive->stream(topic => 'a', last_event_id => $id);

	is kinds($stream) =~ s/ event\z//r, 'comment',
	    "cursor frame: none at open with $name";
}

# While nothing moves, keep-alives are comments; then one names a position.
my $quiet = $alive->stream(topic => 'never', cursor => 1);
$quiet->until('three keep-alives', sub {
	return 3 < grep { $_->{kind} eq 'comment' } $quiet->all;
});
like kinds($quiet), qr/^comment cursor(?: comment){3,}\z/,
    'cursor frame: none with keep-alives while the log has not moved';
my ($first) = grep { Answer::is_cursor($_) } $quiet->all;
@{ $quiet->{sse}->items } = ();
for my $row (['another topic', topic => 'b'],
    ['a private update', topic => 'never', private => 'on']) {
	my ($name, @fields) = @$row;

	$alive->publish_ok(@fields, data => $name);
	my $cursor = $quiet->next_cursor;
	is $cursor, link_of($alive),
	    "cursor frame: with the keep-alive after $name";
	isnt $cursor, $first->{id}, 'which is a new one';
}
$alive->publish_ok(topic => 'a', data => 'b');
$open->until('a keep-alive', sub { kinds($open) =~ /event.* cursor/ });
is +(grep { Answer::is_cursor($_) } $open->all)[-1]{id}, link_of($alive),
    'cursor frame: with the keep-alive after an event of its own';
$alive->stop;

# -- Before each end that the hub chooses, whatever the stream has got.

my $new_key = 'another-subscriber-key-0123456789-abcdef';
my $exp = int(time) + 4;
# [name, settings, token, what ends it]
my @ends = (
	['exp', {}, Token::subscriber(undef, more => { exp => $exp }),
	    sub { }],
	['lifetime', { MERCURE_WRITE_TIMEOUT => 4 }, undef, sub { }],
	['removed key', {}, Token::subscriber(), sub {
		my ($hub) = @_;
		$hub->configure(MERCURE_SUBSCRIBER_SECRET_KEY => $new_key);
		$hub->reload;
	}],
	['SIGTERM', {}, undef, sub { kill 'TERM', $_[0]{pid} }],
	['SIGUSR1', {}, undef, sub { kill 'USR1', $_[0]{pid} }],
);

# All of a stream's events, and the id that stands last.
sub ended {
	my ($name, $stream) = @_;

	$stream->finished;
	my @items = $stream->all;
	ok $stream->{ended}, "$name: END_REQUEST";
	ok @items && Answer::is_cursor($items[-1]), "$name: a cursor is last";
	is $stream->problems, '', "$name: no problems";
	return ($items[-1]{id}, map { ($_->{data} =~ /^(\S+)/)[0] }
	    grep { $_->{kind} eq 'event' } @items);
}

# Streams that got nothing, something, and less than there is; and a stream
# that came with an id, which had no cursor before.
sub open_before_end {
	my ($end) = @_;
	my ($name, $settings, $token) = @$end;
	my $hub = Hub->start(config => $settings);
	my %o = (token => $token, cursor => 1);
	my $id = $hub->publish_ok(topic => 'x', data => 'x');
	my %streams = (
		lagging => $hub->stream(topic => 'bulk', %o),
		'nothing yet' => $hub->stream(topic => 'nothing', %o),
		'an event' => $hub->stream(topic => 'event', %o),
		'an id' => $hub->stream(topic => 'nothing', token => $token,
		    last_event_id => $id),
	);

	$hub->publish_ok(topic => 'event', data => 'event');
	$streams{'an event'}->until('the event',
	    sub { kinds($streams{'an event'}) =~ /event/ });
	my @bulk = map { $hub->send_request('POST', $path,
	    Hub::form(topic => 'bulk', data => "$_ " . 'x' x 30_000),
	    token => Token::publisher()) } 1 .. 40;
	$_->finished->status == 200 or die "publish: $_->{status}\n"
	    for @bulk;
	return { end => $end, hub => $hub, streams => \%streams };
}

my @cases = map { open_before_end($_) } @ends;
for my $case (@cases) {
	my ($hub, $streams) = @$case{qw(hub streams)};
	my ($name, undef, undef, $end) = @{ $case->{end} };
	my %got;

	$end->($hub);
	# Who lags is read last, so that it does not catch up.  But lifetimes
	# differ by more than the second that it has then.
	for my $what ($name eq 'lifetime' ? 'lagging' : (), 'nothing yet',
	    'an event', 'an id', $name eq 'lifetime' ? () : 'lagging') {
		$got{$what} = [ended("cursor frame: $name, $what",
		    $streams->{$what})];
	}
	my $second = Hub->start(queue_of => $hub);
	my $rights = $case->{end}[2] && Token::subscriber();
	$second->publish_ok(topic => [qw(nothing event bulk)],
	    data => 'later');
	my %rest;
	for my $what (sort keys %got) {
		my ($id, @events) = @{ $got{$what} };
		my $stream = $second->stream(topic => $what eq 'lagging'
		    ? 'bulk' : $what eq 'an event' ? 'event' : 'nothing',
		    last_event_id => $id, token => $rights);

		is $stream->header('Last-Event-ID'), $id,
		    "$name, $what: its cursor is known";
		$rest{$what} = [ map { (split ' ', $_)[0] }
		    @{ $stream->data_until('later') } ];
		$got{$what} = \@events;
	}
	is "@{ $rest{$_} }", '', "$name, $_: leads to what came later"
	    for 'nothing yet', 'an event', 'an id';
	is "@{ $got{'an event'} }", 'event', "$name: the event, once";
	my %once = map { $_ => 1 } @{ $got{lagging} };
	is scalar(grep { $once{$_} } @{ $rest{lagging} }), 0,
	    "$name, lagging: nothing comes twice";
	is join(' ', sort { $a <=> $b } @{ $got{lagging} },
	    @{ $rest{lagging} }), join(' ', 1 .. 40),
	    "$name, lagging: nothing is lost";
	cmp_ok scalar @{ $rest{lagging} }, '>', 0,
	    "$name, lagging: its cursor was not the tail"
	    if $name ne 'lifetime';
	$_->hang_up for values %$streams;
	$_->stop for $second, $hub;
}

# A position that is pruned has no cursor any more.
my $small = Hub->start(config => { MERCURE_HUB_RECONCILIATION_LENGTH => 20 });
my $stuck = $small->stream(topic => 'a', cursor => 1);
$small->publish_ok(topic => 'a', data => "$_ " . 'x' x 40_000) for 1 .. 60;
$stuck->finished;
unlike kinds($stuck), qr/cursor\z/,
    'cursor frame: none where history was pruned';
is $small->request('HEAD', "$path?topic=a", undef, last_event_id =>
    $stuck->{sse}->last_event_id)->header('Last-Event-ID'), 'earliest',
    'and the next answer says earliest';
$small->stop;

# -- Replay, then live, while four publishers publish.

my $busy = Hub->start;
my $twin = Hub->start(queue_of => $busy);
my $witness = $busy->stream(topic => '*', cursor => 1);
my $cursor = $witness->next_cursor;
my $at = $busy->{address};
my $load = Load->start(hub => $busy, streams => ["n=1,topics=0,at=$at"],
    lanes => ["at=$at,topics=0-1,count=300,rate=100",
	"at=$at,topics=2-3,count=300,rate=100",
	"at=$twin->{address},topics=0-3,count=300,rate=100",
	"at=$twin->{address},topics=1-2,count=300,rate=100"]);
my (@seen, @streams);

sub look {
	$witness->pump(0.01);
	push @seen, map { $_->{id} } grep { $_->{kind} eq 'event' }
	    $witness->all;
	@{ $witness->{sse}->items } = ();
}

until ($load->ended && $load->fields('problems')) {
	look();
	next if @seen < 20 * @streams + 1 || @streams > 58;
	my $place = int rand @seen;
	my ($id, $from) = @{ ([ 'earliest', 0 ], [ $cursor, 0 ],
	    [ $seen[$place], $place + 1 ])[@streams % 3] };
	my $stream = ($busy, $twin)[@streams % 2]->stream(topic => '*',
	    last_event_id => $id);

	push @streams, { id => $id, from => $from, stream => $stream,
	    seen => scalar @seen };
}
is process_ended($load->{pid}), 0, 'four publishers: all is published';
my $end = $busy->publish_ok(topic => 'x', data => 'end');
wait_until('the witness has all', sub {
	look();
	return $seen[-1] eq $end;
});
is scalar @seen, 1201, 'four publishers: the witness has each update';
cmp_ok scalar @streams, '>=', 10, 'streams came while they published';
for my $n (0 .. $#streams) {
	my ($s, $from) = @{ $streams[$n] }{qw(stream from)};
	my $known = $n % 3 ? $streams[$n]{id} : 'earliest';
	my @ids = map { $_->{id} } $s->events_until('end');

	is $s->header('Last-Event-ID'), $known,
	    "four publishers: stream $n: header";
	is "@ids", "@seen[$from .. $#seen - 1]",
	    "four publishers: stream $n: no gap, no double, in order";
	is $s->problems, '', "four publishers: stream $n: no problems";
}

done_testing;
