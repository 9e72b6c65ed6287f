# SPDX-License-Identifier: MIT
# Load.pm - runs the load generator and reads what it says.
package Load;

use strict;
use warnings;
use Hub;
use PushcgiTest;
use Test::More ();
use Token;

# Lanes that publish `n` updates to `topics`, half of them at `rate` to each of
# these addresses, and the others by the helper and as a CGI.
sub lanes_of_all {
	my ($n, $topics, $rate, @addresses) = @_;
	my $each = int $n / 4;

	return ((map { "at=$_,topics=$topics,count=" . int($n / 2
	    / @addresses) . ",rate=$rate" } @addresses),
	    "how=helper,topics=$topics,count=$each",
	    "how=cgi,topics=$topics,count=$each");
}

# Start it: streams => [specs], lanes => [specs], options => [more], hub =>
# whose configuration programs take.
sub start {
	my ($class, %o) = @_;
	my $self = bless { out => temp_dir() . '/load.out' }, $class;
	my @command = (program('tests/bench/load'),
	    '--token=' . Token::publisher(), @{ $o{options} || [] });

	push @command, '--pushcgi=' . program('pushcgi'),
	    '--responder=' . program('pushcgi.fcgi'),
	    "--config=$o{hub}{config_path}" if $o{hub};
	push @command, map { ('--streams', $_) } @{ $o{streams} };
	push @command, map { ('--lane', $_) } @{ $o{lanes} };
	if ($o{hold}) {
		pipe my $theirs, $self->{to} or die "pipe: $!\n";
		$self->{to}->autoflush;
		push @command, '--hold=1';
		$self->{pid} = spawn(command => \@command, stdin => $theirs,
		    stdout => $self->{out}, stderr => $self->{out});
	} else {
		$self->{pid} = spawn(command => \@command,
		    stdout => $self->{out}, stderr => $self->{out});
	}
	watch_log($self->{out}, 'load');
	return $self;
}

sub text { return -e $_[0]{out} ? slurp($_[0]{out}) : '' }
sub ended { return defined process_ended($_[0]{pid}) }

# Let it go on where it holds, or have it do there what `order` says.
sub go {
	my ($self, $order) = @_;

	print { $self->{to} } $order // '', "\n";
}

# How often all streams were open (again).
sub opened {
	my ($self) = @_;

	return scalar(() = $self->text =~ /^open /mg);
}

# How many acknowledged updates it has told of.
sub acked {
	my ($self) = @_;

	return ($self->text =~ /^acked=(\d+)/mg)[-1] || 0;
}

# The fields of the last line that begins with `word`.
sub fields {
	my ($self, $word) = @_;
	my ($line) = reverse $self->text =~ /^(\Q$word\E.*)$/mg;

	return unless defined $line;
	return { $line =~ /(\w+)=([\d.]+)/g };
}

# Its groups' results.
sub groups {
	my ($self) = @_;

	return map { +{ /(\w+)=(\d+)/g } } $self->text =~ /^(group=.*)$/mg;
}

# Wait for its end, and test that each stream has got each acknowledged update
# once, in one order.  acked, interrupted => of these at least so many.
sub judge {
	my ($self, $name, %least) = @_;

	wait_until("$name: the end", sub { $self->ended });
	my @groups = $self->groups;
	for my $problem (qw(lost duplicate disordered disagree forgotten)) {
		my $sum = 0;
		$sum += $_->{$problem} for @groups;
		Test::More::is($sum, 0, "$name: none $problem") if @groups;
	}
	Test::More::is(process_ended($self->{pid}), 0, "$name: exact");
	Test::More::cmp_ok($self->fields('published')->{acked}, '>=',
	    $least{acked}, "$name: acknowledged");
	my $interrupted = 0;
	$interrupted += $_->{interrupted} for @groups;
	Test::More::cmp_ok($interrupted, '>=', $least{interrupted},
	    "$name: streams were interrupted");
}

1;
