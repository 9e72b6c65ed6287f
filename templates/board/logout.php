<?php
/* SPDX-License-Identifier: MIT */
/* logout.php - ends the session, and the streams of all its pages. */
define('IN_BOARD', true);
require __DIR__ . '/common.php';

board_check_form();
mercure_clear_authz_session();
$_SESSION = array();
session_destroy();
board_go_to('news');
