# SPDX-License-Identifier: MIT
# curl.t - curl publishes and subscribes behind lighttpd.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use ClientSite;
use PushcgiTest;
use SseReader;
use Test::More;
use Token;

my $site = client_site();
my $dir = temp_dir();
my %token = (publish => Token::publisher(undef, key => ClientSite::KEY),
    subscribe => Token::subscriber(undef, key => ClientSite::KEY));
my $count = 0;

# The common options: no configuration of the user's, no progress.
sub curl { return ('curl', '--disable', '--silent', '--show-error', @_) }

# Publish; returns (exit status, id or sentence).
sub publish {
	my ($status, $out) = run([curl(@_, $site->{url})]);

	return ($status >> 8, $out);
}

# Subscribe until the end of the test; returns the file with what came.
sub subscribe {
	my (@options) = @_;
	my $file = "$dir/stream" . $count++;

	spawn(command => [curl('--no-buffer', '--get', @options,
	    $site->{url})], stdout => $file);
	wait_until('the stream is open', sub { -e $file && -s _ });
	return $file;
}

# What a stream has received once the marker has come.
sub received {
	my ($file) = @_;
	my $reader = SseReader->new;
	my $seen = 0;

	wait_until('the marker has come', sub {
		my $text = slurp($file);
		$reader->feed(substr $text, $seen);
		$seen = length $text;
		return grep { ($_->{data} // '') eq 'end' }
		    @{ $reader->items };
	});
	is join('; ', $reader->problems), '', 'a clean stream';
	return [ map { $_->{data} } grep { $_->{kind} eq 'event'
	    && $_->{data} ne 'end' } @{ $reader->items } ];
}

my $bearer = "Authorization: Bearer $token{publish}";
my @all = ('--data-urlencode', 'topic=https://example.com/a');
my $public = subscribe(@all);
my $header = subscribe(@all, '--header',
    "Authorization: Bearer $token{subscribe}");
my $cookie = subscribe(@all, '--cookie',
    "mercureAuthorization=$token{subscribe}");
my $query = subscribe(@all, '--data-urlencode',
    "authorization=$token{subscribe}");

my ($exit, $id) = publish('--header', $bearer, @all, '--data', 'data=one');
is $exit, 0, 'publish with a header';
like $id, qr/^urn:uuid:/, 'it prints the id';
($exit, my $private) = publish('--oauth2-bearer', $token{publish}, @all,
    '--data', 'private=on', '--data-urlencode', "data=two\n& three");
is $exit, 0, 'publish with a token option';
like $private, qr/^urn:uuid:/, 'that is private';
($exit) = publish('--cookie', "mercureAuthorization=$token{publish}",
    '--header', "Referer: http://127.0.0.1:$site->{port}/x", @all,
    '--data', 'data=four');
is $exit, 0, 'publish with a cookie and a Referer';
($exit, my $sentence) = publish('--fail-with-body', @all);
is $exit, 22, 'publish without a token fails';
like $sentence, qr/^Publishing needs an access token/, 'and says why';
publish('--header', $bearer, @all, '--data', 'data=end');

is_deeply received($public), ['one', 'four'], 'subscribe to public updates';
is_deeply received($_->[0]), ['one', "two\n& three", 'four'],
    "subscribe with a $_->[1]" for [$header, 'header'], [$cookie, 'cookie'],
    [$query, 'query parameter'];

my $second = subscribe(@all, '--http2-prior-knowledge', '--header',
    "Last-Event-ID: $id");
is_deeply received($second), ['four'], 'subscribe over HTTP/2';
my $resumed = subscribe(@all, '--header', "Last-Event-ID: $id");
is_deeply received($resumed), ['four'], 'subscribe after an id';
my $earliest = subscribe(@all, '--data', 'lastEventID=earliest');
is_deeply received($earliest), ['one', 'four'], 'subscribe from the earliest';

done_testing;
