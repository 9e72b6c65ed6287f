# SPDX-License-Identifier: MIT
# symfony_hub.t - Debian's symfony/mercure with PushcgiHub in Hub's place.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use ClientSite;
use File::Copy qw(copy);
use Hub;
use JSON::PP ();
use MIME::Base64 qw(decode_base64url);
use PushcgiTest;
use Test::More;
use Token;

use constant TOPIC => 'https://example.com/users/42';

my $site = client_site();
my $page = '/app/example-symfony.php';

for my $name (qw(PushcgiHub.php example-symfony.php)) {
	copy(source('templates/php', $name), "$site->{dir}/www/app")
	    or die "$name: $!\n";
}

# Let the page publish; returns its answer.
sub publish {
	my (@fields) = @_;

	return $site->request('POST', $page, Hub::form(@fields));
}

my $shown = $site->request('GET', $page, undef);
is $shown->status, 200, 'the page is shown' or diag $shown->body;
like $shown->body, qr{>\Q$site->{url}\E\?topic=https%3A[^<]*
    &amp;lastEventID=(?:%23[\w-]+|earliest)<}x,
    'getPublicUrl(), with a position';
is $shown->header('Link'), "<$site->{url}>; rel=\"mercure\"",
    'Discovery: the Link header';
my $set = $shown->header('Set-Cookie') || '';
like $set, qr/^mercureAuthorization=[\w-]+\.[\w-]+\.[\w-]+;/,
    'Authorization: the cookie';
my ($cookie) = $set =~ /^([^;]*)/;
my $claims = JSON::PP::decode_json(decode_base64url((split /\./, $cookie)[1]));
is_deeply $claims->{mercure}, { subscribe => [TOPIC], publish => [] },
    'its rights';
ok $claims->{exp} > time, 'its expiry';

# No publisher's token, and no HTTP: the hub takes none.
$site->{hub}->configure(MERCURE_HUB_ALLOW_PUBLISH => 'false');
$site->{hub}->reload;
wait_until('the hub takes no publishes', sub {
	$site->request('POST', Hub::URL_PATH, 'topic=a', token =>
	    Token::publisher(undef, key => ClientSite::KEY))->status != 200;
});
my $visitor = $site->stream(topic => [TOPIC, 'b', 'end'],
    cookie => $cookie);
my $stranger = $site->stream(topic => [TOPIC, 'b', 'end']);

# [name, fields of the update, what the event has, does a stranger get it]
my @rows = (
	['public', [data => "a\n\xc3\xa9", public => 1], { data => "a\n\xc3\xa9" }, 1],
	['private', [data => 'p'], { data => 'p' }, 0],
	['alternates', [data => 'b', public => 1, 'topic[]' => ['x', 'b']],
	    { data => 'b' }, 1],
	['everything', [data => 'all', id => 'urn:x:2',
	    type => 'note', retry => 7], { data => 'all', id => 'urn:x:2',
	    event => 'note', retry => 7 }, 0],
);
my (@visitor, @stranger);
for my $row (@rows) {
	my ($name, $fields, $want, $public) = @$row;
	my $answer = publish(@$fields);

	is $answer->status, 200, "$name: published" or diag $answer->body;
	my $event = { kind => 'event', id => $answer->body, %$want };
	push @visitor, $event;
	push @stranger, $event if $public;
}
publish(data => 'end', public => 1, 'topic[]' => 'end');
is_deeply [ $visitor->events_until('end') ], \@visitor,
    'who has the cookie gets all that is allowed';
is_deeply [ $stranger->events_until('end') ], \@stranger,
    'a stranger gets what is public';

my $refused = publish(data => 'x', id => '#x');
is $refused->status, 503, 'a refused update: an exception';
like $refused->body, qr/\bid\b/, 'that says why';

# What Symfony asks of a hub beyond that.
my $template = source('templates/php/PushcgiHub.php');
my $dir = temp_dir();
spew("$dir/more.php", <<"EOT");
<?php
require 'Symfony/Component/Mercure/autoload.php';
require '$template';
\$hub = new PushcgiHub();
echo json_encode(array(\$hub->getUrl() === \$hub->getPublicUrl(),
    \$hub->getProvider()->getJwt(), \$hub->getFactory()->create(array('a')),
    \$hub->getFactory()->create(array(), array('b'))));
EOT
my (undef, $out) = run(['php-cgi', '-q', "$dir/more.php"], env => {
    PUSHCGI_PROGRAM => program('pushcgi'),
    PUSHCGI_CONFIG => $site->{hub}{config_path} });
my ($same, @tokens) = @{ JSON::PP::decode_json($out) };
ok $same, 'getUrl()';
is_deeply [map { my $c = JSON::PP::decode_json(decode_base64url(
    (split /\./)[1])); $c->{mercure} } @tokens],
    [{ subscribe => [], publish => ['*'] },
    { subscribe => ['a'], publish => [] },
    { subscribe => [], publish => ['b'] }], 'getProvider(), getFactory()';

done_testing;
