# SPDX-License-Identifier: MIT
# calls.pl - a CGI page that makes BENCH_CALLS of four calls, for bench.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../../templates/perl";
use Pushcgi;

# A page, not a script of the command line.
@ENV{qw(REQUEST_METHOD HTTPS)} = qw(GET on);
my $topic = 'https://example.com/users/42';
my $hub = Pushcgi->new;
my @calls = (sub { $hub->hub_url($topic) }, sub { $hub->last_event_id },
    sub { $hub->set_authz_cookie($topic) },
    sub { $hub->subscriber_jwt($topic) });

$Pushcgi::TIMEOUT_S = 60;
for my $call (@calls[0 .. $ENV{BENCH_CALLS} - 1]) {
	exit 1 if !defined $call->();
}
