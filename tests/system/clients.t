# SPDX-License-Identifier: MIT
# clients.t - whose streams count together, by the word of proxies or of nobody.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use PushcgiTest;
use Test::More;

my $setting = 'MERCURE_MAX_CONNECTIONS_PER_ADDRESS';

sub lines {
	my ($hub, $pattern) = @_;

	return scalar grep { /$pattern/ } split /\n/, $hub->log_text;
}

# A limit whose input is missing holds for all of them together, and says so.
for my $peer ('', 'unix:') {
	my $hub = Hub->start(config => { $setting => 2 });
	my @here = (topic => 'a', peer => $peer);
	my @streams = map { $hub->stream(@here) } 1 .. 2;
	my $refused = $hub->subscribe(@here)->finished;

	is $refused->status, 429, "REMOTE_ADDR '$peer': counted as one client";
	like $refused->body, qr/\($setting\)/, 'by the setting';
	$hub->subscribe(@here)->finished for 1 .. 2;
	is lines($hub, qr/ warn: stream refused.*client=unknown.*\($setting\)/),
	    1, 'the log says that there are too many, once';
	is $hub->subscribe(@here, peer => '192.0.2.1')->status, 200,
	    'and no part of another';
	is lines($hub, qr/ warn: client has no address .*$setting .*REMOTE_ADDR/), 1,
	    'the log says what is missing, once';
}

# By default it is off for them, and the log says that.
my $usual = Hub->start;
my @streams = map { $usual->subscribe(topic => 'a', peer => '') } 0 .. 250;
is scalar(grep { $_->status == 200 } @streams), 251,
    'by default no address has no limit';
is lines($usual, qr/ warn: client has no address .*not limited.* .*REMOTE_ADDR/), 1,
    'and the log says so, once';
$usual->publish_ok(topic => 'a', data => 'x');
is scalar(grep { $_->next_event->{data} eq 'x' } @streams), 251,
    'each is served';

# A proxy that nobody has listed: its site goes on, and the log has advice.
my $proxied = Hub->start;
my @visitors = map { $proxied->subscribe(topic => 'a', peer => '10.0.0.1',
    headers => { 'X-Forwarded-For' => "192.0.2.$_" }) } 1 .. 254;
is scalar(grep { $_->status == 200 } @visitors), 254,
    'a proxy that is not listed is not cut off';
is lines($proxied, qr/ warn: client's address not believed proxy=10\.0\.0\.1 .*MERCURE_TRUSTED_PROXIES/),
    1, 'the log says what to set, once';

# A stranger's header is not worth a line.
my $forged = Hub->start(config => { $setting => 1 });
my $stream = $forged->stream(topic => 'a', peer => '192.0.2.1');
is $forged->subscribe(topic => 'a', peer => '192.0.2.1', headers =>
    { 'X-Forwarded-For' => '192.0.2.2' })->status, 429,
    'a stranger stays whom he is';
unlike $forged->log_text, qr/believed/, 'without a word';

# Listed, it is its clients that count, after a reload as well.
$forged->configure(MERCURE_TRUSTED_PROXIES => '203.0.113.0/24 2001:db8::/32');
$forged->reload;
wait_until('the configuration is read',
    sub { $forged->log_text =~ /configuration read again/ });
for my $row (['203.0.113.7', '192.0.2.1', 429], ['203.0.113.7', '192.0.2.3',
    200], ['2001:db8::7', '192.0.2.3', 429], ['2001:db8::7',
    '192.0.2.4, 203.0.113.7', 200], ['203.0.113.8', '192.0.2.4', 429]) {
	my ($peer, $for, $status) = @$row;
	my $answer = $forged->subscribe(topic => 'a', peer => $peer,
	    headers => { 'X-Forwarded-For' => $for });

	is $answer->status, $status, "$peer says $for: $status";
	push @streams, $answer;
}

# Lines about a request name the client.
my $bad = $forged->subscribe(topic => 'a', peer => '203.0.113.7',
    token => 'x.y.z', headers => { 'X-Forwarded-For' => '192.0.2.9' });
is $bad->finished->status, 401, 'a bad token';
like $forged->log_text, qr/token refused client=192\.0\.2\.9 reason=/,
    'the log names the client';
$forged->publish(topic => 'a', peer => '203.0.113.7', token => undef,
    cookie => Token::publisher(), headers => { Origin => 'https://e.example',
	'X-Forwarded-For' => '192.0.2.10' });
like $forged->log_text, qr{origin refused origin=https://e\.example client=192\.0\.2\.10 },
    'also beside an origin';

done_testing;
