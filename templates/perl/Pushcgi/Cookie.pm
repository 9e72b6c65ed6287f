# SPDX-License-Identifier: MIT
package Pushcgi::Cookie;

# Cookie.pm - a Set-Cookie value for CGI, Plack and print.

use 5.010;
use strict;
use warnings;

use overload '""' => sub { return $_[0]{text} }, fallback => 1;

sub new {
    my ($class, $text) = @_;
    my ($pair, @attributes) = split /;\s*/, $text;
    my ($name, $value) = split /=/, $pair, 2;
    my %self = (text => $text, name => $name, value => $value);

    for my $attribute (@attributes) {
        my ($key, $setting) = split /=/, $attribute, 2;
        $self{ lc $key } = defined $setting ? $setting : 1;
    }
    return bless \%self, $class;
}

sub as_string { return $_[0]{text} }
sub name      { return $_[0]{name} }
sub value     { return $_[0]{value} }
sub path      { return $_[0]{path} }
sub domain    { return $_[0]{domain} }
sub expires   { return $_[0]{expires} }
sub max_age   { return $_[0]{'max-age'} }
sub secure    { return $_[0]{secure} ? 1 : 0 }
sub httponly  { return $_[0]{httponly} ? 1 : 0 }
sub samesite  { return $_[0]{samesite} }
sub partitioned { return $_[0]{partitioned} ? 1 : 0 }

# For CGI's cookie() and CGI::Cookie->new(), which read a plain number as seconds since 1970,
# and have no argument for Partitioned: print the text then.
sub args {
    my ($self) = @_;
    my %given = %$self;

    $given{$_} = "+$given{$_}s" for grep { defined $given{$_} } 'max-age';
    return map { ("-$_" => $given{$_}) } grep { defined $given{$_} }
        qw(name value path domain expires max-age secure httponly samesite);
}

# For a Plack::Response: $response->cookies->{ $cookie->name } = this.
sub plack {
    my ($self) = @_;

    return { map { $_ => $self->{$_} } grep { defined $self->{$_} }
        qw(value path domain expires max-age secure httponly samesite
        partitioned) };
}

1;
