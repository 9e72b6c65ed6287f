# SPDX-License-Identifier: MIT
# hostile.t - strangers ask for what costs most, and the site's updates arrive all the same.
#
# PUSHCGI_EXACTNESS=full: 1,000 streams at once, 100,000 updates to replay.
# PUSHCGI_HOSTILE_SEED=N: the random templates of an earlier run.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Siege;
use Templates;
use Test::More;

my ($crowd, $stored) = is_full() ? (1000, 100_000) : (250, 10_000);

# What they bring, whose numbers make it distinct.
my $headless = templates(\&Templates::headless);
my $of_the_site = templates(\&Templates::of_the_site);
my $cheap = templates(\&Templates::cheap_of_the_site);

# Streams that come and go, that stay, and that ask for all that there is.
my %come = (streams => 60, most => 100, hold => 0.3);
my %stay = (streams => $crowd, most => 100);
my %replay = (streams => 40, most => 100, hold => 2, headers => EARLIEST);

# [name, see withstand() in Siege.pm]
my @forms = (
	['distinct templates, again and again',
	    { %come, brings => $headless }],
	['distinct templates, with tokens', { %come, brings => $headless,
	    token => \&visitor_token }],
	['distinct templates, held', { %stay, brings => $headless }],
	['templates of every shape', { %come, most => 20,
	    brings => templates(\&Templates::any) }],
	["templates behind the site's prefix",
	    { %come, hold => 1, brings => $of_the_site }],
	["cheap ones behind the site's prefix", { %stay, brings => $cheap }],
	['requests of an instant', { %come, streams => 40, hold => 0.05,
	    brings => $headless }],
	['replays', { %replay, brings => $headless }, stored => $stored,
	    gap => 0.12],
	['replays of templates and *', { %replay,
	    brings => and_all(\&Templates::headless) }, stored => $stored,
	    gap => 0.12],
	["replays behind the site's prefix", { %replay,
	    brings => $of_the_site }, stored => $stored,
	    gap => 0.12],
	['long polls', { %come, hold => undef, headers => EARLIEST,
	    brings => by_polls($headless) }, stored => 2000],
	['* of many beside a storm', { %stay, streams => 2 * $crowd,
	    most => 1, rate => 2000, brings => sub { 'topic=*' } },
	    also => { %come, brings => templates(\&Templates::number) }],
	['exact topics of many', { %stay,
	    brings => templates(\&Templates::exact) }],
	['templates, and updates of many topics', { %come,
	    brings => $headless }, more => more_topics(20, 998)],
	["templates behind the site's prefix, and updates of many topics",
	    { %come, brings => $of_the_site }, more => more_topics(20, 998)],
);

note 'seed ', seed();
withstand(@$_) for @ARGV ? @forms[@ARGV] : @forms;

done_testing;
