# SPDX-License-Identifier: MIT
# Hub.pm - starts and stops a responder, and speaks to it as a web server does.
package Hub;

use strict;
use warnings;
use FcgiClient;
use IO::Socket::UNIX;
use PushcgiTest;
use Socket qw(SOCK_STREAM);
use Token;

use constant URL_PATH => '/.well-known/mercure';

# What every test's configuration has, unless it says otherwise.
my %defaults = (
	MERCURE_PUBLISHER_SECRET_KEY => Token::PUBLISHER_KEY,
	MERCURE_SUBSCRIBER_SECRET_KEY => Token::SUBSCRIBER_KEY,
	MERCURE_HUB_ALLOW_PUBLISH => 'true',
	MERCURE_PRESENCE_DELAY => 0,
	MERCURE_PRESENCE_RATE => 0,
);
my $count = 0;

# Make the files of a hub without starting it.  config => {...};
# queue_of => another hub, to share its database; shared_with => a user whose
# group may use all of it.
sub new {
	my ($class, %o) = @_;
	my $self = bless { dir => temp_dir(), number => ++$count,
	    options => \%o }, $class;

	mkdir "$self->{dir}/data" or die "data: $!\n";
	if ($o{shared_with}) {
		$self->{gid} = (getpwnam $o{shared_with})[3];
		$self->{group} = getgrgid $self->{gid};
		chown -1, $self->{gid}, "$self->{dir}/data";
	}
	chmod 02770, "$self->{dir}/data";
	$self->{config_path} = "$self->{dir}/pushcgi.conf";
	$self->{log} = "$self->{dir}/hub.log";
	$self->{queue} = $o{queue_of} ? $o{queue_of}{queue}
	    : "$self->{dir}/data/queue.db";
	$self->{address} = $o{tcp} ? 'tcp:127.0.0.1:' . free_port()
	    : "unix:$self->{dir}/hub.sock";
	$self->configure(%{ $o{config} || {} });
	watch_log($self->{log}, "log of hub $self->{number}");
	return $self;
}

# Write the configuration file: the settings so far with these on top; an
# undefined value takes a setting out.
sub configure {
	my ($self, %settings) = @_;

	$self->{config} = { %defaults,
	    MERCURE_TRANSPORT_URL => "sqlite://$self->{queue}",
	    %{ $self->{config} || {} }, %settings };
	my $c = $self->{config};
	spew($self->{config_path}, join('', map { "$_ = $c->{$_}\n" }
	    grep { defined $c->{$_} } sort keys %$c), 0600);
	if ($self->{group}) {
		chown -1, $self->{gid}, $self->{config_path};
		chmod 0640, $self->{config_path};
	}
}

# Start it and wait until it accepts.  Options of spawn() and `how`: listen
# (default), stdin (the socket is descriptor 0), systemd; prefix => the words
# of a program that starts it.
sub start {
	my ($class, %o) = @_;
	my $self = ref $class ? $class : $class->new(%o);
	my $how = $o{how} || 'listen';
	my @command = (@{ $o{prefix} || [] }, program('pushcgi.fcgi'),
	    '--config', $self->{config_path}, @{ $o{args} || [] });
	my %spawn = (name => "hub $self->{number}", must_exit => 1,
	    stderr => $self->{log}, env => { %{ $o{env} || {} } });

	if ($how eq 'listen') {
		push @command, '--listen', $self->{address};
		push @command, '--listen-group', $self->{group}
		    if $self->{group};
	} else {
		$self->{listener} ||= $self->listener;
		$spawn{listener} = $self->{listener};
		$spawn{listener_fd} = $how eq 'stdin' ? 0 : 3;
		$spawn{env}{LISTEN_FDS} = 1 if $how eq 'systemd';
	}
	$self->{pid} = spawn(%spawn, command => \@command);
	wait_until("hub $self->{number} answers", sub {
		die "hub $self->{number} did not start:\n" . slurp($self->{log})
		    if defined process_ended($self->{pid});
		FcgiClient::dial($self->{address});
	});
	return $self;
}

sub listener {
	my ($self) = @_;

	my ($path) = $self->{address} =~ /^unix:(.*)/;
	return IO::Socket::UNIX->new(Local => $path, Listen => 128,
	    Type => SOCK_STREAM) || die "$path: $!\n";
}

# End it; returns the wait status.
sub stop {
	my ($self, $signal) = @_;

	return process_end($self->{pid}, $signal || 'TERM');
}

sub reload { kill 'HUP', $_[0]{pid} }
sub log_text { return slurp($_[0]{log}) }

sub encode {
	my ($text) = @_;

	$text =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ge;
	return $text;
}

# name => value or [values], in the order given; undef is left out.
sub form {
	my @fields;

	while (my ($name, $value) = splice @_, 0, 2) {
		push @fields, map { encode($name) . '=' . encode($_) }
		    grep { defined } ref $value ? @$value : $value;
	}
	return join '&', @fields;
}

# The parameters of a request, as web servers write them.  peer => the address
# of who asks, '' for none; by default one that no limit is for unless it is set.
sub params {
	my ($method, $uri, $body, %o) = @_;
	my ($path, $query) = split /\?/, $uri, 2;
	my %headers = (Host => 'hub.example', %{ $o{headers} || {} });

	$headers{Authorization} = "Bearer $o{token}" if defined $o{token};
	$headers{Cookie} = "mercureAuthorization=$o{cookie}"
	    if defined $o{cookie};
	$headers{'Last-Event-ID'} = $o{last_event_id}
	    if defined $o{last_event_id};
	my @params = (GATEWAY_INTERFACE => 'CGI/1.1',
	    SERVER_PROTOCOL => 'HTTP/1.1', SERVER_SOFTWARE => 'test',
	    SERVER_NAME => 'hub.example', SERVER_PORT => 80,
	    REMOTE_ADDR => $o{peer} // '127.0.0.1', REQUEST_SCHEME => 'http',
	    REQUEST_METHOD => $method, REQUEST_URI => $uri,
	    SCRIPT_NAME => defined $path ? $path : '',
	    QUERY_STRING => defined $query ? $query : '');
	push @params, CONTENT_TYPE => $o{content_type}
	    // 'application/x-www-form-urlencoded' if defined $body;
	push @params, CONTENT_LENGTH => defined $body ? length $body : 0;
	for my $name (sort grep { defined $headers{$_} } keys %headers) {
		(my $key = uc "HTTP_$name") =~ tr/-/_/;
		push @params, $key => $headers{$name};
	}
	return [@params, @{ $o{params} || [] }];
}

# Send a request and return its answer, to be waited for.  Options: token,
# cookie, last_event_id, headers, peer, content_type, params, id, keep.
sub send_request {
	my ($self, $method, $uri, $body, %o) = @_;
	my $client = FcgiClient->new(address => $self->{address},
	    id => $o{id}, receive_buffer => $o{receive_buffer});

	$client->send_bytes(FcgiClient::request_bytes(
	    params => params($method, $uri, $body, %o), stdin => $body,
	    id => $o{id}, keep => $o{keep}));
	return $client;
}

# The same for an answer that ends; waits for its end.
sub request {
	my $self = shift;

	return $self->send_request(@_)->finished;
}

# Publish by HTTP; fields by name, the rest as for send_request().
my %publish_field = map { $_ => 1 } qw(topic data private id type retry);

sub publish {
	my ($self, @pairs) = @_;
	my (@fields, %o);

	while (my ($name, $value) = splice @pairs, 0, 2) {
		if ($publish_field{$name}) {
			push @fields, $name, $value;
		} else {
			$o{$name} = $value;
		}
	}
	$o{token} = Token::publisher() unless exists $o{token};
	my $body = exists $o{body} ? delete $o{body} : form(@fields);
	my $query = exists $o{query} ? '?' . form(@{ delete $o{query} }) : '';
	return $self->request('POST', URL_PATH . $query, $body, %o);
}

# Publish, insist on success, return the id.
sub publish_ok {
	my ($self, @pairs) = @_;
	my $answer = $self->publish(@pairs);

	die "publish: $answer->{status} $answer->{body}\n"
	    unless ($answer->status || 0) == 200;
	return $answer->body;
}

# Ask for a stream: topic => text or [texts], query => [more pairs].
sub subscribe {
	my ($self, %o) = @_;
	my $query = form(topic => $o{topic}, @{ $o{query} || [] });

	return $self->send_request('GET', URL_PATH . "?$query", undef, %o);
}

# The same, and wait until it is open.
sub stream {
	my ($self, %o) = @_;

	return $self->subscribe(%o)->opened(cursor => $o{cursor});
}

# Run the helper program: (exit status, stdout, stderr).
sub helper {
	my ($self, $args, %o) = @_;
	my ($status, $out, $err) = run([program('pushcgi'), '--config',
	    $self->{config_path}, @$args], %o);

	return ($status >> 8 || $status, $out, $err);
}

1;
