# SPDX-License-Identifier: MIT
# haproxy.t - HAProxy talks to the hub itself, and asks it for its values.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use Http;
use Hub;
use PushcgiTest;
use Servers;
use Test::More;
use Token;

my $hub = Servers::hub_for_server(config => {
    MERCURE_PUBLIC_HUB_URL => undef })->start;

# keep: it sends further requests on the same connection.
sub haproxy {
	my ($keep) = @_;
	my $dir = temp_dir();
	my $port = free_port();

	spew("$dir/haproxy.cfg", <<"EOT");
defaults
	mode http
	timeout connect 5s
	timeout client 1m
	timeout server 1m
fcgi-app pushcgi
	docroot /nowhere
	set-param HTTP_AUTHORIZATION %[req.hdr(authorization)]
	option get-values
	@{[ $keep ? 'option keep-conn' : 'no option keep-conn' ]}
frontend site
	bind 127.0.0.1:$port
	default_backend hub
backend hub
	use-fcgi-app pushcgi
	server hub unix\@@{[ Servers::socket_of($hub) ]} proto fcgi
EOT
	my $pid = spawn(name => 'haproxy', stderr => "$dir/haproxy.log",
	    command => [Servers::find_program('haproxy'), '-db', '-f',
	    "$dir/haproxy.cfg"]);
	my $server = bless { port => $port, pid => $pid }, 'Servers';
	wait_until('haproxy answers', sub {
		die slurp("$dir/haproxy.log") if defined process_ended($pid);
		IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port");
	});
	return $server;
}

for my $keep (0, 1) {
	my $name = $keep ? 'keep-conn' : 'one request each';
	my $server = haproxy($keep);
	my $stream = $server->stream(topic => 'a');

	for my $n (1 .. 3) {
		$server->publish_ok(topic => 'a', data => "$n");
		is $stream->next_event->{data}, $n, "$name: update $n";
	}
	is $server->request('GET', Hub::URL_PATH, undef)->status, 400,
	    "$name: a refusal";
	is $stream->problems, '', "$name: a clean stream";
	$stream->hang_up;
	process_end($server->{pid}, 'TERM');
}
unlike $hub->log_text, qr/connection dropped/, 'nothing is dropped';
is $hub->stop, 0, 'the hub ends in peace';

done_testing;
