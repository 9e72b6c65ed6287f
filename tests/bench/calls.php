<?php
/* SPDX-License-Identifier: MIT */
/* calls.php - a page that makes BENCH_CALLS of four calls, for bench. */
define('PUSHCGI_TIMEOUT_S', 60);
require __DIR__ . '/../../templates/php/pushcgi.php';

const TOPIC = 'https://example.com/users/42';

$calls = array(
    function () { return mercure_hub_url(TOPIC); },
    function () { return mercure_last_event_id(); },
    function () { return mercure_set_authz_cookie(TOPIC); },
    function () { return mercure_subscriber_jwt(TOPIC); });

foreach (array_slice($calls, 0, (int) getenv('BENCH_CALLS')) as $call) {
    if ($call() === false) {
        exit(1);
    }
}
