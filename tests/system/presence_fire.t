# SPDX-License-Identifier: MIT
# presence_fire.t - half of the processes are killed: the list and the events agree with the truth.
#
# PUSHCGI_EXACTNESS=full: 1,000 streams in 30 processes.
use strict;
use warnings;
use File::Copy qw(copy);
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use Presence;
use PushcgiTest;
use Test::More;
use Time::HiRes qw(time);
use WriteLock;

my $full = ($ENV{PUSHCGI_EXACTNESS} || '') eq 'full';
my ($processes, $streams) = $full ? (30, 1000) : (8, 120);

# One hub watches, and the first of the others is the reaper.  Where the test
# may, that is another user's, who needs a program that he can start.
my %config = (MERCURE_MAX_CONNECTIONS_PER_TOKEN => 0);
my $root = $> == 0 && getpwnam 'www-data';
my %shared = $root ? (shared_with => 'www-data') : ();
my $programs = temp_dir();
copy(program('pushcgi.fcgi'), "$programs/pushcgi.fcgi") or die "copy: $!\n";
chmod 0755, "$programs/pushcgi.fcgi";
$ENV{PUSHCGI_BUILD} = $programs;
my @as_user = ('setpriv', '--reuid=www-data', '--regid=www-data',
    '--init-groups');
my $watcher = Hub->new(config => \%config, %shared);
my @hubs = Hub->start(queue_of => $watcher, config => \%config, %shared,
    $root ? (how => 'systemd', prefix => \@as_user) : ());
wait_until('the first hub is the reaper',
    sub { grep { $_ == 2 } WriteLock::held_by($hubs[0]{pid}) });
$watcher->start;
push @hubs, map {
	Hub->start(queue_of => $watcher, config => \%config, %shared)
} 2 .. $processes;
my $watch = $watcher->stream(topic => SUBSCRIPTIONS . '/{t}/{s}',
    token => all_events());
my %there;	# topic => hub
my %seen;	# topic => { begun, ended }; each may come once

sub read_events { read_told($watch, \%seen, @_) }

sub listed {
	my ($hub) = @_;

	return [sort grep { /^s\d/ } map { (split)[0] } @{ there($hub) }];
}

my @open;
for my $n (1 .. $streams) {
	my $hub = $hubs[$n % $processes];

	push @open, $hub->stream(topic => "s$n");
	$there{"s$n"} = $hub;
}
read_events(sub { keys %seen == $streams });
is_deeply listed($watcher), [sort keys %there], 'all are listed';
is scalar(grep { $_->{begun} != 1 } values %seen), 0, 'each began once';

# Half of them die, and nobody waits for them: they are zombies.  The reaper is
# stopped, which is not a death: another one reports those who died.
my @killed = @hubs[1 .. $processes / 2];
my $stopped = $hubs[0];
my %dead = map { $_->{pid} => 1 } @killed;
my @survive = sort grep { !$dead{ $there{$_}{pid} } } keys %there;
my @gone = sort grep { $dead{ $there{$_}{pid} } } keys %there;
WriteLock::stop_outside($stopped->{pid});
my $start = time;
kill 'KILL', $_->{pid} for @killed;
wait_until('the dead are not listed',
    sub { "@{ listed($watcher) }" eq "@survive" });
my $listed_s = time - $start;
pass 'the list agrees with the truth at once';
read_events(sub { @gone == grep { $_->{ended} } values %seen });
my $told_s = time - $start;
is_deeply [sort grep { $seen{$_}{ended} } keys %seen], \@gone,
    'those who died, and no others, are told to have ended';
is_deeply listed($hubs[-1]), \@survive, 'another process says the same';
diag sprintf '%d streams of %d processes gone: listed %.2f s, told %.2f s',
    scalar @gone, scalar @killed, $listed_s, $told_s;
kill 'CONT', $stopped->{pid};
$_->stop('KILL') for @killed;

# The first to clean up dies as well: somebody else goes on.
$watcher->stop('KILL');
$watcher->start;
$watch = $watcher->stream(topic => SUBSCRIPTIONS . '/{t}/{s}',
    token => all_events());
my $victim = $hubs[-1];
my @last = sort grep { $there{$_} == $victim } @survive;
$victim->stop('KILL');
read_events(sub { @gone + @last == grep { $_->{ended} } values %seen });
is_deeply [sort grep { $seen{$_}{ended} } keys %seen],
    [sort @gone, @last], 'the next process to die is told of, too';

# The rest ends in order.
$_->stop for grep { !$dead{ $_->{pid} } && $_ != $victim } @hubs;
read_events(sub { $streams == grep { $_->{ended} } values %seen });
is scalar(grep { $_->{ended} != 1 } values %seen), 0, 'each ended once';
is_deeply listed($watcher), [], 'nobody is left';

done_testing;
