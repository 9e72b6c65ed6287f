# SPDX-License-Identifier: MIT
package Pushcgi::Program;

# Program.pm - asks the program pushcgi, which answers several questions in one run.

use 5.010;
use strict;
use warnings;

use Cwd ();
use Errno qw(EAGAIN EINTR);
use IO::Handle ();
use IO::Select ();
use POSIX ();
use Scalar::Util qw(blessed refaddr weaken);
use Time::HiRes ();

# A program that has answered ends by itself after so many seconds without a
# question, and is not asked any more after fewer.
our $IDLE_S  = 5;
our $REUSE_S = 2;

# How long it may take to end when nobody waits for an answer.
my $END_S = 1;

# A program writes no longer messages: another one's are cut off here.
my $ERRORS_MAX = 65536;

my $paused_until = 0;
my %running;    # by address; the references are weak

# Ask the program that $$kept holds, or start it: exit status, output and errors.
# If that is not possible, the result is one text, the reason.  The program is
# left in $$kept and ends with that variable.  `command` is the program with its
# settings; `time_s` is the time limit; after a program that exceeded it, none is
# asked for `pause_s`.
sub ask {
    my ($kept, $command, $args, $input, $time_s, $pause_s) = @_;

    return 'did not answer a moment ago'
        if Time::HiRes::time() < $paused_until;
    return 'does not accept NUL characters' if grep {/\0/} @$command, @$args;

    # The application may have set other handlers.
    local $SIG{PIPE} = 'IGNORE';
    local $SIG{CHLD} = 'DEFAULT';
    local ($?, $!);

    my $end      = Time::HiRes::time() + $time_s;
    my @command  = (@$command, 'answer', "--idle=$IDLE_S");
    my $question = join(' ', map {length} @$args, $input) . "\n" . join '',
        @$args, $input;
    my @result = _ask_some($kept, \@command, $question,
        _may_repeat(@$args), $end);
    if (!@result) {
        $paused_until = Time::HiRes::time() + $pause_s;
        return 'did not answer in time';
    }
    return @result;
}

# May a question be asked again of which nobody knows whether it was answered?
# An update would be published twice.
sub _may_repeat {
    my ($name, $action) = @_;

    return $name ne 'publish' && ($name ne 'session' || $action ne 'move');
}

# As ask(), or nothing: the time is up.  A program that runs may have ended for
# any reason, and then the question is for a new one.
sub _ask_some {
    my ($kept, $command, $question, $may_repeat, $end) = @_;

    for my $i (1 .. 3) {
        my $program = $$kept;
        my $is_old  = blessed $program && $program->_fits($command);

        # Taken out, so that a call that dies in the middle ends it.
        $$kept = undef;
        if (!$is_old) {
            undef $program;
            $_->_end(Time::HiRes::time() + $END_S) for _stale();
            $program = _start($command) or return "cannot start: $!";
        }
        my $result = $program->_ask($question, $end);
        if (ref $result) {
            $$kept = $program if $program->{may_stay};
            return @$result;
        }
        if (!defined $result) {
            $program->_end($end);
            return;
        }
        next if $result eq 'end'
            || $is_old && $result ne 'garbage'
            && ($may_repeat || $result eq 'unasked');
        return 'failed: what it printed is not an answer'
            if $result eq 'garbage';
        return $program->_problem($end);
    }
    return 'failed: it ended again and again before it was asked';
}

# Those that are not asked any more, but whose variable has not ended.
sub _stale {
    my $now = Time::HiRes::time();

    return grep { blessed $_ && $_->{pid} == $$
        && abs($now - $_->{answered}) >= $REUSE_S } values %running;
}

# What a program gets from this process when it starts.
sub _key {
    my ($command) = @_;
    my $cwd = Cwd::getcwd();

    # Users and groups, and the permissions of the files that it makes.
    my @rights = ($<, $>, $(, $), umask);

    no warnings 'uninitialized';
    return join "\0", @$command, '', $cwd, @rights,
        map {"$_=$ENV{$_}"} sort keys %ENV;
}

# May it be asked?  Not by a child of the process that started it.
sub _fits {
    my ($self, $command) = @_;

    return $self->{pid} == $$ && $self->{text} eq ''
        && abs(Time::HiRes::time() - $self->{answered}) < $REUSE_S
        && $self->{key} eq _key($command);
}

# IPC::Open3 is not used, because it fails with the tied STDIN and STDOUT of
# FastCGI and mod_perl.
sub _start {
    my ($command) = @_;
    local $^F = 2;    # not for other programs of this process

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
            _become(@$command);
        };
        POSIX::_exit(127);    # never return to the page a second time
    }
    my @ours = ($input_w, $output_r, $errors_r);
    binmode $_ for @ours;
    $_->blocking(0) for @ours;
    my $self = bless { pid => $$, child => $pid, key => _key($command),
        to => $input_w, from => $output_r, from_errors => $errors_r,
        text => '', errors => '', answered => Time::HiRes::time(),
        # Not in the place of a standard file that the process has closed.
        may_stay => !grep { fileno $_ <= 2 } @ours }, __PACKAGE__;
    weaken($running{ refaddr $self } = $self);
    return $self;
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

# Exit status, output and errors; or "end": it did not read the question, "unasked":
# likewise, since it had ended, "lost": it ended without an answer, "garbage";
# undef: the time is up.
sub _ask {
    my ($self, $question, $end) = @_;

    $self->{errors} = '';
    do {
        $self->_read($_) for qw(text errors);
        my $result = $self->_answer;
        if (defined $result) {
            $self->{answered} = Time::HiRes::time() if ref $result;
            $self->{is_asked} = 0 if ref $result;
            return $result;
        }
        return $self->{is_asked} ? 'lost' : 'unasked' if !$self->{from};
        $self->{is_asked} = 1 if $self->_write(\$question);
        $self->_wait($question ne '', $end);
    } while (Time::HiRes::time() < $end);
    $self->_read('text');
    return $self->_answer;
}

# Wait until there may be something to do.
sub _wait {
    my ($self, $writes, $end) = @_;
    my $left = $end - Time::HiRes::time();

    IO::Select->select(
        IO::Select->new(grep {defined} @$self{qw(from from_errors)}),
        $writes && $self->{to} ? IO::Select->new($self->{to}) : undef,
        undef, $left) if $left > 0;
    return;
}

# Write a part of the question, and take it away.  How much that was.
sub _write {
    my ($self, $question) = @_;

    return 0 if $$question eq '';
    my $n = syswrite $self->{to}, $$question, 65536;
    if (defined $n) {
        substr $$question, 0, $n, '';
    }
    elsif ($! != EAGAIN && $! != EINTR) {
        $$question = '';    # the program does not read on
    }
    return $n || 0;
}

# Read what is there, but not for ever; at its end close the pipe.
sub _read {
    my ($self, $name) = @_;
    my $handle = $name eq 'text' ? 'from' : 'from_errors';

    for (my $i = 0; $i < 16 && $self->{$handle}; $i++) {
        my $n = sysread $self->{$handle}, $self->{$name}, 65536,
            length $self->{$name};
        $self->{errors} = substr $self->{errors}, 0, $ERRORS_MAX
            if length $self->{errors} > $ERRORS_MAX;
        next if $n || !defined $n && $! == EINTR;
        return if !defined $n && $! == EAGAIN;
        close delete $self->{$handle};
    }
    return;
}

# A whole answer, or a word; undef: not yet.
sub _answer {
    my ($self) = @_;

    return 'end' if $self->{text} eq "end\n";
    return $self->{text} =~ /\A(?:[0-9 ]{0,24}|en?d?)\z/ ? undef : 'garbage'
        if $self->{text}
            !~ /\A([0-9]{1,3}) ([0-9]{1,9}) ([0-9]{1,9})\n/;
    my ($status, $output, $errors, $at) = ($1, $2, $3, $+[0]);
    return undef if length $self->{text} < $at + $output + $errors;
    my @result = ($status, substr($self->{text}, $at, $output),
        substr $self->{text}, $at + $output, $errors);
    substr $self->{text}, 0, $at + $output + $errors, '';
    return \@result;
}

# End it: its exit status, 128 and more if a signal ended it; undef: it was killed
# as the time is up, or somebody else has waited for it.
sub _end {
    my ($self, $end) = @_;
    my $child = delete $self->{child};

    # In a child of its process, which shares the pipes, it goes on.
    return if !defined $child || $self->{pid} != $$;
    syswrite $self->{to}, "\n" if !$self->{is_asked} && fileno $self->{to};
    close $self->{to};
    while ($self->{from_errors} && !$self->{from}
        && Time::HiRes::time() < $end) {
        $self->_read('errors');
        $self->_wait(0, $end) if $self->{from_errors};
    }
    delete @$self{qw(to from from_errors)};
    do {
        my $done = waitpid $child, POSIX::WNOHANG();
        return $? >> 8 | ($? & 127 ? 128 : 0) if $done == $child;
        return 0 if $done < 0;
        Time::HiRes::sleep(0.0005);
    } while (Time::HiRes::time() < $end);

    # A killed publish is complete in the queue, or not there at all.
    kill 'KILL', $child;
    waitpid $child, 0;
    return;
}

# Why it ended without an answer, or nothing: it was killed.
sub _problem {
    my ($self, $end) = @_;
    my $status = $self->_end($end);

    return if !defined $status;
    return 'cannot be run: set PUSHCGI_PROGRAM to its full path'
        if $status == 127;
    my ($errors) = $self->{errors} =~ /\A\s*(.*?)\s*\z/s;
    return $errors eq '' ? 'failed: it ended without an answer'
        : "failed: $errors";
}

# Nobody is told of anything here, and the variables of the application stay.
sub DESTROY {
    my ($self) = @_;

    delete $running{ refaddr $self };
    local $SIG{PIPE} = 'IGNORE';
    local $SIG{CHLD} = 'DEFAULT';
    local ($?, $!, $@);
    eval {
        local $SIG{__DIE__};
        $self->_end(Time::HiRes::time() + $END_S);
    };
    return;
}

# Before Perl destroys what it needs for that.
END {
    $_->DESTROY for grep { blessed $_ } values %running;
}

# A thread has no program of another one.
sub CLONE_SKIP { return 1 }

1;
