# SPDX-License-Identifier: MIT
# Certificate.pm - a throw-away certificate of this machine, and a port for it.
package Certificate;

use strict;
use warnings;
use PushcgiTest;

my $files;

# For the `tls` of a server: { port, certificate, key, both }.
sub of_this_machine {
	$files ||= files_made();
	return { %$files, port => free_port() };
}

sub files_made {
	my $dir = temp_dir();
	my ($status, undef, $err) = run(['openssl', 'req', '-x509', '-nodes',
	    '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
	    '-days', 2, '-subj', '/CN=127.0.0.1', '-addext',
	    'subjectAltName=IP:127.0.0.1', '-keyout', "$dir/key.pem",
	    '-out', "$dir/certificate.pem"]);

	die "openssl req: $err\n" if $status;
	# lighttpd wants them in one file, and reads it again as its own user.
	spew("$dir/both.pem", slurp("$dir/key.pem")
	    . slurp("$dir/certificate.pem"));
	return { certificate => "$dir/certificate.pem",
	    key => "$dir/key.pem", both => "$dir/both.pem" };
}

1;
