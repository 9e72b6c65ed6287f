# SPDX-License-Identifier: MIT
# full_disk.t - the disk fills up under a running hub: 503 until there is room;
# a disk that is mounted read-only is named.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use Presence;
use PushcgiTest;
use Test::More;

# In a mount namespace of its own, the small disk is nobody else's.
if (!$ENV{PUSHCGI_TEST_UNSHARED}) {
	$ENV{PUSHCGI_TEST_UNSHARED} = 1;
	exec 'unshare', $> == 0 ? () : '--map-root-user', '--mount', $^X, $0
	    or die "unshare: $!\n";
}

my $hub = Hub->new(config => { MERCURE_HUB_KEEPALIVE_INTERVAL => 1 });
my $disk = "$hub->{dir}/data";
my $mounted;

sub mounting {
	my ($status, undef, $err) = run([@_]);

	die "$_[0]: $err\n" if $status;
}

# Before the folder is removed; a hub that failed may still hold it.
END {
	if ($mounted) {
		local $?;
		eval { mounting('umount', '--lazy', $disk) };
	}
}

# What goes in until nothing more does.
sub fill {
	my ($path) = @_;

	open my $out, '>:raw', $path or die "$path: $!\n";
	for my $size (65_536, 512) {
		1 while syswrite $out, "\1" x $size;
		$!{ENOSPC} or die "$path: $!\n";
	}
}

mounting('mount', '-t', 'tmpfs', '-o', 'size=4m,mode=2770', 'tmpfs', $disk);
$mounted = 1;
$hub->start;
my $stream = $hub->stream(topic => 'a');
my @stored = ('first');
$hub->publish_ok(topic => 'a', data => 'first');

for my $round (1, 2) {
	fill("$disk/filler");
	my ($refused, $sent) = (undef, 0);
	wait_until("the disk is full, $round", sub {
		my $data = "round $round, " . ++$sent . 'x' x 30_000;
		my $answer = $hub->publish(topic => 'a', data => $data);

		push @stored, $data if $answer->status == 200;
		$refused = $answer if $answer->status != 200;
		return $refused;
	});
	is $refused->status, 503, "round $round: a full disk: 503";
	ok defined $refused->header('Retry-After'),
	    "round $round: with Retry-After";
	like $hub->log_text, qr/full/, "round $round: the log says why";
	my $replay = $hub->stream(topic => 'a', last_event_id => 'earliest');
	is $replay->next_event->{data}, 'first',
	    "round $round: history is replayed";
	my @late = map { $hub->stream(topic => "late $round") } 1 .. 20;
	$hub->request('GET', api_path("late $round"), undef,
	    token => all_events())->status == 200 or die 'no list';
	pass "round $round: streams open, and subscriptions are listed";
	is $stream->next_event->{data}, $_,
	    "round $round: the stream has what was stored"
	    for splice @stored;
	$stream->next_comment;
	$stream->next_comment;
	ok !defined process_ended($hub->{pid}),
	    "round $round: the hub goes on, and the stream";
	my ($code) = $hub->helper(['publish', 'a', 'x' x 100_000]);
	isnt $code, 0, "round $round: the helper says so, too";

	unlink "$disk/filler" or die "filler: $!\n";
	$hub->publish_ok(topic => 'a', data => "room $round");
	is $stream->next_event->{data}, "room $round",
	    "round $round: room again: published at once";
	wait_until('all subscriptions are listed',
	    sub { @{ there($hub, "late $round") } == @late });
	pass "round $round: room again: all subscriptions are listed";
}
is $stream->problems, '', 'a clean stream';
my ($status, $out) = run(['sqlite3', '-readonly', $hub->{queue},
    'PRAGMA integrity_check']);
is $out, "ok\n", 'the database is whole';
is $hub->stop, 0, 'the hub ends in peace';

# After errors of a disk its file system is often mounted read-only.
mounting('mount', '-o', 'remount,ro', $disk);
for my $row (['the hub', 'pushcgi.fcgi', '--listen', $hub->{address}],
    ['its self-check', 'pushcgi.fcgi', '--check'],
    ['the program', 'pushcgi', 'publish', 'a', 'x'],
    ['a list', 'pushcgi', 'session', 'list']) {
	my ($name, $program, @arguments) = @$row;
	my ($code, $shown, $err) = run([program($program), '--config',
	    $hub->{config_path}, @arguments]);

	isnt $code, 0, "mounted read-only: $name refuses";
	like "$shown$err", qr/file system that is mounted read-only/,
	    "mounted read-only: $name names the reason";
	unlike "$shown$err", qr/chown/, "mounted read-only: $name: no rights";
}

done_testing;
