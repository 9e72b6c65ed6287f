# SPDX-License-Identifier: MIT
# history_model.t - random publishes, subscribes, cuts and crashes, against a model.
#
# Three hubs share a queue that keeps 60 updates.  Whatever happens, every
# stream's events are those that HistoryModel says: none missing, none twice,
# none out of order, none that is not for it.  In every second round the hubs
# tell of subscriptions as well: history is the same, and so are positions.
#
# PUSHCGI_HISTORY_STEPS: how many (600); in two rounds or more, of 1,000 at
# most, each on hubs of its own.
# PUSHCGI_HISTORY_SEED: with twice its steps, a round's seed repeats it first,
# as far as time allows.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use HistoryModel;
use Hub;
use ModelStream;
use PushcgiTest;
use Test::More;

use constant { KEEP => 60, QUIET_AFTER => 35, HUBS => 3, STREAMS_MAX => 14,
    ROUND => 1000 };

my $seed = $ENV{PUSHCGI_HISTORY_SEED} || 1;
my $steps = $ENV{PUSHCGI_HISTORY_STEPS} || 600;
my ($model, @hubs, @open, @away, @links, @trace, %seen);
my ($number, $opened, $unquiet, $settled_floor);

sub one { return $_[ rand @_ ] }
sub chance { return rand() < $_[0] }

sub trace {
	push @trace, join ' ', @_;
	shift @trace if @trace > 60;
}

# A new update, as the fields of a publish.
sub new_update {
	my (%o) = @_;
	my $big = grep { $_->{slow} } @open;
	my %update = (number => ++$number, topics => [one(@HistoryModel::topics)],
	    private => chance(0.3) ? 'on' : undef);

	push @{ $update{topics} }, one(@HistoryModel::topics) if chance(0.3);
	$update{id} = 'again' . int rand 4 if chance(0.25);
	$update{id} = "own:$number" if !$update{id} && chance(0.3);
	$update{data} = "$number " . ($big && chance(0.6) ? 'x' x 30_000
	    : chance(0.2) ? "two\nlines" : 'text');
	return { %update, %o };
}

sub fields {
	my ($update) = @_;

	return (topic => $update->{topics}, data => $update->{data},
	    id => $update->{id}, private => $update->{private});
}

# One after the other: the order of the log is that of the answers.
sub publish {
	my ($update, $hub) = @_;

	$update->{id} = ($hub || one(@hubs))->publish_ok(fields($update));
	$model->append($update);
	$unquiet++;
	trace("publish $update->{number} id $update->{id} to",
	    @{ $update->{topics} }, $update->{private} ? 'private' : '');
}

sub publish_one { publish(new_update()) }

sub link_of {
	my ($hub) = @_;
	my $answer = $hub->request('HEAD', Hub::URL_PATH . '?topic=a');
	my ($id) = $answer->header('Link') =~ /last-event-id="(#[^"]*)"/
	    or die "no cursor in Link\n";

	push @links, { id => $id, low => $model->tail,
	    high => $model->tail };
	shift @links if @links > 12;
	return $id;
}

sub take_link { link_of(one(@hubs)) }

# Send updates without waiting; returns [update, request].
sub send_all {
	my ($count, @to) = @_;

	return map {
		my $update = new_update();
		my $body = Hub::form(fields($update));
		[$update, one(@to)->send_request('POST', Hub::URL_PATH, $body,
		    token => Token::publisher())];
	} 1 .. $count;
}

# What was sent at once stands in the log in an order that only the log knows:
# learn it from a replay behind `cursor`.  Whatever was acknowledged is there,
# once; what was not may be.
sub learn {
	my ($cursor, @sent) = @_;
	my %sent = map { $_->[0]{number} => $_ } @sent;
	my $marker = new_update(topics => ['marker'], private => undef);

	$_->[2] = eval { $_->[1]->finished->status } || 0 for @sent;
	$marker->{id} = one(@hubs)->publish_ok(fields($marker));
	my $replay = one(@hubs)->stream(topic => '*',
	    token => Token::subscriber(), last_event_id => $cursor);
	my $told = $replay->header('Last-Event-ID');
	die "the tail is unknown: $told\n" if $told ne $cursor;
	my @events = grep { !ModelStream::is_of_hub($_) }
	    $replay->events_until($marker->{data});
	for my $event (@events) {
		my ($n) = $event->{data} =~ /^(\d+) /;
		my $one = delete $sent{ $n // '' }
		    or die "in the log, but not sent: $event->{data}\n";
		my ($update, $answer, $status) = @$one;

		$update->{id} //= $event->{id};
		die "acknowledged as @{[ $answer->body ]}, not $event->{id}\n"
		    if $status == 200 && $answer->body ne $event->{id};
		$model->append($update);
		$unquiet++;
		trace("learnt $n id $event->{id} status $status");
	}
	$replay->hang_up;
	for my $n (sort { $a <=> $b } keys %sent) {
		die "acknowledged and lost: $n\n" if $sent{$n}[2] == 200;
		$seen{'publishes that a crash undid'}++;
	}
	$model->append($marker);
	$unquiet++;
}

sub publish_burst {
	my $cursor = link_of(one(@hubs));
	my @sent = send_all(2 + int rand 9, @hubs);

	for (@sent) {
		my $status = $_->[1]->finished->status;
		die "a publish was answered with $status\n" if $status != 200;
	}
	trace('burst of', scalar @sent);
	learn($cursor, @sent);
}

# [weight, last event id or undef, least and greatest place it leads to]
sub some_last_id {
	my ($asked) = @_;
	my $tail = $model->tail;
	my $kind = one(('none') x 6, ('kept') x 5, ('any') x 3,
	    ('again') x 3, ('link') x 4, 'earliest', 'earliest', 'unknown', 'empty');

	return if $kind eq 'none';
	return { id => '' } if $kind eq 'empty';
	return { id => 'earliest', low => -1, high => -1 }
	    if $kind eq 'earliest';
	return { id => one('urn:unknown', '#' . 'A' x 22), low => -1,
	    high => -1 } if $kind eq 'unknown' || !$tail;
	return @links ? one(@links) : undef if $kind eq 'link';
	my $place = $kind eq 'any' ? 1 + int rand $tail
	    : $model->floor + 1 + int rand($tail - $model->floor);
	my $id = $kind eq 'again' ? 'again' . int rand 4
	    : $model->at($place)->{id};
	my $found = $model->find($id, $asked) // -1;
	$seen{'ids that were used again'}++ if $found > 0 && $place > $found;
	return { id => $id, low => $found, high => $found };
}

# How a request carries its token and its last event id.
sub carried {
	my ($asked, $last) = @_;
	my (@query, %o);

	if ($asked->{rights}) {
		my $token = Token::subscriber($asked->{rights});
		my $how = one('header', 'header', 'cookie', 'query');

		push @query, authorization => $token if $how eq 'query';
		$o{token} = $token if $how eq 'header';
		$o{cookie} = $token if $how eq 'cookie';
	}
	if ($last && chance(0.5)) {
		push @query, lastEventID => $last->{id};
	} elsif ($last) {
		$o{last_event_id} = $last->{id};
	}
	return (%o, query => \@query);
}

# Open a stream and compare its header with where the model has it begin.
sub open_stream {
	my ($asked, $last, $hub) = @_;
	my $floor = $model->floor;

	$hub ||= one(@hubs);
	my $given = $last && $last->{id} ne '';
	my $stream = $hub->stream(topic => $asked->{topics},
	    cursor => !$given, carried($asked, $last));
	my $told = $stream->header('Last-Event-ID');
	my $name = ++$opened;

	trace("open $name on hub $hub->{number} topics @{ $asked->{topics} }",
	    'rights', @{ $asked->{rights} || ['none'] }, 'from',
	    $last ? "'$last->{id}'" : 'now', 'told', $told // 'nothing');
	my $known = $given && $last->{low} >= $floor && $last->{low} >= 0;
	my $unknown = $given && $last->{high} < $floor;
	my @may = !$given ? undef : $known ? $last->{id} : $unknown
	    ? 'earliest' : ('earliest', $last->{id});
	die "stream $name: Last-Event-ID is " . ($told // 'not there') . "\n"
	    if !grep { ($_ // '') eq ($told // '') } @may;
	my $from_start = $given && $told eq 'earliest';
	$seen{ !$given ? 'no last id' : $last->{id} eq 'earliest' ? 'earliest'
	    : ($last->{id} =~ /^#/ ? 'cursors' : 'ids') . ($from_start
	    ? ' not known' : ' known') }++;
	push @open, ModelStream->new(model => $model, stream => $stream,
	    name => $name, asked => $asked, hub => $hub, from_start =>
	    $from_start, greeted => !$given, at => !$given ? $model->tail
	    : $from_start ? $settled_floor : $last->{low});
	$open[-1]->take if chance(0.3);
	return $open[-1];
}

sub subscribe {
	my @selectors = sort keys %HistoryModel::selectors;
	my @topics = (one(@selectors), chance(0.4) ? one(@selectors) : ());
	my $rights = one(undef, undef, ['*'], ['*'], ['a'],
	    ['b', 'https://example.com/books/{id}'], []);

	cut() if @open >= STREAMS_MAX;
	my $asked = { topics => [@topics, 'marker'], rights => $rights };

	open_stream($asked, some_last_id($asked));
}

# A stream's request is over; whoever it was may come back.
sub gone {
	my ($s) = @_;

	$s->{stream}->hang_up;
	@open = grep { $_ != $s } @open;
	push @away, $s;
	shift @away if @away > 10;
}

# The client leaves, with what has reached it.
sub cut {
	my @may = grep { !$_->{slow} } @open or return;
	my $s = one(@may);

	1 while $s->{stream}->pump(0);
	$s->take;
	trace("cut $s->{name} behind $s->{at}");
	gone($s);
}

sub come_back {
	my $s = splice @away, int rand @away, 1 if @away;
	my $last = $s && $s->{last};

	return if !$s || @open >= STREAMS_MAX;
	if ($last) {
		my ($low, $high) = $s->position;
		$last = { id => $last->{id}, low => $low, high => $high };
	}
	open_stream($s->{asked}, $last);
	$seen{'streams that came back'}++;
}

# Read what a hub that ends has sent; `ended` says whether it took leave.
sub read_to_end {
	my ($hub, $ended) = @_;
	my @its = sort { ($b->{slow} || 0) <=> ($a->{slow} || 0) }
	    grep { $_->{hub} == $hub } @open;

	for my $s (@its) {
		$s->{stream}->until("the end of stream $s->{name}",
		    sub { $s->{stream}->is_over });
		$s->take;
		$seen{'ends with a cursor'}++ if $ended && $s->ended;
		gone($s);
	}
}

# kill -9, with publishes under way.
sub crash {
	my $hub = one(@hubs);
	my $cursor = link_of($hub);
	my @sent = send_all(int rand 7, $hub);

	$_->[1]->finished for grep { chance(0.3) } @sent;
	trace("kill hub $hub->{number} with", scalar @sent, 'under way');
	$hub->stop('KILL');
	$hub->start;
	learn($cursor, @sent);
	read_to_end($hub, 0);
	$seen{'crashes'}++;
}

# Rather the hub of somebody who lags.
sub stop_and_start {
	my ($slow) = grep { $_->{slow} } @open;
	my $hub = $slow && chance(0.7) ? $slow->{hub} : one(@hubs);

	trace("end hub $hub->{number}");
	kill 'TERM', $hub->{pid};
	read_to_end($hub, 1);
	my $status = $hub->stop;
	die "hub $hub->{number} ended with $status\n" if $status;
	$hub->start;
	$seen{'ends'}++;
}

# A stream of everything that is not read for up to two phases.
sub slow_down {
	my ($phases) = @_;

	return if grep { $_->{slow} } @open or @open >= STREAMS_MAX;
	my $s = open_stream({ topics => ['*'], rights => ['*'] }, undef);

	$s->{slow} = $phases || one(1, 3, 3);
	$s->{stuck} = 1;
	trace("stream $s->{name} is not read for $s->{slow}");
}

# Wait until a keep-alive has told somebody a position.
sub keep_alive {
	my @may = grep { !$_->{slow} } @open or return;
	my $s = one(@may);

	wait_until_quiet();
	return if !grep { $_ == $s } @open;
	$s->{last_is_cursor} = 0;
	$s->{stream}->until("a cursor for stream $s->{name}", sub {
		$s->take;
		return $s->{last_is_cursor};
	});
	trace("keep-alive of $s->{name}");
	$seen{'keep-alives with a cursor'}++;
}

# All is delivered: every stream that is read has come to the last update,
# and no hub remembers what was pruned before.
sub wait_until_quiet {
	for my $hub (@hubs) {
		open_stream({ topics => ['marker'] }, undef, $hub)
		    if !grep { $_->{hub} == $hub && !$_->{slow} } @open;
	}
	publish(new_update(topics => ['marker'], private => undef));
	for my $s (@open) {
		my $was_slow = $s->{slow};

		next if $s->{slow} && --$s->{slow};
		$s->{stream}->until("all that is for stream $s->{name}", sub {
			$s->take;
			return $s->{at} == $model->tail
			    || $s->{stream}->is_over;
		});
		$seen{'slow readers that caught up'}++
		    if $was_slow && $s->{at} == $model->tail;
	}
	my @over = grep { $_->{stream}->is_over } @open;
	for my $s (@over) {
		$s->take;
		$s->cut_off;
		$seen{'slow readers that were cut off'}++;
		trace("stream $s->{name} was cut off behind $s->{at}");
		gone($s);
	}
	$unquiet = 0;
	$settled_floor = $model->floor;
	$seen{'quiet moments'}++;
}

# What chance may leave out: a reader that catches up, one that cannot, a
# cursor that is pruned by then, and a keep-alive.
sub rare_steps {
	my ($id, $place) = (link_of($hubs[0]), $model->tail);

	for my $phases (1, 3) {
		$_->{slow} &&= 1 for @open;
		wait_until_quiet();
		cut() while @open >= STREAMS_MAX;
		slow_down($phases);
		for (1 .. $phases) {
			publish_one() for 1 .. QUIET_AFTER;
			wait_until_quiet();
		}
	}
	open_stream({ topics => ['*'] }, { id => $id, low => $place,
	    high => $place });
	keep_alive();
}

my @kinds = map { my ($n, $step) = @$_; ($step) x $n } [200, \&publish_one],
    [16, \&publish_burst], [14, \&take_link], [56, \&subscribe], [36, \&cut],
    [40, \&come_back], [5, \&crash], [4, \&stop_and_start], [14, \&slow_down],
    [1, \&keep_alive];

# A round on hubs of its own; false: it failed, and why was said.
sub run_round {
	my ($count, $seed, $subscriptions) = @_;
	my $step = 0;

	srand $seed;
	$model = HistoryModel->new(KEEP);
	(@open, @away, @links, @trace) = ();
	$number = $opened = $unquiet = $settled_floor = 0;
	my %config = (MERCURE_HUB_RECONCILIATION_LENGTH => KEEP,
	    MERCURE_HUB_KEEPALIVE_INTERVAL => 1,
	    MERCURE_HUB_SUBSCRIPTIONS => $subscriptions);
	@hubs = Hub->start(config => \%config);
	push @hubs, Hub->start(config => \%config, queue_of => $hubs[0])
	    while @hubs < HUBS;
	my $good = eval {
		for (; $step < $count; $step++) {
			one(@kinds)->();
			wait_until_quiet() if $unquiet >= QUIET_AFTER;
		}
		rare_steps();
		1;
	};
	diag substr($@, 0, 500), "\nafter step $step\n",
	    map { "  $_\n" } @trace if !$good;
	$_->{stream}->hang_up for @open;
	$_->stop for @hubs;
	return $good;
}

my $rounds = $steps > 2 * ROUND ? int(($steps + ROUND - 1) / ROUND) : 2;
for my $round (0 .. $rounds - 1) {
	my $count = int($steps * ($round + 1) / $rounds)
	    - int($steps * $round / $rounds);
	my $subscriptions = $seed % 2 ? 'true' : 'false';

	ok run_round($count, $seed, $subscriptions),
	    "$count steps, PUSHCGI_HISTORY_SEED=$seed" or last;
	$seed++;
}
cmp_ok $seen{$_} || 0, '>', 0, "there were $_" for 'crashes', 'ends',
    'quiet moments', 'streams that came back', 'no last id', 'earliest',
    'ids known', 'ids not known', 'cursors known', 'cursors not known',
    'ids that were used again', 'ends with a cursor',
    'slow readers that caught up', 'slow readers that were cut off',
    'keep-alives with a cursor';
note "$_: $seen{$_}" for sort keys %seen;

done_testing;
