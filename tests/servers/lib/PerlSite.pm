# SPDX-License-Identifier: MIT
# PerlSite.pm - pages of every Perl engine, and their hub, behind Apache.
package PerlSite;

use strict;
use warnings;
use Exporter qw(import);
use File::Copy qw(copy);
use Hub;
use PushcgiTest;
use Servers;

our @EXPORT = qw(perl_site perl_pages);

# Each page: its name, which is part of its topic, and its path.
my @pages = (
	[cgi => 'cgi.cgi'],
	[tt => 'tt.cgi'],
	[html_template => 'html_template.cgi'],
	[mason => 'mason.cgi/page.html'],
	[psgi => 'psgi.cgi'],
	[starman => 'starman/'],
	[registry => 'registry.pl'],
	[handler => 'handler'],
	[mason_apache => 'mason/page.html'],
);

sub perl_pages {
	require(source('tests/servers/perl/PerlPage.pm'));
	return map { { name => $_->[0], path => "/app/$_->[1]",
	    topic => PerlPage::topic($_->[0]) } } @pages;
}

sub copy_files {
	my ($from, $to) = @_;
	my ($status, undef, $err) = run(['cp', '-R', "$from/.", $to]);

	die "cp: $err" if $status;
}

# mod_perl, and Starman behind a proxy.
sub settings {
	my ($app, $starman) = @_;
	my $modules = '/usr/lib/apache2/modules';

	return <<"EOT";
LoadModule perl_module $modules/mod_perl.so
LoadModule proxy_http_module $modules/mod_proxy_http.so
PerlSwitches -I$app
SetEnv PUSHCGI_TIMEOUT_S @{[ PushcgiTest::DEADLINE_S ]}
ProxyPass /app/starman/ http://127.0.0.1:$starman/
Alias /app/registry.pl $app/cgi.cgi
Alias /app/begin.pl $app/begin.cgi
<Location ~ "^/app/(registry|begin)\.pl">
	SetHandler perl-script
	PerlResponseHandler ModPerl::Registry
	PerlOptions +ParseHeaders
</Location>
<Location /app/handler>
	SetHandler perl-script
	PerlResponseHandler HandlerPage
</Location>
PerlSetVar MasonArgsMethod CGI
PerlSetVar MasonCompRoot $app/mason
PerlSetVar MasonDataDir $app/../../run/mason
PerlModule HTML::Mason::ApacheHandler
<Directory "$app/mason">
	SetHandler perl-script
	PerlResponseHandler HTML::Mason::ApacheHandler
</Directory>
EOT
}

# Start them all; `config` is the hub's.  Returns the server, with its hub in {hub}.
sub perl_site {
	my (%config) = @_;
	my $hub = Servers::hub_for_server(config => \%config)->start;
	my $starman = free_port();
	my $server = Servers->apache_proxy(hub => $hub,
	    more => sub {
		my ($dir) = @_;
		my $app = "$dir/www/app";
		copy_files(source('templates/perl'), $app);
		copy_files(source('tests/servers/perl'), $app);
		copy("$app/pushcgi.mc", "$app/mason/") or die "$!\n";
		return settings($app, $starman);
	    });
	my $app = "$server->{dir}/www/app";
	my $log = "$server->{dir}/starman.log";

	watch_log($log, 'Starman');
	my $pid = spawn(name => 'Starman', cwd => $app, stderr => $log,
	    env => { PAGE_NAME => 'starman', PERL5LIB => $app,
		PUSHCGI_PROGRAM => "$server->{dir}/pushcgi",
		PUSHCGI_CONFIG => $hub->{config_path},
		PUSHCGI_TIMEOUT_S => PushcgiTest::DEADLINE_S },
	    command => ['starman', '--listen', "127.0.0.1:$starman",
		'--workers', 2, ($> == 0 ? ('--user', Servers::WEB_USER,
		'--group', Servers::WEB_USER) : ()), 'app.psgi']);
	wait_until('Starman answers', sub {
		die "Starman did not start\n" if defined process_ended($pid);
		IO::Socket::INET->new(PeerAddr => "127.0.0.1:$starman");
	});
	$server->{hub} = $hub;
	return $server;
}

1;
