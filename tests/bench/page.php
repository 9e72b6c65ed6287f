<?php
/* SPDX-License-Identifier: MIT */
/* page.php - what the calls of a page cost by pushcgi.php, for bench: lines of a name, microseconds, and those of processor time. */
define('PUSHCGI_TIMEOUT_S', 60);
require __DIR__ . '/../../templates/php/pushcgi.php';

const TOPIC = 'https://example.com/users/42';

/* Microseconds of processor time, here and of programs that have ended. */
function cpu()
{
    $us = 0;
    foreach (array(getrusage(0), getrusage(1)) as $usage) {
        foreach (array('ru_utime', 'ru_stime') as $part) {
            $us += $usage["$part.tv_sec"] * 1e6 + $usage["$part.tv_usec"];
        }
    }
    return $us;
}

/* What one of $n calls takes: microseconds, and of processor time. */
function cost($n, $call)
{
    $start = microtime(true);
    $cpu = cpu();
    for ($i = 0; $i < $n; $i++) {
        if ($call() === false) {
            exit("failed\n");
        }
    }
    return array((microtime(true) - $start) * 1e6 / $n, (cpu() - $cpu) / $n);
}

$n = (int) getenv('BENCH_N');
$costs = array('page' => cost($n, function () {
    $cookie = &pushcgi_state('cookie');
    $cookie = null;
    return mercure_hub_url(TOPIC) !== false && mercure_set_authz_cookie(TOPIC);
}));
if (!pushcgi_native()) {
    $costs['publish'] = cost($n, function () {
        return mercure_publish(TOPIC, 'x');
    });
    for ($i = 0; $i < 1000; $i++) {
        mercure_publish_later(TOPIC, 'x');
    }
    list($us, $cpu) = cost(1, 'mercure_publish_flush');
    $costs['batch'] = array($us / 1000, $cpu / 1000);
}
foreach ($costs as $name => $cost) {
    printf("%s %.1f %.1f\n", $name, $cost[0], $cost[1]);
}
