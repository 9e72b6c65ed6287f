# SPDX-License-Identifier: MIT
# snippets.t - what the shipped parts of web servers' configurations must say and must not.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use PushcgiTest;
use Servers;
use Test::More;

# As an administrator gets them.
my %snippet = map { m{([^/]+)\.conf\z} ? ($1 => Servers::snippet($1)) : () }
    glob source('templates', 'servers', '*.conf');
cmp_ok scalar(keys %snippet), '>=', 7, 'the snippets are found';

# Comments as running text.
sub words {
	my ($text) = @_;

	return join ' ', split ' ', $text =~ s/^#//mgr;
}

# A back end with a name that other programs' lines have is theirs and the
# hub's at once: localhost is PHP-FPM's for Apache, php and such its name for nginx.
for my $name (sort keys %snippet) {
	my $text = $snippet{$name};
	my @names = ($text =~ m{\|fcgi://([^"\s]+)}g,
	    $text =~ /^#?\s*upstream (\S+)/mg);

	is join(' ', grep { $_ ne 'pushcgi' } @names), '',
	    "$name: no back end with a name that others have";
	unlike $text, qr{^\s*<Proxy\b(?!\ "fcgi://pushcgi">)|^\s*fastcgi\.server \+=}m,
	    "$name: nothing for the back ends of others";
}
cmp_ok scalar(() = $snippet{'apache-mod_proxy_fcgi'}
    =~ m{\|fcgi://pushcgi"}g), '==', 2, 'mod_proxy_fcgi: both are named';

# Access is granted to the hub's program and to its back end, and not to the
# hub's URL, where a site's password would be overridden.
for my $name (grep { /^apache/ } sort keys %snippet) {
	my $moved = $name =~ /proxy/ ? $snippet{$name}
	    : Servers::snippet($name, program => '/opt/hub/of-shop.fcgi');

	unlike $moved =~ s/^#.*//mgr =~ s{<(Proxy|Files)\b.*?</\1>}{}sgr,
	    qr/\bRequire\b/, "$name: no access is granted to URLs";
	next if $name =~ /proxy/;
	like $moved, qr{^<Directory\ "/opt/hub">\n
	    \t<Files\ "of-shop\.fcgi">\n\t\tRequire\ all\ granted\n}mx,
	    "$name: to its program, wherever it is";
}
my $in_root = Servers::snippet('apache-cgi', program => '/hub.fcgi');
like $in_root, qr{^<Directory "/">\n\t<Files "hub\.fcgi">}m,
    'a program in the root folder';

# A server that is told to read what it cannot read may be gone.
for my $name (sort keys %snippet) {
	like words($snippet{$name}), qr{(?:apache2ctl\ configtest
	    |lighttpd\ -tt\ -f\ /etc/lighttpd/lighttpd\.conf|nginx\ -t)
	    \ &&\ systemctl\ re(?:start|load)}x,
	    "$name: the configuration is tested before it is used";
}

# mod_fcgid crashes when it is loaded by a reload.
for my $row (['the header', $snippet{'apache-mod_fcgid'}],
    ['its README', slurp(source('templates/servers/README.md'))]) {
	my ($name, $text) = @$row;
	my ($said) = words($text) =~ /(With mod_fcgid, restart .{0,400})/;

	like $said // '', qr/restart Apache.*the first time.*do not reload it/,
	    "mod_fcgid: $name wants a full restart";
	like $said // '', qr/each process of Apache crash(?:es)? once a second/,
	    "mod_fcgid: $name says why";
}
like $snippet{'apache-mod_fcgid'}, qr/^#.*systemctl restart apache2/m,
    'mod_fcgid: the header has the command';
unlike $snippet{'apache-mod_fcgid'}, qr/systemctl reload/,
    'mod_fcgid: and no other';

# One file for a whole server, with the names of a site filled in.
my $beside = Servers::snippet('lighttpd-beside', host => 'shop.example',
    port => 9443, socket => '/run/other.sock');
for my $row (['the port', qr/^server\.port = 9443$/m],
    ['also by IPv6', qr/^\$SERVER\["socket"\] == "\[::\]:9443"/m],
    ['the certificate',
	qr{^ssl\.pemfile = "/etc/.*/shop\.example/fullchain\.pem"$}m],
    ['its key', qr{^ssl\.privkey = "/etc/.*/shop\.example/privkey\.pem"$}m],
    ['the socket', qr{^\t\t"socket" => "/run/other\.sock",$}m],
    ['the hub\'s URL',
	qr{^# +MERCURE_PUBLIC_HUB_URL = https://shop\.example:9443/\.well-}m],
    ['the origin of pages',
	qr{^# +MERCURE_CORS_ALLOWED_ORIGINS = https://shop\.example$}m]) {
	like $beside, $row->[1], "lighttpd-beside: $row->[0]";
}
my $certified = Servers::snippet('lighttpd-beside', host => 'shop.example',
    certificate => '/etc/a.pem', key => '/etc/b.pem');
like $certified,
    qr{^ssl\.pemfile = "/etc/a\.pem"\nssl\.privkey = "/etc/b\.pem"$}m,
    'lighttpd-beside: files of a certificate';
for my $row (['--host', 'Shop.example'], ['--host', 'a b'], ['--host', ''],
    ['--host', '.example'], ['--host', "a\nb"], ['--host', 'a' x 254],
    ['--port', '0'], ['--port', '65536'], ['--port', '8443 '], ['--port', ''],
    ['--certificate', 'a.pem'], ['--key', '/etc/"']) {
	my ($status, $out, $err) = run([program('pushcgi'), 'snippet',
	    '--templates', source('templates', 'servers'), @$row,
	    'lighttpd-beside']);

	isnt $status, 0, "@$row: refused";
	is $out, '', 'nothing is printed';
	like $err, qr/\Q$row->[0]\E needs/, 'and the option is named';
}

# nginx passes what it is told to.  All but headers that the hub reads:
my @read = grep { !/^HTTP_/ } map { /\bPARAM\("(\w+)",|value_of\(list, "(\w+)"\)/
    ? $1 // $2 : () } split /\n/, slurp(source('fcgi/request/request.c'));
cmp_ok scalar(@read), '>=', 5, 'the parameters of a request are found';
for my $parameter (@read, 'CONTENT_LENGTH') {
	like $snippet{nginx}, qr/^\tfastcgi_param $parameter /m,
	    "nginx passes $parameter";
}

done_testing;
