# SPDX-License-Identifier: MIT
# pattern_limits.t - what streams may bring in URI Templates, together and each.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use PushcgiTest;
use Test::More;

# Simple templates weigh 3 each: four for a stranger's stream, eight for one
# client, twelve for all strangers together, 24 for all.
my %config = (MERCURE_MAX_PATTERN_WEIGHT_PER_STREAM => 12,
    MERCURE_MAX_PATTERN_WEIGHT_PER_CLIENT => 24,
    MERCURE_MAX_PATTERN_WEIGHT => 72);
my $hub = Hub->start(config => { %config });

# Templates number `from` and the n - 1 behind it.
sub templates {
	my ($from, $n) = @_;

	return [ map { "https://example.com/$_/{x}" }
	    $from .. $from + $n - 1 ];
}

# Another one for each number.
sub token { return Token::subscriber(['*', "/$_[0]"]) }

# [name, templates from, how many, more options, status, setting]; streams of
# status 200 stay.
my ($a, $b) = ([peer => '198.51.100.1'], [peer => '198.51.100.2']);
my @kept;
for my $row (
    ['a stranger brings too many', 0, 5, $a, 400,
	'MERCURE_MAX_PATTERN_WEIGHT_PER_STREAM'],
    ['as many as a stream may', 0, 4, $a, 200],
    ['the same ones are free', 0, 4, $a, 200],
    ['as many as an address may', 4, 4, $a, 200],
    ['one more of that address', 8, 1, $a, 429,
	'MERCURE_MAX_PATTERN_WEIGHT_PER_CLIENT'],
    ['what is known is free to it', 3, 4, $a, 200],
    ['as many as strangers may together', 8, 4, $b, 200],
    ['one more of strangers', 12, 1, $b, 429, 'MERCURE_MAX_PATTERN_WEIGHT'],
    ['exact topics cost nothing', 0, 0, $b, 200],
    ['a token has its own share', 20, 8, [token => token(1)], 200],
    ['one more of the token', 28, 1, [token => token(1)], 429,
	'MERCURE_MAX_PATTERN_WEIGHT_PER_CLIENT'],
    ['the rest, by another token', 30, 4, [token => token(2)], 200],
    ['one more than all', 34, 1, [token => token(3)], 429,
	'MERCURE_MAX_PATTERN_WEIGHT'],
) {
	my ($name, $from, $n, $options, $status, $setting) = @$row;
	my $answer = $hub->subscribe(topic => [@{ templates($from, $n) },
	    'plain'], @$options);

	is $answer->status, $status, "$name: $status";
	if ($status == 200) {
		push @kept, $answer;
		next;
	}
	$answer->finished;
	like $answer->body, qr/\($setting\)/, "$name: the setting is named";
	like $answer->header('Retry-After') || '', qr/^[1-9]\d*\z/,
	    "$name: Retry-After" if $status == 429;
}

# HEAD is answered as GET is, and takes nothing.
my $query = Hub::form(topic => templates(12, 1));
for (1 .. 3) {
	is $hub->request('HEAD', Hub::URL_PATH . "?$query", undef,
	    @$b)->status, 429, 'HEAD: 429 as well';
}

# Each update still reaches them all, and room comes back with their ends.
$hub->publish_ok(topic => 'https://example.com/9/a', data => 'hello');
is $kept[4]->next_event->{data}, 'hello', 'others get their updates';
$_->hang_up for @kept;
wait_until('there is room again', sub {
	my $again = $hub->subscribe(topic => templates(12, 4), @$b);
	my $status = $again->status;

	$again->hang_up;
	return $status == 200;
});
pass 'there is room again';

# 0 sets no limit.
my $open = Hub->start(config => { map { ($_ => 0) } keys %config });
is $open->subscribe(topic => templates(0, 100))->status, 200, 'no limit: 200';

# Addresses of one IPv6 network are one client; one that may be a whole site's
# is none.
for my $row (['an IPv6 network', '2001:db8::%d', 429],
    ['a proxy', '10.0.0.1%.0s', 200]) {
	my ($name, $peer, $status) = @$row;
	my $other = Hub->start(config => { %config });
	my (@streams, @told);

	# One after the other, or another one of them is refused.
	for my $n (1 .. 3) {
		push @streams, $other->subscribe(
		    topic => templates(4 * $n, 4), peer => sprintf $peer, $n);
		push @told, $streams[-1]->status;
	}
	is "@told", "200 200 $status",
	    "$name: with eight patterns it may bring four more: $status";
}

done_testing;
