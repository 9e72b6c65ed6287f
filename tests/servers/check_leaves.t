# SPDX-License-Identifier: MIT
# check_leaves.t - what pushcgi check leaves behind: no streams, and a line of the log that names it.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use FrontEnds;
use Hub;
use PushcgiTest;
use Test::More;

# The keep-alive comes after the test's end: only check itself can end them.
my $front = FrontEnds::start('apache-mod_proxy_fcgi',
    MERCURE_HUB_KEEPALIVE_INTERVAL => 600,
    MERCURE_HUB_SUBSCRIPTIONS => 'true');
my $hub = $front->{hub};
my $url = "http://127.0.0.1:$front->{server}{port}" . Hub::URL_PATH;
my ($exit, $out, $err) = $hub->helper(['check', '--quick', $url]);

is $exit, 0, 'all is well' or diag "$out$err";
wait_until('no stream is left', sub {
	!grep { $_ > 0 } $front->requests_open;
});
pass 'no stream is left';
my @refused = $hub->log_text =~ /token refused.*/g;
isnt scalar(@refused), 0, 'the token of check is logged';
is scalar(grep { !/pushcgi check/ } @refused), 0, 'as what it is'
    or diag join "\n", @refused;
$front->stop;

done_testing;
