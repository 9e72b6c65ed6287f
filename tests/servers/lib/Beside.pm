# SPDX-License-Identifier: MIT
# Beside.pm - Apache with the pages and lighttpd with the hub alone, both by HTTPS.
package Beside;

use strict;
use warnings;
use Certificate;
use File::Copy qw(copy);
use Hub;
use PushcgiTest;
use Servers;

# Other lines of a snippet for this machine: nobody else's ports.
sub changed {
	my ($text, $dir, $port) = @_;

	$text =~ s/^server\.port = \K/$port\nserver.bind = "127.0.0.1" # /m;
	$text =~ s/^\$SERVER\["socket"\] == "\[::\].*\n//m;
	$text =~ s{/var/cache/lighttpd/uploads}{$dir/run};
	$text =~ s/^server\.(?:user|group)name.*\n//mg if $> != 0;
	return $text;
}

# page_host, hub_host => their names; settings are the hub's beyond what the
# snippet says.
sub start {
	my ($class, $page_host, $hub_host, %settings) = @_;
	my ($tls, $port) = (Certificate::of_this_machine(), free_port());
	my $hub = Servers::hub_for_server(config => {
	    MERCURE_PUBLIC_HUB_URL => "https://$hub_host:$port"
		. Hub::URL_PATH,
	    MERCURE_CORS_ALLOWED_ORIGINS => "https://$page_host:$tls->{port}",
	    %settings })->start;
	my $dir = Servers::site($hub);
	my $self = bless { hub => $hub, port => $port, tls => $tls,
	    dir => $dir }, $class;

	copy(source('tests/servers/beside.php'), "$dir/www/app/")
	    or die "beside.php: $!\n";
	$self->{apache} = Servers->apache_with($dir, 'apache-mod_fcgid', '',
	    hub => $hub, tls => $tls);
	spew("$dir/lighttpd.conf", changed(Servers::snippet('lighttpd-beside',
	    port => $port, host => $page_host,
	    certificate => $tls->{certificate}, key => $tls->{key},
	    socket => Servers::socket_of($hub)), $dir, $port));
	$self->{lighttpd} = bless({ dir => $dir, port => $port,
	    name => 'lighttpd', log => "$dir/lighttpd.log",
	    command => [Servers::find_program('lighttpd'), '-D', '-f',
		"$dir/lighttpd.conf"] }, 'Servers')->started;
	return $self;
}

sub stop {
	my ($self) = @_;

	$_->stop for @$self{qw(lighttpd apache hub)};
}

1;
