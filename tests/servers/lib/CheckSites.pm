# SPDX-License-Identifier: MIT
# CheckSites.pm - sites that do something for all of their pages, and what pushcgi check is to say of it.
package CheckSites;

use strict;
use warnings;

my $selfcheck = qr{^sudo -u www-data \S+/pushcgi\.fcgi --check$};

# Lines that load modules of Apache.
sub load_modules {
	return join '', map { "LoadModule ${_}_module "
	    . "/usr/lib/apache2/modules/mod_$_.so\n" } @_;
}

# Edits that add lines where a site has what it does for everything: in nginx's
# http { } or server { }; in Apache outside and, behind the hub's part, in each
# <VirtualHost>, with these modules; in lighttpd's global part.
sub in_http { my ($lines) = @_; return sub { s/^(http \{)$/$1 $lines/m } }

sub in_server {
	my ($lines) = @_;

	return sub { s/(include pushcgi\.conf;)/$lines $1/ };
}

# Another nginx in front of it, with lines for its server { } and its http { }.
sub in_proxy {
	my ($server, $http) = @_;
	my $outer = "$server location / {
		proxy_pass http://unix:run/inner;
		proxy_set_header Host \$http_host;
	} }
	server { listen unix:run/inner;";

	return sub {
		s/(listen 127[^;]*;)/$1 $outer/;
		s/^(http \{)$/$1 $http/m if $http;
	};
}

sub in_apache {
	my ($lines, @modules) = @_;
	my $load = load_modules(@modules);

	return sub { s/^(LoadModule mpm)/$load$1/m;
	    s/^(ServerName .*)$/$1\n$lines/m };
}

sub in_hosts {
	my ($lines, @modules) = @_;
	my $load = load_modules(@modules);

	return sub { s/^(LoadModule mpm)/$load$1/m;
	    s{^(</VirtualHost>)}{$lines\n$1}mg };
}

sub in_lighttpd {
	my ($lines, @modules) = @_;
	my $list = join '', map { "\"$_\", " } @modules;

	return sub { s/^(server.modules = \( )/$1$list/m;
	    s/^(index-file)/$lines\n$1/m };
}

# Each is one site.  site => what it does; problem => what check finds; lines =>
# those that take it back in the hub's part (a snippet that has them loses them
# first, and those of `without`); and => what else is found; fixed => 0: the
# lines belong into another place; hub => as in CheckRuns.pm.
my @sites = (
	{ name => 'nginx with a charset', front => 'nginx',
	    site => in_http('charset windows-1251; charset_types *;'),
	    problem => 'charset', lines => ['charset off;'] },
	{ name => 'nginx with error pages', front => 'nginx',
	    site => in_server('error_page 401 =200 /index.html;
		fastcgi_intercept_errors on;'),
	    problem => 'refusals-replaced',
	    lines => ['fastcgi_intercept_errors off;'],
	    without => ['error_page 599 /;'] },
	{ name => 'nginx with a password', front => 'nginx',
	    site => in_server('auth_basic site; auth_basic_user_file none;'),
	    problem => 'password', lines => ['auth_basic off;'] },
	{ name => 'nginx with a log-in', front => 'nginx',
	    site => in_server('auth_request /login; location = /login {
		return 401; }'),
	    problem => 'password', lines => ['auth_request off;'] },
	{ name => 'nginx that hides dot files', front => 'nginx',
	    site => in_server('if ($uri ~ "/\.") { return 404; }'),
	    problem => 'no-hub', fixed => 0,
	    lines => ['if ($uri ~ "/\.(?!well-known/)") { return 404; }'] },
	{ name => 'nginx with few methods', front => 'nginx',
	    site => in_server('if ($request_method !~ ^(GET|HEAD|POST)$) {
		return 405; }'),
	    problem => 'methods', fixed => 0, lines => ['if ($request_method '
		. '!~ ^(GET|HEAD|POST|OPTIONS)$) { return 405; }'] },
	{ name => 'Apache that hides dot files', front => 'apache-cgi',
	    site => in_hosts('RedirectMatch 404 "/\."'),
	    problem => 'no-hub', fixed => 0,
	    lines => ['RedirectMatch 404 "/\.(?!well-known/)"'] },
	{ name => 'Apache with few methods', front => 'apache-mod_proxy_fcgi',
	    site => in_apache('<Location "/">
		AllowMethods GET HEAD
		</Location>', 'allowmethods'),
	    problem => 'methods', lines => ['AllowMethods reset'] },
	{ name => 'Apache with a page for everything',
	    front => 'apache-mod_proxy_fcgi', site => in_hosts('RewriteEngine On
		RewriteRule ^ /index.html [L]', 'rewrite'),
	    problem => 'page-instead', fixed => 0,
	    lines => ['RewriteRule "^/\.well-known/" "-" [L]'] },
	{ name => 'lighttpd that leads to another site',
	    front => 'lighttpd-standing', site => in_lighttpd(
		'url.redirect = ( "" => "https://x.example/" )',
		'mod_redirect'),
	    problem => 'redirect', lines => ['url.redirect = ()'] },
	{ name => 'nginx with a limit of requests', front => 'nginx',
	    site => in_http('limit_req_zone $binary_remote_addr zone=r:1m
		rate=1r/m; limit_req zone=r burst=5 nodelay;'),
	    problem => 'rate-limit', lines => ['limit_req_dry_run on;'] },
	{ name => 'nginx with a limit of connections', front => 'nginx',
	    site => in_http('limit_conn_zone $binary_remote_addr zone=c:1m;
		limit_conn c 1; limit_conn_status 429;'),
	    problem => 'rate-limit', lines => ['limit_conn_dry_run on;'] },
	{ name => 'nginx with another Cache-Control', front => 'nginx',
	    site => in_server('expires 1h;'),
	    problem => 'cache-control', lines => ['expires off;'] },
	{ name => 'nginx with substitutions', front => 'nginx',
	    site => in_http('sub_filter_types *;
		sub_filter "</body>" "<script></script></body>";'),
	    problem => 'updates-changed',
	    lines => ['sub_filter_types application/xhtml+xml;'] },
	{ name => 'nginx that takes the cookie away', front => 'nginx',
	    site => in_server('add_header Set-Cookie "mercureAuthorization="
		always; add_header Set-Cookie "other=1";'),
	    problem => 'cookie-overwritten',
	    lines => ['add_header Pushcgi "";'] },
	{ name => 'nginx with CORS for everything', front => 'nginx',
	    site => in_server('add_header Access-Control-Allow-Origin *;'),
	    hub => { MERCURE_CORS_ALLOWED_ORIGINS => 'http://127.0.0.1:1' },
	    problem => 'cors-twice', lines => ['add_header Pushcgi "";'] },
	{ name => 'nginx behind nginx', front => 'nginx',
	    site => in_proxy('client_max_body_size 2m;'),
	    problem => 'held-back',
	    lines => ['fastcgi_pass_header X-Accel-Buffering;'] },
	{ name => 'nginx behind nginx with a cache', front => 'nginx',
	    site => in_proxy('client_max_body_size 2m;
		proxy_cache k; proxy_cache_key $request_uri;
		proxy_ignore_headers Cache-Control Vary;
		proxy_cache_valid any 1m;',
		'proxy_cache_path run/cache keys_zone=k:1m;'),
	    problem => 'cached', lines => ['proxy_cache off;'],
	    and => { 'held-back' => '' }, fixed => 0,
	    without => ['fastcgi_pass_header X-Accel-Buffering;'] },
	{ name => 'mod_proxy_fcgi with error pages',
	    front => 'apache-mod_proxy_fcgi',
	    site => in_apache('ProxyErrorOverride On'),
	    problem => 'refusals-replaced',
	    lines => ['ProxyErrorOverride Off'] },
	{ name => 'Apache with a password', front => 'apache-mod_proxy_fcgi',
	    site => in_hosts('<Location "/">
		AuthType Basic
		AuthName site
		AuthUserFile /nonexistent
		Require valid-user
		</Location>', qw(auth_basic authn_core authn_file authz_user)),
	    problem => 'password', lines => ['Require all granted'],
	    last => 1 },
	{ name => 'Apache that denies dot files',
	    front => 'apache-mod_proxy_fcgi',
	    site => in_hosts('<LocationMatch "/\.">
		Require all denied
		</LocationMatch>'),
	    problem => 'denied', lines => ['Require all granted'],
	    last => 1 },
	{ name => 'Apache with CORS for everything',
	    front => 'apache-mod_proxy_fcgi', site => in_apache(
		'Header set Access-Control-Allow-Origin *', 'headers'),
	    hub => { MERCURE_CORS_ALLOWED_ORIGINS => 'http://127.0.0.1:1' },
	    problem => 'cors-twice', last => 1,
	    lines => ['Header unset Access-Control-Allow-Origin'] },
	{ name => 'Apache with CORS instead of the hub\'s',
	    front => 'apache-mod_fcgid', site => in_apache(
		'Header always set Access-Control-Allow-Origin *', 'headers'),
	    hub => { MERCURE_CORS_ALLOWED_ORIGINS => 'http://127.0.0.1:1' },
	    problem => 'cors-replaced', fixed => 0,
	    lines => ['Header always setifempty Access-Control-Allow-Origin "*"'] },
	{ name => 'Apache with another Cache-Control',
	    front => 'apache-mod_proxy_fcgi', site => in_apache(
		'Header always set Cache-Control "max-age=60"', 'headers'),
	    problem => 'cache-control', last => 1,
	    lines => ['Header always set Cache-Control "private, no-store"'] },
	{ name => 'Apache that takes the cookie away',
	    front => 'apache-mod_fcgid', site => in_apache('Header always '
		. 'add Set-Cookie "mercureAuthorization="', 'headers'),
	    problem => 'cookie-overwritten', last => 1,
	    lines => ['Header always unset Set-Cookie'] },
	{ name => 'Apache with another charset',
	    front => 'apache-mod_fcgid', site => in_apache(
		'Header set Content-Type "text/event-stream; charset=latin1" '
		. '"expr=%{CONTENT_TYPE} =~ m#event#"', 'headers'),
	    problem => 'charset', last => 1, lines => [
		'Header edit Content-Type "^(text/event-stream).*" "$1"'] },
	{ name => 'Apache with substitutions',
	    front => 'apache-mod_proxy_fcgi', site => in_apache(
		"SetOutputFilter SUBSTITUTE\nSubstitute s|</body>|<p></body>|n",
		qw(filter substitute)),
	    problem => 'updates-changed',
	    lines => ['SetOutputFilter BYTERANGE'] },
	{ name => 'lighttpd with error pages', front => 'lighttpd-standing',
	    site => in_lighttpd('server.error-intercept = "enable"
		server.error-handler = "/index.html"'),
	    problem => 'refusals-replaced',
	    lines => ['server.error-intercept = "disable"'] },
	{ name => 'lighttpd that denies dot files',
	    front => 'lighttpd-standing', site => in_lighttpd(
		'$HTTP["url"] =~ "/\." { url.access-deny = ("") }',
		'mod_access'),
	    problem => 'denied', lines => ['url.access-deny = ()'] },
	{ name => 'lighttpd with a password', front => 'lighttpd-standing',
	    site => in_lighttpd('auth.backend = "htpasswd"
		auth.backend.htpasswd.userfile = "/dev/null"
		auth.require = ( "/" => ( "method" => "basic",
		"realm" => "site", "require" => "valid-user" ) )', 'mod_auth',
		'mod_authn_file'),
	    problem => 'password', lines => ['auth.require = ()'] },
	{ name => 'lighttpd with another charset', front => 'lighttpd-standing',
	    site => in_lighttpd('$HTTP["request-method"] == "GET" {
		setenv.set-response-header = ( "Content-Type" =>
		"text/event-stream; charset=latin1" ) }'),
	    problem => 'charset',
	    lines => ['setenv.set-response-header = ()'] },
	{ name => 'lighttpd with CORS for everything',
	    front => 'lighttpd-spawned', site => in_lighttpd(
		'setenv.add-response-header = (
		"Access-Control-Allow-Origin" => "*" )'),
	    hub => { MERCURE_CORS_ALLOWED_ORIGINS => 'http://127.0.0.1:1' },
	    problem => 'cors-twice',
	    lines => ['setenv.add-response-header = ()'] },
	{ name => 'lighttpd with another Cache-Control',
	    front => 'lighttpd-spawned', site => in_lighttpd(
		'setenv.set-response-header = (
		"Cache-Control" => "max-age=60" )'),
	    problem => 'cache-control',
	    lines => ['setenv.set-response-header = ()'] },
);

# Lines in the hub's part, or with `last` in a copy of it at the end of each
# <VirtualHost>.
sub put_lines {
	my ($site) = @_;
	my $lines = join "\n", @{ $site->{lines} };

	if ($site->{last}) {
		s{^(</VirtualHost>)}{<LocationMatch "^/\\.well-known/mercure">
		    $lines\n</LocationMatch>\n$1}mg;
		return;
	}
	s/^(\s*SetEnv no-gzip 1)$/$1\n$lines/m
	    || s/^(\s*server.stream-response-body = 2)$/$1\n$lines/m
	    || s/^(\s*gzip off;)$/$1\n$lines/m;
}

sub remove_lines {
	my ($site) = @_;

	return if $site->{last};
	for my $line (@{ $site->{lines} }, @{ $site->{without} || [] }) {
		s/^\s*\Q$line\E$//mg;
	}
}

# As in CheckRuns.pm: check names the line, and finds nothing where it is.
sub rows_of {
	my ($site) = @_;
	my %row = map { $_ => $site->{$_} } qw(front hub);
	my @rows = ({ %row, name => $site->{name},
	    edit => sub { remove_lines($site); $site->{site}->() },
	    runs => [map { ['', ['--quick'], { %{ $site->{and} || {} },
		$site->{problem} => $_ }] } @{ $site->{lines} }] });

	push @rows, { %row, name => "$site->{name}, and its fix",
	    edit => sub {
		remove_lines($site);
		$site->{site}->();
		put_lines($site);
	    }, runs => [['', ['--quick'], {}]] }
	    unless defined $site->{fixed};
	return @rows;
}

my @others = (
	{ name => 'nginx that denies dot files', front => 'nginx',
	    edit => sub { s/location \^~ /location / },
	    runs => [['', ['--quick'], { denied =>
		'location ^~ /.well-known/mercure {' }]] },
	{ name => 'nginx with a page for everything', front => 'nginx',
	    edit => sub {
		s/include pushcgi.conf;/location \/ { default_type text\/html; return 200 "<html>"; }/;
		s/location ~ [^}]*\}//;
	    }, runs => [['', ['--quick'], { 'page-instead' =>
		'location / { try_files $uri $uri/ /index.php?$args; }' }]] },
	{ name => 'a hub that Apache cannot start', front => 'apache-mod_fcgid',
	    broken => 1, runs => [['', ['--quick'], { 'hub-fails' =>
		$selfcheck }]] },
	{ name => 'a hub that Apache cannot start as CGI',
	    front => 'apache-cgi', broken => 1, runs => [['', ['--quick'],
		{ 'hub-fails' => $selfcheck }]] },
	{ name => 'a hub that lighttpd cannot start',
	    front => 'lighttpd-spawned', broken => 1, runs => [['', ['--quick'],
		{ 'hub-down' => $selfcheck }]] },
);

sub rows { return (map { rows_of($_) } @sites), @others }

1;
