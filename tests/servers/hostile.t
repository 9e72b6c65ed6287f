# SPDX-License-Identifier: MIT
# hostile.t - strangers ask for what costs most through web servers as shipped.
#
# PUSHCGI_EXACTNESS=full: 1,000 streams at once, 100,000 updates to replay.
# PUSHCGI_HOSTILE_SEED=N: the random templates of an earlier run.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use Siege;
use Templates;
use Test::More;

my ($crowd, $stored) = is_full() ? (1000, 100_000) : (120, 10_000);

# As many as a URL of 16 KiB has room for.
my $headless = templates(\&Templates::headless);
my %come = (streams => 60, most => 88, hold => 0.3, brings => $headless);

# [name, see withstand() in Siege.pm]
my @forms = (
	['again and again', { %come }],
	['held', { %come, streams => $crowd, hold => undef }],
	['of every shape', { %come, most => 20,
	    brings => templates(\&Templates::any) }],
	["behind the site's prefix", { %come,
	    brings => templates(\&Templates::of_the_site) }],
	['replays', { %come, streams => 40, hold => 2,
	    headers => EARLIEST }, stored => $stored],
	['long polls', { %come, hold => undef, headers => EARLIEST,
	    brings => by_polls($headless) }, stored => 2000],
);

note 'seed ', seed();
for my $server (qw(nginx lighttpd)) {
	for my $form (@ARGV ? @forms[@ARGV] : @forms) {
		my ($name, @what) = @$form;

		withstand("$server, $name", @what, through => $server);
	}
}

done_testing;
