<?php
/* SPDX-License-Identifier: MIT */
/*
 * common.php - the common part of all pages of the board.
 *
 * A message board of plain PHP pages, an example of how an application uses
 * pushcgi.php: replies appear in open pages, and those of the members' thread in
 * members' pages only.  Put pushcgi.php, pushcgi.js and pushcgi-more.js beside
 * these files, and into pushcgi.conf: MERCURE_SESSION_COOKIE = PHPSESSID.
 *
 * The folder BOARD_DATA must not be accessible through the web server, and PHP must
 * be able to write there.  Its file members has a line NAME:HASH for each member;
 * this prints a hash:
 *
 *   php -r 'echo password_hash(trim(fgets(STDIN)), PASSWORD_DEFAULT), "\n";'
 */
if (!defined('IN_BOARD')) {
    exit;
}
define('BOARD_DATA', dirname($_SERVER['DOCUMENT_ROOT']) . '/board-data');
define('BOARD_URL', 'https://example.com/board/');
define('PUSHCGI_SCRIPT_URL', 'pushcgi.js');
require __DIR__ . '/pushcgi.php';

/* thread => [title, for members only] */
$threads = array(
    'news' => array('News', false),
    'den' => array('The members\' den', true),
);

ini_set('session.use_strict_mode', '1');
ini_set('session.cookie_httponly', '1');
session_save_path(BOARD_DATA);
session_start();
$user = isset($_SESSION['user']) ? $_SESSION['user'] : null;
if ($user !== null && time() >= $_SESSION['grant_again']) {
    board_grant();
}

/* Allow a member's session to receive members' updates, for an hour. */
function board_grant()
{
    global $threads, $user;

    $topics = array();
    foreach ($threads as $thread => $about) {
        if ($about[1]) {
            $topics[] = BOARD_URL . $thread;
        }
    }
    $granted = mercure_set_authz_session($topics, array(
        'payload' => array('user' => $user),
    ));
    if ($granted) {
        $_SESSION['grant_again'] = time() + 1800;
    }
    return $granted;
}

function h($text)
{
    return htmlspecialchars($text, ENT_QUOTES, 'UTF-8');
}

/* A field of the submitted form, as a text. */
function board_field($name)
{
    return isset($_POST[$name]) && is_string($_POST[$name])
        ? trim($_POST[$name]) : '';
}

/* A secret in each form, so that no other site can submit it. */
function board_form_token()
{
    return hash_hmac('sha256', 'form', session_id());
}

/* Exit unless this site made the form. */
function board_check_form()
{
    if ($_SERVER['REQUEST_METHOD'] !== 'POST'
        || !hash_equals(board_form_token(), board_field('token'))) {
        http_response_code(403);
        exit("Please go back, reload the page and try again.\n");
    }
}

/* The requested thread, if this visitor may see it, or else the first one. */
function board_thread($asked)
{
    global $threads, $user;

    $is_there = is_string($asked) && isset($threads[$asked]);
    return $is_there && ($user !== null || !$threads[$asked][1])
        ? $asked : 'news';
}

function board_go_to($thread)
{
    header('Location: index.php?thread=' . rawurlencode($thread), true, 303);
    exit;
}

/* Its replies: lists of id, user and text. */
function board_replies($thread)
{
    $file = BOARD_DATA . "/$thread.replies";
    $lines = is_file($file) ? file($file, FILE_IGNORE_NEW_LINES) : array();
    return array_map('json_decode', $lines);
}

/* Store first, then publish: a reply is stored even if the hub is down. */
function board_add_reply($thread, $text)
{
    global $threads, $user;

    $reply = array('id' => uniqid(), 'user' => $user, 'text' => $text);
    $line = json_encode($reply);
    if ($line === false || file_put_contents(
        BOARD_DATA . "/$thread.replies",
        $line . "\n",
        FILE_APPEND | LOCK_EX
    ) === false) {
        return false;
    }
    mercure_publish_later(BOARD_URL . $thread, $reply, $threads[$thread][1]);
    return true;
}

/* Does the password belong to the name? */
function board_is_member($name, $password)
{
    $file = BOARD_DATA . '/members';
    $lines = is_file($file) ? file($file, FILE_IGNORE_NEW_LINES) : array();
    foreach ($lines as $line) {
        $member = explode(':', $line, 2);
        if ($member[0] === $name && isset($member[1])) {
            return password_verify($password, $member[1]);
        }
    }
    return false;
}
