# SPDX-License-Identifier: MIT
# two_users.t - PHP-FPM runs the pages as another user than the web server's:
# what templates/systemd/README.md says, with users that are made for it.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use FcgiClient;
use File::Copy qw(copy);
use Hub;
use PushcgiTest;
use Test::More;

die "two_users.t makes users: run it as root\n" if $> != 0;

# In a mount namespace of its own, with a copy of /etc: the users of the machine
# stay as they are.
if (!$ENV{PUSHCGI_TEST_UNSHARED}) {
	$ENV{PUSHCGI_TEST_UNSHARED} = 1;
	exec 'unshare', '--mount', $^X, $0 or die "unshare: $!\n";
}
my $etc = temp_dir();

sub done {
	my ($status, $out, $err) = run([@_], env => { PATH =>
	    "/usr/sbin:/sbin:$ENV{PATH}" });

	die "@_: $out$err\n" if $status;
	return $out;
}

END {
	local $?;
	eval { done('umount', '--lazy', '/etc') } if $etc;
}

done('cp', '-a', '/etc/.', $etc);
done('mount', '--bind', $etc, '/etc');
done('useradd', '--system', '--user-group', 'shop');

my $programs = temp_dir();
for my $name (qw(pushcgi pushcgi.fcgi)) {
	copy(program($name), "$programs/$name") or die "$name: $!\n";
	chmod 0755, "$programs/$name";
}
$ENV{PUSHCGI_BUILD} = $programs;

# A site for one user, as the README of the top makes it.
my $hub = Hub->new(shared_with => 'www-data');
my $page = "$hub->{dir}/page.php";

copy(source('templates/php/pushcgi.php'), "$hub->{dir}/pushcgi.php");
spew($page, '<?php require "pushcgi.php"; '
    . 'echo json_encode(mercure_publish_private("t", "from a page"));');
chmod 0755, $hub->{dir};

my $pid;

# Restarted, as the README says, since a process keeps its groups.
sub restart_fpm {
	my ($program) = glob '/usr/sbin/php-fpm*';
	my $socket = "$hub->{dir}/fpm.sock";

	die "php-fpm is not installed\n" if !$program;
	process_end($pid, 'TERM') if $pid;
	unlink "$hub->{dir}/fpm.log";
	spew("$hub->{dir}/fpm.conf", <<"EOT");
[global]
error_log = $hub->{dir}/fpm.log
[shop]
user = shop
group = shop
listen = $socket
pm = static
pm.max_children = 1
php_admin_value[error_log] = $hub->{dir}/php.log
env[PUSHCGI_PROGRAM] = $programs/pushcgi
env[PUSHCGI_CONFIG] = $hub->{config_path}
env[PUSHCGI_TIMEOUT_S] = @{[ PushcgiTest::DEADLINE_S ]}
EOT
	spew("$hub->{dir}/php.log", '');
	chmod 0666, "$hub->{dir}/php.log";
	$pid = spawn(name => 'PHP-FPM', stderr => "$hub->{dir}/fpm.err",
	    command => [$program, '--nodaemonize', '--fpm-config',
	    "$hub->{dir}/fpm.conf"]);
	wait_until('PHP-FPM answers', sub {
		FcgiClient::dial("unix:$socket");
	});
	return "unix:$socket";
}

# What the page answers, and what PHP's log says.
sub page {
	my ($address) = @_;
	my $client = FcgiClient->new(address => $address);

	$client->send_bytes(FcgiClient::request_bytes(params => [
	    SCRIPT_FILENAME => $page, REQUEST_METHOD => 'GET',
	    GATEWAY_INTERFACE => 'CGI/1.1', SERVER_PROTOCOL => 'HTTP/1.1']));
	return ($client->finished->{body} // '', slurp("$hub->{dir}/php.log"));
}

sub start_hub {
	return $hub->start(how => 'systemd', prefix => ['setpriv',
	    '--reuid=www-data', '--regid=www-data', '--init-groups']);
}

start_hub();
$hub->publish_ok(topic => 't', data => 'before');
$hub->stop;

my ($answer, $log) = page(restart_fpm());
is $answer, 'false', 'before: the page cannot publish';
like $log, qr/user shop may not read \Q$hub->{config_path}, which is root:\E(?#
    )www-data, mode 0640: usermod -aG www-data shop/,
    'and the log of PHP says what to do' or diag $log;

# The commands of the page.
my ($block) = slurp(source('templates/systemd/README.md'))
    =~ /^## Two users\n.*?\n((?: {4}\N*\n)+)/ms;
for my $command (map { s/^ +sudo //r } split /\n/, $block) {
	$command =~ s{/var/lib/pushcgi}{$hub->{dir}/data};
	$command =~ s{/etc/pushcgi/pushcgi\.conf}{$hub->{config_path}};
	done('sh', '-c', $command);
	pass $command =~ s/\Q$hub->{dir}\E/.../gr;
}
start_hub();
my $stream = $hub->stream(topic => 't', token => Token::subscriber(['t']));
my $socket = restart_fpm();
for my $n (1, 2) {
	($answer, $log) = page($socket);
	like $answer, qr/^"urn:uuid:/, 'after: the page publishes' or diag $log;
	is $stream->next_event->{data}, 'from a page', 'and the hub sends it';
	$hub->publish_ok(topic => 't', data => 'from the server');
	is $stream->next_event->{data}, 'from the server', 'and its own';
}

# Every file is for both, whoever made it.
for my $file (glob "$hub->{queue}*") {
	my ($mode, $gid) = (stat $file)[2, 5];

	is sprintf('%o %s', $mode & 07777, scalar getgrgid $gid),
	    '660 pushcgi', $file =~ s{.*/}{}r;
}
is $stream->problems, '', 'the stream is clean';
process_end($pid, 'TERM');
$hub->stop;

# systemd-sysusers makes the same of the file beside the page.
my $root = temp_dir();
mkdir "$root/etc" or die;
copy("/etc/$_", "$root/etc/$_") for qw(passwd group);
done('sh', '-c', "sed -i '/^pushcgi:/d; s/,*pushcgi//' $root/etc/group");
spew("$root/pushcgi.conf", slurp(source(
    'templates/systemd/pushcgi.sysusers')) =~ s/^#m /m /mr);
done('systemd-sysusers', "--root=$root", "$root/pushcgi.conf");
like slurp("$root/etc/group"), qr/^pushcgi:x:\d+:(?:shop,www-data|www-data,shop)$/m,
    'systemd-sysusers makes the same group';

done_testing;
