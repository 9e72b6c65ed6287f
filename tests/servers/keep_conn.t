# SPDX-License-Identifier: MIT
# keep_conn.t - behind servers that send several requests on one connection.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use Hub;
use PushcgiTest;
use ServerCases;
use Servers;
use Test::More;

# Requests one after the other leave connections behind that are used again.
sub keeps {
	my ($server, $hub, $sockets, $what) = @_;
	my $stream = $server->stream(topic => 'kept');

	for my $n (1 .. 50) {
		$server->publish_ok(topic => 'kept', data => $n);
		$stream->next_event->{data} eq $n
		    or die "$what: update $n is missing";
	}
	pass "$what: 50 publishes";
	$stream->hang_up;
	# The stream's own goes; one that is kept stays longer than that.
	wait_until('the stream has gone', sub {
		ServerCases::sockets($hub->{pid}) <= $sockets + 20 });
	sleep 2;
	cmp_ok ServerCases::sockets($hub->{pid}), '>', $sockets,
	    "$what: a connection is kept";
}

my $hub = Servers::hub_for_server()->start;
my $sockets = ServerCases::sockets($hub->{pid});
my $server = Servers->nginx(hub => $hub, edit => sub {
	s/^(\tserver \{)/\tupstream kept { server unix:@{[ Servers::socket_of($hub) ]}; keepalive 8; }\n$1/m;
	s/(fastcgi_pass) unix:\S+;/$1 kept;\n\tfastcgi_keep_conn on;/;
});
hub_through($server, 'nginx');
keeps($server, $hub, $sockets, 'nginx');
unlike slurp($server->{log}), qr/prematurely closed|upstream sent/,
    'nginx finds nothing wrong';
is $server->stop, 0, 'nginx ends';
is $hub->stop, 0, 'and the hub';

$hub = Servers::hub_for_server()->start;
$sockets = ServerCases::sockets($hub->{pid});
$server = Servers->apache_proxy(hub => $hub, edit => sub {
	s/(flushpackets=on timeout=60)/$1 enablereuse=on/;
});
hub_through($server, 'mod_proxy_fcgi');
keeps($server, $hub, $sockets, 'mod_proxy_fcgi');
unlike slurp($server->{log}), qr/Error (?:reading|parsing|dispatching)/i,
    'Apache finds nothing wrong';
is $server->stop, 0, 'Apache ends';
is $hub->stop, 0, 'and the hub';

done_testing;
