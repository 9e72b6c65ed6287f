# SPDX-License-Identifier: MIT
# proxies.t - other servers in front of the one that has the hub, as Debian sets them up.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use FrontEnds;
use Hub;
use PushcgiTest;
use Servers;
use Test::More;
use Token;

my $path = Hub::URL_PATH;
my @names = qw(nginx lighttpd-standing apache-mod_proxy_fcgi);
my %backs = map { $_ => FrontEnds::start($_) } @names;
my $user = $> == 0 ? Servers::WEB_USER : undef;

# Each writes the configuration of one proxy for [its port, the port behind it],
# ..., and returns the command that runs it in the folder; `line` is what the
# README has for it.
sub nginx {
	my ($dir, $line, @pairs) = @_;
	my $sites = join '', map { <<"EOT" } @pairs;
	server {
		listen 127.0.0.1:$_->[0];
		location / {
			proxy_pass http://127.0.0.1:$_->[1];
			include /etc/nginx/proxy_params;
		}
	}
EOT
	my $paths = join "\n", map { "${_}_temp_path $dir/$_;" }
	    qw(client_body fastcgi proxy scgi uwsgi);

	spew("$dir/conf", <<"EOT");
daemon off;
pid $dir/pid;
error_log $dir/log;
@{[ $user ? "user $user;" : '' ]}
events { worker_connections 768; }
http {
	$paths
	access_log off;
	sendfile on;
	tcp_nopush on;
	gzip on;
$sites}
EOT
	return ['nginx', '-c', "$dir/conf", '-p', $dir];
}

sub apache2 {
	my ($dir, $line, @pairs) = @_;
	my $load = join '', map { "LoadModule ${_}_module "
	    . "/usr/lib/apache2/modules/mod_$_.so\n" } qw(mpm_event authz_core
	    filter deflate mime proxy proxy_http);
	my $sites = join '', map { <<"EOT" } @pairs;
Listen 127.0.0.1:$_->[0]
<VirtualHost 127.0.0.1:$_->[0]>
	$line
	ProxyPass "/" "http://127.0.0.1:$_->[1]/"
</VirtualHost>
EOT

	spew("$dir/conf", <<"EOT");
ServerRoot "$dir"
ServerName 127.0.0.1
PidFile "$dir/pid"
DefaultRuntimeDir "$dir"
ErrorLog "$dir/log"
Timeout 300
$load@{[ $user ? "User $user\nGroup $user" : '' ]}
TypesConfig /dev/null
AddOutputFilterByType DEFLATE text/html text/plain text/xml
$sites
EOT
	return ['apache2', '-DFOREGROUND', '-f', "$dir/conf"];
}

sub lighttpd {
	my ($dir, $line, @pairs) = @_;
	my $sites = join '', map { <<"EOT" } @pairs;
\$SERVER["socket"] == "127.0.0.1:$_->[0]" {
	proxy.server = ( "" => (( "host" => "127.0.0.1",
		"port" => $_->[1] )) )
	$line
}
EOT

	spew("$dir/conf", <<"EOT");
server.bind = "127.0.0.1"
server.port = @{[ free_port() ]}
server.document-root = "$dir"
server.upload-dirs = ( "$dir" )
server.modules = ( "mod_access", "mod_alias", "mod_redirect", "mod_proxy" )
server.http-parseopts = ( "header-strict" => "enable",
	"host-strict" => "enable", "host-normalize" => "enable",
	"url-normalize-unreserved" => "enable",
	"url-normalize-required" => "enable", "url-ctrls-reject" => "enable",
	"url-path-2f-decode" => "enable", "url-path-dotseg-remove" => "enable" )
$sites
EOT
	return ['lighttpd', '-D', '-f', "$dir/conf"];
}

sub haproxy {
	my ($dir, $line, @pairs) = @_;
	my $sites = join '', map { <<"EOT" } @pairs;
listen site_$_->[0]
	bind 127.0.0.1:$_->[0]
	server web 127.0.0.1:$_->[1]
EOT
	my ($defaults) = slurp('/etc/haproxy/haproxy.cfg')
	    =~ /^(defaults\n.*)/ms;

	$defaults =~ s/^\s*log\s+global\n//m;
	spew("$dir/conf", "$defaults\n$sites");
	return ['haproxy', '-db', '-f', "$dir/conf"];
}

sub varnishd {
	my ($dir, $line, @pairs) = @_;
	my $backends = join '', map { "backend b$_->[0] { "
	    . ".host = \"127.0.0.1\"; .port = \"$_->[1]\"; }\n" } @pairs;
	my $choice = join ' else ', map { "if (std.port(local.ip) == $_->[0]) "
	    . "{ set req.backend_hint = b$_->[0]; }" } @pairs;

	spew("$dir/conf", <<"EOT");
vcl 4.1;
import std;
${backends}sub vcl_recv {
	$choice
	$line
}
EOT
	return ['varnishd', '-F', '-n', "$dir/work", '-f', "$dir/conf",
	    '-s', 'malloc,64m', map { ('-a', "127.0.0.1:$_->[0]") } @pairs];
}

# Start it with one site for each back end: name => the server.
sub proxies {
	my ($kind, $line) = @_;
	my $dir = temp_dir();
	my %ports = map { $_ => free_port() } @names;
	my $write = __PACKAGE__->can($kind);

	chmod 0777, $dir;
	my ($program, @arguments) = @{ $write->($dir, $line,
	    map { [$ports{$_}, $backs{$_}{server}{port}] } @names) };
	watch_log("$dir/out", $kind);
	my $pid = spawn(name => $kind, cwd => $dir, stdout => "$dir/out",
	    stderr => "$dir/out",
	    command => [Servers::find_program($program), @arguments]);
	return ($pid, map { my $port = $ports{$_};
	    wait_until("$kind answers at port $port", sub {
		die slurp("$dir/out") if defined process_ended($pid);
		IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port");
	    });
	    ($_ => bless { port => $port, pid => $pid }, 'Servers') } @names);
}

# Each update is received before the next is published.
sub is_live {
	my ($what, $proxy, $back) = @_;
	my $stream = $proxy->stream(topic => 'a');

	for my $n (1 .. 3) {
		my $id = $proxy->publish_ok(topic => 'a', data => $n);
		my $event = $stream->next_event;

		is "$event->{id} $event->{data}", "$id $n",
		    "$what: update $n";
	}
	is $stream->problems, '', "$what: a clean stream";
	is $stream->header('Content-Encoding'), undef, "$what: as it is";
	$stream->hang_up;
	wait_until("$what: the hub notices that a client has left",
	    sub { $back->requests_open == 0 });
}

sub is_private {
	my ($what, $proxy) = @_;
	my $token = Token::subscriber(['b']);
	my @streams = map { $proxy->stream(topic => 'b', @$_) }
	    ([cookie => "mercureAuthorization=$token"], [token => $token]);

	$proxy->publish_ok(topic => 'b', data => 'x', private => 'on');
	is $_->next_event->{data}, 'x', "$what: private" for @streams;
	$_->hang_up for @streams;
}

sub resumes {
	my ($what, $proxy) = @_;
	my @ids = map { $proxy->publish_ok(topic => 'c', data => $_) } 1 .. 3;
	my $stream = $proxy->stream(topic => 'c', last_event_id => $ids[0]);

	is $stream->next_event->{data}, 2, "$what: what was missed";
	is $stream->header('Last-Event-ID'), $ids[0], "$what: and from where";
	$stream->hang_up;
}

sub refuses {
	my ($what, $proxy) = @_;

	for my $row (['GET', undef, 400], ['POST', 'topic=a', 401],
	    ['PUT', 'x', 405]) {
		my ($method, $body, $status) = @$row;
		my $answer = $proxy->request($method, $path, $body);

		is $answer->status, $status, "$what: $method: $status";
		like $answer->body, qr/^[A-Z][^<\n]+\n?\z/,
		    "$what: $method: the hub's sentence";
		like $answer->header('WWW-Authenticate'), qr/^Bearer\b/,
		    "$what: $method: the hub's challenge" if $status == 401;
	}
}

# A stream that shows nothing, however long it waits: another one has got the
# update and a later keep-alive.
sub is_held_back {
	my ($what, $proxy, $back) = @_;
	my $held = $proxy->subscribe(topic => 'd');

	wait_until("$what: the hub has the request",
	    sub { $back->requests_open });
	my $direct = $back->{server}->stream(topic => 'd');
	$back->{server}->publish_ok(topic => 'd', data => 'x');
	$direct->next_event;
	$direct->next_comment for 1 .. 2;
	$held->pump(0);
	is $held->{body}, '', "$what: nothing arrives";
	$_->hang_up for $held, $direct;
}

sub works {
	my ($what, $proxy, $back) = @_;

	is_live($what, $proxy, $back);
	is_private($what, $proxy);
	resumes($what, $proxy);
	refuses($what, $proxy);
}

# kind of proxy => [a line that it needs, what happens without].
my %needs = (
	lighttpd => ['server.stream-response-body = 2', \&is_held_back],
	varnishd => ['if (req.url ~ "^/\.well-known/mercure") { '
	    . 'return (pipe); }', undef],
);
my $readme = slurp(source('templates/servers/README.md'));

for my $kind (qw(nginx apache2 lighttpd haproxy varnishd)) {
	my ($line, $fails) = @{ $needs{$kind} || [] };

	for my $with ($line ? ('', $line) : '') {
		my ($pid, %at) = proxies($kind, $with);
		my $test = $with || !$fails ? \&works : $fails;

		for my $name (@names) {
			my $what = "$kind in front of $name"
			    . ($with ? ', with its line' : '');

			eval { $test->($what, $at{$name}, $backs{$name}); 1 }
			    or fail("$what: $@");
		}
		process_end($pid, 'TERM');
		# What it held back is over as well.
		wait_until("$kind is gone", sub { $_->requests_open == 0 })
		    for values %backs;
	}
	ok index($readme, $line) >= 0, "the README has: $line" if $line;
}
$_->stop for values %backs;

done_testing;
