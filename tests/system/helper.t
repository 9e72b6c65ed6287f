# SPDX-License-Identifier: MIT
# helper.t - the helper program and other processes meet the hub in the queue.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use JSON::PP ();
use MIME::Base64 qw(decode_base64url);
use PushcgiTest;
use Test::More;

my $hub = Hub->start(config => { MERCURE_HUB_ALLOW_PUBLISH => 'false',
    MERCURE_HUB_SUBSCRIPTIONS => 'false',
    MERCURE_PUBLIC_HUB_URL => 'https://hub.example/.well-known/mercure' });
my $stream = $hub->stream(topic => '*');
my $private = $hub->stream(topic => '*', token => Token::subscriber());

# [name, arguments, input, event, is it private]
my @rows = (
	['data as argument', ['t', 'x'], '', { data => 'x' }],
	['data from input', ['t', '-'], "a\nb\n", { data => "a\nb\n" }],
	['no data', ['t'], '', { data => '' }],
	['all options', ['--id', 'i:1', '--type', 'note', '--retry', '5',
	    't', 'x'], '', { id => 'i:1', event => 'note', retry => '5',
	    data => 'x' }],
	['options behind', ['t', 'x', '--id', 'i:2'], '', { id => 'i:2',
	    data => 'x' }],
	['data that looks like an option', ['--id', 'i:3', '--', 't',
	    '--private'], '', { id => 'i:3', data => '--private' }],
	['private', ['--private', 't', 'p'], '', { data => 'p' }, 1],
);
for my $row (@rows) {
	my ($name, $arguments, $input, $want, $secret) = @$row;
	my ($status, $out, $err) = $hub->helper(['publish', @$arguments],
	    input => $input);

	is $status, 0, "$name: exit 0" or diag $err;
	like $out, qr/^\S+\n\z/, "$name: prints the id";
	chomp $out;
	for my $one ($private, $secret ? () : $stream) {
		is_deeply $one->next_event, { kind => 'event', id => $out,
		    %$want }, "$name: reaches a stream";
	}
}

my $alternate = $hub->stream(topic => 'u');
$hub->helper(['publish', '--alternate', 'u', '--alternate', 'v', 't', 'z']);
is $alternate->next_event->{data}, 'z', 'alternate topics';
is $stream->next_event->{data}, 'z', 'the private one never came';

# [name, arguments, the sentence names]
for my $row (['no topic', [], 'topic'], ['empty topic', ['', 'x'], 'topic'],
    ['wildcard', ['*', 'x'], 'topic'],
    ['reserved topic', ['/.well-known/mercure/x', 'x'], 'topic'],
    ['id with a line break', ['--id', "a\nb", 't'], 'id'],
    ['id of the hub', ['--id', '#a', 't'], 'id'],
    ['retry not digits', ['--retry', 'soon', 't'], 'retry'],
    ['unknown option', ['--privat', 't'], 'privat']) {
	my ($name, $arguments, $word) = @$row;
	my ($status, $out, $err) = $hub->helper(['publish', @$arguments]);

	isnt $status, 0, "$name: refused";
	is $out, '', "$name: no id";
	like $err, qr/$word/i, "$name: the sentence names it";
}
$hub->helper(['publish', 't', 'end']);
is_deeply $stream->data_until('end'), [], 'nothing refused was published';

# Tokens and cookies that the helper makes are good for the hub.
my ($status, $jwt) = $hub->helper(['subscriber-jwt', '-t', 't']);
is $status, 0, 'subscriber-jwt';
chomp $jwt;
my $claims = JSON::PP::decode_json(decode_base64url((split /\./, $jwt)[1]));
is_deeply $claims->{mercure}{subscribe}, ['t'], 'has the right asked for';
my $with = $hub->stream(topic => ['t', 'other'], token => $jwt);
$hub->helper(['publish', '--private', 'other', 'no']);
$hub->helper(['publish', '--private', 't', 'yes']);
is $with->next_event->{data}, 'yes', 'and opens what it names';
($status, my $cookie) = $hub->helper(['cookie', 't']);
is $status, 0, 'cookie';
like $cookie, qr/^mercureAuthorization=[\w.-]+;/, 'a Set-Cookie value';
like $cookie, qr/;\s*HttpOnly\b/i, 'HttpOnly';
like $cookie, qr/;\s*Secure\b/i, 'Secure for an https hub';
like $cookie, qr/;\s*SameSite=Strict\b/i, 'SameSite';
like $cookie, qr{;\s*Path=/\.well-known/mercure}i, 'for the path of the hub';
my ($value) = $cookie =~ /^mercureAuthorization=([^;]*)/;
my $by_cookie = $hub->stream(topic => 't', cookie => $value);
$hub->helper(['publish', '--private', 't', 'cookie']);
is $by_cookie->next_event->{data}, 'cookie', 'the hub takes it';
($status, my $url) = $hub->helper(['url', 'a&b', "caf\xc3\xa9"]);
is $url, "https://hub.example/.well-known/mercure?topic=a%26b&topic=caf%C3%A9\n",
    'url';

$hub->configure(MERCURE_HUB_ALLOW_PUBLISH => 'true');
$hub->reload;
($status, $jwt) = $hub->helper(['publisher-jwt']);
chomp $jwt;
wait_until('publishing is switched on', sub {
	$hub->publish(topic => 't', data => 'on', token => $jwt)->status
	    == 200;
});
pass 'publisher-jwt may publish';

# Two responders on one queue.
my $second = Hub->start(queue_of => $hub);
my @both = ($hub->stream(topic => 'two'), $second->stream(topic => 'two'));
my @ids;
for my $n (1 .. 20) {
	push @ids, ($n % 2 ? $hub : $second)->publish_ok(topic => 'two',
	    data => $n);
	push @ids, ($hub->helper(['publish', 'two', "h$n"]))[1] =~ /(\S+)/
	    if $n % 5 == 0;
}
$second->publish_ok(topic => 'two', data => 'end');
is_deeply [ map { $_->{id} } $_->events_until('end') ], \@ids,
    'two hubs and the helper: all updates, in order, once' for @both;
my $crossing = $second->stream(topic => 'two', last_event_id => $ids[9]);
is_deeply [ map { $_->{id} } $crossing->events_until('end') ],
    [ @ids[10 .. $#ids] ], 'an id of one hub is known to the other';
my $cursor = $hub->stream(topic => 'x', cursor => 1)->next_cursor;
$hub->publish_ok(topic => 'two', data => 'crossed');
is $second->stream(topic => 'two', last_event_id => $cursor)
    ->next_event->{data}, 'crossed', 'so is a cursor';

# One of them dies; the other does not notice.
$second->stop('KILL');
is $both[0]->next_event->{data}, 'crossed', 'still there';
$hub->publish_ok(topic => 'two', data => 'alone');
is $both[0]->next_event->{data}, 'alone', 'the other goes on';

# Updates that were published while no hub ran.
$hub->stop;
$hub->helper(['publish', 'two', "while away $_"]) for 1, 2;
$hub->start;
my $back = $hub->stream(topic => 'two', last_event_id => $cursor);
is $back->next_event->{data}, $_, "after a pause: $_"
    for 'crossed', 'alone', 'while away 1', 'while away 2';

done_testing;
