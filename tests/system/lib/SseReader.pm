# SPDX-License-Identifier: MIT
# SseReader.pm - a strict reader of text/event-stream (HTML standard, 9.2.6).
package SseReader;

use strict;
use warnings;

# RFC 3629, section 4.
my $utf8 = qr/(?:[\x00-\x7f]
	|[\xc2-\xdf][\x80-\xbf]
	|\xe0[\xa0-\xbf][\x80-\xbf]
	|\xed[\x80-\x9f][\x80-\xbf]
	|[\xe1-\xec\xee\xef][\x80-\xbf]{2}
	|\xf0[\x90-\xbf][\x80-\xbf]{2}
	|\xf4[\x80-\x8f][\x80-\xbf]{2}
	|[\xf1-\xf3][\x80-\xbf]{3})/x;

# Items come out in the order of the stream: { kind => 'comment', text },
# { kind => 'event', data, id, event, retry } for what a browser would fire,
# and { kind => 'frame', id, retry } for a block without data.  Beyond the
# standard, what no correct hub writes is a problem: unknown fields, a broken
# id or retry, bytes that are not UTF-8, an event name without data.
sub new {
	my ($class) = @_;

	return bless { rest => '', items => [], problems => [], block => {},
	    lines => 0, first => 1 }, $class;
}

sub items { return $_[0]{items} }
sub problems { return @{ $_[0]{problems} } }
sub last_event_id { return $_[0]{last_event_id} }

# Does an unfinished line or block hang at the end?
sub is_partial { return length $_[0]{rest} || $_[0]{lines} }

sub feed {
	my ($self, $bytes) = @_;

	$self->{rest} .= $bytes;
	if ($self->{first}) {
		return if length $self->{rest} < 3;
		push @{ $self->{problems} }, 'a byte order mark'
		    if $self->{rest} =~ s/^\xef\xbb\xbf//;
		$self->{first} = 0;
	}
	# No line has ended: long ones come in many pieces.
	return if $bytes !~ /[\r\n]/ && index($self->{rest}, "\r") < 0;
	# A CR at the very end may be the first half of a CRLF.
	while ($self->{rest} =~ /\G([^\r\n]*+)(?:\r\n|\n|\r(?!\z))/gc) {
		$self->line($1);
	}
	substr($self->{rest}, 0, pos($self->{rest}) || 0) = '';
}

sub line {
	my ($self, $line) = @_;

	if ($line eq '') {
		$self->dispatch;
		return;
	}
	push @{ $self->{problems} }, "not UTF-8: $line"
	    if $line =~ /[\x80-\xff]/ && $line !~ /^$utf8*+\z/;
	if ($line =~ /^:(.*)/s) {
		push @{ $self->{items} }, { kind => 'comment', text => $1 };
		return;
	}
	$self->{lines}++;
	my ($field, $value) = $line =~ /^([^:]*)(?::[ ]?(.*))?\z/s;
	$self->field($field, defined $value ? $value : '');
}

sub field {
	my ($self, $field, $value) = @_;
	my $block = $self->{block};

	if ($field eq 'data') {
		push @{ $block->{data} }, $value;
	} elsif ($field !~ /^(?:id|event|retry)\z/) {
		push @{ $self->{problems} }, "unknown field: $field";
	} elsif (exists $block->{$field}) {
		push @{ $self->{problems} }, "second $field in one block";
	} elsif ($field eq 'retry' && $value !~ /^[0-9]+\z/) {
		push @{ $self->{problems} }, "retry is not digits: $value";
	} elsif ($field eq 'id' && $value =~ /\0/) {
		push @{ $self->{problems} }, 'NUL in an id';
	} else {
		$block->{$field} = $value;
	}
}

sub dispatch {
	my ($self) = @_;
	my $block = $self->{block};

	return unless $self->{lines};
	$self->{last_event_id} = $block->{id} if exists $block->{id};
	if (exists $block->{data}) {
		$block->{data} = join "\n", @{ $block->{data} };
		$block->{kind} = 'event';
	} else {
		push @{ $self->{problems} }, 'an event name without data'
		    if exists $block->{event};
		$block->{kind} = 'frame';
	}
	push @{ $self->{items} }, $block;
	$self->{block} = {};
	$self->{lines} = 0;
}

1;
