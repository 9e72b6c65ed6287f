# SPDX-License-Identifier: MIT
# session_several.t - several applications on one host, each with its session.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use Hub;
use PhpPage;
use PushcgiTest;
use Test::More;

my $hub = Hub->start(config => { MERCURE_SESSION_COOKIE => 'SHOP FORUM' });
my ($ids, $end) = (0, 0);

sub new_id { return sprintf 'k3s0v2q9b1m8%014d', ++$ids }

sub session {
	my ($id, @arguments) = @_;
	my ($exit, $out, $err) = $hub->helper(['session', @arguments],
	    input => "$id\n");

	is $exit, 0, "session @arguments" or diag $err;
}

sub stream {
	my ($cookies, @topics) = @_;

	return $hub->stream(topic => [@topics, 'end'],
	    headers => { Cookie => $cookies });
}

# What a stream gets of private updates to these topics, published now.
sub gets {
	my ($stream, @topics) = @_;
	my $mark = 'end' . ++$end;

	$hub->publish_ok(topic => $_, data => "$_ $mark", private => 'on')
	    for @topics;
	$hub->publish_ok(topic => 'end', data => $mark);
	return [map { s/ $mark\z//r } grep { / $mark\z/ }
	    @{ $stream->data_until($mark) }];
}

my ($shop, $forum) = (new_id(), new_id());
my $both = "SHOP=$shop; FORUM=$forum";

session($shop, 'grant', 'cart', 'news/{id}');
session($forum, 'grant', 'post', 'news/7');

# [name, cookies, topics asked for, what arrives]
for my $row (['the first application', $both, ['cart'], ['cart']],
    ['the second one', $both, ['post'], ['post']],
    ['whatever the order of the cookies', "FORUM=$forum; SHOP=$shop",
	['post'], ['post']],
    ['one cookie only', "FORUM=$forum", ['post', 'cart'], ['post']],
    ['a topic of both: the first of the setting', $both, ['news/7'],
	['news/7']],
    ['rights are not added up', $both, ['cart', 'post'], ['cart']],
    ['a template', $both, ['po{rest}'], ['post']],
    ['everything: the first of the setting', $both, ['*'],
	['cart', 'news/7']],
    ['no session id', "SHOP=x; FORUM=$forum", ['post'], ['post']],
    ['a stranger\'s first one', "SHOP=@{[ new_id() ]}; FORUM=$forum",
	['post'], ['post']],
    ['of one name the first counts', "FORUM=@{[ new_id() ]}; FORUM=$forum",
	['post'], []],
    ['another cookie', "OTHER=$forum", ['post'], []]) {
	my ($name, $cookies, $topics, $want) = @$row;

	is_deeply gets(stream($cookies, @$topics), 'cart', 'post', 'news/7'),
	    $want, $name;
}

# A page that is open before its application grants anything.
for my $row (['the first', 0], ['the second', 1]) {
	my ($name, $which) = @$row;
	my @new = (new_id(), new_id());
	my $cookies = "SHOP=$new[0]; FORUM=$new[1]";
	my $open = stream($cookies, 'late');

	session($new[$which], 'grant', 'late');
	$open->finished;
	pass "$name application: the stream ends";
	my $again = stream($cookies, 'late');
	is_deeply gets($again, 'late'), ['late'], 'and receives';
	session($new[$which], 'revoke');
	$again->finished;
	is_deeply gets(stream($cookies, 'late'), 'late'), [],
	    'until it is revoked';
}

# A change of the other application does not disturb.
my $calm = stream($both, 'post');
session($shop, 'grant', 'more');
is_deeply gets($calm, 'post'), ['post'], 'a grant to the other session';
session($shop, 'revoke');
is_deeply gets($calm, 'post'), ['post'], 'a logout there';

# Two applications in PHP, each with its own name of the session cookie.
php_site();

# A page of the application with this name; returns its session's cookie.
sub php {
	my ($name, $id, $call) = @_;
	my ($got, $page) = php_value($call, setup => "session_name('$name'); "
	    . "session_id('$id'); session_start();",
	    env => { PUSHCGI_CONFIG => $hub->{config_path},
	    HTTP_COOKIE => "$name=$id" });

	ok $got, "$name: $call" or diag $page->{errors};
	return "$name=$id";
}

my @php = (new_id(), new_id());
my $visitor = join '; ', php('SHOP', $php[0],
    "mercure_set_authz_session(array('php/cart'))"),
    php('FORUM', $php[1], "mercure_set_authz_session(array('php/post'))");

for my $topic ('php/cart', 'php/post') {
	is_deeply gets(stream($visitor, $topic), 'php/cart', 'php/post'),
	    [$topic], "PHP: a page of the application with $topic";
}
my $forum_page = stream($visitor, 'php/post');
php('SHOP', $php[0], 'mercure_clear_authz_session()');
is_deeply gets($forum_page, 'php/post'), ['php/post'],
    'PHP: a logout of one leaves the other';
is_deeply gets(stream($visitor, 'php/cart'), 'php/cart'), [],
    'PHP: and ends its own rights';

# [value, the sentence]
for my $row (['A B C D E', qr/four cookies at most/],
    ['A B A', qr/each cookie once/], ['A B;', qr/letters, digits/]) {
	my ($exit, undef, $err) = run_config($row->[0]);

	isnt $exit, 0, "MERCURE_SESSION_COOKIE = $row->[0]: refused";
	like $err, $row->[1], 'and why';
}

sub run_config {
	my ($value) = @_;

	return run([program('pushcgi'), 'config',
	    "--mercure-session-cookie=$value"]);
}

done_testing;
