# SPDX-License-Identifier: MIT
# Templates.pm - the topic parameters that strangers bring: costly, random, many.
package Templates;

use strict;
use warnings;

# The beginning of the site's own topics and of some templates.
use constant SITE => 'https://example.com/site/';

# Only what a query string cannot have, and `?`, for which lighttpd says 404: as
# short a request as possible.
sub encode {
	my ($text) = @_;

	$text =~ s/([^A-Za-z0-9._~{},;\/:=!*()@\$-])/sprintf '%%%02X', ord $1/ge;
	return $text;
}

# The query of a request for these, which are encoded.
sub query { return join '&', map { "topic=$_" } @_ }

# Distinct ones without a literal before the first brace: tried on every topic.
my $costly = encode('{?vN,a,a,a,a,a}{+a,a,a,a,a}{;a,a,a}.{.a}'
    . '{;a,a,a,a,a,a,a,a,a,a,a,a,a}{.a}');

sub headless {
	my ($n) = @_;

	(my $text = $costly) =~ s/N/$n/;
	return $text;
}

# The shortest ones: the most of them for what they send.
sub shortest { return sprintf '{%x}', $_[0] }

# Costly ones behind the site's own prefix.
my $site = encode(SITE . '{a}{?vN,a,a,a,a,a}{+a,a,a,a,a}{;a,a,a}{.a}');

sub of_the_site {
	my ($n) = @_;

	(my $text = $site) =~ s/N/$n/;
	return $text;
}

# The longest prefix that a cheap pattern can share with a topic of the site.
sub cheap_of_the_site { return encode(SITE . "{x$_[0]}") }

sub exact { return encode(SITE . "nobody/$_[0]") }

# The shortest exact topic.
sub number { return $_[0] }

# Exact topics, a hundred of which make a request of 16 KB.
sub long_exact { return encode(sprintf '%s%0130d', SITE, $_[0]) }

my @literals = ('a' .. 'z', '/', '.', '-', '~', ':', '=', '&', '!', '$', '(',
    ')', '*', '+', ',', ';', '@', '[', ']', '_', '#', '?', '%41', '%2f',
    '%E2%82%AC', "\xc3\xa9", "\xe2\x82\xac", SITE, 'https://');
my @names = ('a', 'b', 'x1', 'a.b', '_', '%41', 'name', 'a.b.c', '0');

sub one_of { return $_[rand @_] }

sub variable {
	my $modifier = rand;

	return one_of(@names) . ($modifier < 0.2 ? '*'
	    : $modifier < 0.4 ? ':' . (1 + int rand 9999) : '');
}

sub expression {
	my ($most) = @_;

	return '{' . one_of('', '+', '#', '.', '/', ';', '?', '&')
	    . join(',', map { variable() } 1 .. 1 + rand $most) . '}';
}

# Any that RFC 6570's grammar allows, by rand(): mostly small ones, but up to
# the longest that hubs take and more variables than they do.
sub any {
	my $length = one_of((20) x 4, (80) x 4, 400, 4096);
	my $variables = one_of(1, 1, 3, 10, 60);
	my $text = rand() < 0.5 ? '' : one_of(SITE, 'https://example.com/');

	while (1) {
		my $more = rand() < 0.5 ? expression($variables)
		    : join '', map { one_of(@literals) } 1 .. 1 + rand 12;

		last if length("$text$more") > $length;
		$text .= $more;
	}
	return encode($text . (length $text ? '' : '{a}'));
}

1;
