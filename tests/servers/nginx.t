# SPDX-License-Identifier: MIT
# nginx.t - behind nginx, with a hub that runs by itself.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use Hub;
use PushcgiTest;
use ServerCases;
use Servers;
use Test::More;

# Its own pages are those of the Host that nginx names.
my $hub = Servers::hub_for_server(config => {
    MERCURE_PUBLIC_HUB_URL => undef })->start;
my $server = Servers->nginx(hub => $hub);
hub_through($server, 'nginx');
notices_leaving($server, $hub->{pid}, 'nginx');
survives_reload($server, 'HUP', 'nginx');
hub_comes_back($server, $hub, 'nginx');
unlike slurp($server->{log}), qr/prematurely closed/,
    'the hub takes leave of nginx in good order';

# The site's own rule, which would deny the hub's path as well.
is $server->request('GET', '/.hidden', undef)->status, 403,
    'other hidden paths stay denied';

# Bodies over the limit are refused before the hub has to read them.
my $answer = $server->request('POST', Hub::URL_PATH, 'x' x 1_200_000,
    token => Token::publisher());
is $answer->status, 413, 'a body beyond all limits: 413';
like $answer->body, qr/nginx/, 'by nginx itself';

my $stream = $server->stream(topic => 'a');
is $server->stop, 0, 'nginx ends';
$stream->until('its end', sub { $stream->is_over });
is $hub->stop, 0, 'and the hub, which had nothing left to do';

done_testing;
