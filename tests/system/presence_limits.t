# SPDX-License-Identifier: MIT
# presence_limits.t - limits of streams hold for all processes of a database.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use Presence;
use PushcgiTest;
use Test::More;

my $token = Token::subscriber(['a']);
my @same = (topic => 'a', token => $token, peer => '198.51.100.1');

# How many addresses the database has.
sub addresses {
	my ($hub) = @_;
	my ($status, $out, $err) = run(['sqlite3', '-readonly',
	    $hub->{queue}, 'SELECT count(address) FROM subscribers']);

	die $err if $status;
	return $out + 0;
}

# [setting, what differs in a stream that does not count]
for my $row (
    ['MERCURE_MAX_CONNECTIONS', undef],
    ['MERCURE_MAX_CONNECTIONS_PER_TOKEN',
	[token => Token::subscriber(['a', 'b'])]],
    ['MERCURE_MAX_CONNECTIONS_PER_TOKEN', [token => undef]],
    ['MERCURE_MAX_CONNECTIONS_PER_ADDRESS', [peer => '2001:db8::1']]) {
	my ($setting, $differs) = @$row;
	my $name = $setting . ($differs ? ", other $differs->[0]" : '');
	my %config = (config => { MERCURE_MAX_CONNECTIONS_PER_ADDRESS => 0,
	    $setting => 2 });
	my $hub = Hub->start(%config);
	my $other = Hub->start(%config, queue_of => $hub);
	my $here = $hub->stream(@same);
	my $there = $other->stream(@same);

	wait_until('both are listed', sub { @{ there($hub) } == 2 });
	is addresses($hub), 0, "$name: the database has no address";
	for my $h ($hub, $other) {
		my $refused = $h->subscribe(@same)->finished;

		is $refused->status, 429, "$name: one too many: 429";
		like $refused->header('Retry-After') || '', qr/^[1-9]\d*\z/,
		    "$name: Retry-After";
		like $refused->body, qr/\($setting\)/,
		    "$name: the sentence names the setting";
		next unless $differs;
		my $free = $h->subscribe(@same, @$differs, topic => 'free');
		is $free->status, 200, "$name: does not count";
		$free->hang_up;
	}

	# Who leaves makes room in every process.
	$here->hang_up;
	my $next;
	wait_until("$name: there is room", sub {
		$next = $other->subscribe(@same);
		return $next->status == 200;
	});
	wait_until('both are listed', sub { @{ there($hub, 'a') } == 2 });
	is $hub->subscribe(@same)->status, 429, "$name: for one";
	$next->hang_up;
	wait_until("$name: there is room again", sub {
		$next = $hub->subscribe(@same);
		return $next->status == 200;
	});
	wait_until('both are listed', sub { @{ there($other, 'a') } == 2 });

	# The dead do not count, from the first moment on.
	is $other->subscribe(@same)->status, 429, "$name: full again";
	process_end($hub->{pid}, 'KILL');
	is $other->subscribe(@same)->status, 200,
	    "$name: who was killed makes room";
}

# By default a stranger has as many, and a site behind a proxy as it likes.
use constant USUAL => 250;

my $usual = Hub->start;
my @site = map { $usual->subscribe(topic => 'a', peer => '10.0.0.1') }
    0 .. USUAL;
is scalar(grep { $_->status == 200 } @site), USUAL + 1,
    'by default: a private address has no limit';
wait_until('all are listed', sub { @{ there($usual) } == USUAL + 1 });
is addresses($usual), 0, 'by default: and no address is kept';
my @stranger = map { $usual->subscribe(topic => 'a',
    peer => sprintf '2001:db8::%x', $_) } 1 .. USUAL;
is scalar(grep { $_->status == 200 } @stranger), USUAL,
    'by default: a stranger has as many streams as it says';
my $beyond = $usual->subscribe(topic => 'a', peer => '2001:db8::ffff')
    ->finished;
is $beyond->status, 429, 'by default: and no more, with any address of his';
like $beyond->body, qr/\(MERCURE_MAX_CONNECTIONS_PER_ADDRESS\)/,
    'by default: the sentence names the setting';
is $usual->subscribe(topic => 'a', peer => '2001:db8:0:1::1')->status, 200,
    'by default: his neighbour has his own';

done_testing;
