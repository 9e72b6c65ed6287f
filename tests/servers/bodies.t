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
	my $socket = $p->{http}{socket};

	$part = sprintf("%x\r\n", length $part) . "$part\r\n"
	    if $p->{chunked};
	$socket->blocking(1);
	while (length $part) {
		my $n = syswrite $socket, $part or die "write: $!\n";
		substr($part, 0, $n) = '';
	}
	$socket->blocking(0);
}

sub bodies_arrive {
	my ($server, $what) = @_;
	my $stream = $server->stream(topic => 'body');
	my @publishes = publishes();

	for my $p (@publishes) {
		begin($server, $p);
		send_part($p, 0, 20_000);
	}
	# The hub has been silent for a while: nobody is in a hurry.
	$stream->next_comment;
	send_part($_, 20_000, length($_->{body}) - 20_001) for @publishes;
	$stream->next_comment;
	for my $p (@publishes) {
		send_part($p, length($p->{body}) - 1, 1);
		syswrite $p->{http}{socket}, "0\r\n\r\n" if $p->{chunked};
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

my $hub = Servers::hub_for_server()->start;
my $lighttpd = Servers->lighttpd(hub => $hub);
bodies_arrive($lighttpd, 'lighttpd');
$lighttpd->stop;
my $apache = Servers->apache(hub => Servers::hub_for_server(),
    more => 'GracefulShutdownTimeout 1');
bodies_arrive($apache, 'mod_fcgid');
$apache->stop;

done_testing;
