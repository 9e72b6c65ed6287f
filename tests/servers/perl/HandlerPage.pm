# SPDX-License-Identifier: MIT
# HandlerPage.pm - a page of a handler of mod_perl 2.
package HandlerPage;

use strict;
use warnings;
use Apache2::Const -compile => 'OK';
use Apache2::RequestIO ();
use Apache2::RequestRec ();
use APR::Table ();
use CGI ();
use PerlPage qw(topic html);
use Pushcgi ();

my $topic = topic('handler');

sub handler {
	my ($r) = @_;
	my $hub = Pushcgi->new;

	if ($r->method eq 'POST') {
		$r->content_type('text/plain');
		$r->print($hub->publish($topic,
		    scalar CGI->new($r)->param('data'), private => 1));
		return Apache2::Const::OK;
	}
	$r->err_headers_out->add('Set-Cookie' => 'other=x; path=/');
	$r->err_headers_out->add('Set-Cookie' =>
	    $hub->set_authz_cookie($topic)->as_string);
	$r->headers_out->add(Link => $hub->link_header);
	$r->content_type('text/html; charset=utf-8');
	$r->print(html($hub->script_tag($topic, src => 'pushcgi.js')));
	return Apache2::Const::OK;
}

1;
