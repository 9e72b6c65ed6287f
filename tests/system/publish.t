# SPDX-License-Identifier: MIT
# publish.t - what a publish does with each of its fields.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use Test::More;

# Some streams want everything: without those who come and go.
my $hub = Hub->start(config => { MERCURE_HUB_SUBSCRIPTIONS => 'false' });
my $all = $hub->stream(topic => '*');

sub next_is {
	my ($name, %want) = @_;
	my $event = $all->next_event;

	is_deeply $event, { kind => 'event', %want }, $name;
}

my $answer = $hub->publish(topic => 'a', data => 'x');
is $answer->status, 200, 'published';
like $answer->header('Content-Type'), qr{^text/plain\b}, 'as plain text';
like $answer->body, qr/^urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\z/,
    'the answer is the generated id and nothing else';
is $answer->problems, '', 'no problems';
next_is('the stream has that id', id => $answer->body, data => 'x');

my $second = $hub->publish_ok(topic => 'a', data => 'x');
isnt $second, $answer->body, 'the next id differs';
next_is('and arrives', id => $second, data => 'x');

# [name, fields, what the event has beyond an id]
my @rows = (
	['type', [type => 'note'], { event => 'note' }],
	['retry', [retry => '0'], { retry => '0' }],
	['nine digits of retry', [retry => '123456789'],
	    { retry => '123456789' }],
	['id', [id => 'urn:x:1'], { id => 'urn:x:1' }],
	['the same id again', [id => 'urn:x:1'], { id => 'urn:x:1' }],
	['an id with spaces and a colon', [id => 'a : b'],
	    { id => 'a : b' }],
	['an id that is not ASCII', [id => "\xc3\xa9"],
	    { id => "\xc3\xa9" }],
	['a type with a colon and spaces', [type => ' a: b'],
	    { event => ' a: b' }],
	['everything', [id => 'i', type => 't', retry => '7'],
	    { id => 'i', event => 't', retry => '7' }],
	['empty id', [id => ''], {}],
	['empty type', [type => ''], {}],
	['empty retry', [retry => ''], {}],
);
for my $row (@rows) {
	my ($name, $fields, $want) = @$row;
	my $id = $hub->publish_ok(topic => 'a', data => $name, @$fields);

	like $id, qr/^urn:uuid:/, "$name: an id is made" unless $want->{id};
	is $id, $want->{id}, "$name: the id is kept" if $want->{id};
	next_is("$name: on the stream", id => $id, data => $name, %$want);
}

$hub->publish_ok(body => 'topic=a&data=1+2%2B3%25;4&unknown=5&&id=j');
next_is('form encoding', id => 'j', data => '1 2+3%;4');
$hub->publish_ok(body => 'topic=a&data=100%&id=k');
next_is('a stray % is itself', id => 'k', data => '100%');
$hub->publish_ok(body => 'data=first&data=second&topic=a&id=l');
next_is('the first data counts', id => 'l', data => 'first');
$hub->publish_ok(topic => 'a', data => 'c', id => 'm',
    content_type => 'Application/X-WWW-Form-URLencoded; charset=UTF-8');
next_is('media type with parameter and any case', id => 'm', data => 'c');

# Without CONTENT_LENGTH, as mod_proxy_fcgi sends a chunked body.
my $params = Hub::params('POST', Hub::URL_PATH, '',
    token => Token::publisher());
my %drop = (CONTENT_LENGTH => 1);
my @kept;
while (my ($name, $value) = splice @$params, 0, 2) {
	push @kept, $name, $value unless $drop{$name};
}
my $chunked = FcgiClient->new(address => $hub->{address});
$chunked->send_bytes(FcgiClient::request_bytes(params => \@kept,
    stdin => 'topic=a&data=unsized&id=n'));
is $chunked->finished->status, 200, 'a body of no stated length';
next_is('arrives whole', id => 'n', data => 'unsized');

# Alternate topics: one update, once for each subscriber.
my $one = $hub->stream(topic => 'second');
my $both = $hub->stream(topic => ['first', 'second']);
my $none = $hub->stream(topic => ['third', 'marker']);
$hub->publish_ok(topic => ['first', 'second'], data => 'alternate');
$hub->publish_ok(topic => ['second', 'marker'], data => 'end');
is_deeply $one->data_until('end'), ['alternate'],
    'a subscriber of an alternate topic';
is_deeply $both->data_until('end'), ['alternate'],
    'a subscriber of both gets it once';
is_deeply $none->data_until('end'), [], 'a subscriber of neither';

# private is by presence, whatever its value.
my $public = $hub->stream(topic => '*');
my $private = $hub->stream(topic => '*', token => Token::subscriber());
for my $value ('on', '', '0', 'false') {
	$hub->publish_ok(topic => 'a', data => "p$value", private => $value);
}
$hub->publish_ok(topic => 'a', data => 'end');
is_deeply $public->data_until('end'), [], 'any value makes it private';
is_deeply $private->data_until('end'), ['pon', 'p', 'p0', 'pfalse'],
    'and the authorized receive it';

# Order is the order of the answers.
my $watch = $hub->stream(topic => 'order');
my @ids = map { $hub->publish_ok(topic => 'order', data => $_) } 1 .. 50;
$hub->publish_ok(topic => 'order', data => 'end');
is_deeply [ map { $_->{id} } $watch->events_until('end') ], \@ids,
    'fifty updates in the order they were acknowledged';

is $_->problems, '', 'a clean stream' for $all, $one, $both, $public, $private;
done_testing;
