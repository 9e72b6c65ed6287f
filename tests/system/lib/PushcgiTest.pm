# SPDX-License-Identifier: MIT
# PushcgiTest.pm - what all system tests share: paths, waiting, processes.
package PushcgiTest;

use strict;
use warnings;
use Carp ();
use Cwd qw(abs_path);
use Exporter qw(import);
use Fcntl qw(F_SETFD);
use File::Basename qw(dirname);
use File::Temp ();
use IO::Socket::INET;
use IO::Socket::UNIX;
use POSIX qw(WNOHANG);
use Test::More ();
use Time::HiRes qw(time sleep);

our @EXPORT = qw(DEADLINE_S wait_until source program slurp spew temp_dir
    free_port spawn process_ended process_end run watch_log);

# How long a condition may take.  Generous, since sanitizer builds are slow;
# no test passes or fails by how much of it is used.
use constant DEADLINE_S => $ENV{PUSHCGI_TEST_DEADLINE} || 60;

# Those of tests/browser follow.
use constant { FIRST_PORT => 20_000, PORTS => 9000 };

my $root = abs_path(dirname(__FILE__) . '/../../..');
my $owner = $$;
my %processes;	# pid => { name, ended, must_exit }
my %logs;	# path => name
my $scratch;
my $ports_tried = 0;
my @marks;

$SIG{INT} = $SIG{TERM} = sub { exit 1 };
$SIG{PIPE} = 'IGNORE';

# Call `condition` until it is true and return what it said; die when
# DEADLINE_S are over.
sub wait_until {
	my ($what, $condition) = @_;
	my $end = time + DEADLINE_S;
	my $result;

	until ($result = $condition->()) {
		Carp::confess("gave up waiting until $what") if time > $end;
		sleep 0.01;
	}
	return $result;
}

sub source { return join '/', $root, @_ }

# The path of a program that was built.
sub program {
	my ($name) = @_;
	my $build = $ENV{PUSHCGI_BUILD} || $root;

	for my $path (map { "$build/$_$name" } '', 'fcgi/', 'helpers/') {
		return abs_path($path) if -f $path && -x _;
	}
	die "$name is not below $build: build it, or set PUSHCGI_BUILD\n";
}

sub slurp {
	my ($path) = @_;

	open my $in, '<:raw', $path or die "$path: $!\n";
	local $/;
	my $text = <$in>;
	return defined $text ? $text : '';
}

sub spew {
	my ($path, $text, $mode) = @_;

	open my $out, '>:raw', $path or die "$path: $!\n";
	chmod $mode, $path or die "$path: $!\n" if defined $mode;
	print $out $text;
	close $out or die "$path: $!\n";
}

# A fresh directory that every user may search; removed at the end.
sub temp_dir {
	$scratch ||= File::Temp->newdir('pushcgi-XXXXXXXX', TMPDIR => 1);
	chmod 0755, "$scratch";
	my $dir = File::Temp::tempdir('XXXXXXXX', DIR => "$scratch");
	chmod 0755, $dir;
	return $dir;
}

# A port for a server.  No other test process gets it while this one lives: a
# socket marks it.  It is none of those that clients get by themselves.
sub free_port {
	for (1 .. PORTS) {
		my $port = FIRST_PORT + (13 * $$ + $ports_tried++) % PORTS;
		my $mark = IO::Socket::UNIX->new(Listen => 1,
		    Local => "\0pushcgi-test-port-$port") or next;

		IO::Socket::INET->new(LocalAddr => '127.0.0.1',
		    LocalPort => $port, Listen => 1) or next;
		push @marks, $mark;
		return $port;
	}
	die "no free port\n";
}

# Start a program; returns its pid.  command => [...]; env => {...} is all it
# gets beyond PATH and the sanitizers' settings; stdin, stdout and stderr are
# paths or handles; listener => handle becomes descriptor `listener_fd`.
sub spawn {
	my (%o) = @_;
	my $pid = fork;

	die "fork: $!\n" unless defined $pid;
	if ($pid == 0) {
		eval { become(%o) };
		print STDERR "$o{command}[0]: $@";
		POSIX::_exit(127);
	}
	$processes{$pid} = { name => $o{name} || $o{command}[0],
	    must_exit => $o{must_exit} };
	return $pid;
}

sub become {
	my (%o) = @_;
	my %env = (%{ $o{env} || {} });

	setpgrp 0, 0;
	for my $name ('PATH', grep { /SAN_OPTIONS$/ } keys %ENV) {
		$env{$name} = $ENV{$name} unless exists $env{$name};
	}
	$env{LISTEN_PID} = $$ if $env{LISTEN_FDS};
	redirect(0, '<', $o{stdin} || '/dev/null');
	redirect(1, '>>', $o{stdout} || '/dev/null');
	redirect(2, '>>', $o{stderr}) if $o{stderr};
	if ($o{listener}) {
		my $fd = fileno $o{listener};
		if ($fd == $o{listener_fd}) {
			fcntl $o{listener}, F_SETFD, 0;
		} else {
			POSIX::dup2($fd, $o{listener_fd}) // die "dup2: $!\n";
		}
	}
	chdir $o{cwd} or die "$o{cwd}: $!\n" if $o{cwd};
	umask $o{umask} if defined $o{umask};
	$SIG{PIPE} = 'DEFAULT';
	%ENV = %env;
	exec { $o{command}[0] } @{ $o{command} } or die "$!\n";
}

sub redirect {
	my ($fd, $mode, $to) = @_;

	if (!ref $to) {
		open my $file, $mode, $to or die "$to: $!\n";
		$to = $file;
	}
	POSIX::dup2(fileno $to, $fd) // die "dup2: $!\n"
	    if fileno $to != $fd;
}

# The wait status of a process that has ended; undef while it runs.
sub process_ended {
	my ($pid) = @_;
	my $p = $processes{$pid} or die "no process of ours: $pid\n";

	if (!defined $p->{ended}) {
		local $?;
		$p->{ended} = $? if waitpid($pid, WNOHANG) == $pid;
	}
	return $p->{ended};
}

# Send `signal` and wait for the end; returns the wait status.
sub process_end {
	my ($pid, $signal) = @_;

	$processes{$pid}{killed} = 1 if $signal eq 'KILL';
	kill $signal, $pid unless defined process_ended($pid);
	wait_until("process $pid ($processes{$pid}{name}) ends",
	    sub { defined process_ended($pid) });
	return process_ended($pid);
}

# Run a program to its end; returns (wait status, stdout, stderr).
sub run {
	my ($command, %o) = @_;
	my $dir = temp_dir();

	spew("$dir/in", defined $o{input} ? $o{input} : '');
	my $pid = spawn(command => $command, env => $o{env},
	    stdin => "$dir/in", stdout => "$dir/out", stderr => "$dir/err",
	    cwd => $o{cwd});
	wait_until("$command->[0] ends", sub { defined process_ended($pid) });
	return (process_ended($pid), slurp("$dir/out"), slurp("$dir/err"));
}

# Show this log when the test fails, and fail it on a sanitizer's report.
sub watch_log {
	my ($path, $name) = @_;

	$logs{$path} = $name;
}

sub end_all {
	my @problems;

	for my $pid (sort { $b <=> $a } keys %processes) {
		my $p = $processes{$pid};
		my $status = eval { process_end($pid, 'TERM') };
		if (!defined $status) {
			push @problems, "$p->{name} ignored SIGTERM";
			kill 'KILL', -$pid;
			eval { process_end($pid, 'KILL') };
		} elsif ($p->{must_exit} && $status && !$p->{killed}) {
			push @problems, "$p->{name} ended with status $status";
		}
		kill 'KILL', -$pid;
	}
	for my $path (grep { -e $_ } sort keys %logs) {
		push @problems, "$logs{$path}: a sanitizer's report"
		    if slurp($path) =~ /Sanitizer|runtime error:/;
	}
	return @problems;
}

END {
	if ($$ == $owner) {
		my $status = $?;
		my @problems = end_all();

		$status ||= 1 if @problems;
		Test::More::diag($_) for @problems;
		if ($status || !Test::More->builder->is_passing) {
			for my $path (grep { -e $_ } sort keys %logs) {
				my @lines = split /\n/, slurp($path);
				splice @lines, 0, -60 if @lines > 60;
				Test::More::diag("-- $logs{$path}:\n",
				    map { "$_\n" } @lines);
			}
		}
		$? = $status;
	}
}

1;
