#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# tables.pl - each row of a table that names a test is true of that test.
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

# The documents with a table: how a row reads (what, file, words), where its
# file is, how the words must begin, and what must have a row.  Other lines of
# the document that look like a row are complained about.
my @documents = (
	{
		path => 'tests/TRAPS.md',
		like => qr/^\|(?! trap \||[-|]+$)/,
		row => qr/^\| ([^|]+) \| (\S+\.\w+) \| ([^|]+) \|$/,
		below => 'tests',
	}, {
		path => 'tests/MUSEUM.md',
		like => qr/^\| *\d/,
		row => qr/^\| (\d+) \|(?: [^|]+ \|){2} (\S+) \| ([^|]+) \|$/,
		below => 'tests',
		words => sub { qr/^museum[ _]$_[0]\b/ },
		once => 1,
		wanted => [1 .. 32],
	}, {
		path => 'tests/FLASK.md',
		like => qr/^\|(?! there |---)/,
		row => qr/^\| ([^|]+) \| [^|]+ \| (\S+) \| ([^|]+) \|$/,
		below => 'tests',
		names => sub { $_[0] =~ /`([^`]+)`/g },
		wanted => \@offered,
	}, {
		path => 'templates/js/README.md',
		like => qr/\.test\.js/,
		row => qr/^\| ([^|]+) \| [^|]+ \| (\S+\.test\.js): ([^|]+) \|$/,
		below => 'tests/browser',
	},
);

sub check_row {
	my ($d, $what, $path, $words) = @_;
	complain("$d->{path}: $what: the words are not its own: $words")
	    if $d->{words} && $words !~ $d->{words}->($what);
	if (!grep { $_ eq $path } files($path)) {
		complain("$d->{path}: $what: there is no $path");
	} elsif (index(text($path), $words) < 0) {
		complain("$d->{path}: $what: $path does not say '$words'");
	}
}

sub check_document {
	my ($d) = @_;
	my (%seen, $rows);
	for my $line (grep { $_ =~ $d->{like} } split /\n/, text($d->{path})) {
		my ($what, $path, $words) = $line =~ $d->{row};

		$rows++;
		if (!defined $words) {
			complain("$d->{path}: no file and words: $line");
			next;
		}
		complain("$d->{path}: $what has two rows")
		    if $seen{$what}++ && $d->{once};
		$seen{$_} = 1 for $d->{names} ? $d->{names}->($what) : ();
		check_row($d, $what, "$d->{below}/$path", $words);
	}
	complain("$d->{path}: no rows found") if !$rows;
	for my $name (@{ $d->{wanted} // [] }) {
		complain("$d->{path}: $name has no row") if !$seen{$name};
	}
}

# Each threat of DESIGN.md names tests, without words.
sub check_threats {
	my ($threats) = text('DESIGN.md') =~ /^## Threats\n(.*?)^## /ms;
	my @rows = grep { /^\|/ && !/^\|[-|]+$/ && !/\| shown by \|$/ }
	    split /\n/, $threats // '';
	for my $row (@rows) {
		my ($tests) = $row =~ /\| ([^|]+) \|$/;
		my @paths = split /, /, $tests // '';

		complain("no test: $row") if !grep { m{^[\w/]+\.\w+$} } @paths;
		for my $path (@paths) {
			complain("threats: there is no tests/$path")
			    if !grep { $_ eq "tests/$path" } files("tests/$path");
		}
	}
	complain('no threats found') if !@rows;
}

# The other way round: what pushcgi.js is tested for has a row.
sub check_behaviours {
	for my $line (map { split /\n/, text($_) }
	    files('tests/browser/behaviours.test.js')) {
		my ($words) = $line =~ /^\t(?:row|it)\(["`]([^"`\$]+\w)/;

		complain("no row for the test '$words'") if defined $words
		    && index(text('templates/js/README.md'), $words) < 0;
	}
}

# Checks a document, and complains where it is not there.
sub with {
	my ($path, $check, @arguments) = @_;
	return $check->(@arguments) if -f source() . "/$path";
	complain("there is no $path");
}

with($_->{path}, \&check_document, $_) for @documents;
with('DESIGN.md', \&check_threats);
with('templates/js/README.md', \&check_behaviours);
finish();
