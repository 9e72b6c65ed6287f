# SPDX-License-Identifier: MIT
# FrontEnds.pm - the seven ways to put a hub behind a web server.
package FrontEnds;

use strict;
use warnings;
use Certificate;
use Hub;
use PushcgiTest;
use Servers;

# Each has the name of its snippet.  how => the function of Servers and its
# options; stands => the hub runs by itself; cgi => one process a request;
# reload => the signal that makes the server read its configuration again.
my @all = (
	{ name => 'apache-cgi', how => ['apache_cgi'], cgi => 1,
	    reload => 'USR1' },
	{ name => 'apache-mod_fcgid', how => ['apache'], reload => 'USR1' },
	{ name => 'apache-mod_proxy_fcgi', how => ['apache_proxy'],
	    stands => 1, reload => 'USR1' },
	{ name => 'lighttpd-cgi', how => ['lighttpd', cgi => 1], cgi => 1,
	    reload => 'USR1' },
	{ name => 'lighttpd-spawned', how => ['lighttpd', spawned => 1],
	    reload => 'USR1' },
	{ name => 'lighttpd-standing', how => ['lighttpd'], stands => 1,
	    reload => 'USR1' },
	{ name => 'nginx', how => ['nginx'], stands => 1, reload => 'HUP' },
);

sub names { return map { $_->{name} } @all }

# Start one, by HTTP and by HTTPS; settings are the hub's beyond the usual.
sub start {
	my ($name, %settings) = @_;

	return start_edited($name, undef, %settings);
}

# The same with a configuration that was changed; see Servers::edited().
sub start_edited {
	my ($name, $edit, %settings) = @_;
	my ($row) = grep { $_->{name} eq $name } @all;
	my $self = bless { %$row }, __PACKAGE__;
	my ($function, @options) = @{ $self->{how} };

	$self->{hub} = Servers::hub_for_server(config => \%settings);
	$self->{hub}->start if $self->{stands};
	$self->{server} = Servers->$function(hub => $self->{hub}, @options,
	    edit => $edit, tls => Certificate::of_this_machine());
	return $self;
}

# The hub's processes: pids.
sub hubs {
	my ($self) = @_;

	return $self->{stands} ? $self->{hub}{pid}
	    : $self->{server}->spawned_hubs;
}

# How many requests they are at: a connection from the web server each, or a
# whole process.
sub requests_open {
	my ($self) = @_;
	my @hubs = $self->hubs;
	my $open = 0;

	return scalar @hubs if $self->{cgi};
	# The kernel's table of Unix sockets: its sixth column says 03 for a
	# connected one, the seventh is the inode.
	my %connected = map { $_ => 1 } slurp('/proc/net/unix')
	    =~ /^(?:\S+ +){5}03 +(\d+)/mg;
	for my $fd (map { glob "/proc/$_/fd/*" } @hubs) {
		my ($inode) = (readlink($fd) || '') =~ /^socket:\[(\d+)\]/;
		$open++ if defined $inode && $connected{$inode};
	}
	return $open;
}

# Make the server read its configuration again.  Returns a function that says
# whether it has: its processes are new ones, or else the hubs it had started.
sub reload {
	my ($self) = @_;
	my $server = $self->{server};
	my $of = $self->{stands} || $self->{cgi}
	    ? sub { $server->workers } : sub { $server->spawned_hubs };
	my %old = map { $_ => 1 } $of->();

	kill $self->{reload}, $server->{pid};
	return sub {
		my @now = $of->();
		return $self->{stands} || $self->{cgi}
		    ? grep { !$old{$_} } @now : !grep { $old{$_} } @now;
	};
}

sub stop {
	my ($self) = @_;

	$self->{server}->stop;
	$self->{hub}->stop if $self->{stands};
}

1;
