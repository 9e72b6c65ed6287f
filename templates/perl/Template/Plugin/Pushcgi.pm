# SPDX-License-Identifier: MIT
package Template::Plugin::Pushcgi;

# Pushcgi.pm - live updates in pages of the Template Toolkit.

use 5.010;
use strict;
use warnings;

use base 'Template::Plugin';
use Pushcgi ();

our $VERSION = '0.1.0';

# The application's object is the variable `pushcgi`, or the object of the present
# request.
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

# A template prints the results of its calls, and this one has none.
sub allow {
    _with_topics('set_authz_cookie', @_);
    return '';
}

# Named arguments arrive as a hash, after the others.
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

or, with your own EventSource,

    <p id="url" data-url="[% hub.url('https://example.com/users/42') | html %]">

=head1 DESCRIPTION

A template cannot set headers.  A L<Pushcgi> object collects the topics that it
allows, and the application prints the cookie when the page has been made, before
it is sent:

    my $hub = Pushcgi->new;
    my $page = '';
    $template->process('page.tt', { pushcgi => $hub }, \$page)
        or die $template->error;
    print 'Set-Cookie: ', $hub->cookie, "\n" if $hub->cookie;
    print "Content-Type: text/html; charset=utf-8\n\n", $page;

Without the variable C<pushcgi>, the plugin uses the request's object of
L<Plack::Middleware::Pushcgi> or of mercure_begin_request().

=head1 METHODS

=over

=item url(topic, ..., lastEventId = id)

Calls hub_url() of L<Pushcgi>, with its options.  The result is a plain text: in
HTML it needs the filter C<html>.

=item script_tag(topic, ...)

Calls script_tag() of L<Pushcgi>, with its options.  The result is HTML.

=item allow(topic, ...)

Calls set_authz_cookie(); prints nothing.

=item cookie, link, last_event_id

The values of the headers Set-Cookie (empty if there is none) and Link, and the
last event id of the page.

=back

=head1 SEE ALSO

L<Pushcgi>, L<Template::Plugin>

=cut
