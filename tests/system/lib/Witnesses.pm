# SPDX-License-Identifier: MIT
# Witnesses.pm - subscribers of a site, and how soon its updates reach them.
package Witnesses;

use strict;
use warnings;
use Hub;
use IO::Select;
use PushcgiTest;
use Templates;
use Test::More ();
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC sleep);
use Token;

# Programs with sanitizers take many times as long for the same work.
use constant SLOWER =>
    $ENV{ASAN_OPTIONS} || $ENV{TSAN_OPTIONS} ? 5 : 1;
use constant {
	PUBLIC => Templates::SITE . 'news', PRIVATE => Templates::SITE . 'mine',
	# An update arrives within a second.  One of twenty may be later where
	# other work takes the processors, but not by more than this.
	SOON_S => SLOWER * DEADLINE_S / 20,
	LATE_S => SLOWER * DEADLINE_S / 2,
};

sub now { return clock_gettime(CLOCK_MONOTONIC) }

# at => a Hub or a server: a stream with an exact topic, one with a template, one
# with a token for private updates, and one that has both kinds by `*`, as
# strangers ask for it, too.
sub new {
	my ($class, %o) = @_;
	my $self = bless { at => $o{at}, sent => 0, seconds => [],
	    answers => [] }, $class;

	$self->{all} = [ map { +{ name => $_->[0], data => [],
	    stream => $o{at}->stream(@{ $_->[1] }), each => $_->[2] || 1 } }
	    ['an exact topic', [topic => PUBLIC]],
	    ['a template', [topic => Templates::SITE . '{name}']],
	    ['a token', [topic => PRIVATE,
		token => Token::subscriber([PRIVATE])]],
	    ['* with a token', [topic => '*',
		token => Token::subscriber([PRIVATE])], 2] ];
	return $self;
}

# Take what is there; true: all have come to update `n`.
sub look {
	my ($self, $n, $wait) = @_;
	my @over = grep { $_->{stream}->is_over } @{ $self->{all} };

	die 'the stream with ', $over[0]{name}, " ended\n" if @over;
	my $select = IO::Select->new(map { $_->{socket} } (map { $_->{stream} }
	    @{ $self->{all} }), @{ $self->{answers} });
	$select->can_read($wait);
	for my $w (@{ $self->{all} }) {
		1 while $w->{stream}->pump(0);
		while (my $item = shift @{ $w->{stream}{sse}->items }) {
			next if $item->{kind} ne 'event';
			push @{ $w->{data} }, $item->{data};
			$self->{first_id} //= $item->{id}
			    if $w == $self->{all}[0];
		}
	}
	$_->pump(0) for @{ $self->{answers} };
	my @open = grep { !$_->is_over } @{ $self->{answers} };
	push @{ $self->{refused} }, map { ($_->{status} // 'cut')
	    . " $_->{body}" } grep { $_->is_over
	    && ($_->{status} // 0) != 200 } @{ $self->{answers} };
	$self->{answers} = \@open;
	return !grep { @{ $_->{data} } < $n * $_->{each} } @{ $self->{all} };
}

sub post {
	my ($self, @fields) = @_;

	push @{ $self->{answers} }, $self->{at}->send_request('POST',
	    Hub::URL_PATH, Hub::form(@fields), token => Token::publisher());
}

# Publish so many updates, one by one; false: one did not come, or its stream
# has ended.  more => a function of a number: the fields that this public one
# has besides; gap => seconds between them.
sub rounds {
	my ($self, $count, %o) = @_;

	for my $round (1 .. $count) {
		my $n = ++$self->{sent};
		my $start = now();
		my $there;

		eval {
			local $SIG{ALRM} = sub { die "no connection\n" };
			alarm LATE_S + 1;
			$self->post(topic => PUBLIC, data => $n,
			    $o{more} ? $o{more}->($round) : ());
			$self->post(topic => PRIVATE, data => $n,
			    private => 'on');
			alarm 0;
			until ($there = $self->look($n, 0.25)) {
				last if now() - $start > LATE_S;
			}
		};
		alarm 0;
		Test::More::diag($@) if $@;
		push @{ $self->{seconds} }, $there ? now() - $start : 9999;
		return 0 if !$there;
		sleep $o{gap} // 0.06;
	}
	return 1;
}

sub sorted { return sort { $a <=> $b } @{ $_[0]{seconds} } }

# The time by which this part of the updates so far had come.
sub by {
	my ($self, $part) = @_;
	my @sorted = $self->sorted;

	return $sorted[POSIX::ceil($part * @sorted) - 1];
}

# Two tests: have the updates since the last call come in time?
sub judge {
	my ($self, $name) = @_;
	my @in_ms = map { $_ == 9999 ? 'never' : int 1000 * $_ }
	    $self->sorted;

	Test::More::cmp_ok($self->by(0.95), '<=', SOON_S,
	    "$name: 95 of 100 updates arrive within a second");
	Test::More::cmp_ok($self->by(1), '<=', LATE_S,
	    "$name: and all of them soon");
	Test::More::note("$name: milliseconds: @in_ms");
	$self->{seconds} = [];
}

# Did each get each update, once and in order?
sub judge_all {
	my ($self, $name) = @_;

	for my $w (@{ $self->{all} }) {
		my $expected = join ' ',
		    map { ($_) x $w->{each} } 1 .. $self->{sent};

		Test::More::is("@{ $w->{data} }", $expected,
		    "$name: $w->{name} got each update once, in order");
		Test::More::is($w->{stream}->problems, '',
		    "$name: $w->{name}: without a problem");
	}
	eval { wait_until('publishes are answered', sub {
		$self->look(0, 0.05);
		return !@{ $self->{answers} };
	}) };
	Test::More::is(join('; ', @{ $self->{refused} || [] }), '',
	    "$name: each publish was answered with 200");
}

sub leave { $_->{stream}->hang_up for @{ $_[0]{all} } }

1;
