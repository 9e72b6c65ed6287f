<?php
/* SPDX-License-Identifier: MIT */
/*
 * harness.php - as much of WordPress as the plugin calls, for quick tests:
 * hooks, and what posts, comments, log-ins and pages do with them.  It is no
 * WordPress: wordpress.test.js has that.  What is written lasts from request to
 * request, in the file state of this script's folder.
 */
define('ABSPATH', __DIR__ . '/');
define('COOKIE_DOMAIN', '');
define('HTTP', 'http://site.example');

$hooks = array();
$state = is_file(__DIR__ . '/state')
    ? unserialize(file_get_contents(__DIR__ . '/state'))
    : array('posts' => array(), 'comments' => array(),
        'transients' => array(), 'users' => array());
/* As wp-settings.php does, before plugins have a chance. */
register_shutdown_function(function () {
    do_action('shutdown');
    file_put_contents(__DIR__ . '/state', serialize($GLOBALS['state']));
});

/* ---- Hooks ---- */

function add_filter($name, $function, $priority = 10, $arguments = 1)
{
    $GLOBALS['hooks'][$name][$priority][] = array($function, $arguments);
}

function add_action($name, $function, $priority = 10, $arguments = 1)
{
    add_filter($name, $function, $priority, $arguments);
}

function apply_filters($name, $value)
{
    global $hooks;

    $given = array_slice(func_get_args(), 1);
    if (isset($hooks[$name])) {
        ksort($hooks[$name]);
        foreach ($hooks[$name] as $of_priority) {
            foreach ($of_priority as $hook) {
                $given[0] = call_user_func_array($hook[0],
                    array_slice($given, 0, $hook[1]));
            }
        }
    }
    return $given[0];
}

function do_action($name)
{
    global $hooks;

    $given = array_slice(func_get_args(), 1);
    if (isset($hooks[$name])) {
        ksort($hooks[$name]);
        foreach ($hooks[$name] as $of_priority) {
            foreach ($of_priority as $hook) {
                call_user_func_array($hook[0],
                    array_slice($given, 0, $hook[1]));
            }
        }
    }
}

/* ---- Texts and URLs ---- */

function esc_html($text)
{
    return htmlspecialchars($text, ENT_QUOTES);
}

function wp_specialchars_decode($text, $quotes)
{
    return htmlspecialchars_decode(
        str_replace('&#038;', '&amp;', $text), $quotes
    );
}

function wp_strip_all_tags($text)
{
    return trim(strip_tags($text));
}

function wp_html_excerpt($text, $count, $more)
{
    $cut = rtrim(substr($text, 0, $count));
    return $cut === $text ? $text : $cut . $more;
}

function wp_json_encode($value)
{
    return json_encode($value);
}

function trailingslashit($text)
{
    return rtrim($text, '/') . '/';
}

function get_option($name)
{
    return $name === 'home' ? HTTP : false;
}

function wp_parse_url($url, $part)
{
    return parse_url($url, $part);
}

function is_ssl()
{
    return isset($_SERVER['HTTPS']);
}

/* Its scheme is that of the request. */
function rest_url($route)
{
    return set_url_scheme(HTTP, is_ssl() ? 'https' : 'http') . '/wp-json/'
        . ltrim($route, '/');
}

function set_url_scheme($url, $scheme)
{
    return preg_replace('/^https?/', $scheme, $url);
}

function add_query_arg($name, $value, $url)
{
    return "$url?$name=$value";
}

function plugins_url($path)
{
    return HTTP . '/wp-content/mu-plugins/' . $path;
}

/* ---- Posts and comments ---- */

function get_post_types($wanted, $output)
{
    $types = array('post' => 'posts', 'page' => 'pages');
    foreach ($types as $name => $plural) {
        $types[$name] = (object) array('name' => $name, 'cap' => (object)
            array('read_private_posts' => "read_private_$plural"));
    }
    return $types;
}

function is_post_type_viewable($type)
{
    $name = is_object($type) ? $type->name : $type;
    return in_array($name, array('post', 'page', 'hidden'), true);
}

function is_post_status_viewable($status)
{
    return $status === 'publish';
}

function rest_get_route_for_post_type_items($type)
{
    return in_array($type, array('post', 'page'), true)
        ? "/wp/v2/{$type}s" : '';
}

function rest_get_route_for_post($post)
{
    $route = rest_get_route_for_post_type_items($post->post_type);
    return $route === '' ? '' : "$route/$post->ID";
}

function get_post($id)
{
    $posts = $GLOBALS['state']['posts'];
    return isset($posts[$id]) ? clone $posts[$id] : null;
}

function get_the_title($post)
{
    return $post->post_title;
}

function get_permalink($post)
{
    return HTTP . "/?p=$post->ID";
}

function get_the_author_meta($name, $id)
{
    return "Author $id";
}

/* wp_insert_post() and wp_update_post(), of one post. */
function save_post($id, $fields)
{
    global $state;

    $old = get_post($id);
    $state['posts'][$id] = (object) ($fields + ($old ? (array) $old : array(
        'ID' => $id, 'post_type' => 'post', 'post_author' => '7',
        'post_password' => '', 'post_title' => 'A <b>post</b> &amp; more')));
    do_action('transition_post_status', $state['posts'][$id]->post_status,
        $old ? $old->post_status : 'new', get_post($id));
}

/* wp_delete_post(), for good. */
function delete_post($id)
{
    do_action('before_delete_post', $id, get_post($id));
    unset($GLOBALS['state']['posts'][$id]);
}

function get_comment($id)
{
    $comments = $GLOBALS['state']['comments'];
    return isset($comments[$id]) ? clone $comments[$id] : null;
}

function get_comment_link($comment)
{
    return HTTP . "/?p=$comment->comment_post_ID#comment-$comment->comment_ID";
}

function get_comment_author($comment)
{
    return $comment->comment_author;
}

function get_comment_text($comment)
{
    return $comment->comment_content;
}

/* wp_insert_comment(). */
function insert_comment($id, $post, $fields)
{
    $GLOBALS['state']['comments'][$id] = (object) ($fields + array(
        'comment_ID' => (string) $id, 'comment_post_ID' => (string) $post,
        'comment_approved' => '1', 'comment_type' => 'comment',
        'comment_parent' => '0', 'comment_author' => 'Eve',
        'comment_author_email' => 'eve@example.com',
        'comment_content' => 'Well <i>said</i>'));
    do_action('wp_insert_comment', $id, get_comment($id));
}

/* wp_update_comment(): edited, and then maybe another status. */
function update_comment($id, $fields)
{
    global $state;

    $names = array('1' => 'approved', '0' => 'unapproved', 'spam' => 'spam',
        'trash' => 'trash');
    $old = get_comment($id);
    $state['comments'][$id] = (object) ($fields + (array) $old);
    if (isset($fields['comment_content'])) {
        do_action('edit_comment', $id, $fields);
    }
    $is = $state['comments'][$id]->comment_approved;
    if ($is !== $old->comment_approved) {
        do_action('transition_comment_status', $names[$is],
            $names[$old->comment_approved], get_comment($id));
    }
}

/* wp_delete_comment(), for good. */
function delete_comment($id)
{
    $comment = get_comment($id);
    unset($GLOBALS['state']['comments'][$id]);
    do_action('transition_comment_status', 'delete',
        $comment->comment_approved === '1' ? 'approved' : 'unapproved',
        $comment);
}

/* ---- Users: 7 is an author, 8 an editor ---- */

function wp_salt($scheme)
{
    return "a salt for $scheme";
}

function get_current_user_id()
{
    return isset($_SERVER['HARNESS_USER']) ? (int) $_SERVER['HARNESS_USER']
        : 0;
}

function wp_get_session_token()
{
    return isset($_SERVER['HARNESS_TOKEN']) ? $_SERVER['HARNESS_TOKEN'] : '';
}

function is_user_logged_in()
{
    return get_current_user_id() !== 0;
}

function user_can($id, $capability)
{
    return $id === 8;
}

function get_userdata($id)
{
    return $GLOBALS['state']['users'][$id];
}

function get_user_meta($id, $key, $single)
{
    $users = $GLOBALS['state']['users'];
    return isset($users[$id]->$key) ? $users[$id]->$key : '';
}

class HarnessDatabase
{
    public function get_blog_prefix()
    {
        return 'wp_';
    }
}
$wpdb = new HarnessDatabase();

/* What WP_User_Meta_Session_Tokens writes. */
function save_sessions($user_id, $tokens)
{
    global $state;

    $sessions = array();
    foreach ($tokens as $token) {
        $sessions[hash('sha256', $token)] = array('expiration' => 1);
    }
    if ($sessions) {
        do_action('update_user_meta', 1, $user_id, 'session_tokens',
            $sessions);
    } else {
        do_action('delete_user_meta', array(1), $user_id, 'session_tokens',
            '');
    }
    if (!isset($state['users'][$user_id])) {
        $state['users'][$user_id] = (object) array('ID' => $user_id,
            'user_pass' => 'old');
    }
    $state['users'][$user_id]->session_tokens = $sessions;
}

/* wp_update_user() with another password or another name. */
function update_user($id, $fields)
{
    $old = clone get_userdata($id);
    foreach ($fields as $name => $value) {
        get_userdata($id)->$name = $value;
    }
    do_action('profile_update', $id, $old);
}

function wp_create_nonce($action)
{
    return "nonce-$action";
}

function get_transient($name)
{
    $kept = $GLOBALS['state']['transients'];
    return isset($kept[$name]) ? $kept[$name] : false;
}

function set_transient($name, $value, $seconds)
{
    $GLOBALS['state']['transients'][$name] = $value;
}

function delete_transient($name)
{
    unset($GLOBALS['state']['transients'][$name]);
}

/* ---- Pages ---- */

class WP_REST_Response
{
    public $data;
    public $status;

    public function __construct($data, $status)
    {
        $this->data = $data;
        $this->status = $status;
    }
}

$routes = array();
function register_rest_route($space, $route, $how)
{
    $GLOBALS['routes']["$space$route"] = $how;
}

/* The status of its answer. */
function ask_route($route)
{
    do_action('rest_api_init');
    $how = $GLOBALS['routes'][$route];
    if (!call_user_func($how['permission_callback'])) {
        return 401;
    }
    return call_user_func($how['callback'])->status;
}

function is_admin()
{
    return isset($_SERVER['HARNESS_ADMIN']);
}

$scripts = array();
function wp_register_script($handle, $src, $after, $version, $in_footer)
{
    $GLOBALS['scripts'][$handle] = array($src, '');
}

function wp_enqueue_script($handle, $src = null)
{
    if ($src !== null) {
        wp_register_script($handle, $src, array(), null, true);
    }
}

function wp_add_inline_script($handle, $text)
{
    $GLOBALS['scripts'][$handle][1] = $text;
}

/* A page: what its query has, and what stands at its end. */
function show_page($query)
{
    global $scripts;

    do_action('parse_request', (object) array('query_vars' => $query));
    do_action('wp_enqueue_scripts');
    do_action('wp_footer');
    foreach ($scripts as $handle => $script) {
        if ($script[0]) {
            $src = str_replace('&', '&#038;', $script[0]);
            echo apply_filters('script_loader_tag',
                "<script src='$src' id='$handle-js'></script>\n", $handle,
                $src);
        }
        if ($script[1] !== '') {
            echo "<script id='$handle-js-after'>$script[1]</script>\n";
        }
    }
}
