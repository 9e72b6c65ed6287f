# SPDX-License-Identifier: MIT
package Pushcgi::Program;

# Program.pm - runs the program pushcgi without a shell and with a time limit.

use 5.010;
use strict;
use warnings;

use Errno qw(EAGAIN EINTR);
use IO::Handle ();
use IO::Select ();
use POSIX ();
use Time::HiRes ();

my $paused_until = 0;

# Run the program: wait status, output and errors.  If it cannot be run, the
# result is one text, the reason.  `time_s` is its time limit; after a program
# that exceeded it, none is run for `pause_s`.
sub call {
    my ($command, $input, $time_s, $pause_s) = @_;

    return 'did not answer a moment ago'
        if Time::HiRes::time() < $paused_until;
    return 'does not accept NUL characters' if grep {/\0/} @$command;

    # The application may have set other handlers.
    local $SIG{PIPE} = 'IGNORE';
    local $SIG{CHLD} = 'DEFAULT';
    local ($?, $!);

    my ($pid, @pipes) = _start(@$command) or return "cannot start: $!";
    my @result = _talk($pid, $input, $time_s, @pipes);
    if (!@result) {
        $paused_until = Time::HiRes::time() + $pause_s;
        return 'did not answer in time';
    }
    return 'cannot be run: set PUSHCGI_PROGRAM to its full path'
        if $result[0] == 127 << 8;
    return @result;
}

# IPC::Open3 is not used, because it fails with the tied STDIN and STDOUT of
# FastCGI and mod_perl.
sub _start {
    my (@command) = @_;

    pipe my $input_r, my $input_w   or return;
    pipe my $output_r, my $output_w or return;
    pipe my $errors_r, my $errors_w or return;
    my $pid = fork;
    return if !defined $pid;
    if ($pid == 0) {
        eval {
            local $SIG{__DIE__};
            local $SIG{PIPE} = 'DEFAULT';
            POSIX::dup2(fileno $input_r,  0);
            POSIX::dup2(fileno $output_w, 1);
            POSIX::dup2(fileno $errors_w, 2);
            _become(@command);
        };
        POSIX::_exit(127);    # never return to the page a second time
    }
    binmode $_ for $input_w, $output_r, $errors_r;
    $_->blocking(0) for $input_w, $output_r, $errors_r;
    return ($pid, $input_w, $output_r, $errors_r);
}

# The program is run without a shell, so a page with taint checks (-T) may pass
# text of its visitors.  The program's name is validated: a name is searched for
# in the system's folders only, and a path must not contain "..".
sub _become {
    my ($program, @arguments) = @_;
    my @command = ($program, map {/(.*)/s} @arguments);

    if (${^TAINT}) {
        ($command[0]) = $program =~ m{\A(
            (?:/[.]?[A-Za-z0-9_+-][A-Za-z0-9_.+-]*)+
            | [A-Za-z0-9_+-][A-Za-z0-9_.+-]*)\z}x or return;
        $ENV{PATH} = '/usr/local/bin:/usr/bin:/bin';
    }
    delete @ENV{qw(IFS CDPATH ENV BASH_ENV)};
    no warnings 'exec';
    exec { $command[0] } @command;
    return;
}

# Write the program's input and read its output: exit status, output and errors,
# or nothing if the time is up.
sub _talk {
    my ($pid, $input, $time, $to, $from, $errors) = @_;
    my $end    = Time::HiRes::time() + $time;
    my %text   = ($from => '', $errors => '');
    my $reads  = IO::Select->new($from, $errors);
    my $writes = IO::Select->new($to);

    while ($reads->count) {
        if ($input eq '' && $writes->count) {
            $writes->remove($to);
            close $to;
        }
        my $left = $end - Time::HiRes::time();
        last if $left <= 0;
        my ($can_read, $can_write) =
            IO::Select->select($reads, $writes, undef, $left);
        for my $handle (@{ $can_write || [] }) {
            my $n = syswrite $handle, $input, 65536;
            if (defined $n) {
                substr $input, 0, $n, '';
            }
            elsif ($! != EAGAIN && $! != EINTR) {
                $input = '';    # the program does not read on
            }
        }
        for my $handle (@{ $can_read || [] }) {
            my $n = sysread $handle, $text{$handle}, 65536,
                length $text{$handle};
            next if $n || !defined $n && ($! == EAGAIN || $! == EINTR);
            $reads->remove($handle);
        }
    }
    my $status = _wait($pid, $end);
    return defined $status ? ($status, $text{$from}, $text{$errors}) : ();
}

# The exit status, or undef if the program was killed.
sub _wait {
    my ($pid, $end) = @_;

    do {
        my $done = waitpid $pid, POSIX::WNOHANG();
        return $? if $done == $pid;
        return    if $done < 0;
        Time::HiRes::sleep(0.0005);
    } while (Time::HiRes::time() < $end);

    # A killed publish is complete in the queue, or not there at all.
    kill 'KILL', $pid;
    waitpid $pid, 0;
    return;
}

1;
