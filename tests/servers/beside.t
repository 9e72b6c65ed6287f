# SPDX-License-Identifier: MIT
# beside.t - lighttpd beside Apache: what each of them serves, and pushcgi check.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use Beside;
use JSON::PP ();
use PushcgiTest;
use Servers;
use Test::More;

my $site = Beside->start('127.0.0.1', '127.0.0.1');
my $lighttpd = bless { %{ $site->{lighttpd} }, tls => $site->{tls},
    carrier => 'Curl', authority => $site->{tls}{certificate} }, 'Servers';
my $apache = $site->{apache}->over_tls;
my @config = ('--config', $site->{hub}{config_path});

my $stream = $lighttpd->stream(topic => 'a');
my ($status) = run([program('pushcgi'), @config, 'publish', 'a', 'hello']);
is $status, 0, 'the program publishes';
is_deeply $stream->data_until('hello'), [], 'and lighttpd delivers';

my $path = Hub::URL_PATH;
is $apache->request('GET', "$path?topic=a")->status, 404,
    'Apache has no hub';
is $apache->request('GET', '/')->status, 200, 'but the pages';
is $lighttpd->request('GET', '/')->status, 404, 'lighttpd has no pages';
is $lighttpd->request('GET', '/app/beside.php')->status, 404, 'nor PHP';

# [arguments, problems]
for my $row ([['--origin=https://127.0.0.1:' . $site->{tls}{port}], []],
    [['--origin=https://127.0.0.1:1'], ['cors']]) {
	my ($arguments, $problems) = @$row;
	my ($exit, $out, $err) = run([program('pushcgi'), @config, 'check',
	    '--quick', '--json', "--mercure-ca-file=$site->{tls}{certificate}",
	    @$arguments, "https://127.0.0.1:$site->{port}/"]);
	my $report = eval { JSON::PP::decode_json($out) } || {};

	is_deeply [map { $_->{check} } grep { $_->{result} eq 'problem' }
	    @{ $report->{checks} || [{ check => $err, result => 'problem' }] }],
	    $problems, "pushcgi check @$arguments" or diag $out;
}

# A client that has read the head of its stream, and then neither reads nor
# closes: a reload does not wait for it.
my $asleep = $lighttpd->subscribe(topic => 'a')->headed;
kill 'STOP', $asleep->{pid};
kill 'USR1', $lighttpd->{pid};
wait_until('the reload leaves the stream to another process',
    sub { slurp($lighttpd->{log}) =~ /continuing to handle [12] conn/ });
is $lighttpd->request('GET', $path)->status, 400,
    'others get answers while a client sleeps';
ok !$asleep->is_over, 'which has not closed its stream';
kill 'CONT', $asleep->{pid};
$asleep->hang_up;

$site->stop;
done_testing;
