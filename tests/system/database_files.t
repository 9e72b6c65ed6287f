# SPDX-License-Identifier: MIT
# database_files.t - the files of the database change under hubs with streams.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use PushcgiTest;
use Test::More;

my %config = (MERCURE_HUB_KEEPALIVE_INTERVAL => 1);

# Another hub's database, with what it left beside it.
sub foreign {
	my $hub = Hub->start;

	$hub->publish_ok(topic => 'a', data => $_) for qw(foreign1 foreign2);
	$hub->stop;
	return $hub->{queue};
}

sub move {
	my ($from, $to, @suffixes) = @_;

	rename "$from$_", "$to$_" or die "$from$_: $!\n" for @suffixes;
}

sub gone {
	my ($path, @suffixes) = @_;

	unlink "$path$_" or die "$path$_: $!\n" for @suffixes;
}

# [name, what is done to the path of the database, what of before or of
# another database the streams get as well, what the log says]
my @rows = (
	['moved away', sub { move($_[0], "$_[0].old", '') }, '',
	    qr/queue replaced/],
	['moved away with -wal and -shm', sub {
		move($_[0], "$_[0].old", '', '-wal', '-shm') }, '',
	    qr/queue replaced/],
	['another renamed over it, with -wal and -shm', sub {
		move(foreign(), $_[0], '-wal', '-shm', '') },
	    'foreign1 foreign2', qr/queue replaced/],
	['another renamed over it, the old -wal stays', sub {
		my $other = foreign();
		run(['sqlite3', $other, "VACUUM INTO '$_[0].new'"]);
		move("$_[0].new", $_[0], '') },
	    'foreign1 foreign2', qr/queue\.db-wal of an earlier database/],
	['truncated in place', sub { spew($_[0], '') }, '',
	    qr/queue replaced/],
	['-wal removed', sub { gone($_[0], '-wal') }, '',
	    qr/queue\.db-wal was removed/],
	['-shm removed', sub { gone($_[0], '-shm') }, '',
	    qr/queue\.db-shm was removed/],
	['-wal and -shm removed', sub { gone($_[0], '-wal', '-shm') }, '',
	    qr/queue\.db-wal was removed/],
);

# Publish by the hubs in turn until each has accepted two; what was accepted.
sub publish_both {
	my ($name, @hubs) = @_;
	my (@accepted, @odd);
	my $n = 0;

	for my $hub (@hubs, @hubs) {
		wait_until("$name: hub $hub->{number} accepts", sub {
			my $data = "new" . ++$n;
			my $status = $hub->publish(topic => 'a',
			    data => $data)->status;

			push @odd, $status if $status !~ /^(?:200|503)\z/;
			push @accepted, $data if $status == 200;
			return $status == 200;
		});
	}
	is "@odd", '', "$name: each publish is accepted or 503";
	return @accepted;
}

sub survives {
	my ($name, $act, $more, $log) = @_;
	my $hub = Hub->start(config => \%config);
	my $second = Hub->start(config => \%config, queue_of => $hub);
	my @streams = map { $_->stream(topic => 'a') } $hub, $second;

	$hub->publish_ok(topic => 'a', data => $_) for qw(old1 old2);
	for my $stream (@streams) {
		$stream->next_event for 1, 2;
	}
	$act->($hub->{queue});
	my @accepted = publish_both($name, $hub, $second);
	wait_until("$name: the helper publishes", sub {
		my ($status) = $hub->helper(['publish', 'a', 'helper']);
		return $status == 0;
	});
	$hub->publish_ok(topic => 'a', data => 'end');
	my $want = join ' ', $more || (), @accepted, 'helper';
	is join(' ', @{ $_->data_until('end') }), $want,
	    "$name: a stream lives on and gets each accepted one, once"
	    for @streams;
	is $_->problems, '', "$name: a clean stream" for @streams;
	like $hub->log_text . $second->log_text, $log, "$name: the log";
	$_->hang_up for @streams;
	$_->stop for $hub, $second;

	$hub->start;
	my $replay = $hub->stream(topic => 'a', last_event_id => 'earliest');
	like join(' ', @{ $replay->data_until('end') }), qr/\Q$want\E\z/,
	    "$name: they are in the database";
	my (undef, $check) = run(['sqlite3', '-readonly', $hub->{queue},
	    'PRAGMA integrity_check']);
	is $check, "ok\n", "$name: which is whole";
	$replay->hang_up;
	$hub->stop;
}

survives(@$_) for @rows;

done_testing;
