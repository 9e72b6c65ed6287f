/* SPDX-License-Identifier: MIT */
/* pushcgi.h - libpushcgi: URLs, tokens, cookies, updates for a hub. */
#ifndef PUSHCGI_H
#define PUSHCGI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define PUSHCGI_API __attribute__((visibility("default")))
#else
#define PUSHCGI_API
#endif

/*
 * A handle is used by one thread at a time; threads open their own.  It is
 * not carried over fork(2): the child opens another one and does not use
 * its parent's.  The library installs no signal handler, changes neither
 * the umask nor the environment and never ends the process; warnings about
 * the queue go to standard error.
 */
struct pushcgi;

/*
 * The result of every function that can fail.  Results (`out`, `id`, ...)
 * are untouched on failure, and pushcgi_error() has the sentence.
 */
enum pushcgi_result {
	PUSHCGI_OK = 0,
	PUSHCGI_MEMORY = 1,     /* out of memory */
	PUSHCGI_ARGUMENT = 2,   /* what was given is malformed or too long */
	PUSHCGI_CONFIG = 3,     /* a setting is missing or wrong */
	PUSHCGI_DENIED = 4,     /* reserved, or the remote hub refuses it */
	PUSHCGI_UNAVAILABLE = 5 /* the queue or the hub is not available */
};

/* The library's version, such as "0.1.0". */
PUSHCGI_API const char *pushcgi_version(void);

/*
 * Read the configuration as pushcgi(1) does: `file` (NULL: the usual one,
 * which may be absent), then the environment, then `settings`: texts such as
 * "MERCURE_RETRY=1000", a NULL behind the last; or NULL.  Secrets are refused
 * there.  *out is a handle also on failure, for pushcgi_error() and
 * pushcgi_close(); every other call on it then fails in the same way.  It is
 * NULL only without memory.
 */
PUSHCGI_API enum pushcgi_result pushcgi_open(
    struct pushcgi **out, const char *file, const char *const *settings);

/* NULL is allowed. */
PUSHCGI_API void pushcgi_close(struct pushcgi *h);

/*
 * Why the last call on this handle failed: one sentence that names the
 * setting or the fix and contains no secret; "" if it did not fail.  Valid
 * until the next call.
 */
PUSHCGI_API const char *pushcgi_error(const struct pushcgi *h);

/* Overwrite and free a text the library made.  NULL is allowed. */
PUSHCGI_API void pushcgi_free(char *text);

/*
 * The URL a page gives to its EventSource to get updates of the `n` topics,
 * URI Templates or "*"; with `last_event_id` (or NULL) all behind that update.
 */
PUSHCGI_API enum pushcgi_result pushcgi_hub_url(struct pushcgi *h, char **out,
    const char *const *topics, size_t n, const char *last_event_id);

/* The value of a Link header that leads subscribers to the hub (draft 7,
 * "Discovery"), with `last_event_id` unless NULL. */
PUSHCGI_API enum pushcgi_result pushcgi_link(
    struct pushcgi *h, char **out, const char *last_event_id);

/*
 * The id of the queue's end: for a page that shows what is true now and wants
 * everything after it.  PUSHCGI_CONFIG if the hub is remote.
 */
PUSHCGI_API enum pushcgi_result pushcgi_last_event_id(
    struct pushcgi *h, char **out);

/*
 * An access token that allows private updates of the `n` topics, URI
 * Templates or "*".  `payload` is JSON the hub shows with the subscription,
 * or NULL.  It expires in `lifetime_s` seconds; 0: never.
 */
PUSHCGI_API enum pushcgi_result pushcgi_subscriber_token(struct pushcgi *h,
    char **out, const char *const *topics, size_t n, const char *payload,
    int64_t lifetime_s);

/* An access token that allows publishing to the `n` topics, URI Templates or
 * "*". */
PUSHCGI_API enum pushcgi_result pushcgi_publisher_token(struct pushcgi *h,
    char **out, const char *const *topics, size_t n, int64_t lifetime_s);

/*
 * The value of a Set-Cookie header with a subscriber token, which lasts for
 * `lifetime_s` seconds.  The cookie lasts five minutes more, so that the hub
 * can reject the expired token instead of treating the browser as anonymous.
 * With 0 the token lasts an hour, and the cookie until the browser is closed.
 */
PUSHCGI_API enum pushcgi_result pushcgi_cookie(struct pushcgi *h, char **out,
    const char *const *topics, size_t n, const char *payload,
    int64_t lifetime_s);

/* The same for a token that exists already. */
PUSHCGI_API enum pushcgi_result pushcgi_cookie_from_token(
    struct pushcgi *h, char **out, const char *token, int64_t lifetime_s);

/* The value of a Set-Cookie header that removes the cookie. */
PUSHCGI_API enum pushcgi_result pushcgi_clear_cookie(
    struct pushcgi *h, char **out);

/* Forget what the session had before, and when that would have ended. */
#define PUSHCGI_SESSION_REPLACE 1u

/*
 * Let the browser that sends this id in the application's own session cookie
 * (MERCURE_SESSION_COOKIE) receive private updates of the `n` topics, URI
 * Templates or "*", for `lifetime_s` seconds or longer: what it has already
 * stays, and the later of two ends counts.  0: for MERCURE_SESSION_LIFETIME,
 * and longer while a stream of the session is open.  `payload` is JSON the hub
 * shows with its subscriptions; NULL leaves it as it is.  `flags`:
 * PUSHCGI_SESSION_REPLACE or 0.  Open streams follow at once.  Only a digest of
 * the id is stored.  PUSHCGI_CONFIG if the hub is remote, or does not use
 * sessions.
 */
PUSHCGI_API enum pushcgi_result pushcgi_session_grant(struct pushcgi *h,
    const char *id, const char *const *topics, size_t n, const char *payload,
    int64_t lifetime_s, unsigned flags);

/* The session has another id now, as it should after a log-in: all its rights
 * belong to that.  The old one ends in five seconds, when the browser knows
 * the new one, and streams that were opened with it come back. */
PUSHCGI_API enum pushcgi_result pushcgi_session_move(
    struct pushcgi *h, const char *from, const char *to);

/* Take these topics from a session; with `n` 0 all it has, which ends its
 * streams. */
PUSHCGI_API enum pushcgi_result pushcgi_session_revoke(
    struct pushcgi *h, const char *id, const char *const *topics, size_t n);

/* Only for subscribers whose token allows one of the topics. */
#define PUSHCGI_PRIVATE 1u
/* `retry_ms` counts. */
#define PUSHCGI_RETRY 2u

/* An update to publish.  Begin with zeroes: `= { 0 }`. */
struct pushcgi_update {
	const char *const *topics; /* the canonical one first */
	size_t topics_n;
	const char *data; /* any bytes but NUL, UTF-8; NULL: none */
	size_t data_len;
	const char *id;    /* NULL: a random one */
	const char *type;  /* NULL: "message", see MERCURE_TYPE_IS_TOPIC */
	uint32_t retry_ms; /* reconnection time for its receivers */
	unsigned flags;    /* PUSHCGI_PRIVATE, PUSHCGI_RETRY */
};

/*
 * Publish, to this machine's queue or to the hub that MERCURE_HUB_URL names;
 * the update's id is stored in *id unless `id` is NULL.  PUSHCGI_OK: it is in
 * the hub's history.  PUSHCGI_UNAVAILABLE from a remote hub: it may be
 * there nevertheless.
 */
PUSHCGI_API enum pushcgi_result pushcgi_publish(
    struct pushcgi *h, char **id, const struct pushcgi_update *u);

/*
 * Publish `n` updates in order; their ids go to ids[0] to ids[n - 1] unless
 * `ids` is NULL.  In this machine's queue it is all or none.  A remote hub
 * gets one after the other: those before a failure are published and have
 * their ids.  On failure *at (unless NULL) is the index of the one that failed;
 * if that is not one of them, `n`.
 */
PUSHCGI_API enum pushcgi_result pushcgi_publish_all(struct pushcgi *h,
    char **ids, const struct pushcgi_update *updates, size_t n, size_t *at);

/*
 * The subscriptions that are active now, to anything or, unless `topic` is
 * NULL, to this selector, byte for byte: the JSON document of the subscription
 * API (draft 7, "Active Subscriptions").  Its member "subscriptions" is a list
 * of objects with "topic", "subscriber" and, where the token has one,
 * "payload".  A remote hub is asked with a token that is made with the
 * subscribers' key.
 */
PUSHCGI_API enum pushcgi_result pushcgi_subscriptions(
    struct pushcgi *h, char **out, const char *topic);

/*
 * How many subscribe right now to the selector `topic`, byte for byte.  Each
 * of the `n` members is a text KEY=VALUE that an object in the payload of the
 * token must have: a text there is compared as it is, any other value as JSON.
 * Without members anonymous subscribers count, too.  They may subscribe to any
 * selector, but receive no private updates.
 */
PUSHCGI_API enum pushcgi_result pushcgi_connected(struct pushcgi *h,
    uint64_t *found, const char *topic, const char *const *members, size_t n);

/*
 * How many streams have `topic` open: without identities, tokens or sessions.
 * PUSHCGI_CONFIG: the setting MERCURE_COUNTS does not list the topic, so it is
 * not counted.
 */
PUSHCGI_API enum pushcgi_result pushcgi_count(
    struct pushcgi *h, uint64_t *n, const char *topic);

#ifdef __cplusplus
}
#endif

#endif
