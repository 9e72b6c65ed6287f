<?php
/* SPDX-License-Identifier: MIT */
/* refresh.php - pushcgi.js requests it, so that pages that are open for long keep their rights. */
define('IN_BOARD', true);
require __DIR__ . '/common.php';

if ($user === null) {
    http_response_code(403);
} else {
    http_response_code(board_grant() ? 204 : 503);
}
