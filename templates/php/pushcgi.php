<?php
/* SPDX-License-Identifier: MIT */
/*
 * pushcgi.php - live updates for PHP pages: URLs, rights and publishing.
 *
 * Copy this file to your site and require it; PHP 5.6 to 8.x, nothing else
 * is needed.  (It is tested with 5.6, 7.0 to 7.4 and 8.0 to 8.5.)
 * It runs the program pushcgi(1), which reads /etc/pushcgi/pushcgi.conf: the
 * user that runs PHP must be able to read that file and to write to the queue's
 * folder.
 *
 *   require 'pushcgi.php';
 *   mercure_set_authz_cookie('https://example.com/users/42');  // before output
 *   $url = mercure_hub_url('https://example.com/users/42');
 *   mercure_publish_private('https://example.com/users/42', 'Hello');
 *
 * A topic is a text, or an object with a method mercureTopic().  Each argument
 * for a topic may also be a list of topics.  A function that fails writes a
 * line to the error log and returns false, so that a page works while the hub
 * is down.  Settings, by define() before this file is required, or in the
 * environment:
 *
 *   PUSHCGI_PROGRAM      the program; default: pushcgi, found in PATH
 *   PUSHCGI_CONFIG       its configuration file; default: the program's default
 *   PUSHCGI_STRICT       1: a failure throws a RuntimeException instead
 *   PUSHCGI_TIMEOUT_S    time limit of a call in seconds; default: 1.0
 *   PUSHCGI_SCRIPT_URL   URL of pushcgi.js, for
 *                        mercure_script_tag(); default: /pushcgi.js
 *
 * A process may serve many requests, one after the other: see
 * mercure_begin_request().
 *
 * If the host does not allow PHP to start programs, the following settings make
 * this file send requests to the hub itself, with HS256 only and without
 * sessions.  The hub then needs MERCURE_HUB_ALLOW_PUBLISH = true and the same
 * secret for publishers and subscribers:
 *
 *   PUSHCGI_HUB_URL      the hub's URL; if it is set, no program is run.  For
 *                        several hosts or schemes: a list with blanks between;
 *                        a page gets the one of its host, else the first
 *   PUSHCGI_SECRET_FILE  a file with the hub's SECRET_KEY and nothing else,
 *                        not accessible through the web server
 *   PUSHCGI_LOCAL_URL    the hub's URL for requests from this machine;
 *                        default: the first in PUSHCGI_HUB_URL
 *   PUSHCGI_COOKIE_NAME, PUSHCGI_COOKIE_SAMESITE
 *                        default: mercureAuthorization, Strict
 *   PUSHCGI_COOKIE_DOMAIN, PUSHCGI_COOKIE_PARTITIONED
 *                        as MERCURE_COOKIE_DOMAIN and _PARTITIONED in
 *                        pushcgi.conf(5); default: none, 0
 *   PUSHCGI_MAX_TOPIC_LENGTH
 *                        bytes, as MERCURE_MAX_TOPIC_LENGTH; default: 4096
 *   PUSHCGI_TYPE_IS_TOPIC
 *                        1: the topic is the type of an update without one
 */

/* ---- Processes that serve many requests ---- */

if (!function_exists('mercure_begin_request')) {
    /**
     * Begin a request in a process that serves many: publish the updates that
     * the previous request left for later, and forget everything that was
     * allowed or stored for its visitor, and its payload callback.  If
     * $_SERVER['REQUEST_TIME_FLOAT'] changes with each request, as in
     * FrankenPHP's workers, the first call of these functions does this
     * automatically and may then take twice as long.  In other processes, such
     * as RoadRunner's and those that read jobs from a queue, call it before and
     * after each request; after a failed request, call
     * mercure_publish_discard() first.  Processes that serve several requests
     * at the same time are not supported.
     */
    function mercure_begin_request()
    {
        pushcgi_begin_request();
        $marked = &pushcgi_state('marked');
        $marked = true;
    }
}

if (!function_exists('mercure_last_error')) {
    /**
     * Why the last call that failed in this request did so, with the file and
     * the line that called it, as in the log; '' if none did.
     *
     * @return string
     */
    function mercure_last_error()
    {
        return (string) pushcgi_state('error');
    }
}

/* ---- What an update and its page need ---- */

if (!function_exists('mercure_hub_url')) {
    /**
     * The URL for `new EventSource(…)`.  Escape it for its place in the page:
     * htmlspecialchars() in HTML, json_encode() in a script.
     *
     * Options:
     *   lastEventId    start after the update with this id; true: after the
     *                  last update now, see mercure_last_event_id()
     *   authorization  a token to add to the URL, where a cookie is not
     *                  possible; true: make a token for these topics.  URLs
     *                  appear in logs.
     *   subscriptions  true: also the events of subscriptions to these topics
     *   payload, lifetime
     *                  of the token that is made
     *   subscribe, publish, additionalClaims
     *                  also set the cookie, as symfony/mercure's Twig function
     *                  does; see mercure_set_authz_cookie().  If that fails,
     *                  the function returns false.
     *
     * @param mixed $topics  null: just the hub's URL
     * @return string|false
     */
    function mercure_hub_url($topics = null, $options = array())
    {
        $known = array('lastEventId', 'authorization', 'subscriptions',
            'payload', 'lifetime', 'subscribe', 'publish',
            'additionalClaims');
        if (!pushcgi_options('mercure_hub_url', $options, $known)) {
            return false;
        }
        $clock = new PushcgiClock();
        $topics = pushcgi_list($topics);
        if (!empty($options['subscriptions'])) {
            foreach ($topics as $topic) {
                $topics[] = mercure_subscription_topic($topic);
            }
        }
        $of_token = array_intersect_key($options, array_flip(
            array('payload', 'lifetime', 'additionalClaims')
        ));
        if ((isset($options['subscribe']) || isset($options['publish']))
            && !mercure_set_authz_cookie(
                isset($options['subscribe']) ? $options['subscribe'] : null,
                isset($options['publish']) ? $options['publish'] : null,
                $of_token
            )) {
            return false;
        }
        $url = pushcgi_url($topics, pushcgi_position($options));
        if ($url === false || empty($options['authorization'])) {
            return $url;
        }
        $token = $options['authorization'];
        if ($token === true) {
            $token = mercure_subscriber_jwt($topics, $of_token);
        }
        if ($token === false) {
            return false;
        }
        return $url . (strpos($url, '?') === false ? '?' : '&')
            . 'authorization=' . rawurlencode($token);
    }
}

if (!function_exists('mercure_authentified_hub_url')) {
    /**
     * The same with a token made for these topics in the URL.
     *
     * @return string|false
     */
    function mercure_authentified_hub_url($topics = null, $options = array())
    {
        return mercure_hub_url($topics, is_array($options)
            ? array('authorization' => true) + $options : $options);
    }
}

if (!function_exists('mercure_topic')) {
    /**
     * The topic of a thing: the result of an object's method mercureTopic(),
     * if it has one, or else the thing converted to a text.
     *
     * @return string
     */
    function mercure_topic($thing)
    {
        if (is_object($thing) && method_exists($thing, 'mercureTopic')) {
            $thing = $thing->mercureTopic();
        }
        return (string) pushcgi_text($thing);
    }
}

if (!function_exists('mercure_subscription_topic')) {
    /**
     * The topic, a URI Template, of the hub's private updates about
     * subscriptions: of one subscriber to a topic, of all subscribers to it, or
     * of all subscriptions.
     *
     * @return string
     */
    function mercure_subscription_topic($topic = null, $subscriber = null)
    {
        return '/.well-known/mercure/subscriptions'
            . ($topic === null ? '{/topic}'
                : '/' . rawurlencode(mercure_topic($topic)))
            . ($subscriber === null ? '{/subscriber}'
                : '/' . rawurlencode((string) pushcgi_text($subscriber)));
    }
}

if (!function_exists('mercure_last_event_id')) {
    /**
     * The id of the last update when this function was first called for this
     * page.  Call it before you read the data of the page, and pass it to
     * mercure_hub_url(): updates that are published until the browser connects
     * are then received, too.
     *
     * @return string|false
     */
    function mercure_last_event_id()
    {
        $id = &pushcgi_state('last');
        if ($id === null) {
            $id = pushcgi_native() ? pushcgi_native_last_event_id()
                : pushcgi_run(array('last-event-id'));
        }
        return $id;
    }
}

if (!function_exists('mercure_link_header')) {
    /**
     * Send a Link header with the hub's URL for clients.  Call it before
     * any output.  Option: lastEventId, as of mercure_hub_url().
     *
     * @return bool
     */
    function mercure_link_header($options = array())
    {
        $function = 'mercure_link_header';
        if (!pushcgi_options($function, $options, array('lastEventId'))
            || pushcgi_too_late($function)) {
            return false;
        }
        $clock = new PushcgiClock();
        $id = pushcgi_position($options);
        $link = pushcgi_native() ? pushcgi_native_link($id)
            : pushcgi_run(array_merge(
                array('link'),
                pushcgi_page_option(),
                $id === null ? array() : array('--last-event-id=' . $id)
            ));
        if ($link === false || !pushcgi_is_header($function, $link)) {
            return false;
        }
        header('Link: ' . $link, false);
        return true;
    }
}

if (!function_exists('mercure_script_tag')) {
    /**
     * The HTML element <script> that loads pushcgi.js and has its topics as
     * attributes.  Options:
     *   src              URL of pushcgi.js; default: PUSHCGI_SCRIPT_URL
     *   lastEventId      see mercure_hub_url(); default: true
     *   presence         true, or topics: show who is connected to them; the
     *                    visitor is granted the right to see it, by the
     *                    session if it has rights by then, else by the cookie,
     *                    so call this before any output
     *   payload          what others see of the visitor, with presence
     *   private          whether the page expects private updates; default:
     *                    whether it has granted rights before
     *   refresh          a URL that grants the same rights again, for pages that
     *                    stay open; default: the page itself, if it has granted
     *                    rights before and is the answer to a GET; false: none
     *   refreshAfter     seconds; default: three quarters of the cookie's
     *                    lifetime
     *   count, target, swap, leaveAfter, withCredentials, types, share,
     *   delivery, pollAfter
     *                    see the README of pushcgi.js
     *   nonce, integrity, crossorigin, referrerpolicy, fetchpriority, id, class,
     *   defer, async     attributes of the element; true: without a value
     *
     * @return string|false
     */
    function mercure_script_tag($topics, $options = array())
    {
        $function = 'mercure_script_tag';
        $passed = array('withCredentials', 'refresh', 'refreshAfter', 'types',
            'share', 'delivery', 'pollAfter', 'private', 'presence',
            'leaveAfter', 'count', 'target', 'swap');
        $plain = array('nonce', 'integrity', 'crossorigin', 'referrerpolicy',
            'fetchpriority', 'id', 'class', 'defer', 'async');
        $known = array_merge(array('src', 'lastEventId', 'payload'), $passed,
            $plain);
        if (!pushcgi_options($function, $options, $known)) {
            return false;
        }
        if (!pushcgi_are_texts($options, 'types', true)) {
            return pushcgi_failed("$function()", 'expects its option types '
                . 'to be a text or a list of texts.');
        }
        if (!pushcgi_are_texts($options, 'target', false)) {
            return pushcgi_failed("$function()", 'expects its option target '
                . 'to be a text, or an array of texts with types as keys.');
        }
        $clock = new PushcgiClock();
        $topics = pushcgi_list($topics);
        /* With the topics, so that an invalid one fails here. */
        $url = pushcgi_url($topics, null);
        if ($url === false || (!empty($options['presence'])
            && !pushcgi_grant_presence($options['presence'] === true
                ? $topics : pushcgi_list($options['presence']), $options))) {
            return false;
        }
        $options += pushcgi_renewal();
        $attributes = array(
            'src' => isset($options['src']) ? $options['src']
                : pushcgi_setting('PUSHCGI_SCRIPT_URL', '/pushcgi.js'),
            'data-url' => preg_replace('/[?&]topic=.*/s', '', $url),
            'data-topics' => $topics,
            'data-last-event-id' => pushcgi_position(
                $options + array('lastEventId' => true)
            ),
        );
        foreach ($passed as $name) {
            $attribute = 'data-' . strtolower(
                preg_replace('/[A-Z]/', '-$0', $name)
            );
            $attributes[$attribute] = isset($options[$name])
                && ($name !== 'refresh' || $options[$name] !== false)
                ? $options[$name] : null;
        }
        foreach ($plain as $name) {
            $value = isset($options[$name]) ? $options[$name] : false;
            $attributes[$name] = $value === false ? null
                : ($value === true ? '' : (string) $value);
        }
        $tag = '<script';
        foreach ($attributes as $name => $value) {
            $text = is_string($value) ? $value
                : pushcgi_json($function, $value);
            if ($text === false) {
                return false;
            }
            if ($value !== null) {
                $tag .= " $name=\"" . pushcgi_html($text) . '"';
            }
        }
        return $tag . '></script>';
    }
}

/* ---- Publishing ---- */

if (!function_exists('mercure_publish')) {
    /**
     * Send an update to the subscribers of its topics.
     *
     * @param mixed $topics  the canonical one first
     * @param mixed $data  a text; an object with a method mercureData();
     *                     anything else becomes JSON
     * @param bool $private  only for subscribers that may receive a topic
     * @param string|null $id
     * @param string|true|null $type  true: the topic
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
        $update = pushcgi_update($topics, $data, $private, $id, $type, $retry);
        if ($update === false) {
            return false;
        }
        if (pushcgi_native()) {
            $ids = pushcgi_native_publish(array($update));
            return $ids === false ? false : $ids[0];
        }
        /* By standard input, because other users can see arguments. */
        $line = pushcgi_json('mercure_publish()', $update);
        return $line === false ? false
            : pushcgi_run(array('publish', '--batch'), $line . "\n");
    }
}

if (!function_exists('mercure_publish_private')) {
    /**
     * The same, only for subscribers that may receive one of its topics: for
     * everything that not everybody may see.
     *
     * @return string|false  the update's id
     */
    function mercure_publish_private(
        $topics,
        $data = '',
        $id = null,
        $type = null,
        $retry = null
    ) {
        return mercure_publish($topics, $data, true, $id, $type, $retry);
    }
}

if (!function_exists('mercure_publish_later')) {
    /**
     * Publish an update after the response has been sent, together with all
     * others; it is not published if the page ends in a fatal error.  In a
     * transaction of a database, call this where you write the data, call
     * mercure_publish_flush() after COMMIT and mercure_publish_discard() after
     * ROLLBACK.  In a process that serves many requests, the updates are
     * published by mercure_begin_request().
     *
     * @return bool
     */
    function mercure_publish_later(
        $topics,
        $data = '',
        $private = false,
        $id = null,
        $type = null,
        $retry = null
    ) {
        $updates = &pushcgi_state('later');
        $update = pushcgi_update($topics, $data, $private, $id, $type, $retry);
        if ($update === false) {
            return false;
        }
        pushcgi_wait_for_end();
        $updates[] = array($update, pushcgi_place());
        return true;
    }
}

if (!function_exists('mercure_publish_private_later')) {
    /**
     * The same, only for subscribers that may receive one of its topics.
     *
     * @return bool
     */
    function mercure_publish_private_later(
        $topics,
        $data = '',
        $id = null,
        $type = null,
        $retry = null
    ) {
        return mercure_publish_later($topics, $data, true, $id, $type, $retry);
    }
}

if (!function_exists('mercure_publish_flush')) {
    /**
     * Publish now the updates that were left for later, up to 256 in one
     * transaction.  It stops at the first error: updates before it may be
     * published, later ones are not.  Nothing is left for later in any case.
     *
     * @return string[]|false  their ids
     */
    function mercure_publish_flush()
    {
        $later = &pushcgi_state('later');
        $updates = array();
        $places = array();
        foreach ((array) $later as $i => $pair) {
            list($updates[], $places[$i + 1]) = $pair;
        }
        if (!$updates) {
            return array();
        }
        $later = array();
        $left = &pushcgi_state('places');
        $left = $places;
        try {
            return pushcgi_publish_all($updates);
        } finally {
            $left = null;
        }
    }
}

if (!function_exists('mercure_publish_discard')) {
    /** Discard the updates that were left for later. */
    function mercure_publish_discard()
    {
        $updates = &pushcgi_state('later');
        if ($updates !== null) {
            $updates = array();
        }
    }
}

if (!function_exists('mercure_listener')) {
    /**
     * Return a function that publishes an update when it is called, to be used
     * as a listener of events in your framework.  $data may be a function that
     * makes the data from the listener's arguments; if it returns false,
     * nothing is published.  The default is the first argument.
     *
     * @return Closure
     */
    function mercure_listener(
        $topics,
        $data = null,
        $private = false,
        $type = null
    ) {
        return function () use ($topics, $data, $private, $type) {
            $arguments = func_get_args();
            $made = $data;
            if ($data === null) {
                $made = $arguments ? $arguments[0] : '';
            } elseif ($data instanceof Closure) {
                $made = call_user_func_array($data, $arguments);
                if ($made === false) {
                    return;
                }
            }
            mercure_publish_later($topics, $made, $private, null, $type);
        };
    }
}

/* ---- Rights ---- */

if (!function_exists('mercure_payload_callback')) {
    /**
     * Set a function that makes the payload of every token and session: it
     * gets the topics and returns the payload, which the hub shows with
     * subscriptions.  A payload that is an option of a call is merged over it.
     *
     * @param callable|null $callback
     * @return bool
     */
    function mercure_payload_callback($callback)
    {
        if ($callback !== null && !is_callable($callback)) {
            return pushcgi_failed('mercure_payload_callback()', 'expects '
                . 'something that can be called.');
        }
        $state = &pushcgi_state('payload');
        $state = $callback;
        return true;
    }
}

if (!function_exists('mercure_subscriber_jwt')) {
    /**
     * An access token, valid for an hour, for a subscriber that cannot use
     * the cookie.  Options: payload, lifetime (seconds), additionalClaims.
     *
     * @return string|false
     */
    function mercure_subscriber_jwt($subscribe, $options = array())
    {
        $known = array('payload', 'lifetime', 'additionalClaims');
        if (!pushcgi_options('mercure_subscriber_jwt', $options, $known)) {
            return false;
        }
        return pushcgi_token(pushcgi_rights($subscribe, null, $options));
    }
}

if (!function_exists('mercure_publisher_jwt')) {
    /**
     * An access token for a publisher on another machine; without a lifetime it
     * never expires.  Options: lifetime (seconds), additionalClaims.
     *
     * @return string|false
     */
    function mercure_publisher_jwt($publish = '*', $options = array())
    {
        $known = array('lifetime', 'additionalClaims');
        if (!pushcgi_options('mercure_publisher_jwt', $options, $known)) {
            return false;
        }
        $rights = pushcgi_rights(null, $publish, $options);
        return $rights['publish'] ? pushcgi_token($rights)
            : pushcgi_failed('mercure_publisher_jwt()', 'needs a topic.');
    }
}

if (!function_exists('mercure_set_authz_cookie')) {
    /**
     * Allow this visitor's browser to receive private updates of the topics.
     * Call it before any output.  Further calls add to the same cookie, which
     * has the lifetime of PHP's session cookie.  Options: payload, lifetime,
     * additionalClaims; token: an existing token.  A browser drops the cookie
     * if it is for https only and the page comes by http: this is logged, and
     * the result is true.
     *
     * @return bool  whether the cookie is sent
     */
    function mercure_set_authz_cookie(
        $subscribe = array(),
        $publish = array(),
        $options = array()
    ) {
        $function = 'mercure_set_authz_cookie';
        $known = array('payload', 'lifetime', 'additionalClaims', 'token');
        if (!pushcgi_options($function, $options, $known)
            || pushcgi_too_late($function)) {
            return false;
        }
        $clock = new PushcgiClock();
        $sum = &pushcgi_state('cookie');
        $lifetime = max(0, (int) ini_get('session.cookie_lifetime'));
        $rights = pushcgi_rights($subscribe, $publish, $options
            + array('lifetime' => $lifetime));
        if (isset($options['token'])) {
            $cookie = pushcgi_cookie_of(
                $options['token'],
                $rights['lifetime']
            );
        } else {
            $rights = pushcgi_rights_joined($sum, $rights);
            $cookie = pushcgi_cookie($rights);
        }
        if ($cookie === false || !pushcgi_is_header($function, $cookie)) {
            return false;
        }
        $sum = isset($options['token']) ? null : $rights;
        pushcgi_replace_cookie($cookie);
        pushcgi_warn_of_http($function, $cookie);
        return true;
    }
}

if (!function_exists('mercure_clear_authz_cookie')) {
    /**
     * Delete the cookie.  Call it before any output.  Open streams continue
     * until their token expires; with sessions they end at once.
     *
     * @return bool
     */
    function mercure_clear_authz_cookie()
    {
        $function = 'mercure_clear_authz_cookie';
        if (pushcgi_too_late($function)) {
            return false;
        }
        $cookie = pushcgi_native() ? pushcgi_native_cookie('', 0)
            : pushcgi_run(array_merge(
                array('clear-cookie'),
                pushcgi_page_option()
            ));
        if ($cookie === false || !pushcgi_is_header($function, $cookie)) {
            return false;
        }
        $sum = &pushcgi_state('cookie');
        $sum = null;
        pushcgi_replace_cookie($cookie);
        return true;
    }
}

if (!function_exists('mercure_set_authz_session')) {
    /**
     * Allow this PHP session to receive private updates of the topics, at once
     * and without another cookie, until the lifetime is over or the grant is
     * revoked.  The hub's MERCURE_SESSION_COOKIE must be the session's name.
     * Options: payload; lifetime (seconds; default 3600); replace: true
     * revokes earlier grants; id: of a session that is not PHP's.
     *
     * @return bool
     */
    function mercure_set_authz_session($subscribe, $options = array())
    {
        $function = 'mercure_set_authz_session';
        $known = array('payload', 'lifetime', 'replace', 'id');
        if (!pushcgi_options($function, $options, $known)) {
            return false;
        }
        $rights = pushcgi_rights($subscribe, null, $options);
        $flags = pushcgi_token_flags($rights);
        if ($flags === false) {
            return false;
        }
        if (!empty($options['replace'])) {
            $flags[] = '--replace';
        }
        $done = pushcgi_session($function, array_merge(
            array('grant'),
            $flags,
            array('--'),
            $rights['subscribe']
        ), array(pushcgi_session_id($options)));
        if ($done) {
            $session = &pushcgi_state('session');
            $session = array_diff_key($options, array('replace' => true));
        }
        return $done;
    }
}

if (!function_exists('mercure_clear_authz_session')) {
    /**
     * Revoke the grant of this session for these topics, or for all.  Streams
     * of a session without topics end.  Call it before session_destroy().
     * Option: id, as above.
     *
     * @return bool
     */
    function mercure_clear_authz_session($topics = array(), $options = array())
    {
        $function = 'mercure_clear_authz_session';
        if (!pushcgi_options($function, $options, array('id'))) {
            return false;
        }
        return pushcgi_session($function, array_merge(
            array('revoke', '--'),
            pushcgi_list($topics)
        ), array(pushcgi_session_id($options)));
    }
}

if (!function_exists('mercure_session_regenerate_id')) {
    /**
     * Call session_regenerate_id() and move the granted topics to the new id.
     * The old id remains valid for five seconds, because a stream that ends
     * must not reconnect before the browser has its new cookie.  In a page
     * that takes longer, call this late.  If the topics cannot be moved, the
     * new id receives no private updates, and a line is logged.
     *
     * @return bool  whether the session has another id
     */
    function mercure_session_regenerate_id($delete_old_session = false)
    {
        $clock = new PushcgiClock();
        $old = session_id();
        if (!session_regenerate_id($delete_old_session)) {
            return false;
        }
        if (!pushcgi_native()) {
            pushcgi_session('mercure_session_regenerate_id', array('move'),
                array($old, session_id()));
        }
        return true;
    }
}

/* ---- Subscriptions ---- */

if (!function_exists('mercure_get_subscriptions')) {
    /**
     * The current subscriptions, to the topic or all: the document of the
     * protocol's subscription API; its member 'subscriptions' is the list.
     *
     * @return array|false
     */
    function mercure_get_subscriptions($topic = null, $subscriber = null)
    {
        $topics = pushcgi_list($topic);
        $text = pushcgi_native() ? pushcgi_native_subscriptions($topics)
            : pushcgi_run(array_merge(
                array('subscriptions', '--json', '--'),
                $topics
            ));
        $document = $text === false ? null : json_decode($text, true);
        if (!isset($document['subscriptions'])) {
            return $text === false ? false : pushcgi_failed(
                'mercure_get_subscriptions()',
                'got no list of subscriptions.'
            );
        }
        if ($subscriber !== null) {
            $list = array();
            foreach ($document['subscriptions'] as $subscription) {
                if ($subscription['subscriber'] === $subscriber) {
                    $list[] = $subscription;
                }
            }
            $document['subscriptions'] = $list;
        }
        return $document;
    }
}

if (!function_exists('mercure_is_connected')) {
    /**
     * Is a subscriber of the topic connected?  With a payload, such as
     * array('id' => 42): a subscriber whose payload has these members.
     * Everybody may subscribe to any topic, without receiving its private
     * updates: if you do not store something because a visitor is connected,
     * require a payload.
     *
     * @return bool|null  null: the answer is not known
     */
    function mercure_is_connected($topic, $payload = array())
    {
        if (!is_array($payload)) {
            pushcgi_failed('mercure_is_connected()', 'expects its payload as '
                . 'an array.');
            return null;
        }
        if (pushcgi_native()) {
            return pushcgi_native_is_connected($topic, $payload);
        }
        $args = array('connected', '--', mercure_topic($topic));
        foreach ($payload as $name => $value) {
            $text = is_string($value) ? $value
                : pushcgi_json('mercure_is_connected', $value);
            if ($text === false) {
                return null;
            }
            $args[] = $name . '=' . $text;
        }
        $status = pushcgi_ask($args);
        return $status === false ? null : $status === 0;
    }
}

if (!function_exists('mercure_count')) {
    /**
     * How many have the topic open right now, without identities: streams that
     * ask for this topic itself.  The hub counts the topics that its setting
     * MERCURE_COUNTS lists.
     *
     * @return int|null  null: the number is not known
     */
    function mercure_count($topic)
    {
        $topic = mercure_topic($topic);
        $text = pushcgi_native() ? pushcgi_native_count($topic)
            : pushcgi_run(array('count', '--', $topic));
        return $text === false ? null : (int) $text;
    }
}

/* ---- Internals ---- */

if (!function_exists('pushcgi_run')) {
    /* The time limit of a call, for all programs that it runs, and the time for
     * which a program that did not answer is not run again: of many calls in a
     * page, only one waits. */
    defined('PUSHCGI_TIMEOUT_S') || define(
        'PUSHCGI_TIMEOUT_S',
        getenv('PUSHCGI_TIMEOUT_S') > 0 ? (float) getenv('PUSHCGI_TIMEOUT_S')
            : 1.0
    );
    defined('PUSHCGI_PAUSE_S') || define('PUSHCGI_PAUSE_S', 10.0);

    /* The program's: a hundred years. */
    defined('PUSHCGI_LIFETIME_MAX_S')
        || define('PUSHCGI_LIFETIME_MAX_S', '3155760000');

    /* A program that has answered runs on for this page.  It ends by itself
     * after so many seconds without a question, and is not asked any more after
     * fewer. */
    defined('PUSHCGI_IDLE_S') || define('PUSHCGI_IDLE_S', 5);
    defined('PUSHCGI_REUSE_S') || define('PUSHCGI_REUSE_S', 2.0);

    /** @internal A variable that lives as long as the request; null: all. */
    function &pushcgi_state($name)
    {
        static $state = array();
        static $request = null;
        static $pid = null;

        /* After pcntl_fork(), updates and program are the parent's. */
        $own = function_exists('getmypid') ? getmypid() : 0;
        if ($own !== $pid) {
            $pid = $own;
            unset($state['later'], $state['program']);
        }
        $began = isset($_SERVER['REQUEST_TIME_FLOAT'])
            ? $_SERVER['REQUEST_TIME_FLOAT'] : null;
        if ($began !== $request) {
            $request = $began; /* first, as this calls pushcgi_state() again */
            pushcgi_begin_request();
        }
        if ($name === null) {
            return $state;
        }
        if (!array_key_exists($name, $state)) {
            $state[$name] = null;
        }
        return $state[$name];
    }

    /** @internal See mercure_begin_request(). */
    function pushcgi_begin_request()
    {
        $clock = new PushcgiClock();
        $state = &pushcgi_state(null);
        try {
            mercure_publish_flush();
        } catch (RuntimeException $e) {
            /* PUSHCGI_STRICT: it is not an error of this request. */
            error_log($e->getMessage());
        }
        $state = array_intersect_key($state, array_flip(
            array('paused', 'waits', 'end', 'spent')
        ));
    }

    /** @internal Publish these, and return their ids. */
    function pushcgi_publish_all($updates)
    {
        if (pushcgi_native()) {
            return pushcgi_native_publish($updates);
        }
        $lines = '';
        foreach ($updates as $update) {
            $line = pushcgi_json('mercure_publish_flush', $update);
            if ($line === false) {
                return false;
            }
            $lines .= $line . "\n";
        }
        $ids = pushcgi_run(array('publish', '--batch'), $lines);
        return $ids === false ? false : explode("\n", $ids);
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

    /** @internal Is a setting on? */
    function pushcgi_is_set($name)
    {
        return !in_array(strtolower(pushcgi_setting($name, '')),
            array('', '0', 'false', 'off', 'no'), true);
    }

    /** @internal Convert to a text; null if that is not possible. */
    function pushcgi_text($thing)
    {
        return is_scalar($thing)
            || (is_object($thing) && method_exists($thing, '__toString'))
            ? (string) $thing : null;
    }

    /** @internal Is this option a text, a list or an array of them, or none? */
    function pushcgi_are_texts($options, $name, $is_list)
    {
        $texts = isset($options[$name]) ? $options[$name] : '';
        if (is_array($texts) && !$is_list
            && array_values($texts) === $texts) {
            return false;
        }
        return !in_array(null, array_map(
            'pushcgi_text',
            is_array($texts) ? $texts : array($texts)
        ), true);
    }

    /** @internal Is it a whole number from 0 to $most, or its text? */
    function pushcgi_is_number($value, $most)
    {
        $text = is_float($value) ? '' : (string) pushcgi_text($value);
        return preg_match('/\A0*[0-9]{1,10}\z/', $text) === 1
            && (float) $text <= (float) $most;
    }

    /** @internal */
    function pushcgi_is_topic($text)
    {
        return preg_match('/\A[^\x00-\x1f\x7f]+\z/u', $text) === 1;
    }

    /** @internal What is wrong with one of these topics, or null. */
    function pushcgi_topics_problem($topics)
    {
        foreach ($topics as $topic) {
            if (!pushcgi_is_topic($topic)) {
                return 'got a topic that is empty, not UTF-8 or has control '
                    . 'characters.';
            }
        }
        return null;
    }

    /** @internal Any number of topics as a list of texts. */
    function pushcgi_list($topics)
    {
        if ($topics === null) {
            return array();
        }
        if ($topics instanceof Traversable
            && !method_exists($topics, 'mercureTopic')) {
            $topics = iterator_to_array($topics, false);
        }
        return array_values(array_map(
            'mercure_topic',
            is_array($topics) ? $topics : array($topics)
        ));
    }

    /** @internal Refuse unknown options: a misspelt one could omit a right. */
    function pushcgi_options($function, $options, $known)
    {
        if (!is_array($options)) {
            return pushcgi_failed("$function()", 'expects its options as '
                . 'an array.');
        }
        foreach (array_keys($options) as $name) {
            if (!in_array($name, $known, true)) {
                return pushcgi_failed("$function()", "has no option $name; "
                    . 'it has ' . implode(', ', $known) . '.');
            }
        }
        foreach (array('lastEventId', 'authorization', 'lifetime', 'src',
            'token', 'id', 'nonce', 'integrity', 'crossorigin',
            'referrerpolicy', 'fetchpriority', 'class', 'defer', 'async',
            'refresh', 'refreshAfter', 'share', 'delivery', 'pollAfter',
            'leaveAfter', 'count', 'swap') as $name) {
            if (isset($options[$name])
                && pushcgi_text($options[$name]) === null) {
                return pushcgi_failed("$function()", "expects its option $name "
                    . 'to be a text or a number.');
            }
        }
        /* Converted to 0, another text would make a token without an end. */
        if (isset($options['lifetime']) && !pushcgi_is_number(
            $options['lifetime'],
            PUSHCGI_LIFETIME_MAX_S
        )) {
            return pushcgi_failed("$function()", 'expects its option lifetime '
                . 'to be a whole number of seconds, from 0 to '
                . PUSHCGI_LIFETIME_MAX_S . '.');
        }
        return true;
    }

    /** @internal The id in the option lastEventId, or null. */
    function pushcgi_position($options)
    {
        $id = isset($options['lastEventId']) ? $options['lastEventId'] : null;
        if ($id === true) {
            $id = mercure_last_event_id();
        }
        return $id === false || $id === null ? null : (string) $id;
    }

    /** @internal */
    function pushcgi_url($topics, $last_event_id)
    {
        if (pushcgi_native()) {
            return pushcgi_native_url($topics, $last_event_id);
        }
        $args = array_merge(array('url'), pushcgi_page_option());
        if ($last_event_id !== null) {
            $args[] = '--last-event-id=' . $last_event_id;
        }
        $args[] = '--';
        return pushcgi_run(array_merge($args, $topics));
    }

    /** @internal JSON; false after logging why not. */
    function pushcgi_json($function, $value)
    {
        $text = json_encode($value, JSON_UNESCAPED_SLASHES);
        return $text !== false ? $text : pushcgi_failed(
            strpos($function, '.') || strpos($function, '()') ? $function
                : "$function()",
            'cannot convert a value to JSON: ' . json_last_error_msg() . '.'
        );
    }

    /** @internal Unlike htmlspecialchars(), keep texts that are not UTF-8. */
    function pushcgi_html($text)
    {
        return strtr($text, array('&' => '&amp;', '<' => '&lt;',
            '>' => '&gt;', '"' => '&quot;', "'" => '&#39;'));
    }

    /** @internal An update's fields; false after logging why not. */
    function pushcgi_update($topics, $data, $private, $id, $type, $retry)
    {
        if (is_object($data) && method_exists($data, 'mercureData')) {
            $data = $data->mercureData();
        }
        if ($data === null) {
            $data = '';
        } elseif (is_object($data) && method_exists($data, '__toString')) {
            $data = (string) $data;
        } elseif (!is_string($data)) {
            $data = pushcgi_json('mercure_publish', $data);
        }
        if ($data === false) {
            return false;
        }
        $topics = pushcgi_list($topics);
        if ($type === true) {
            $type = $topics ? $topics[0] : null;
        }
        $update = array('topic' => $topics, 'data' => $data,
            'private' => (bool) $private);
        foreach (array('id' => $id, 'type' => $type, 'retry' => $retry)
            as $name => $value) {
            if ($value !== null) {
                $update[$name] = pushcgi_text($value);
            }
        }
        $problem = pushcgi_update_problem($update);
        if ($problem !== null) {
            return pushcgi_failed('mercure_publish()', $problem);
        }
        if (isset($update['retry'])) {
            $update['retry'] = (int) $update['retry'];
        }
        return $update;
    }

    /**
     * @internal What is wrong with its fields, or null.  Examined now, because
     * a refused update would make others of the same transaction fail later.
     * Reserved topics are left to the hub.
     */
    function pushcgi_update_problem($update)
    {
        if (!$update['topic']) {
            return 'needs a topic.';
        }
        $problem = pushcgi_topics_problem($update['topic']);
        if ($problem !== null) {
            return $problem;
        }
        foreach (array('data' => '/\x00/', 'id' => '/[\x00-\x1f\x7f]/',
            'type' => '/[\x00\r\n]/') as $name => $forbidden) {
            $text = array_key_exists($name, $update) ? $update[$name] : '';
            if (!is_string($text) || !preg_match('//u', $text)
                || preg_match($forbidden, $text)) {
                return "expects its $name to be a text in UTF-8, without NUL"
                    . ($name === 'data' ? '.' : ' and line breaks.');
            }
        }
        $id = array_key_exists('id', $update) ? $update['id'] : '';
        if (trim($id, ' ') !== $id || strpos($id, '#') === 0
            || $id === 'earliest' || strlen($id) > 1024) {
            return 'expects its id to have at most 1024 bytes, no blank at its '
                . 'start or end, and not to start with # or be "earliest".';
        }
        $type = array_key_exists('type', $update) ? $update['type'] : '';
        if ($type === 'mercure' || strlen($type) > 1024) {
            return 'expects its type to have at most 1024 bytes, and not to be '
                . '"mercure".';
        }
        return !array_key_exists('retry', $update)
            || preg_match('/\A[0-9]{1,9}\z/', (string) $update['retry'])
            ? null : 'expects retry to be a whole number of milliseconds.';
    }

    /** @internal Call pushcgi_after_response() when the page ends. */
    function pushcgi_wait_for_end()
    {
        $waits = &pushcgi_state('waits');
        if (!$waits) {
            register_shutdown_function('pushcgi_after_shutdown', 3);
            /* If a function of the shutdown calls exit, no other one runs. */
            $end = &pushcgi_state('end');
            $end = new PushcgiEnd();
        }
        $waits = true;
    }

    /**
     * @internal Run as the last function of the shutdown: output of others
     * would be lost, if they ran after fastcgi_finish_request().
     */
    function pushcgi_after_shutdown($rounds)
    {
        if ($rounds > 0) {
            register_shutdown_function('pushcgi_after_shutdown', $rounds - 1);
        } else {
            pushcgi_after_response();
        }
    }

    /**
     * @internal Publish the updates that were left for later, and end the
     * program.
     */
    function pushcgi_after_response()
    {
        $updates = &pushcgi_state('later');
        $program = &pushcgi_state('program');
        $error = error_get_last();

        if ($updates && $error !== null && $error['type'] & (E_ERROR | E_PARSE
            | E_CORE_ERROR | E_COMPILE_ERROR | E_RECOVERABLE_ERROR)) {
            error_log('pushcgi: ' . count($updates) . ' updates are not '
                . 'published, because the page ended in a fatal error.');
            $updates = array();
        }
        if ($updates) {
            pushcgi_send_response();
            try {
                mercure_publish_flush();
            } catch (RuntimeException $e) {
                /* PUSHCGI_STRICT: nobody can catch it any more. */
                error_log($e->getMessage());
            }
        }
        $program = null;
    }

    /** @internal As far as this SAPI of PHP allows. */
    function pushcgi_send_response()
    {
        $quiet = new PushcgiQuiet();
        foreach (array('fastcgi_finish_request', 'litespeed_finish_request')
            as $finish) {
            if (function_exists($finish)) {
                $finish();
                return;
            }
        }
        while (ob_get_level() > 0 && ob_end_flush()) {
            continue;
        }
        flush();
    }

    /**
     * @internal The content of a token: subscribe, publish, payload, lifetime
     * (null: the default), claims.
     */
    function pushcgi_rights($subscribe, $publish, $options)
    {
        $claims = isset($options['additionalClaims'])
            ? (array) $options['additionalClaims'] : array();
        $subscribe = pushcgi_list($subscribe);
        $payload = isset($options['payload']) ? $options['payload'] : null;
        $lifetime = isset($options['lifetime'])
            ? (int) $options['lifetime'] : null;
        $callback = pushcgi_state('payload');

        if ($payload === null && isset($claims['mercure'])
            && is_array($claims['mercure'])
            && isset($claims['mercure']['payload'])) {
            $payload = $claims['mercure']['payload'];
        }
        if (isset($claims['exp'])) {
            $exp = $claims['exp'];
            $lifetime = max(1, (int) ($exp instanceof DateTimeInterface
                ? $exp->getTimestamp() : pushcgi_text($exp)) - time());
        }
        if ($callback !== null && $subscribe && is_callable($callback)) {
            $general = call_user_func($callback, $subscribe);
            $payload = is_array($general) && is_array($payload)
                ? array_merge($general, $payload)
                : ($payload === null ? $general : $payload);
        }
        unset($claims['mercure'], $claims['exp']);
        foreach ($claims as $name => $value) {
            if ($value instanceof DateTimeInterface) {
                $claims[$name] = $value->getTimestamp();
            }
        }
        return array('subscribe' => $subscribe,
            'publish' => pushcgi_list($publish), 'payload' => $payload,
            'lifetime' => $lifetime, 'claims' => $claims);
    }

    /** @internal The rights of several calls for one cookie. */
    function pushcgi_rights_joined($sum, $rights)
    {
        if ($sum === null) {
            return $rights;
        }
        foreach (array('subscribe', 'publish') as $name) {
            $rights[$name] = array_values(array_unique(
                array_merge($sum[$name], $rights[$name])
            ));
        }
        $rights['claims'] += $sum['claims'];
        $rights['payload'] = is_array($sum['payload'])
            && is_array($rights['payload'])
            ? array_merge($sum['payload'], $rights['payload'])
            : ($rights['payload'] === null ? $sum['payload']
                : $rights['payload']);
        return $rights;
    }

    /**
     * @internal How a page that has granted rights keeps them while it is open:
     * pushcgi.js requests it again, as "#" is its own URL, which grants the
     * same, if the visitor is still logged in.  A cookie has an end that is
     * known, and the hub extends sessions.  To request the result of a form
     * would be another request.
     */
    function pushcgi_renewal()
    {
        $cookie = pushcgi_state('cookie');
        if ($cookie === null && pushcgi_state('session') === null) {
            return array();
        }
        $options = array('private' => true);
        $method = isset($_SERVER['REQUEST_METHOD'])
            ? $_SERVER['REQUEST_METHOD'] : '';
        if (!in_array($method, array('GET', 'HEAD'), true)) {
            return $options;
        }
        $options['refresh'] = '#';
        if ($cookie !== null) {
            $lifetime = $cookie['lifetime'] > 0 ? $cookie['lifetime'] : 3600;
            $options['refreshAfter'] = max(1, (int) ($lifetime * 3 / 4));
        }
        return $options;
    }

    /** @internal Grant the right to see who is connected. */
    function pushcgi_grant_presence($topics, $options)
    {
        $sum = pushcgi_state('cookie');
        $session = pushcgi_state('session');
        $payload = array_intersect_key($options, array('payload' => true));
        $topics = array_map('mercure_subscription_topic', $topics);
        if ($session !== null) {
            return mercure_set_authz_session($topics, $payload + $session);
        }
        return mercure_set_authz_cookie($topics, array(), $payload
            + array_intersect_key((array) $sum, array('lifetime' => true)));
    }

    /** @internal The program's options for a token; false after a failure. */
    function pushcgi_token_flags($rights)
    {
        $flags = array();
        if ($rights['lifetime'] !== null) {
            $flags[] = '--lifetime=' . $rights['lifetime'];
        }
        if ($rights['payload'] !== null) {
            $payload = pushcgi_json('pushcgi.php', $rights['payload']);
            if ($payload === false) {
                return false;
            }
            $flags[] = '--payload=' . $payload;
        }
        return $flags;
    }

    /** @internal The program has a key for each role, and adds no claims. */
    function pushcgi_is_plain($rights)
    {
        if ($rights['claims']
            || ($rights['subscribe'] && $rights['publish'])) {
            return pushcgi_failed('pushcgi.php', 'makes tokens with other '
                . 'claims, or for subscribing and publishing at once, only '
                . 'with PUSHCGI_HUB_URL and PUSHCGI_SECRET_FILE.');
        }
        return true;
    }

    /** @internal */
    function pushcgi_token($rights)
    {
        if (pushcgi_native()) {
            return pushcgi_native_token($rights);
        }
        $flags = pushcgi_token_flags($rights);
        if ($flags === false || !pushcgi_is_plain($rights)) {
            return false;
        }
        $for = $rights['publish'] ? 'publish' : 'subscribe';
        foreach ($rights[$for] as $topic) {
            $flags[] = '--topic=' . $topic;
        }
        $command = $rights['publish'] ? 'publisher-jwt' : 'subscriber-jwt';
        return pushcgi_run(array_merge(array($command), $flags));
    }

    /** @internal The name of the hub's cookie; false after a failure. */
    function pushcgi_cookie_name()
    {
        if (pushcgi_native()) {
            return pushcgi_setting(
                'PUSHCGI_COOKIE_NAME',
                'mercureAuthorization'
            );
        }
        $cookie = pushcgi_run(array_merge(
            array('clear-cookie'),
            pushcgi_page_option()
        ));
        return $cookie === false ? false : strstr($cookie, '=', true);
    }

    /** @internal A Set-Cookie value with these rights. */
    function pushcgi_cookie($rights)
    {
        if (!$rights['subscribe'] && !$rights['publish']) {
            return pushcgi_failed('mercure_set_authz_cookie()', 'needs a '
                . 'topic.');
        }
        if (!pushcgi_native() && !$rights['publish']) {
            $flags = pushcgi_token_flags($rights);
            return $flags === false || !pushcgi_is_plain($rights) ? false
                : pushcgi_run(array_merge(
                    array('cookie'),
                    pushcgi_page_option(),
                    $flags,
                    array('--'),
                    $rights['subscribe']
                ));
        }
        $token = pushcgi_token(array('lifetime' => $rights['lifetime'] > 0
            ? $rights['lifetime'] : 3600) + $rights);
        return $token === false ? false
            : pushcgi_cookie_of($token, $rights['lifetime']);
    }

    /** @internal A Set-Cookie value with this token. */
    function pushcgi_cookie_of($token, $lifetime)
    {
        return pushcgi_native()
            ? pushcgi_native_cookie($token, $lifetime > 0 ? $lifetime : null)
            : pushcgi_run(
                array_merge(array('cookie', '--token',
                    '--lifetime=' . (int) $lifetime), pushcgi_page_option()),
                $token . "\n"
            );
    }

    /** @internal The visitor's session id, or the one in the options. */
    function pushcgi_session_id($options)
    {
        return isset($options['id']) ? (string) $options['id'] : session_id();
    }

    /** @internal Pass ids by standard input: other users can see arguments. */
    function pushcgi_session($function, $args, $ids)
    {
        if (pushcgi_native()) {
            return pushcgi_failed("$function()", 'needs the program: sessions '
                . 'are not possible with PUSHCGI_HUB_URL.');
        }
        if (in_array('', $ids, true)) {
            return pushcgi_failed("$function()", 'needs a session: call '
                . 'session_start() before it.');
        }
        return pushcgi_run(array_merge(array('session'), $args),
            implode("\n", $ids) . "\n") !== false;
    }

    /**
     * @internal The output of the program without the last line break; false
     * after logging why not.  trigger_error() is not used, because frameworks
     * turn warnings into exceptions.
     */
    function pushcgi_run($args, $input = '')
    {
        $result = pushcgi_call($args, $input);
        if ($result === false) {
            return false;
        }
        list($status, $output, $errors) = $result;
        if ($status !== 0) {
            return pushcgi_failed(
                pushcgi_setting('PUSHCGI_PROGRAM', 'pushcgi'),
                'failed: ' . trim($errors)
            );
        }
        return substr($output, -1) === "\n"
            ? (string) substr($output, 0, -1)
            : $output;
    }

    /** @internal The exit status of the program, 0 or 1; false likewise. */
    function pushcgi_ask($args)
    {
        $result = pushcgi_call($args, '');
        if ($result === false || $result[0] === 0 || $result[0] === 1) {
            return $result === false ? false : $result[0];
        }
        return pushcgi_failed(
            pushcgi_setting('PUSHCGI_PROGRAM', 'pushcgi'),
            'failed: ' . trim($result[2])
        );
    }

    /** @internal Exit status, output and errors; false likewise. */
    function pushcgi_call($args, $input)
    {
        $config = pushcgi_setting('PUSHCGI_CONFIG', '');
        $program = pushcgi_setting('PUSHCGI_PROGRAM', 'pushcgi');
        $command = $config === '' ? array($program)
            : array($program, '--config=' . $config);
        if (pushcgi_is_paused()) {
            return pushcgi_failed($program, 'did not answer a moment ago.');
        }
        if (strpos(implode('', array_merge($command, $args)), "\0")
            !== false) {
            return pushcgi_failed($program, 'does not accept NUL characters.');
        }
        if (!function_exists('proc_open')) {
            return pushcgi_failed($program, 'cannot be started: proc_open() '
                . 'is disabled here.  Set PUSHCGI_HUB_URL and '
                . 'PUSHCGI_SECRET_FILE.');
        }
        $spent = &pushcgi_state('spent');
        $begun = microtime(true);
        $result = pushcgi_question(
            $command,
            pushcgi_question_text($args, $input),
            $begun + (float) PUSHCGI_TIMEOUT_S - (float) $spent
        );
        if ($spent !== null) {
            $spent += microtime(true) - $begun;
        }
        if ($result === null) {
            return pushcgi_pause($program, 'did not answer in time.');
        }
        return is_array($result) ? $result : pushcgi_failed($program, $result);
    }

    /** @internal As pushcgi(1) describes it: lengths, then the bytes. */
    function pushcgi_question_text($args, $input)
    {
        $args[] = $input;
        return implode(' ', array_map('pushcgi_length', $args)) . "\n"
            . implode('', $args);
    }

    /**
     * @internal In bytes: mbstring.func_overload of PHP 5 and 7 makes strlen()
     * and substr() count characters.
     */
    function pushcgi_length($text)
    {
        return function_exists('mb_strlen') ? mb_strlen($text, '8bit')
            : strlen($text);
    }

    /** @internal Likewise; $length is not negative. */
    function pushcgi_part($text, $at, $length)
    {
        return function_exists('mb_substr')
            ? mb_substr($text, $at, $length, '8bit')
            : (string) substr($text, $at, $length);
    }

    /**
     * @internal Ask a program that runs, or start it: exit status, output and
     * errors, or a text that says why not, or null: the time is up.
     */
    function pushcgi_question($command, $question, $end)
    {
        $kept = &pushcgi_state('program');
        $is_kept = pushcgi_keeps();
        /* What the program got from this process when it started. */
        $key = array($command, getcwd(),
            /* Some processes keep a copy of it that putenv() does not change. */
            PHP_VERSION_ID >= 70100 ? getenv() : null,
            array_map('getenv', array('PATH', 'SECRET_KEY', 'MERCURE_HUB_URL',
                'MERCURE_PUBLIC_HUB_URL', 'MERCURE_TRANSPORT_URL',
                'MERCURE_PUBLISHER_SECRET_KEY', 'MERCURE_PUBLISHER_JWT',
                'MERCURE_SUBSCRIBER_SECRET_KEY', 'MERCURE_SESSION_COOKIE')));

        for ($i = 0; $i < 3; $i++) {
            $program = $kept;
            if ($program === null || !$program->fits($key)) {
                $kept = null;
                unset($program); /* an old one ends before a new one starts */
                $program = new PushcgiProgram($key);
                $problem = $program->start(array_merge(
                    $command,
                    array('answer', '--idle=' . (int) PUSHCGI_IDLE_S)
                ));
                if ($problem !== null) {
                    return $problem;
                }
            }
            $result = $program->ask($question . ($is_kept ? '' : "\n"), $end);
            if ($is_kept && is_array($result)) {
                $kept = $program;
                pushcgi_wait_for_end();
                return $result;
            }
            $kept = null;
            $problem = $program->end($end);
            if ($result === null || $problem === false) {
                return null;
            }
            if ($result !== 'end') {
                return is_string($result) && $problem !== null ? $problem
                    : $result;
            }
        }
        return 'failed: it ended again and again before it was asked.';
    }

    /**
     * @internal May the program run on for other questions?  A process of the
     * command line may run for days, or wait for all of its children, so there
     * only between calls of mercure_begin_request().
     */
    function pushcgi_keeps()
    {
        return !in_array(PHP_SAPI, array('cli', 'phpdbg', 'embed'), true)
            || pushcgi_state('marked') === true;
    }

    /** @internal */
    function pushcgi_is_paused()
    {
        return microtime(true) < (float) pushcgi_state('paused');
    }

    /** @internal Fail, and make further calls fail at once for a while. */
    function pushcgi_pause($who, $reason)
    {
        $until = &pushcgi_state('paused');
        $until = microtime(true) + PUSHCGI_PAUSE_S;
        return pushcgi_failed($who, $reason);
    }

    /**
     * @internal The argument of proc_open(): the list itself, or for PHP before
     * 7.4 a line for the shell.  escapeshellarg() is not used, because it drops
     * all characters beyond ASCII in the C locale.
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

    /** @internal Take warnings of PHP, as frameworks make exceptions of them. */
    function pushcgi_warning($level, $text)
    {
        $warning = &pushcgi_state('warning');
        $warning = $text;
        return true;
    }

    /** @internal */
    function pushcgi_failed($who, $reason)
    {
        list($file, $line, $how) = pushcgi_blamed($reason);
        $text = preg_replace('/[\x00-\x1f\x7f]+/', ' ', "$who $reason"
            . ($file === null ? '' : " ($how in $file on line $line)"));
        $last = &pushcgi_state('error');
        $last = $text;
        if (pushcgi_is_set('PUSHCGI_STRICT')) {
            throw new PushcgiFailure($text, $file, $line);
        }
        error_log($text);
        return false;
    }

    /** @internal File and line of the application that is responsible. */
    function pushcgi_blamed($reason)
    {
        $places = pushcgi_state('places');
        if ($places) {
            $n = preg_match('/\bLine ([0-9]+):/', $reason, $found)
                && isset($places[$found[1]]) ? (int) $found[1] : 1;
            return array($places[$n][0], $places[$n][1], 'left for later');
        }
        $place = pushcgi_place();
        return array($place[0], $place[1], 'called');
    }

    /** @internal File and line of the call from outside of this library. */
    function pushcgi_place()
    {
        foreach (debug_backtrace(DEBUG_BACKTRACE_IGNORE_ARGS) as $frame) {
            if (isset($frame['file']) && $frame['file'] !== __FILE__
                && basename($frame['file']) !== 'PushcgiHub.php') {
                return array($frame['file'], $frame['line']);
            }
        }
        return array(null, null);
    }

    /** @internal Were headers sent?  Log where output started. */
    function pushcgi_too_late($function)
    {
        return headers_sent($file, $line) && !pushcgi_failed(
            "$function()",
            'comes too late: ' . ($file === '' ? 'the headers are sent.'
                : "output started at $file:$line.")
        );
    }

    /** @internal Is the text valid in a header? */
    function pushcgi_is_header($function, $text)
    {
        return !preg_match('/[\x00-\x1f\x7f]/', $text) || pushcgi_failed(
            "$function()",
            'would send a header with control characters.'
        );
    }

    /**
     * @internal Log, once in a request, that the browser drops this cookie.
     * It is sent: a proxy that ends https need not tell PHP of it.
     */
    function pushcgi_warn_of_http($function, $cookie)
    {
        $said = &pushcgi_state('http');
        if ($said || !preg_match('/; Secure(;|\z)/i', $cookie)
            || !pushcgi_is_http()) {
            return;
        }
        $said = true;
        error_log("$function() sent a cookie for https only, but this page "
            . 'came by http, so browsers drop the cookie and receive no '
            . 'private updates.  Serve the page by https, or set '
            . (pushcgi_native() ? 'PUSHCGI_HUB_URL'
                : 'MERCURE_PUBLIC_HUB_URL in pushcgi.conf')
            . ' to the http:// URL of the hub.  A proxy that ends https must '
            . 'send X-Forwarded-Proto.');
    }

    /** @internal What the server says of the request, in lower case. */
    function pushcgi_server()
    {
        $server = array();
        foreach (array('REQUEST_METHOD', 'HTTP_HOST', 'HTTPS', 'SERVER_PORT',
            'REQUEST_SCHEME', 'HTTP_X_FORWARDED_PROTO', 'HTTP_FORWARDED')
            as $name) {
            $server[$name] = isset($_SERVER[$name])
                ? strtolower((string) $_SERVER[$name]) : '';
        }
        return $server;
    }

    /** @internal */
    function pushcgi_is_https($server)
    {
        return !in_array($server['HTTPS'], array('', 'off'), true)
            || $server['SERVER_PORT'] === '443'
            || strpos($server['REQUEST_SCHEME'] . ' '
                . $server['HTTP_X_FORWARDED_PROTO'] . ' '
                . $server['HTTP_FORWARDED'], 'https') !== false;
    }

    /** @internal Came this request by http, and not from this machine? */
    function pushcgi_is_http()
    {
        $server = pushcgi_server();
        $host = '/\A(localhost|.*\.localhost|127\.[0-9.]+|\[::1\])(:[0-9]+)?\z/';
        return $server['REQUEST_METHOD'] !== '' && !pushcgi_is_https($server)
            && !preg_match($host, $server['HTTP_HOST']);
    }

    /**
     * @internal The origin of this page, or '' if it is unknown.  The host
     * comes from the client: use it to choose, and never print it.
     */
    function pushcgi_page()
    {
        $server = pushcgi_server();
        $is_https = pushcgi_is_https($server);
        $host = preg_replace($is_https ? '/:443\z/' : '/:80\z/', '',
            $server['HTTP_HOST']);
        return $server['REQUEST_METHOD'] === ''
            || !preg_match('/\A[a-z0-9._:\[\]-]{1,400}\z/', $host) ? ''
            : ($is_https ? 'https://' : 'http://') . $host;
    }

    /** @internal */
    function pushcgi_page_option()
    {
        $page = pushcgi_page();
        return $page === '' ? array() : array('--page=' . $page);
    }

    /** @internal Set a cookie; keep the headers of other cookies. */
    function pushcgi_replace_cookie($cookie)
    {
        $start = 'Set-Cookie: ' . substr($cookie, 0, strpos($cookie, '=') + 1);
        $quiet = new PushcgiQuiet();
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

if (!class_exists('PushcgiClock', false)) {
    /** @internal While it exists, all programs that run share a time limit. */
    final class PushcgiClock
    {
        private $is_outer;

        public function __construct()
        {
            $spent = &pushcgi_state('spent');
            $this->is_outer = $spent === null;
            $spent = (float) $spent;
        }

        public function __destruct()
        {
            if ($this->is_outer) {
                $spent = &pushcgi_state('spent');
                $spent = null;
            }
        }
    }
}

if (!class_exists('PushcgiQuiet', false)) {
    /**
     * @internal While it exists, no warning of PHP reaches the handler of the
     * application, which may throw.  (@ does not prevent this.)
     */
    final class PushcgiQuiet
    {
        public function __construct()
        {
            set_error_handler('pushcgi_warning');
        }

        public function __destruct()
        {
            restore_error_handler();
        }
    }

    /** @internal It ends with the page, after all functions of the shutdown. */
    final class PushcgiEnd
    {
        public function __destruct()
        {
            pushcgi_after_response();
        }
    }

    /** @internal With PUSHCGI_STRICT; file and line are the application's. */
    final class PushcgiFailure extends RuntimeException
    {
        public function __construct($text, $file, $line)
        {
            parent::__construct($text);
            if ($file !== null) {
                $this->file = $file;
                $this->line = $line;
            }
        }
    }

    /** @internal A process of `pushcgi answer`. */
    final class PushcgiProgram
    {
        private $key;
        private $pid;
        private $process = null;
        private $pipes = array();
        private $texts = array(1 => '', 2 => '');
        private $answered = null; /* when; null: it is not to be asked */

        public function __construct($key)
        {
            $this->key = $key;
            $this->pid = function_exists('getmypid') ? getmypid() : 0;
        }

        /** Null, or why not. */
        public function start($command)
        {
            $quiet = new PushcgiQuiet();
            $warning = &pushcgi_state('warning');
            $warning = null;
            $process = proc_open(
                pushcgi_command($command, PHP_VERSION_ID),
                array(array('pipe', 'r'), array('pipe', 'w'),
                    array('pipe', 'w')),
                $this->pipes
            );
            if (!is_resource($process)) {
                return 'cannot be started: set PUSHCGI_PROGRAM to its full '
                    . 'path.' . ($warning === null ? '' : "  ($warning)");
            }
            $this->process = $process;
            foreach ($this->pipes as $pipe) {
                stream_set_blocking($pipe, false);
            }
            return null;
        }

        /** May it be asked?  Not if a call was left in the middle. */
        public function fits($key)
        {
            return $this->answered !== null && $this->key === $key
                && abs(microtime(true) - $this->answered) < PUSHCGI_REUSE_S;
        }

        /**
         * Exit status, output and errors; 'end': it has not read the question;
         * another text: it is not usable; null: the time is up.
         */
        public function ask($question, $end)
        {
            $quiet = new PushcgiQuiet();
            $this->answered = null;
            do {
                $result = $this->answer();
                if ($result !== null) {
                    if (is_array($result) && isset($this->pipes[1])) {
                        $this->answered = microtime(true);
                    }
                    return $result;
                }
                if (!isset($this->pipes[1]) && !isset($this->pipes[2])) {
                    return 'failed: it ended without an answer.';
                }
                $this->wait($question !== '', $end - microtime(true));
                $question = $this->write($question);
                $this->read(1);
                $this->read(2);
            } while (microtime(true) < $end);
            return $this->answer();
        }

        /** Wait until there may be something to do; not for long. */
        private function wait($writes, $left_s)
        {
            $left = (int) (max(0, min($left_s, 60)) * 1e6);
            $readable = array_diff_key($this->pipes, array(0 => true));
            $writable = $writes && isset($this->pipes[0])
                ? array($this->pipes[0]) : array();
            $except = array();
            /* A signal arrived, or there are more files than it can take. */
            if (stream_select($readable, $writable, $except, 0, $left)
                === false) {
                usleep(500);
            }
        }

        /** What is left of the question. */
        private function write($question)
        {
            if ($question === '' || !isset($this->pipes[0])) {
                return '';
            }
            $n = fwrite($this->pipes[0], pushcgi_part($question, 0, 65536));
            if ($n === false || ($n === 0 && $this->is_deaf())) {
                return ''; /* it does not read on */
            }
            return pushcgi_part($question, $n, pushcgi_length($question));
        }

        /** Nothing could be written: is nobody there, or the pipe full? */
        private function is_deaf()
        {
            $readable = null;
            $writable = array($this->pipes[0]);
            $except = null;
            return stream_select($readable, $writable, $except, 0, 0) === 1;
        }

        private function read($i)
        {
            if (!isset($this->pipes[$i])) {
                return;
            }
            do {
                $part = fread($this->pipes[$i], 65536);
                $this->texts[$i] .= (string) $part;
            } while ($part !== false && $part !== '');
            if (feof($this->pipes[$i])) {
                fclose($this->pipes[$i]);
                unset($this->pipes[$i]);
            }
        }

        /** A whole answer, 'end', another text, or null: not yet. */
        private function answer()
        {
            $text = $this->texts[1];
            if ($text === "end\n") {
                return 'end';
            }
            if (!preg_match('/\A([0-9]{1,3}) ([0-9]{1,9}) ([0-9]{1,9})\n/',
                $text, $found)) {
                return preg_match('/\A(?:[0-9 ]{0,24}|en?d?)\z/', $text) ? null
                    : 'failed: what it printed is not an answer.';
            }
            $at = pushcgi_length($found[0]);
            $all = $at + $found[2] + $found[3];
            if (pushcgi_length($text) < $all) {
                return null;
            }
            $this->texts[1] = pushcgi_part($text, $all, pushcgi_length($text));
            return array((int) $found[1],
                pushcgi_part($text, $at, (int) $found[2]),
                pushcgi_part($text, $at + $found[2], (int) $found[3]));
        }

        /**
         * End it, by force when the time is up: false.  Otherwise null, or why
         * it ended.
         */
        public function end($end)
        {
            if ($this->process === null) {
                return null;
            }
            $quiet = new PushcgiQuiet();
            $process = $this->process;
            $this->process = null;
            if ($this->pid !== (function_exists('getmypid') ? getmypid() : 0)) {
                return null; /* it belongs to the parent */
            }
            if ($this->answered !== null && isset($this->pipes[0])) {
                fwrite($this->pipes[0], "\n");
            }
            while (isset($this->pipes[2]) && microtime(true) < $end
                && $this->answered === null && !isset($this->pipes[1])) {
                $this->wait(false, $end - microtime(true));
                $this->read(2);
            }
            foreach ($this->pipes as $pipe) {
                fclose($pipe);
            }
            $this->pipes = array();
            $status = proc_get_status($process);
            while ($status['running'] && microtime(true) < $end) {
                usleep(200);
                $status = proc_get_status($process);
            }
            if ($status['running']) {
                /* A killed publish is complete in the queue, or not there. */
                proc_terminate($process, 9);
            }
            proc_close($process);
            return $status['running'] ? false : $this->problem($status);
        }

        /** Why it ended, if it has not answered. */
        private function problem($status)
        {
            if ($status['exitcode'] === 127) {
                return 'cannot be run: set PUSHCGI_PROGRAM to its full path.';
            }
            $errors = trim($this->texts[2]);
            return $errors === '' ? null : 'failed: ' . $errors;
        }

        public function __destruct()
        {
            $this->end(microtime(true) + 1);
        }
    }
}

/* ---- Without the program: only where PUSHCGI_HUB_URL is set ---- */

if (!function_exists('pushcgi_native')) {
    /** @internal */
    function pushcgi_native()
    {
        return pushcgi_setting('PUSHCGI_HUB_URL', '') !== '';
    }

    /** @internal What is wrong with one of these topics, or null. */
    function pushcgi_native_problem($topics)
    {
        $most = (int) pushcgi_setting('PUSHCGI_MAX_TOPIC_LENGTH', '4096');
        foreach ($topics as $topic) {
            if (strlen($topic) > $most) {
                return "got a topic of more than $most bytes "
                    . '(PUSHCGI_MAX_TOPIC_LENGTH).';
            }
        }
        return pushcgi_topics_problem($topics);
    }

    /** @internal */
    function pushcgi_native_hubs()
    {
        return preg_split('/ +/', trim(pushcgi_setting('PUSHCGI_HUB_URL', '')));
    }

    /** @internal Host and port, without the scheme's own port. */
    function pushcgi_native_host($url)
    {
        return preg_match('/\A(https?):\/\/([^\/?#\\\\@ ]+)/i', $url, $part)
            ? preg_replace(strlen($part[1]) === 5 ? '/:443\z/' : '/:80\z/', '',
                strtolower($part[2])) : '';
    }

    /**
     * @internal The URL of the page's origin, or the path of one that differs
     * from it in the scheme only, else the first.  Unlike the program, this
     * does not know whether pages of other hosts may ask the hub.
     */
    function pushcgi_native_hub()
    {
        $urls = pushcgi_native_hubs();
        $page = pushcgi_page();
        $same = null;
        foreach ($urls as $url) {
            if ($page === ''
                || pushcgi_native_host($url) !== pushcgi_native_host($page)) {
                continue;
            }
            if (strpos(strtolower($url), substr($page, 0, strpos($page, ':')
                + 3)) === 0) {
                return $url;
            }
            if ($same === null) {
                $same = preg_replace('/\A[^:]+:\/\/[^\/?#\\\\]+/', '', $url);
                /* What a page would take for another URL is not used. */
                $same = $same === '' ? '/'
                    : (preg_match('/\A\/(?!\/)[^\\\\]*\z/', $same) ? $same
                        : $url);
            }
        }
        return $same === null ? $urls[0] : $same;
    }

    /** @internal */
    function pushcgi_native_url($topics, $last_event_id)
    {
        $url = pushcgi_native_hub();
        $fields = array();
        $problem = pushcgi_native_problem($topics);
        if ($problem === null
            && preg_match('/[\x00-\x1f\x7f]/', (string) $last_event_id)) {
            $problem = 'got a last event id with control characters.';
        }
        if ($problem !== null) {
            return pushcgi_failed('mercure_hub_url()', $problem);
        }
        foreach ($topics as $topic) {
            $fields[] = 'topic=' . rawurlencode($topic);
        }
        if ($last_event_id !== null) {
            $fields[] = 'lastEventID=' . rawurlencode($last_event_id);
        }
        return $fields ? $url . (strpos($url, '?') === false ? '?' : '&')
            . implode('&', $fields) : $url;
    }

    /** @internal The value of a Link header. */
    function pushcgi_native_link($last_event_id)
    {
        return '<' . pushcgi_native_hub()
            . '>; rel="mercure"' . ($last_event_id === null ? ''
                : '; last-event-id="' . addcslashes($last_event_id, '"\\')
                    . '"');
    }

    /** @internal */
    function pushcgi_native_file($file)
    {
        $quiet = new PushcgiQuiet();
        return file_get_contents($file);
    }

    /** @internal */
    function pushcgi_native_token($rights)
    {
        $problem = pushcgi_native_problem(
            array_merge($rights['subscribe'], $rights['publish'])
        );
        if ($problem !== null) {
            return pushcgi_failed('pushcgi.php', $problem);
        }
        $file = pushcgi_setting('PUSHCGI_SECRET_FILE', '');
        $secret = $file === '' ? '' : trim((string) pushcgi_native_file($file));
        if ($secret === '') {
            return pushcgi_failed('pushcgi.php', 'has no secret: set '
                . 'PUSHCGI_SECRET_FILE to a file with the hub\'s SECRET_KEY '
                . 'that PHP can read.');
        }
        /* Like the hub, which also warns below 32 bytes. */
        if (strlen($secret) < 16) {
            return pushcgi_failed('pushcgi.php', 'has a secret of '
                . strlen($secret) . ' bytes in PUSHCGI_SECRET_FILE, and fewer '
                . 'than 16 can be guessed from a token: pushcgi '
                . 'gen-secret-key makes one.');
        }
        $mercure = array('publish' => $rights['publish'],
            'subscribe' => $rights['subscribe']);
        if ($rights['payload'] !== null) {
            $mercure['payload'] = $rights['payload'];
            $text = pushcgi_json('pushcgi.php', $rights['payload']);
            if ($text === false) {
                return false;
            }
            if (preg_match('/(?<!\\\\)(?:\\\\\\\\)*\\\\u0000/', $text)) {
                return pushcgi_failed('pushcgi.php', 'does not accept NUL '
                    . 'characters in a payload.');
            }
        }
        /* Like the program: an hour for subscribers; publishers: no end. */
        $lifetime = $rights['lifetime'] !== null ? $rights['lifetime']
            : ($rights['publish'] && !$rights['subscribe'] ? 0 : 3600);
        $claims = array('mercure' => $mercure) + $rights['claims']
            + ($lifetime > 0 ? array('exp' => time() + $lifetime) : array());
        $parts = array();
        foreach (array(array('typ' => 'JWT', 'alg' => 'HS256'), $claims)
            as $part) {
            $text = pushcgi_json('pushcgi.php', $part);
            if ($text === false) {
                return false;
            }
            $parts[] = pushcgi_native_base64url($text);
        }
        $text = implode('.', $parts);
        return $text . '.' . pushcgi_native_base64url(
            hash_hmac('sha256', $text, $secret, true)
        );
    }

    /** @internal */
    function pushcgi_native_base64url($bytes)
    {
        return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    }

    /** @internal A Set-Cookie value; $max_age null: for the browser session. */
    function pushcgi_native_cookie($value, $max_age)
    {
        $url = pushcgi_native_hub();
        $same = ucfirst(strtolower(
            pushcgi_setting('PUSHCGI_COOKIE_SAMESITE', 'Strict')
        ));
        $name = pushcgi_setting('PUSHCGI_COOKIE_NAME', 'mercureAuthorization');
        $is_http = stripos($url, 'http://') === 0;
        /* Browsers drop cookies that violate the rules of their prefix. */
        $path = stripos($name, '__Host-') === 0 ? '/'
            : parse_url($url, PHP_URL_PATH);
        if ($is_http && preg_match('/\A__(Host|Secure)-/i', $name)) {
            return pushcgi_failed('mercure_set_authz_cookie()', 'cannot send '
                . "the cookie $name, which browsers accept by https only: set "
                . 'another PUSHCGI_COOKIE_NAME, or an https PUSHCGI_HUB_URL.');
        }
        $domain = pushcgi_setting('PUSHCGI_COOKIE_DOMAIN', '');
        if (!preg_match('/\A[A-Za-z0-9.-]*\z/', $domain)
            || ($domain !== '' && stripos($name, '__Host-') === 0)) {
            return pushcgi_failed('mercure_set_authz_cookie()', 'cannot send '
                . "the cookie $name with PUSHCGI_COOKIE_DOMAIN: it must be a "
                . 'host name, and a name that begins with __Host- has none.');
        }
        $partitioned = pushcgi_is_set('PUSHCGI_COOKIE_PARTITIONED');
        if ($partitioned && $same !== 'None') {
            return pushcgi_failed('mercure_set_authz_cookie()', 'needs '
                . 'PUSHCGI_COOKIE_SAMESITE = None if PUSHCGI_COOKIE_PARTITIONED'
                . ' is set.');
        }
        if (strlen($value) > 3584
            || !preg_match('/\A[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*\z/',
                $value)) {
            return pushcgi_failed('mercure_set_authz_cookie()', 'cannot send '
                . 'this token: browsers keep 4 KiB of plain characters.  '
                . 'Grant fewer topics, or a URI Template.');
        }
        return $name . "=$value; Path=" . ($path ? $path : '/')
            . ($domain === '' ? '' : "; Domain=$domain")
            . ($max_age === 0 ? '; Expires=Thu, 01 Jan 1970 00:00:01 GMT' : '')
            . ($max_age === null ? '' : '; Max-Age='
                /* Longer than its token, so that the hub reports its end. */
                . ($max_age > 0 ? (int) $max_age + 300 : 0))
            . ($is_http && $same !== 'None' ? ''
                : '; Secure') . "; HttpOnly; SameSite=$same"
            . ($partitioned ? '; Partitioned' : '');
    }

    /**
     * @internal The body and the header lines of an answer with 200; false
     * after logging why not.  $end is the time limit of the whole call.
     */
    function pushcgi_native_request($method, $path, $rights, $form, $end)
    {
        $url = pushcgi_setting('PUSHCGI_LOCAL_URL',
            current(pushcgi_native_hubs())) . $path;
        $token = pushcgi_native_token($rights);
        if ($token === false) {
            return false;
        }
        if (pushcgi_is_paused()) {
            return pushcgi_failed($url, 'did not answer a moment ago.');
        }
        $quiet = new PushcgiQuiet();
        $left = max(0.001, $end - microtime(true));
        $stream = fopen($url, 'rb', false, stream_context_create(array(
            'http' => array('method' => $method, 'content' => $form,
                'timeout' => $left, 'ignore_errors' => true,
                'follow_location' => 0, 'header' => array(
                    'Authorization: Bearer ' . $token,
                    'Content-Type: application/x-www-form-urlencoded',
                    'Connection: close')))));
        if (!$stream) {
            return pushcgi_pause($url, 'cannot be reached in time, or '
                . 'allow_url_fopen is off.');
        }
        $meta = stream_get_meta_data($stream);
        $body = stream_get_contents($stream, 16 << 20);
        $late = stream_get_meta_data($stream);
        fclose($stream);
        if ($late['timed_out']) {
            return pushcgi_pause($url, 'did not answer in time.');
        }
        $lines = $meta['wrapper_data'];
        return preg_match('/^HTTP\S+ 200\b/', $lines[0])
            ? array($body, $lines)
            : pushcgi_failed($url, "answered $lines[0]: "
                . substr(trim($body), 0, 200));
    }

    /** @internal Publish one after the other; all ids, or false. */
    function pushcgi_native_publish($updates)
    {
        $end = microtime(true) + (float) PUSHCGI_TIMEOUT_S;
        $rights = pushcgi_rights(null, '*', array('lifetime' => 60));
        $ids = array();
        foreach ($updates as $update) {
            if (!isset($update['type'])
                && pushcgi_is_set('PUSHCGI_TYPE_IS_TOPIC')) {
                $update['type'] = $update['topic'][0];
            }
            $form = array();
            foreach ($update as $name => $values) {
                foreach ((array) $values as $value) {
                    $form[] = "$name=" . urlencode($name === 'private' ? 'on'
                        : $value);
                }
                if ($name === 'private' && !$values) {
                    array_pop($form);
                }
            }
            $answer = pushcgi_native_request('POST', '', $rights,
                implode('&', $form), $end);
            if ($answer === false) {
                return false;
            }
            $ids[] = $answer[0];
        }
        return $ids;
    }

    /** @internal From the Link header of the hub's answer. */
    function pushcgi_native_last_event_id()
    {
        $answer = pushcgi_native_request(
            'HEAD',
            '?topic=x',
            pushcgi_rights(null, null, array('lifetime' => 60)),
            '',
            microtime(true) + (float) PUSHCGI_TIMEOUT_S
        );
        $lines = $answer === false ? array() : $answer[1];
        foreach ($lines as $line) {
            if (preg_match('/^Link:.*; *last-event-id="((?:[^"\\\\]|\\\\.)*)"/i',
                $line, $found)) {
                return stripslashes($found[1]);
            }
        }
        return $answer === false ? false : pushcgi_failed('The hub',
            'sent no last event id.');
    }

    /** @internal The document of the subscription API as text. */
    function pushcgi_native_subscriptions($topics)
    {
        $problem = pushcgi_native_problem($topics);
        if ($problem !== null) {
            return pushcgi_failed('mercure_get_subscriptions()', $problem);
        }
        $answer = pushcgi_native_request(
            'GET',
            '/subscriptions' . ($topics ? '/' . rawurlencode($topics[0]) : ''),
            pushcgi_rights(mercure_subscription_topic(), null,
                array('lifetime' => 60)),
            '',
            microtime(true) + (float) PUSHCGI_TIMEOUT_S
        );
        return $answer === false ? false : $answer[0];
    }

    /** @internal The number of viewers. */
    function pushcgi_native_count($topic)
    {
        $problem = pushcgi_native_problem(array($topic));
        if ($problem !== null) {
            return pushcgi_failed('mercure_count()', $problem);
        }
        $answer = pushcgi_native_request(
            'GET',
            '/counts/' . rawurlencode($topic),
            pushcgi_rights(null, null, array('lifetime' => 60)),
            '',
            microtime(true) + (float) PUSHCGI_TIMEOUT_S
        );
        $document = $answer === false ? null : json_decode($answer[0], true);
        if (!isset($document['count'])) {
            return $answer === false ? false
                : pushcgi_failed('mercure_count()', 'got no number.');
        }
        return $document['count'];
    }

    /** @internal Compare texts as they are, other values as JSON. */
    function pushcgi_native_is_connected($topic, $payload)
    {
        $document = mercure_get_subscriptions(mercure_topic($topic));
        if ($document === false) {
            return null;
        }
        foreach ($document['subscriptions'] as $subscription) {
            $has = isset($subscription['payload'])
                ? (array) $subscription['payload'] : array();
            foreach ($payload as $name => $value) {
                if (!array_key_exists($name, $has) || ($has[$name] !== $value
                    && (string) json_encode($has[$name])
                    !== (is_string($value) ? $value : json_encode($value)))) {
                    continue 2;
                }
            }
            return true;
        }
        return false;
    }
}
