# SPDX-License-Identifier: MIT
# log_flood.t - strangers who are refused, and a log that nobody reads.
use strict;
use warnings;
use Fcntl qw(O_NONBLOCK O_RDWR);
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use POSIX qw(mkfifo);
use PushcgiTest;
use Test::More;
use Token;

use constant BAD => 1500;

# Standard error is a pipe whose reader is stopped.
my $fifo = temp_dir() . '/log';
mkfifo($fifo, 0600) or die "$fifo: $!\n";
sysopen my $reader, $fifo, O_RDWR | O_NONBLOCK or die "$fifo: $!\n";
my $hub = Hub->start(config => { MERCURE_LOG_LEVEL => 'debug' },
    prefix => ['/bin/sh', '-c', 'exec "$@" 2>"$0"', $fifo]);
my $stream = $hub->stream(topic => 'a');

# Read what there is; returns all that was read so far.
my $log = '';
sub log_so_far {
	while (sysread $reader, $log, 65536, length $log) { }
	return $log;
}

sub refuse {
	my ($n) = @_;
	my $long = 'x' x 600;

	for (1 .. $n) {
		my $answer = $hub->request('GET',
		    Hub::URL_PATH . '?topic=a', undef,
		    token => "not-$_-a-token-$long");
		$answer->status == 401 or die 'status ' . $answer->status;
	}
}

log_so_far();
refuse(BAD);
$hub->publish_ok(topic => 'a', data => 'x');
is $stream->next_event->{data}, 'x',
    'a log that is full holds up no update';
log_so_far();
like $log, qr/request refused|token refused|refused/, 'it has lines';
wait_until('what was dropped is reported', sub {
	log_so_far() =~ /warn: log lines dropped=\d/ });
my $lines = () = $log =~ /^.*refused.*$/mg;
my $dropped = 0;
$dropped += $1 while $log =~ /dropped=(\d+)/g;
cmp_ok $lines + $dropped, '>=', BAD, 'every line is written or counted';
is $stream->problems, '', 'a clean stream';

# At the usual level equal lines are counted.
my $usual = Hub->start;
my $watch = $usual->stream(topic => 'a');
$usual->request('GET', Hub::URL_PATH . '?topic=a', undef, token => "no$_")
    for 1 .. 300;
my $sum = 0;
wait_until('equal lines are counted, none is lost', sub {
	my $text = $usual->log_text;
	my @written = grep { /refused/ && !/repeated=/ } split /\n/, $text;

	$sum = @written;
	$sum += $1 while $text =~ /repeated=(\d+)/g;
	return $sum >= 300;
});
is $sum, 300, 'exactly';
my @written = split /\n/, $usual->log_text;
cmp_ok scalar(@written), '<', 200, 'in far fewer lines';
$usual->publish_ok(topic => 'a', data => 'y');
is $watch->next_event->{data}, 'y', 'and the hub serves';

done_testing;
