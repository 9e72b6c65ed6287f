# SPDX-License-Identifier: MIT
# file_limit.t - a limit on the size of files (ulimit -f) is like a full disk.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use PushcgiTest;
use Test::More;

# KiB, and larger than a new database with its sidecar files.
my $limit = 2048;
sub limited {
	return ('bash', '-c', "ulimit -f $_[0]; exec \"\$@\"", 'bash');
}

my $hub = Hub->start(prefix => [limited($limit)]);
my $stream = $hub->stream(topic => 'a');
my $data = 'x' x 200_000;
my @stored;
my $refused;

wait_until('a file has its greatest size', sub {
	my $answer = $hub->publish(topic => 'a', data => @stored . $data);

	return $refused = $answer if $answer->status != 200;
	push @stored, @stored . $data;
	return 0;
});
is $refused->status, 503, 'publishing at the limit: 503';
like $hub->log_text, qr/ulimit -f/, 'the log names the limit';
ok !defined process_ended($hub->{pid}), 'the hub goes on';
is $stream->next_event->{data}, $_, 'the stream has what was stored'
    for @stored;
is $hub->request('HEAD', Hub::URL_PATH . '?topic=a')->status, 200,
    'other requests are served';
is $hub->stop, 0, 'the hub ends in peace';

for my $row (['publish', 'a', '-'], ['backup', "$hub->{dir}/copy"]) {
	my ($status, $err);

	wait_until("pushcgi $row->[0] fails", sub {
		($status, undef, $err) = run([limited($limit / 4),
		    program('pushcgi'), '--config', $hub->{config_path},
		    @$row], input => $data);
		return $status;
	});
	is $status, 1 << 8, "pushcgi $row->[0]: no signal ends it";
	like $err, qr/^pushcgi: .*(?:ulimit -f|make room)/,
	    "pushcgi $row->[0]: it says what to do";
}

done_testing;
