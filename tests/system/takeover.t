# SPDX-License-Identifier: MIT
# takeover.t - a new program takes over, and no browser hears of it.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use FcgiClient;
use Hub;
use PushcgiTest;
use Test::More;

my $path = Hub::URL_PATH;

# What a web server has begun when the hub is told to end: it is connected, has
# sent a part, or waits in the listener's queue.
for my $row (['LISTEN_FDS', how => 'systemd'], ['descriptor 0', how =>
    'stdin'], ['--listen']) {
	my ($name, @how) = @$row;
	my $hub = Hub->start(@how);
	my $whole = FcgiClient::request_bytes(params =>
	    Hub::params('GET', "$path?topic=a"));
	my %of = map { $_ => [ map { FcgiClient->new(address =>
	    $hub->{address}) } 1 .. 5 ] } 'connected', 'in part';

	$_->send_bytes(substr $whole, 0, 60) for @{ $of{'in part'} };
	# Descriptors of its own, and one for each of them.
	wait_until('the hub has them', sub { 10 <= grep {
	    (readlink || '') =~ /^socket:/ } glob "/proc/$hub->{pid}/fd/*" });
	kill 'STOP', $hub->{pid};
	wait_until('it is stopped',
	    sub { slurp("/proc/$hub->{pid}/stat") =~ /\) T / });
	$of{'in the queue'} = [ map { $hub->subscribe(topic => 'a') } 1 .. 5 ];
	my @publishes = map { $hub->send_request('POST', $path,
	    "topic=a&data=$_", token => Token::publisher()) } 1 .. 5;
	kill $_, $hub->{pid} for 'TERM', 'CONT';
	$_->send_bytes($whole) for @{ $of{connected} };
	$_->send_bytes(substr $whole, 60) for @{ $of{'in part'} };
	for my $state (sort keys %of) {
		$_->finished for @{ $of{$state} };
		is join(' ', map { $_->status // 'cut' } @{ $of{$state} }),
		    join(' ', (200) x 5), "$name, $state: 200";
		is scalar(grep { my ($last) = reverse $_->all; $_->{ended}
		    && $last && Answer::is_cursor($last) } @{ $of{$state} }),
		    5, "$name, $state: ended with a position";
	}
	is join(' ', map { $_->finished->status // 'cut' } @publishes),
	    join(' ', (200) x 5), "$name: publishes are taken";
	wait_until('the hub ends', sub { defined process_ended($hub->{pid}) });
	is process_ended($hub->{pid}), 0, "$name: exit 0";
}

done_testing;
