<?php
/* SPDX-License-Identifier: MIT */
/* index.php - a small chat: rights, messages and visitors. */
require __DIR__ . '/pushcgi.php';

const ROOM = 'https://example.com/chat';
/* The longest visit, in seconds; limits in characters. */
const VISIT_S = 86400;
const NAME_MOST = 24;
const TEXT_MOST = 500;

/* The input of a visitor as one line of at most $most characters, or null. */
function one_line($field, $most)
{
    $text = $_POST[$field] ?? null;
    if (!is_string($text) || strlen($text) > 4 * $most) {
        return null;
    }
    /* Without control characters and marks of text direction. */
    $text = preg_replace('/[\s\p{Cc}\p{Zl}\p{Zp}\x{202A}-\x{202E}'
        . '\x{2066}-\x{2069}]+/u', ' ', $text);
    $text = $text === null ? '' : trim($text); /* null: it was not UTF-8 */
    return preg_match('/\A.{1,' . $most . '}\z/u', $text) ? $text : null;
}

function enter()
{
    $name = one_line('name', NAME_MOST);
    if ($name === null) {
        return page(400, 'A name has 1 to ' . NAME_MOST . ' characters.');
    }
    if (mercure_is_connected(ROOM, ['name' => $name])) {
        return page(409, "$name is here already.");
    }
    session_regenerate_id(true); /* other people may know the old one */
    $_SESSION = ['name' => $name, 'token' => bin2hex(random_bytes(16))];
    header('Location: ./', true, 303);
}

function say()
{
    $text = one_line('text', TEXT_MOST);
    if ($text === null) {
        return answer(400, 'a text has 1 to ' . TEXT_MOST . ' characters.');
    }
    $said = ['from' => $_SESSION['name'], 'text' => $text, 'at' => time()];
    $id = mercure_publish(ROOM, $said, true);
    answer($id === false ? 503 : 204, $id === false ? 'try again later.' : '');
}

/* Streams of this session end at once, in all tabs. */
function leave()
{
    mercure_clear_authz_session();
    session_destroy();
    header('Location: ./', true, 303);
}

function answer($status, $text)
{
    http_response_code($status);
    header('Content-Type: text/plain; charset=utf-8');
    echo $text;
}

/* The data for the script. */
function state($refused)
{
    $state = ['name' => $_SESSION['name'], 'token' => $_SESSION['token'],
        'refused' => $refused];
    if ($_SESSION['name'] === null) {
        return $state;
    }
    /* Grant messages, and the list of visitors. */
    mercure_set_authz_session([ROOM, mercure_subscription_topic(ROOM)],
        ['lifetime' => VISIT_S, 'payload' => ['name' => $_SESSION['name']]]);
    return $state + ['hub' => mercure_hub_url(), 'room' => ROOM,
        'lastEventId' => mercure_last_event_id()];
}

function page($status, $refused = null)
{
    $state = json_encode(state($refused), JSON_HEX_TAG);
    http_response_code($status);
    header('Cache-Control: no-store');
    header('X-Content-Type-Options: nosniff');
    header("Content-Security-Policy: default-src 'self'; img-src data:; "
        . "base-uri 'none'; form-action 'self'; frame-ancestors 'none'");
    header('Content-Type: text/html; charset=utf-8');
    $html = file_get_contents(__DIR__ . '/../chat/chat.html');
    echo str_replace('{{state}}', $state, $html);
}

session_name('chat'); /* the hub's MERCURE_SESSION_COOKIE */
session_start(['use_strict_mode' => true, 'cookie_httponly' => true,
    'cookie_samesite' => 'Lax', 'cookie_secure' => !empty($_SERVER['HTTPS'])]);
$_SESSION += ['name' => null, 'token' => bin2hex(random_bytes(16))];

$do = $_POST['do'] ?? '';
if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
    page(200);
} elseif (!hash_equals($_SESSION['token'], (string) ($_POST['token'] ?? ''))) {
    answer(403, 'this form is of another visit.');
} elseif ($do === ($_SESSION['name'] === null ? 'enter' : 'say')) {
    $do();
} elseif ($do === 'leave') {
    leave();
} else {
    answer(400, 'enter first.');
}
