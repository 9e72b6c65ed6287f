# SPDX-License-Identifier: MIT
# systemd.t - the shipped units: well-formed, hardened, and no hindrance to the hub.
use strict;
use warnings;
use File::Copy qw(copy);
use FindBin qw($Bin);
use lib "$Bin/../system/lib";
use Hub;
use PushcgiTest;
use Test::More;

my $dir = temp_dir();
my $program = program('pushcgi.fcgi');

# As it is installed: with the path of this build.
for my $unit (qw(pushcgi.service pushcgi.socket)) {
	my $text = slurp(source('templates', 'systemd', $unit));

	$text =~ s{/usr/lib/cgi-bin/pushcgi\.fcgi}{$program}g;
	spew("$dir/$unit", $text);
}
my $service = slurp("$dir/pushcgi.service");

my ($status, $out, $err) = run(['systemd-analyze', 'verify', '--man=no',
    "$dir/pushcgi.service", "$dir/pushcgi.socket"]);
is "$status $out$err", '0 ', 'systemd-analyze verify finds no problem';

# 20: an exposure of 2.0 of 10.
($status, $out) = run(['systemd-analyze', 'security', '--no-pager',
    '--offline=true', '--threshold=20', "$dir/pushcgi.service"]);
is $status, 0, 'systemd-analyze security: exposed no more than 2.0'
    or diag($out);

# [line, why]
for my $row (['LimitCORE=0', 'no core file with keys'],
    ['ProtectProc=invisible', 'no look at processes of others'],
    ['MemoryMax=\d+[MG]', 'a bound on its memory']) {
	like $service, qr/^$row->[0]$/m, $row->[1];
}

# What SystemCallFilter lets through.
sub calls {
	my (@sets) = @_;
	my %calls;

	for my $set (@sets) {
		my (undef, $text) = run(['systemd-analyze', '--no-pager',
		    'syscall-filter', $set]);
		for my $word ($text =~ /^ {4}(\S+)$/mg) {
			%calls = (%calls, $word =~ /^\@/ ? calls($word)
			    : ($word => 1));
		}
	}
	return %calls;
}

my ($yes, $no) = $service =~ /^SystemCallFilter=([^~\n]+)
    .*^SystemCallFilter=~([^\n]+)/msx;
my %allowed = calls(split ' ', $yes);
delete @allowed{ keys %{ { calls(split ' ', $no) } } };
cmp_ok scalar(keys %allowed), '>', 100, 'the filter is understood';

# All that a hub calls from its start to its end.  (-D: it is our own child.)
my $hub = Hub->new;
my $trace = "$hub->{dir}/trace";
$hub->start(how => 'systemd', prefix => ['strace', '-D', '-f', '-q',
    '-o', $trace]);
my $stream = $hub->stream(topic => 'a', token => Token::subscriber(['a']));
$hub->publish_ok(topic => 'a', data => 'x');
is $stream->next_event->{data}, 'x', 'it works while it is watched';
$hub->reload;
wait_until('it has read its configuration again',
    sub { $hub->log_text =~ /read again/ });
is $hub->stop, 0, 'and ends';
wait_until('its trace is whole',
    sub { slurp($trace) =~ /^$hub->{pid} +\+\+\+ exited/m });
my %made = map { $_ => 1 } slurp($trace) =~ /^\d+ +(\w+)\(/mg;
cmp_ok scalar(keys %made), '>', 30, 'its calls are known';
is join(' ', grep { !$allowed{$_} } sort keys %made), '',
    'the filter lets all of them through';

# Folders and a user, in a root of their own.
my ($user, $group) = (scalar getpwuid $>, scalar getgrgid $( + 0);
mkdir "$dir/$_" for qw(root root/etc root/var root/var/lib root/run);
copy("/etc/$_", "$dir/root/etc/$_") for qw(passwd group);
for my $name (qw(tmpfiles sysusers)) {
	my $text = slurp(source('templates', 'systemd', "pushcgi.$name"));

	# Nobody but root may give files away.
	$text =~ s/\bwww-data www-data\b/$user $group/g if $> != 0;
	spew("$dir/$name.conf", $text);
}
($status, undef, $err) = run(['systemd-tmpfiles', "--root=$dir/root",
    '--create', "$dir/tmpfiles.conf"]);
is "$status $err", '0 ', 'systemd-tmpfiles makes the folders';
is sprintf('%o', (stat "$dir/root/var/lib/pushcgi")[2] & 07777), '2770',
    'the one for the database is the group\'s';
ok -d "$dir/root/run/pushcgi", 'the one for the socket is there';
($status, undef, $err) = run(['systemd-sysusers', "--root=$dir/root",
    "$dir/sysusers.conf"]);
is $status, 0, 'systemd-sysusers makes the user' or diag($err);
like slurp("$dir/root/etc/passwd"), qr{^pushcgi:.*:/var/lib/pushcgi:}m,
    'who owns nothing but the hub';
like slurp("$dir/root/etc/group"), qr/^pushcgi:.*\bwww-data\b/m,
    'and the web server is in the group';

done_testing;
