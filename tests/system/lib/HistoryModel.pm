# SPDX-License-Identifier: MIT
# HistoryModel.pm - what a hub's history must be, as simply as it can be said.
package HistoryModel;

use strict;
use warnings;

# Updates of one id that a hub looks at.
use constant LOOKS_MAX => 8;

# Every selector a test may use, and the topics it matches: no URI Template is
# expanded here.
our %selectors = (
	'*' => qr/./,
	a => qr/^a\z/,
	b => qr/^b\z/,
	marker => qr/^marker\z/,
	'https://example.com/books/{id}' =>
	    qr{^https://example\.com/books/[^/]*\z},
	'https://example.com/books/1' => qr{^https://example\.com/books/1\z},
	'/c/{+rest}' => qr{^/c/},
);

our @topics = ('a', 'b', 'c', '/c/1/2', 'https://example.com/books/1',
    'https://example.com/books/2', 'https://example.com/books/2/pages');

# The log of a hub that keeps the last `keep` updates.  Updates are { id,
# number, topics, private }; their places count from 1.
sub new {
	my ($class, $keep) = @_;

	return bless { keep => $keep, log => [undef], place => {} }, $class;
}

sub append {
	my ($self, $update) = @_;

	push @{ $self->{log} }, $update;
	$self->{place}{ $update->{number} } = $self->tail;
}

sub tail { return $#{ $_[0]{log} } }
sub at { return $_[0]{log}[ $_[1] ] }
sub place { return $_[0]{place}{ $_[1] } }

# The place of the last update that was pruned, 0 if none was.
sub floor {
	my ($self) = @_;
	my $floor = $self->tail - $self->{keep};

	return $floor > 0 ? $floor : 0;
}

# Where an update's id leads: to the earliest that is left and that `asked`
# might have, or to one whose id is random; undef: nowhere.
sub find {
	my ($self, $id, $asked) = @_;
	my $looks = LOOKS_MAX;

	for my $place ($self->floor + 1 .. $self->tail) {
		next if $self->at($place)->{id} ne $id;
		return if $looks-- == 0;
		return $place if $id =~ /^urn:uuid:/
		    || may_have($asked, $self->at($place));
	}
	return;
}

sub matches {
	my ($selectors, $topics) = @_;

	for my $selector (@$selectors) {
		my $pattern = $selectors{$selector}
		    or die "no selector of the model: $selector\n";
		return 1 if grep { $_ eq $selector || $_ =~ $pattern } @$topics;
	}
	return 0;
}

# Has `asked` the right to it, whether it asked for it or not?
sub may_have {
	my ($asked, $update) = @_;

	return 1 if !$update->{private};
	return $asked->{rights} && matches($asked->{rights},
	    $update->{topics});
}

# Is an update for who asked for `topics` with `rights` (undef: no token)?
sub wants {
	my ($asked, $update) = @_;

	return matches($asked->{topics}, $update->{topics})
	    && may_have($asked, $update);
}

# The place of the next update behind `place` that is for `asked`; undef if
# there is none yet.
sub next_wanted {
	my ($self, $asked, $place) = @_;

	while (++$place <= $self->tail) {
		return $place if wants($asked, $self->at($place));
	}
	return;
}

1;
