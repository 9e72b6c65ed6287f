# SPDX-License-Identifier: MIT
# database.t - the database disappears or cannot be written; the hub goes on.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use PushcgiTest;
use Test::More;

my $path = Hub::URL_PATH;

# The files are removed under a running hub: a new history begins.
my $hub = Hub->start;
my $second = Hub->start(queue_of => $hub);
my %stream = (same => $hub->stream(topic => 'a', cursor => 1),
    other => $second->stream(topic => 'a', cursor => 1));
my $cursor = $stream{same}->next_cursor;
my $id = $hub->publish_ok(topic => 'a', data => 'old');
$_->next_event for values %stream;
unlink $hub->{queue}, map { "$hub->{queue}-$_" } qw(wal shm);
my $first;
wait_until('publishing works again', sub {
	my $answer = $hub->publish(topic => 'a', data => 'new');
	$answer->status =~ /^(?:200|503)\z/
	    or die 'status ' . $answer->status . "\n";
	$first = $answer->body if $answer->status == 200;
	return $first;
});
ok -e $hub->{queue}, 'a new database is there';
is $_->next_event->{id}, $first, 'a stream goes on with its first update'
    for values %stream;
$second->publish_ok(topic => 'a', data => 'from the second');
is $_->next_event->{data}, 'from the second', 'the other hub is there, too'
    for values %stream;
my ($status, $out) = $hub->helper(['publish', 'a', 'from the helper']);
is $status, 0, 'so is the helper';
is $_->next_event->{data}, 'from the helper', 'and reaches the streams'
    for values %stream;
for my $row (['an id', $id], ['a cursor', $cursor]) {
	my ($name, $old) = @$row;
	my $again = $second->subscribe(topic => 'a', last_event_id => $old);

	is $again->header('Last-Event-ID'), 'earliest',
	    "$name of the old history is unknown";
	is $again->next_event->{id}, $first, "$name: from the new beginning";
}
is $_->problems, '', 'a clean stream' for values %stream;

# Removed while no hub looks: cursors of the old one are unknown.
$_->stop for $hub, $second;
unlink $hub->{queue}, map { "$hub->{queue}-$_" } qw(wal shm hub);
$hub->start;
$hub->publish_ok(topic => 'a', data => 'third history');
is $hub->subscribe(topic => 'a', last_event_id => $cursor)
    ->header('Last-Event-ID'), 'earliest', 'a new database at start';

# A file that is no database: refused at start, with its name.
my $broken = Hub->new;
spew($broken->{queue}, 'this is no database' x 1000, 0660);
my ($code, undef, $err) = run([program('pushcgi.fcgi'), '--config',
    $broken->{config_path}, '--listen', $broken->{address}]);
isnt $code, 0, 'a file that is no database: does not start';
like $err, qr/\Q$broken->{queue}\E/, 'the sentence names it';
is slurp($broken->{queue}), 'this is no database' x 1000,
    'and it is left as it was';

# sqlite3 may look, but not write.
my $guarded = Hub->start;
$guarded->publish_ok(topic => 'a', data => 'kept');
my @sqlite = grep { -x } map { "$_/sqlite3" } split /:/, $ENV{PATH};
ok @sqlite, 'sqlite3 is installed' or BAIL_OUT('no sqlite3');
my (undef, $tables) = run([$sqlite[0], '-readonly', $guarded->{queue},
    '.tables']);
like $tables, qr/\w/, 'sqlite3 -readonly shows the tables';
for my $table (split ' ', $tables) {
	next if $table =~ /^sqlite_/;
	my ($failed) = run([$sqlite[0], $guarded->{queue},
	    "DELETE FROM $table"]);
	isnt $failed, 0, "a foreign DELETE FROM $table fails";
}
is $guarded->stream(topic => 'a', last_event_id => 'earliest')
    ->next_event->{data}, 'kept', 'and nothing is lost';

# A newer program has upgraded it: the hub ends, and its streams can go on.
my $old = Hub->start;
my $told = $old->stream(topic => 'a', cursor => 1);
$old->publish_ok(topic => 'a', data => 'x');
$told->next_event;
run([$sqlite[0], $old->{queue}, 'PRAGMA user_version = 1000']);
wait_until('the hub ends', sub { defined process_ended($old->{pid}) });
is process_ended($old->{pid}), 0, 'a newer database: the hub ends in peace';
$told->until('its end', sub { $told->is_over });
ok $told->{ended}, 'so do its streams';
my ($last) = reverse $told->all;
ok $last && Answer::is_cursor($last), 'with a cursor';
like $old->log_text, qr/newer version/, 'the log says why';
($code, undef, $err) = run([program('pushcgi.fcgi'), '--config',
    $old->{config_path}, '--listen', $old->{address}]);
isnt $code, 0, 'nor does it start again';
like $err, qr/newer version: upgrade/, 'and says what to do';
my ($late, undef, $why) = $old->helper(['publish', 'a', 'x']);
isnt $late, 0, 'the helper does not write to it';
like $why, qr/newer version/, 'for the same reason';

my $full = Hub->start(config => { MERCURE_DURABILITY => 'full' });
my $safe = $full->stream(topic => 'a');
$full->publish_ok(topic => 'a', data => 'safe');
is $safe->next_event->{data}, 'safe', 'full durability: published';

done_testing;
