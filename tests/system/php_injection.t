# SPDX-License-Identifier: MIT
# php_injection.t - hostile texts in every argument of every PHP function.
use strict;
use warnings;
use FindBin qw($Bin);
use lib "$Bin/lib";
use JSON::PP ();
use PhpPage;
use PushcgiTest;
use Site;
use Test::More;

my $site = php_site();
my $pwned = "$site/pwned";
my $template = source('templates/php/pushcgi.php');

# For a shell, a header, a page, a query, the program's command line.
my @hostile = ("\$(touch $pwned)", "`touch $pwned`", "';touch $pwned;'",
    "\"; touch $pwned; \"", "a\r\nSet-Cookie: evil=1", "a\nLocation: /evil",
    "a\rX: evil", '"></script><script>evil()</script>',
    "'><img src=x onerror=evil()>", '&lt;', 'a&evil=1', 'a#evil', "a\0evil",
    "\xff\xfe", '--help', '--config=/evil', '--', '', '{', "a; Domain=evil");

# Each function with one of its arguments as $x.
my @calls = (
	'mercure_hub_url($x)',
	'mercure_hub_url(array("t", $x))',
	'mercure_hub_url("t", array("lastEventId" => $x))',
	'mercure_hub_url("t", array("authorization" => $x))',
	'mercure_hub_url($x, array("authorization" => true))',
	'mercure_hub_url($x, array("subscriptions" => true))',
	'mercure_hub_url("t", array("subscribe" => $x))',
	'mercure_hub_url("t", array("publish" => $x))',
	'mercure_hub_url("t", array($x => 1))',
	'mercure_authentified_hub_url($x)',
	'mercure_authentified_hub_url("t", array("payload" => $x))',
	'mercure_topic($x)',
	'mercure_subscription_topic($x, $x)',
	'mercure_link_header(array("lastEventId" => $x))',
	'mercure_script_tag($x)',
	'mercure_script_tag("t", array("src" => $x))',
	'mercure_script_tag("t", array("lastEventId" => $x))',
	'mercure_script_tag("t", array("refresh" => $x))',
	'mercure_script_tag("t", array("types" => array($x), "share" => $x))',
	'mercure_publish($x, $x)',
	'mercure_publish(array("t", $x), "")',
	'mercure_publish("t", array($x => $x))',
	'mercure_publish("t", "", false, $x)',
	'mercure_publish("t", "", false, null, $x)',
	'mercure_publish("t", "", false, null, null, $x)',
	'mercure_publish_private($x, $x, $x, $x)',
	'mercure_publish_private_later($x, $x, $x) && mercure_publish_flush()',
	'mercure_publish_later($x, $x) && mercure_publish_flush()',
	'mercure_publish_later("t", "", 1, $x) && mercure_publish_flush()',
	'mercure_publish_later("t", "", 1, null, $x)'
	    . ' && mercure_publish_flush()',
	'mercure_publish_later("t", "", 1, null, null, $x)'
	    . ' && mercure_publish_flush()',
	'call_user_func(mercure_listener($x), $x) . mercure_publish_flush()',
	'mercure_subscriber_jwt($x)',
	'mercure_subscriber_jwt("t", array("payload" => $x))',
	'mercure_subscriber_jwt("t", array("payload" => array($x => $x)))',
	'mercure_subscriber_jwt("t", array("lifetime" => $x))',
	'mercure_publisher_jwt($x)',
	'mercure_set_authz_cookie($x)',
	'mercure_set_authz_cookie(null, $x)',
	'mercure_set_authz_cookie("t", null, array("payload" => $x))',
	'mercure_set_authz_cookie("t", null, array("token" => $x))',
	'mercure_set_authz_cookie("t", null, array("lifetime" => $x))',
	'mercure_set_authz_session($x)',
	'mercure_set_authz_session("t", array("payload" => $x))',
	'mercure_clear_authz_session($x)',
	'mercure_get_subscriptions($x)',
	'mercure_get_subscriptions("t", $x)',
	'mercure_is_connected($x)',
	'mercure_is_connected("t", array($x => $x))',
	'mercure_count($x)',
);
# These take nothing, or no text.
my @without = qw(mercure_begin_request mercure_last_error
    mercure_last_event_id
    mercure_publish_flush mercure_publish_discard mercure_payload_callback
    mercure_clear_authz_cookie mercure_session_regenerate_id);

my %named = map { $_ => 1 } @without,
    map { /(mercure_\w+)/g } @calls;
is_deeply [sort keys %named], [sort { $a cmp $b } slurp($template)
    =~ /^    function (mercure_\w+)\(/mg], 'every function has a row';

# In one page: the call with each of the texts; the results as HTML shows
# them, and whether a program was started.
sub results {
	my ($call, %env) = @_;
	my $list = join ', ', map { php_text($_) } @hostile;

	spew("$site/page.php", "<?php\nob_start();\nsession_id('the-id');\n"
	    . "session_start();\nrequire '$template';\n\$results = array();\n"
	    . "foreach (array($list) as \$x) {\n\$value = $call;\n"
	    . "\$results[] = is_array(\$value) ? serialize(\$value)"
	    . " : \$value;\n}\necho json_encode(array_map('bin2hex', "
	    . "array_map('strval', \$results)));\n");
	my $page = php_page("$site/page.php", env => { %env });
	return ($page, map { pack 'H*', $_ }
	    @{ JSON::PP::decode_json($page->{body}) });
}

# What a page may not have become.
sub harmless {
	my ($call, $page, @results) = @_;

	# Within quotes, a Link header may say anything.
	my @headers = map { /^Link: / ? s/"(?:[^"\\]|\\.)*"//gr : $_ }
	    @{ $page->{headers} };

	ok !-e $pwned, "$call: no shell";
	is_deeply [grep { /evil/i || !/^[\w-]+: [^\0-\x1f]*\z/ } @headers], [],
	    "$call: no header";
	is scalar(grep { /^Set-Cookie: mercure/ } @{ $page->{headers} })
	    <= 1, 1, "$call: one cookie at most";
	is_deeply [grep { /^Set-Cookie: mercure.*;\s*Domain/i }
	    @{ $page->{headers} }], [], "$call: no attribute";
	unlike $page->{errors}, qr/^PHP (?:Fatal|Parse)/m,
	    "$call: no fatal error";
	if ($call =~ /^mercure_script_tag/) {
		is_deeply [grep { length && !/\A<script(?:
		    [ ][\w-]+="[^"<>']*")+><\/script>\z/x } @results], [],
		    "$call: one tag";
	}
	if ($call =~ /^mercure_\w*hub_url/) {
		is_deeply [grep { length && !m{\A[!-~]+\z} || /[<>"'\\]/
		    || /[&?]evil|\#/ } @results], [], "$call: a URL";
	}
}

for my $call (@calls) {
	my ($page, @results) = results($call);

	is @results, @hostile, "$call: all were tried";
	harmless($call, $page, @results);
}

# The same without the program; nobody listens at that address.
spew("$site/secret", "key-of-the-tests-0123456789abcdef\n");
for my $call (grep { !/publish\(|flush|get_sub|is_conn|session/ } @calls) {
	my ($page, @results) = results($call,
	    PUSHCGI_HUB_URL => 'http://127.0.0.1:9/.well-known/mercure',
	    PUSHCGI_SECRET_FILE => "$site/secret");

	harmless("$call, natively", $page, @results);
}

# A site of PHP 5 or 7 whose mbstring.func_overload counts characters: what is
# left of a text must not be the next question.  Its functions have other names
# here, as PHP 8 overloads none.
(my $overloaded = slurp($template)) =~
    s/(?<!\w)(?=(?:strlen|substr)(?:\(|'))/mb_/g;
spew("$site/overloaded.php", $overloaded);
spew("$site/page.php", <<"PHP");
<?php
if (!function_exists('mb_strlen')) {
    function mb_chars(\$text, \$encoding) {
        return \$encoding === '8bit' ? str_split(\$text)
            : preg_split('//u', \$text, -1, PREG_SPLIT_NO_EMPTY);
    }
    function mb_strlen(\$text, \$encoding = null) {
        return \$text === '' ? 0 : count(mb_chars(\$text, \$encoding));
    }
    function mb_substr(\$text, \$at, \$n = null, \$encoding = null) {
        return implode('', array_slice(mb_chars(\$text, \$encoding), \$at, \$n));
    }
}
require '$site/overloaded.php';
echo json_encode(array(mercure_hub_url("caf\\xc3\\xa9",
    array('authorization' => true)), mercure_publish('after', 'it')));
PHP
my $counted = php_page("$site/page.php");
my ($url, $id) = @{ JSON::PP::decode_json($counted->{body}) };
like $url, qr/topic=caf%C3%A9&/, 'characters of two bytes: a URL';
like $id, qr/^urn:uuid:/, '... and the next question is read';
is $counted->{errors}, '', '... without errors';

# What was published is what was said, byte for byte.
my %asked = map { $_ => 1 } @hostile, 'it';
is_deeply [grep { utf8::encode(my $data = $_->{data});
    !$asked{$data} && $data ne '' && $data !~ /^\{"/ } site_rows($site)], [],
    'nothing else was published';

done_testing;
