# SPDX-License-Identifier: MIT
package Pushcgi;

# Pushcgi.pm - live updates for Perl pages: URL, cookie and publishing.

use 5.010;
use strict;
use warnings;
use feature qw(state);

use Exporter qw(import);
use overload ();
use Pushcgi::Cookie ();
use Pushcgi::Program ();
use Pushcgi::Text qw(bytes characters is_text percent html_tag json_list
    json_object json_update update_problem);
use Scalar::Util qw(blessed weaken);
use Time::HiRes ();

our $VERSION = '0.1.0';

our $PROGRAM = $ENV{PUSHCGI_PROGRAM} || 'pushcgi';
our $CONFIG  = $ENV{PUSHCGI_CONFIG}  || '';

# The time limit of a call, for all programs that it runs, and the time for
# which a program that did not answer is not run again: of many calls in a page,
# only one waits.
our $TIMEOUT_S = $ENV{PUSHCGI_TIMEOUT_S} || 1;
our $PAUSE_S   = 10;

# URL of pushcgi.js.
our $SCRIPT_URL = $ENV{PUSHCGI_SCRIPT_URL} || '/pushcgi.js';

# Die after a failure, instead of warning and returning undef.
our $STRICT = $ENV{PUSHCGI_STRICT} ? 1 : 0;

# The request that the functions belong to.  Without one, calls share nothing,
# because a process may serve many visitors.
our $CURRENT;

# Each is a method, and a function mercure_... for the current request.
my @FUNCTIONS = qw(
    topic subscription_topic hub_url authentified_hub_url last_event_id
    link_header script_tag
    publish publish_private publish_later publish_private_later
    publish_flush publish_discard listener
    payload_callback subscriber_jwt publisher_jwt
    set_authz_cookie clear_authz_cookie
    set_authz_session move_authz_session clear_authz_session
    get_subscriptions is_connected count
);
our @EXPORT = (qw(mercure_begin_request mercure_end_request),
    map {"mercure_$_"} @FUNCTIONS);

for my $name (@FUNCTIONS) {
    no strict 'refs';
    *{"mercure_$name"} = sub { return _request()->$name(@_) };
}

# Fields of an update after topics and data, in FrankenPHP's order.
my @UPDATE = qw(private id type retry);
# Attributes data-... of pushcgi.js, besides URL, topics and last event id.
my @DATA = qw(types withCredentials refresh refreshAfter share delivery
    pollAfter private presence leaveAfter count target swap);
# Other attributes of its element; those without a value.
my @PLAIN = qw(nonce integrity crossorigin referrerpolicy fetchpriority id class);
my @BARE = qw(defer async);
my @SCRIPT = (@DATA, @PLAIN, @BARE,
    qw(src lastEventId subscribe lifetime payload));

# Options that are a text or a number.
my @TEXTS = (qw(lastEventId authorization lifetime src token id type retry
    script timeout refresh refreshAfter share delivery pollAfter leaveAfter count
    swap), @PLAIN, @BARE);

sub _request { return $CURRENT || __PACKAGE__->new(_lone => 1) }

# If the caller stores the object, the request ends with it, since another
# script in this process may not begin a request.
sub mercure_begin_request {
    my $request = $CURRENT = __PACKAGE__->new(@_);

    $request->{marked} = 1;
    weaken($CURRENT) if defined wantarray;
    $request->_failed('cannot tell when the request ends: set PerlOptions '
        . '+GlobalRequest, or store what mercure_begin_request() returns')
        if $ENV{MOD_PERL} && !_end_with_apache($request) && !defined wantarray;
    return $request;
}

sub mercure_end_request {
    undef $CURRENT;
    return 1;
}

# An interpreter of mod_perl later serves other scripts and visitors.
sub _end_with_apache {
    my ($request) = @_;

    return _with_apache($request, sub {
        mercure_end_request() if $CURRENT && $_[0] == $CURRENT;
    });
}

# Call a function with this object when Apache's request ends; 1, or undef if there
# is none.
sub _with_apache {
    my ($self, $code) = @_;

    weaken($self);    # the handler must not keep it alive
    local $@;
    return eval {
        local $SIG{__DIE__};
        require APR::Pool;
        require Apache2::RequestRec;
        require Apache2::RequestUtil;
        Apache2::RequestUtil->request->pool->cleanup_register(
            sub { $code->($self) if $self });
        1;
    };
}

sub new {
    my ($class, @rest) = @_;
    my $option = _options('new', \@rest, qw(_lone
        strict timeout lifetime payload session type_is_topic script));

    die "Pushcgi: $option" . _place() . "\n" if !ref $option;
    return bless { granted => [], later => [], %$option }, $class;
}

# The topic of a thing.
sub topic {
    my ($self, $thing) = @_;

    $thing = $thing->mercure_topic if _can($thing, 'mercure_topic');
    return is_text($thing) ? bytes($thing) : '';
}

# The topic of the hub's updates about subscriptions.
sub subscription_topic {
    my ($self, $topic, $subscriber) = @_;

    return join '/', '/.well-known/mercure/subscriptions'
        . (defined $topic ? '/' . percent($self->topic($topic)) : '{/topic}')
        . (defined $subscriber ? '/' . percent($self->topic($subscriber))
            : '{/subscriber}');
}

sub hub_url {
    my ($self, $topics, @rest) = @_;
    my $option = _options('hub_url', \@rest, qw(lastEventId authorization
        subscriptions subscribe lifetime payload));
    return $self->_failed($option) if !ref $option;

    local $self->{call} = $self->_present_call;
    my %of_token = _some($option, qw(lifetime payload));
    my @topics   = $self->_list($topics);
    push @topics, map { $self->subscription_topic($_) } @topics
        if $option->{subscriptions};
    if (defined $option->{subscribe}) {
        $self->set_authz_cookie($option->{subscribe}, %of_token)
            or return undef;
    }
    my $url = $self->_run(['url', $self->_page, _pairs($option, 'lastEventId'),
        '--', @topics]);
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

# The id of the last update when it was first asked for in this request: the page
# shows older data and receives later updates.
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

    return $self->_header(['link', $self->_page,
        _pairs($option, 'lastEventId')]);
}

# The result is HTML.
sub script_tag {
    my ($self, $topics, @rest) = @_;
    my $option = _options('script_tag', \@rest, @SCRIPT);
    return $self->_failed($option) if !ref $option;

    local $self->{call} = $self->_present_call;
    my $problem = _json_problem($option);
    return $self->_failed("$problem of script_tag()") if $problem;
    my @topics = $self->_list($topics);
    my $id     = exists $option->{lastEventId}
        ? $option->{lastEventId} : $self->last_event_id;
    # With the topics, so that an invalid one fails here.
    return undef if @topics && !defined $self->hub_url(\@topics);
    $self->_grant_presence($option, @topics) or return undef
        if $option->{presence};
    my $url = $self->hub_url(undef, _some($option,
        qw(subscribe lifetime payload)));
    return undef if !defined $url;
    my %data = _some($option, @DATA);
    %data = ($self->_renewal, %data);
    delete $data{refresh} if !$data{refresh};
    $data{presence} = ref $data{presence} ? json_list($self->_list($data{presence}))
        : $data{presence} eq '1' ? 'true' : $self->topic($data{presence})
        if $data{presence};
    $data{types} = json_list(_texts($data{types})) if defined $data{types};
    $data{target} = json_object($data{target}) if ref $data{target} eq 'HASH';
    for my $name (qw(withCredentials private)) {
        $data{$name} = $data{$name} ? 'true' : 'false' if defined $data{$name};
    }
    return html_tag('script',
        src => _first($option->{src}, $self->{script}, $SCRIPT_URL),
        'data-url'           => $url,
        'data-topics'        => @topics ? json_list(@topics) : undef,
        'data-last-event-id' => $id,
        (map { _attribute($_) => $data{$_} } @DATA),
        (map { $_ => $option->{$_} } @PLAIN),
        map { $_ => $option->{$_} ? '' : undef } @BARE);
}

# What is wrong with the options that pushcgi.js reads as lists and objects.
sub _json_problem {
    my ($option) = @_;
    my @types  = _texts($option->{types});
    my $target = $option->{target};

    return 'expects a text or a list of texts as the option types'
        if grep { !defined || !is_text($_) } @types;
    return 'expects a text or a hash of texts as the option target'
        if grep { !defined || !is_text($_) } ref $target eq 'HASH'
            ? values %$target : _text($target);
    return;
}

# How a page that has granted rights keeps them while it is open: pushcgi.js
# requests it again, as "#" is its own URL, which grants the same, if the visitor
# is still logged in.  A cookie has an end that is known, and the hub extends
# sessions.
sub _renewal {
    my ($self) = @_;
    my %with = (private => 1);

    return if !$self->{in_session} && !@{ $self->{granted} };
    return %with if ($ENV{REQUEST_METHOD} || 'GET') !~ /\A(?:GET|HEAD)\z/;
    $with{refresh} = '#';
    if (@{ $self->{granted} }) {
        my $after = int(3 / 4 * ($self->{kept}{lifetime} || 3600));
        $with{refreshAfter} = $after > 0 ? $after : 1;
    }
    return %with;
}

# The visitor may see who is connected: by the session, if it has rights by now,
# else by the cookie, with the other topics of this call.
sub _grant_presence {
    my ($self, $option, @topics) = @_;
    my @of = $option->{presence} eq '1' ? @topics
        : $self->_list($option->{presence});
    my @events = map { $self->subscription_topic($_) } @of;

    return $self->set_authz_session(\@events, %{ $self->{in_session} },
        _some($option, 'payload')) if $self->{in_session};
    $option->{subscribe} = [$self->_list($option->{subscribe}), @events];
    return 1;
}

# Pairs of names and values for <TMPL_VAR MERCURE_...> of HTML::Template.  The
# URL is a plain text and needs ESCAPE=HTML; the script is HTML.
sub tmpl_params {
    my ($self, $topics, @rest) = @_;
    my $option = _options('tmpl_params', \@rest, @SCRIPT);
    my %param = map { ("MERCURE_$_" => '') } qw(URL LINK SCRIPT);

    if (!ref $option) {
        $self->_failed($option);
        return %param;
    }
    local $self->{call} = $self->_present_call;
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

    # By standard input, because other users can see arguments.
    return $self->_run(['publish', '--batch'],
        json_update($update) . "\n");
}

sub publish_private {
    my ($self, $topics, $data, @rest) = @_;
    my $option = _options('publish_private', \@rest, qw(id type retry));
    return $self->_failed($option) if !ref $option;

    return $self->publish($topics, $data, %$option, private => 1);
}

# To be published after a commit, or after the response.
sub publish_later {
    my ($self, $topics, $data, @rest) = @_;
    my $update = $self->_update($topics, $data, @rest);
    return $self->_failed($update) if !ref $update;
    return $self->_no_request if $self->{_lone};

    # Now, because the others of its transaction would fail with it.
    my $problem = update_problem($update);
    return $self->_failed("$problem in publish_later()") if defined $problem;

    $self->_forget_parents;
    push @{ $self->{later} }, json_update($update);
    return 1;
}

sub publish_private_later {
    my ($self, $topics, $data, @rest) = @_;
    my $option = _options('publish_private_later', \@rest, qw(id type retry));
    return $self->_failed($option) if !ref $option;

    return $self->publish_later($topics, $data, %$option, private => 1);
}

# After a failure nothing is kept, as some updates may have been published.
sub publish_flush {
    my ($self) = @_;
    my $lines = $self->publish_discard;

    return [] if !@$lines;
    my $ids = $self->_run(['publish', '--batch'],
        join '', map {"$_\n"} @$lines);
    return defined $ids ? [split /\n/, $ids] : undef;
}

sub publish_discard {
    my ($self) = @_;

    $self->_forget_parents;
    my $lines = $self->{later};
    $self->{later} = [];
    return $lines;
}

# After a fork, updates that the parent left for later are the parent's.
sub _forget_parents {
    my ($self) = @_;

    $self->{later} = [] if _first($self->{pid}, $$) != $$;
    $self->{pid} = $$;
    return;
}

# A function to be used as a listener: it stores an update with the data that
# `data`, a function, makes of its arguments, or with the first one.  If it was
# made outside a request, it belongs to the request in which it is called.
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

    $self->_forget_parents;
    my $n = @{ $self->{later} || [] };
    _warn("$PROGRAM did not get $n updates: publish_flush() or "
        . "publish_discard() is missing\n") if $n;
    return;
}

# Set a function that gets a list of topics and returns the payload of a visitor
# who is allowed them; a payload that is an option is merged over it.
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

# As in the program, the default is all topics.
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

# Several calls of a request make one cookie, because the last one replaces the
# others in the browser.
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
        $text = $self->_header(['cookie', '--token', $self->_page,
            _pairs(\%kept, 'lifetime')], "$kept{token}\n");
    }
    else {
        $text = $self->_header(['cookie', $self->_page,
            _pairs(\%kept, 'lifetime'), $self->_payload(\%kept, \@granted),
            '--', @granted]);
    }
    return undef if !defined $text;
    @$self{qw(granted kept)} = (\@granted, \%kept);
    _warn_of_http($text, $self->{env});
    return $self->{cookie} = Pushcgi::Cookie->new($text);
}

sub clear_authz_cookie {
    my ($self) = @_;
    my $text = $self->_header(['clear-cookie', $self->_page]);

    return undef if !defined $text;
    @$self{qw(granted kept)} = ([], {});
    return $self->{cookie} = Pushcgi::Cookie->new($text);
}

# The cookie that the calls of this request made, or undef.
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
    $self->_session(['grant', @args], $option->{session}) or return undef;
    $self->{in_session} = { _some($option, qw(session lifetime payload)) };
    return 1;
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
    local $@;
    my $document = eval {
        local $SIG{__DIE__};
        JSON::PP->new->utf8->decode($text);
    };
    return ref $document eq 'HASH' && $document->{subscriptions} ? $document
        : $self->_failed('did not print a list of subscriptions');
}

# 1 or 0; undef if the answer is not known.
sub is_connected {
    my ($self, $topic, @rest) = @_;
    my %member = @rest == 1 && ref $rest[0] ? %{ $rest[0] } : @rest;
    my ($status, undef, $errors) = $self->_call(['connected', '--',
        $self->topic($topic), map { ref $member{$_}
            ? ["$_=", $member{$_}] : "$_=$member{$_}"
        } sort keys %member]) or return undef;

    return $status == 0 ? 1
        : $status == 1 ? 0 : $self->_complaint($errors);
}

# How many have the topic open; undef if the number is not known.
sub count {
    my ($self, $topic) = @_;

    return $self->_run(['count', '--', $self->topic($topic)]);
}

# The caller's options, given as pairs or as a reference to a hash; or a text that
# says which name is unknown.  Ignoring unknown names would be dangerous: a
# misspelt `private` would make an update public.
sub _options {
    my ($function, $rest, @known) = @_;
    my @pairs = @$rest == 1 && ref $rest->[0] eq 'HASH'
        ? %{ $rest->[0] } : @$rest;

    return "expects pairs of names and values in $function()" if @pairs % 2;
    my %option = @pairs;

    for my $name (sort keys %option) {
        return "has no option $name of $function()"
            if !grep { $_ eq $name } @known;
    }
    for my $name (@TEXTS) {
        return "expects the option $name of $function() to be a text or a number"
            if !is_text($option{$name}) && !_is_number($option{$name});
    }
    return \%option;
}

# An update's fields, or a text that says what is wrong with them.
sub _update {
    my ($self, $topics, $data, @rest) = @_;
    my $named = defined $rest[0]
        && (ref $rest[0] eq 'HASH' || $rest[0] =~ /\A[A-Za-z_]/);

    return 'expects at most six arguments in publish()'
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

# Options of the program.
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

# JSON::PP::true is one.
sub _is_number {
    my ($thing) = @_;

    return blessed $thing && overload::Method($thing, '0+');
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

# Session ids are secrets like passwords: pass them by standard input only.
sub _session {
    my ($self, $args, @ids) = @_;

    for my $id (@ids) {
        $id = $self->{session} if !defined $id;
        $id = $id->id if _can($id, 'id');
        $id = _cookie_of($id->{cookie},
            exists $id->{header} ? $id->{header} : $ENV{HTTP_COOKIE})
            if ref $id eq 'HASH';
        return $self->_failed('needs the id of a session')
            if !defined $id || !is_text($id) || $id !~ /\A[^\x00-\x20\x7f]+\z/;
    }
    return defined $self->_run(['session', @$args],
        join '', map { _line($_) } @ids) ? 1 : undef;
}

# The JSON of data, or a reference to a text that says what is wrong.
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
    return \"cannot convert data to JSON: $reason";
}

# The output of the program, without the last line break.
sub _run {
    my ($self, $args, $input) = @_;
    my ($status, $output, $errors) = $self->_call($args, $input)
        or return undef;

    return $self->_complaint($errors) if $status != 0;
    $output =~ s/\n\z//;
    return $output;
}

# The output of the program as a header, which must be one line.
sub _header {
    my ($self, @args) = @_;
    my $value = $self->_run(@args);

    return defined $value && $value =~ /[\x00-\x1f\x7f]/
        ? $self->_failed('printed control characters in a header') : $value;
}

# Warn, once in a process, that the browser drops this cookie.  The cookie is
# returned: a proxy that ends https need not tell this program of it.
sub _warn_of_http {
    my ($cookie, $env) = @_;
    state $said;

    return if $said || $cookie !~ /; Secure(?:;|\z)/i
        || !_is_http($env || \%ENV);
    $said = 1;
    warn "$PROGRAM made a cookie for https only, but this page came by http, so "
        . 'browsers drop the cookie and receive no private updates.  Serve the '
        . 'page by https, or set MERCURE_PUBLIC_HUB_URL in pushcgi.conf to the '
        . 'http:// URL of the hub.  A proxy that ends https must send '
        . "X-Forwarded-Proto.\n";
    return;
}

sub _is_https {
    my ($env) = @_;
    my $scheme = join ' ', map { _text($env->{$_}) }
        qw(psgi.url_scheme REQUEST_SCHEME HTTP_X_FORWARDED_PROTO HTTP_FORWARDED);

    return _text($env->{HTTPS}) !~ /\A(?:off)?\z/i
        || _text($env->{SERVER_PORT}) eq '443' || $scheme =~ /https/i;
}

# Came this request by http, and not from this machine?  Its environment.
sub _is_http {
    my ($env) = @_;

    return _text($env->{REQUEST_METHOD}) ne '' && !_is_https($env)
        && _text($env->{HTTP_HOST})
            !~ /\A(?:localhost|.*\.localhost|127\.[0-9.]+|\[::1\])(?::[0-9]+)?\z/i;
}

# The option that names the origin of this page, if it is known.  The host comes
# from the client: use it to choose, and never print it.
sub _page {
    my ($self) = @_;
    my $env    = $self->{env} || \%ENV;
    my $scheme = _is_https($env) ? 'https' : 'http';

    return if _text($env->{REQUEST_METHOD}) eq ''
        || lc _text($env->{HTTP_HOST}) !~ /\A([a-z0-9._:\[\]-]{1,400})\z/;
    return "--page=$scheme://$1";
}

# The first cookie of that name, like the hub.
sub _cookie_of {
    my ($name, $header) = @_;

    for my $pair (split /\s*;\s*/, _text($header)) {
        my ($found, $value) = split /=/, $pair, 2;
        return $value if defined $value && $found eq $name;
    }
    return undef;
}

# The present call of the application: the time that its programs have taken, and
# the program that runs for it only.
sub _present_call { return $_[0]{call} || { spent_s => 0 } }

# May the program run on for other calls of this request?  That of a script of the
# command line might run for days, or wait for all of its children; and without a
# request, the next call may be for another visitor.
sub _keeps {
    my ($self) = @_;

    return 0 if $self->{_lone} || $self->{is_over};
    return $self->{bound} ||= _with_apache($self, sub {
        delete @{ $_[0] }{qw(program bound)};
    }) if $ENV{MOD_PERL};
    return $self->{marked}
        || _text(($self->{env} || \%ENV)->{REQUEST_METHOD}) ne '';
}

# The request has ended, although somebody may keep the object.
sub _end_program {
    my ($self) = @_;

    delete $self->{program};
    $self->{is_over} = 1;
    return;
}

# Ask the program: exit status, output and errors, or nothing after a failure was
# reported.  An argument that is a list ends with the JSON of its second value.
sub _call {
    my ($self, $args, $input) = @_;
    my @command = ($PROGRAM, $CONFIG eq '' ? () : "--config=$CONFIG",
        $self->_settings);
    my @question;

    for my $arg (@$args) {
        my $json = ref $arg eq 'ARRAY' ? _json($arg->[1]) : '';
        if (ref $json) {
            $self->_failed($$json);
            return;
        }
        push @question, ref $arg eq 'ARRAY' ? $arg->[0] . $json : $arg;
    }
    my $call   = $self->_present_call;
    my $holder = $self->_keeps ? $self : $call;
    my $begun  = Time::HiRes::time();
    my @result = Pushcgi::Program::ask(\$holder->{program},
        [map { bytes($_) } @command], [map { bytes($_) } @question],
        bytes($input), _first($self->{timeout}, $TIMEOUT_S)
            - $call->{spent_s}, $PAUSE_S);

    $call->{spent_s} += Time::HiRes::time() - $begun;
    return @result if @result > 1;
    $self->_failed(@result);
    return;
}

sub _no_request {
    my ($self) = @_;

    return $self->_failed('cannot store that without a request: call '
        . 'mercure_begin_request() first');
}

sub _complaint {
    my ($self, $errors) = @_;

    return $self->_failed("failed: $errors");
}

sub _failed {
    my ($self, $reason) = @_;

    $reason =~ s/[\x00-\x1f\x7f]+/ /g;    # one line of a log
    my $text = "$PROGRAM $reason" . _place() . "\n";
    die $text if _first($self->{strict}, $STRICT);
    _warn($text);
    return undef;    # one value in a list, too
}

# File and line of the application, which called one of our packages.
sub _place {
    my $i = 0;

    while (my ($package, $file, $line) = caller $i++) {
        return " at $file line $line"
            if $package !~ /\A(?:Pushcgi|Plack::Middleware::Pushcgi
                |Template::Plugin::Pushcgi)(?:::|\z)/x;
    }
    return '';
}

# A handler of the application that dies must not end the page: see $STRICT.
sub _warn {
    my ($text) = @_;
    local $@;

    eval {
        local $SIG{__DIE__};
        warn $text;
        1;
    } or eval { print {*STDERR} $text };
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

    mercure_publish_private($topic, 'Hello');

=head1 DESCRIPTION

Pushcgi lets CGI scripts, mod_perl handlers and PSGI applications use a hub
that is compatible with the Mercure protocol.  Copy the file to a folder that
Perl searches; it needs Perl 5.10 and core modules only.  It runs the program
pushcgi(1), which reads F</etc/pushcgi/pushcgi.conf>: the user that runs the
script must be able to read that file and to write to the queue's folder.

Texts are character strings, or bytes encoded in UTF-8.  Each argument for a topic
may also be a reference to a list of topics, and a topic may be an object with
a method C<mercure_topic>.  Options are pairs of names and values, or a
reference to a hash; an unknown name is a failure.

A function that fails warns, with file and line of the caller, and returns
undef, so that a page works while the hub is down; a handler of warnings that
dies does not change this.  The time limit of a call, for all programs that it
runs, is
C<$Pushcgi::TIMEOUT_S>, one second.  After a call that exceeded it, the program
is not run for ten seconds.  With C<$Pushcgi::STRICT>, a function that fails
dies instead.

The functions do not print anything and do not set headers.

=head2 Requests

Each of the following is a function, C<mercure_...>, and a method of an object
that represents a request.  The object collects the topics that several calls
allow, stores updates for later, and stores the last event id of the page:

    my $hub = Pushcgi->new(lifetime => 3600);

    $hub->set_authz_cookie('https://example.com/users/42');
    $hub->set_authz_cookie('https://example.com/groups/7');
    print 'Set-Cookie: ', $hub->cookie, "\n";    # allows both

The functions do the same after

    mercure_begin_request();

    mercure_set_authz_cookie('https://example.com/users/42');
    my $both = mercure_set_authz_cookie('https://example.com/groups/7');
    print "Set-Cookie: $both\n";

Call it at the beginning of each request: in CGI::Fast and FCGI programs at the
top of the loop.  Without it, calls share nothing, because a process may serve
many visitors, and no visitor may receive what another one was allowed.
In PSGI, L<Plack::Middleware::Pushcgi> calls it.

A request ends when the next one begins, and at mercure_end_request().  If
several scripts run in one process, it must end earlier: either all of them call
mercure_begin_request(), or the caller stores the result, as in
C<< my $request = mercure_begin_request() >>, and the request ends with that
variable.  In mod_perl 2 it ends automatically with Apache's request; a handler
of C<SetHandler modperl> needs C<PerlOptions +GlobalRequest> for that.

A page starts the program once, for all calls of its request, and the program ends
with the request.  It is started again if the environment, the folder, the user,
the groups, the umask or the program's name have changed, after two seconds
without a call, and in a process that was forked; after five seconds without a
question it ends by itself.  Each call has a run of its own without a request, in
a script of the command line (without C<REQUEST_METHOD> and
mercure_begin_request()), in mod_perl if Apache's request is not known, and in
PSGI without the middleware, because nobody knows there when the request ends.

Options of C<new> and mercure_begin_request(): C<lifetime> (of the cookie, in
seconds), C<payload> (data, or a function: see payload_callback()), C<session>
(see below), C<script> (URL of pushcgi.js), C<type_is_topic> (1: the topic is the
type of an update without one), C<strict> (1: die), C<timeout> (seconds).

=head1 FUNCTIONS

All are exported, with C<mercure_> before their names.

=head2 Addresses

=over

=item hub_url($topics, %options)

The URL for C<new EventSource(...)>.  Escape it for its place in the page.
Without topics it is the hub's URL.  Options:

=over

=item lastEventId => $id

Deliver the updates after the one with this id; see last_event_id().

=item subscribe => $topics

Also call set_authz_cookie(), with the options C<lifetime> and C<payload>.

=item subscriptions => 1

Also deliver the events of subscriptions to these topics.

=item authorization => $token

A token to add to the URL, where a cookie is not possible; 1: make a token for
these topics, with the options C<lifetime> and C<payload>.  URLs appear in logs.

=back

=item authentified_hub_url($topics, %options)

The same with C<< authorization => 1 >>.

=item last_event_id()

The id of the last update when this was first called in the request.  Call it
before you read the data of the page: updates that are published until the browser
connects are then received, too:

    my $hub  = Pushcgi->new;
    my $id   = $hub->last_event_id;
    my @news = ('what the database says now');
    my $url  = $hub->hub_url('https://example.com/news', lastEventId => $id);

=item link_header(lastEventId => $id)

The value of a Link header with the hub's URL, for clients.

=item script_tag($topics, %options)

The HTML element that loads pushcgi.js and has its topics as attributes.  Do not
escape it.  Options: C<src> (URL of pushcgi.js; default:
C<$Pushcgi::SCRIPT_URL>, F</pushcgi.js>), C<lastEventId> (default:
last_event_id(); undef: none), C<types> (of updates to receive besides those
without a type), C<withCredentials> (send cookies to a hub of another origin),
C<refresh> (a URL that grants the same rights again, for pages that stay open;
default: the page itself, if the request has granted rights before and is not a
POST; undef: none), C<refreshAfter> (seconds; default: three quarters of the
cookie's lifetime), C<share>, C<delivery>, C<pollAfter>, C<count>,
C<target> (a text, or a hash of selectors by type), C<swap> and C<leaveAfter>, see the README of pushcgi.js; C<private>
(whether the page expects private updates; default: whether this request has
granted rights before); C<presence> (1, or topics: show who is connected; the
right to see it is granted, by the session if it has rights by then, or else by
the cookie, whose payload others see); C<subscribe>, C<lifetime> and C<payload>,
see hub_url(); attributes of the element: C<nonce>, C<integrity>,
C<crossorigin>, C<referrerpolicy>, C<fetchpriority>, C<id>, C<class>, and 1 for
C<defer> and C<async>.

=item topic($thing)

The topic of a thing: the result of its method C<mercure_topic>, if it has one,
or else the thing as a text.

=item subscription_topic($topic, $subscriber)

The topic, a URI Template, of the hub's private updates about subscriptions: of
one subscriber to a topic, of all subscribers to it, or of all subscriptions.

=back

=head2 Publishing

=over

=item publish($topics, $data, %options)

=item publish($topics, $data, $private, $id, $type, $retry)

Send an update to the subscribers of its topics, the canonical one first, and
return its id.  Options: C<private> (only for subscribers that may receive a
topic), C<id>, C<type>, C<retry> (milliseconds).  Data that is a reference is
converted to JSON, which is not possible for functions, file handles and data
that contains itself.  An object may have a method C<mercure_data>; otherwise it
is converted to a text.

    mercure_publish('https://example.com/books/1', { price => 12 },
        private => 1, type => 'price');

=item publish_private($topics, $data, %options)

=item publish_private_later($topics, $data, %options)

publish() and publish_later() with C<< private => 1 >>, for everything that not
everybody may see.  Options: C<id>, C<type>, C<retry>.

    mercure_publish_private('https://example.com/users/42', 'Only for you');

=item publish_later($topics, $data, ...)

=item publish_flush()

=item publish_discard()

Store updates for later, publish all stored ones together, or discard them.
publish_later() refuses what publish() refuses, but for reserved topics.
publish_flush() returns the ids as a reference to a list.  It stops at the first
error; the warning names the line, one for each update, and how many were
published before.  If updates are left when the object is destroyed, it warns.

    my $hub  = Pushcgi->new;
    my $done = eval {
        # ... write to the database, and with each write
        $hub->publish_later('https://example.com/books/1', 'sold');
        # ... COMMIT
        1;
    };
    $done ? $hub->publish_flush : $hub->publish_discard;

=item listener($topics, $data, %options)

Return a function that stores an update for later when it is called, to be used as
a listener of events.  C<$data> may be a function that makes the data from the
listener's arguments; if it returns undef, no update is stored.  The default is
the first argument.  C<mercure_listener> may be called outside a request: the
listener belongs to the request in which it is called.

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

The value of a Set-Cookie header that allows a browser to receive private updates
of the topics.  A browser drops the cookie if it is for https only and the page
comes by http: the function warns of this, once in a process.  Options: C<lifetime> (seconds; default: the browser keeps the
cookie until it is closed), C<payload>, C<token> (an existing token).

The result is an object that can be used as a text.  Its methods name, value,
path, domain, expires, max_age, secure, httponly and samesite are those of
CGI::Cookie; C<args> returns the arguments of CGI's cookie(), and C<plack> the
value for a Plack::Response.  CGI's cookie() and a Plack with Cookie::Baker
before 0.12 drop the attribute Partitioned (C<MERCURE_COOKIE_PARTITIONED>): use
the text there.

    my $cookie = mercure_set_authz_cookie('https://example.com/users/42');

    # CGI: $q->header(-cookie => [$cookie]), or
    my %args = $cookie->args;    # $q->cookie($cookie->args)

    # PSGI: push @$headers, 'Set-Cookie' => "$cookie", or
    my %cookies = ($cookie->name => $cookie->plack);

In mod_perl: C<< $r->err_headers_out->add('Set-Cookie' => "$cookie") >>.

=item clear_authz_cookie()

The value of a Set-Cookie header that deletes the cookie.  Open streams continue
until their token expires.

=item cookie()

As a method only: the cookie that the calls of this request made, or undef.

=item set_authz_session($topics, %options)

Allow a session of your application to receive private updates of the topics, at
once and without another cookie.  The hub's C<MERCURE_SESSION_COOKIE> must name
the cookie that contains the session id.  Options: C<session>, C<lifetime>
(seconds; default: an hour), C<payload>, C<replace> (1: revoke earlier grants).
Several calls add topics.

A C<session> is its id, or an object with a method C<id>, such as those of
CGI::Session and PHP::Session:

    my $session = CGI::Session->new;
    my $hub     = Pushcgi->new(session => $session);
    $hub->set_authz_session('https://example.com/users/42');

or C<< { cookie => 'PHPSESSID' } >>, the cookie that the browser sent, with
C<header> if C<$ENV{HTTP_COOKIE}> is not the Cookie header.  A browser can send
any id: grant topics only after you have verified that the session belongs to the
visitor.

=item move_authz_session($old, $new)

Move the granted topics when the session id has changed, as it should after a
login.  (CGI::Session makes another id if it gets an empty one:
C<< CGI::Session->new($dsn, '', ...) >>.)

=item clear_authz_session($topics, session => $session)

Revoke the grant of the session for these topics, or for all.  Streams of a
session without topics end.

=item payload_callback(sub { ... })

Set a function that gets a list of topics and returns the payload of a visitor who
is allowed them, which the hub shows with the visitor's subscriptions.  A payload
that is an option of a call is merged over it.  Payloads need JSON::PP, which is
part of Perl since 5.14.

    my $hub = Pushcgi->new;
    $hub->payload_callback(sub { return { name => 'Alice' } });
    my $cookie = $hub->set_authz_cookie('https://example.com/chat');

=item subscriber_jwt($topics, %options)

An access token for a subscriber that cannot use the cookie.  Options: C<lifetime>
(seconds; 0: no end; default: an hour), C<payload>.

=item publisher_jwt($topics, lifetime => $seconds)

An access token for a publisher on another machine, by default for all topics and
without an end.

=back

=head2 Subscriptions

=over

=item get_subscriptions($topic)

The current subscriptions, to the topic or all: the document of the subscription
API, with the list in C<subscriptions>.

=item is_connected($topic, %members)

1 or 0: is a subscriber of the topic connected whose payload has these members?
Undef if the answer is not known.  Everybody may subscribe to any topic, without
receiving its private updates: if you do not store something because a visitor is
connected, require a member.

    my $there = mercure_is_connected('https://example.com/chat',
        name => 'Alice');

=item count($topic)

How many have the topic open: streams that ask for this topic itself, of anybody.
The hub counts the topics that its setting MERCURE_COUNTS lists.  Undef if the
number is not known.

    my $viewers = mercure_count('https://example.com/products/1');

=back

=head2 HTML::Template

As a method only, C<tmpl_params($topics, %options)> returns pairs for
C<< $template->param >>: C<MERCURE_SCRIPT>, which is script_tag();
C<MERCURE_URL>, which in HTML needs C<< <TMPL_VAR ESCAPE=HTML MERCURE_URL> >>;
and C<MERCURE_LINK> for the header.  The options are those of script_tag().
A value that cannot be made is empty.

    my $hub   = Pushcgi->new;
    my %param = $hub->tmpl_params('https://example.com/users/42',
        subscribe => 'https://example.com/users/42');
    print 'Set-Cookie: ', $hub->cookie, "\n";    # then $template->param(%param)

For the Template Toolkit use L<Template::Plugin::Pushcgi>, for HTML::Mason the
component F<pushcgi.mc>.

=head1 ENVIRONMENT

The environment is read when the module is loaded; the Perl variables can be set
at any time.

=over

=item PUSHCGI_PROGRAM

The program; default: C<pushcgi>, found in PATH.  Also C<$Pushcgi::PROGRAM>.

=item PUSHCGI_CONFIG

Its configuration file; default: the program's default.  Also
C<$Pushcgi::CONFIG>.  mod_perl does not pass its environment to programs: there,
put settings into this file.

=item PUSHCGI_SCRIPT_URL

URL of pushcgi.js.  Also C<$Pushcgi::SCRIPT_URL>.

=item PUSHCGI_TIMEOUT_S

The time limit of a call in seconds; default: 1.  Also C<$Pushcgi::TIMEOUT_S>.

=item PUSHCGI_STRICT

1: die after a failure.  Also C<$Pushcgi::STRICT>.

=back

=head1 SECURITY

The program is run without a shell, and tokens and session ids are passed by
standard input.  Therefore a script with taint checks (C<perl -T>) may pass text
of its visitors.  In this mode the program's name is validated: it must be a path
without C<..>, or a name, which is searched for in F</usr/local/bin>, F</usr/bin>
and F</bin> regardless of PATH.  The script decides which topics a visitor may
receive: never allow a topic because a request names it.

=head1 SEE ALSO

L<Plack::Middleware::Pushcgi>, L<Template::Plugin::Pushcgi>, pushcgi(1),
pushcgi.conf(5)

=cut
