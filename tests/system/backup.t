# SPDX-License-Identifier: MIT
# backup.t - a copy of the queue while hubs and publishers use it, and back.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use PushcgiTest;
use Test::More;

my $hub = Hub->start;
my $dir = temp_dir();

sub seqs {
	my ($path) = @_;
	my (undef, $out) = run(['sqlite3', '-readonly', $path,
	    'SELECT data FROM updates WHERE kind = 0 ORDER BY seq']);

	return [split /\n/, $out];
}

spew("$dir/ids", '');

# A publisher that goes on until it is ended.
my $publisher = spawn(command => ['sh', '-c', 'n=0; while n=$((n + 1)); do '
    . 'printf \'{"topic":"t","data":"%d","id":"i:%d"}\n\' $n $n; done | '
    . '"$0" --config "$1" publish --batch', program('pushcgi'),
    $hub->{config_path}], stdout => "$dir/ids");

sub published { return (() = slurp("$dir/ids") =~ /\n/g) }
wait_until('there is something to copy', sub { published() > 500 });

my @copies;
for my $n (1 .. 3) {
	my $before = published();
	my ($exit, $out, $err) = $hub->helper(['backup', "$dir/copy $n"]);
	my $path = "$dir/copy $n";

	is $exit, 0, "copy $n while others publish" or diag $err;
	is "$out$err", '', "copy $n: in silence";
	is((stat $path)[2] & 07777, 0600, "copy $n: for its owner alone");
	my (undef, $check) = run(['sqlite3', '-readonly', $path,
	    'PRAGMA integrity_check']);
	is $check, "ok\n", "copy $n: sound";
	my $data = seqs($path);
	my $first = $data->[0];
	is_deeply $data, [$first .. $first + $#$data],
	    "copy $n: updates in order, without a gap";
	cmp_ok $data->[-1], '>=', $before,
	    "copy $n: all that was published before";
	push @copies, $data;
	wait_until('it goes on', sub { published() > $data->[-1] });
}
is_deeply [glob "\Q$dir\E/copy*"], [map { "$dir/copy $_" } 1 .. 3],
    'nothing else is left behind';
kill 'TERM', -$publisher;
process_end($publisher, 'TERM');
my $position = $hub->stream(topic => 't', cursor => 1)->next_cursor;

# The copy is opened as a queue where it lies, ...
my $there = "--mercure-transport-url=sqlite://$dir/copy 1";
my ($exit, $out, $err) = $hub->helper(['publish', 't', 'x', $there]);
is $exit, 0, 'the copy is a queue' or diag $err;
is seqs("$dir/copy 1")->[-1], 'x', 'to publish to';

# ... or restored as the manual says.
$hub->stop;
my ($manual) = slurp(source('helpers/cmd/pushcgi.1')) =~
    /^\.It Cm backup\n(.*?)^\.It Cm /ms;
for my $word (qw(-wal -shm), 'stop all hubs') {
	like $manual, qr/\Q$word\E/, "the manual's restore names $word";
}
unlink "$hub->{queue}$_" for '', '-wal', '-shm';
spew($hub->{queue}, slurp("$dir/copy 2"), 0660);
$hub->start;
my $back = $hub->stream(topic => 't', last_event_id => 'i:' .
    ($copies[1][-1] - 2));
is_deeply [map { $back->next_event->{data} } 1, 2],
    [$copies[1][-1] - 1, $copies[1][-1]],
    'restored: an id of an update leads on';
my $old = $hub->subscribe(topic => 't', last_event_id => $position);
is $old->header('Last-Event-ID'), 'earliest',
    'a position of the time after the copy is none any more';
is $hub->publish_ok(topic => 't', data => 'y', id => 'new'), 'new',
    'and it takes updates';
is $back->next_event->{data}, 'y', 'which arrive';

# [name, file, settings, what the sentence holds]
mkdir "$dir/closed";
chmod 0500, "$dir/closed";
symlink "$dir/nowhere", "$dir/link";
for my $row (
    ['a file that is there', "$dir/copy 1", [], qr/copy 1 is there already/],
    ['a link to nowhere', "$dir/link", [], qr/link is there already/],
    ['a folder', $dir, [], qr/is there already/],
    ['no folder', "$dir/none/copy", [], qr{\Q$dir\E/none/copy .*folder}],
    ['no name', '', [], qr/cannot be written/],
    ['a device', '/dev/full', [], qr/is there already/],
    ['no queue', "$dir/other", ["--mercure-transport-url=sqlite://$dir/q.db"],
	qr/no queue to copy at \Q$dir\E\/q\.db .*MERCURE_TRANSPORT_URL/],
    ['a hub of another machine', "$dir/other",
	['--mercure-hub-url=https://hub.example/'],
	qr/on another machine \(MERCURE_HUB_URL\)/]) {
	my ($name, $file, $settings, $want) = @$row;

	($exit, $out, $err) = $hub->helper(['backup', @$settings, $file]);
	is $exit, 1, "$name: exit 1";
	like $err, qr/\Apushcgi: [^\n]+\n\z/, "$name: one sentence";
	like $err, $want, "$name: it names the fix";
}
SKIP: {
	skip 'only root can be another user', 2 if $>;
	my $nobody = (getpwnam 'nobody')[2];

	mkdir "$dir/mine";
	chmod 0755, $dir, $hub->{dir};
	chmod 0700, "$hub->{dir}/data";
	chmod 0644, $hub->{config_path};
	mkdir "$dir/copies";
	chown $nobody, -1, "$dir/copies";
	my $bare = Hub->new(config => { SECRET_KEY => undef });
	chmod 0755, $bare->{dir};
	chmod 0700, "$bare->{dir}/data";
	my ($status, undef, $said) = run(['setpriv', "--reuid=$nobody",
	    '--clear-groups', program('pushcgi'), '--config', '/dev/null',
	    "--mercure-transport-url=sqlite://$bare->{queue}", 'backup',
	    "$dir/copies/x"]);
	is $status >> 8, 1, 'a folder of others: exit 1';
	like $said, qr/nobody.*(?:chown|chgrp|chmod|usermod)/,
	    'the advice of the other commands';
}
ok !-e "$dir/q.db" && !-e "$dir/other", 'nothing was made';
is seqs("$dir/copy 1")->[-1], 'x', 'nothing was overwritten';

done_testing;
