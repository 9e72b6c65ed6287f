# SPDX-License-Identifier: MIT
# ModelStream.pm - an open stream whose every event is compared with the model.
package ModelStream;

use strict;
use warnings;
use Answer;

# model; stream: an answer that is open; asked => { topics, rights }; at: the
# place everything before which it has; from_start: it takes what there still
# is; greeted: its first cursor is that very place.
sub new {
	my ($class, %o) = @_;

	return bless { %o, got => 0 }, $class;
}

sub problem {
	my ($self, $text) = @_;

	die "stream $self->{name} (topics @{ $self->{asked}{topics} }, rights "
	    . join(' ', @{ $self->{asked}{rights} || ['none'] }) .
	    "): $text\n";
}

# An event of the hub's own, which tells of a subscription.  Its id is its
# position.
sub is_of_hub {
	my ($event) = @_;

	return $event->{id} =~ /^#/;
}

# Compare what has come by now.
sub take {
	my ($self) = @_;

	while (my $item = shift @{ $self->{stream}{sse}->items }) {
		$self->{last_is_cursor} = Answer::is_cursor($item);
		if ($self->{last_is_cursor} || ($item->{kind} eq 'event'
		    && is_of_hub($item))) {
			$self->take_cursor($item->{id});
		} elsif ($item->{kind} eq 'event') {
			$self->take_event($item);
		}
	}
	my $problems = $self->{stream}->problems;
	$self->problem($problems) if $problems ne '';
}

# Its own position: behind what it got, before what it is still to get.
sub take_cursor {
	my ($self, $id) = @_;

	$self->{last} = { id => $id, low => $self->{at}, high =>
	    $self->{greeted} ? $self->{at} : $self->{model}->tail };
	$self->{greeted} = 0;
}

sub take_event {
	my ($self, $event) = @_;
	my $model = $self->{model};
	my ($number) = $event->{data} =~ /^(\d+) /;
	my $place = defined $number ? $model->place($number) : undef;

	$self->problem("not of the log: $event->{data}") if !defined $place;
	my $want = $self->next_wanted($place) // 'none';
	$self->problem("place $place where $want was due, behind $self->{at}")
	    if $place ne $want;
	my $update = $model->at($place);
	$self->problem("place $place: id $event->{id}, not $update->{id}")
	    if $event->{id} ne $update->{id};
	$self->problem("place $place: other data")
	    if $event->{data} ne $update->{data};
	@$self{qw(at greeted)} = ($place, 0);
	$self->{got}++;
	$self->{last} = { id => $update->{id}, of_update => 1 };
}

# Whoever takes what there is may come too late for what was pruned since.
sub next_wanted {
	my ($self, $before) = @_;
	my $model = $self->{model};
	my $want = $model->next_wanted($self->{asked}, $self->{at});

	while ($self->{from_start} && !$self->{got} && defined $want
	    && $want < $before && $want <= $model->floor) {
		$want = $model->next_wanted($self->{asked}, $want);
	}
	return $want;
}

# Where it would go on: (least place, greatest place) of its last id.
sub position {
	my ($self) = @_;
	my ($model, $last) = @$self{qw(model last)};

	return if !$last;
	if ($last->{of_update}) {
		my $place = $model->find($last->{id}, $self->{asked}) // -1;
		return ($place, $place);
	}
	my $next = $model->next_wanted($self->{asked}, $last->{low});
	my $high = $last->{high};
	$high = $next - 1 if defined $next && $next <= $high;
	return ($last->{low}, $high);
}

# It was cut off because what it was to get next is pruned.  (A keep-alive may
# have told it a cursor just before; and whoever does not read, has a second
# to begin before the connection is closed.)
sub cut_off {
	my ($self) = @_;

	$self->problem('the end of the connection without END_REQUEST')
	    if !$self->{stream}{ended} && !$self->{stuck};
	$self->problem("cut off behind place $self->{at}")
	    if $self->{at} >= $self->{model}->floor;
}

# It has ended with its hub: with a cursor, unless it was cut off before, or
# did not read in time.
sub ended {
	my ($self) = @_;

	return 1 if $self->{stream}{ended} && $self->{last_is_cursor};
	$self->cut_off if $self->{stream}{ended} || !$self->{stuck};
	return 0;
}

1;
