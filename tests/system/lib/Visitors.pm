# SPDX-License-Identifier: MIT
# Visitors.pm - browsers that come back whenever their stream ends, and say what they got.
package Visitors;

use strict;
use warnings;
use Hub;
use PushcgiTest;
use Test::More ();

# n => how many; ask => a function that asks for the stream of topic `a`, with
# options (last_event_id); dies if nobody listens.  Returns when all are open.
sub new {
	my ($class, %o) = @_;
	my $self = bless { ask => $o{ask}, answers => {},
	    all => [ map { { data => [] } } 1 .. $o{n} ] }, $class;

	wait_until('all are there', sub {
		$self->look;
		return @{ $self->{all} } == grep { $_->{stream}
		    && $_->{stream}{sse}->last_event_id } @{ $self->{all} };
	});
	return $self;
}

# Read what is there; who has come to an end asks again at once.
sub look {
	my ($self) = @_;

	for my $v (@{ $self->{all} }) {
		my $stream = $v->{stream} ||= $self->ask($v) or next;

		1 while $stream->pump(0);
		while (my $item = shift @{ $stream->{sse}->items }) {
			push @{ $v->{data} }, $item->{data}
			    if $item->{kind} eq 'event';
		}
		next unless $stream->is_over;
		$self->{answers}{ ($stream->{status} // 'cut')
		    . ($stream->{ended} ? '' : ' cut') }++;
		$v->{last} = $stream->{sse}->last_event_id // $v->{last};
		delete $v->{stream};
	}
}

sub ask {
	my ($self, $v) = @_;
	my $stream = eval { $self->{ask}->(defined $v->{last}
	    ? (last_event_id => $v->{last}) : ()) };

	$self->{answers}{refused}++ if !$stream;
	return $stream;
}

# Look until `condition` is true; `publish` is called with 1, 2, 3 … meanwhile.
sub look_until {
	my ($self, $what, $publish, $condition) = @_;

	wait_until($what, sub {
		$self->look;
		$publish->(++$self->{published});
		return $condition->();
	});
}

# The end: have they got all, and was each answer 200?
sub all_is_well {
	my ($self, $what, $publish) = @_;
	my $expected = join ' ', 1 .. $self->{published}, 'end';

	$publish->('end');
	wait_until("$what: the end has come to all", sub {
		$self->look;
		return !grep { ($_->{data}[-1] // '') ne 'end' }
		    @{ $self->{all} };
	});
	my @wrong = grep { "@{ $_->{data} }" ne $expected } @{ $self->{all} };
	Test::More::is(scalar @wrong, 0,
	    "$what: nothing was lost, nothing came twice")
	    or Test::More::diag(map { "@{ $_->{data} }\n" } @wrong);
	my $answers = $self->{answers};
	Test::More::is(join(', ', sort keys %$answers), '200',
	    "$what: nothing but 200")
	    or Test::More::diag(Test::More::explain($answers));
}

1;
