# SPDX-License-Identifier: MIT
# reload.t - SIGHUP takes up a new configuration and drops no stream whose key still holds.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use PushcgiTest;
use Test::More;

my $new_key = 'another-subscriber-key-0123456789-abcdef';
my $new_publisher = 'another-publisher-key-0123456789-abcdefg';

my $hub = Hub->start;
my %stream = (
	anonymous => $hub->stream(topic => 'a', cursor => 1),
	header => $hub->stream(topic => 'a', cursor => 1,
	    token => Token::subscriber()),
	cookie => $hub->stream(topic => 'a', cursor => 1,
	    cookie => Token::subscriber()),
);

# Publish to all the streams named and see that each gets it.
my $n = 0;
sub all_live {
	my ($what, $publisher, @names) = @_;
	my $data = 'update' . ++$n;

	$hub->publish_ok(topic => 'a', data => $data, token => $publisher);
	is $stream{$_}->next_event->{data}, $data, "$what: $_ goes on"
	    for @names;
}

sub reloaded {
	my ($what, $condition, %settings) = @_;

	$hub->configure(%settings);
	$hub->reload;
	wait_until($what, $condition);
}

all_live('at first', Token::publisher(), sort keys %stream);

# The publisher's key: no stream depends on it.
my $publisher = Token::publisher(undef, key => $new_publisher);
reloaded('the new publisher key holds', sub { $hub->publish(topic => 'x',
    token => $publisher)->status == 200 },
    MERCURE_PUBLISHER_SECRET_KEY => $new_publisher);
is $hub->publish(topic => 'a')->status, 401, 'the old one does not';
all_live('after a new publisher key', $publisher, sort keys %stream);

# Settings alone.
reloaded('anonymous streams are refused', sub {
	my $answer = $hub->subscribe(topic => 'a');
	my $refused = $answer->status == 401;
	$answer->hang_up;
	return $refused;
}, MERCURE_HUB_ALLOW_ANONYMOUS => 'false', MERCURE_RETRY => 777);
all_live('after new settings', $publisher, qw(header cookie));
my ($retry) = grep { defined $_->{retry} } $hub->stream(topic => 'a',
    token => Token::subscriber())->all;
is $retry->{retry}, 777, 'new streams see the new settings';
reloaded('anonymous streams are served', sub {
	my $answer = $hub->subscribe(topic => 'a');
	my $served = $answer->status == 200;
	$answer->hang_up;
	return $served;
}, MERCURE_HUB_ALLOW_ANONYMOUS => undef);
$stream{late} = $hub->stream(topic => 'a', cursor => 1);

# The subscribers' key: who came by it ends, with a cursor.
reloaded('the new subscriber key holds', sub {
	my $answer = $hub->subscribe(topic => 'a',
	    token => Token::subscriber(undef, key => $new_key));
	my $served = $answer->status == 200;
	$answer->hang_up;
	return $served;
}, MERCURE_SUBSCRIBER_SECRET_KEY => $new_key);
for my $name (qw(header cookie)) {
	my $stream = $stream{$name};

	$stream->until("the end of $name", sub { $stream->is_over });
	ok $stream->{ended}, "$name: ended with its key";
	my ($last) = reverse $stream->all;
	ok $last && Answer::is_cursor($last), "$name: a cursor is last";
	is $hub->subscribe(topic => 'a', last_event_id => $last->{id},
	    token => Token::subscriber())->status, 401,
	    "$name: its token is refused";
	$hub->publish_ok(topic => 'a', data => "gap $name",
	    token => $publisher);
	my $gap = $hub->stream(topic => 'a', last_event_id => $last->{id},
	    token => Token::subscriber(undef, key => $new_key))
	    ->data_until("gap $name");
	is_deeply $gap, $name eq 'header' ? [] : ['gap header'],
	    "$name: goes on with a token of the new key";
}
is $stream{late}->next_event->{data}, $_, "a stream without key: $_"
    for 'gap header', 'gap cookie';

# A broken configuration changes nothing, and the log says what is wrong.
spew($hub->{config_path}, "MERCURE_HUB_ALOW_PUBLISH = true\n", 0600);
$hub->reload;
wait_until('the log names the problem', sub {
	$hub->log_text =~ /MERCURE_HUB_ALOW_PUBLISH/;
});
like $hub->log_text, qr/MERCURE_HUB_ALLOW_PUBLISH/,
    'and the nearest known setting';
all_live('after a broken file', $publisher, 'late');
unlink $hub->{config_path};
$hub->reload;
wait_until('the log names the file', sub {
	$hub->log_text =~ /\Q$hub->{config_path}\E/;
});
all_live('without a file', $publisher, 'late');

# Many in a row.
$hub->configure;
$hub->reload for 1 .. 50;
all_live('after fifty signals', $publisher, 'late');

# A signal that comes while the file is being read counts as well.
for my $round (1 .. 50) {
	for my $step (1 .. 4) {
		$hub->configure(MERCURE_RETRY => 10 * $round + $step);
		$hub->reload;
	}
	wait_until("the last change of round $round holds", sub {
		my $stream = $hub->stream(topic => 'a');
		my ($now) = grep { defined $_->{retry} } $stream->all;
		$stream->hang_up;
		return $now->{retry} == 10 * $round + 4;
	});
}
pass 'the last of several changes holds';
is $hub->stop, 0, 'ended by SIGTERM with status 0';

# Another queue needs a restart: also a worker that opens its queue after the
# reload opens the one that the hub started with.
my $other = Hub->start(config => { MERCURE_WORKERS => 8 });
my $url = $other->{config}{MERCURE_TRANSPORT_URL};
$other->publish_ok(topic => 'b', data => 'it serves');
$other->configure(MERCURE_TRANSPORT_URL => 'sqlite:///nowhere/queue.db');
$other->reload;
wait_until('the log names the setting', sub {
	$other->log_text =~ /only with a restart.*MERCURE_TRANSPORT_URL/;
});
my @at_once = map { $other->subscribe(topic => 'a') } 1 .. 40;
is scalar(grep { $_->status == 200 } @at_once), 40,
    'every worker reads the queue that the hub started with';
$other->configure(MERCURE_TRANSPORT_URL => $url);
$other->publish_ok(topic => 'a', data => 'x');
is scalar(grep { $_->next_event->{data} eq 'x' } @at_once), 40,
    'and every stream receives from it';

done_testing;
