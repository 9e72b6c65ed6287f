# SPDX-License-Identifier: MIT
package Pushcgi;

# Pushcgi.pm - live updates for Perl pages: URL, cookie and publishing.

use 5.010;
use strict;
use warnings;

use Errno qw(EAGAIN EINTR);
use Exporter qw(import);
use IO::Handle ();
use IO::Select ();
use POSIX ();
use Time::HiRes ();

our $VERSION = '0.1.0';
our @EXPORT  = qw(
    mercure_hub_url mercure_set_authz_cookie mercure_subscriber_jwt
    mercure_publish
);

our $PROGRAM = $ENV{PUSHCGI_PROGRAM} || 'pushcgi';
our $CONFIG  = $ENV{PUSHCGI_CONFIG}  || '';

# Longest time a call may take, and how long to leave a program alone that
# did not answer: with many calls on a page, only one waits.
our $TIMEOUT_S = 1;
our $PAUSE_S   = 10;

my $paused_until = 0;

sub mercure_hub_url {
    my ($topics, %option) = @_;
    my @args = ('url');

    push @args, "--last-event-id=$option{lastEventId}"
        if defined $option{lastEventId};
    return _run([@args, '--', _list($topics)]);
}

sub mercure_set_authz_cookie {
    my ($subscribe, %option) = @_;
    my @args = ('cookie');

    push @args, "--lifetime=$option{lifetime}" if defined $option{lifetime};
    return _run([@args, '--', _list($subscribe)]);
}

sub mercure_subscriber_jwt {
    my ($subscribe, %option) = @_;
    my @args = ('subscriber-jwt');

    push @args, "--lifetime=$option{lifetime}" if defined $option{lifetime};
    return _run([@args, map {"--topic=$_"} _list($subscribe)]);
}

sub mercure_publish {
    my ($topics, $data, %option) = @_;
    my ($topic, @alternates) = _list($topics);
    my @args = ('publish');

    push @args, '--private' if $option{private};
    for my $name (qw(id type retry)) {
        push @args, "--$name=$option{$name}" if defined $option{$name};
    }
    push @args, map {"--alternate=$_"} @alternates;
    push @args, '--';
    push @args, $topic, '-' if defined $topic;
    return _run(\@args, $data);
}

sub _list {
    my ($topics) = @_;

    return ref $topics ? @$topics : defined $topics ? ($topics) : ();
}

# A character string becomes UTF-8; a string of bytes is taken as it is.
sub _bytes {
    my ($text) = @_;

    $text = '' if !defined $text;
    utf8::encode($text) if utf8::is_utf8($text);
    return $text;
}

# What the program prints, without the last line break; undef after a warning.
sub _run {
    my ($args, $input) = @_;
    my @command = map { _bytes($_) } $PROGRAM,
        ($CONFIG eq '' ? () : "--config=$CONFIG"), @$args;

    return _failed('did not answer a moment ago')
        if Time::HiRes::time() < $paused_until;
    return _failed('cannot take NUL characters')
        if grep {/\0/} @command;

    # The application may have its own ideas about both.
    local $SIG{PIPE} = 'IGNORE';
    local $SIG{CHLD} = 'DEFAULT';
    local ($?, $!);

    my ($pid, @pipes) = _start(@command) or return _failed("cannot start: $!");
    my ($status, $output, $errors) = _talk($pid, _bytes($input), @pipes);
    if (!defined $status) {
        $paused_until = Time::HiRes::time() + $PAUSE_S;
        return _failed('did not answer in time');
    }
    return _failed('cannot be run: set PUSHCGI_PROGRAM to its full path')
        if $status == 127 << 8;
    if ($status != 0) {
        $errors =~ s/[\x00-\x1f\x7f]+/ /g;
        return _failed("failed: $errors");
    }
    $output =~ s/\n\z//;
    return $output;
}

sub _failed {
    my ($reason) = @_;

    warn "$PROGRAM $reason\n";
    return undef;    # one value in a list, too
}

# IPC::Open3 is no good here: it stumbles over the tied STDIN and STDOUT of
# FastCGI and mod_perl.
sub _start {
    my (@command) = @_;

    pipe my $input_r, my $input_w   or return;
    pipe my $output_r, my $output_w or return;
    pipe my $errors_r, my $errors_w or return;
    my $pid = fork;
    return if !defined $pid;
    if ($pid == 0) {
        local $SIG{PIPE} = 'DEFAULT';
        POSIX::dup2(fileno $input_r,  0);
        POSIX::dup2(fileno $output_w, 1);
        POSIX::dup2(fileno $errors_w, 2);
        no warnings 'exec';
        exec { $command[0] } @command;
        POSIX::_exit(127);
    }
    binmode $_ for $input_w, $output_r, $errors_r;
    $_->blocking(0) for $input_w, $output_r, $errors_r;
    return ($pid, $input_w, $output_r, $errors_r);
}

# Feed the program and read what it says: exit status, output and errors, or
# nothing when the time was up.
sub _talk {
    my ($pid, $input, $to, $from, $errors) = @_;
    my $end    = Time::HiRes::time() + $TIMEOUT_S;
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
                $input = '';    # the program reads no further
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

# The exit status, or undef when the program had to be ended.
sub _wait {
    my ($pid, $end) = @_;

    do {
        my $done = waitpid $pid, POSIX::WNOHANG();
        return $? if $done == $pid;
        return    if $done < 0;
        Time::HiRes::sleep(0.0005);
    } while (Time::HiRes::time() < $end);

    # A publish cut off here is in the queue as a whole or not at all.
    kill 'KILL', $pid;
    waitpid $pid, 0;
    return;
}

1;

__END__

=encoding utf8

=head1 NAME

Pushcgi - live updates for Perl pages

=head1 SYNOPSIS

    use Pushcgi;

    my $topic  = 'https://example.com/users/42';
    my $cookie = mercure_set_authz_cookie($topic);
    my $url    = mercure_hub_url($topic);

    print "Set-Cookie: $cookie\n" if defined $cookie;

    mercure_publish($topic, 'Hello', private => 1);

=head1 DESCRIPTION

Pushcgi lets CGI scripts and PSGI applications use a hub that is compatible
with the Mercure protocol.  Copy the file to a folder that Perl searches; it
needs Perl 5.10 and core modules only.  It runs the program pushcgi(1), which
reads F</etc/pushcgi/pushcgi.conf>: the user the script runs as must be able
to read that file and to write the queue's folder.

Texts are character strings, or bytes that are UTF-8 already.  C<$topics> is
a text or a reference to a list of them.

A function that fails warns and returns undef: a page must not break because
the hub does.  No call takes much longer than C<$Pushcgi::TIMEOUT_S>, one
second.

Nothing is printed and no header is set.

=head1 FUNCTIONS

All are exported.

=over

=item mercure_hub_url($topics, lastEventId => $id)

The URL for C<new EventSource(…)>.  Escape it for where it goes.  Without
topics it is just the hub's.  With C<lastEventId>, updates start behind that
one.

=item mercure_set_authz_cookie($topics, lifetime => $seconds)

The value of a Set-Cookie header that lets a browser have private updates of
the topics.  All topics of a page go into one call, because one cookie
replaces the other.  Without a lifetime the cookie lives until the browser is
closed.

In PSGI: C<push @$headers, 'Set-Cookie' =E<gt> $cookie>.

=item mercure_subscriber_jwt($topics, lifetime => $seconds)

An access token, by default for an hour, for a subscriber that cannot use the
cookie.

=item mercure_publish($topics, $data, %options)

Send an update to the subscribers of its topics, the canonical one first, and
return its id.  Options: C<private> (only for those whose token allows a
topic), C<id>, C<type>, C<retry> (milliseconds).

=back

=head1 ENVIRONMENT

=over

=item PUSHCGI_PROGRAM

The program; default: C<pushcgi>, found in PATH.  Also C<$Pushcgi::PROGRAM>.

=item PUSHCGI_CONFIG

Its configuration file; default: the program's own.  Also
C<$Pushcgi::CONFIG>.

=back

=head1 SEE ALSO

pushcgi(1), pushcgi.conf(5)

=cut
