/* SPDX-License-Identifier: MIT */
/* pushcgi_session.c - lets an application's own session receive private updates. */
#include "base/clock.h"
#include "base/mem.h"
#include "lib/handle.h"
#include "queue/sessions.h"
#include "text/json.h"

#define PAYLOAD_MAX 65536
#define TOPICS_MAX ((size_t)1 << 20)

/* Where sessions are kept. */
static enum err
open_sessions(struct pushcgi *h, struct queue **out)
{
	if (handle_is_elsewhere(h))
		return problem_set(&h->problem, ERR_UNSUPPORTED,
		    "Sessions are known to this machine's hub only, and "
		    "MERCURE_HUB_URL names another: use a cookie with a token "
		    "instead.");
	if (h->config->session_cookie == NULL)
		return problem_set(&h->problem, ERR_UNSUPPORTED,
		    "The hub does not look at sessions: set "
		    "MERCURE_SESSION_COOKIE to the name of the application's "
		    "session cookie, such as PHPSESSID.");
	return handle_queue(h, out);
}

static enum err
key_of(struct pushcgi *h, struct session_key *out, const char *id)
{
	if (id == NULL)
		return problem_set(
		    &h->problem, ERR_SYNTAX, "The session id is missing.");
	return session_key(out, slice_of(id), &h->problem);
}

/* The topics as one list, all of them checked; base NULL if there are none. */
static enum err
join_selectors(
    struct pushcgi *h, struct buf *out, const char *const *topics, size_t n)
{
	struct slice *list = NULL;
	enum err e = handle_slices(&list, topics, n, &h->problem);

	if (e == ERR_OK)
		e = handle_check_selectors(h, list, n);
	for (size_t i = 0; e == ERR_OK && i < n; i++)
		selector_list_add(out, selector_topic(list[i]));
	mem_free(list);
	return e != ERR_OK ? e : out->err;
}

/* As compact JSON, so that the same value is the same text. */
static enum err
read_payload(struct pushcgi *h, struct buf *out, const char *payload)
{
	json_t *json = NULL;
	enum err e;

	if (payload == NULL)
		return ERR_OK;
	if ((e = json_parse(&json, slice_of(payload))) == ERR_SYNTAX)
		return problem_set(&h->problem, e, "The payload is not JSON.");
	if (e == ERR_OK)
		e = json_write(out, json);
	json_decref(json);
	return e == ERR_LIMIT
		   ? problem_set(&h->problem, e, "The payload is too long.")
		   : e;
}

static enum err
check_grant(size_t n, int64_t lifetime_s, struct problem *p)
{
	if (n == 0)
		return problem_set(p, ERR_SYNTAX, "A topic is missing.");
	if (lifetime_s <= 0 || lifetime_s > HANDLE_LIFETIME_MAX_S)
		return problem_set(p, ERR_SYNTAX,
		    "The lifetime is not between 1 and 3155760000 seconds.");
	return ERR_OK;
}

static enum err
grant_wish(struct pushcgi *h, struct session_wish *w, int64_t lifetime_s)
{
	struct queue *q;
	enum err e;

	w->now_ms = clock_real_ms();
	w->until_ms = w->now_ms + lifetime_s * 1000;
	/* A page that asks each time it is shown writes a few times only. */
	w->extend_ms = w->now_ms + lifetime_s * 500;
	w->topics_max = h->config->matchers_max;
	e = open_sessions(h, &q);
	return e != ERR_OK ? e : queue_session_grant(q, w, &h->problem);
}

enum pushcgi_result
pushcgi_session_grant(struct pushcgi *h, const char *id,
    const char *const *topics, size_t n, const char *payload,
    int64_t lifetime_s, unsigned flags)
{
	struct session_wish w = { .replace =
				      (flags & PUSHCGI_SESSION_REPLACE) != 0 };
	struct buf list, json;
	enum err e;

	buf_init(&list, TOPICS_MAX);
	buf_init(&json, PAYLOAD_MAX);
	if ((e = handle_begin(h)) == ERR_OK &&
	    (e = check_grant(n, lifetime_s, &h->problem)) == ERR_OK &&
	    (e = key_of(h, &w.key, id)) == ERR_OK &&
	    (e = join_selectors(h, &list, topics, n)) == ERR_OK &&
	    (e = read_payload(h, &json, payload)) == ERR_OK) {
		w.topics = buf_view(&list);
		if (payload != NULL)
			w.payload = buf_view(&json);
		e = grant_wish(h, &w, lifetime_s);
	}
	buf_free(&list);
	buf_free(&json);
	return handle_end(h, e);
}

enum pushcgi_result
pushcgi_session_move(struct pushcgi *h, const char *from, const char *to)
{
	struct session_key old, fresh;
	struct queue *q;
	enum err e;

	if ((e = handle_begin(h)) == ERR_OK &&
	    (e = key_of(h, &old, from)) == ERR_OK &&
	    (e = key_of(h, &fresh, to)) == ERR_OK &&
	    (e = open_sessions(h, &q)) == ERR_OK)
		e = queue_session_move(q, &old, &fresh, clock_real_ms(),
		    h->config->matchers_max, &h->problem);
	return handle_end(h, e);
}

enum pushcgi_result
pushcgi_session_revoke(
    struct pushcgi *h, const char *id, const char *const *topics, size_t n)
{
	struct session_key key;
	struct slice which = { NULL, 0 };
	struct buf list;
	struct queue *q;
	enum err e;

	buf_init(&list, TOPICS_MAX);
	if ((e = handle_begin(h)) == ERR_OK &&
	    (e = key_of(h, &key, id)) == ERR_OK &&
	    (e = join_selectors(h, &list, topics, n)) == ERR_OK &&
	    (e = open_sessions(h, &q)) == ERR_OK) {
		if (n > 0)
			which = buf_view(&list);
		e = queue_session_revoke(
		    q, &key, which, clock_real_ms(), &h->problem);
	}
	buf_free(&list);
	return handle_end(h, e);
}
