# SPDX-License-Identifier: MIT
# apache_mod_fcgid_limits.t - a process for each stream, and limits that hold for all of them.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use Hub;
use Presence;
use PushcgiTest;
use Servers;
use Test::More;
use WriteLock;

use constant { LIMIT => 4, ASK => 10 };

my $token = Token::subscriber(['a']);

# Ask for streams at the same moment; those that got one.  Apache answers 500
# or 503 for a process that was killed, until it knows.
sub ask {
	my ($server, $n) = @_;
	my @asked = map { $server->subscribe(topic => 'a', token => $token) }
	    1 .. $n;
	my @others = grep { $_->status !~ /^(?:200|429|500|503)\z/ } @asked;

	die "status $others[0]{status}\n" if @others;
	$_->finished for grep { $_->status != 200 } @asked;
	return grep { $_->status == 200 } @asked;
}

# Until as many are there as may be, and one more is not.
sub fill_up {
	my ($server, $name) = @_;
	my @in;

	wait_until("$name: as many as may", sub {
		push @in, ask($server, 1);
		return @in >= LIMIT;
	});
	push @in, ask($server, 5);
	is @in, LIMIT, "$name: as many as may, and no more";
	return @in;
}

for my $setting (qw(MERCURE_MAX_CONNECTIONS MERCURE_MAX_CONNECTIONS_PER_TOKEN
    MERCURE_MAX_CONNECTIONS_PER_ADDRESS)) {
	my $hub = Servers::hub_for_server(config => { $setting => LIMIT });
	my $server = Servers->apache(hub => $hub, more =>
	    "FcgidMaxProcessesPerClass 40\nGracefulShutdownTimeout 1");

	# The database is there, and nothing can be written of who subscribes.
	$server->publish_ok(topic => 'x', data => 'x');
	my $lock = WriteLock->new($hub);
	$lock->take;

	my @in = ask($server, ASK);
	cmp_ok scalar(@in), '<=', LIMIT,
	    "$setting: of @{[ ASK ]} at once not more than may";
	$_->hang_up for @in;
	@in = fill_up($server, $setting);
	is @{ there($server, 'a') }, 0, "$setting: without a row of anybody";
	my $refused = $server->subscribe(topic => 'a',
	    token => $token)->finished;
	like $refused->body, qr/\($setting\)/, "$setting: it is named";
	ok $refused->header('Retry-After'), "$setting: Retry-After";
	is $server->request('HEAD', Hub::URL_PATH . '?topic=a', undef,
	    token => $token)->status, 429, "$setting: HEAD says the same";
	$lock->release;
	$server->publish_ok(topic => 'a', data => 'x');
	is $_->next_event->{data}, 'x', "$setting: those have their updates"
	    for @in;

	# Killed processes free their places.
	kill 'KILL', $server->stream_hubs;
	for my $stream (@in) {
		$stream->until('its end', sub { $stream->is_over });
	}
	@in = fill_up($server, "$setting, after kill -9");
	$_->hang_up for @in;
	is $server->stop, 0, 'Apache ends';
	wait_until('its hubs are gone', sub { !$server->spawned_hubs });
}

done_testing;
