# SPDX-License-Identifier: MIT
# wordpress.t - the plugin, with its hooks called by a harness in WordPress's place.
use strict;
use warnings;
use Digest::SHA qw(hmac_sha256_hex sha256_hex);
use File::Copy qw(copy);
use FindBin qw($Bin);
use lib "$Bin/lib";
use JSON::PP ();
use PhpPage;
use PushcgiTest;
use Site;
use Test::More;

my $site = php_site();
my $plugins = "$site/mu-plugins";
my $api = 'http://site.example/wp-json/wp/v2';

spew("$site/pushcgi.conf", slurp("$site/pushcgi.conf")
    . "MERCURE_SESSION_COOKIE = wordpress_pushcgi\n", 0600);
mkdir $_ for $plugins, "$plugins/pushcgi";
for (['templates/wordpress/pushcgi.php', $plugins],
    ['templates/php/pushcgi.php', "$plugins/pushcgi"],
    ['tests/wordpress/harness.php', $site]) {
	my ($path, $to) = @$_;
	copy(source($path), "$to/") or die "$path: $!\n";
}

# One request to the site: PHP statements once all is loaded; define => PHP of
# wp-config.php, user and token => who is logged in, env.
sub request {
	my ($statements, %o) = @_;
	my %who = (defined $o{user} ? (HARNESS_USER => $o{user}) : (),
	    defined $o{token} ? (HARNESS_TOKEN => $o{token}) : ());

	spew("$site/index.php", "<?php\n" . ($o{define} || '')
	    . "\nrequire __DIR__ . '/harness.php';\n"
	    . "require __DIR__ . '/mu-plugins/pushcgi.php';\n$statements\n");
	return php_page("$site/index.php", env => { %who, %{ $o{env} || {} } });
}

# What the queue has behind `count` updates: [visibility, data, topics].
sub published {
	my ($count) = @_;
	my @rows = site_rows($site);

	return map { [$_->{private} ? 'private' : 'public',
	    JSON::PP->new->decode($_->{data}), $_->{topics}] }
	    splice @rows, $count;
}

# The updates of one request, in short: "public created".
sub changes {
	my ($before, $statements, %o) = @_;

	unlink "$site/state";
	request($before) if $before ne '';
	my $count = () = site_rows($site);
	my $page = request($statements, %o);
	is $page->{errors}, '', 'without a word';
	return join ', ', map { "$_->[0] $_->[1]{event}" } published($count);
}

sub saved {
	my ($status, $more) = @_;

	return "save_post(1, array('post_status' => '$status'"
	    . ($more ? ", $more" : '') . '));';
}

subtest 'posts' => sub {
	my $page = "'post_type' => 'page'";
	# [before, what is done, updates]
	my @rows = (
		['', saved('publish'), 'public created'],
		['', saved('publish', $page), 'public created'],
		[saved('draft'), saved('publish'), 'public created'],
		[saved('future'), saved('publish'), 'public created'],
		[saved('publish'), saved('publish'), 'public updated'],
		[saved('publish'), saved('trash'), 'public deleted'],
		[saved('publish'), saved('draft'), 'public deleted'],
		[saved('publish'), 'delete_post(1);', 'public deleted'],
		[saved('trash'), 'delete_post(1);', ''],
		['', saved('private'), 'private created'],
		[saved('private'), saved('private'), 'private updated'],
		[saved('publish'), saved('private'),
		    'public deleted, private created'],
		[saved('private'), saved('publish'), 'public created'],
		[saved('private'), saved('trash'), 'private deleted'],
		[saved('private'), 'delete_post(1);', 'private deleted'],
		['', saved('publish', "'post_password' => 'word'"),
		    'private created'],
		['', saved('draft'), ''],
		['', saved('auto-draft'), ''],
		['', saved('future'), ''],
		['', saved('inherit', "'post_type' => 'revision'"), ''],
		['', saved('publish', "'post_type' => 'nav_menu_item'"), ''],
		['', saved('publish', "'post_type' => 'hidden'"), ''],
		['', saved('draft') . saved('publish') . saved('publish'),
		    'public created'],
		['', saved('publish') . saved('trash'), ''],
		['', saved('publish') . 'delete_post(1);', ''],
		[saved('publish'), saved('draft') . saved('publish'),
		    'public updated'],
		['', "define('WP_IMPORTING', true);" . saved('publish'), ''],
		['', "add_filter('pushcgi_update', function () { "
		    . 'return null; });' . saved('publish'), ''],
	);
	for my $row (@rows) {
		my ($before, $then, $want) = @$row;
		is changes($before, $then), $want, "$before then $then";
	}
};

subtest 'comments' => sub {
	my $new = 'insert_comment(5, 1, array());';
	my $held = "insert_comment(5, 1, array('comment_approved' => '0'));";
	my $note = "insert_comment(5, 1, array('comment_type' => 'order_note'));";
	my $public = saved('publish');
	my $approved = "update_comment(5, array('comment_approved' => '1'));";
	my $spam = "update_comment(5, array('comment_approved' => 'spam'));";
	my $text = "update_comment(5, array('comment_content' => 'x'));";
	my $both = "update_comment(5, array('comment_content' => 'x', "
	    . "'comment_approved' => '1'));";
	# [before, what is done, updates]
	my @rows = (
		[$public, $new, 'public created'],
		[$public, $held, ''],
		[$public, $note, ''],
		[$public, "$held$approved", 'public created'],
		["$public$held", $approved, 'public created'],
		["$public$held", $both, 'public created'],
		["$public$held", $text, ''],
		["$public$held", $spam, ''],
		["$public$held", 'delete_comment(5);', ''],
		["$public$new", $text, 'public updated'],
		["$public$new", $spam, 'public deleted'],
		["$public$new", 'delete_comment(5);', 'public deleted'],
		["$public$new", $text . 'delete_comment(5);',
		    'public deleted'],
		[saved('private'), $new, 'private created'],
		[saved('publish', "'post_password' => 'word'"), $new,
		    'private created'],
		[saved('draft'), $new, ''],
	);
	for my $row (@rows) {
		my ($before, $then, $want) = @$row;
		is changes($before, $then), $want, "$before then $then";
	}
};

subtest 'what an update says' => sub {
	my $count = () = site_rows($site);

	unlink "$site/state";
	request(saved('publish') . 'insert_comment(5, 1, array());');
	my ($post, $comment) = published($count);
	is_deeply $post->[1], { kind => 'post', event => 'created', id => 1,
	    post => 1, title => 'A post & more', author => 'Author 7',
	    link => 'http://site.example/?p=1' }, 'a post: text, no HTML';
	is $post->[2], join("\n", "$api/posts/1", "$api/users/7",
	    'http://site.example/'), 'its topics';
	is_deeply $comment->[1], { kind => 'comment', event => 'created',
	    id => 5, post => 1, parent => 0, title => 'A post & more',
	    author => 'Eve', text => 'Well said',
	    link => 'http://site.example/?p=1#comment-5' },
	    'a comment: what pages show, no address';
	is $comment->[2], join("\n", "$api/comments/5", "$api/posts/1",
	    "$api/users/7", 'http://site.example/'), 'its topics';
	$count += 2;
	request(saved('trash'), env => { HTTPS => 'on' });
	($post) = published($count);
	is_deeply $post->[1], { kind => 'post', event => 'deleted', id => 1,
	    post => 1 }, 'what is gone: no more than that';
	like $post->[2], qr{^\Q$api\E/posts/1\n}, 'over https the same topic';

	$count = () = site_rows($site);
	request(join '', map { "save_post($_, array('post_status' => "
	    . "'publish'));" } 1 .. 300);
	is scalar(published($count)), 300, 'more than fit into one go';
};

# The rights of a log-in, by the name the plugin gives it: topics, payload.
sub rights_of {
	my ($token) = @_;
	my $id = hmac_sha256_hex('pushcgi ' . sha256_hex($token),
	    'a salt for logged_in');
	my ($status, $out, $err) = run([program('pushcgi'),
	    "--config=$site/pushcgi.conf", qw(session list --of --json)],
	    input => "$id\n");
	my $has = $out eq '' ? {} : JSON::PP::decode_json($out);

	is $status, 0, 'session list' or diag $err;
	return ($has->{topics} ? join ' ', sort @{ $has->{topics} } : '', $id);
}

my $by_session = "define('PUSHCGI_SESSION_COOKIE', 'wordpress_pushcgi');";
my $of_author = "$api/users/7";
my $of_editor = "$api/pages/{id} $api/posts/{id} $api/users/8";

subtest 'sessions' => sub {
	my @define = (define => $by_session);
	my $page;

	unlink "$site/state";
	request("save_sessions(7, array('a', 'b')); "
	    . "save_sessions(8, array('c'));", @define);
	$page = request('show_page(array());', @define);
	is_deeply [php_cookies($page)], [], 'nobody in particular: no cookie';

	$page = request('show_page(array());', @define, user => 7,
	    token => 'a');
	my ($rights, $id) = rights_of('a');
	is $rights, $of_author, 'an author may have what is his';
	my ($cookie) = php_cookies($page);
	like $cookie, qr{^wordpress_pushcgi=$id; path=/; HttpOnly\z},
	    'the cookie';
	$page = request('show_page(array());', @define, user => 7,
	    token => 'a', env => { HTTP_COOKIE => "wordpress_pushcgi=$id" });
	is_deeply [php_cookies($page)], [], 'who has it gets no other';
	($cookie) = php_cookies(request('show_page(array());', @define,
	    user => 7, token => 'a', env => { HTTPS => 'on' }));
	like $cookie, qr/; secure\b/i, 'over https it is for https';

	for ('b', 'c') {
		request('show_page(array());', @define, token => $_,
		    user => $_ eq 'c' ? 8 : 7);
	}
	is +(rights_of('c'))[0], $of_editor, 'an editor may have all';

	# [what happens, who has nothing then, who still has]
	my $again = "show_page(array());";
	for my $row (
	    ["save_sessions(7, array('a'));", 'b', 'a'],
	    ["do_action('wp_logout', 7);", 'a', 'c', user => 7, token => 'a'],
	    ["update_user(8, array('name' => 'x'));", undef, 'c'],
	    ["update_user(8, array('user_pass' => 'new'));", 'c', undef],
	    ["do_action('after_password_reset', get_userdata(8), 'new');",
		'c', undef],
	    # WP_User::set_role(), add_cap(), remove_cap(), remove_all_caps().
	    ["do_action('updated_user_meta', 1, 8, 'wp_capabilities', "
		. "array('subscriber' => true));", 'c', undef],
	    ["do_action('added_user_meta', 1, 8, 'wp_capabilities', "
		. "array('read_private_posts' => false));", 'c', undef],
	    ["do_action('deleted_user_meta', array(1), 8, 'wp_capabilities', "
		. "'');", 'c', undef],
	    ["do_action('updated_user_meta', 1, 8, 'description', 'x');",
		undef, 'c'],
	    ["do_action('updated_user_meta', 1, 8, 'wp_2_capabilities', "
		. "array());", undef, 'c'],
	    ['save_sessions(8, array());', 'c', undef]) {
		my ($what, $lost, $kept, @who) = @$row;
		request($again, @define, user => 8, token => 'c');
		isnt +(rights_of('c'))[0], '', 'the next page grants it';
		$page = request($what, @define, @who);
		is $page->{errors}, '', "$what: without a word";
		is +(rights_of($lost))[0], '', "it ends with $what"
		    if defined $lost;
		isnt +(rights_of($kept))[0], '', "it stays with $what"
		    if defined $kept;
		($cookie) = php_cookies($page);
		like $cookie || '', qr{^wordpress_pushcgi=deleted;},
		    'the cookie is taken away' if @who;
	}
};

subtest 'the refresh route' => sub {
	my $ask = "echo ask_route('pushcgi/v1/refresh');";
	my @define = (define => $by_session);

	unlink "$site/state";
	request("save_sessions(7, array('a'));", @define);
	is request($ask, @define)->{body}, '401', 'nobody: 401';
	is request($ask, @define, user => 7)->{body}, '503',
	    'a user without a log-in: 503';
	request('show_page(array());', @define, user => 7, token => 'a');
	my (undef, $id) = rights_of('a');
	my ($status, undef, $err) = run([program('pushcgi'),
	    "--config=$site/pushcgi.conf", qw(session revoke)],
	    input => "$id\n");
	is $status, 0, 'session revoke' or diag $err;
	is +(rights_of('a'))[0], '', 'the hub loses it';
	request('show_page(array());', @define, user => 7, token => 'a');
	is +(rights_of('a'))[0], '', 'what the hub has lost, a page does not see';
	is request($ask, @define, user => 7, token => 'a')->{body}, '204',
	    'the route: 204';
	is +(rights_of('a'))[0], $of_author, 'and it is granted';
	is request($ask, user => 7, token => 'a',
	    env => { PUSHCGI_PROGRAM => '/none' })->{body}, '503',
	    'the hub is not there: 503';
};

subtest 'tokens' => sub {
	my $page = request('show_page(array());', user => 8, token => 'c',
	    define => "define('PUSHCGI_WP_LIFETIME', 60);");
	my ($cookie) = php_cookies($page);
	my $claims = site_claims($cookie);

	is join(' ', sort @{ $claims->{mercure}{subscribe} }), $of_editor,
	    'the rights are in the cookie';
	is_deeply $claims->{mercure}{payload}, { user => 8 },
	    'and who it is';
	ok $claims->{exp} <= time + 60, 'they end when it does';
	($cookie) = php_cookies(request("do_action('wp_logout', 8);",
	    user => 8, token => 'c'));
	like $cookie, qr/^mercureAuthorization=;.*Max-Age=0/,
	    'at the log-out it is taken away';
};

subtest 'pages' => sub {
	my $page = request('show_page(array());');

	like $page->{body}, qr{<ul id="pushcgi-list" role="log"></ul>},
	    'the list';
	my ($tag) = $page->{body} =~ /(<script [^>]*src=[^>]*>)/;
	is $tag =~ s/#[\w-]+/ID/r, '<script '
	    . 'data-url="http://site.example/.well-known/mercure" '
	    . 'data-topics="[&quot;http://site.example/&quot;]" '
	    . 'data-last-event-id="ID" '
	    . "src='http://site.example/wp-content/mu-plugins/pushcgi/pushcgi.js' "
	    . "id='pushcgi-js'>",
	    'the script, from here on';
	like $page->{body}, qr/id='pushcgi-list-js-after'>document\./,
	    'the script of the list';
	is $page->{errors}, '', 'without a word';

	$page = request('show_page(array());', user => 7, token => 'a',
	    define => $by_session);
	like $page->{body}, qr{ data-refresh="http://site\.example/wp-json/
	    pushcgi/v1/refresh\?_wpnonce=nonce-wp_rest"
	    \ data-refresh-after="450"\ data-share="user\ 7"\ src=}x,
	    'with a log-in: the route, and a stream apart';

	$page = request('show_page(array());', define =>
	    "define('PUSHCGI_WP_LIST', false); define('PUSHCGI_SCRIPT_URL', "
	    . "'/x.js?a=1&b=2');");
	like $page->{body}, qr{\A<script [^>]* src='/x\.js\?a=1&\#038;b=2' },
	    'a script elsewhere';
	unlike $page->{body}, qr/pushcgi-list/, 'without a list';

	$page = request("add_filter('pushcgi_page_topics', function () { "
	    . 'return array(\'"><script>\'); }); show_page(array());');
	unlike $page->{body}, qr/"><script>/, 'topics are escaped';

	# [name, the element as other plugins made it, in two parts: the settings
	# come between them]
	for my $row (['a nonce and defer', '<script',
	    ' nonce="n1" defer src="/p.js" id="pushcgi-js"></script>'],
	    ['attributes behind it', '<script',
	    " src='/p.js' defer data-a='>' nonce='n1'></script>"],
	    ['attributes with signs', '<script',
	    ' data-a="> src=" SRC = /p.js async></script>'],
	    ['another source', '<script data-src="x"></script><script',
	    ' src="/p.js"></script>'],
	    ['inline scripts', '<script id="x">src=1</script><script',
	    ' src="/p.js"></script><script>after()</script>']) {
		my ($name, $front, $rest) = @$row;
		my $page = request('echo pushcgi_wp_script_tag('
		    . php_text($front . $rest) . ", 'pushcgi', '/p.js');");

		like $page->{body}, qr/\A\Q$front\E\ data-url="[^"]*"
		    \ data-topics="[^"]*"\ data-last-event-id="[^"]*"
		    \Q$rest\E\z/x, "$name: all is kept";
	}
	$page = request("echo pushcgi_wp_script_tag('<b>', 'pushcgi', '/p.js');");
	like $page->{body}, qr{^<script src="/p\.js" data-url=},
	    'no element: one of ours';

	my @asks = (env => { PUSHCGI_PROGRAM =>
	    site_answers($site, 'echo x') });
	for my $not ("show_page(array('feed' => 'rss'));", "1;") {
		my $of_page = $not =~ /feed/ ? 'a feed' : 'no page at all';
		unlink "$site/started";
		request($not =~ /feed/ ? 'do_action(\'parse_request\', (object) '
		    . "array('query_vars' => array('feed' => 'rss')));" : $not,
		    user => 7, token => 'a', @asks);
		ok !-e "$site/started", "$of_page: the program does not run";
	}
};

subtest 'without the hub' => sub {
	my $page = request('show_page(array());' . saved('publish')
	    . "do_action('wp_logout', 7); echo 'all of it';",
	    user => 7, token => 'a', define => $by_session,
	    env => { PUSHCGI_PROGRAM => '/none' });
	like $page->{body}, qr/all of it\z/, 'the page is whole';
	unlike $page->{body}, qr/pushcgi\.js/, 'without the script';
	like $page->{errors}, qr{/none cannot be run}, 'the log says why';

	rename "$plugins/pushcgi", "$plugins/elsewhere";
	$page = request("show_page(array()); do_action('admin_notices');"
	    . saved('publish'));
	like $page->{body}, qr{\A<div[^>]*><p>pushcgi:[ ]copy[ ]
	    pushcgi\.php.*\Q$plugins\E/pushcgi;}x, 'without its files: what to copy';
	is $page->{errors}, '', 'and nothing in the log';
};

done_testing;
