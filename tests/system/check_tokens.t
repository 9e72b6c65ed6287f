# SPDX-License-Identifier: MIT
# check_tokens.t - pushcgi check sends tokens to the hub they are for, and to nobody else.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use JSON::PP ();
use MIME::Base64 qw(decode_base64url);
use PushcgiTest;
use ScriptedHub;
use Test::More;

my $dir = temp_dir();
my $given = Token::publisher(['*']);
my $closed = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\n"
    . "Content-Length: 0\r\nConnection: close\r\n\r\n";
my $open = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
    . "Connection: close\r\n\r\n:\n\n";
my $ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nid";

# All tokens that a hub got from one run.  Its address stands for %s in the
# settings; there is no queue, so that updates would go by HTTP.
sub tokens_for {
	my ($host, $head, %set) = @_;
	my $hub = ScriptedHub->start(holds => 1,
	    answers => { HEAD => $head, GET => $open, POST => $ok });
	my %all = (MERCURE_TRANSPORT_URL => 'sqlite:///dev/null/queue.db',
	    MERCURE_PUBLISHER_JWT => $given,
	    MERCURE_PUBLISHER_SECRET_KEY => Token::PUBLISHER_KEY,
	    MERCURE_SUBSCRIBER_SECRET_KEY => Token::SUBSCRIBER_KEY, %set);

	spew("$dir/conf", join('', map { "$_ = "
	    . ($all{$_} =~ s/%s/127.0.0.1:$hub->{port}/r) . "\n" }
	    sort keys %all), 0600);
	my (undef, $out) = run([program('pushcgi'), '--config', "$dir/conf",
	    'check', '--quick', '--json', "http://$host:$hub->{port}/hub"]);
	# The scripted hub writes them down by and by.
	wait_until('it asked', sub { scalar(() = $hub->requests) > 1 });
	my @requests = $hub->requests;
	$hub->stop;
	unlike $out, qr/eyJ/, 'no token in its report';
	return ($out, map { $_->{head} =~ /(eyJ[\w.-]+)/g } @requests);
}

# 0.0.0.0 leads to the same server, but is no loopback address.
for my $row (
    ['no hub is set', '0.0.0.0'],
    ['no hub is set, and it lets nobody in', '0.0.0.0', $closed],
    ['another port', '127.0.0.1', $open,
	MERCURE_PUBLIC_HUB_URL => 'http://127.0.0.1:1/hub'],
    ['another scheme', '127.0.0.1', $open,
	MERCURE_PUBLIC_HUB_URL => 'https://%s/hub'],
    ['another host', '0.0.0.0', $open,
	MERCURE_PUBLIC_HUB_URL => 'http://%s/hub']) {
	my ($name, $host, $head, %set) = @$row;
	my ($out, @tokens) = tokens_for($host, $head || $open, %set);

	is "@tokens", '', "$name: it gets no token";
	like $out, qr/scheme, host and port.*MERCURE_PUBLIC_HUB_URL/,
	    "$name: and what to set is told";
}

my (undef, @own) = tokens_for('127.0.0.1', $open,
    MERCURE_PUBLIC_HUB_URL => 'http://%s/');
ok scalar(grep { $_ eq $given } @own), 'the configured hub gets its token';

# [what answers, claim]
for my $row ([$open, 'publish'], [$closed, 'subscribe']) {
	my ($head, $right) = @$row;
	my (undef, @tokens) = tokens_for('127.0.0.1', $head);
	my @claims = map { JSON::PP::decode_json(decode_base64url(
	    (split /\./)[1])) } @tokens;

	ok scalar(grep { $_->{mercure}{$right} } @claims),
	    "this machine: a token to $right";
	is scalar(grep { $_ eq $given } @tokens), 0,
	    "this machine, to $right: not the one that was given";
	is_deeply [grep { !defined $_->{exp} || $_->{exp} > time + 300 }
	    @claims], [], "this machine, to $right: all end soon";
	is_deeply [grep { $_ !~ /\Aurn:uuid:/ } map { map { @$_ }
	    values %{ $_->{mercure} } } @claims], [],
	    "this machine, to $right: for a topic of its own";
}

done_testing;
