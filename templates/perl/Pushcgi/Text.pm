# SPDX-License-Identifier: MIT
package Pushcgi::Text;

# Text.pm - texts as bytes, in URLs, in HTML and in JSON.

use 5.010;
use strict;
use warnings;

use Exporter qw(import);
use overload ();
use Scalar::Util qw(blessed refaddr);

our @EXPORT_OK = qw(bytes characters is_text percent html_tag json_list
    json_object json_update update_problem);

# The limit of ids and types in bytes.
my $FIELD_MOST = 1024;

# Has it a text of its own?  That of another reference is its address.
sub is_text {
    my ($thing) = @_;

    return !ref $thing || blessed $thing && overload::Method($thing, '""');
}

# Encode a character string as UTF-8; leave a string of bytes unchanged.
sub bytes {
    my ($text) = @_;

    $text = defined $text ? "$text" : '';
    utf8::encode($text) if utf8::is_utf8($text);
    return $text;
}

# Data for JSON, whose texts may be characters or bytes, too.  Numbers must not be
# used as texts, or Perl converts them.  Dies if the data contains itself.
sub characters {
    my ($data, %around) = @_;

    if (ref $data eq 'ARRAY' || ref $data eq 'HASH') {
        die "it contains itself\n" if $around{ refaddr $data }++;
        return [map { characters($_, %around) } @$data]
            if ref $data eq 'ARRAY';
        return { map { characters($_, %around) } %$data };
    }
    return $data if ref $data || !defined $data || utf8::is_utf8($data);
    my $text = $data;
    return $text =~ /[\x80-\xff]/ && utf8::decode($text) ? $text : $data;
}

sub percent {
    my $text = bytes($_[0]);

    $text =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ge;
    return $text;
}

# ASCII only, so that it is valid in a page of any encoding.
sub html_tag {
    my ($name, @attributes) = @_;
    my %entity = ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;',
        '"' => '&quot;', "'" => '&#39;');
    my $tag = "<$name";

    while (my ($attribute, $value) = splice @attributes, 0, 2) {
        next if !defined $value;
        $value = bytes($value);
        utf8::decode($value);
        $value =~ s/([&<>"'])/$entity{$1}/g;
        $value =~ s/([^\x20-\x7e])/sprintf '&#%d;', ord $1/ge;
        $tag .= qq( $attribute="$value");
    }
    return "$tag></$name>";
}

# Without JSON::PP, which Perl 5.10 does not include: publishing must not need it.
sub json_text {
    my $text = bytes($_[0]);

    $text =~ s/(["\\\x00-\x1f\x7f])/sprintf '\\u%04x', ord $1/ge;
    return qq("$text");
}

sub json_list { return '[' . join(',', map { json_text($_) } @_) . ']' }

sub json_object {
    my ($object) = @_;

    return '{' . join(',', map { json_text($_) . ':' . json_text($object->{$_}) }
        sort keys %$object) . '}';
}

sub json_update {
    my ($update) = @_;
    my @members = ('"topic":' . json_list(@{ $update->{topic} }));

    push @members, '"private":true' if $update->{private};
    for my $name (qw(data id type)) {
        push @members, qq("$name":) . json_text($update->{$name})
            if defined $update->{$name};
    }
    # The program refuses a text that is not a number.
    push @members, '"retry":' . ($update->{retry} =~ /\A[0-9]{1,9}\z/
        ? 0 + $update->{retry} : json_text($update->{retry}))
        if defined $update->{retry};
    return '{' . join(',', @members) . '}';
}

# The reason why the hub refuses this update, or undef.
sub update_problem {
    my ($update) = @_;
    my @topics = @{ $update->{topic} };
    my ($id, $type, $data) = map { bytes($update->{$_}) } qw(id type data);

    return 'needs a topic' if !@topics || grep { $_ eq '' } @topics;
    for my $name (qw(id type retry)) {
        return "expects its $name to be a text" if !is_text($update->{$name});
    }
    for my $text (@topics, $id, $type, $data) {
        my $copy = $text;
        return 'does not accept NUL characters' if $text =~ /\0/;
        return 'expects texts in UTF-8'
            if !utf8::decode($copy)
            || $copy =~ /[\x{d800}-\x{dfff}]|[^\x00-\x{10ffff}]/;
    }
    return 'does not accept control characters in topics and ids'
        if grep {/[\x00-\x1f\x7f]/} @topics, $id;
    return 'does not accept line breaks in types' if $type =~ /[\r\n]/;
    return "expects at most $FIELD_MOST bytes in ids and types"
        if length $id > $FIELD_MOST || length $type > $FIELD_MOST;
    return 'does not accept an id that starts or ends with a blank, starts '
        . 'with # or is "earliest"'
        if $id =~ /\A[ #]|[ ]\z/ || $id eq 'earliest';
    return 'does not accept the type "mercure"' if $type eq 'mercure';
    return 'expects retry to be a whole number of milliseconds'
        if defined $update->{retry} && $update->{retry} !~ /\A[0-9]{1,9}\z/;
    return;
}

1;
