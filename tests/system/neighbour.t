# SPDX-License-Identifier: MIT
# neighbour.t - a member of the queue's group does to its folder what it can.
use strict;
use warnings;
use Fcntl qw(SEEK_SET);
use File::Copy qw(copy);
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use POSIX ();
use PushcgiTest;
use Test::More;
use Time::HiRes qw(sleep);

die "neighbour.t needs two users of the machine: run it as root\n" if $> != 0;

# Neither they nor their group need to exist.
use constant { NEIGHBOUR => 64001, OWNER => 64003, GROUP => 64002 };

# What is root's, beside the folder: nothing in it may change.
my $outside = temp_dir();
spew("$outside/secret", "root's\n", 0600);
spew("$outside/public", "everybody's\n", 0644);
mkdir "$outside/private", 0700 or die "private: $!\n";

sub snapshot {
	return join "\n", map {
		my @st = lstat or die "$_: $!\n";
		join ' ', $_, @st[0, 1, 2, 4, 5, 7, 9], -f _ ? slurp($_) : ();
	} $outside, sort glob("$outside/*"), glob("$outside/private/*");
}

my $before = snapshot();

# Run as the neighbour, in the background; true when it is over.
sub neighbour {
	my ($act) = @_;
	my $pid = fork;

	die "fork: $!\n" unless defined $pid;
	return $pid if $pid;
	$SIG{TERM} = 'DEFAULT';
	$( = GROUP;
	$) = GROUP . ' ' . GROUP;
	$< = $> = NEIGHBOUR;
	POSIX::_exit($> == NEIGHBOUR && eval { $act->(); 1 } ? 0 : 1);
}

sub neighbour_does {
	my ($what, $act) = @_;
	my $pid = neighbour($act);

	waitpid $pid, 0;
	die "the neighbour cannot: $what\n" if $?;
}

sub end_neighbour {
	my ($pid) = @_;

	kill 'KILL', $pid;
	waitpid $pid, 0;
}

my $programs = temp_dir();
my $helper = program('pushcgi');
copy(program('pushcgi.fcgi'), "$programs/pushcgi.fcgi") or die "copy: $!\n";
chmod 0755, "$programs/pushcgi.fcgi";

# A folder as the manual wants it; its group is the neighbour's, too.
sub folder {
	my ($uid) = @_;
	my $hub = Hub->new(config => { MERCURE_HUB_KEEPALIVE_INTERVAL => 1 });

	chown $uid, GROUP, "$hub->{dir}/data";
	chmod 02770, "$hub->{dir}/data";
	chown OWNER, GROUP, $hub->{config_path};
	return $hub;
}

sub start {
	my ($hub) = @_;

	local $ENV{PUSHCGI_BUILD} = $programs;
	return $hub->start(how => 'systemd', prefix => ['setpriv',
	    '--reuid=' . OWNER, '--regid=' . GROUP, '--clear-groups']);
}

# The helper of root; it may fail, but says why and is not killed.
sub as_root {
	my ($name, $hub, @args) = @_;
	my ($status, $out, $err) = run([$helper, '--config',
	    $hub->{config_path}, @args]);

	fail "$name: the helper ended with signal " . ($status & 127)
	    if $status & 127;
	fail "$name: a failure without a sentence" if $status && $err eq '';
	fail "$name: $err" if $err =~ /Sanitizer|runtime error/;
	return ($status >> 8, $out, $err);
}

sub unchanged {
	my ($name) = @_;

	is snapshot(), $before, "$name: nothing outside has changed";
}

# Links in place of each file, before there is one and afterwards; to a file
# that is there, and to one that would be made.
for my $suffix ('', '-wal', '-shm', '-hub', '-journal') {
	for my $there (0, 1) {
		for my $to ("$outside/secret", "$outside/private/new") {
			my $name = "queue.db$suffix as a link, $there, $to";
			my $hub = folder(0);
			my $path = "$hub->{queue}$suffix";

			as_root($name, $hub, 'publish', 'a', 'b') if $there;
			neighbour_does($name, sub {
				unlink $path;
				symlink $to, $path or die;
			});
			as_root($name, $hub, 'publish', 'a', 'b');
			as_root($name, $hub, 'subscriptions');
			as_root($name, $hub, 'backup', "$hub->{dir}/copy");
			unchanged($name);
		}
	}
}

# Second names, which root makes here, as some systems let everybody.
for my $suffix ('', '-wal', '-shm', '-hub') {
	my $name = "queue.db$suffix as a second name";
	my $hub = folder(0);

	as_root($name, $hub, 'publish', 'a', 'b');
	unlink "$hub->{queue}$suffix";
	link "$outside/secret", "$hub->{queue}$suffix" or die "link: $!\n";
	my ($status, undef, $err) = as_root($name, $hub, 'publish', 'a', 'b');
	isnt $status, 0, "$name: refused";
	like $err, qr/\Q$hub->{queue}\E/, "$name: with a sentence";
	unlink "$hub->{queue}$suffix";
	unchanged($name);
}

# As whom root works.
for my $row (['root\'s folder of a group', 0, 65534, GROUP],
    ['another\'s folder', OWNER, OWNER, GROUP]) {
	my ($name, $uid, $want, $gid) = @$row;
	my $hub = folder($uid);
	my ($status) = as_root($name, $hub, 'publish', 'a', 'b');

	is $status, 0, "$name: root publishes";
	is_deeply [map { join ' ', (stat "$hub->{queue}$_")[4, 5] }
	    '', '-wal', '-shm', '-hub'], [("$want $gid") x 4],
	    "$name: all files are its user's";
	($status) = as_root($name, $hub, 'backup', "$outside.copy");
	is $status, 0, "$name: root copies it to where only root may write";
	is +(stat "$outside.copy")[4], 0, "$name: the copy is root's";
	unlink "$outside.copy";
}
my $open = folder(0);
chmod 0777, "$open->{dir}/data";
my ($status, undef, $err) = as_root('everybody\'s', $open, 'publish', 'a');
isnt $status, 0, 'root does not work where everybody may write';
like $err, qr/everybody may write in \S+: .*MERCURE_TRANSPORT_URL/,
    'and says so';
ok !-e $open->{queue}, 'before anything is made';

# Someone else's link on the way to the folder.
my $owned = temp_dir();
chown NEIGHBOUR, -1, $owned;
neighbour_does('a link on the way', sub {
	symlink "$outside/private", "$owned/way" or die;
});
my $led = folder(0);
$led->configure(MERCURE_TRANSPORT_URL => "sqlite://$owned/way/queue.db");
($status, undef, $err) = as_root('led elsewhere', $led, 'publish', 'a');
isnt $status, 0, 'a link of the neighbour on the way leads root nowhere';
unchanged('a link on the way');

# Names that are exchanged all the time, while root works.
sub exchange {
	my ($dir, $of) = @_;
	my $n = 0;

	while (1) {
		for my $path (grep { /$of/ } glob "$dir/*") {
			my $to = (qw(secret public private/new))[$n++ % 3];

			if ($n % 2) {
				rename $path, "$path.old";
				symlink "$outside/$to", $path;
				rename "$path.old", $path if $n % 5;
			} else {
				link "$outside/$to", "$path.link";
				symlink "$outside/$to", "$path.link";
				rename "$path.link", $path;
				unlink $path;
			}
		}
	}
}

for my $row (['each file', qr/queue\.db/], ['-wal and -shm', qr/-(?:wal|shm)/],
    ['new files', qr/-new|copy/], ['-hub', qr/-hub/]) {
	my ($name, $of) = @$row;
	my $hub = folder(0);
	my $dir = "$hub->{dir}/data";

	as_root($name, $hub, 'publish', 'a', 'b');
	my $pid = neighbour(sub { exchange($dir, $of) });
	for my $n (1 .. 12) {
		as_root($name, $hub, 'publish', 'a', $n);
		as_root($name, $hub, 'backup', "$dir/copy$n");
	}
	end_neighbour($pid);
	unchanged("$name exchanged");
}

# The socket of a hub of root's.
{
	my $hub = folder(0);
	my $dir = "$hub->{dir}/data";

	$hub->{address} = "unix:$dir/hub.sock";
	neighbour_does('a link for the socket', sub {
		symlink "$outside/secret", "$dir/hub.sock" or die;
	});
	my ($ended, undef, $why) = run([program('pushcgi.fcgi'), '--config',
	    $hub->{config_path}, '--listen', $hub->{address}]);
	isnt $ended, 0, 'a link in place of the socket: the hub does not start';
	like $why, qr/no socket/, 'and says why';
	unlink "$dir/hub.sock";
	my $pid = neighbour(sub { exchange($dir, qr/hub\.sock/) });
	for my $n (1 .. 5) {
		my $log = "$hub->{dir}/log$n";
		my $started = spawn(stderr => $log, command => [
		    program('pushcgi.fcgi'), '--config', $hub->{config_path},
		    '--listen', $hub->{address}, '--listen-group', 'nogroup']);
		wait_until('the hub serves, or not', sub {
			defined process_ended($started) ||
			    -e $log && slurp($log) =~ / serving /;
		});
		process_end($started, 'TERM');
	}
	end_neighbour($pid);
	unchanged('the socket exchanged');
}

# A key's file.
{
	my $hub = folder(0);
	my $key = "$hub->{dir}/data/key";

	$hub->configure(MERCURE_PUBLISHER_SECRET_KEY => "\@$key");
	neighbour_does('a link for the key', sub {
		symlink "$outside/secret", $key or die;
	});
	my ($failed, undef, $why) = as_root('key', $hub, 'publisher-jwt');
	isnt $failed, 0, 'a key behind the link of somebody else is not read';
	like $why, qr/link of somebody else/, 'with a sentence';
	unlike $why, qr/root's/, 'that does not show it';
}

# What is truncated or removed under a hub with streams.
my @damages = map { my $suffix = $_;
	map { ["queue.db$suffix cut to $_", $suffix, $_] } 0, 100, 5000
} '-wal', '-shm', '-hub';
push @damages, ['queue.db-wal cut to half', '-wal', 'half'];
push @damages, map { ["queue.db$_ removed", $_, undef] } '-wal', '-shm',
    '-hub', '';

for my $row (@damages) {
	my ($name, $suffix, $size) = @$row;
	my $hub = start(folder(OWNER));
	my $stream = $hub->stream(topic => 'a');
	my $path = "$hub->{queue}$suffix";

	for my $n (1 .. 3) {
		$hub->publish_ok(topic => 'a', data => "before$n");
		$stream->next_event;
	}
	neighbour_does($name, sub {
		if (defined $size) {
			$size = int((-s $path) / 2) if $size eq 'half';
			truncate $path, $size or die;
		} else {
			unlink $path or die;
		}
	});
	my @accepted;
	for my $n (1 .. 4) {
		wait_until("$name: the hub accepts", sub {
			my $status = $hub->publish(topic => 'a',
			    data => "after$n")->status;
			push @accepted, "after$n" if $status == 200;
			return $status == 200;
		});
		as_root($name, $hub, 'publish', 'a', "root$n");
	}
	$hub->publish_ok(topic => 'a', data => 'end');
	my $live = join ' ', grep { /^after/ } @{ $stream->data_until('end') };
	is $live, "@accepted", "$name: the stream gets what was accepted";
	$stream->hang_up;
	ok !defined process_ended($hub->{pid}), "$name: the hub lives";
	is $hub->stop, 0, "$name: and ends well";
	start($hub);
	my $replay = $hub->stream(topic => 'a', last_event_id => 'earliest');
	is join(' ', grep { /^after/ } @{ $replay->data_until('end') }),
	    "@accepted", "$name: so do those who come later";
	my ($bad, $text) = run(['sqlite3', '-readonly', $hub->{queue},
	    'PRAGMA integrity_check']);
	is $text, "ok\n", "$name: the database is whole";
	$replay->hang_up;
	$hub->stop;
}

# A neighbour that is stopped with a lock in its hands: byte 0 is the write
# lock, byte 1 that of those who make the sidecar.
for my $byte (0, 1) {
	my $name = $byte ? 'the create lock' : 'the write lock';
	my $hub = folder(0);
	my $side = "$hub->{queue}-hub";

	as_root($name, $hub, 'publish', 'a', 'b') if !$byte;
	my $pid = neighbour(sub {
		open my $file, '+>>', $side or die;
		chmod 0660, $side;
		fcntl $file, 37, pack 's s x![q] q q i x![q]', 1, SEEK_SET,
		    $byte, 1, 0 or die;
		mkdir "$side.locked" or die;
		kill 'STOP', $$;
		sleep 1000;
	});
	wait_until("$name is held", sub { -d "$side.locked" });
	my ($failed, undef, $why) = as_root($name, $hub, 'publish', 'a', 'b');
	isnt $failed, 0, "$name held by a stopped process: publish fails";
	like $why, qr/lock/, "$name: with a sentence";
	end_neighbour($pid);
	($failed) = as_root($name, $hub, 'publish', 'a', 'b');
	is $failed, 0, "$name: once it is dead, all is well";
}

unchanged('all of it');
done_testing;
