# SPDX-License-Identifier: MIT
# perl_pages.t - pages of every Perl engine: what they print, allow and publish.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use Hub;
use HTML::Entities qw(decode_entities);
use JSON::PP ();
use MIME::Base64 qw(decode_base64url);
use PerlSite;
use PushcgiTest;
use Test::More;

my $server = perl_site();
my $path = Hub::URL_PATH;
my $public = "http://127.0.0.1:$server->{port}$path";
my $json = JSON::PP->new;

# The attributes of the one script that has such a topic.
sub attributes {
	my ($body, $topic) = @_;

	for my $tag ($body =~ /<script ([^>]*data-topics[^>]*)><\/script>/g) {
		my %found = map { decode_entities($_) }
		    $tag =~ /(?:^| )([\w-]+)="([^"<>]*)"/g;
		my ($named) = @{ $json->decode($found{'data-topics'}) };
		utf8::encode($named);
		return \%found if $named eq $topic;
	}
	return {};
}

for my $page (perl_pages()) {
	my ($name, $topic) = @$page{qw(name topic)};
	my $answer = $server->request('GET', $page->{path}, undef);

	is $answer->status, 200, "$name: the page" or next;
	my $script = attributes($answer->body, $topic);
	is $script->{'data-url'}, $public, "$name: the script: the URL";
	like $script->{'data-last-event-id'}, qr/\A(?:#[\w-]+|earliest)\z/,
	    "$name: the script: the position";
	like $script->{src}, qr/pushcgi\.js\z/, "$name: the script: its source";
	like $script->{'data-topics'}, qr/<\/script>.*<TMPL_VAR/,
	    "$name: the script: the topic, as it is";

	my @set = @{ $answer->{headers}{'set-cookie'} || [] };
	is_deeply [sort map { /^(\w+)=/ } @set], ['mercureAuthorization',
	    'other'], "$name: one cookie, and another one stays";
	my ($cookie) = map { /^(mercureAuthorization=[^;]*); Path=\Q$path\E;.*HttpOnly/i }
	    @set;
	ok defined $cookie, "$name: the cookie has its attributes" or diag @set;
	my $link = $answer->header('Link');
	is $link, "<$public>; rel=\"mercure\"", "$name: the link"
	    if $name =~ /^(?:cgi|psgi|starman|registry|handler)\z/;
	my ($url) = map { decode_entities($_) }
	    $answer->body =~ /<p id="url">([^<]*)</;
	like $url, qr/\A\Q$public?@{[ Hub::form(topic => $topic) ]}\E/,
	    "$name: the URL" if $name =~ /^(?:tt|html_template)\z/;

	my $visitor = $server->stream(topic => [$topic, 'open'],
	    cookie => $cookie);
	my $stranger = $server->stream(topic => [$topic, 'open']);
	my $text = "from $name, <b> & \"caf\xc3\xa9\"";
	my $post = $server->request('POST', $page->{path},
	    Hub::form(data => $text));
	is $post->status, 200, "$name: publishes";
	is $visitor->next_event->{data}, $text,
	    "$name: the visitor receives it";
	$server->publish_ok(topic => 'open', data => 'end');
	is_deeply $stranger->data_until('end'), [], "$name: a stranger does not";
	$_->hang_up for $visitor, $stranger;
}

# An interpreter of mod_perl serves many visitors, and not each script begins a
# request of its own.
is $server->request('GET', '/app/begin.pl?begin', undef)->body, "begun\n",
    'registry: a request is begun' for 1 .. 4;
my ($payload) = wait_until('an interpreter that has begun one', sub {
	$server->request('GET', '/app/begin.pl', undef)->body
	    =~ /^mercureAuthorization=[\w-]+\.([\w-]+)\./ && $1;
});
is_deeply $json->decode(decode_base64url($payload))->{mercure}{subscribe},
    ['of another'], 'registry: its rights are not those of the next visitor';

# Nor does one that somebody keeps leave its program to the next visitor.
for (1 .. 4) {
	my $body = $server->request('GET', '/app/begin.pl?keep', undef)->body;
	my ($pid) = $body =~ /\A(\d+) \1 1\n\z/;

	ok defined $pid, 'registry: two calls, one program' or diag $body;
	wait_until('the program ends with the request', sub { !kill 0, $pid })
	    if defined $pid;
}

my $log = slurp($server->{log});
unlike $log, qr/pushcgi (?:failed|did|cannot)|at \S+\.pm line/,
    'no complaint in the log';

done_testing;
