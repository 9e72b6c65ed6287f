# SPDX-License-Identifier: MIT
# PhpPage.pm - runs PHP pages by php-cgi, without a web server.
package PhpPage;

use strict;
use warnings;
use Exporter qw(import);
use JSON::PP ();
use PushcgiTest;
use Site;
use Test::More;

our @EXPORT = qw(php_site php_page php_value php_cookies php_text);

my $json = JSON::PP->new->utf8->allow_nonref;
my $site;

# A folder as of site_new(), with a php.ini of `settings` beside the usual.
sub php_site {
	my (@settings) = @_;

	$site = site_new();
	spew("$site/php.ini", join '', map { "$_\n" } 'display_errors = 0',
	    'log_errors = 1', 'error_reporting = -1', 'html_errors = 0',
	    "session.save_path = $site", @settings);
	return $site;
}

# Run a page; returns { headers => [...], body, errors }.
sub php_page {
	my ($path, %o) = @_;
	my $body = defined $o{post} ? $o{post} : '';
	my ($status, $out, $err) = run(['php-cgi'], input => $body, env => {
	    GATEWAY_INTERFACE => 'CGI/1.1', REDIRECT_STATUS => '200',
	    REQUEST_METHOD => defined $o{post} ? 'POST' : 'GET',
	    CONTENT_TYPE => 'application/x-www-form-urlencoded',
	    CONTENT_LENGTH => length $body, SCRIPT_FILENAME => $path,
	    PHPRC => $site, PHP_INI_SCAN_DIR => '',
	    PUSHCGI_PROGRAM => program('pushcgi'),
	    PUSHCGI_TIMEOUT_S => DEADLINE_S,
	    PUSHCGI_CONFIG => "$site/pushcgi.conf", %{ $o{env} || {} } });
	my ($head, $text) = split /\r?\n\r?\n/, $out, 2;

	is $status, defined $o{status} ? $o{status} : 0, 'php-cgi ends'
	    or diag $err;
	return { headers => [split /\r?\n/, $head], body => $text,
	    errors => $err };
}

# The value of a PHP expression behind `setup`, and the page.
sub php_value {
	my ($expression, %o) = @_;
	my $template = source('templates/php/pushcgi.php');

	spew("$site/page.php", '<?php ' . ($o{setup} || '')
	    . "\nrequire_once '$template';\n" . ($o{before} || '')
	    . "\$value = $expression;\necho json_encode(\$value);\n");
	my $page = php_page("$site/page.php", %o);
	return ($json->decode($page->{body}), $page);
}

sub php_cookies {
	my ($page) = @_;

	return map { /^Set-Cookie: (.*)/i } @{ $page->{headers} };
}

# A text of any bytes as PHP writes it.
sub php_text {
	my ($bytes) = @_;

	$bytes =~ s/([^A-Za-z0-9 ])/sprintf '\\x%02x', ord $1/ge;
	return "\"$bytes\"";
}

1;
