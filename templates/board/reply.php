<?php
/* SPDX-License-Identifier: MIT */
/* reply.php - adds a reply, which open pages show at once. */
define('IN_BOARD', true);
require __DIR__ . '/common.php';

board_check_form();
$thread = board_thread(board_field('thread'));
$text = board_field('text');
if ($user === null || $text === '' || strlen($text) > 10000) {
    http_response_code(403);
    exit("Members may write up to 10,000 characters.\n");
}
if (!board_add_reply($thread, $text)) {
    http_response_code(500);
    exit("Your reply could not be stored; it must be UTF-8.\n");
}
board_go_to($thread);
