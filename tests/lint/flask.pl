#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# flask.pl - all that flask-mercure-sse offers has a row in tests/FLASK.md, and each row a test.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

# What version 0.4.1 offers, by where it stands.
my @offered = (
	# functions, methods and what they take
	qw(MercureSSE() init_app() publish() mercure_publish() type=True
	    as_topic() __mercure_sse_topic__ __mercure_sse_data__ __mercure__
	    publish_signal() MercureSSE.publish_signal() marshaler callback
	    __mercure_publish__ hub_url() hub_base_url() subscriber_jwt
	    with_subscriptions authentified_hub_url() create_subscription_jwt()
	    create_jwt() payload_getter() payload set_authz_cookie() jwt secure
	    delete_authz_cookie() get_subscriptions() is_connected()),
	# in templates
	qw(mercure_hub_url mercure_authentified_hub_url mercure_subscriber_jwt
	    mercure_topic mercure_subscription_topic mercure_subscriptions),
	# configuration
	qw(MERCURE_HUB_URL MERCURE_PUBLIC_HUB_URL MERCURE_PUBLISHER_JWT
	    MERCURE_AUTHZ_COOKIE_NAME MERCURE_TYPE_IS_TOPIC
	    MERCURE_HUB_ALLOW_PUBLISH MERCURE_HUB_ALLOW_ANONYMOUS
	    MERCURE_HUB_SUBSCRIPTIONS MERCURE_HUB_KEEPALIVE_INTERVAL
	    MERCURE_HUB_RECONCILIATION_LENGTH MERCURE_SUBSCRIBER_SECRET_KEY
	    MERCURE_PUBLISHER_SECRET_KEY MERCURE_SUBSCRIBER_JWT_KEY
	    MERCURE_PUBLISHER_JWT_KEY MERCURE_HUB hub_blueprint),
	# commands
	'flask mercure gen-secret-key', 'flask mercure subscriber-jwt',
	'flask mercure publisher-jwt', 'flask mercure publish',
	'publish --hub', 'publish --jwt',
	'python -m flask_mercure_sse.server',
	qw(--host --port --publisher-secret --subscriber-secret
	    --allow-anonymous --cors-origins --subscriptions --debug),
);

my %seen;
for my $line (split /\n/, text('tests/FLASK.md')) {
	next if $line !~ /^\|/ || $line =~ /^\|(?: there |---)/;
	my ($there, $path, $words) = $line
	    =~ /^\| ([^|]+) \| [^|]+ \| (\S+) \| ([^|]+) \|$/;

	if (!defined $words) {
		complain("no row of four: $line");
		next;
	}
	$seen{$_} = 1 for $there =~ /`([^`]+)`/g;
	if (!grep { $_ eq "tests/$path" } files("tests/$path")) {
		complain("$there: there is no tests/$path");
	} elsif (index(text("tests/$path"), $words) < 0) {
		complain("$there: tests/$path does not say '$words'");
	}
}
for my $name (@offered) {
	complain("$name has no row") if !$seen{$name};
}
finish();
