<?php
/* SPDX-License-Identifier: MIT */
/**
 * Plugin Name: pushcgi
 * Description: Posts and comments appear in open pages as they are published.
 * Requires at least: 5.9
 * Requires PHP: 5.6
 * License: MIT
 *
 * Copy this file into wp-content/mu-plugins, and pushcgi.php (of templates/php)
 * and pushcgi.js into wp-content/mu-plugins/pushcgi.  README.md, beside this
 * file, describes what is published and to whom.  Settings, by define() in
 * wp-config.php, in addition to those of the other pushcgi.php:
 *
 *   PUSHCGI_SESSION_COOKIE  the hub's MERCURE_SESSION_COOKIE: users who are
 *                           logged in get a cookie of that name, and a log-out
 *                           ends its rights; default: none, a token in the
 *                           hub's own cookie, which ends with its lifetime
 *   PUSHCGI_WP_LIFETIME     lifetime of either in seconds; open pages request
 *                           a new one after half of it; default: 900
 *   PUSHCGI_WP_LIST         false: no list of new posts and comments at the end
 *                           of pages; the theme handles pushcgi:update
 *   PUSHCGI_SCRIPT_URL      URL of pushcgi.js, if it is at another place
 *
 * Failures are logged in the error log, and the site works without live updates.
 *
 * @package pushcgi
 */

defined( 'ABSPATH' ) || exit;

if ( ! is_readable( __DIR__ . '/pushcgi/pushcgi.php' ) ) {
	add_action( 'admin_notices', 'pushcgi_wp_tell_missing' );
	return;
}
require_once __DIR__ . '/pushcgi/pushcgi.php';

/* ---- What is published ---- */

add_action( 'transition_post_status', 'pushcgi_wp_post_changes', 10, 3 );
add_action( 'before_delete_post', 'pushcgi_wp_post_goes', 10, 2 );
add_action( 'wp_insert_comment', 'pushcgi_wp_comment_comes', 10, 2 );
add_action( 'edit_comment', 'pushcgi_wp_comment_edited' );
add_action( 'transition_comment_status', 'pushcgi_wp_comment_changes', 10, 3 );
add_action( 'shutdown', 'pushcgi_wp_publish' );

/* ---- Who may receive it ---- */

add_action( 'parse_request', 'pushcgi_wp_begin_page', 20 );
add_action( 'rest_api_init', 'pushcgi_wp_add_route' );
add_action( 'update_user_meta', 'pushcgi_wp_sessions_change', 10, 4 );
add_action( 'delete_user_meta', 'pushcgi_wp_sessions_end', 10, 3 );
add_action( 'wp_logout', 'pushcgi_wp_logout' );
add_action( 'profile_update', 'pushcgi_wp_profile_changes', 10, 2 );
add_action( 'after_password_reset', 'pushcgi_wp_revoke_user' );
add_action( 'added_user_meta', 'pushcgi_wp_capabilities_change', 10, 3 );
add_action( 'updated_user_meta', 'pushcgi_wp_capabilities_change', 10, 3 );
add_action( 'deleted_user_meta', 'pushcgi_wp_capabilities_change', 10, 3 );

/* ---- How pages show it ---- */

add_action( 'wp_enqueue_scripts', 'pushcgi_wp_enqueue' );
add_filter( 'script_loader_tag', 'pushcgi_wp_script_tag', 10, 3 );
add_action( 'wp_footer', 'pushcgi_wp_print_list' );

/**
 * A constant of wp-config.php, or its default.
 *
 * @param string $name    Its name.
 * @param mixed  $default Its default.
 * @return mixed
 */
function pushcgi_wp_setting( $name, $default ) {
	return defined( $name ) ? constant( $name ) : $default;
}

/** The lifetime of rights in seconds. */
function pushcgi_wp_lifetime() {
	return max( 10, (int) pushcgi_wp_setting( 'PUSHCGI_WP_LIFETIME', 900 ) );
}

/** Show administrators which files to copy. */
function pushcgi_wp_tell_missing() {
	printf(
		'<div class="notice notice-error"><p>%s</p></div>',
		esc_html(
			'pushcgi: copy pushcgi.php, pushcgi.js and pushcgi-more.js into '
			. __DIR__ . '/pushcgi; until then, nothing is published.'
		)
	);
}

/* ---- Topics ---- */

/** The topic of all updates of this site. */
function pushcgi_wp_site_topic() {
	return trailingslashit( get_option( 'home' ) );
}

/**
 * A REST URL as a topic: the same for http, https and cron jobs.
 *
 * @param string $route A route, which may have parts in braces.
 * @return string
 */
function pushcgi_wp_topic( $route ) {
	return set_url_scheme(
		rest_url( $route ),
		wp_parse_url( get_option( 'home' ), PHP_URL_SCHEME )
	);
}

/**
 * The topics of an update of a post: those of the post, its author and the site.
 *
 * @param WP_Post $post The post.
 * @return string[]
 */
function pushcgi_wp_post_topics( $post ) {
	return array(
		pushcgi_wp_topic( rest_get_route_for_post( $post ) ),
		pushcgi_wp_topic( '/wp/v2/users/' . (int) $post->post_author ),
		pushcgi_wp_site_topic(),
	);
}

/**
 * Topics of private updates that a user may receive: his own private posts, and
 * those of others if his role may read them.
 *
 * @param int $user_id The user.
 * @return string[]
 */
function pushcgi_wp_user_topics( $user_id ) {
	$topics = array( pushcgi_wp_topic( '/wp/v2/users/' . (int) $user_id ) );
	$types  = get_post_types( array( 'show_in_rest' => true ), 'objects' );
	foreach ( $types as $type ) {
		$route = rest_get_route_for_post_type_items( $type->name );
		if ( '' !== $route && is_post_type_viewable( $type )
			&& user_can( $user_id, $type->cap->read_private_posts ) ) {
			$topics[] = pushcgi_wp_topic( $route . '/{id}' );
		}
	}
	return apply_filters( 'pushcgi_user_topics', $topics, $user_id );
}

/* ---- Publishing ---- */

/**
 * The visibility of a post with that status: public, private or none.
 *
 * @param string  $status The status.
 * @param WP_Post $post   The post.
 * @return string
 */
function pushcgi_wp_visibility( $status, $post ) {
	if ( ! is_post_type_viewable( $post->post_type )
		|| '' === rest_get_route_for_post( $post ) ) {
		return 'none';
	}
	if ( 'private' === $status ) {
		return 'private';
	}
	if ( ! is_post_status_viewable( $status ) ) {
		return 'none';
	}
	return '' === $post->post_password ? 'public' : 'private';
}

/**
 * The visibility of a comment.  Shops store notes as comments of other types.
 *
 * @param bool       $is_approved Is it approved?
 * @param WP_Comment $comment     The comment.
 * @return string
 */
function pushcgi_wp_comment_visibility( $is_approved, $comment ) {
	$post = get_post( $comment->comment_post_ID );
	if ( ! $is_approved || ! $post
		|| ! in_array( $comment->comment_type, array( '', 'comment' ), true ) ) {
		return 'none';
	}
	return pushcgi_wp_visibility( $post->post_status, $post );
}

/**
 * Changed things, by kind and number: array( former visibility, the thing ), or
 * null: the visibility has not changed.  A request may change a thing several
 * times; one update is published for it.
 *
 * @return array
 */
function &pushcgi_wp_changed() {
	static $changed = array(
		'post'    => array(),
		'comment' => array(),
	);
	return $changed;
}

/**
 * A post gets a status, possibly the same.
 *
 * @param string  $new_status Unused: the final status matters.
 * @param string  $old_status The former one.
 * @param WP_Post $post       The post.
 */
function pushcgi_wp_post_changes( $new_status, $old_status, $post ) {
	$changed = &pushcgi_wp_changed();
	if ( ! defined( 'WP_IMPORTING' )
		&& ! isset( $changed['post'][ $post->ID ] ) ) {
		$changed['post'][ $post->ID ] = array(
			pushcgi_wp_visibility( $old_status, $post ),
			$post,
		);
	}
}

/**
 * A post is deleted permanently.
 *
 * @param int     $id   Its number.
 * @param WP_Post $post The post.
 */
function pushcgi_wp_post_goes( $id, $post ) {
	pushcgi_wp_post_changes( 'trash', $post->post_status, $post );
}

/**
 * There is a new comment.
 *
 * @param int        $id      Its number.
 * @param WP_Comment $comment The comment.
 */
function pushcgi_wp_comment_comes( $id, $comment ) {
	pushcgi_wp_comment_changes( '', 'none', $comment );
}

/**
 * A comment has another text; the following hooks show whether it was approved.
 *
 * @param int $id Its number.
 */
function pushcgi_wp_comment_edited( $id ) {
	$changed = &pushcgi_wp_changed();
	if ( ! isset( $changed['comment'][ $id ] ) ) {
		$changed['comment'][ $id ] = null;
	}
}

/**
 * A comment gets another status.
 *
 * @param string     $new_status Unused: the final status matters.
 * @param string     $old_status The former one.
 * @param WP_Comment $comment    The comment.
 */
function pushcgi_wp_comment_changes( $new_status, $old_status, $comment ) {
	$changed = &pushcgi_wp_changed();
	$id      = (int) $comment->comment_ID;
	if ( ! defined( 'WP_IMPORTING' )
		&& ! isset( $changed['comment'][ $id ] ) ) {
		$changed['comment'][ $id ] = array(
			pushcgi_wp_comment_visibility(
				'approved' === $old_status,
				$comment
			),
			$comment,
		);
	}
}

/** The request is complete: publish its changes after the response. */
function pushcgi_wp_publish() {
	$changed = &pushcgi_wp_changed();
	foreach ( $changed['post'] as $id => $before ) {
		$post = get_post( $id );
		pushcgi_wp_publish_change(
			'post',
			$before[0],
			$post ? pushcgi_wp_visibility( $post->post_status, $post )
				: 'none',
			$post ? $post : $before[1]
		);
	}
	foreach ( $changed['comment'] as $id => $before ) {
		$comment = get_comment( $id );
		$is      = ! $comment ? 'none' : pushcgi_wp_comment_visibility(
			'1' === (string) $comment->comment_approved,
			$comment
		);
		if ( $comment || $before ) {
			pushcgi_wp_publish_change(
				'comment',
				$before ? $before[0] : $is,
				$is,
				$comment ? $comment : $before[1]
			);
		}
	}
	$changed = array(
		'post'    => array(),
		'comment' => array(),
	);
}

/**
 * Publish the end of a thing to those who could see it, and the thing to those
 * who can see it now.
 *
 * @param string             $kind  Post or comment.
 * @param string             $was   Former visibility: public, private, none.
 * @param string             $is    Present visibility.
 * @param WP_Post|WP_Comment $thing The thing.
 */
function pushcgi_wp_publish_change( $kind, $was, $is, $thing ) {
	if ( 'none' !== $was && $was !== $is && 'public' !== $is ) {
		pushcgi_wp_publish_later( $kind, 'deleted', $was, $thing );
	}
	if ( 'none' !== $is ) {
		$event = $was === $is ? 'updated' : 'created';
		pushcgi_wp_publish_later( $kind, $event, $is, $thing );
	}
}

/**
 * Publish it when the visitor has received the response.
 *
 * @param string             $kind       Post or comment.
 * @param string             $event      Created, updated or deleted.
 * @param string             $visibility Public or private.
 * @param WP_Post|WP_Comment $thing      The thing.
 */
function pushcgi_wp_publish_later( $kind, $event, $visibility, $thing ) {
	static $count = 0;

	$post   = 'post' === $kind ? $thing : get_post( $thing->comment_post_ID );
	$id     = (int) ( 'post' === $kind ? $thing->ID : $thing->comment_ID );
	$topics = pushcgi_wp_post_topics( $post );
	if ( 'comment' === $kind ) {
		array_unshift( $topics, pushcgi_wp_topic( '/wp/v2/comments/' . $id ) );
	}
	$data = array(
		'kind'  => $kind,
		'event' => $event,
		'id'    => $id,
		'post'  => (int) $post->ID,
	);
	if ( 'deleted' !== $event ) {
		$data += 'post' === $kind ? pushcgi_wp_post_data( $post )
			: pushcgi_wp_comment_data( $thing, $post );
	}
	$update = apply_filters(
		'pushcgi_update',
		array(
			'topics'  => $topics,
			'data'    => $data,
			'private' => 'public' !== $visibility,
		),
		$thing
	);
	if ( ! $update ) {
		return;
	}
	mercure_publish_later(
		$update['topics'],
		$update['data'],
		$update['private']
	);
	/* The limit of a transaction. */
	if ( 0 === ++$count % 256 ) {
		mercure_publish_flush();
	}
}

/**
 * Convert HTML to plain text.
 *
 * @param string $html HTML.
 * @return string
 */
function pushcgi_wp_text( $html ) {
	return html_entity_decode( wp_strip_all_tags( $html ), ENT_QUOTES, 'UTF-8' );
}

/**
 * The data of an update of a post.
 *
 * @param WP_Post $post The post.
 * @return array
 */
function pushcgi_wp_post_data( $post ) {
	return array(
		'title'  => pushcgi_wp_text( get_the_title( $post ) ),
		'link'   => get_permalink( $post ),
		'author' => get_the_author_meta( 'display_name', $post->post_author ),
	);
}

/**
 * The data of an update of a comment: only what pages show.
 *
 * @param WP_Comment $comment The comment.
 * @param WP_Post    $post    Its post.
 * @return array
 */
function pushcgi_wp_comment_data( $comment, $post ) {
	return array(
		'parent' => (int) $comment->comment_parent,
		'title'  => pushcgi_wp_text( get_the_title( $post ) ),
		'link'   => get_comment_link( $comment ),
		'author' => pushcgi_wp_text( get_comment_author( $comment ) ),
		'text'   => wp_html_excerpt(
			pushcgi_wp_text( get_comment_text( $comment ) ),
			1000,
			'…'
		),
	);
}

/* ---- Rights ---- */

/** The name of the session cookie; empty: use tokens. */
function pushcgi_wp_session_cookie() {
	return (string) pushcgi_wp_setting( 'PUSHCGI_SESSION_COOKIE', '' );
}

/**
 * The hub's session id of a log-in.  It can be computed for log-ins that have
 * ended, and does not reveal the verifier.
 *
 * @param string $verifier The hash of the log-in's token that WordPress stores.
 * @return string
 */
function pushcgi_wp_session_id( $verifier ) {
	return hash_hmac( 'sha256', 'pushcgi ' . $verifier, wp_salt( 'logged_in' ) );
}

/**
 * The name of the transient with the granted topics.
 *
 * @param string $id The hub's session id of the log-in.
 * @return string
 */
function pushcgi_wp_session_mark( $id ) {
	return 'pushcgi_' . substr( $id, 0, 32 );
}

/**
 * Allow this browser to receive the private updates of its user.
 *
 * @param bool $again Also if they are granted already.
 * @return bool
 */
function pushcgi_wp_authorize( $again = false ) {
	$user_id = get_current_user_id();
	$name    = pushcgi_wp_session_cookie();
	$token   = wp_get_session_token();
	if ( ! $user_id || '' === $token ) {
		return false;
	}
	$topics  = pushcgi_wp_user_topics( $user_id );
	$options = array(
		'payload'  => array( 'user' => $user_id ),
		'lifetime' => pushcgi_wp_lifetime(),
	);
	if ( '' === $name ) {
		return mercure_set_authz_cookie( $topics, array(), $options );
	}

	$id   = pushcgi_wp_session_id( hash( 'sha256', $token ) );
	$mark = pushcgi_wp_session_mark( $id );
	$has  = md5( wp_json_encode( $topics ) );
	if ( $again || get_transient( $mark ) !== $has ) {
		$options += array(
			'id'      => $id,
			'replace' => true,
		);
		if ( ! mercure_set_authz_session( $topics, $options ) ) {
			return false;
		}
		set_transient( $mark, $has, (int) ( pushcgi_wp_lifetime() / 2 ) );
	}
	if ( ! isset( $_COOKIE[ $name ] ) || $_COOKIE[ $name ] !== $id ) {
		pushcgi_wp_send_cookie( $id, 0 );
	}
	return true;
}

/**
 * Send the session's cookie, with the path / as the hub is below it.
 *
 * @param string $value   Its value.
 * @param int    $expires When it expires; 0: when the browser ends.
 */
function pushcgi_wp_send_cookie( $value, $expires ) {
	$name   = pushcgi_wp_session_cookie();
	$domain = 0 === stripos( $name, '__Host-' ) ? '' : COOKIE_DOMAIN;
	setcookie( $name, $value, $expires, '/', $domain, is_ssl(), true );
}

/**
 * Before the page reads its data, so that no later update is missed.
 *
 * @param WP $wp The request.
 */
function pushcgi_wp_begin_page( $wp ) {
	$no_page = array_flip( array( 'feed', 'robots', 'favicon', 'sitemap' ) );
	if ( is_admin()
		|| array_filter( array_intersect_key( $wp->query_vars, $no_page ) ) ) {
		return;
	}
	mercure_last_event_id();
	pushcgi_wp_authorize();
}

/** The route at which pushcgi.js requests another cookie. */
function pushcgi_wp_add_route() {
	register_rest_route(
		'pushcgi/v1',
		'/refresh',
		array(
			'methods'             => 'GET',
			'callback'            => 'pushcgi_wp_refresh',
			'permission_callback' => 'is_user_logged_in',
		)
	);
}

/** Answer a request to that route. */
function pushcgi_wp_refresh() {
	return new WP_REST_Response(
		null,
		pushcgi_wp_authorize( true ) ? 204 : 503
	);
}

/**
 * Revoke the grants of log-ins: their streams end.
 *
 * @param string[] $verifiers The hashes of their tokens.
 */
function pushcgi_wp_revoke( $verifiers ) {
	if ( '' === pushcgi_wp_session_cookie() ) {
		return;
	}
	/* Each time, as a page may have granted topics in between. */
	foreach ( $verifiers as $verifier ) {
		$id = pushcgi_wp_session_id( $verifier );
		delete_transient( pushcgi_wp_session_mark( $id ) );
		mercure_clear_authz_session( array(), array( 'id' => $id ) );
	}
}

/**
 * The hashes of the tokens of a user's log-ins.
 *
 * @param int $user_id The user.
 * @return string[]
 */
function pushcgi_wp_verifiers( $user_id ) {
	$sessions = get_user_meta( $user_id, 'session_tokens', true );
	return is_array( $sessions ) ? array_keys( $sessions ) : array();
}

/**
 * The log-ins of a user change: after a log-out, or when one has expired.
 *
 * @param int    $meta_id Not needed.
 * @param int    $user_id The user.
 * @param string $key     What is written.
 * @param mixed  $value   The remaining log-ins.
 */
function pushcgi_wp_sessions_change( $meta_id, $user_id, $key, $value ) {
	if ( 'session_tokens' === $key ) {
		pushcgi_wp_revoke(
			array_diff(
				pushcgi_wp_verifiers( $user_id ),
				is_array( $value ) ? array_keys( $value ) : array()
			)
		);
	}
}

/**
 * A user has no log-ins any more, or is deleted.
 *
 * @param int[]  $meta_ids Not needed.
 * @param int    $user_id  The user.
 * @param string $key      What is deleted.
 */
function pushcgi_wp_sessions_end( $meta_ids, $user_id, $key ) {
	pushcgi_wp_sessions_change( 0, $user_id, $key, array() );
}

/** The visitor has logged out. */
function pushcgi_wp_logout() {
	$token = wp_get_session_token();
	if ( '' !== pushcgi_wp_session_cookie() ) {
		if ( '' !== $token ) {
			pushcgi_wp_revoke( array( hash( 'sha256', $token ) ) );
		}
		pushcgi_wp_send_cookie( '', 1 );
	} else {
		mercure_clear_authz_cookie();
	}
}

/**
 * Revoke the grants of all log-ins of a user; the next page of each log-in
 * grants the present rights.
 *
 * @param int|WP_User $user The user.
 */
function pushcgi_wp_revoke_user( $user ) {
	$user_id = is_object( $user ) ? $user->ID : $user;
	pushcgi_wp_revoke( pushcgi_wp_verifiers( $user_id ) );
}

/**
 * The capabilities of a user change, for example by a role or remove_cap().
 *
 * @param int|int[] $meta_id Not needed.
 * @param int       $user_id The user.
 * @param string    $key     The key that was written or deleted.
 */
function pushcgi_wp_capabilities_change( $meta_id, $user_id, $key ) {
	global $wpdb;
	if ( $wpdb->get_blog_prefix() . 'capabilities' === $key ) {
		pushcgi_wp_revoke_user( $user_id );
	}
}

/**
 * Another password ends log-ins without calling a hook.
 *
 * @param int     $user_id The user.
 * @param WP_User $before  The former data.
 */
function pushcgi_wp_profile_changes( $user_id, $before ) {
	if ( get_userdata( $user_id )->user_pass !== $before->user_pass ) {
		pushcgi_wp_revoke_user( $user_id );
	}
}

/* ---- Pages ---- */

/** Enqueue the script of every page, and the one for the list. */
function pushcgi_wp_enqueue() {
	$src = pushcgi_wp_setting(
		'PUSHCGI_SCRIPT_URL',
		plugins_url( 'pushcgi/pushcgi.js', __FILE__ )
	);
	wp_enqueue_script( 'pushcgi', $src, array(), null, true );
	if ( pushcgi_wp_setting( 'PUSHCGI_WP_LIST', true ) ) {
		wp_register_script( 'pushcgi-list', false, array(), null, true );
		wp_enqueue_script( 'pushcgi-list' );
		wp_add_inline_script( 'pushcgi-list', pushcgi_wp_list_script() );
	}
}

/**
 * Add the settings of pushcgi.js to its element, which keeps what WordPress and
 * other plugins have given it, such as a nonce, defer or inline scripts.  All pages use the same topics, so that all tabs
 * share one stream; the data names the post of an update.
 *
 * @param string $tag    The script element.
 * @param string $handle Whose.
 * @param string $src    Its URL, escaped.
 * @return string
 */
function pushcgi_wp_script_tag( $tag, $handle, $src ) {
	if ( 'pushcgi' !== $handle ) {
		return $tag;
	}
	$options = array( 'src' => wp_specialchars_decode( $src, ENT_QUOTES ) );
	$user_id = get_current_user_id();
	if ( $user_id ) {
		$options += array(
			'share'        => 'user ' . $user_id,
			'refresh'      => add_query_arg(
				'_wpnonce',
				wp_create_nonce( 'wp_rest' ),
				rest_url( 'pushcgi/v1/refresh' )
			),
			'refreshAfter' => (int) ( pushcgi_wp_lifetime() / 2 ),
		);
	}
	$topics = apply_filters(
		'pushcgi_page_topics',
		array( pushcgi_wp_site_topic() )
	);
	$made   = mercure_script_tag( $topics, $options );
	if ( false === $made ) {
		return '';
	}
	$settings = preg_replace( '/^<script src="[^"]*"|><\/script>$/', '', $made );
	$element  = '/<script(?=(?:[^>"\']|"[^"]*"|\'[^\']*\')*?\ssrc\s*=)/i';
	if ( ! preg_match( $element, $tag, $found, PREG_OFFSET_CAPTURE ) ) {
		return $made . "\n";
	}
	return substr_replace( $tag, $settings, $found[0][1] + strlen( '<script' ), 0 );
}

/** Print the list of new posts and comments. */
function pushcgi_wp_print_list() {
	if ( pushcgi_wp_setting( 'PUSHCGI_WP_LIST', true ) ) {
		echo '<ul id="pushcgi-list" role="log"></ul>', "\n";
	}
}

/** The script for the list; it adds only text and links to the page. */
function pushcgi_wp_list_script() {
	return <<<'SCRIPT'
document.addEventListener('pushcgi:update', function (event) {
	var update, item, known, link = document.createElement('a');

	try {
		update = JSON.parse(event.detail.data) || {};
	} catch (none) {
		return;
	}
	item = document.createElement('li');
	item.id = 'pushcgi-' + update.kind + '-' + update.id;
	known = document.getElementById(item.id);
	if (known)
		known.parentNode.removeChild(known);
	if (!/^https?:/.test(update.link) || update.event === 'updated' && !known)
		return;
	link.href = update.link;
	link.textContent = update.title;
	item.appendChild(link);
	if (update.kind === 'comment')
		item.appendChild(document.createTextNode(' – ' + update.author
			+ ': ' + update.text));
	document.getElementById('pushcgi-list').appendChild(item);
});
SCRIPT;
}
