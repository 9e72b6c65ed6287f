# SPDX-License-Identifier: MIT
# bodies.t - large bodies that arrive slowly, with a length and in chunks.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use Http;
use Hub;
use PushcgiTest;
use Servers;
use Test::More;
use Token;

# Around what servers spool to files, and up to MERCURE_MAX_BODY.
my @sizes = (40_000, 49_000, 60_000, 180_000, 300_000, 1_048_576);

# Publishes whose whole body is as long as each size says.
sub publishes {
	my @publishes;

	for my $size (@sizes) {
		for my $framing ('plain', 'chunked') {
			my $body = "topic=body&data=$size-$framing-";
			push @publishes, { name => "$size-$framing",
			    chunked => $framing eq 'chunked',
			    body => $body . 'x' x ($size - length $body) };
		}
	}
	return @publishes;
}

sub begin {
	my ($server, $p) = @_;

	$p->{http} = Http->new(port => $server->{port}, method => 'POST',
	    path => Hub::URL_PATH, headers => {
		Authorization => 'Bearer ' . Token::publisher(),
		'Content-Type' => 'application/x-www-form-urlencoded',
		$p->{chunked} ? ('Transfer-Encoding' => 'chunked')
		: ('Content-Length' => length $p->{body}) });
}

sub send_part {
	my ($p, $from, $length) = @_;
	my $part = substr $p->{body}, $from, $length;

	if ($p->{chunked}) {
		$p->{http}->send_chunk($part);
	} else {
		$p->{http}->send_all($part);
	}
}

sub bodies_arrive {
	my ($server, $what) = @_;
	my $stream = $server->stream(topic => 'body');
	my @publishes = publishes();

	# The greeting; later comments say that the hub was silent for long.
	$stream->next_comment;
	for my $p (@publishes) {
		begin($server, $p);
		send_part($p, 0, 20_000);
	}
	$stream->next_comment;
	send_part($_, 20_000, length($_->{body}) - 20_001) for @publishes;
	$stream->next_comment;
	for my $p (@publishes) {
		send_part($p, length($p->{body}) - 1, 1);
		$p->{http}->send_chunk('') if $p->{chunked};
		is $p->{http}->finished->status, 200,
		    "$what: $p->{name} is published"
		    or diag substr $p->{http}->body, 0, 300;
	}
	for my $p (@publishes) {
		my ($data) = $p->{body} =~ /data=(.*)/;

		ok $stream->next_event->{data} eq $data,
		    "$what: $p->{name} arrives whole";
	}
	$stream->hang_up;
}

# [name, server, options, whether the hub runs by itself]
for my $row (
    ['lighttpd', 'lighttpd', {}, 1],
    ['nginx', 'nginx', {}, 1],
    ['mod_proxy_fcgi', 'apache_proxy', {}, 1],
    ['mod_fcgid', 'apache', {}, 0],
    ['CGI', 'lighttpd', { cgi => 1 }, 0],
    ['CGI of Apache', 'apache_cgi', {}, 0],
    ) {
	my ($name, $kind, $options, $stands) = @$row;
	my $hub = Servers::hub_for_server();

	$hub->start if $stands;
	my $server = Servers->$kind(hub => $hub, %$options);
	bodies_arrive($server, $name);
	$server->stop;
}

done_testing;
