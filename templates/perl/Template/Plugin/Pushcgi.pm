# SPDX-License-Identifier: MIT
package Template::Plugin::Pushcgi;

# Pushcgi.pm - live updates in pages of the Template Toolkit.

use 5.010;
use strict;
use warnings;

use base 'Template::Plugin';
use Pushcgi ();

our $VERSION = '0.1.0';

# The application's object is the variable `pushcgi`, or who serves this
# request has set one.
sub new {
    my ($class, $context, @args) = @_;
    my ($given) = grep { ref $_ && ref $_ ne 'HASH' } @args,
        $context->stash->get('pushcgi');

    return bless { hub => $given || $Pushcgi::CURRENT || Pushcgi->new },
        $class;
}

sub url           { return _with_topics('hub_url',    @_) }
sub script_tag    { return _with_topics('script_tag', @_) }
sub link          { return $_[0]{hub}->link_header }
sub last_event_id { return $_[0]{hub}->last_event_id }
sub cookie        { my $set = $_[0]{hub}->cookie; return $set ? "$set" : '' }

# A template prints what it calls, and there is nothing to see.
sub allow {
    _with_topics('set_authz_cookie', @_);
    return '';
}

# Names and values come as a hash behind the rest.
sub _with_topics {
    my ($method, $self, @args) = @_;
    my $option = ref $args[-1] eq 'HASH' ? pop @args : {};

    return $self->{hub}->$method([map { ref $_ eq 'ARRAY' ? @$_ : $_ } @args],
        $option);
}

1;

__END__

=encoding utf8

=head1 NAME

Template::Plugin::Pushcgi - live updates in pages of the Template Toolkit

=head1 SYNOPSIS

    [% USE hub = Pushcgi %]
    [% hub.allow('https://example.com/users/42') %]
    [% hub.script_tag('https://example.com/users/42') %]

or, with an EventSource of your own,

    <p id="url" data-url="[% hub.url('https://example.com/users/42') | html %]">

=head1 DESCRIPTION

A template cannot set headers.  What it allows is collected in a L<Pushcgi>
object, and the application prints the cookie after the page was made and
before it is sent:

    my $hub = Pushcgi->new;
    my $page = '';
    $template->process('page.tt', { pushcgi => $hub }, \$page)
        or die $template->error;
    print 'Set-Cookie: ', $hub->cookie, "\n" if $hub->cookie;
    print "Content-Type: text/html; charset=utf-8\n\n", $page;

Without the variable C<pushcgi> it is the request's object of
L<Plack::Middleware::Pushcgi>, or of mercure_begin_request().

=head1 METHODS

=over

=item url(topic, ..., lastEventId = id)

As hub_url() of L<Pushcgi>, with its options.  It is a plain text: in HTML it
needs the filter C<html>.

=item script_tag(topic, ...)

As script_tag() of L<Pushcgi>, with its options.  It is HTML.

=item allow(topic, ...)

As set_authz_cookie(); prints nothing.

=item cookie, link, last_event_id

The values of the headers Set-Cookie (empty if there is none) and Link, and
the position of the page.

=back

=head1 SEE ALSO

L<Pushcgi>, L<Template::Plugin>

=cut
