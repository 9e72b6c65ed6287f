# SPDX-License-Identifier: MIT
# Answer.pm - an answer that arrives bit by bit, whatever carries it.
package Answer;

use strict;
use warnings;
use Carp ();
use PushcgiTest qw(DEADLINE_S);
use SseReader;
use Time::HiRes qw(time);

# A carrier (FcgiClient, Http, CgiProcess) inherits this, calls take() with
# what it read, and has pump($seconds), which waits for more, and is_over().
sub init {
	my ($self) = @_;

	@$self{qw(head body sse)} = ('', '', SseReader->new);
	return $self;
}

sub take {
	my ($self, $bytes) = @_;

	if (!$self->{headers}) {
		$self->{head} .= $bytes;
		return unless $self->{head} =~ /\r?\n\r?\n/g;
		$bytes = substr $self->{head}, pos $self->{head};
		substr($self->{head}, pos $self->{head}) = '';
		$self->read_head;
	}
	$self->take_body($bytes) if length $bytes;
}

sub read_head {
	my ($self) = @_;
	my ($status, %headers);

	for my $line (split /\r?\n/, $self->{head}) {
		if ($line =~ m{^HTTP/(?:1\.1|2) (\d{3})}) {
			$status = $1;
		} elsif ($line =~ /^([!#\$%&'*+.^_`|~0-9A-Za-z-]+): ?(.*)\z/) {
			push @{ $headers{lc $1} }, $2;
		} else {
			$self->{bad_head} = $line;
		}
	}
	$status = substr $headers{status}[0], 0, 3 if $headers{status};
	$self->{status} = $status || 200;
	$self->{headers} = \%headers;
}

sub take_body {
	my ($self, $bytes) = @_;

	$self->{body} .= $bytes;
	$self->{sse}->feed($bytes) if $self->is_stream;
}

sub is_stream {
	my ($self) = @_;

	return ($self->{headers}{'content-type'}[0] || '')
	    =~ m{^text/event-stream};
}

# Wait until `condition` holds; die if the answer is over before.
sub until {
	my ($self, $what, $condition) = @_;
	my $end = time + DEADLINE_S;

	until ($condition->()) {
		if ($self->is_over) {
			die "the answer ended before $what (" .
			    (defined $self->{status} ? "status $self->{status}"
			    : 'no header') . ": $self->{body})\n"
			    unless $condition->();
			return $self;
		}
		Carp::confess("gave up waiting for $what") if time > $end;
		$self->pump(0.25);
	}
	return $self;
}

# Wait for the header block; a peer that just closes leaves status undef.
sub headed {
	my ($self) = @_;

	eval { $self->until('its header', sub { $self->{headers} }) };
	die $@ if $@ && !$self->is_over;
	return $self;
}

# Wait for the end of the answer.
sub finished {
	my ($self) = @_;

	return $self->until('its end', sub { $self->is_over });
}

sub status { my ($self) = @_; return $self->headed->{status} }
sub body { return $_[0]{body} }

# All values of a header, joined; undef if it is absent.
sub header {
	my ($self, $name) = @_;
	my $values = $self->headed->{headers}{ lc $name };

	return $values && join ', ', @$values;
}

# Wait until a stream has said its greeting: a comment and `retry:` and,
# with `cursor`, its first cursor.  What comes after stays to be read.
sub opened {
	my ($self, %o) = @_;

	die 'no stream: ' . ($self->status || 'closed') . " $self->{body}\n"
	    unless ($self->status || 0) == 200 && $self->is_stream;
	$self->until('the greeting', sub {
		my $seen = join ' ', map { $_->{kind}, keys %$_ } $self->all;
		return $seen =~ /comment/ && $seen =~ /retry/
		    && (!$o{cursor} || grep { is_cursor($_) } $self->all);
	});
	return $self;
}

sub is_cursor {
	my ($item) = @_;

	return $item->{kind} eq 'frame' && defined $item->{id}
	    && $item->{id} =~ /^#/;
}

sub all { return @{ $_[0]{sse}->items } }

# The next item that `wanted` likes; what stands before it is dropped.
sub next_item {
	my ($self, $what, $wanted) = @_;
	my $found;

	$self->until($what, sub {
		while (!$found && (my $item = shift @{ $self->{sse}->items })) {
			$found = $item if $wanted->($item);
		}
		return $found;
	});
	return $found;
}

sub next_event {
	my ($self) = @_;

	return $self->next_item('an event', sub { $_[0]{kind} eq 'event' });
}

sub next_cursor {
	my ($self) = @_;

	return $self->next_item('a cursor frame', \&is_cursor)->{id};
}

sub next_comment {
	my ($self) = @_;

	return $self->next_item('a comment',
	    sub { $_[0]{kind} eq 'comment' });
}

# The events before the one whose data is `marker`.
sub events_until {
	my ($self, $marker) = @_;
	my @events;

	while ((my $event = $self->next_event)->{data} ne $marker) {
		push @events, $event;
	}
	return @events;
}

# The data of these events: what most tests compare.
sub data_until {
	my ($self, $marker) = @_;

	return [ map { $_->{data} } $self->events_until($marker) ];
}

1;
