# SPDX-License-Identifier: MIT
# CheckRuns.pm - web servers that are set up wrongly, and what pushcgi check is to say of them.
package CheckRuns;

use strict;
use warnings;
use CheckSites;
use FrontEnds;
use Hub;
use IO::Socket::INET;
use JSON::PP ();
use PushcgiTest;
use Servers;

my $deflate = CheckSites::load_modules(qw(filter deflate));

# Debian's line for PHP-FPM, which does not run here.
my $fpm = <<'EOT';
<FilesMatch ".+\.ph(?:ar|p|tml)$">
	SetHandler "proxy:unix:/run/php/php8.2-fpm.sock|fcgi://localhost"
</FilesMatch>
EOT

# No keep-alive before a limit of two seconds.
my %silent = (MERCURE_HUB_KEEPALIVE_INTERVAL => 60);

# Each is one server.  edit => what spoils its configuration; hub => settings
# of the hub; alone => the hub does not run; broken => it cannot start; slow => only with
# PUSHCGI_CHECK_RUNS=full.  runs => how it is looked at: [title,
# arguments, what is found: problem => a line that fixes it, '' for those that
# have none; then options of look()].
my @all = (
	{ name => 'mod_fcgid as it is by default', front => 'apache-mod_fcgid',
	    edit => sub {
		s/^FcgidOutputBufferSize 0$//m;
		s/^FcgidMaxRequestLen \d+$//m;
		s/^\s*CGIPassAuth On$//m;
		s/^\s*AllowEncodedSlashes NoDecode$//mg;
		s/^LimitRequestLine \d+$/LimitRequestLine 4096/m;
	    }, runs => [['', ['--quick'], {
		'held-back' => 'FcgidOutputBufferSize 0',
		'authorization-lost' => 'CGIPassAuth On',
		'encoded-slashes' => 'AllowEncodedSlashes NoDecode',
		'body-limit' => 'FcgidMaxRequestLen 1114112',
		'head-limit' => 'LimitRequestLine 16384' }]] },
	{ name => 'mod_fcgid, impatient', front => 'apache-mod_fcgid',
	    hub => \%silent, edit => sub {
		s/^FcgidIOTimeout 60$/FcgidIOTimeout 2/m;
		s/^\s*SetEnv no-gzip 1$/SetOutputFilter DEFLATE/m;
		s/^(LoadModule mpm)/$deflate$1/m;
	    }, runs => [['', [], {
		'cut' => 'FcgidIOTimeout 60',
		'compressed' => 'SetEnv no-gzip 1' }]] },
	{ name => 'mod_proxy_fcgi as it is by default',
	    front => 'apache-mod_proxy_fcgi', edit => sub {
		s/flushpackets=on timeout=60/timeout=60/;
		s/^\s*CGIPassAuth On$//m;
		s/^\s*AllowEncodedSlashes NoDecode$//mg;
		s/^LimitRequestFieldSize \d+$/LimitRequestFieldSize 3000/m;
	    }, runs => [['', ['--quick'], {
		'held-back' => 'flushpackets=on',
		'authorization-lost' => 'CGIPassAuth On',
		'encoded-slashes' => 'AllowEncodedSlashes NoDecode',
		'head-limit' => 'LimitRequestFieldSize 16384' }]] },
	{ name => 'mod_proxy_fcgi, impatient',
	    front => 'apache-mod_proxy_fcgi', hub => \%silent, edit => sub {
		s/flushpackets=on timeout=60/flushpackets=on timeout=2/;
		s/^\s*SetEnv no-gzip 1$/SetOutputFilter DEFLATE/m;
		s/^(LoadModule mpm)/$deflate$1/m;
	    }, runs => [['', [], {
		'cut' => 'timeout=60',
		'compressed' => 'SetEnv no-gzip 1' }]] },
	{ name => 'mod_proxy_fcgi with the name of PHP-FPM',
	    front => 'apache-mod_proxy_fcgi', edit => sub {
		s{fcgi://pushcgi}{fcgi://localhost}g;
		s{^(<VirtualHost)}{$fpm$1}m;
	    }, runs => [['', ['--quick'], {
		'pages-taken' =>
		    '"unix:/run/pushcgi/hub.sock|fcgi://pushcgi"' }]] },
	{ name => 'mod_proxy_fcgi beside PHP-FPM',
	    front => 'apache-mod_proxy_fcgi', edit => sub {
		s{^(<VirtualHost)}{$fpm$1}m;
	    }, runs => [['', ['--quick'], {}]] },
	{ name => 'a host of the hub\'s own', front => 'nginx', edit => sub {
		s{location \^~ /\.well-known/mercure}{location ^~ /};
	    }, runs => [['', ['--quick'], {}]] },
	{ name => 'Apache with plain CGI', front => 'apache-cgi',
	    hub => \%silent, edit => sub {
		s/CGIDScriptTimeout 60/CGIDScriptTimeout 2/;
		s/LimitRequestBody 1114112/LimitRequestBody 1000/;
		s/^\s*CGIPassAuth On$//m;
		s/^\s*AllowEncodedSlashes NoDecode$//mg;
	    }, runs => [['', [], {
		'cut' => 'CGIDScriptTimeout 60',
		'body-limit' => 'LimitRequestBody 1114112',
		'authorization-lost' => 'CGIPassAuth On',
		'encoded-slashes' => 'AllowEncodedSlashes NoDecode' }]] },
	{ name => 'lighttpd as it is by default', front => 'lighttpd-spawned',
	    edit => sub {
		s/server.stream-response-body = 2/server.stream-response-body = 0/;
		s/server.max-request-size = 1088/server.max-request-size = 100/;
		s/:= 20480/:= 4096/;
		s/("url-path-2f-decode" =>) "enable"/$1 "disable",
		    "url-path-2f-reject" => "enable"/;
	    }, runs => [['', ['--quick'], {
		'held-back' => 'server.stream-response-body = 2',
		'encoded-slashes' => '"url-path-2f-reject" => "disable"',
		'body-limit' => 'server.max-request-size = 1088',
		'head-limit' => 'server.max-request-field-size := 20480' }]] },
	# It compresses no response before its end.
	{ name => 'lighttpd, impatient', front => 'lighttpd-standing',
	    hub => \%silent, edit => sub {
		s/server.max-write-idle = 60/server.max-write-idle = 2/;
		s/^(server.modules = \( )/$1"mod_deflate", /m;
		s/^(\s*)(server.stream-response-body)/$1deflate.mimetypes = ("text\/")
deflate.allowed-encodings = ( "gzip" )\n$1$2/m;
	    }, runs => [['', [], {
		'cut' => 'server.max-write-idle = 60' }]] },
	{ name => 'lighttpd that spools', front => 'lighttpd-standing',
	    edit => sub {
		s/server.stream-response-body = 2/server.stream-response-body = 1/;
	    }, runs => [['', [], {}]] },
	{ name => 'nginx that does not listen', front => 'nginx', edit => sub {
		s/fastcgi_buffering off;/fastcgi_buffering on;
		    fastcgi_ignore_headers X-Accel-Buffering;
		    fastcgi_pass_request_headers off;/;
		s/client_max_body_size 1088k;/client_max_body_size 1k;/;
		s/^large_client_header_buffers 4 16k;$/large_client_header_buffers 4 2k;/m;
	    }, runs => [['', ['--quick'], {
		'held-back' => 'fastcgi_buffering off;',
		'authorization-lost' => 'fastcgi_pass_request_headers on;',
		'body-limit' => 'client_max_body_size 1088k;',
		'head-limit' => 'large_client_header_buffers 4 16k;' }]] },
	{ name => 'nginx, impatient', front => 'nginx', hub => \%silent,
	    edit => sub {
		s/gzip off;/gzip on; gzip_types text\/event-stream; gzip_min_length 1;/;
		s/fastcgi_read_timeout 60s;/fastcgi_read_timeout 2s;/;
	    }, runs => [['', [], {
		'cut' => 'fastcgi_read_timeout 60s;',
		'compressed' => 'gzip off;' }]] },
	{ name => 'a page that sets the cookie', front => 'lighttpd-spawned',
	    hub => { MERCURE_HUB_ALLOW_ANONYMOUS => 'false' }, runs => [
		['', ['--quick'], {}, page => '/app/example.cgi'],
		['or none', ['--quick'], { 'cookie-not-returned' => '' },
		    page => '/'],
		['or a hub that is not the configuration\'s', ['--quick',
		    '--mercure-public-hub-url=https://hub.example/'],
		    { 'token-refused' => '' }],
		['or has another key', ['--quick'], { 'token-refused' => '' },
		    page => '/app/example.cgi', env => {
			MERCURE_SUBSCRIBER_SECRET_KEY => 'x' x 40 }]] },
	{ name => 'long polling', front => 'apache-mod_fcgid',
	    hub => { MERCURE_DELIVERY => 'poll' }, edit => sub {
		s/^FcgidOutputBufferSize 0$//m;
	    }, runs => [['', ['--quick'], {}]] },
	{ name => 'pages of another origin', front => 'nginx',
	    hub => { MERCURE_CORS_ALLOWED_ORIGINS => 'http://127.0.0.1:1' },
	    runs => [
		['that is listed', ['--quick', '--origin=http://127.0.0.1:1'],
		    {}],
		['that is not', ['--quick', '--origin=http://127.0.0.1:2'],
		    { cors => '' }],
		['and another host', ['--quick',
		    '--origin=https://example.com'], { cors => '',
		    'cookie-not-returned' => '' }]] },
	{ name => 'two headers for another origin', front => 'nginx',
	    hub => { MERCURE_CORS_ALLOWED_ORIGINS => 'http://127.0.0.1:1' },
	    edit => sub {
		s/gzip off;/gzip off; add_header Access-Control-Allow-Origin *;/;
	    }, runs => [['', ['--quick', '--origin=http://127.0.0.1:1'],
		{ 'cors-twice' => '' }]] },
	{ name => 'a configuration that is not the hub\'s', front => 'nginx',
	    runs => [
		['another path', ['--quick',
		    '--mercure-public-hub-url=http://127.0.0.1/hub'],
		    { 'cookie-not-returned' => '' }],
		['another host', ['--quick',
		    '--mercure-public-hub-url=https://hub.example/'], {}],
		['another database', ['--quick'], { 'other-queue' => '' },
		    queue => 'other.db'],
		['a remote hub', ['--quick'], {}, remote => 1],
		['nothing to publish with', ['--quick'], {},
		    config => '/dev/null'],
		['another path', ['--quick'], { 'no-hub' => 'pushcgi snippet '
		    . 'nginx' }, path => '/nowhere'],
		['nobody there', ['--quick'], { unreachable => '' },
		    port => 1],
		['a certificate of unknown make', ['--quick'],
		    { unreachable => '' }, tls => 1]] },
	{ name => 'a proxy that collects', front => 'nginx', slow => 1,
	    runs => [['', ['--quick'], { batched =>
		'fastcgi_buffering off;' }, collected => 1]] },
	{ name => 'a hub without keep-alives', front => 'nginx', slow => 1,
	    hub => { MERCURE_HUB_KEEPALIVE_INTERVAL => 0 }, edit => sub {
		s/fastcgi_read_timeout 60s;/fastcgi_read_timeout 200s;/;
	    }, runs => [['', [], { 'no-keep-alive' =>
		'MERCURE_HUB_KEEPALIVE_INTERVAL = 15' }]] },
	{ name => 'a hub that does not run', front => 'nginx', alone => 1,
	    runs => [['', ['--quick'], { 'hub-down' =>
		'systemctl enable --now pushcgi.socket' }]] },
	{ name => 'nginx without its part', front => 'nginx', edit => sub {
		s/include pushcgi.conf;//;
	    }, runs => [['', ['--quick'], { 'denied' => 'pushcgi snippet '
		. 'nginx' }]] },
	{ name => 'a site that leads to another', front => 'nginx',
	    edit => sub {
		s{include pushcgi.conf;}
		    {location ^~ /.well-known/ { return 301 https://x.example/y?z; }};
	    }, runs => [['', ['--quick'], { redirect => '' }]] },
	{ name => 'the example in the README', front => 'apache-mod_proxy_fcgi',
	    edit => sub {
		s/^\s*CGIPassAuth On$//m;
		s/^\s*AllowEncodedSlashes NoDecode$//mg;
	    }, runs => [['', [], {
		'authorization-lost' => 'CGIPassAuth On',
		'encoded-slashes' => 'AllowEncodedSlashes NoDecode' },
		    tls => 1, trusted => 1, text => 1]] },
	map({ { name => "$_ as it is shipped", front => $_, runs => [
	    ['', [], {}],
	    ['HTTPS', [], {}, tls => 1, trusted => 1]] } }
	    FrontEnds::names()),
	CheckSites::rows(),
);

sub names {
	my $full = ($ENV{PUSHCGI_CHECK_RUNS} || '') eq 'full';

	return map { $_->{name} } grep { $full || !$_->{slow} } @all;
}

sub check_run {
	my ($name) = @_;
	my ($row) = grep { $_->{name} eq $name } @all;

	return $row;
}

# A proxy in front of it; returns its port.
sub collector {
	my ($server_port) = @_;
	my $port = free_port();

	spawn(name => 'the collector', command => [$^X,
	    source('tests/servers/collector.pl'), $port, $server_port]);
	wait_until('the collector accepts', sub {
		IO::Socket::INET->new(PeerAddr => '127.0.0.1',
		    PeerPort => $port);
	});
	return $port;
}

# What the program says, as JSON: [exit code, report, standard error].  tls =>
# by HTTPS, whose certificate is `trusted`; path, port => where to ask; page =>
# the path of one; queue, config => other files; remote => the hub is not on
# this machine; env => the program's environment; text => also what people get,
# as a fourth one; collected => through a collector().
sub look {
	my ($front, $arguments, %o) = @_;
	my ($hub, $server) = @$front{qw(hub server)};
	my $port = $o{port} || ($o{tls} ? $server->{tls} : $server)->{port};
	$port = collector($port) if $o{collected};
	my $site = ($o{tls} ? 'https' : 'http') . "://127.0.0.1:$port";
	my $url = $site . ($o{path} || Hub::URL_PATH);
	my @settings = (
	    $o{trusted} ? ("--mercure-ca-file=$server->{tls}{certificate}",
		"--mercure-public-hub-url=$url") : (),
	    $o{queue} ? "--mercure-transport-url=sqlite://$hub->{dir}/data/"
		. $o{queue} : (),
	    $o{remote} ? "--mercure-hub-url=$url" : (),
	    $o{remote} ? "--mercure-public-hub-url=$url?" : ());
	my @command = (program('pushcgi'), '--config',
	    $o{config} || $hub->{config_path}, 'check', @settings,
	    $o{page} ? "--page=$site$o{page}" : (), @$arguments, $url);
	my ($status, $out, $err) = run([@command, '--json'], env => $o{env});
	my (undef, $text) = $o{text} ? run(\@command) : ();

	return [$status & 127 ? "signal $status" : $status >> 8, $out, $err,
	    $text];
}

# From now on the hub that the server starts ends at once.  lighttpd accepts
# connections before it starts its first one, and ends if that fails.
sub break_hub {
	my ($front) = @_;

	wait_until('lighttpd has its hub',
	    sub { $front->{server}->spawned_hubs })
	    if $front->{name} =~ /spawned/;
	spew("$front->{server}{dir}/hub.fcgi", "#!/bin/sh\nexit 1\n", 0755);
	kill 'KILL', $front->{server}->spawned_hubs;
}

# All runs of one: a list of what look() returns.
sub results {
	my ($row) = @_;
	my $front = FrontEnds::start_edited($row->{front}, $row->{edit},
	    %{ $row->{hub} || {} });
	my @results;

	$front->{hub}->stop if $row->{alone};
	break_hub($front) if $row->{broken};
	for my $run (@{ $row->{runs} }) {
		my (undef, $arguments, undef, %o) = @$run;

		push @results, look($front, $arguments, %o);
	}
	$front->stop unless $row->{alone};
	return \@results;
}

1;
