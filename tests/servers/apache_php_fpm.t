# SPDX-License-Identifier: MIT
# apache_php_fpm.t - PHP pages that Apache gets from PHP-FPM by Debian's own lines, beside each way to the hub.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use Hub;
use PushcgiTest;
use Servers;
use Test::More;

my ($file) = glob '/etc/apache2/conf-available/php*-fpm.conf';
die "php-fpm is not installed\n" if !$file;
my $debian = slurp($file);
my ($named) = $debian =~ m{^\s*SetHandler "proxy:unix:([^|"]+)\|}m
    or die "$file names no socket\n";

# As the package has it, but for the place of the socket.  Another server than
# the hub's loads mod_proxy_fcgi for it.
sub debians_lines {
	my ($loads, $hub) = @_;
	my $modules = '/usr/lib/apache2/modules';

	return sub {
		my ($dir) = @_;
		my $socket = Servers::php_fpm($dir, $hub);
		my $text = $debian =~ s/\Q$named\E/$socket/gr;

		spew("$dir/www/page.php", "<?php echo 'PHP ', php_sapi_name();\n");
		spew("$dir/php-fpm.conf", $text);
		return join '', map({ "LoadModule ${_}_module "
		    . "$modules/mod_$_.so\n" } @$loads),
		    "LoadModule setenvif_module $modules/mod_setenvif.so\n",
		    "Include $dir/php-fpm.conf\n";
	};
}

# [name, function of Servers, what that does not load, does the hub stand?]
for my $row (
    ['mod_proxy_fcgi', 'apache_proxy', [], 1],
    ['mod_fcgid', 'apache', [qw(proxy proxy_fcgi)], 0],
    ['CGI', 'apache_cgi', [qw(proxy proxy_fcgi)], 0],
    ) {
	my ($name, $function, $loads, $stands) = @$row;

	for my $order ('first', 'more') {
		my $what = "$name, PHP-FPM "
		    . ($order eq 'first' ? 'in front' : 'behind');
		my $hub = Servers::hub_for_server();

		$hub->start if $stands;
		my $server = Servers->$function(hub => $hub,
		    $order => debians_lines($loads, $hub));
		my $stream = $server->stream(topic => 'a');

		for my $n (1 .. 3) {
			my $page = $server->request('GET', '/page.php', undef);

			is $page->status . ' ' . $page->body, '200 PHP fpm-fcgi',
			    "$what: a page from PHP-FPM, $n";
			$server->publish_ok(topic => 'a', data => $n);
			is $stream->next_event->{data}, $n,
			    "$what: an update from the hub, $n";
		}
		my $absent = $server->request('GET', '/absent.php', undef);
		unlike $absent->body, qr/The hub is at/,
		    "$what: a page that is not there is not the hub's";
		$stream->hang_up;
		$server->stop;
		$hub->stop if $stands;
	}
}

done_testing;
