# SPDX-License-Identifier: MIT
# takeover.t - hubs are replaced behind web servers, and browsers get nothing but 200.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use Hub;
use PushcgiTest;
use Servers;
use Test::More;
use Visitors;

use constant VISITORS => 10;

sub publisher {
	my ($hub) = @_;

	return sub {
		my ($status, undef, $err) = $hub->helper(['publish', 'a', @_]);
		die "publish: $err" if $status;
	};
}

sub visitors {
	my ($server) = @_;

	return Visitors->new(n => VISITORS, ask => sub { $server->send_request(
	    'GET', Hub::URL_PATH . '?topic=a', undef, @_) });
}

# Let it end while updates go on, and start it again.
sub replace {
	my ($hub, $visitors, $publish, @how) = @_;

	kill 'TERM', $hub->{pid};
	$visitors->look_until('it has ended', $publish,
	    sub { defined process_ended($hub->{pid}) });
	# The socket answers before it does.
	my $starts = starts($hub);
	$hub->start(@how);
	$visitors->look_until('it serves again', $publish,
	    sub { starts($hub) > $starts });
}

sub starts {
	my ($hub) = @_;

	return 0 unless -e $hub->{log};
	return scalar(() = $hub->log_text =~ /\bserving\b/g);
}

# A socket that outlives its hub, as systemd holds it.
for my $name (qw(nginx lighttpd apache_proxy)) {
	my $hub = Servers::hub_for_server();
	my ($path) = $hub->{address} =~ /^unix:(.*)/;

	$hub->{listener} = $hub->listener;
	chmod 0666, $path;
	$hub->start(how => 'systemd');
	wait_until('it serves', sub { starts($hub) });
	my $server = Servers->$name(hub => $hub);
	my $publish = publisher($hub);
	my $visitors = visitors($server);

	replace($hub, $visitors, $publish, how => 'systemd') for 1 .. 3;
	$visitors->all_is_well("$name, one socket", $publish);
	$server->stop;
}

# Two sockets, for which nothing but nginx is needed.
my $hub = Servers::hub_for_server();
my $second = Hub->new(queue_of => $hub, config => $hub->{config},
    shared_with => $> == 0 ? Servers::WEB_USER : undef);
$_->start for $hub, $second;
my $server = Servers->nginx(hub => $hub, hubs => [$hub, $second]);
my $publish = publisher($hub);
my $visitors = visitors($server);
for (1 .. 2) {
	replace($_, $visitors, $publish) for $hub, $second;
}
$visitors->all_is_well('nginx, two sockets', $publish);

done_testing;
