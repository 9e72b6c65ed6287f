# SPDX-License-Identifier: MIT
# php.t - a PHP site with a login: php-cgi and PHP-FPM, lighttpd and Apache.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/../system/lib", "$Bin/lib";
use Hub;
use PushcgiTest;
use Servers;
use Test::More;

my $topic = 'https://example.com/private';
my @topics = ("$topic/one", "$topic/two", 'marker');

sub page {
	my ($server, $query, $cookie) = @_;
	my $page = $server->request('GET', "/app/login.php?$query", undef,
	    cookie => $cookie);

	is $page->status, 200, "$query: the page" or diag $page->body;
	return $page;
}

# The cookies an answer sets, name => value; how often each.
sub cookies {
	my ($page) = @_;
	my (%value, %times);

	for (@{ $page->{headers}{'set-cookie'} || [] }) {
		/^(\w+)=([^;]*)/ or next;
		$value{$1} = $2;
		$times{$1}++;
	}
	return (\%value, \%times);
}

# One private update for each widget, then a public one that all get.
sub all_published {
	my ($hub) = @_;

	for (['--private', $topics[0], '1'], ['--private', $topics[1], '2'],
	    ['marker', 'end']) {
		my ($status, undef, $err) = $hub->helper(['publish', @$_]);
		die $err if $status;
	}
}

sub by_cookie {
	my ($server, $hub) = @_;
	my ($value, $times) = cookies(page($server, 'do=login&by=cookie'));

	is $times->{mercureAuthorization}, 1, 'two widgets, one cookie';
	my $stream = $server->stream(topic => \@topics,
	    cookie => "mercureAuthorization=$value->{mercureAuthorization}");
	my $stranger = $server->stream(topic => \@topics);
	all_published($hub);
	is_deeply $stream->data_until('end'), [1, 2], 'by cookie: both';
	is_deeply $stranger->data_until('end'), [], 'without: none';

	my $out = page($server, 'do=logout',
	    "PHPSESSID=$value->{PHPSESSID}");
	like $out->body, qr/>out</, 'logged out';
	($value) = cookies($out);
	is $value->{mercureAuthorization}, '', 'the cookie is taken away';
	like $out->header('Link'), qr{^<http://[^>]*>; rel="mercure"},
	    'a Link header leads to the hub';
	$_->hang_up for $stream, $stranger;
}

# What the session allows ends with it, also for streams that are open.
sub by_session {
	my ($server, $hub) = @_;
	my ($value, $times) = cookies(page($server, 'do=login&by=session'));
	my %by = (cookie => "PHPSESSID=$value->{PHPSESSID}");

	ok !exists $times->{mercureAuthorization}, 'no cookie of the hub\'s';
	my $stream = $server->stream(topic => \@topics, cursor => 1, %by);
	my $cursor = $stream->next_cursor;
	all_published($hub);
	is_deeply $stream->data_until('end'), [1, 2], 'by session: both';

	($value) = cookies(page($server, 'do=regenerate', $by{cookie}));
	$stream->finished;
	pass 'another id for the session: the stream of the old one ends';
	$stream = $server->stream(topic => \@topics, %by,
	    last_event_id => $cursor);
	is_deeply $stream->data_until('end'), [],
	    'which allows nothing any more';
	$stream->hang_up;
	$by{cookie} = "PHPSESSID=$value->{PHPSESSID}";
	$stream = $server->stream(topic => \@topics, %by,
	    last_event_id => $cursor);
	is_deeply $stream->data_until('end'), [1, 2], 'the new one does';

	page($server, 'do=logout', $by{cookie});
	$stream->finished;
	pass 'logged out: the stream ends';
	$stream = $server->stream(topic => \@topics, %by,
	    last_event_id => $cursor);
	is_deeply $stream->data_until('end'), [], 'and the next gets none';
	$stream->hang_up;
}

# The page reads its state before it tells the URL.
sub between_page_and_stream {
	my ($server, $hub) = @_;
	my ($url) = page($server, 'do=show')->body =~ m{id="url">([^<]*)<};
	my ($position) = $url =~ /lastEventID=([^&]*)/;

	$hub->helper(['publish', 'marker', 'in between']);
	my $stream = $server->stream(topic => 'marker', query =>
	    [lastEventID => $position =~ s/%(..)/chr hex $1/ger]);
	is $stream->next_event->{data}, 'in between',
	    'nothing is lost between the page and its stream';
	$stream->hang_up;
}

sub later {
	my ($server, $hub, $is_fpm) = @_;
	my $stream = $server->stream(topic => \@topics, token =>
	    Token::subscriber());
	my $run = "$server->{dir}/run";

	page($server, 'do=later');
	is $stream->next_event->{data}, $_, "after the response: $_"
	    for 'later', 'too';
	if ($is_fpm) {
		spew("$run/slowly", "#!/bin/sh\nuntil [ -e '$run/go' ]; do "
		    . "sleep 0.05; done\nexec '$server->{dir}/pushcgi' "
		    . "\"\$@\"\n", 0755);
		is page($server, 'do=later&slowly')->body, "done\n",
		    'PHP-FPM: the visitor does not wait for it';
		ok !-e "$run/go", 'since it has not begun';
		spew("$run/go", '');
		is $stream->next_event->{data}, 'later', 'and then it does';
	}
	$stream->hang_up;
}

# [name, function of Servers and its options, does the hub stand by itself]
for my $row (['lighttpd and php-cgi', ['lighttpd'], 1],
    ['lighttpd and PHP-FPM', ['lighttpd', fpm => 1], 1],
    ['Apache and php-cgi', ['apache'], 0],
    ['Apache and PHP-FPM', ['apache_proxy', fpm => 1], 1]) {
	my ($name, $how, $stands) = @$row;
	my ($function, @options) = @$how;

	subtest $name => sub {
		my $hub = Servers::hub_for_server(config => {
		    MERCURE_SESSION_COOKIE => 'PHPSESSID' });
		$hub->start if $stands;
		my $server = Servers->$function(hub => $hub, @options);

		by_cookie($server, $hub);
		by_session($server, $hub);
		between_page_and_stream($server, $hub);
		later($server, $hub, scalar(@options));
		$server->stop;
		$hub->stop if $stands;
	};
}

done_testing;
