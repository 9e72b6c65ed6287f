# SPDX-License-Identifier: MIT
# Surroundings.pm - what sites have around a snippet, which must not get in the hub's way.
package Surroundings;

use strict;
use warnings;
use PushcgiTest;

my $modules = '/usr/lib/apache2/modules';

# The same lines for all pages, in each place where a site may have them.
sub everywhere {
	my ($lines) = @_;

	return (server => $lines,
	    host => $lines . "<Location \"/\">\n$lines</Location>\n");
}

my $basic = <<'EOT';
	AuthType Basic
	AuthName site
	AuthUserFile @DIR@/users
	Require valid-user
EOT

my $granted = <<'EOT';
<Location "/.well-known/">
	Require all granted
</Location>
EOT

# The rows of the README's matrix: title => kind of server => what is there.
# Apache: modules, server => in front of the snippet, host => at the start of
# each <VirtualHost>.  lighttpd: modules, server, after => behind the snippet.
# nginx: main, http, server => at the start of such a block.  cgi, spawned, ...:
# the same for a snippet whose name ends so.  @WORD@ is replaced; see text().
# own => a line for the hub's own block or host, without which the surrounding
# breaks the hub; fixed => how it reads so that it does not.  stays => a
# password that the hub's snippet is not to take back.
my @rows = (
	['PHP-FPM by Debian\'s lines', apache => {}, nginx => {},
	    lighttpd => {}],
	['compression of everything', apache => {
	    modules => [qw(filter deflate brotli)], everywhere(<<'EOT') },
SetOutputFilter BROTLI_COMPRESS;DEFLATE
AddOutputFilterByType DEFLATE text/html text/plain text/event-stream
AddOutputFilterByType BROTLI_COMPRESS text/html text/plain text/event-stream
EOT
	    nginx => { map { $_ => <<'EOT' } qw(http server) },
gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any;
EOT
	    lighttpd => { modules => ['mod_deflate'], server => <<'EOT' } ],
deflate.mimetypes = ( "text/", "application/" )
deflate.allowed-encodings = ( "brotli", "gzip", "deflate" )
deflate.min-compress-size = 1
EOT
	['a charset for everything', apache => { everywhere(
	    "AddDefaultCharset windows-1251\n") },
	    nginx => { map { $_ => <<'EOT' } qw(http server) }],
charset windows-1251; charset_types *; override_charset on;
EOT
	['error pages', apache => { modules => ['proxy'], everywhere(<<'EOT') },
ErrorDocument 400 /error.html
ErrorDocument 401 /error.html
ErrorDocument 403 /error.php
ErrorDocument 404 "Not here"
ErrorDocument 405 /error.html
ErrorDocument 413 http://www.example.com/
ErrorDocument 415 /error.html
ProxyErrorOverride On
EOT
	    nginx => { map { $_ => <<'EOT' } qw(http server) },
fastcgi_intercept_errors on;
error_page 400 401 403 404 405 413 415 =200 /error.html;
EOT
	    lighttpd => { server => <<'EOT' }],
server.error-handler = "/error.php"
server.errorfile-prefix = "@DIR@/www/status-"
server.error-intercept = "enable"
EOT
	['filters that change text', apache => {
	    modules => [qw(filter substitute ext_filter)], server => <<'EOT',
ExtFilterDefine upper mode=output cmd="/usr/bin/tr x y"
AddOutputFilterByType SUBSTITUTE text/html text/plain text/event-stream
Substitute "s/token/TOKEN/n"
SetOutputFilter upper
EOT
	    host => <<'EOT' },
AddOutputFilterByType SUBSTITUTE text/html text/plain text/event-stream
<Location "/">
	SetOutputFilter SUBSTITUTE;upper
	Substitute "s/data/DATA/n"
</Location>
EOT
	    nginx => { http => "ssi on; ssi_types *;\n", server => <<'EOT' }],
sub_filter_types *; sub_filter token TOKEN; sub_filter data DATA;
sub_filter_once off;
EOT
	['headers for everything', apache => { modules => ['headers'],
	    host => <<'EOT', fixed => <<'EOT' },
Header always set X-Frame-Options DENY
Header set Cache-Control "max-age=3600"
Header set Access-Control-Allow-Origin "*"
EOT
Header always set X-Frame-Options DENY
Header set Cache-Control "max-age=3600" "expr=%{REQUEST_URI} !~ m#^/\.well-known/#"
Header set Access-Control-Allow-Origin "*" "expr=%{REQUEST_URI} !~ m#^/\.well-known/#"
EOT
	    nginx => { map { $_ => <<'EOT' } qw(http server) },
add_header Cache-Control "public, max-age=3600" always;
add_header Access-Control-Allow-Origin "*" always;
expires 30d;
fastcgi_hide_header Access-Control-Allow-Origin;
fastcgi_hide_header Cache-Control; fastcgi_hide_header Last-Event-ID;
fastcgi_hide_header Link; fastcgi_hide_header WWW-Authenticate;
fastcgi_hide_header X-Accel-Buffering;
EOT
	    lighttpd => { modules => ['mod_setenv', 'mod_expire'],
		server => <<'EOT' }],
setenv.add-response-header = ( "X-Frame-Options" => "DENY",
    "Access-Control-Allow-Origin" => "*" )
setenv.set-response-header = ( "Cache-Control" => "max-age=3600" )
expire.url = ( "" => "access plus 1 months" )
EOT
	['a password', apache => { modules => [qw(auth_basic authn_core
	    authn_file authz_user)], stays => 1, server => <<"EOT",
<Location "/">
$basic</Location>
EOT
	    host => <<"EOT", own => $granted },
<Directory "\@DIR\@/www">
$basic</Directory>
EOT
	    nginx => { own => "auth_basic off;\n", stays => 1, map { $_ => <<'EOT' }
auth_basic site; auth_basic_user_file @DIR@/users;
EOT
	    qw(http server) },
	    lighttpd => { modules => ['mod_auth', 'mod_authn_file'],
		stays => 1, own => "auth.require = ()\n", server => <<'EOT' }],
auth.backend = "htpasswd"
auth.backend.htpasswd.userfile = "@DIR@/users"
auth.require = ( "" => ( "method" => "basic", "realm" => "site",
	"require" => "valid-user" ) )
EOT
	['files and back ends denied by default', apache => {
	    server => <<'EOT' }],
<Directory "@DIR@">
	Require all denied
</Directory>
<Directory "@DIR@/www">
	Require all granted
</Directory>
<Proxy "*">
	Require all denied
</Proxy>
<Proxy "fcgi://localhost">
	Require all granted
</Proxy>
EOT
	['hidden files denied', apache => { map { $_ => <<'EOT' }
<FilesMatch "^\.">
	Require all denied
</FilesMatch>
<DirectoryMatch "/\.">
	Require all denied
</DirectoryMatch>
EOT
	    qw(server host) }, nginx => { server => <<'EOT' },
location ~ /\. { deny all; }
location ~* ^/\.well { return 404; }
EOT
	    lighttpd => { modules => ['mod_access'], server => <<'EOT' }],
url.access-deny = ( "~", ".inc", "mercure" )
$HTTP["url"] =~ "/\." { url.access-deny = ( "" ) }
EOT
	['rate limits', apache => { modules => ['ratelimit'],
	    everywhere(<<'EOT') },
SetOutputFilter RATE_LIMIT
SetEnv rate-limit 20
EOT
	    nginx => { http => <<'EOT', server => <<'EOT' },
limit_req_zone $binary_remote_addr zone=a:1m rate=1r/m;
limit_conn_zone $binary_remote_addr zone=b:1m;
limit_rate 4000;
EOT
limit_req zone=a burst=2 nodelay; limit_conn b 1;
EOT
	    lighttpd => { server => "connection.kbytes-per-second = 1\n" }],
	['a cache', apache => { modules => [qw(cache cache_socache
	    socache_shmcb)], server => <<'EOT', host => <<'EOT' },
CacheSocache shmcb
CacheEnable socache "/"
CacheIgnoreCacheControl On
CacheIgnoreNoLastMod On
CacheStoreNoStore On
CacheStorePrivate On
CacheDefaultExpire 600
EOT
CacheEnable socache "/"
EOT
	    nginx => { http => <<'EOT', server => <<'EOT' }],
fastcgi_cache_path @DIR@/run/cache keys_zone=c:1m;
fastcgi_cache c; fastcgi_cache_key $request_uri; fastcgi_cache_valid any 10m;
fastcgi_ignore_headers Cache-Control Expires X-Accel-Buffering Vary;
EOT
fastcgi_cache c; fastcgi_cache_key $request_uri; fastcgi_cache_lock on;
EOT
	['everything to a back end', apache => { modules => [qw(proxy
	    proxy_http)], host => <<'EOT' },
ProxyPass "/page.php" "!"
ProxyPass "/" "http://127.0.0.1:@BACKEND@/"
EOT
	    nginx => { server => <<'EOT' },
location / { proxy_pass http://127.0.0.1:@BACKEND@; }
EOT
	    lighttpd => { modules => ['mod_proxy'], server => <<'EOT' },
proxy.server = ( "" => (( "host" => "127.0.0.1", "port" => @BACKEND@ )) )
EOT
	    'lighttpd-cgi' => { own => "proxy.server = ()\n" }],
	['a front controller', apache => { modules => ['rewrite'],
	    host => <<'EOT' },
FallbackResource /page.php
<Directory "@DIR@/www">
	RewriteEngine On
	RewriteCond %{REQUEST_FILENAME} !-f
	RewriteRule ^ /page.php [L]
</Directory>
EOT
	    nginx => { server => <<'EOT' },
location / { try_files $uri $uri/ /page.php?$args; }
EOT
	    lighttpd => { modules => ['mod_rewrite'], server => <<'EOT' }],
url.rewrite-if-not-file = ( "" => "/page.php" )
url.rewrite-once = ( "^/\.well" => "/page.php" )
EOT
);

# What a snippet cannot take back: [snippet, what `host` or `server` breaks and
# how it reads when `fixed`, or what `own` adds to the hub's own block].
my @more = (
	['apache-mod_proxy_fcgi', 'a password in a <Location>', {
	    modules => [qw(auth_basic authn_core authn_file authz_user)],
	    stays => 1, host => "<Location \"/\">\n$basic</Location>\n",
	    own => $granted }],
	['apache-mod_proxy_fcgi', 'a <LocationMatch> that denies', {
	    own => $granted, host => <<'EOT' }],
<LocationMatch "/\.">
	Require all denied
</LocationMatch>
EOT
	['apache-mod_proxy_fcgi', 'a <Proxy> in a <VirtualHost> that denies', {
	    host => <<'EOT', own => <<'EOT' }],
<Proxy "*">
	Require all denied
</Proxy>
<Proxy "fcgi://localhost">
	Require all granted
</Proxy>
EOT
<Proxy "fcgi://pushcgi">
	Require all granted
</Proxy>
EOT
	['apache-cgi', 'RedirectMatch', { host => <<'EOT', fixed => <<'EOT' }],
RedirectMatch 404 "/\."
EOT
RedirectMatch 404 "^(?!/\.well-known/).*/\."
EOT
	['apache-mod_proxy_fcgi', 'RewriteRule in a <VirtualHost>', {
	    modules => ['rewrite'], host => <<'EOT', fixed => <<'EOT' }],
RewriteEngine On
RewriteCond "%{DOCUMENT_ROOT}%{REQUEST_URI}" !-f
RewriteRule "^" "/page.php" [L]
EOT
RewriteEngine On
RewriteRule "^/\.well-known/" "-" [L]
RewriteCond "%{DOCUMENT_ROOT}%{REQUEST_URI}" !-f
RewriteRule "^" "/page.php" [L]
EOT
	['apache-mod_proxy_fcgi', 'ProxyPass in a <Location>', {
	    modules => ['proxy_http'], host => <<'EOT', fixed => <<'EOT' }],
<Location "/">
	ProxyPass "http://127.0.0.1:@BACKEND@/"
</Location>
EOT
ProxyPass "/" "http://127.0.0.1:@BACKEND@/"
EOT
	['apache-mod_proxy_fcgi', 'AllowMethods', {
	    modules => ['allowmethods'], host => <<'EOT', own => <<'EOT' }],
<Location "/">
	AllowMethods GET HEAD
</Location>
EOT
<Location "/.well-known/">
	AllowMethods reset
</Location>
EOT
	['nginx', 'brotli', { main => 'load_module /usr/lib/nginx/modules/'
	    . "ngx_http_brotli_filter_module.so;\n", http => <<'EOT',
brotli on; brotli_types *; brotli_min_length 1;
EOT
	    own => "brotli off;\n" }],
	['nginx', 'auth_request', { server => <<'EOT',
auth_request /auth;
location = /auth { internal; return 401; }
EOT
	    own => "auth_request off;\n" }],
	['nginx', 'if, for hidden files', { server => <<'EOT', fixed => <<'EOT' }],
if ($uri ~ "/\.") { return 404; }
EOT
if ($uri ~ "^(?!/\.well-known/).*/\.") { return 404; }
EOT
	['nginx', 'if, for a front controller', { server => <<'EOT',
if (!-e $request_filename) { rewrite ^ /page.php last; }
EOT
	    fixed => <<'EOT' }],
location / { try_files $uri $uri/ /page.php?$args; }
EOT
	['nginx', 'text behind every answer', { server => <<'EOT',
add_after_body /error.html; addition_types *;
EOT
	    own => "add_after_body \"\";\n" }],
	['lighttpd-standing', 'a block behind the snippet', {
	    after => <<'EOT', fixed_order => 1 }],
$HTTP["url"] =~ "/\." { url.access-deny = ( "" ) }
$HTTP["host"] =~ "" { server.stream-response-body = 0 }
EOT
	['lighttpd-standing', 'url.redirect', { modules => ['mod_redirect'],
	    server => <<'EOT', own => "url.redirect = ()\n" }],
url.redirect = ( "^/\.w" => "https://www.example.com/" )
EOT
);

sub titles { return map { $_->[0] } @rows }
sub kind_of { return $_[0] =~ /^([a-z]+)/ ? $1 : die "$_[0]?\n" }

# What one row has for a snippet; undef if that server has no such thing.
sub surrounding {
	my ($title, $name) = @_;

	for my $row (@rows) {
		my ($found, %by_kind) = @$row;
		my $of = $by_kind{ kind_of($name) };

		return { %$of, %{ $by_kind{$name} || {} } }
		    if $found eq $title && $of;
	}
	return undef;
}

# The rows that a snippet cannot take back: [snippet, title, surrounding].
sub not_taken_back {
	my @of_rows = map { my $title = $_; map {
		my $s = surrounding($title, $_);
		$s && ($s->{own} || $s->{fixed}) ? [$_, $title, $s] : ()
	} qw(apache-mod_proxy_fcgi lighttpd-cgi lighttpd-standing nginx) }
	    titles();

	return (@of_rows, @more);
}

# Pages of every kind below the server's folder.
sub fill {
	my ($dir) = @_;
	my $text = 'data token ' . 'x' x 3000 . "\n";
	my ($status, $hash) = run([qw(openssl passwd -apr1 -salt aaaaaaaa
	    wonderland)]);

	die "openssl: $status\n" if $status;
	spew("$dir/users", "alice:$hash");
	spew("$dir/www/page.php", "<?php echo 'PHP ', php_sapi_name(), ' $text';\n");
	spew("$dir/www/error.php", "<?php echo \"error data token\\n\";\n");
	spew("$dir/www/error.html", "error data token\n");
	spew("$dir/www/status-404.html", "status data token\n");
	spew("$dir/www/static.html", $text);
	spew("$dir/www/.hidden", "hidden\n");
}

# A text of a surrounding: fpm, backend => of the site.
sub text {
	my ($text, $dir, $site) = @_;

	return '' if !defined $text;
	return $text =~ s/\@DIR\@/$dir/gr =~ s/\@BACKEND\@/$site->{backend}/gr;
}

sub in_apache {
	my ($in, $load, $site) = @_;
	my ($file) = glob '/etc/apache2/conf-available/php*-fpm.conf';
	my $fpm = slurp($file || die "php-fpm is not installed\n")
	    =~ s/proxy:unix:[^|"]+/proxy:unix:$site->{fpm}/r;

	$load = join '', map { -e "$modules/mod_$_.so" ? "LoadModule "
	    . "${_}_module $modules/mod_$_.so\n" : die "no mod_$_\n" }
	    qw(proxy proxy_fcgi setenvif), @$load;
	s/^# SPDX.*?(?=^<VirtualHost)//ms if $site->{bare};
	s/^(?=LoadModule mpm)/$load/m;
	s/^(?=<Directory ")/$fpm$in->{server}/m;
	s/^(<VirtualHost.*\n)((?:.*\n)*?)(?=<\/VirtualHost>)/$1$in->{host}$2$in->{own}/gm;
}

sub in_lighttpd {
	my ($in, $load, $site) = @_;
	my $fpm = 'fastcgi.server = ( ".php" => (( "socket" => "'
	    . "$site->{fpm}\", \"broken-scriptfilename\" => \"enable\" )) )\n";

	$load = join '', map { "\"$_\", " } 'mod_fastcgi', @$load;
	s/^# SPDX.*\z//ms if $site->{bare};
	s/(server\.modules = \( )/$1$load/;
	s/^(?=\$HTTP\["url"\])/$fpm$in->{server}/m;
	s/^(\$HTTP\["url"\] =~ "\^\/\\\.well.*\n)/$1$in->{own}/m;
	$_ .= $in->{after};
}

sub in_nginx {
	my ($in, $load, $site) = @_;

	s/^\s*include pushcgi.conf;$//m if $site->{bare};
	s/\A/$in->{main}/ if /^http/m;
	s/^(http \{)$/$1\n$in->{http}/m;
	s/^(\tserver \{)$/$1
		$in->{server}
		location ~ \\.php\$ {
			try_files \$fastcgi_script_name =404;
			include \/etc\/nginx\/fastcgi.conf;
			fastcgi_pass unix:$site->{fpm};
		}/m;
	s/^(location \^~ .*\n)/$1$in->{own}/m;
}

# A function for Servers::edited() that puts a surrounding around the hub's
# part.  site: fpm => PHP-FPM's socket; backend => the port of a back end; bare =>
# the site without the hub's part; right => with the line that the surrounding
# asks for.
sub around {
	my ($name, $in, %site) = @_;
	my $edit = { apache => \&in_apache, lighttpd => \&in_lighttpd,
	    nginx => \&in_nginx }->{ kind_of($name) };
	my ($main) = $name =~ /^apache/ ? 'host' : 'server';
	my $dir;

	return sub {
		$dir //= (m{(/\S+?)/www\b})[0];
		fill($dir) if /www\b/;
		my %texts = map { $_ => text($in->{$_}, $dir, \%site) }
		    qw(main http server host after own);
		if ($site{right}) {
			$texts{$main} = text($in->{fixed}, $dir, \%site)
			    if $in->{fixed};
			@texts{qw(server after)} = ($texts{after}, '')
			    if $in->{fixed_order};
		} else {
			$texts{own} = '';
		}
		$edit->(\%texts, $in->{modules} || [], \%site);
	};
}

1;
