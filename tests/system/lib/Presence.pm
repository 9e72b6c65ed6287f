# SPDX-License-Identifier: MIT
# Presence.pm - what tests of active subscriptions ask a hub.
package Presence;

use strict;
use warnings;
use Exporter qw(import);
use Hub;
use JSON::PP;
use PushcgiTest;

our @EXPORT = qw(SUBSCRIPTIONS all_events api_path there subscriptions events
    read_told);

use constant SUBSCRIPTIONS => Hub::URL_PATH . '/subscriptions';

my $json = JSON::PP->new->utf8->canonical;

# A token for the API and for all events.
sub all_events {
	return Token::subscriber([SUBSCRIPTIONS . '{/topic}{/subscriber}']);
}

sub api_path { return join '/', SUBSCRIPTIONS, map { Hub::encode($_) } @_ }

# The document at a path below the API's, decoded.
sub subscriptions {
	my ($hub, @segments) = @_;
	my $answer = $hub->request('GET', api_path(@segments), undef,
	    token => all_events());

	die "subscriptions: $answer->{status} $answer->{body}\n"
	    unless ($answer->status || 0) == 200;
	return $json->decode($answer->body);
}

# Who is there, as "topic subscriber" texts in order.
sub there {
	my ($hub, @segments) = @_;

	return [sort map { "$_->{topic} $_->{subscriber}" }
	    @{ subscriptions($hub, @segments)->{subscriptions} }];
}

# A stream of all events; its next documents with Presence::events($s, $n).
sub events {
	my ($stream, $n) = @_;

	return map { $json->decode($stream->next_event->{data}) } 1 .. $n;
}

# Read events of such a stream until `done` is true, and count what they tell of
# topics s1, s2, ...: $told->{topic}{begun}, $told->{topic}{ended}.
sub read_told {
	my ($stream, $told, $done) = @_;

	until ($done->()) {
		my ($e) = events($stream, 1);
		my $kind = $e->{active} ? 'begun' : 'ended';

		next if $e->{topic} !~ /^s\d+$/;
		$told->{ $e->{topic} }{$kind}++;
	}
}

1;
