# SPDX-License-Identifier: MIT
# traps_queue.t - what happens to the files of a queue under running hubs.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use File::Copy qw(copy);
use Hub;
use PushcgiTest;
use Test::More;

# Byte 0 of the sidecar is the lock of all writers (fcntl(2), F_OFD_SETLK);
# the process id of its holder stands at this place of its content.
use constant { OFD_SETLK => 37, WRITE_LOCK => 1, HOLDER_AT => 28 };

my %config = (MERCURE_HUB_KEEPALIVE_INTERVAL => 1);
my $root = $> == 0;

# The sidecar is removed under two hubs: they meet again at the new one.
my $first = Hub->start(config => \%config);
my $second = Hub->start(config => \%config, queue_of => $first);
my @streams = map { $_->stream(topic => 'a') } $first, $second;
my $sidecar = "$first->{queue}-hub";
for my $how ('removed', 'removed and made again') {
	my $old = (stat $sidecar)[1];

	open my $held, '<', $sidecar or die "$sidecar: $!\n";
	unlink $sidecar or die "$sidecar: $!\n";
	if ($how =~ /again/) {
		my ($code) = $first->helper(['publish', 'a', 'by the helper']);
		is $code, 0, "sidecar $how: the helper publishes";
		is $_->next_event->{data}, 'by the helper',
		    "sidecar $how: a stream hears it" for @streams;
	}
	for my $hub ($first, $second, $first) {
		my $id = $hub->publish_ok(topic => 'a', data => 'x');
		is $_->next_event->{id}, $id,
		    "sidecar $how: published, and a stream hears it"
		    for @streams;
	}
	isnt +(stat $sidecar)[1], $old, "sidecar $how: there is a new one";
}
is $_->problems, '', 'sidecar: a clean stream' for @streams;
$second->stop;

# A stopped process holds the lock: publishers are told which.
sub stopped_holder {
	my $pid = spawn(name => 'the holder', command => [$^X, '-MFcntl',
	    '-e', <<'EOT', $sidecar, OFD_SETLK, WRITE_LOCK, HOLDER_AT]);
my ($path, $command, $type, $at) = @ARGV;
open my $side, '+<', $path or die "$path: $!\n";
my $lock = pack 's s x![q] q q i x![q]', $type, 0, 0, 1, 0;
select undef, undef, undef, 0.001 until fcntl $side, $command + 0, $lock;
sysseek $side, $at, 0;
syswrite $side, pack 'l', $$;
kill 'STOP', $$;
EOT
	wait_until('the holder is stopped',
	    sub { slurp("/proc/$pid/stat") =~ /\) T / });
	return $pid;
}

my $holder = stopped_holder();
my $refused = $first->publish(topic => 'a', data => 'refused');
is $refused->status, 503, 'a stopped holder: 503';
wait_until('the log has its reason',
    sub { $first->log_text =~ /process \d+ holds the write lock/ });
like $first->log_text, qr/process $holder holds the write lock.* end it/,
    'the log names the process and the fix';
$streams[0]->next_comment;
$streams[0]->next_comment;
is $first->stream(topic => 'a', last_event_id => 'earliest')
    ->next_event->{data}, 'x', 'a stopped holder: history is replayed';
kill 'CONT', $holder;
is $first->publish(topic => 'a', data => 'goes on')->status, 200,
    'once it goes on, so do publishes';
is $streams[0]->next_event->{data}, 'goes on', 'and the refused is not there';
$first->stop;

# Programs that other users can start, wherever the build stands.
my $programs = temp_dir();
for my $name (qw(pushcgi pushcgi.fcgi)) {
	copy(program($name), "$programs/$name") or die "$name: $!\n";
	chmod 0755, "$programs/$name";
}
$ENV{PUSHCGI_BUILD} = $programs;

# The words before a command that make it run as this user.
sub as_user {
	my ($user, $group) = @_;

	return $root ? ('setpriv', "--reuid=$user", "--regid=" . (getpwnam $user)[3],
	    "--groups=$group") : ();
}

# The folder is made read-only under a hub that is not root's.
my $web = Hub->start(config => \%config, how => 'systemd',
    shared_with => $root ? 'www-data' : undef,
    prefix => [as_user('www-data', 'www-data')]);
my $stream = $web->stream(topic => 'a');
$web->publish_ok(topic => 'a', data => 'before');
chmod 0555, "$web->{dir}/data" or die "data: $!\n";
my $meanwhile = $web->publish(topic => 'a', data => 'meanwhile')->status;
like $meanwhile, qr/^(?:200|503)\z/, 'a read-only folder: 200 or 503';
$stream->next_item('a comment', sub {
	push @{ $stream->{seen} }, $_[0]{data} if $_[0]{kind} eq 'event';
	return $_[0]{kind} eq 'comment';
}) for 1, 2;
is $web->stream(topic => 'a', last_event_id => 'earliest')
    ->next_event->{data}, 'before', 'a read-only folder: history';
chmod 02770, "$web->{dir}/data" or die "data: $!\n";
$web->publish_ok(topic => 'a', data => 'end');
is_deeply [@{ $stream->{seen} || [] }, @{ $stream->data_until('end') }],
    ['before', $meanwhile == 200 ? 'meanwhile' : ()],
    'and exactly what was acknowledged arrives';

# The database alone is made read-only: who has it open may go on, who comes
# is told which file it is.
sub start_anew {
	return run([as_user('www-data', 'www-data'), program('pushcgi.fcgi'),
	    '--config', $web->{config_path}, '--listen',
	    "unix:$web->{dir}/data/other.sock"]);
}

chmod 0440, $web->{queue} or die "$web->{queue}: $!\n";
my @accepted = grep { $web->publish(topic => 'a', data => $_)->status == 200 }
    1 .. 3;
my ($started, undef, $why) = start_anew();
isnt $started, 0, 'a read-only database: no other hub starts';
like $why, qr/\Q$web->{queue}\E/, 'it names the file';
chmod 0660, $web->{queue} or die "$web->{queue}: $!\n";
$web->publish_ok(topic => 'a', data => 'end of read-only');
is_deeply $stream->data_until('end of read-only'), \@accepted,
    'a read-only database: the stream gets exactly what was acknowledged';
is $stream->problems, '', 'and is clean';

# A creator with umask 022, then others of the group, in a 2770 folder.
my $shared = Hub->new(config => \%config,
    shared_with => $root ? 'www-data' : undef);
my $dir = "$shared->{dir}/data";

sub publish_as {
	my ($user, $umask, $data) = @_;
	my $pid = spawn(umask => $umask, stderr => $shared->{log}, command => [
	    as_user($user, 'www-data'), program('pushcgi'), '--config',
	    $shared->{config_path}, 'publish', 'a', $data]);

	wait_until("the helper of $user ends",
	    sub { defined process_ended($pid) });
	return process_ended($pid);
}

is publish_as('www-data', 022, 'one'), 0, 'umask 022: the creator publishes';
is publish_as('nobody', 077, 'two'), 0,
    'another user of the group publishes';
for my $suffix ('', qw(-wal -shm -hub)) {
	my ($mode, $gid) = (stat "$shared->{queue}$suffix")[2, 5];

	is sprintf('%04o', ($mode || 0) & 07777), '0660',
	    "umask 022: queue.db$suffix has mode 0660";
	is $gid, (stat $dir)[5], "queue.db$suffix has the folder's group";
}
$shared->start;
is $shared->stream(topic => 'a', last_event_id => 'earliest')->next_event
    ->{data}, 'one', 'a hub of a third user reads it';
$shared->publish_ok(topic => 'a', data => 'three');
is publish_as('www-data', 022, 'four'), 0, 'and the first still publishes';

done_testing;
