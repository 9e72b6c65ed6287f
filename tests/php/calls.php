<?php
/* SPDX-License-Identifier: MIT */
/*
 * calls.php - calls of pushcgi.php's functions, in the syntax of PHP 5.6: prints
 * their results and each notice as JSON.  No program can be started where it
 * runs, and the hub is a stream wrapper that keeps what it is asked.
 */

error_reporting(E_ALL);
date_default_timezone_set('UTC');
$notices = array();
set_error_handler(function ($level, $text, $file, $line) use (&$notices) {
    /* Those that pushcgi.php mutes by a handler of its own do not come here. */
    $notices[] = "$text in " . basename($file) . " on line $line";
    return true;
});
ini_set('log_errors', '1');
ini_set('error_log', '/site/errors');

const SECRET = 'key-of-the-tests-0123456789abcdef';
file_put_contents('/site/secret', SECRET . "\n");
define('PUSHCGI_HUB_URL', 'http://hub.example/m');
define('PUSHCGI_SECRET_FILE', '/site/secret');
define('PUSHCGI_PAUSE_S', 0.0);

/** A hub: what it was asked, and the answers of a real one. */
class Hub implements ArrayAccess, IteratorAggregate
{
    public static $asked = array();
    public $context;
    private $text;
    private $lines;

    public function stream_open($url, $mode, $options, &$opened)
    {
        $of = stream_context_get_options($this->context);
        $http = $of['http'];
        $token = preg_replace('/^.*Bearer /', '', $http['header'][0]);
        self::$asked[] = array($http['method'], $url, $http['content'],
            claims($token), array_slice($http['header'], 1));
        $this->lines = array('HTTP/1.1 200 OK',
            'Link: </m>; rel="mercure"; last-event-id="#7-\\"x"');
        $this->text = strpos($url, '/subscriptions') !== false
            ? '{"subscriptions":[{"subscriber":"urn:a","topic":"t",'
                . '"payload":{"id":42,"name":"x"}}]}'
            : (strpos($url, '/counts/') !== false ? '{"count":3}' : 'urn:id');
        return true;
    }

    public function stream_read($count)
    {
        $part = substr($this->text, 0, $count);
        $this->text = (string) substr($this->text, $count);
        return $part;
    }

    public function stream_eof()
    {
        return $this->text === '';
    }

    public function stream_stat()
    {
        return array();
    }

    public function stream_set_option($option, $one, $two)
    {
        return false;
    }

    #[\ReturnTypeWillChange]
    public function offsetExists($i)
    {
        return isset($this->lines[$i]);
    }

    #[\ReturnTypeWillChange]
    public function offsetGet($i)
    {
        return $this->lines[$i];
    }

    #[\ReturnTypeWillChange]
    public function offsetSet($i, $value)
    {
    }

    #[\ReturnTypeWillChange]
    public function offsetUnset($i)
    {
    }

    #[\ReturnTypeWillChange]
    public function getIterator()
    {
        return new ArrayIterator($this->lines);
    }
}

class Book
{
    public function mercureTopic()
    {
        return 'https://example.com/books/1';
    }

    public function mercureData()
    {
        return array('title' => "caf\xc3\xa9");
    }
}

class Words
{
    public function __toString()
    {
        return 'words';
    }
}

/** The claims of a token in a text, without the time; false: a bad signature. */
function claims($text)
{
    if (!preg_match('/([\w-]+)\.([\w-]+)\.([\w-]+)/', $text, $part)) {
        return false;
    }
    $mac = hash_hmac('sha256', "$part[1].$part[2]", SECRET, true);
    if (rtrim(strtr(base64_encode($mac), '+/', '-_'), '=') !== $part[3]) {
        return false;
    }
    $claims = json_decode(base64_decode(strtr($part[2], '-_', '+/')), true);
    if (isset($claims['exp'])) {
        $claims['exp'] = (int) round(($claims['exp'] - time()) / 60);
    }
    return $claims;
}

/** What does not change from run to run: tokens become their claims. */
function steady($value)
{
    if (is_string($value)) {
        return preg_replace_callback('/[\w-]{8,}\.[\w-]{8,}\.[\w-]{20,}/',
            function ($found) {
                return json_encode(claims($found[0]));
            }, $value);
    }
    return is_array($value) ? array_map('steady', $value) : $value;
}

stream_wrapper_unregister('http');
stream_wrapper_register('http', 'Hub');
require '/site/pushcgi.php';

$listener = mercure_listener('t', function ($n) {
    return $n > 1 ? "n$n" : false;
});
$calls = array(
    array('mercure_hub_url'),
    array('mercure_hub_url', 't'),
    array('mercure_hub_url', array('a', 'b&c d+e', "\xc3\xa9", '{x}', '*')),
    array('mercure_hub_url', new Book()),
    array('mercure_hub_url', new Words()),
    array('mercure_hub_url', new ArrayIterator(array('a', 7, 1.5, true))),
    array('mercure_hub_url', 42),
    array('mercure_hub_url', 1.5),
    array('mercure_hub_url', ''),
    array('mercure_hub_url', "a\nb"),
    array('mercure_hub_url', "\xff"),
    array('mercure_hub_url', new stdClass()),
    array('mercure_hub_url', array(array('a'))),
    array('mercure_hub_url', array(null)),
    array('mercure_hub_url', str_repeat('x', 5000)),
    array('mercure_hub_url', 't', array('lastEventId' => '#7')),
    array('mercure_hub_url', 't', array('lastEventId' => true)),
    array('mercure_hub_url', 't', array('subscriptions' => true)),
    array('mercure_hub_url', 't', array('authorization' => true)),
    array('mercure_hub_url', 't', array('authorization' => 'x.y&z')),
    array('mercure_hub_url', 't', array('subscribe' => 't')),
    array('mercure_hub_url', 't', array('wrong' => 1)),
    array('mercure_hub_url', 't', 'wrong'),
    array('mercure_authentified_hub_url', 't', array('payload' => 1)),
    array('mercure_topic', new Book()),
    array('mercure_subscription_topic'),
    array('mercure_subscription_topic', 't/u', 'urn:a'),
    array('mercure_last_event_id'),
    array('mercure_link_header', array('lastEventId' => '#a"b')),
    array('mercure_script_tag', array('a', "b\"'<&")),
    array('mercure_script_tag', 't', array('nonce' => 'n"', 'defer' => true,
        'lastEventId' => null, 'types' => array('x'), 'refresh' => false)),
    array('mercure_script_tag', 't', array('presence' => true,
        'payload' => array('name' => "\xc3\xa9"))),
    array('mercure_script_tag', "\xff"),
    array('mercure_publish', 't', 'x'),
    array('mercure_publish', array('t', 'u'), "a\r\nb\xc3\xa9 & = + %", true,
        'urn:x:1', 'note', 7),
    array('mercure_publish', new Book(), new Book(), false, null, true),
    array('mercure_publish', 't', array('n' => 1.5, 'u' => "\xe2\x82\xac/")),
    array('mercure_publish', 't', null),
    array('mercure_publish', 't', "\xff"),
    array('mercure_publish', 't', array("\xff")),
    array('mercure_publish', 't', '', false, ' a'),
    array('mercure_publish', 't', '', false, array()),
    array('mercure_publish', 't', '', false, null, 'mercure'),
    array('mercure_publish', 't', '', false, null, null, 'soon'),
    array('mercure_publish_private', 't', 'secret'),
    array('mercure_publish_later', 't', 'one'),
    array('mercure_publish_private_later', 't', 'two'),
    array('mercure_publish_flush'),
    array('mercure_publish_later', 't', 'gone'),
    array('mercure_publish_discard'),
    array($listener, 1),
    array($listener, 2),
    array('mercure_publish_flush'),
    array('mercure_payload_callback', 'nothing'),
    array('mercure_payload_callback', function ($topics) {
        return array('topics' => count($topics));
    }),
    array('mercure_subscriber_jwt', array('a', 'b'),
        array('payload' => array('id' => 1))),
    array('mercure_subscriber_jwt', 't', array('lifetime' => 600,
        'additionalClaims' => array('sub' => 'me'))),
    array('mercure_subscriber_jwt', 't', array('additionalClaims' =>
        array('exp' => new DateTime('+1 hour'), 'nbf' => new DateTime('@7')))),
    array('mercure_subscriber_jwt', 't', array('lifetime' => 'an hour')),
    array('mercure_subscriber_jwt', new stdClass()),
    array('mercure_payload_callback', null),
    array('mercure_publisher_jwt'),
    array('mercure_publisher_jwt', 't', array('lifetime' => 60)),
    array('mercure_set_authz_cookie', 't', 'u', array('lifetime' => 600)),
    array('mercure_set_authz_cookie', array()),
    array('mercure_set_authz_session', 't'),
    array('mercure_clear_authz_cookie'),
    array('mercure_get_subscriptions'),
    array('mercure_get_subscriptions', 't', 'urn:b'),
    array('mercure_is_connected', 't'),
    array('mercure_is_connected', 't', array('id' => 42, 'name' => 'x')),
    array('mercure_is_connected', 't', array('id' => 43)),
    array('mercure_is_connected', 't', 'x'),
    array('mercure_count', 't'),
    array('pushcgi_command', array('a', "it's \xc3\xa9", ''), 50600),
    array('pushcgi_command', array('a', 'b'), 80000),
);
$results = array();
ob_start();
foreach ($calls as $i => $call) {
    $name = is_string($call[0]) ? $call[0] : 'listener';
    $result = call_user_func_array($call[0], array_slice($call, 1));
    $results[] = array("$i $name", steady($result),
        $result === false || $result === null ? preg_replace(
            '/ \(called in .*/', '', mercure_last_error()) : '');
}
$headers = steady(headers_list());
header_remove(); /* old runtimes cannot parse those with quotes */
ob_end_clean();
echo json_encode(array('results' => $results, 'asked' => Hub::$asked,
    'notices' => $notices, 'headers' => array_values(preg_grep(
        '/^(Set-Cookie|Link)/', $headers))));
