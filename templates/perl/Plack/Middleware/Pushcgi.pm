# SPDX-License-Identifier: MIT
package Plack::Middleware::Pushcgi;

# Pushcgi.pm - a request's rights and updates in a PSGI application.

use 5.010;
use strict;
use warnings;

use base 'Plack::Middleware';
use Plack::Util ();
use Plack::Util::Accessor qw(link options);
use Pushcgi ();

our $VERSION = '0.1.0';

sub call {
    my ($self, $env) = @_;
    my $hub = Pushcgi->new(%{ $self->options || {} });

    $env->{'pushcgi.request'} = $hub;
    $hub->{env} = { map { $_ => $env->{$_} } qw(psgi.url_scheme REQUEST_METHOD
        HTTP_HOST HTTP_X_FORWARDED_PROTO HTTP_FORWARDED) };
    local $Pushcgi::CURRENT = $hub;
    my $response = eval { $self->app->($env) };
    if (!defined $response) {
        my $error = $@;
        $hub->publish_discard;
        $hub->_end_program;
        die $error || "The application returned nothing.\n";
    }
    return $self->response_cb($response, sub {
        my ($status, $headers) = @{ $_[0] };

        Plack::Util::header_push($headers, 'Set-Cookie', $hub->cookie->as_string)
            if $hub->cookie;
        my $link = $self->_link_for($env, $hub);
        Plack::Util::header_push($headers, 'Link', $link) if defined $link;
        _leave($env, $hub, $status);
        return;
    });
}

# The header is the same for all requests, so the program is run once.
sub _link_for {
    my ($self, $env, $hub) = @_;

    return undef if !$self->link || $env->{REQUEST_METHOD} eq 'OPTIONS';
    $self->{_link} = $hub->link_header if !defined $self->{_link};
    return $self->{_link};
}

# Publish updates that were stored for later after the response, if the server
# supports that; discard those of a page that failed.
sub _leave {
    my ($env, $hub, $status) = @_;

    if ($status >= 500) {
        $hub->publish_discard;
    }
    elsif ($env->{'psgix.cleanup'}) {
        push @{ $env->{'psgix.cleanup.handlers'} }, sub {
            $hub->publish_flush;
            $hub->_end_program;
        };
        return;
    }
    else {
        $hub->publish_flush;
    }
    $hub->_end_program;
    return;
}

1;

__END__

=encoding utf8

=head1 NAME

Plack::Middleware::Pushcgi - a request's rights and updates in PSGI

=head1 SYNOPSIS

    use Plack::Builder;
    use Pushcgi;

    my $app = sub {
        my ($env) = @_;

        # Each visitor may have the private updates of their own topic.
        my $topic = 'https://example.com/users/42';
        mercure_set_authz_cookie($topic);
        mercure_publish_private_later($topic, 'Hello');
        return [200, ['Content-Type' => 'text/html'],
            ['<!DOCTYPE html>', mercure_script_tag($topic)]];
    };

    builder {
        enable 'Pushcgi', link => 1;
        $app;
    };

=head1 DESCRIPTION

Each request has a L<Pushcgi> object.  It is in
C<< $env->{'pushcgi.request'} >>, and while the application runs the functions
of Pushcgi use it: several calls of mercure_set_authz_cookie() make one
cookie.  The middleware adds that cookie to the response; the application must
not do that.

Updates of mercure_publish_later() are published after the response if the server
supports that (C<psgix.cleanup>; Starman and Plack::Handler::Apache2 do), or else
before it.  They are discarded if the application dies or answers with 500 or
more.

In a delayed response, or if a process serves several requests at once, use the
object and not the functions.

Do not stream from a PSGI application: the hub sends the streams.

=head1 OPTIONS

=over

=item link => 1

Add a Link header with the hub's URL for clients, except to an answer to
OPTIONS.

=item options => { ... }

Options of C<< Pushcgi->new >>.

=back

=head1 SEE ALSO

L<Pushcgi>

=cut
