# SPDX-License-Identifier: MIT
package Pushcgi;

# Pushcgi.pm - live updates for Perl pages: URL, cookie and publishing.

use 5.010;
use strict;
use warnings;

use Exporter qw(import);
use Pushcgi::Cookie ();
use Pushcgi::Program ();
use Pushcgi::Text qw(bytes characters percent html_tag json_list
    json_update update_problem);
use Scalar::Util qw(blessed weaken);
use Time::HiRes ();

our $VERSION = '0.1.0';

our $PROGRAM = $ENV{PUSHCGI_PROGRAM} || 'pushcgi';
our $CONFIG  = $ENV{PUSHCGI_CONFIG}  || '';

# Longest time a call may wait for all that it runs, and how long to leave a
# program alone that did not answer: with many calls on a page, only one waits.
our $TIMEOUT_S = $ENV{PUSHCGI_TIMEOUT_S} || 1;
our $PAUSE_S   = 10;

# Where the site has pushcgi.js.
our $SCRIPT_URL = $ENV{PUSHCGI_SCRIPT_URL} || '/pushcgi.js';

# Die of a failure, instead of a warning and undef.
our $STRICT = $ENV{PUSHCGI_STRICT} ? 1 : 0;

# The request that the functions serve; nothing is shared without one, since
# a process may serve many visitors.
our $CURRENT;

# Each is a method, and a function mercure_... of the request being served.
my @FUNCTIONS = qw(
    topic subscription_topic hub_url authentified_hub_url last_event_id
    link_header script_tag
    publish publish_later publish_flush publish_discard listener
    payload_callback subscriber_jwt publisher_jwt
    set_authz_cookie clear_authz_cookie
    set_authz_session move_authz_session clear_authz_session
    get_subscriptions is_connected
);
our @EXPORT = (qw(mercure_begin_request mercure_end_request),
    map {"mercure_$_"} @FUNCTIONS);

for my $name (@FUNCTIONS) {
    no strict 'refs';
    *{"mercure_$name"} = sub { return _request()->$name(@_) };
}

# What an update has beside topics and data, in FrankenPHP's order.
my @UPDATE = qw(private id type retry);
# What pushcgi.js reads as data-..., beside the URL, topics and position.
my @DATA = qw(types withCredentials refresh refreshAfter share delivery
    pollAfter);
my @SCRIPT = (@DATA, qw(src lastEventId subscribe lifetime payload));

sub _request { return $CURRENT || __PACKAGE__->new(_lone => 1) }

# Who takes the object has the request end with it: not everything that runs
# in this process begins one of its own.
sub mercure_begin_request {
    my $request = $CURRENT = __PACKAGE__->new(@_);

    weaken($CURRENT) if defined wantarray;
    $request->_failed('cannot tell when the request ends: set PerlOptions '
        . '+GlobalRequest, or keep what mercure_begin_request() returns')
        if $ENV{MOD_PERL} && !_end_with_apache($request) && !defined wantarray;
    return $request;
}

sub mercure_end_request {
    undef $CURRENT;
    return 1;
}

# An interpreter of mod_perl serves other scripts and visitors next.
sub _end_with_apache {
    my ($request) = @_;

    weaken($request);    # what is cleaned up must not keep it
    local $@;
    return eval {
        local $SIG{__DIE__};
        require APR::Pool;
        require Apache2::RequestRec;
        require Apache2::RequestUtil;
        Apache2::RequestUtil->request->pool->cleanup_register(sub {
            mercure_end_request()
                if $request && $CURRENT && $request == $CURRENT;
        });
        1;
    };
}

sub new {
    my ($class, @rest) = @_;
    my $option = _options('new', \@rest, qw(_lone
        strict timeout lifetime payload session type_is_topic script));

    die "Pushcgi: $option\n" if !ref $option;
    return bless { granted => [], later => [], %$option }, $class;
}

# What a thing is called as a topic.
sub topic {
    my ($self, $thing) = @_;

    $thing = $thing->mercure_topic if _can($thing, 'mercure_topic');
    return bytes($thing);
}

# The topic of the updates that tell of subscriptions.
sub subscription_topic {
    my ($self, $topic, $subscriber) = @_;

    return join '/', '/.well-known/mercure/subscriptions'
        . (defined $topic ? '/' . percent($self->topic($topic)) : '{/topic}')
        . (defined $subscriber ? '/' . percent($subscriber)
            : '{/subscriber}');
}

sub hub_url {
    my ($self, $topics, @rest) = @_;
    my $option = _options('hub_url', \@rest, qw(lastEventId authorization
        subscriptions subscribe lifetime payload));
    return $self->_failed($option) if !ref $option;

    local $self->{spent} = $self->_spent;
    my %of_token = _some($option, qw(lifetime payload));
    my @topics   = $self->_list($topics);
    push @topics, map { $self->subscription_topic($_) } @topics
        if $option->{subscriptions};
    if (defined $option->{subscribe}) {
        $self->set_authz_cookie($option->{subscribe}, %of_token)
            or return undef;
    }
    my $url = $self->_run(['url', _pairs($option, 'lastEventId'), '--',
        @topics]);
    my $token = $option->{authorization};
    return $url if !defined $url || !$token;
    $token = $self->subscriber_jwt(\@topics, %of_token) if $token eq '1';
    return undef if !defined $token;
    return $url . ($url =~ /\?/ ? '&' : '?') . 'authorization='
        . percent($token);
}

sub authentified_hub_url {
    my ($self, $topics, @rest) = @_;
    my $option = _options('authentified_hub_url', \@rest,
        qw(lastEventId subscriptions lifetime payload));
    return $self->_failed($option) if !ref $option;

    return $self->hub_url($topics, %$option, authorization => 1);
}

# The end of the queue when it was first asked for in this request: the page
# shows what is older, and gets what is younger.
sub last_event_id {
    my ($self) = @_;

    $self->{last_event_id} = $self->_run(['last-event-id'])
        if !defined $self->{last_event_id};
    return $self->{last_event_id};
}

sub link_header {
    my ($self, @rest) = @_;
    my $option = _options('link_header', \@rest, qw(lastEventId));
    return $self->_failed($option) if !ref $option;

    return $self->_header(['link', _pairs($option, 'lastEventId')]);
}

# As it stands, it is HTML.
sub script_tag {
    my ($self, $topics, @rest) = @_;
    my $option = _options('script_tag', \@rest, @SCRIPT);
    return $self->_failed($option) if !ref $option;

    local $self->{spent} = $self->_spent;
    my @topics = $self->_list($topics);
    my $id     = exists $option->{lastEventId}
        ? $option->{lastEventId} : $self->last_event_id;
    # Asked with the topics, so that bad ones are told here.
    return undef if @topics && !defined $self->hub_url(\@topics);
    my $url = $self->hub_url(undef, _some($option,
        qw(subscribe lifetime payload)));
    return undef if !defined $url;
    my %data = _some($option, @DATA);
    $data{types} = json_list(_texts($data{types})) if defined $data{types};
    $data{withCredentials} = $data{withCredentials} ? 'true' : 'false'
        if defined $data{withCredentials};
    return html_tag('script',
        src => _first($option->{src}, $self->{script}, $SCRIPT_URL),
        'data-url'           => $url,
        'data-topics'        => @topics ? json_list(@topics) : undef,
        'data-last-event-id' => $id,
        map { _attribute($_) => $data{$_} } @DATA);
}

# What HTML::Template puts in place of <TMPL_VAR MERCURE_...>, as pairs.  The
# URL is a plain text and wants ESCAPE=HTML; the script is HTML.
sub tmpl_params {
    my ($self, $topics, @rest) = @_;
    my $option = _options('tmpl_params', \@rest, @SCRIPT);
    my %param = map { ("MERCURE_$_" => '') } qw(URL LINK SCRIPT);

    if (!ref $option) {
        $self->_failed($option);
        return %param;
    }
    local $self->{spent} = $self->_spent;
    $option->{lastEventId} = $self->last_event_id
        if !exists $option->{lastEventId};
    my $id = $option->{lastEventId};
    $param{MERCURE_URL} = _text($self->hub_url($topics, lastEventId => $id));
    $param{MERCURE_LINK}   = _text($self->link_header);
    $param{MERCURE_SCRIPT} = _text($self->script_tag($topics, $option));
    return %param;
}

sub publish {
    my ($self, $topics, $data, @rest) = @_;
    my $update = $self->_update($topics, $data, @rest);
    return $self->_failed($update) if !ref $update;

    my $problem = update_problem($update);
    return $self->_failed("$problem in publish()") if defined $problem;

    # All of it by standard input: other users can see arguments.
    return $self->_run(['publish', $self->_settings, '--batch'],
        json_update($update) . "\n");
}

# For after the commit, or after the response.
sub publish_later {
    my ($self, $topics, $data, @rest) = @_;
    my $update = $self->_update($topics, $data, @rest);
    return $self->_failed($update) if !ref $update;
    return $self->_no_request if $self->{_lone};

    push @{ $self->{later} }, json_update($update);
    return 1;
}

# What fails is not kept: some of it may have been published.
sub publish_flush {
    my ($self) = @_;
    my $lines = $self->publish_discard;

    return [] if !@$lines;
    my $ids = $self->_run(['publish', $self->_settings, '--batch'],
        join '', map {"$_\n"} @$lines);
    return defined $ids ? [split /\n/, $ids] : undef;
}

sub publish_discard {
    my ($self) = @_;
    my $lines = $self->{later};

    $self->{later} = [];
    return $lines;
}

# A function for whatever calls listeners: it keeps what `data`, a function
# of its arguments, makes of them, or the first one.  One that was made before
# any request serves the one in which it is called.
sub listener {
    my ($self, $topics, $data, @rest) = @_;

    return sub {
        my $request = $self->{_lone} ? _request() : $self;
        my $made = ref $data eq 'CODE' ? $data->(@_)
            : defined $data ? $data : $_[0];
        return 1 if !defined $made;
        return $request->publish_later($topics, $made, @rest);
    };
}

sub DESTROY {
    my ($self) = @_;
    my $n = @{ $self->{later} || [] };

    warn "$PROGRAM was not given $n updates: publish_flush() or "
        . "publish_discard() is missing\n" if $n;
    return;
}

# A function that gets a list of topics and returns the payload of whoever is
# allowed them; what is given for one call is merged over it.
sub payload_callback {
    my ($self, $callback) = @_;

    return $self->_no_request if $self->{_lone};
    $self->{payload} = $callback;
    return 1;
}

sub subscriber_jwt {
    my ($self, $topics, @rest) = @_;
    my $option = _options('subscriber_jwt', \@rest, qw(lifetime payload));
    return $self->_failed($option) if !ref $option;

    my @topics = $self->_list($topics);
    return $self->_run(['subscriber-jwt', _pairs($option, 'lifetime'),
        $self->_payload($option, \@topics), map {"--topic=$_"} @topics]);
}

# As the program does, without topics all are meant.
sub publisher_jwt {
    my ($self, $topics, @rest) = @_;
    my $option = _options('publisher_jwt', \@rest, qw(lifetime));
    return $self->_failed($option) if !ref $option;

    $topics = '*' if !defined $topics;
    return $self->_failed('needs a topic in publisher_jwt()')
        if !$self->_list($topics);
    return $self->_run(['publisher-jwt', _pairs($option, 'lifetime'),
        map {"--topic=$_"} $self->_list($topics)]);
}

# Several calls of a request make one cookie: the last would replace the
# others.
sub set_authz_cookie {
    my ($self, $topics, @rest) = @_;
    my $option = _options('set_authz_cookie', \@rest,
        qw(lifetime payload token));
    return $self->_failed($option) if !ref $option;

    my (%seen, $text);
    my %kept    = (_some($self, 'lifetime'), %{ $self->{kept} || {} },
        %$option);
    my @granted = grep { !$seen{$_}++ } @{ $self->{granted} },
        $self->_list($topics);
    if (defined $kept{token}) {
        return $self->_failed('cannot add topics to a token') if @granted;
        $text = $self->_header(['cookie', '--token',
            _pairs(\%kept, 'lifetime')], "$kept{token}\n");
    }
    else {
        $text = $self->_header(['cookie', _pairs(\%kept, 'lifetime'),
            $self->_payload(\%kept, \@granted), '--', @granted]);
    }
    return undef if !defined $text;
    @$self{qw(granted kept)} = (\@granted, \%kept);
    return $self->{cookie} = Pushcgi::Cookie->new($text);
}

sub clear_authz_cookie {
    my ($self) = @_;
    my $text = $self->_header(['clear-cookie']);

    return undef if !defined $text;
    @$self{qw(granted kept)} = ([], {});
    return $self->{cookie} = Pushcgi::Cookie->new($text);
}

# What the calls of this request came to; undef: there is none to be set.
sub cookie { return $_[0]{cookie} }

sub set_authz_session {
    my ($self, $topics, @rest) = @_;
    my $option = _options('set_authz_session', \@rest,
        qw(session lifetime payload replace));
    return $self->_failed($option) if !ref $option;

    my @topics = $self->_list($topics);
    my @args   = _pairs($option, 'lifetime');
    push @args, '--replace' if $option->{replace};
    push @args, $self->_payload($option, \@topics), '--', @topics;
    return $self->_session(['grant', @args], $option->{session});
}

sub move_authz_session {
    my ($self, $from, $to) = @_;

    return $self->_session(['move'], $from, $to);
}

sub clear_authz_session {
    my ($self, $topics, @rest) = @_;
    my $option = _options('clear_authz_session', \@rest, qw(session));
    return $self->_failed($option) if !ref $option;

    return $self->_session(['revoke', '--', $self->_list($topics)],
        $option->{session});
}

# The document of the protocol's subscription API.
sub get_subscriptions {
    my ($self, $topic) = @_;
    my $text = $self->_run(['subscriptions', '--json', '--',
        $self->_list($topic)]);
    return undef if !defined $text;

    require JSON::PP;
    my $document = eval { JSON::PP->new->utf8->decode($text) };
    return ref $document eq 'HASH' && $document->{subscriptions} ? $document
        : $self->_failed('did not print a list of subscriptions');
}

# 1 or 0; undef if it cannot be told.
sub is_connected {
    my ($self, $topic, @rest) = @_;
    my %member = @rest == 1 && ref $rest[0] ? %{ $rest[0] } : @rest;
    my ($status, undef, $errors) = $self->_call(['connected', '--',
        $self->topic($topic), map { ref $member{$_}
            ? ["$_=", $member{$_}] : "$_=$member{$_}"
        } sort keys %member]) or return undef;

    return $status == 0 ? 1
        : $status == 1 << 8 ? 0 : $self->_complaint($errors);
}

# What the caller gave beside the rest, as pairs or as a reference to a hash;
# or a text that tells which name is unknown.  Silence would be dangerous: a
# misspelt `private` makes an update public.
sub _options {
    my ($function, $rest, @known) = @_;
    my @pairs = @$rest == 1 && ref $rest->[0] eq 'HASH'
        ? %{ $rest->[0] } : @$rest;

    return "takes pairs of names and values in $function()" if @pairs % 2;
    my %option = @pairs;

    for my $name (sort keys %option) {
        return "knows no option $name of $function()"
            if !grep { $_ eq $name } @known;
    }
    return \%option;
}

# An update's fields, or a text that tells what is wrong with them.
sub _update {
    my ($self, $topics, $data, @rest) = @_;
    my $named = defined $rest[0]
        && (ref $rest[0] eq 'HASH' || $rest[0] =~ /\A[A-Za-z_]/);

    return 'takes no more than six arguments in publish()'
        if !$named && @rest > @UPDATE;
    my $option = $named ? _options('publish', \@rest, @UPDATE)
        : { map { $UPDATE[$_] => $rest[$_] } 0 .. $#rest };
    return $option if !ref $option;
    $data = $data->mercure_data if _can($data, 'mercure_data');
    if (ref $data && !blessed $data) {
        $data = _json($data);
        return $$data if ref $data;
    }
    return { %$option, topic => [$self->_list($topics)],
        data => bytes($data) };
}

sub _some {
    my ($from, @names) = @_;

    return map { $_ => $from->{$_} } grep { exists $from->{$_} } @names;
}

# As options of the program.
sub _pairs {
    my ($option, @names) = @_;
    my %there = (lastEventId => 'last-event-id');

    return map { '--' . _first($there{$_}, $_) . "=$option->{$_}" }
        grep { defined $option->{$_} } @names;
}

sub _first { return (grep {defined} @_)[0] }

sub _text { return defined $_[0] ? $_[0] : '' }

sub _can {
    my ($thing, $method) = @_;

    return blessed $thing && $thing->can($method);
}

sub _texts {
    my ($texts) = @_;

    return ref $texts eq 'ARRAY' ? @$texts : defined $texts ? ($texts) : ();
}

sub _list {
    my ($self, $topics) = @_;

    return map { $self->topic($_) } _texts($topics);
}

sub _attribute {
    my ($name) = @_;

    $name =~ s/([A-Z])/-\l$1/g;
    return "data-$name";
}

sub _line { return defined $_[0] ? "$_[0]\n" : '' }

sub _settings {
    my ($self) = @_;

    return defined $self->{type_is_topic} ? '--mercure-type-is-topic='
        . ($self->{type_is_topic} ? 'true' : 'false') : ();
}

sub _payload {
    my ($self, $option, $topics) = @_;
    my $given   = $option->{payload};
    my $general = $self->{payload};

    $general = @$topics ? $general->($topics) : undef
        if ref $general eq 'CODE';
    $given = { %$general, %$given }
        if ref $general eq 'HASH' && ref $given eq 'HASH';
    $given = $general if !defined $given;
    return defined $given ? ['--payload=', $given] : ();
}

# Session ids are as good as passwords: they go by standard input only.
sub _session {
    my ($self, $args, @ids) = @_;

    for my $id (@ids) {
        $id = $self->{session} if !defined $id;
        $id = $id->id if _can($id, 'id');
        $id = _cookie_of($id->{cookie},
            exists $id->{header} ? $id->{header} : $ENV{HTTP_COOKIE})
            if ref $id eq 'HASH';
        return $self->_failed('needs the id of a session')
            if !defined $id || $id !~ /\A[^\x00-\x20\x7f]+\z/;
    }
    return defined $self->_run(['session', @$args],
        join '', map { _line($_) } @ids) ? 1 : undef;
}

# Its JSON, or a reference to what is wrong with it.
sub _json {
    my ($data) = @_;
    local $@;
    my $text = eval {
        local $SIG{__DIE__};
        require JSON::PP;    # with Perl from 5.14 on
        JSON::PP->new->canonical->allow_nonref->allow_blessed
            ->convert_blessed->encode(characters($data));
    };
    return $text if defined $text;
    my ($reason) = $@ =~ /\A(.*?)(?: at \S+ line \d+)?\.?$/m;
    return \"cannot make JSON of that: $reason";
}

# What the program prints, without the last line break.
sub _run {
    my ($self, $args, $input) = @_;
    my ($status, $output, $errors) = $self->_call($args, $input)
        or return undef;

    return $self->_complaint($errors) if $status != 0;
    $output =~ s/\n\z//;
    return $output;
}

# The same for what becomes a header: whatever the program, it is one line.
sub _header {
    my ($self, @args) = @_;
    my $value = $self->_run(@args);

    return defined $value && $value =~ /[\x00-\x1f\x7f]/
        ? $self->_failed('printed what cannot be a header') : $value;
}

# The first one counts, as it does for the hub.
sub _cookie_of {
    my ($name, $header) = @_;

    for my $pair (split /\s*;\s*/, _text($header)) {
        my ($found, $value) = split /=/, $pair, 2;
        return $value if defined $value && $found eq $name;
    }
    return undef;
}

# What the runs of one call have taken of its time, to be added up.
sub _spent { return $_[0]{spent} || \(my $none = 0) }

# Run it: wait status, output and errors, or nothing after a complaint.  An
# argument that is a list ends in the JSON of its second value.
sub _call {
    my ($self, $args, $input) = @_;
    my @command = ($PROGRAM, $CONFIG eq '' ? () : "--config=$CONFIG");

    for my $arg (@$args) {
        my $json = ref $arg eq 'ARRAY' ? _json($arg->[1]) : '';
        if (ref $json) {
            $self->_failed($$json);
            return;
        }
        push @command, ref $arg eq 'ARRAY' ? $arg->[0] . $json : $arg;
    }
    my $spent  = $self->_spent;
    my $begun  = Time::HiRes::time();
    my @result = Pushcgi::Program::call([map { bytes($_) } @command],
        bytes($input), _first($self->{timeout}, $TIMEOUT_S) - $$spent,
        $PAUSE_S);

    $$spent += Time::HiRes::time() - $begun;
    return @result if @result > 1;
    $self->_failed(@result);
    return;
}

sub _no_request {
    my ($self) = @_;

    return $self->_failed('cannot keep that without a request: call '
        . 'mercure_begin_request() first');
}

sub _complaint {
    my ($self, $errors) = @_;

    return $self->_failed("failed: $errors");
}

sub _failed {
    my ($self, $reason) = @_;

    $reason =~ s/[\x00-\x1f\x7f]+/ /g;    # one line of a log
    die "$PROGRAM $reason\n" if _first($self->{strict}, $STRICT);
    warn "$PROGRAM $reason\n";
    return undef;    # one value in a list, too
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

Pushcgi lets CGI scripts, mod_perl handlers and PSGI applications use a hub
that is compatible with the Mercure protocol.  Copy the file to a folder that
Perl searches; it needs Perl 5.10 and core modules only.  It runs the program
pushcgi(1), which reads F</etc/pushcgi/pushcgi.conf>: the user the script runs
as must be able to read that file and to write the queue's folder.

Texts are character strings, or bytes that are UTF-8 already.  Wherever a
topic is wanted, there may be a reference to a list of them, and a topic may
be an object with a method C<mercure_topic>.  Options are pairs of names and
values, or a reference to a hash; a name that is not known is a failure.

A function that fails warns and returns undef: a page must not break because
the hub does.  No call waits much longer than C<$Pushcgi::TIMEOUT_S>, one
second, for all that it runs, and after one that did no other is tried for ten
seconds.  With C<$Pushcgi::STRICT> a function that fails dies instead.

Nothing is printed and no header is set.

=head2 Requests

All that follows is a function, C<mercure_...>, and a method of an object that
stands for a request.  The object adds up what several calls allow, keeps
updates for later, and remembers where the page began:

    my $hub = Pushcgi->new(lifetime => 3600);

    $hub->set_authz_cookie('https://example.com/users/42');
    $hub->set_authz_cookie('https://example.com/groups/7');
    print 'Set-Cookie: ', $hub->cookie, "\n";    # allows both

The functions do the same after

    mercure_begin_request();

    mercure_set_authz_cookie('https://example.com/users/42');
    my $both = mercure_set_authz_cookie('https://example.com/groups/7');
    print "Set-Cookie: $both\n";

Call it where a request begins, for each request: in CGI::Fast and FCGI
programs at the top of the loop.  Without it every call stands alone, since a
process may serve many visitors, and none may get what another was allowed.
In PSGI, L<Plack::Middleware::Pushcgi> does it.

A request ends where the next one begins, and at mercure_end_request().  Where
several scripts run in one process it must not last until then: either all of
them call mercure_begin_request(), or who calls it keeps what it returns, as in
C<< my $request = mercure_begin_request() >>, and the request ends with that
variable.  In mod_perl 2 it ends by itself with Apache's; a handler of
C<SetHandler modperl> needs C<PerlOptions +GlobalRequest> for that.

What C<new> and mercure_begin_request() take: C<lifetime> (seconds, for the
cookie), C<payload> (data, or a function: see payload_callback()), C<session>
(see below), C<script> (where pushcgi.js is), C<type_is_topic> (1: an update
without a type gets its topic as such), C<strict> (1: die), C<timeout>
(seconds).

=head1 FUNCTIONS

All are exported, with C<mercure_> before their names.

=head2 Addresses

=over

=item hub_url($topics, %options)

The URL for C<new EventSource(...)>.  Escape it for where it goes.  Without
topics it is just the hub's.  Options:

=over

=item lastEventId => $id

Updates start behind that one; see last_event_id().

=item subscribe => $topics

Also call set_authz_cookie(), with C<lifetime> and C<payload> if given.

=item subscriptions => 1

Also tell who comes and goes on these topics.

=item authorization => $token

A token to carry in the URL, where a cookie cannot be; 1: one made for these
topics, with C<lifetime> and C<payload> if given.  Logs show URLs.

=back

=item authentified_hub_url($topics, %options)

The same with C<< authorization => 1 >>.

=item last_event_id()

The position of the page: the end of the queue when this was first called in
the request.  Call it before you read what the page shows; what is published
meanwhile is then received, too:

    my $hub  = Pushcgi->new;
    my $id   = $hub->last_event_id;
    my @news = ('what the database says now');
    my $url  = $hub->hub_url('https://example.com/news', lastEventId => $id);

=item link_header(lastEventId => $id)

The value of a Link header that leads subscribers to the hub.

=item script_tag($topics, %options)

The HTML element that loads pushcgi.js and tells it what to listen to.  It is
escaped as it is.  Options: C<src> (where pushcgi.js is; by default
C<$Pushcgi::SCRIPT_URL>, F</pushcgi.js>), C<lastEventId> (by default
last_event_id(); undef: none), C<types> (of the updates to be heard besides
those without one), C<withCredentials> (send cookies to a hub of another
origin), C<refresh> (the URL of a page of yours that sets the cookie anew),
C<refreshAfter> (seconds), C<share>, C<delivery> and C<pollAfter> as of
pushcgi.js; C<subscribe>, C<lifetime> and C<payload> as of hub_url().

=item topic($thing)

What a thing is called as a topic.

=item subscription_topic($topic, $subscriber)

The topic, a URI Template, of the private updates that tell of subscriptions:
of one subscriber to a topic, of all to it, or of all to anything.

=back

=head2 Publishing

=over

=item publish($topics, $data, %options)

=item publish($topics, $data, $private, $id, $type, $retry)

Send an update to the subscribers of its topics, the canonical one first, and
return its id.  Options: C<private> (only for those who are allowed a topic),
C<id>, C<type>, C<retry> (milliseconds).  Data that is a reference becomes
JSON, if it can: functions, file handles and what contains itself cannot.  An
object may have a method C<mercure_data>, else it is taken as a text.

    mercure_publish('https://example.com/books/1', { price => 12 },
        private => 1, type => 'price');

=item publish_later($topics, $data, ...)

=item publish_flush()

=item publish_discard()

Keep updates, and publish all that were kept in one go, or forget them.
publish_flush() returns the ids as a list reference.  The first error ends it; the
warning says in which line, one for each update, and how many were published
before.  Who does neither is warned when the object goes.

    my $hub  = Pushcgi->new;
    my $done = eval {
        # ... what writes to the database, and beside each write
        $hub->publish_later('https://example.com/books/1', 'sold');
        # ... COMMIT
        1;
    };
    $done ? $hub->publish_flush : $hub->publish_discard;

=item listener($topics, $data, %options)

A function that keeps an update whenever it is called, for whatever calls
functions when something happens.  C<$data> may be a function that makes the
data of what the listener is called with; when that is undef, nothing is
kept.  By default it is the first argument.  C<mercure_listener> may be called
before any request: what it made serves the request that is current then.

    my $hub  = Pushcgi->new;
    my $tell = $hub->listener('https://example.com/books', sub {
        my ($book) = @_;
        return $book->{draft} ? undef : { id => $book->{id} };
    });
    $tell->({ id => 1 });
    $hub->publish_flush;

=back

=head2 Rights

=over

=item set_authz_cookie($topics, %options)

The value of a Set-Cookie header that lets a browser have private updates of
the topics.  Options: C<lifetime> (seconds; by default the cookie lives until
the browser is closed), C<payload>, C<token> (one that is there already).

What is returned is an object that is as good as a text.  Its methods name,
value, path, domain, expires, max_age, secure, httponly and samesite are those
of CGI::Cookie; C<args> is what CGI's cookie() takes, and C<plack> what a
Plack::Response wants:

    my $cookie = mercure_set_authz_cookie('https://example.com/users/42');

    # CGI: $q->header(-cookie => [$cookie]), or
    my %args = $cookie->args;    # $q->cookie($cookie->args)

    # PSGI: push @$headers, 'Set-Cookie' => "$cookie", or
    my %cookies = ($cookie->name => $cookie->plack);

In mod_perl: C<< $r->err_headers_out->add('Set-Cookie' => "$cookie") >>.

=item clear_authz_cookie()

The value of a Set-Cookie header that takes the cookie away.  Streams that are
open go on until their token expires.

=item cookie()

As a method only: what the calls of this request came to, or undef.

=item set_authz_session($topics, %options)

Let whoever has a session of your application have private updates of the
topics, at once and without another cookie.  The hub's
C<MERCURE_SESSION_COOKIE> must name the cookie that holds the session's id.
Options: C<session>, C<lifetime> (seconds, by default an hour), C<payload>,
C<replace> (1: instead of what was granted before).  Several calls add up.

A C<session> is its id, or an object with a method C<id>, as those of
CGI::Session and PHP::Session:

    my $session = CGI::Session->new;
    my $hub     = Pushcgi->new(session => $session);
    $hub->set_authz_session('https://example.com/users/42');

or C<< { cookie => 'PHPSESSID' } >>, the one the browser sent, with C<header>
where C<$ENV{HTTP_COOKIE}> is not the Cookie header.  Anybody can send an
invented id: grant nothing before you know that the session is theirs.

=item move_authz_session($old, $new)

The session has another id now, as it should after a login.  (CGI::Session
makes another one when it is given an empty id: C<< CGI::Session->new($dsn, '',
...) >>.)

=item clear_authz_session($topics, session => $session)

Take back what the session was granted, of the topics or all.  Its streams
end.

=item payload_callback(sub { ... })

A function that gets a list of topics and returns the data that the hub shows
with a subscription of whoever is allowed them.  What is given for one call is
merged over it.  Like all payloads it needs JSON::PP, which is with Perl from
5.14 on.

    my $hub = Pushcgi->new;
    $hub->payload_callback(sub { return { name => 'Alice' } });
    my $cookie = $hub->set_authz_cookie('https://example.com/chat');

=item subscriber_jwt($topics, %options)

An access token, by default for an hour, for a subscriber that cannot use the
cookie.  Options: C<lifetime> (seconds; 0: for ever), C<payload>.

=item publisher_jwt($topics, lifetime => $seconds)

An access token for a publisher elsewhere, by default for all topics and for
ever.

=back

=head2 Who is there

=over

=item get_subscriptions($topic)

Who subscribes right now, to the topic or to anything: the document of the
subscription API, with the list in C<subscriptions>.

=item is_connected($topic, %members)

1 or 0: does somebody subscribe to the topic right now, whose payload has
these members?  Undef if it cannot be told.  Anybody may subscribe to any
topic, with no right to what is private: before you keep something from being
stored, ask for a member.

    my $there = mercure_is_connected('https://example.com/chat',
        name => 'Alice');

=back

=head2 HTML::Template

As a method only, C<tmpl_params($topics, %options)> returns pairs for
C<< $template->param >>: C<MERCURE_SCRIPT>, which is script_tag();
C<MERCURE_URL>, which in HTML wants C<< <TMPL_VAR ESCAPE=HTML MERCURE_URL> >>;
and C<MERCURE_LINK> for the header.  The options are those of script_tag().
What fails is empty.

    my $hub   = Pushcgi->new;
    my %param = $hub->tmpl_params('https://example.com/users/42',
        subscribe => 'https://example.com/users/42');
    print 'Set-Cookie: ', $hub->cookie, "\n";    # then $template->param(%param)

For the Template Toolkit there is L<Template::Plugin::Pushcgi>, for
HTML::Mason the component F<pushcgi.mc>.

=head1 ENVIRONMENT

They are read when the module is loaded; the variables can be set at any time.

=over

=item PUSHCGI_PROGRAM

The program; default: C<pushcgi>, found in PATH.  Also C<$Pushcgi::PROGRAM>.

=item PUSHCGI_CONFIG

Its configuration file; default: the program's own.  Also
C<$Pushcgi::CONFIG>.  mod_perl does not hand its environment on to programs:
there, settings are in this file.

=item PUSHCGI_SCRIPT_URL

Where the site has pushcgi.js.  Also C<$Pushcgi::SCRIPT_URL>.

=item PUSHCGI_TIMEOUT_S

Longest time a call may wait; default: 1.  Also C<$Pushcgi::TIMEOUT_S>.

=item PUSHCGI_STRICT

1: die of a failure.  Also C<$Pushcgi::STRICT>.

=back

=head1 SECURITY

No shell sees anything, and tokens and the ids of sessions go to the program
by standard input.  So a script that checks taint (C<perl -T>) may hand on
text of its visitors.  The program's name is checked then: a path without
C<..>, or a name that is looked for in F</usr/local/bin>, F</usr/bin> and
F</bin>, whatever PATH says.  The script decides which topics a visitor may
receive: never allow a topic because a request names it.

=head1 SEE ALSO

L<Plack::Middleware::Pushcgi>, L<Template::Plugin::Pushcgi>, pushcgi(1),
pushcgi.conf(5)

=cut
