# SPDX-License-Identifier: MIT
# lock.t - a process that holds the lock of the queue stops nobody but publishers.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use PushcgiTest;
use Test::More;
use WriteLock;

my $hub = Hub->start(config => { MERCURE_HUB_KEEPALIVE_INTERVAL => 1,
    MERCURE_MAX_PENDING => 20 });
my $path = Hub::URL_PATH;
my $stream = $hub->stream(topic => 'a');
$hub->publish_ok(topic => 'a', data => 'before');
my $lock = WriteLock->new($hub);

sub post {
	my ($data) = @_;

	return $hub->send_request('POST', $path, "topic=a&data=$data",
	    token => Token::publisher());
}

$lock->take;
my @pending = map { post($_) } 1 .. 10;
for my $n (1 .. 3) {
	is $hub->request('HEAD', "$path?topic=a")->status, 200,
	    "HEAD is answered meanwhile, $n";
	is $hub->publish(topic => '')->status, 400,
	    "so is what is not to be stored, $n";
}
my $replay = $hub->stream(topic => 'a', last_event_id => 'earliest');
is $replay->next_event->{data}, 'before', 'history is replayed meanwhile';
is $stream->next_event->{data}, 'before', 'and streams';
$stream->next_comment;
$stream->next_comment;
pass 'are kept alive';
$_->pump(0) for @pending;
is scalar(grep { $_->{headers} } @pending), 0, 'no publish was acknowledged';

$lock->release;
is $_->finished->status, 200, 'then it is' for @pending;
is join(' ', sort { $a <=> $b } map { $stream->next_event->{data} } 1 .. 10),
    join(' ', 1 .. 10), 'and arrives';

# Held for long: publishers are told, and what was refused never appears.
$lock->take;
my $refused = post('refused');
my ($code, $out, $err) = $hub->helper(['publish', 'a', 'refused']);
isnt $code, 0, 'the helper gives up, too';
is $out, '', 'and prints no id';
is $refused->finished->status, 503, 'a lock held for long: 503';
ok defined $refused->header('Retry-After'), 'with Retry-After';
my @many = map { post("many$_") } 1 .. 60;
wait_until('some are refused at once', sub {
	$_->pump(0) for @many;
	return grep { ($_->{status} || 0) == 503 } @many;
});
$lock->release;
my @stored = grep { $many[$_ - 1]->finished->status == 200 } 1 .. 60;
cmp_ok scalar(@stored), '>=', 20, 'as many as may wait are stored';
$hub->publish_ok(topic => 'a', data => 'end');
is_deeply [sort @{ $stream->data_until('end') }],
    [sort map { "many$_" } @stored],
    'the streams get what was acknowledged and nothing else';

# SIGTERM: what waits is committed and answered first.
$lock->take;
my @last = map { post("last$_") } 1 .. 5;
is $hub->request('HEAD', "$path?topic=a")->status, 200, 'they have arrived';
kill 'TERM', $hub->{pid};
$stream->until('the end of the stream', sub { $stream->is_over });
$lock->release;
my @answered = grep { (eval { $last[$_ - 1]->finished->status } || 0) == 200 }
    1 .. 5;
is $hub->stop, 0, 'the hub ends with 0';
$hub->start;
my $after = $hub->stream(topic => 'a', last_event_id => 'earliest');
$hub->publish_ok(topic => 'a', data => 'end2');
my %found = map { $_ => 1 } @{ $after->data_until('end2') };
is scalar(@answered), 5, 'publishes that wait at SIGTERM are answered';
is join(' ', grep { !$found{"last$_"} } @answered), '', 'and stored';

done_testing;
