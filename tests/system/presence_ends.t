# SPDX-License-Identifier: MIT
# presence_ends.t - whatever ends a stream, its end is told; rows that cannot be
# written now are written later.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use JSON::PP;
use Presence;
use PushcgiTest;
use Test::More;

# One process looks on while streams of others end.
my $sees = Hub->start;
my $watch = $sees->stream(topic => SUBSCRIPTIONS . '/{topic}/{subscriber}',
    token => all_events());
(events($watch, 1))[0]{active} or die 'it does not see itself';

sub beside {
	return Hub->start(queue_of => $sees,
	    config => { MERCURE_HUB_KEEPALIVE_INTERVAL => 1, @_ });
}

# [what ends it, settings, claims, what the test does]
for my $row (
    ['the peer', {}, {}, sub { $_[1]->hang_up }],
    ['exp', {}, { exp => time + 3 }, sub {}],
    ['the longest life', { MERCURE_WRITE_TIMEOUT => 2 }, {}, sub {}],
    ['a removed key', {}, {}, sub {
	$_[0]->configure(MERCURE_SUBSCRIBER_SECRET_KEY => 'another' x 8);
	$_[0]->reload }],
    ['SIGTERM', {}, {}, sub { $_[0]->stop }],
    ['SIGKILL', {}, {}, sub { process_end($_[0]{pid}, 'KILL') }]) {
	my ($name, $settings, $claims, $end) = @$row;
	my $hub = beside(%$settings);
	$claims->{exp} = time + 2 if $claims->{exp};
	my $stream = $hub->stream(topic => $name,
	    token => Token::subscriber([$name], more => $claims));
	my ($began) = events($watch, 1);

	$end->($hub, $stream);
	my ($ended) = events($watch, 1);
	is_deeply $ended, { %$began, active => JSON::PP::false },
	    "$name: the end is told";
	is $ended->{topic}, $name, "$name: of this subscription";
	is_deeply there($sees, $name), [], "$name: it is not listed";
}

is_deeply [map { s/ .*//r } @{ there($sees) }], [SUBSCRIPTIONS
    . '/{topic}/{subscriber}'], 'dead peers do not stay online';

# Over all processes, and whoever noticed it.
my $twice = $sees->stream(topic => '*', token => Token::subscriber(['*']),
    last_event_id => 'earliest');
my %told;
$sees->publish_ok(topic => 'end', data => 'end');
for my $text (@{ $twice->data_until('end') }) {
	my $e = JSON::PP->new->utf8->decode($text);
	$told{"$e->{id} $e->{active}"}++;
}
is_deeply [grep { $told{$_} != 1 } keys %told], [],
    'each begin and each end is told once';
cmp_ok scalar(keys %told), '>=', 12, 'all of them are';
is $_->problems, '', 'and the streams are clean' for $watch, $twice;

done_testing;
