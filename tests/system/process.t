# SPDX-License-Identifier: MIT
# process.t - how the responder is started, checked and stopped.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use FcgiClient;
use Hub;
use PushcgiTest;
use Test::More;

my $program = program('pushcgi.fcgi');

for my $row (['--help', qr/--listen/], ['--version', qr/^\S.*\d+\.\d+/]) {
	my ($option, $pattern) = @$row;
	my ($status, $out, $err) = run([$program, $option]);

	is $status, 0, "$option: exit 0";
	like $out, $pattern, "$option: printed";
	is $err, '', "$option: nothing else";
}

# Every way to get a socket.
# [name, options]
for my $row (['--listen unix:', {}], ['--listen tcp:', { tcp => 1 }],
    ['descriptor 0', { how => 'stdin' }],
    ['LISTEN_FDS', { how => 'systemd' }]) {
	my ($name, $options) = @$row;
	my $hub = Hub->start(%$options);
	my $stream = $hub->stream(topic => 'a');

	$hub->publish_ok(topic => 'a', data => 'x');
	is $stream->next_event->{data}, 'x', "$name: publishes and streams";
	my ($ignored) = slurp("/proc/$hub->{pid}/status")
	    =~ /^SigIgn:\s*([0-9a-f]+)/m;
	ok hex($ignored) >> 12 & 1, "$name: SIGPIPE is ignored";
	like slurp("/proc/$hub->{pid}/limits"), qr/^Max core file size +0 +0 /m,
	    "$name: keys in memory get into no core file";
	my $fresh = $hub->{pid};
	is $hub->stop, 0, "$name: SIGTERM, exit 0";
	$stream->until('its end', sub { $stream->is_over });
	ok $stream->{ended}, "$name: the stream ended in good order";
	next unless $options->{how};
	$hub->start(%$options);
	is $hub->publish(topic => 'a')->status, 200,
	    "$name: the same socket serves the next process";
}

# As spawn-fcgi starts it, which closes all other descriptors.
my $by_spawn = Hub->new;
my $path = $by_spawn->{address} =~ s/^unix://r;
spawn(name => 'spawn-fcgi', must_exit => 1, stderr => $by_spawn->{log},
    command => ['spawn-fcgi', '-n', '-s', $path, '--', $program, '--config',
    $by_spawn->{config_path}]);
wait_until('the hub under spawn-fcgi answers',
    sub { FcgiClient::dial($by_spawn->{address}) });
my $spawned = $by_spawn->stream(topic => 'a');
$by_spawn->publish_ok(topic => 'a', data => 'x');
is $spawned->next_event->{data}, 'x', 'spawn-fcgi: publishes and streams';

my $hub = Hub->start;
my ($socket) = $hub->{address} =~ /^unix:(.*)/;
is sprintf('%04o', (stat $socket)[2] & 07777), '0660',
    'a socket of its own has mode 0660';
my $gid = $> == 0 ? getgrnam 'www-data' : $( + 0;
my $grouped = Hub->start(args => ['--listen-group', scalar getgrgid $gid]);
is +(stat $grouped->{address} =~ s/^unix://r)[5], $gid, '--listen-group';
my $db = $hub->{queue};
is sprintf('%04o', (stat $db)[2] & 07777), '0660',
    'the database has mode 0660';
ok -e "$db-hub", 'the sidecar stands beside it';
$hub->stop;
ok !-e $hub->{address} =~ s/^unix://r, 'a hub that ends takes its socket away';
$hub->start;

# A second hub must not take the socket of one that lives.
my ($taken, undef, $why) = run([$program, '--config', $hub->{config_path},
    '--listen', $hub->{address}]);
isnt $taken, 0, 'a socket in use is not taken';
like $why, qr/\Q$socket\E|hub\.sock/, 'the sentence names it';
is $hub->publish(topic => 'a')->status, 200, 'its owner goes on';

# Problems at start: one sentence, and no start.
# [name, settings or undef, arguments, what the sentence names]
my @problems = (
	['unknown setting', { MERCURE_HUB_ALOW_PUBLISH => 'true' }, [],
	    qr/MERCURE_HUB_ALOW_PUBLISH.*MERCURE_HUB_ALLOW_PUBLISH/s],
	['not a boolean', { MERCURE_HUB_ALLOW_PUBLISH => 'perhaps' }, [],
	    qr/MERCURE_HUB_ALLOW_PUBLISH/],
	['not a number', { MERCURE_RETRY => 'soon' }, [], qr/MERCURE_RETRY/],
	['a version that is not built', { MERCURE_PROTOCOL_VERSIONS =>
	    '0.x 1.0' }, [], qr/MERCURE_PROTOCOL_VERSIONS|1\.0/],
	['an unknown storage', { MERCURE_TRANSPORT_URL => 'bolt://x' }, [],
	    qr/MERCURE_TRANSPORT_URL|bolt/],
	['no such directory', { MERCURE_TRANSPORT_URL =>
	    'sqlite:///nonexistent/queue.db' }, [], qr{/nonexistent}],
	['an unknown option', {}, ['--lisen', 'unix:/x'], qr/lisen/],
	['an address of no kind', {}, ['--listen', 'nowhere'], qr/listen/],
	['not loopback', {}, ['--listen', 'tcp:0.0.0.0:' . free_port()],
	    qr/0\.0\.0\.0|loopback/],
	['a secret on the command line', {},
	    ['--MERCURE_PUBLISHER_SECRET_KEY=x' . 'y' x 40],
	    qr/command line|argument/i],
);
for my $row (@problems) {
	my ($name, $settings, $arguments, $pattern) = @$row;
	my $faulty = Hub->new(config => $settings);
	my @listen = grep({ /listen/ } @$arguments) ? ()
	    : ('--listen', "unix:$faulty->{dir}/s");
	my ($status, $out, $err) = run([$program, '--config',
	    $faulty->{config_path}, @listen, @$arguments]);

	isnt $status, 0, "$name: does not start";
	like $err, $pattern, "$name: the sentence names it";
	unlike $err, qr/y{10}/, "$name: no secret is printed";
}
my ($status, undef, $err) = run([$program, '--config', '/nonexistent.conf',
    '--listen', 'unix:/nonexistent/s']);
isnt $status, 0, 'no configuration file: does not start';
like $err, qr{/nonexistent\.conf}, 'the sentence names it';
chmod 0644, $hub->{config_path};
($status, undef, $err) = run([$program, '--config', $hub->{config_path},
    '--listen', "unix:$hub->{dir}/s"]);
isnt $status, 0, 'secrets that everybody may read: does not start';
like $err, qr/\Q$hub->{config_path}\E/, 'the sentence names the file';
chmod 0600, $hub->{config_path};

# An unknown setting in the environment only warns: hosts carry those of
# other hubs.
my $warned = Hub->start(env => { MERCURE_OTHER_HUB => 1 });
like $warned->log_text, qr/MERCURE_OTHER_HUB/, 'the environment: a warning';
my $env = Hub->start(env => { MERCURE_HUB_ALLOW_PUBLISH => 'false' });
is $env->publish(topic => 'a')->status, 405,
    'the environment goes before the file';
my $argument = Hub->start(args => ['--MERCURE_RETRY=99'],
    env => { MERCURE_RETRY => 98 });
my ($retry) = grep { defined $_->{retry} }
    $argument->stream(topic => 'a')->all;
is $retry->{retry}, 99, 'the command line before both';

# A socket without a file has no group.
($status, undef, $err) = run([$program, '--listen', 'tcp:127.0.0.1:0',
    '--listen-group', 'root', '--config', Hub->new->{config_path}]);
is $status >> 8, 1, '--listen-group for a TCP address: refused';
like $err, qr/--listen-group/, '... by its name';

# A signal is not lost while the hub starts: it gets it when it has begun to
# listen, and before it has done anything else.
for my $row (['TERM', qr/ended/], ['HUP', qr/configuration read again/]) {
	my ($signal, $logged) = @$row;
	# The leak sanitizer cannot look at a process that strace watches.
	my $slow = Hub->start(env => { ASAN_OPTIONS =>
	    join ':', $ENV{ASAN_OPTIONS} // (), 'detect_leaks=0' },
	    prefix => ['strace', '-D', '-f', '-qq',
	    '-o', '/dev/null', '-e', 'trace=listen',
	    '-e', 'inject=listen:delay_exit=300000']);

	kill $signal, $slow->{pid};
	wait_until("SIG$signal has its effect",
	    sub { $slow->log_text =~ $logged });
	pass "SIG$signal while the hub starts";
	is $slow->stop, 0, "SIG$signal while the hub starts: it ends in peace";
}

# --check: a line for each point.
my $checked = Hub->new;
($status, my $out, $err) = run([$program, '--config',
    $checked->{config_path}, '--check']);
is $status, 0, '--check of a good configuration: exit 0'
    or diag "$out$err";
cmp_ok scalar(split /\n/, $out), '>=', 3, 'with a line for each point';
unlike $out . $err, qr/-key-of-the-tests/, 'and without secrets';
my $short = Hub->new(config => { MERCURE_SUBSCRIBER_SECRET_KEY => 'k' x 16 });
($status, $out, $err) = run([$program, '--config', $short->{config_path},
    '--check']);
is $status, 0, '--check of a short key: no problem';
like $out, qr/^note +MERCURE_SUBSCRIBER_SECRET_KEY .*32 bytes/m,
    '--check of a short key: a note';
like $err, qr/warn: short secret setting=MERCURE_SUBSCRIBER_SECRET_KEY bytes=16 wanted=32/,
    'and a line of the log';
my $one = Hub->new(config => { SECRET_KEY => 'k' x 32,
    MERCURE_PUBLISHER_SECRET_KEY => undef,
    MERCURE_SUBSCRIBER_SECRET_KEY => undef });
(undef, $out) = run([$program, '--config', $one->{config_path}, '--check']);
is scalar(() = $out =~ /SECRET_KEY is set/g), 1,
    '--check: a key of both roles is named once' or diag $out;
like $out, qr/^ok +SECRET_KEY is set for publishers and subscribers: /m,
    'and for whom';

# --check as which user?
my $me = getpwuid $>;
($status, $out, $err) = run([$program, '--config', $checked->{config_path},
    '--check', '--user', $me]);
is $status, 0, '--check --user: oneself' or diag "$out$err";
like $out, qr/^\w+ +checked as (?:the user )?\Q$me\E\b/m, 'is named';
($status, $out, $err) = run([$program, '--check', '--user', 'no-such-user']);
is $status >> 8, 1, '--check --user: nobody of this name';
like $err, qr/there is no user of this name/, 'is named';
($status, $out, $err) = run([$program, '--user', $me, '--config',
    $checked->{config_path}]);
is $status >> 8, 1, '--user without --check';
like $err, qr/--user goes with --check only/, 'is named';
SKIP: {
	skip 'only root can be another user', 5 if $>;
	my @check = ($program, '--config', $checked->{config_path},
	    '--check');

	chmod 0755, $checked->{dir};
	# A folder of root's alone, and a file that root alone may read.
	chmod 0700, "$checked->{dir}/data";
	($status, $out, $err) = run(\@check);
	is $status, 0, '--check as root: no problem';
	like $out, qr/^note +checked as root, .*--user NAME/m, 'but a note';
	($status, $out, $err) = run([@check, '--user', 'nobody']);
	is $status >> 8, 1, 'the same as a user: a problem';
	unlike $out . $err, qr/user \d/, 'without the number of a user';
	# A folder of a user's, and still that file.
	chown +(getpwnam 'nobody')[2], -1, "$checked->{dir}/data";
	chmod 0600, $checked->{config_path};
	($status, $out, $err) = run(\@check);
	like $out, qr/^PROBLEM +as the user nobody: .*pushcgi\.conf/m,
	    '--check as root, and the hub cannot read its configuration';
}
# [name, settings, what a line names]
for my $row (['a missing directory', { MERCURE_TRANSPORT_URL =>
    'sqlite:///nonexistent/queue.db' }, qr{/nonexistent}],
    ['no keys', { MERCURE_PUBLISHER_SECRET_KEY => undef,
	MERCURE_SUBSCRIBER_SECRET_KEY => undef }, qr/SECRET_KEY/],
    ['a secret of a byte', { MERCURE_SUBSCRIBER_SECRET_KEY => 'a' },
	qr/MERCURE_SUBSCRIBER_SECRET_KEY: .*pushcgi gen-secret-key/],
    ['an unknown setting', { MERCURE_HUB_ALOW_PUBLISH => 1 },
	qr/MERCURE_HUB_ALLOW_PUBLISH/]) {
	my ($name, $settings, $pattern) = @$row;
	my $bad = Hub->new(config => $settings);

	($status, $out, $err) = run([$program, '--config',
	    $bad->{config_path}, '--check']);
	is $status >> 8, 1, "--check, $name: exit 1";
	like $out . $err, $pattern, "--check, $name: named";
}
my $plain = Hub->new;
chmod 0770, "$plain->{dir}/data";
chmod 0644, $plain->{config_path};
($status, $out, $err) = run([$program, '--config', $plain->{config_path},
    '--check']);
is $status >> 8, 1, '--check of readable secrets: exit 1';

done_testing;
