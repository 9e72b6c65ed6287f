# SPDX-License-Identifier: MIT
# limits.t - many streams, and the end of what is allowed.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use FcgiClient;
use Hub;
use IO::Select;
use POSIX ();
use PushcgiTest;
use Test::More;

my $path = Hub::URL_PATH;

# More streams than select(2) has room for, from processes that each hold
# fewer, all opened at once.
use constant { PROCESSES => 4, EACH => 300 };

my $hub = Hub->start;
my @children = map { pipe(my $up, my $theirs) or die "pipe: $!\n";
	my $pid = fork // die "fork: $!\n";
	$pid || do {
		close $up;
		syswrite $theirs, eval { hold_streams($theirs) } || "died: $@";
		POSIX::_exit(0);
	};
	close $theirs;
	{ pid => $pid, up => $up, said => '' } } 1 .. PROCESSES;

sub hold_streams {
	my ($up) = @_;
	my @streams = map { $hub->subscribe(topic => 'all') } 1 .. EACH;

	$_->opened for @streams;
	syswrite $up, "open\n";
	my %data;
	$data{ $_->next_event->{data} }++ for @streams;
	my $problems = join '', map { $_->problems } @streams;
	return join(' ', map { "$_=$data{$_}" } sort keys %data)
	    . " $problems\n";
}

sub all_say {
	my ($pattern) = @_;

	wait_until("all children say $pattern", sub {
		for my $child (@children) {
			next if $child->{said} =~ $pattern;
			next unless IO::Select->new($child->{up})->can_read(0);
			sysread $child->{up}, $child->{said}, 65536,
			    length $child->{said} or die "a child died:"
			    . " $child->{said}\n";
		}
		return !grep { $_->{said} !~ $pattern } @children;
	});
}

all_say(qr/open\n/);
my @sockets = glob "/proc/$hub->{pid}/fd/*";
cmp_ok scalar(@sockets), '>', PROCESSES * EACH, '1,200 streams are open';
# Museum 24: select(2) was handed descriptors it has no room for.  Whatever
# comes now has one above 1,024.
cmp_ok +(sort { $b <=> $a } map { m{(\d+)\z} } @sockets)[0], '>', 1024,
    'museum 24: descriptors above FD_SETSIZE';
my $above = $hub->stream(topic => 'above');
is $hub->publish(topic => 'above', data => 'x' x 100_000)->status, 200,
    'museum 24: above FD_SETSIZE: a publish';
is length $above->next_event->{data}, 100_000,
    'museum 24: above FD_SETSIZE: a stream';
my $late = FcgiClient->new(address => $hub->{address});
my $bytes = FcgiClient::request_bytes(params => Hub::params('POST', $path,
    'topic=above&data=late', token => Token::publisher()),
    stdin => 'topic=above&data=late');
$late->send_bytes(substr $bytes, 0, -20);
$late->pump(0.2);
$late->send_bytes(substr $bytes, -20);
is $late->finished->status, 200,
    'museum 24: above FD_SETSIZE: a body that comes late';
is $above->next_event->{data}, 'late', 'museum 24: and arrives';
$_->hang_up for $above, $late;
$hub->publish_ok(topic => 'all', data => 'x' x 100);
all_say(qr/open\n.*\n/);
is $_->{said}, "open\n" . 'x' x 100 . '=' . EACH . " \n",
    "process $_->{pid}: each of its streams has the update" for @children;
waitpid $_->{pid}, 0 for @children;
wait_until('the hub has let them go', sub {
	my @now = glob "/proc/$hub->{pid}/fd/*";
	return @now < 100;
});
pass 'and they leave nothing behind';

# The soft limit of descriptors is raised to the hard one.
my ($soft, $hard) = slurp("/proc/$hub->{pid}/limits")
    =~ /^Max open files\s+(\d+)\s+(\d+)/m;
is $soft, $hard, 'the limit of descriptors is raised';

# Out of descriptors the hub waits until there are some again.
my $poor = Hub->start;
my $kept = $poor->stream(topic => 'a');
run(['prlimit', '--pid', $poor->{pid}, '--nofile=48:48']);
my @silent = map { FcgiClient->new(address => $poor->{address}) } 1 .. 60;
wait_until('the hub is out of descriptors',
    sub { $poor->log_text =~ /accept paused/ });
$_->hang_up for @silent;
$poor->publish_ok(topic => 'a', data => 'x');
is $kept->next_event->{data}, 'x', 'out of descriptors: then it goes on';

# The configured number of streams.
my $few = Hub->start(config => { MERCURE_MAX_CONNECTIONS => 3 });
my @streams = map { $few->stream(topic => 'a') } 1 .. 3;
my $more = $few->subscribe(topic => 'a')->finished;
is $more->status, 429, 'one stream too many: 429';
like $more->header('Retry-After') || '', qr/^\d+\z/, 'with Retry-After';
like $more->body, qr/MERCURE_MAX_CONNECTIONS/, 'the setting is named';
$few->publish_ok(topic => 'a', data => 'x');
is $_->next_event->{data}, 'x', 'the others are served' for @streams;
my $head = $few->request('HEAD', "$path?topic=a");
is $head->status, 429, 'HEAD says what GET would: a script may know no other way';
is $head->header('Retry-After'), $more->header('Retry-After'), 'and when';
$streams[0]->hang_up;
wait_until('there is room for HEAD', sub {
	return $few->request('HEAD', "$path?topic=a")->status == 200;
});
is $few->request('HEAD', "$path?topic=a")->status, 200, 'which takes none';
wait_until('there is room again', sub {
	my $again = $few->subscribe(topic => 'a');
	my $served = $again->status == 200;
	$again->hang_up;
	return $served;
});
pass 'who leaves makes room';

# Only the web servers named may come by TCP.
for my $row (['127.0.0.1', 1], ['127.0.0.2', 0], ['127.0.0.2,127.0.0.1', 1],
    ['192.0.2.1', 0]) {
	my ($addresses, $may) = @$row;
	my $tcp = Hub->start(tcp => 1,
	    env => { FCGI_WEB_SERVER_ADDRS => $addresses });
	my $answer = eval { $tcp->request('HEAD', "$path?topic=a") };

	is $answer && $answer->{status} || 0, $may ? 200 : 0,
	    "FCGI_WEB_SERVER_ADDRS = $addresses";
}

done_testing;
