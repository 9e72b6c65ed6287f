# SPDX-License-Identifier: MIT
# WriteLock.pm - takes the lock of a queue's writers, as another process would.
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

1;
