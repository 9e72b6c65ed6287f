# SPDX-License-Identifier: MIT
# ssi.t - pages of server-side includes: Apache's, and why not lighttpd's.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use Hub;
use HTML::Entities qw(decode_entities);
use JSON::PP ();
use MIME::Base64 qw(encode_base64);
use PushcgiTest;
use Servers;
use SsiSite;
use Test::More;

my $server = ssi_site();
my $www = "$server->{dir}/www";
my $path = Hub::URL_PATH;
my $public = "http://127.0.0.1:$server->{port}$path";
my $mine = 'https://example.com/users/alice';
my %alice = (headers => { Authorization => 'Basic '
    . encode_base64('alice:' . ssi_password(), '') });

# Write a page that sets these and includes the program; returns its answer.
sub page {
	my ($line, %set) = @_;
	my $folder = $line =~ /#exec/ ? 'exec' : '.';

	spew("$www/$folder/x.shtml", join('', map {
	    "<!--#set var=\"$_\" value=\"$set{$_}\" -->" } sort keys %set)
	    . "<p>$line</p>");
	return $server->request('GET', "/$folder/x.shtml" =~ s{/\./}{/}r,
	    undef);
}

# Name => value of the last element of a page.
sub attributes {
	my ($answer) = @_;
	my ($tag) = $answer->body =~ /.*<script ([^>]*)><\/script>/s or return;

	return map { decode_entities($_) } $tag =~ /([\w-]+)="([^"<>']*)"/g;
}

my $include = '<!--#include virtual="/cgi-bin/pushcgi-tag.cgi" -->';
my $exec = '<!--#exec cgi="/cgi-bin/pushcgi-tag.cgi" -->';

for my $line ($include, $exec) {
	my ($name) = $line =~ /#(\w+)/;
	my %found = attributes(page($line, PUSHCGI_TOPICS => 'a b'));

	is $found{'data-url'}, $public, "$name: the URL";
	is $found{'data-topics'}, '["a","b"]', "$name: the topics";
	like $found{'data-last-event-id'}, qr/\A(?:#[\w-]+|earliest)\z/,
	    "$name: the position";
	is $found{src}, '/pushcgi.js', "$name: the script";
}
like page($include, PUSHCGI_TOPICS => 'a b&c', PUSHCGI_PRINT => 'url')->body,
    qr{\A<p>\Q$public?topic=a&amp;topic=b%26c&amp;lastEventID=\E%23[\w-]+</p>\z},
    'the URL alone';

# Options +Includes would let a page run anything, as in the other folder.
for my $row (['', 0], ['exec/', 1]) {
	my ($folder, $runs) = @$row;

	spew("$www/${folder}y.shtml", '<!--#exec cmd="echo r\'u\'n" -->');
	my $body = $server->request('GET', "/${folder}y.shtml", undef)->body;
	is $body =~ /run/ ? 1 : 0, $runs, $runs ? 'with +Includes it does'
	    : 'a page of the shipped configuration runs no command';
}

# Whatever is in the variables stays a text in an attribute.
for my $nasty ('</script><script>x</script>', "\"'onload=x", '&amp;&lt;',
    '$(touch$IFS/tmp/x)', '`false`', '*', 'a\\b', '[1]', '--help', '%3c',
    "caf\xc3\xa9", '<!--#echo', '#x') {
	my $quoted = $nasty =~ s/(["\$])/\\$1/gr;
	my $answer = page($include, PUSHCGI_TOPICS => $quoted,
	    PUSHCGI_SCRIPT_URL => $quoted);
	my %found = attributes($answer);
	my ($topic) = eval { @{ JSON::PP->new->decode(
	    $found{'data-topics'}) } };

	if ($nasty eq '*') {
		is $topic, '*', 'a star is a star, and no list of files';
		next;
	}
	is $topic, $nasty, "the topic $nasty";
	is $found{src}, $nasty, "the script $nasty";
	is scalar(() = $answer->body =~ /</g), 4, 'no more elements';
}
is page($include, PUSHCGI_TOPICS => "x\xff")->body,
    '<p></p>', 'a topic that is none: the page without';
is page($include)->body, '<p></p>', 'no topic: the page without';
is page($include, PUSHCGI_TOPICS => '$QUERY_STRING')->body, '<p></p>',
    'nothing is taken from a request';
is $server->request('GET', '/cgi-bin/pushcgi-tag.cgi?PUSHCGI_TOPICS=a',
    undef, headers => { 'PUSHCGI-TOPICS' => 'a', Proxy => 'a' })->body, '',
    'nor when it is asked for by itself';

# The cookie: not by SSI, but by a request of the browser's own.
my $cookie_url = '/cgi-bin/pushcgi-cookie.cgi';
is $server->request('GET', $cookie_url, undef)->status, 401,
    'the cookie: who does not say who it is';
my $given = $server->request('GET', $cookie_url, undef, %alice);
is $given->status, 200, 'the cookie: 200';
is $given->header('Cache-Control'), 'no-store', 'not to be stored';
like $given->header('Content-Type'), qr{^text/javascript}, 'a script';
is $given->body, '', 'an empty one';
my ($cookie) = $given->header('Set-Cookie')
    =~ /^(mercureAuthorization=[^;]+); Path=\Q$path\E;.*HttpOnly/i;
my $visitor = $server->stream(topic => [$mine, 'open'], cookie => $cookie);
my $stranger = $server->stream(topic => [$mine, 'open']);
$server->publish_ok(topic => $mine, data => 'secret', private => 'on');
$server->publish_ok(topic => 'open', data => 'end');
is_deeply $visitor->data_until('end'), ['secret'], 'it allows what is theirs';
is_deeply $stranger->data_until('end'), [], 'and others nothing';

# [name, user, status]
for my $row (['no name', undef, 403], ['empty', '', 403],
    ['dots', '..', 403], ['a path', '../admin', 403],
    ['a line', "a\nSet-Cookie: x", 403], ['a shell', '$(x)', 403],
    ['a template', '{x}', 403], ['a name', 'bob.b-1_', 200]) {
	my ($name, $user, $status) = @$row;
	my (undef, $out) = run(['sh',
	    source('templates/ssi/pushcgi-cookie.cgi')], env => {
	    PUSHCGI_PROGRAM => program('pushcgi'),
	    PUSHCGI_CONFIG => $server->{hub}{config_path},
	    defined $user ? (REMOTE_USER => $user) : () });
	like $out, qr/\AStatus: $status /, "the user is $name: $status";
	unlike $out, qr/Set-Cookie/, 'no cookie' if $status != 200;
}
my (undef, $out, $err) = run(['sh',
    source('templates/ssi/pushcgi-cookie.cgi')], env => {
    PUSHCGI_PROGRAM => '/none', REMOTE_USER => 'a' });
like $out, qr/\AStatus: 503 .*\n\n\z/s, 'without the program: 503';

# What an included program sets is lost, which is why.
spew("$www/z.shtml",
    "<!--#include virtual=\"$cookie_url\" -->");
spew("$server->{dir}/cgi-bin/sets", "#!/bin/sh\n"
    . 'printf "Content-Type: text/plain\nSet-Cookie: lost=1\n\nsaid"', 0755);
spew("$www/z.shtml", '<!--#include virtual="/cgi-bin/sets" -->');
my $lost = $server->request('GET', '/z.shtml', undef);
is $lost->body, 'said', 'Apache prints what a program says';
ok !defined $lost->header('Set-Cookie'), 'and drops its headers';

my $page = $server->request('GET', '/page.shtml', undef, %alice);
like $page->body, qr{<script src="/cgi-bin/pushcgi-cookie\.cgi"></script>\n<script },
    'the page: the cookie is first';
my %found = attributes($page);
is $found{'data-topics'}, "[\"https://example.com/news\",\"$mine\"]",
    'the page: its topics';
is $found{'data-refresh'}, $cookie_url, 'the page: the cookie again';
$server->stop;
$server->{hub}->stop;

# lighttpd, for what the README says of it.
my $hub = Servers::hub_for_server()->start;
my $lighttpd = Servers->lighttpd(hub => $hub, more =>
    "server.modules += ( \"mod_ssi\" )\nssi.extension = ( \".shtml\" )\n");
spew("$lighttpd->{dir}/www/app/x.shtml", $include
    =~ s{/cgi-bin/}{/app/}r);
spew("$lighttpd->{dir}/www/app/pushcgi-tag.cgi",
    slurp(source('templates/ssi/pushcgi-tag.cgi')), 0755);
my $shown = $lighttpd->request('GET', '/app/x.shtml', undef)->body;
like $shown, qr/If you see this text in your page/,
    'lighttpd prints the source of a program that a page includes';
like slurp(source('templates/ssi/README.md')),
    qr/## Not on lighttpd\n.*it prints\s+the\s+source/s, 'the README says so';

done_testing;
