# SPDX-License-Identifier: MIT
# ScriptedHub.pm - a hub that does what a test wants, and tells what it was asked.
package ScriptedHub;

use strict;
use warnings;
use JSON::PP ();
use PushcgiTest;

# answers => { name => bytes }: the number of a connection, or a method; holds
# => its streams do not end.
sub start {
	my ($class, %o) = @_;
	my $dir = temp_dir();
	my $self = bless { dir => $dir, port => free_port() }, $class;

	spew("$dir/$_", $o{answers}{$_}) for keys %{ $o{answers} };
	spew("$dir/holds", '') if $o{holds};
	spew("$dir/requests", '');
	$self->{pid} = spawn(name => 'scripted hub', stderr => "$dir/log",
	    command => [$^X, source('tests/system/lib/scripted_hub.pl'),
	    $self->{port}, $dir]);
	wait_until('the scripted hub listens', sub {
		-e "$dir/listening";
	});
	return $self;
}

# What it was asked, one after the other: { at, method, head }; a method `end`
# is the end of an answer.
sub requests {
	my ($self) = @_;

	return map { JSON::PP::decode_json($_) }
	    split /\n/, slurp("$self->{dir}/requests");
}

sub stop { process_end($_[0]{pid}, 'TERM') }

1;
