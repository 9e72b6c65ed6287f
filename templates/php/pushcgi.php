<?php
/* SPDX-License-Identifier: MIT */
/*
 * pushcgi.php - live updates for PHP pages: URL, cookie and publishing.
 *
 * Copy this file to your site and require it; PHP 5.6 to 8.x, nothing else
 * is needed.  It runs the program pushcgi(1), which reads
 * /etc/pushcgi/pushcgi.conf: the user PHP runs as must be able to read that
 * file and to write the queue's folder.
 *
 *   require 'pushcgi.php';
 *   mercure_set_authz_cookie('https://example.com/users/42');  // before output
 *   $url = mercure_hub_url('https://example.com/users/42');
 *   mercure_publish('https://example.com/users/42', 'Hello', true);
 *
 * A function that fails returns false after a line in the error log: a page
 * must not break because the hub does.  These can be set beforehand, with
 * define() or in the environment:
 *
 *   PUSHCGI_PROGRAM   the program; default: pushcgi, found in PATH
 *   PUSHCGI_CONFIG    its configuration file; default: the program's own
 */

if (!function_exists('mercure_hub_url')) {
    /**
     * The URL for `new EventSource(…)`.  Escape it for where it goes:
     * htmlspecialchars() in HTML, json_encode() in a script.
     *
     * @param string|string[]|null $topics  null: just the hub's URL
     * @param array $options  'lastEventId': start behind this update
     * @return string|false
     */
    function mercure_hub_url($topics = null, $options = array())
    {
        $args = array('url');
        if (isset($options['lastEventId'])) {
            $args[] = '--last-event-id=' . $options['lastEventId'];
        }
        $args[] = '--';
        return pushcgi_run(array_merge($args, pushcgi_list($topics)));
    }
}

if (!function_exists('mercure_set_authz_cookie')) {
    /**
     * Let this visitor's browser have private updates of the topics.  Call
     * it before any output.  Further calls add topics to the same cookie.
     * The cookie lives as long as PHP's session cookie.
     *
     * @param string|string[] $subscribe
     * @return bool
     */
    function mercure_set_authz_cookie($subscribe = array())
    {
        static $topics = array();

        if (headers_sent($file, $line)) {
            trigger_error('mercure_set_authz_cookie() comes too late: output '
                . "started at $file:$line", E_USER_WARNING);
            return false;
        }
        $wanted = array_values(array_unique(
            array_merge($topics, pushcgi_list($subscribe))
        ));
        $lifetime = max(0, (int) ini_get('session.cookie_lifetime'));
        $cookie = pushcgi_run(array_merge(
            array('cookie', '--lifetime=' . $lifetime, '--'),
            $wanted
        ));
        if ($cookie === false) {
            return false;
        }
        $topics = $wanted;
        pushcgi_replace_cookie($cookie);
        return true;
    }
}

if (!function_exists('mercure_subscriber_jwt')) {
    /**
     * An access token, valid for an hour, for a subscriber that cannot use
     * the cookie.
     *
     * @param string|string[] $subscribe
     * @return string|false
     */
    function mercure_subscriber_jwt($subscribe)
    {
        $args = array('subscriber-jwt');
        foreach (pushcgi_list($subscribe) as $topic) {
            $args[] = '--topic=' . $topic;
        }
        return pushcgi_run($args);
    }
}

if (!function_exists('mercure_publish')) {
    /**
     * Send an update to the subscribers of its topics.
     *
     * @param string|string[] $topics  the canonical one first
     * @param string $data
     * @param bool $private  only for those whose token allows a topic
     * @param string|null $id
     * @param string|null $type
     * @param int|null $retry  milliseconds
     * @return string|false  the update's id
     */
    function mercure_publish(
        $topics,
        $data = '',
        $private = false,
        $id = null,
        $type = null,
        $retry = null
    ) {
        $topics = pushcgi_list($topics);
        $args = array('publish');
        if ($private) {
            $args[] = '--private';
        }
        foreach (array('id' => $id, 'type' => $type, 'retry' => $retry)
            as $name => $value) {
            if ($value !== null) {
                $args[] = "--$name=$value";
            }
        }
        foreach (array_slice($topics, 1) as $topic) {
            $args[] = '--alternate=' . $topic;
        }
        $args[] = '--';
        if ($topics) {
            $args[] = $topics[0];
            $args[] = '-';
        }
        return pushcgi_run($args, (string) $data);
    }
}

if (!function_exists('pushcgi_run')) {
    /* Longest time a call may take, and how long to leave a program alone
     * that did not answer: with many calls on a page, only one waits. */
    defined('PUSHCGI_TIMEOUT_S') || define('PUSHCGI_TIMEOUT_S', 1.0);
    defined('PUSHCGI_PAUSE_S') || define('PUSHCGI_PAUSE_S', 10.0);

    /** @internal Any number of topics as a list of strings. */
    function pushcgi_list($topics)
    {
        return $topics === null
            ? array()
            : array_values(array_map('strval', (array) $topics));
    }

    /** @internal A setting of this file: constant, environment, default. */
    function pushcgi_setting($name, $default)
    {
        if (defined($name)) {
            return (string) constant($name);
        }
        $value = getenv($name);
        return $value === false || $value === '' ? $default : $value;
    }

    /**
     * @internal What the program prints, without the last line break; false
     * after a line in the error log.  trigger_error() would be no good here:
     * frameworks turn warnings into exceptions.
     */
    function pushcgi_run($args, $input = '')
    {
        static $paused_until = 0.0;

        $config = pushcgi_setting('PUSHCGI_CONFIG', '');
        $command = array_merge(
            array(pushcgi_setting('PUSHCGI_PROGRAM', 'pushcgi')),
            $config === '' ? array() : array('--config=' . $config),
            $args
        );
        if (microtime(true) < $paused_until) {
            return pushcgi_failed($command, 'did not answer a moment ago.');
        }
        if (strpos(implode('', $command), "\0") !== false) {
            return pushcgi_failed($command, 'cannot take NUL characters.');
        }
        $pipes = array();
        $process = @proc_open(
            pushcgi_command($command, PHP_VERSION_ID),
            array(array('pipe', 'r'), array('pipe', 'w'), array('pipe', 'w')),
            $pipes
        );
        if (!is_resource($process)) {
            return pushcgi_failed($command, 'cannot be started.');
        }
        $result = pushcgi_talk($process, $pipes, $input);
        if ($result === null) {
            $paused_until = microtime(true) + PUSHCGI_PAUSE_S;
            return pushcgi_failed($command, 'did not answer in time.');
        }
        list($status, $output, $errors) = $result;
        if ($status === 127) {
            return pushcgi_failed($command, 'cannot be run: set '
                . 'PUSHCGI_PROGRAM to its full path.');
        }
        if ($status !== 0) {
            return pushcgi_failed($command, 'failed: ' . trim($errors));
        }
        return substr($output, -1) === "\n"
            ? (string) substr($output, 0, -1)
            : $output;
    }

    /**
     * @internal What proc_open() takes: the list itself, or for PHP below
     * 7.4 a line for the shell.  Not escapeshellarg(): in the C locale it
     * drops all characters beyond ASCII.
     */
    function pushcgi_command($command, $php_version)
    {
        if ($php_version >= 70400) {
            return $command;
        }
        $line = 'exec';
        foreach ($command as $argument) {
            $line .= " '" . str_replace("'", "'\\''", $argument) . "'";
        }
        return $line;
    }

    /**
     * @internal Feed the program and read what it says.  Returns exit
     * status, output and errors, or null when the time was up.
     */
    function pushcgi_talk($process, $pipes, $input)
    {
        $end = microtime(true) + PUSHCGI_TIMEOUT_S;
        $texts = array(1 => '', 2 => '');
        foreach ($pipes as $pipe) {
            stream_set_blocking($pipe, false);
        }
        while (isset($pipes[1]) || isset($pipes[2])) {
            if (isset($pipes[0]) && $input === '') {
                fclose($pipes[0]);
                unset($pipes[0]);
            }
            $left = (int) (($end - microtime(true)) * 1e6);
            if ($left <= 0) {
                break;
            }
            $readable = array_diff_key($pipes, array(0 => true));
            $writable = isset($pipes[0]) ? array($pipes[0]) : array();
            $except = array();
            if (!@stream_select($readable, $writable, $except, 0, $left)) {
                usleep(500); /* time is up, or a signal came */
                continue;
            }
            if ($writable) {
                $n = @fwrite($pipes[0], substr($input, 0, 65536));
                /* Nothing written: the program reads no further. */
                $input = $n ? (string) substr($input, $n) : '';
            }
            foreach (array_keys($texts) as $i) {
                if (!isset($pipes[$i]) || !in_array($pipes[$i], $readable, true)) {
                    continue;
                }
                $part = fread($pipes[$i], 65536);
                if ($part !== false && $part !== '') {
                    $texts[$i] .= $part;
                } elseif (feof($pipes[$i])) {
                    fclose($pipes[$i]);
                    unset($pipes[$i]);
                }
            }
        }
        return pushcgi_end($process, $pipes, $end, $texts);
    }

    /** @internal Wait for the program's exit, or end it. */
    function pushcgi_end($process, $pipes, $end, $texts)
    {
        foreach ($pipes as $pipe) {
            fclose($pipe);
        }
        do {
            $status = proc_get_status($process);
            if (!$status['running']) {
                proc_close($process);
                return array($status['exitcode'], $texts[1], $texts[2]);
            }
            usleep(500);
        } while (microtime(true) < $end);
        /* A publish cut off here is in the queue as a whole or not at all. */
        proc_terminate($process, 9);
        proc_close($process);
        return null;
    }

    /** @internal */
    function pushcgi_failed($command, $reason)
    {
        error_log(preg_replace('/[\x00-\x1f\x7f]+/', ' ', $command[0] . ' '
            . $reason));
        return false;
    }

    /** @internal One Set-Cookie of that name; other cookies stay. */
    function pushcgi_replace_cookie($cookie)
    {
        $start = 'Set-Cookie: ' . substr($cookie, 0, strpos($cookie, '=') + 1);
        $others = array();
        foreach (headers_list() as $header) {
            if (stripos($header, 'Set-Cookie:') === 0
                && strncasecmp($header, $start, strlen($start)) !== 0) {
                $others[] = $header;
            }
        }
        header_remove('Set-Cookie');
        foreach ($others as $header) {
            header($header, false);
        }
        header('Set-Cookie: ' . $cookie, false);
    }
}
