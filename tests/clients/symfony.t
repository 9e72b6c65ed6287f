# SPDX-License-Identifier: MIT
# symfony.t - Debian's symfony/mercure publishes and authorizes, unchanged.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use ClientSite;
use Hub;
use Test::More;
use Token;

use constant TOPIC => 'https://example.com/users/42';

my $site = client_site();
my $page = '/app/symfony.php';
my @topics = (topic => [TOPIC, 'https://example.com/books/1', 'marker']);

# Let the page publish; returns its answer.
sub publish {
	my (@fields) = @_;

	return $site->request('POST', $page, Hub::form(@fields));
}

my $shown = $site->request('GET', $page, undef);
is $shown->status, 200, 'the page is shown' or diag $shown->body;
is $shown->header('Link'), "<$site->{url}>; rel=\"mercure\"",
    'the page names the hub in a Link header';
my $set = $shown->header('Set-Cookie') || '';
like $set, qr/^mercureAuthorization=[\w-]+\.[\w-]+\.[\w-]+;/,
    'the page sets the cookie';
like $set, qr{; path=/\.well-known/mercure;}i, 'for the path of the hub';
like $set, qr/; httponly; samesite=strict/i, 'and safe from scripts';
my ($cookie) = $set =~ /^([^;]*)/;

my $visitor = $site->stream(@topics, cookie => $cookie);
my $stranger = $site->stream(@topics);

# [name, fields of the update, what the event has, does a stranger get it]
my @rows = (
	['public', [data => 'a'], { data => 'a' }, 1],
	['several lines', [data => "a\n\nb\xc3\xa9 & + %"],
	    { data => "a\n\nb\xc3\xa9 & + %" }, 1],
	['no data', [], { data => '' }, 1],
	['private', [data => 'p', private => 1], { data => 'p' }, 0],
	['alternates', [data => 'alt', 'topic[]' =>
	    ['https://example.com/unknown', 'https://example.com/books/1']],
	    { data => 'alt' }, 1],
	['private by an alternate', [data => 'priv alt', private => 1,
	    'topic[]' => ['https://example.com/books/1', TOPIC]],
	    { data => 'priv alt' }, 0],
	['private of another topic', [data => 'other', private => 1,
	    'topic[]' => ['https://example.com/books/1']], undef, 0],
	['id', [data => 'i', id => 'urn:x:1'],
	    { data => 'i', id => 'urn:x:1' }, 1],
	['type', [data => 't', type => 'note'],
	    { data => 't', event => 'note' }, 1],
	['retry', [data => 'r', retry => 1234],
	    { data => 'r', retry => 1234 }, 1],
	['everything', [data => 'all', private => 1, id => 'urn:x:2',
	    type => 'note', retry => 0], { data => 'all', id => 'urn:x:2',
	    event => 'note', retry => 0 }, 0],
);
my (@visitor, @stranger);
for my $row (@rows) {
	my ($name, $fields, $want, $public) = @$row;
	my $answer = publish(@$fields);

	is $answer->status, 200, "$name: published" or diag $answer->body;
	like $answer->body, $want && $want->{id} ? qr/^\Q$want->{id}\E\z/
	    : qr/^urn:uuid:[0-9a-f-]{36}\z/, "$name: it is told the id";
	my $event = { kind => 'event', id => $answer->body, %{ $want || {} } };
	push @visitor, $event if $want;
	push @stranger, $event if $public;
}
publish(data => 'end', 'topic[]' => 'marker');
is_deeply [ $visitor->events_until('end') ], \@visitor,
    'who has the cookie gets all that is allowed';
is_deeply [ $stranger->events_until('end') ], \@stranger,
    'a stranger gets what is public';
is $_->problems, '', 'a clean stream' for $visitor, $stranger;

# What the hub refuses becomes the library's exception.
my $refused = publish(data => 'x', id => '#x');
is $refused->status, 502, 'a refused update: an exception';
like $refused->body, qr/\b400\b/, 'that has the status';

# The token's time is a real with microseconds; then the stream goes on.
my $again = $site->stream(@topics, cookie => $cookie,
    last_event_id => 'urn:x:2');
is_deeply $again->data_until('end'), [],
    'the cookie serves for a later connection';

done_testing;
