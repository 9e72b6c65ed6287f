# SPDX-License-Identifier: MIT
# app.psgi - a page of PSGI, run as CGI, by Starman and in mod_perl.
use strict;
use warnings;
use PerlPage qw(topic html);
use Plack::Builder;
use Plack::Request;
use Plack::Response;
use Pushcgi;

my $app = sub {
	my ($env) = @_;
	my $topic = topic($ENV{PAGE_NAME});
	my $request = Plack::Request->new($env);

	if ($request->method eq 'POST') {
		mercure_publish_later($topic, $request->param('data'),
		    private => 1);
		return [200, ['Content-Type' => 'text/plain'], ['kept']];
	}
	mercure_set_authz_cookie('https://example.com/another');
	mercure_set_authz_cookie($topic);
	my $response = Plack::Response->new(200);
	$response->content_type('text/html; charset=utf-8');
	$response->cookies->{other} = { value => 'x', path => '/' };
	$response->body(html(mercure_script_tag($topic,
	    src => '/app/pushcgi.js')));
	return $response->finalize;
};

builder {
	enable 'Pushcgi', link => 1;
	$app;
};
