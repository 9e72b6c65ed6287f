# SPDX-License-Identifier: MIT
# streams.t - a thousand streams came and went, and nothing was forgotten.
#
# Under valgrind, which is slow: ./quickstart test-all runs it.
use strict;
use warnings;
BEGIN { $ENV{PUSHCGI_TEST_DEADLINE} ||= 120 }
use FindBin qw($Bin);
use lib "$Bin/../system/lib";
use Hub;
use Load;
use PushcgiTest;
use Test::More;

use constant { ROUNDS => 3, STREAMS => 245, STUCK => 5, UPDATES => 60 };

sub wait_for_ends {
	for my $stream (@_) {
		$stream->until('its end', sub { $stream->is_over });
	}
}

my $report = temp_dir() . '/valgrind';
my $hub = Hub->start(config => { MERCURE_HUB_ALLOW_ANONYMOUS => 'true' },
    prefix => ['valgrind', '--leak-check=full',
	'--errors-for-leak-kinds=definite,indirect,possible',
	'--error-exitcode=99', "--log-file=$report"]);
watch_log($report, 'valgrind');

# Streams whose peers hang up, some of which have lagged behind.
for my $round (1 .. ROUNDS) {
	my $load = Load->start(
	    streams => ["n=${\STREAMS},topics=0-9,at=$hub->{address}",
		"n=${\STUCK},topics=0-9,at=$hub->{address},stuck=1"],
	    lanes => ["at=$hub->{address},topics=0-9,count=${\UPDATES}"
		. ',bytes=60000']);

	wait_until("round $round ends", sub { $load->ended });
	is process_ended($load->{pid}), 0,
	    "round $round: all streams got all updates";
}

# Streams that the hub ends: they may no longer be there.
my @streams = map { $hub->stream(topic => 'a') } 1 .. STREAMS;
$hub->publish_ok(topic => 'a', data => 'x');
is scalar(grep { $_->next_event->{data} eq 'x' } @streams), STREAMS,
    'all streams are live';
$hub->configure(MERCURE_HUB_ALLOW_ANONYMOUS => 'false');
$hub->reload;
wait_for_ends(@streams);
is scalar(grep { $_->{ended} } @streams), STREAMS,
    'a reload ended all streams in good order';

# Streams that end with the hub, some with a token.
$hub->configure(MERCURE_HUB_ALLOW_ANONYMOUS => 'true');
$hub->reload;
wait_until('strangers are let in again',
    sub { $hub->request('HEAD', Hub::URL_PATH . '?topic=a')->status == 200 });
@streams = map { $hub->stream(topic => 'a',
    token => $_ % 2 ? Token::subscriber() : undef) } 1 .. STUCK;
is $hub->stop, 0, 'valgrind found no leak and no error';
wait_for_ends(@streams);
is scalar(grep { $_->{ended} } @streams), STUCK,
    'all streams were ended in good order';
like slurp($report), qr/ERROR SUMMARY: 0 errors/, 'the report says the same';
unlike slurp($report), qr/(definitely|indirectly|possibly) lost: [1-9]/,
    'nothing is lost';

done_testing;
