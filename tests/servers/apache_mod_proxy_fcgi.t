# SPDX-License-Identifier: MIT
# apache_mod_proxy_fcgi.t - behind Apache, with a hub that runs by itself.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use Hub;
use PushcgiTest;
use ServerCases;
use Servers;
use Test::More;

my $hub = Servers::hub_for_server()->start;
my $server = Servers->apache_proxy(hub => $hub,
    more => 'GracefulShutdownTimeout 1');
hub_through($server, 'mod_proxy_fcgi');
host_applications($server, 'mod_proxy_fcgi');
notices_leaving($server, $hub->{pid}, 'mod_proxy_fcgi');
survives_reload($server, 'USR1', 'mod_proxy_fcgi');
hub_comes_back($server, $hub, 'mod_proxy_fcgi');
unlike slurp($server->{log}), qr/Error (?:reading|parsing|dispatching)/i,
    'the hub takes leave of Apache in good order';

# More streams than Debian's number of threads, and the site still answers.
my @many = map { $server->send_request('GET', Hub::URL_PATH . '?topic=many',
    undef) } 1 .. 200;
$_->opened for @many;
is $server->request('GET', '/', undef)->status, 200,
    '200 streams, and a page besides';
$server->publish_ok(topic => 'many', data => 'x');
is scalar(grep { $_->next_event->{data} ne 'x' } @many), 0,
    'each has the update';
$_->hang_up for @many;

# Bodies are passed on as they come, those in chunks without CONTENT_LENGTH.
sub in_chunks {
	my ($body) = @_;
	my $http = $server->send_request('POST', Hub::URL_PATH, undef,
	    token => Token::publisher(), headers => {
		'Transfer-Encoding' => 'chunked',
		'Content-Type' => 'application/x-www-form-urlencoded' });

	$http->send_chunk(substr $body, 0, 20);
	$http->send_chunk(substr $body, 20);
	$http->send_chunk('');
	return $http->finished;
}

my $stream = $server->stream(topic => 'chunked');
for my $size (0, 1, 20_000, 300_000) {
	my $data = "$size-" . 'x' x $size;

	is in_chunks(Hub::form(topic => 'chunked', data => $data))->status,
	    200, "chunks, $size bytes: published";
	ok $stream->next_event->{data} eq $data, "chunks, $size bytes: whole";
}
my $refused = in_chunks('topic=chunked&data=' . 'x' x 1_200_000);
is $refused->status, 413, 'chunks of more than is allowed: 413';
like $refused->body, qr/MERCURE_MAX_BODY/, 'by the hub';

is $server->stop, 0, 'Apache ends';
$stream->until('its end', sub { $stream->is_over });
is $hub->stop, 0, 'and the hub, which had nothing left to do';

done_testing;
