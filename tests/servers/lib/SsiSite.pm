# SPDX-License-Identifier: MIT
# SsiSite.pm - the pages of templates/ssi and their hub, behind Apache.
package SsiSite;

use strict;
use warnings;
use Exporter qw(import);
use File::Copy qw(copy);
use PushcgiTest;
use Servers;

our @EXPORT = qw(ssi_site ssi_password);

sub ssi_password { return 'wonderland' }

# The shipped configuration with our paths; what it asks for in its first
# lines is done here.
sub settings {
	my ($dir) = @_;
	my $modules = '/usr/lib/apache2/modules';
	my $text = slurp(source('templates/ssi/apache-ssi.conf'));

	$text =~ s{"/var/www/html"}{"$dir/www"} or die "no folder of pages\n";
	$text =~ s{"/etc/apache2/visitors"}{"$dir/visitors"}
	    or die "no file of visitors\n";
	my $load = join '', map {
		"LoadModule ${_}_module $modules/mod_$_.so\n"
	} qw(include auth_basic authn_core authn_file authz_user);
	return <<"EOT";
${load}ScriptAlias /cgi-bin/ "$dir/cgi-bin/"
$text
<Directory "$dir/www/exec">
	Options +Includes
</Directory>
EOT
}

# Copy what is shipped into the site's folder.
sub fill {
	my ($dir) = @_;

	mkdir "$dir/$_" for qw(cgi-bin www/exec);
	for my $name (qw(pushcgi-tag.cgi pushcgi-cookie.cgi)) {
		copy(source('templates/ssi', $name), "$dir/cgi-bin/$name")
		    or die "$name: $!\n";
		chmod 0755, "$dir/cgi-bin/$name";
	}
	for my $path (qw(templates/ssi/page.shtml
	    templates/js/pushcgi.js templates/js/pushcgi-more.js)) {
		copy(source($path), "$dir/www/") or die "$path: $!\n";
	}
	my ($status, $line, $err) = run(['htpasswd', '-nbB', 'alice',
	    ssi_password()]);
	die "htpasswd: $err" if $status;
	spew("$dir/visitors", $line);
}

# Start the site; returns the server, with its hub in {hub}.
sub ssi_site {
	my $hub = Servers::hub_for_server()->start;
	my $server = Servers->apache_proxy(hub => $hub, more => sub {
		my ($dir) = @_;

		fill($dir);
		return settings($dir);
	});

	$server->{hub} = $hub;
	return $server;
}

1;
