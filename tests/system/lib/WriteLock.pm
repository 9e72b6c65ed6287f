# SPDX-License-Identifier: MIT
# WriteLock.pm - takes the lock of a queue's writers, and sees who holds it.
package WriteLock;

use strict;
use warnings;
use Fcntl qw(SEEK_SET);
use PushcgiTest;

# Byte 0 of the sidecar is the lock: fcntl(2), F_OFD_SETLK and F_OFD_SETLKW.
use constant { SETLK => 37, SETLKW => 38, WRITE => 1, UNLOCK => 2 };

sub new {
	my ($class, $hub) = @_;

	open my $sidecar, '+<', "$hub->{queue}-hub" or die "sidecar: $!\n";
	return bless { sidecar => $sidecar }, $class;
}

sub call {
	my ($self, $command, $type) = @_;
	my $flock = pack 's s x![q] q q i x![q]', $type, SEEK_SET, 0, 1, 0;

	return fcntl $self->{sidecar}, $command, $flock;
}

# Wait for the lock, trying now and then, or (`queued`) as the next in turn.
sub take {
	my ($self, $queued) = @_;

	return if $queued && $self->call(SETLKW, WRITE);
	wait_until('the lock is ours', sub { $self->call(SETLK, WRITE) });
}

sub release {
	my ($self) = @_;

	$self->call(SETLK, UNLOCK) or die "unlock: $!\n";
}

# The bytes below 3 of the sidecar that a process has locked: 0 is the write
# lock, 1 that of those who make the sidecar, 2 the reaper's.
sub held_by {
	my ($pid) = @_;
	my @held;

	for my $path (glob "/proc/$pid/fdinfo/*") {
		open my $info, '<', $path or next;
		push @held, map { /\bOFDLCK .* ([012]) \g1$/ } <$info>;
	}
	return @held;
}

# Stop a process, but not while it holds the write lock: all others would wait
# for it.
sub stop_outside {
	my ($pid) = @_;

	wait_until("process $pid is stopped without the lock", sub {
		kill 'STOP', $pid;
		wait_until("process $pid is stopped", sub {
			my @states = map { slurp($_) =~ /^State:\s+(\S)/m }
			    glob "/proc/$pid/task/*/status";

			return !grep { $_ ne 'T' } @states;
		});
		return 1 if !grep { $_ < 2 } held_by($pid);
		kill 'CONT', $pid;
		return 0;
	});
}

1;
