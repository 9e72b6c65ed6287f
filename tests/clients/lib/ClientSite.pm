# SPDX-License-Identifier: MIT
# ClientSite.pm - a site that uses symfony/mercure, and its hub, behind lighttpd.
package ClientSite;

use strict;
use warnings;
use Exporter qw(import);
use File::Copy qw(copy);
use Hub;
use PushcgiTest;
use Servers;

our @EXPORT = qw(client_site);

# One key for all tokens, as such sites have it.
use constant KEY => 'key-of-the-clients-0123456789abcdef';

# Start both; `config` is the hub's beyond what it needs.  Returns the server
# (its hub in {hub}); the page is /app/symfony.php.
sub client_site {
	my (%config) = @_;
	my $hub = Servers::hub_for_server(config => { SECRET_KEY => KEY,
	    MERCURE_PUBLISHER_SECRET_KEY => undef,
	    MERCURE_SUBSCRIBER_SECRET_KEY => undef, %config });
	my $server = Servers->lighttpd(hub => $hub->start);
	my $app = "$server->{dir}/www/app";
	my $url = "http://127.0.0.1:$hub->{port}" . Hub::URL_PATH;

	$server->{hub} = $hub;
	$server->{url} = $url;
	copy(source('tests/clients/symfony.php'), $app)
	    or die "symfony.php: $!\n";
	spew("$app/settings.php", "<?php\nreturn array('url' => '$url', "
	    . "'secret' => '" . KEY . "');\n");
	return $server;
}

1;
