<?php
/* SPDX-License-Identifier: MIT */
/* login.php - a visitor becomes a member. */
define('IN_BOARD', true);
require __DIR__ . '/common.php';

board_check_form();
$name = board_field('name');
if (!board_is_member($name, board_field('password'))) {
    http_response_code(403);
    exit("The name or the password is wrong.\n");
}
/* Another id, which nobody else can know; the next page grants its topics. */
mercure_session_regenerate_id(true);
$_SESSION['user'] = $name;
$_SESSION['grant_again'] = 0;
board_go_to('den');
