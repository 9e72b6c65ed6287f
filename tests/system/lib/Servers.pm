# SPDX-License-Identifier: MIT
# Servers.pm - real web servers with the shipped configurations.
package Servers;

use strict;
use warnings;
use Certificate;
use Curl;
use File::Copy qw(copy);
use Http;
use Hub;
use PushcgiTest;

use constant WEB_USER => 'www-data';

# The program of a web server, wherever it stands.
sub find_program {
	my ($name) = @_;

	for my $dir (split(/:/, $ENV{PATH}), '/usr/sbin') {
		return "$dir/$name" if -x "$dir/$name";
	}
	die "$name is not installed\n";
}

# A hub that a server of another user reaches, and that has its URL.
# Options of Hub->new; adds the port.
sub hub_for_server {
	my (%o) = @_;
	my $port = free_port();
	my $hub = Hub->new(%o, shared_with => $> == 0 ? WEB_USER : undef,
	    config => { MERCURE_PUBLIC_HUB_URL =>
		"http://127.0.0.1:$port" . Hub::URL_PATH,
	    MERCURE_HUB_KEEPALIVE_INTERVAL => 1, %{ $o{config} || {} } });

	$hub->{port} = $port;
	return $hub;
}

# A folder with copies of the programs, which the server's user can reach
# wherever the build stands, and with the two example applications.
sub site {
	my ($hub) = @_;
	my $dir = temp_dir();

	for my $name (qw(pushcgi pushcgi.fcgi)) {
		copy(program($name), "$dir/$name") or die "$name: $!\n";
		chmod 0755, "$dir/$name";
	}
	# The hub as the server starts it: with this configuration.
	spew("$dir/hub.fcgi", "#!/bin/sh\nexec $dir/pushcgi.fcgi"
	    . " --config $hub->{config_path} \"\$@\"\n", 0755);
	mkdir "$dir/$_" for qw(www www/app run www/app/Pushcgi);
	for my $path (qw(php/example.php php/pushcgi.php perl/example.cgi
	    perl/Pushcgi.pm js/pushcgi.js js/pushcgi-more.js)) {
		copy(source('templates', $path), "$dir/www/app/")
		    or die "$path: $!\n";
	}
	for my $path (glob source('templates/perl/Pushcgi/*.pm')) {
		copy($path, "$dir/www/app/Pushcgi/") or die "$path: $!\n";
	}
	chmod 0755, "$dir/www/app/example.cgi";
	copy(source('tests/servers/login.php'), "$dir/www/app/")
	    or die "login.php: $!\n";
	spew("$dir/www/index.html", "<!DOCTYPE html><title>x</title>\n");
	if ($> == 0) {
		my ($uid, $gid) = (getpwnam WEB_USER)[2, 3];
		chown $uid, $gid, "$dir/run";
	}
	return $dir;
}

# A shipped snippet as the program prints it; options without their dashes.
sub snippet {
	my ($name, %options) = @_;
	my ($status, $text, $err) = run([program('pushcgi'), 'snippet',
	    '--templates', source('templates', 'servers'),
	    (map { ("--$_", $options{$_}) } sort keys %options), $name]);

	die "pushcgi snippet $name: $err" if $status;
	for my $option (sort keys %options) {
		die "$name has nothing for --$option\n"
		    if index($text, $options{$option}) < 0;
	}
	return $text;
}

# A snippet whose one setting that lets events through is what servers have by
# default: the whole response is held back.
sub buffering {
	my ($text, $wanted, $default) = @_;

	$text =~ s/^\s*\K\Q$wanted\E$/$default/m
	    or die "the snippet has no $wanted\n";
	return $text;
}

# The settings its first lines ask to put elsewhere, of these names.
sub also {
	my ($name, @settings) = @_;
	my $text = snippet($name);

	return join '', map { $text =~ /^# {12}(\Q$_\E .*\n)/m
	    or die "$name does not ask for $_\n"; $1 } @settings;
}

# Start PHP-FPM for a server, as its user and with the site's settings; returns
# its socket.
sub php_fpm {
	my ($dir, $hub) = @_;
	my ($program) = map { glob "$_/php-fpm*" } split(/:/, $ENV{PATH}),
	    '/usr/sbin';
	my $socket = "$dir/run/fpm.sock";
	my $user = $> == 0 ? join '', map { "$_ = " . WEB_USER . "\n" }
	    qw(user group listen.owner listen.group) : '';

	spew("$dir/fpm.conf", <<"EOT");
[global]
error_log = $dir/fpm.log
daemonize = no
[site]
${user}listen = $socket
pm = static
pm.max_children = 3
catch_workers_output = yes
env[PATH] = $ENV{PATH}
env[PUSHCGI_PROGRAM] = $dir/pushcgi
env[PUSHCGI_CONFIG] = $hub->{config_path}
env[PUSHCGI_TIMEOUT_S] = 60
EOT
	die "php-fpm is not installed\n" if !$program;
	watch_log("$dir/fpm.log", 'PHP-FPM');
	my $pid = spawn(name => 'PHP-FPM', stderr => "$dir/fpm.log",
	    stdout => "$dir/fpm.log", command => [$program, '--nodaemonize',
	    '--fpm-config', "$dir/fpm.conf"]);
	wait_until('PHP-FPM answers', sub {
		die "PHP-FPM did not start\n" if defined process_ended($pid);
		IO::Socket::UNIX->new(Peer => $socket);
	});
	return $socket;
}

# What an owner may have made of it: edit => a function that changes $_, the
# texts of a configuration one after the other, and at least one of them.
sub edited {
	my ($edit, @texts) = @_;
	my $before = join "\0", @texts;

	return @texts unless $edit;
	$edit->() for @texts;
	die "the edit changes nothing\n" if $before eq join "\0", @texts;
	return @texts;
}

sub socket_of {
	my ($hub) = @_;
	my ($path) = $hub->{address} =~ /^unix:(.*)/;

	return $path;
}

sub started {
	my ($self) = @_;

	watch_log($self->{log}, $self->{name});
	$self->{pid} = spawn(name => $self->{name}, stderr => $self->{log},
	    stdout => $self->{log}, cwd => $self->{dir},
	    command => $self->{command});
	wait_until("$self->{name} answers", sub {
		die "$self->{name} did not start\n"
		    if defined process_ended($self->{pid});
		IO::Socket::INET->new(PeerAddr => '127.0.0.1',
		    PeerPort => $self->{port});
	});
	return $self;
}

# How lighttpd gets its hub, for lighttpd() below.
sub lighttpd_snippet {
	my ($dir, %o) = @_;

	if ($o{cgi}) {
		# lighttpd may pass two variables of a name, of which a shell
		# would leave one.
		spew("$dir/hub.fcgi", "#!/usr/bin/python3\nimport os, sys\n"
		    . "os.execv('$dir/pushcgi.fcgi', ['$dir/pushcgi.fcgi',"
		    . " '--config', '$o{hub}{config_path}'] + sys.argv[1:])\n",
		    0755);
		return snippet('lighttpd-cgi', program => "$dir/hub.fcgi");
	}
	return snippet('lighttpd-standing', socket => socket_of($o{hub}))
	    unless $o{spawned};
	return snippet('lighttpd-spawned', program => "$dir/hub.fcgi",
	    socket => "$dir/run/hub.sock");
}

# hub => from hub_for_server(); spawned => the server starts the hub itself;
# cgi => and for each request, as a plain CGI program; buffers => it holds
# each response back until its end; more => lines for its configuration; fpm =>
# PHP-FPM runs the pages.  tls => also by HTTPS and HTTP/2, see over_tls().
# application => a function that puts another application into the folder's
# www/, whose pages are everywhere.  edit => see edited().  Sites have settings
# of their own, which must not get into the hub's way.
sub lighttpd {
	my ($class, %o) = @_;
	my $dir = site($o{hub});
	my $program = find_program('lighttpd');
	my $hub = lighttpd_snippet($dir, %o);
	my @buffering = ('server.stream-response-body = 2',
	    'server.stream-response-body = 0');
	my $pages = $o{application} ? '^/' : '^/app/';
	my $tls = $o{tls} ? <<"EOT" : '';
server.modules += ( "mod_openssl" )
\$SERVER["socket"] == "127.0.0.1:$o{tls}{port}" {
	ssl.engine = "enable"
	ssl.pemfile = "$o{tls}{both}"
}
EOT
	my $php = '	cgi.assign = ( ".php" => "' . find_program('php-cgi')
	    . '", ".cgi" => "/usr/bin/perl" )';
	my $user = $> == 0 ? 'server.username = "' . WEB_USER . "\"\n"
	    . 'server.groupname = "' . WEB_USER . "\"\n" : '';
	$hub = buffering($hub, @buffering) if $o{buffers};
	$o{application}->($dir) if $o{application};
	$php = '	fastcgi.server = ( ".php" => (( "socket" => "'
	    . php_fpm($dir, $o{hub}) . "\" )))\n"
	    . '	cgi.assign = ( ".cgi" => "/usr/bin/perl" )' if $o{fpm};
	spew("$dir/lighttpd.conf", edited($o{edit}, <<"EOT"));
server.bind = "127.0.0.1"
server.port = $o{hub}{port}
server.document-root = "$dir/www"
server.upload-dirs = ( "$dir/run" )
server.feature-flags = ( "server.graceful-shutdown-timeout" => 1 )
server.http-parseopts = ( "url-normalize-unreserved" => "enable",
	"url-normalize-required" => "enable", "url-ctrls-reject" => "enable",
	"url-path-2f-decode" => "enable", "url-path-dotseg-remove" => "enable" )
server.max-request-size = 100
${user}server.modules = ( "mod_alias", "mod_cgi", "mod_setenv" )
index-file.names = ( "index.php", "index.html" )
mimetype.assign = ( ".html" => "text/html", ".js" => "text/javascript" )
\$HTTP["url"] =~ "$pages" {
$php
	setenv.set-environment = ( "PUSHCGI_PROGRAM" => "$dir/pushcgi",
	    "PUSHCGI_CONFIG" => "$o{hub}{config_path}",
	    "PUSHCGI_TIMEOUT_S" => "60" )
}
$tls$hub
@{[ $o{more} || '' ]}
EOT
	my $self = bless { dir => $dir, port => $o{hub}{port},
	    tls => $o{tls}, name => 'lighttpd', log => "$dir/lighttpd.log",
	    command => [$program, '-D', '-f', "$dir/lighttpd.conf"] }, $class;
	return $self->started;
}

# Apache starts the hub.  more => lines for its configuration, or a function
# of its folder that returns them; first => the same, in front of the hub's
# part; buffers => it holds 64 KB back, as mod_fcgid
# does by default; fpm => PHP-FPM runs the pages.
sub apache {
	my ($class, %o) = @_;
	my $dir = site($o{hub});
	my $snippet = snippet('apache-mod_fcgid', program => "$dir/hub.fcgi");

	$snippet = buffering($snippet, 'FcgidOutputBufferSize 0', '')
	    if $o{buffers};
	return $class->apache_with($dir, 'apache-mod_fcgid', $snippet, %o);
}

# The same for each request, as a plain CGI program.
sub apache_cgi {
	my ($class, %o) = @_;
	my $dir = site($o{hub});

	return $class->apache_with($dir, 'apache-cgi',
	    snippet('apache-cgi', program => "$dir/hub.fcgi"), %o);
}

# Apache talks to a hub that runs.
sub apache_proxy {
	my ($class, %o) = @_;

	return $class->apache_with(site($o{hub}),
	    'apache-mod_proxy_fcgi', snippet('apache-mod_proxy_fcgi',
		socket => socket_of($o{hub})), %o);
}

sub apache_with {
	my ($class, $dir, $name, $snippet, %o) = @_;
	my $program = find_program('apache2');
	my $user = $> == 0 ? "User @{[ WEB_USER ]}\nGroup @{[ WEB_USER ]}"
	    : '';
	my $load = join '', map {
		"LoadModule ${_}_module /usr/lib/apache2/modules/mod_$_.so\n"
	} qw(mpm_event authz_core alias dir env mime cgid fcgid),
	    ($name =~ /proxy/ || $o{fpm} ? qw(proxy proxy_fcgi) : ()),
	    $o{tls} ? qw(ssl http2) : ();
	my $php = $o{fpm} ? <<"EOT" : <<"EOT";
	<FilesMatch "\\.php\$">
		SetHandler "proxy:unix:@{[ php_fpm($dir, $o{hub}) ]}|fcgi://php"
	</FilesMatch>
EOT
	AddHandler fcgid-script .php
	FcgidWrapper @{[ find_program('php-cgi') ]} .php
EOT
	my ($first, $more) = map { ref $_ ? $_->($dir) : $_ || '' }
	    @o{qw(first more)};
	my $tls = $o{tls} ? <<"EOT" : '';
Listen 127.0.0.1:$o{tls}{port}
<VirtualHost *:$o{tls}{port}>
	DocumentRoot "$dir/www"
	SSLEngine on
	SSLCertificateFile $o{tls}{certificate}
	SSLCertificateKeyFile $o{tls}{key}
	@{[ also($name, 'AllowEncodedSlashes', 'Protocols') ]}
</VirtualHost>
EOT

	spew("$dir/apache.conf", edited($o{edit}, <<"EOT"));
ServerRoot "$dir"
ServerName 127.0.0.1
Listen 127.0.0.1:$o{hub}{port}
PidFile "$dir/run/apache.pid"
DefaultRuntimeDir "$dir/run"
ErrorLog "$dir/apache.log"
$load$user
ScriptSock "$dir/run/cgisock"
FcgidIPCDir "$dir/run"
FcgidProcessTableFile "$dir/run/fcgid_shm"
TypesConfig /dev/null
AddType text/html .html
AddType text/javascript .js
LimitRequestBody 100000
<Directory "$dir">
	Require all granted
</Directory>
FcgidInitialEnv PATH $ENV{PATH}
FcgidInitialEnv PUSHCGI_PROGRAM $dir/pushcgi
FcgidInitialEnv PUSHCGI_CONFIG $o{hub}{config_path}
SetEnv PUSHCGI_PROGRAM $dir/pushcgi
SetEnv PUSHCGI_CONFIG $o{hub}{config_path}
<Directory "$dir/www/app">
	Options +ExecCGI
	AddHandler cgi-script .cgi
$php</Directory>
$first
$snippet
$more
<VirtualHost *:$o{hub}{port}>
	DocumentRoot "$dir/www"
	@{[ also($name, 'AllowEncodedSlashes') ]}
</VirtualHost>
$tls
EOT
	my $self = bless { dir => $dir, port => $o{hub}{port},
	    tls => $o{tls}, name => 'Apache', log => "$dir/apache.log",
	    command => [$program, '-DFOREGROUND', '-f',
		"$dir/apache.conf"] }, $class;
	return $self->started;
}

# The same with two hubs: hubs => [...], as the snippet's first lines say.
sub two_sockets {
	my ($text, @hubs) = @_;
	my @paths = map { socket_of($_) } @hubs;
	my ($upstream) = $text =~ /^(# {12}upstream pushcgi \{.*?\})$/ms
	    or die "the snippet tells of no upstream\n";

	$upstream =~ s/^# {12}//mg;
	$upstream =~ s/\Q$paths[0]\E\.2/$paths[1]/
	    or die "the snippet has no second socket\n";
	$text =~ s{^(\s*fastcgi_pass) unix:\S+;}{$1 pushcgi;}m;
	return ($upstream, $text);
}

sub nginx {
	my ($class, %o) = @_;
	my $dir = site($o{hub});
	my $upstream = '';
	my $user = $> == 0 ? "user @{[ WEB_USER ]};" : '';
	my $temporary = join "\n", map { "${_}_temp_path $dir/run/$_;" }
	    qw(client_body fastcgi proxy scgi uwsgi);
	my $tls = $o{tls} ? <<"EOT" : '';
		listen 127.0.0.1:$o{tls}{port} ssl http2;
		ssl_certificate $o{tls}{certificate};
		ssl_certificate_key $o{tls}{key};
EOT

	my $text = snippet('nginx', socket => socket_of($o{hub}));
	($upstream, $text) = two_sockets($text, @{ $o{hubs} }) if $o{hubs};
	my ($site, $snippet) = edited($o{edit}, <<"EOT", $text);
daemon off;
pid $dir/run/nginx.pid;
error_log $dir/nginx.log;
$user
@{[ also('nginx', 'worker_rlimit_nofile', 'events') ]}
http {
	access_log off;
	$temporary
	client_max_body_size 100k;
	$upstream
	server {
		listen 127.0.0.1:$o{hub}{port};
$tls		root $dir/www;
		location ~ /\\. { deny all; }
		include pushcgi.conf;
	}
}
EOT
	spew("$dir/nginx.conf", $site);
	spew("$dir/pushcgi.conf", $snippet);
	my $self = bless { dir => $dir, port => $o{hub}{port},
	    tls => $o{tls}, name => 'nginx', log => "$dir/nginx.log",
	    command => [find_program('nginx'), '-c', "$dir/nginx.conf",
		'-p', $dir] }, $class;
	return $self->started;
}

# The hubs that the server has started: pids.
sub spawned_hubs {
	my ($self) = @_;
	my @pids;

	for my $path (glob '/proc/[0-9]*/cmdline') {
		my $line = eval { slurp($path) } || '';
		push @pids, $path =~ /(\d+)/
		    if $line =~ /^\Q$self->{dir}\E\/pushcgi\.fcgi\0/;
	}
	return @pids;
}

# Those of them that Apache starts for streams alone.
sub stream_hubs {
	my ($self) = @_;

	return grep { (eval { slurp("/proc/$_/cmdline") } || '')
	    =~ /\0--MERCURE_WORKERS=1\0/ } $self->spawned_hubs;
}

# A hub that mod_fcgid has started, to be asked itself and not through Apache:
# at the socket that is its standard input.
sub hub_of_pid {
	my ($self, $pid) = @_;
	my ($inode) = (readlink("/proc/$pid/fd/0") // '') =~ /^socket:\[(\d+)/
	    or die "process $pid has no socket\n";
	my ($path) = slurp('/proc/net/unix') =~ /^.* $inode (\/.*)$/m
	    or die "the socket of process $pid has no path\n";

	return bless { pid => $pid, address => "unix:$path" }, 'Hub';
}

# The processes it has for requests: pids.
sub workers {
	my ($self) = @_;

	return split ' ',
	    slurp("/proc/$self->{pid}/task/$self->{pid}/children");
}

sub stop {
	my ($self) = @_;

	return process_end($self->{pid}, 'TERM');
}

# The same server, to be asked by HTTPS and HTTP/2.
sub over_tls {
	my ($self) = @_;

	return bless { %$self, port => $self->{tls}{port}, carrier => 'Curl',
	    authority => $self->{tls}{certificate} }, ref $self;
}

# Requests through the server, in the words of Hub.pm.
sub send_request {
	my ($self, $method, $path, $body, %o) = @_;
	my %headers = %{ $o{headers} || {} };

	$headers{Authorization} = "Bearer $o{token}" if defined $o{token};
	$headers{Cookie} = $o{cookie} if defined $o{cookie};
	$headers{'Last-Event-ID'} = $o{last_event_id}
	    if defined $o{last_event_id};
	return +($self->{carrier} || 'Http')->new(port => $self->{port},
	    method => $method, path => $path, body => $body,
	    headers => \%headers, authority => $self->{authority},
	    from => $o{from});
}

sub request {
	my $self = shift;

	return $self->send_request(@_)->finished;
}

sub publish {
	my ($self, @fields) = @_;

	return $self->request('POST', Hub::URL_PATH, Hub::form(@fields),
	    token => Token::publisher());
}

sub publish_ok {
	my $answer = publish(@_);

	die "publish: " . $answer->status . " $answer->{body}\n"
	    unless $answer->status == 200;
	return $answer->body;
}

sub subscribe {
	my ($self, %o) = @_;
	my $query = Hub::form(topic => $o{topic}, @{ $o{query} || [] });

	return $self->send_request('GET', Hub::URL_PATH . "?$query", undef,
	    %o);
}

sub stream {
	my ($self, %o) = @_;

	return $self->subscribe(%o)->opened(cursor => $o{cursor});
}

1;
