#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# index.cgi - a small chat: rights, messages and visitors.
#
# A session is a random id in a cookie.  The hub stores the visitor's name, as
# the payload of the session's grant, until the grant is revoked.
use strict;
use warnings;

use Digest::SHA qw(hmac_sha256_hex);
use Encode ();
use FindBin ();
use lib $FindBin::Bin =~ /(.*)/s;    # matched, for taint checks (-T)
use Pushcgi;

# The hub's MERCURE_SESSION_COOKIE.
use constant { ROOM => 'https://example.com/chat', COOKIE => 'chat' };
# The longest visit, in seconds; limits in characters; bytes of a form.
use constant { VISIT_S => 86400, NAME_MOST => 24, TEXT_MOST => 500,
    FORM_MOST => 8192 };

my ($id, $name, $token, %form);

sub read_form {
    my ($length, $body) = ($ENV{CONTENT_LENGTH} || 0, '');

    return if $length > FORM_MOST;
    while (length $body < $length) {
        read(STDIN, $body, $length - length $body, length $body) or last;
    }
    for my $pair (split /&/, $body) {
        my ($field, $value) = split /=/, "$pair=", 3;
        $value =~ tr/+/ /;
        $value =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
        $form{$field} = $value;
    }
    return;
}

# The input of a visitor as one line of at most $most characters, or undef.
sub one_line {
    my ($field, $most) = @_;
    my $text = eval { Encode::decode('UTF-8', $form{$field}, 1) };

    return undef if !defined $text;    # it was not UTF-8
    # Without control characters and marks of text direction.
    $text =~ s/[\s\p{Cc}\p{Zl}\p{Zp}\x{202A}-\x{202E}\x{2066}-\x{2069}]+/ /g;
    $text =~ s/^ | $//g;
    return $text =~ /\A.{1,$most}\z/ ? $text : undef;
}

sub json {
    require JSON::PP;    # part of Perl since 5.14
    return JSON::PP->new->ascii;
}

sub name_of {
    my ($session) = @_;
    my (undef, $line) = Pushcgi::Program::ask(\my $program,
        [$Pushcgi::PROGRAM,
        ($Pushcgi::CONFIG ? "--config=$Pushcgi::CONFIG" : ())],
        [qw(session list --json --of)], "$session\n", 1, 10);

    return $line ? json()->utf8->decode($line)->{payload}{name} : undef;
}

sub new_id {
    open my $random, '<:raw', '/dev/urandom' or die "/dev/urandom: $!\n";
    read $random, my $bytes, 32;
    return unpack 'H*', $bytes;
}

sub enter {
    my $wanted = one_line('name', NAME_MOST);

    return page(400, 'A name has 1 to ' . NAME_MOST . ' characters.')
        if !defined $wanted;
    return page(409, "$wanted is here already.")
        if mercure_is_connected(ROOM, name => $wanted);
    $id = new_id();    # other people may know the old one
    # Grant messages, and the list of visitors.
    mercure_set_authz_session([ROOM, mercure_subscription_topic(ROOM)],
        session => $id, lifetime => VISIT_S, payload => { name => $wanted })
        or return page(503, 'Try again later.');
    answer(303, '', cookie(), 'Location: ./');
}

sub say {
    my $text = one_line('text', TEXT_MOST);

    return answer(400, 'a text has 1 to ' . TEXT_MOST . ' characters.')
        if !defined $text;
    my $said = { from => $name, text => $text, at => time };
    my $done = mercure_publish(ROOM, $said, private => 1);
    answer($done ? (204, '') : (503, 'try again later.'));
}

# Streams of this session end at once, in all tabs.
sub leave {
    mercure_clear_authz_session(undef, session => $id);
    answer(303, '', cookie('; Max-Age=0'), 'Location: ./');
}

sub cookie {
    return 'Set-Cookie: ' . COOKIE . "=$id; Path=/; HttpOnly; SameSite=Lax"
        . ($ENV{HTTPS} ? '; Secure' : '') . join '', @_;
}

sub answer {
    my ($status, $text, @headers) = @_;

    push @headers, 'Content-Type: text/plain; charset=utf-8'
        if !grep {/^Content-Type:/} @headers;
    print map({"$_\r\n"} "Status: $status", @headers), "\r\n", $text;
}

# The data for the script.
sub state_of {
    my ($refused) = @_;
    my $state = { name => $name, token => $token, refused => $refused };

    return $state if !defined $name;
    return { %$state, hub => mercure_hub_url(), room => ROOM,
        lastEventId => mercure_last_event_id() };
}

sub page {
    my ($status, $refused) = @_;
    my $state = json()->encode(state_of($refused));
    my @headers = (cookie(), 'Cache-Control: no-store',
        'X-Content-Type-Options: nosniff',
        "Content-Security-Policy: default-src 'self'; img-src data:; "
        . "base-uri 'none'; form-action 'self'; frame-ancestors 'none'");

    $state =~ s/</\\u003c/g;
    open my $file, '<:raw', "$FindBin::Bin/../chat/chat.html" or die "$!\n";
    my $html = do { local $/; <$file> };
    $html =~ s/\{\{state\}\}/$state/;
    answer($status, $html, @headers, 'Content-Type: text/html; charset=utf-8');
}

mercure_begin_request();
my $cookie = COOKIE;
($id) = ($ENV{HTTP_COOKIE} || '')
    =~ /(?:^|; ?)$cookie=([0-9A-Za-z,-]{16,128})(?:;|$)/;
$name = defined $id ? name_of($id) : undef;
$id = new_id() if !defined $id;
$token = hmac_sha256_hex('forms', $id);
read_form();
my $do = $form{do} || '';

if (($ENV{REQUEST_METHOD} || '') ne 'POST') {
    page(200);
} elsif (($form{token} || '') ne $token) {
    answer(403, 'this form is of another visit.');
} elsif (!defined $name && $do eq 'enter') {
    enter();
} elsif (defined $name && $do eq 'say') {
    say();
} elsif ($do eq 'leave') {
    leave();
} else {
    answer(400, 'enter first.');
}
