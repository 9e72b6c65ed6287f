#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# calls.pl - no call goes upward by the table of floors, and none in a circle.
#
# An include shows what a file may use; the object files show what it does use:
# which file defines a symbol, and which files name it.  A function that is
# reached through a pointer belongs to whoever set the pointer.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

my (%floor, %module, %modules, %down, %defines, %uses, %used,
    %edges);

sub folder_of {
	my ($path) = @_;
	return $path =~ m{^(.*)/[^/]+$} ? $1 : '';
}

sub read_floors {
	for (split /\n/, text('tests/lint/floors.txt')) {
		my ($kind, $number, @folders) = split;
		next if !defined $kind || $kind ne 'floor';
		$floor{$_} = $number for @folders;
	}
}

# What is allowed, and why.  FILE FILE...: one module on purpose.  FILE > FILE:
# a table of those who register with it.
sub read_allowed {
	for (split /\n/, text('tests/lint/calls.allow')) {
		next if /^\s*(?:#|$)/;
		my ($what, $why) = split /\s*:\s*/, $_, 2;
		my @files = grep { $_ ne '>' } split ' ', $what;
		complain("calls.allow: no reason for $what")
		    if ($why // '') eq '';
		complain("calls.allow: $_ does not exist")
		    for grep { !-f source() . "/$_" } @files;
		if ($what =~ />/) {
			$down{"@files"} = $what;
			next;
		}
		$modules{$what} = [@files];
		$module{$_} = $what for @files;
	}
}

sub objects {
	my ($folder) = @_;
	opendir(my $d, build() . "/$folder") or return;
	my @found;
	for my $name (sort readdir $d) {
		my $path = "$folder/$name";
		next if $name =~ /^\./;
		push @found, $path if $name =~ /\.o$/;
		push @found, objects($path) if -d build() . "/$path";
	}
	return @found;
}

# automake puts the program's name before some: helpers/cmd/pushcgi-main.o.
sub source_of {
	my ($object) = @_;
	my ($folder, $name) = $object =~ m{^(.*)/(.*)\.o$};
	for my $c ($name, $name =~ /^.*-(.*)$/) {
		return "$folder/$c.c" if -f source() . "/$folder/$c.c";
	}
	return undef;
}

sub read_objects {
	my %source = map { $_ => source_of($_) } map { objects($_) } @_;
	my @known = grep { defined $source{$_} } sort keys %source;
	die "no object files in " . build() . "\n" if !@known;
	open(my $p, '-|', 'nm', '-A', '-P', '-g',
	    map { build() . "/$_" } @known) or die "nm: $!\n";
	while (<$p>) {
		my ($object, $symbol, $type) = /^(.*?\.o): (\S+) (\S)/ or next;
		my $file = $source{ substr($object, length(build()) + 1) };
		if ($type eq 'U') {
			$uses{$file}{$symbol} = 1;
		} elsif ($symbol ne 'main') {
			$defines{$symbol} = $file;
		}
	}
	close($p) or die "nm failed\n";
}

sub read_edges {
	for my $from (sort keys %uses) {
		for my $symbol (sort keys %{ $uses{$from} }) {
			my $to = $defines{$symbol};
			next if !defined $to || $to eq $from;
			if ($down{"$from $to"}) {
				$used{"$from $to"} = 1;
				next;
			}
			push @{ $edges{$from}{$to} }, $symbol;
		}
	}
}

sub check_floors {
	for my $from (sort keys %edges) {
		for my $to (sort keys %{ $edges{$from} }) {
			my ($own, $other) = map { $floor{ folder_of($_) } }
			    $from, $to;
			next if !defined $own || !defined $other;
			complain("$from: floor $own calls @{$edges{$from}{$to}}"
			    . " of floor $other ($to)") if $other > $own;
		}
	}
}

# Each node's group of nodes that reach each other (Tarjan).
sub circles {
	my ($graph) = @_;
	my (%index, %low, @stack, %on, @found, $visit);
	my $n = 0;

	$visit = sub {
		my ($v) = @_;
		$index{$v} = $low{$v} = $n++;
		push @stack, $v;
		$on{$v} = 1;
		for my $w (sort keys %{ $graph->{$v} // {} }) {
			if (!defined $index{$w}) {
				$visit->($w);
				$low{$v} = $low{$w} if $low{$w} < $low{$v};
			} elsif ($on{$w}) {
				$low{$v} = $index{$w} if $index{$w} < $low{$v};
			}
		}
		return if $low{$v} != $index{$v};
		my @group;
		do {
			push @group, pop @stack;
			delete $on{ $group[-1] };
		} while ($group[-1] ne $v);
		push @found, [sort @group] if @group > 1;
	};
	for my $v (sort keys %$graph) {
		$visit->($v) if !defined $index{$v};
	}
	return @found;
}

# The graph of what $name makes of each file.
sub graph_of {
	my ($name) = @_;
	my %graph;
	for my $from (keys %edges) {
		for my $to (keys %{ $edges{$from} }) {
			my ($a, $b) = ($name->($from), $name->($to));
			push @{ $graph{$a}{$b} }, @{ $edges{$from}{$to} }
			    if $a ne $b;
		}
	}
	return \%graph;
}

sub complain_of_circles {
	my ($what, $graph) = @_;
	for my $group (circles($graph)) {
		complain("$what that call each other: @$group");
		my %in = map { $_ => 1 } @$group;
		for my $from (@$group) {
			for my $to (grep { $in{$_} } sort keys %{ $graph->{$from} }) {
				my %names = map { $_ => 1 } @{ $graph->{$from}{$to} };
				print "    $from -> $to: ",
				    join(' ', sort keys %names), "\n";
			}
		}
	}
}

# A line that is needed no more is removed.
sub check_allowed {
	my %bound;
	for my $pair (sort keys %down) {
		complain("calls.allow: $down{$pair}: there is no such call")
		    if !$used{$pair};
	}
	for my $group (circles(\%edges)) {
		$bound{$_} = $group for @$group;
	}
	for my $files (sort keys %modules) {
		for my $file (@{ $modules{$files} }) {
			complain("calls.allow: $file is in no circle")
			    if !$bound{$file};
		}
	}
}

read_floors();
read_allowed();
read_objects('helpers', 'fcgi');
read_edges();
check_floors();
complain_of_circles('folders', graph_of(\&folder_of));
complain_of_circles('files', graph_of(sub { $module{ $_[0] } // $_[0] }));
check_allowed();
finish();
