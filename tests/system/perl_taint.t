# SPDX-License-Identifier: MIT
# perl_taint.t - the Perl pages under taint checks (perl -T), and PATHs that
# these checks refuse.
use strict;
use warnings;
use File::Copy qw(copy);
use FindBin qw($Bin);
use lib "$Bin/lib";
use PushcgiTest;
use Site;
use Test::More;

my $site = site_new();
my $www = temp_dir();
my %page = (example => "$www/perl/example.cgi", chat => "$www/perl/index.cgi");

mkdir "$www/$_" or die "$_: $!\n"
    for 'perl', 'perl/Pushcgi', 'chat', 'perl/rel', 'open';
chmod 0777, "$www/open" or die "chmod: $!\n";
for (['perl/Pushcgi.pm', 'perl'], ['perl/example.cgi', 'perl'],
    ['examples/chat-perl/index.cgi', 'perl'],
    ['examples/chat/chat.html', 'chat'],
    map { ["perl/Pushcgi/$_.pm", 'perl/Pushcgi'] } qw(Cookie Program Text)) {
	my ($file, $to) = @$_;
	copy(source("templates/$file"), "$www/$to") or die "$file: $!\n";
}
spew("$site/pushcgi.conf", slurp("$site/pushcgi.conf")
    . "MERCURE_SESSION_COOKIE = chat\n", 0600);

# A request to a page; returns its answer and its errors.
sub request {
	my ($page, $body, %env) = @_;
	my ($status, $out, $err) = run([$^X, '-T', $page{$page}],
	    input => $body, env => { GATEWAY_INTERFACE => 'CGI/1.1',
	    REQUEST_METHOD => $body eq '' ? 'GET' : 'POST',
	    CONTENT_LENGTH => length $body,
	    PUSHCGI_PROGRAM => program('pushcgi'),
	    PUSHCGI_CONFIG => "$site/pushcgi.conf",
	    PUSHCGI_TIMEOUT_S => DEADLINE_S, %env });

	is $status, 0, "$page: it ends well";
	return ($out, $err);
}

# [name, PATH]
for my $row (['the usual PATH', $ENV{PATH}], ['a dot in it', ".:$ENV{PATH}"],
    ['a relative folder', "rel:$ENV{PATH}"],
    ['a folder that all may write to', "$www/open:$ENV{PATH}"],
    ['no PATH', '']) {
	my ($name, $path) = @$row;
	my ($out, $err) = request('example', '', PATH => $path);

	is $err, '', "$name: no complaint";
	like $out, qr/^Set-Cookie: mercureAuthorization=[\w.-]+;/,
	    "$name: a cookie";
	like $out, qr{<code id="url">http://site\.example/[^<]+</code>},
	    "$name: a URL";
	($out, $err) = request('example', 'data=%24%28id%29', PATH => $path);
	is $err, '', "$name: no complaint of the form";
	is +(site_rows($site))[-1]{data}, '$(id)', "$name: published";

	# The name of a program is searched for in the system's folders only,
	# and where it is installed nobody knows here.
	($out, $err) = request('example', '', PATH => $path,
	    PUSHCGI_PROGRAM => 'pushcgi-of-another-folder');
	like $err, qr/set PUSHCGI_PROGRAM to its full path/, "$name: the advice";
}

my ($shown, $err) = request('chat', '');
is $err, '', 'the chat: no complaint';
like $shown, qr/^Status: 200/, 'it is shown';
my ($id) = $shown =~ /^Set-Cookie: chat=(\w+);/m;
my ($token) = $shown =~ /"token":"(\w+)"/;
my ($entered) = request('chat', "do=enter&token=$token&name=Ann",
    HTTP_COOKIE => "chat=$id");
like $entered, qr/^Status: 303/, 'a visitor enters' or diag $entered;

done_testing;
