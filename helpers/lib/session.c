/* SPDX-License-Identifier: MIT */
/* session.c - lets an application's own session receive private updates. */
#include "lib/session.h"

#include "base/clock.h"
#include "lib/token.h"
#include "queue/sessions.h"
#include "text/json.h"

#define PAYLOAD_MAX 65536
#define TOPICS_MAX ((size_t)1 << 20)

enum err
handle_has_sessions(const struct pushcgi *h, struct problem *p)
{
	if (!handle_is_remote(h))
		return ERR_OK;
	return problem_set(p, ERR_UNSUPPORTED,
	    "Sessions are known to this machine's hub only, and "
	    "MERCURE_HUB_URL names a remote one: use a cookie with a "
	    "token instead.");
}

/* Where sessions are kept. */
static enum err
open_sessions(struct pushcgi *h, struct queue **out, struct problem *p)
{
	enum err e = handle_has_sessions(h, p);

	if (e != ERR_OK)
		return e;
	if (h->config->session_cookie == NULL)
		return problem_set(p, ERR_UNSUPPORTED,
		    "The hub does not look at sessions: set "
		    "MERCURE_SESSION_COOKIE to the name of the application's "
		    "session cookie, such as PHPSESSID.");
	return handle_queue(h, out, p);
}

/* The selectors as one list, all of them checked. */
static enum err
join_selectors(struct pushcgi *h, struct buf *out,
    const struct slice *selectors, size_t n, struct problem *p)
{
	enum err e = handle_check_selectors(h, selectors, n, p);

	for (size_t i = 0; e == ERR_OK && i < n; i++)
		selector_list_add(out, selector_topic(selectors[i]));
	return e != ERR_OK ? e : out->err;
}

/* As compact JSON, so that the same value is the same text. */
static enum err
read_payload(struct buf *out, struct slice payload, struct problem *p)
{
	json_t *json = NULL;
	enum err e;

	if (payload.base == NULL)
		return ERR_OK;
	if ((e = json_parse(&json, payload)) == ERR_SYNTAX)
		return problem_set(
		    p, e, "The payload is not JSON, or repeats a name.");
	if (e == ERR_OK)
		e = json_write(out, json);
	json_decref(json);
	return e == ERR_LIMIT ? problem_set(p, e, "The payload is too long.")
			      : e;
}

static enum err
check_grant(size_t n, int64_t lifetime_s, struct problem *p)
{
	if (n == 0)
		return problem_set(p, ERR_SYNTAX, "A topic is missing.");
	if (lifetime_s < 0 || lifetime_s > HANDLE_LIFETIME_MAX_S)
		return problem_set(p, ERR_SYNTAX,
		    "The lifetime is not between 1 and 3155760000 seconds.");
	return ERR_OK;
}

static enum err
grant_wish(struct pushcgi *h, struct session_wish *w, int64_t lifetime_s,
    struct problem *p)
{
	const bool fixed = lifetime_s > 0;
	struct queue *q;
	enum err e;

	if (!fixed)
		lifetime_s = (int64_t)h->config->session_lifetime_s;
	w->now_ms = clock_real_ms();
	w->granted_ms = fixed ? 0 : w->now_ms;
	w->until_ms = w->now_ms + lifetime_s * 1000;
	/* A page that asks each time it is shown writes a few times only. */
	w->extend_ms = w->now_ms + lifetime_s * 500;
	w->topics_max = h->config->matchers_max;
	e = open_sessions(h, &q, p);
	return e != ERR_OK ? e : queue_session_grant(q, w, p);
}

enum err
handle_session_grant(struct pushcgi *h, struct slice id,
    const struct handle_session_rights *r, struct problem *p)
{
	struct session_wish w = { .replace = r->replace };
	struct buf list, json;
	enum err e;

	buf_init(&list, TOPICS_MAX);
	buf_init(&json, PAYLOAD_MAX);
	if ((e = check_grant(r->n, r->lifetime_s, p)) == ERR_OK &&
	    (e = session_key(&w.key, id, p)) == ERR_OK &&
	    (e = join_selectors(h, &list, r->selectors, r->n, p)) == ERR_OK &&
	    (e = read_payload(&json, r->payload, p)) == ERR_OK) {
		w.topics = buf_view(&list);
		if (r->payload.base != NULL)
			w.payload = buf_view(&json);
		e = grant_wish(h, &w, r->lifetime_s, p);
	}
	buf_free(&list);
	buf_free(&json);
	return e;
}

enum err
handle_session_move(
    struct pushcgi *h, struct slice from, struct slice to, struct problem *p)
{
	struct session_key old, fresh;
	struct queue *q;
	enum err e;

	if ((e = session_key(&old, from, p)) == ERR_OK &&
	    (e = session_key(&fresh, to, p)) == ERR_OK &&
	    (e = open_sessions(h, &q, p)) == ERR_OK)
		e = queue_session_move(q, &old, &fresh, clock_real_ms(),
		    h->config->matchers_max, p);
	return e;
}

enum err
handle_session_revoke(struct pushcgi *h, struct slice id,
    const struct slice *selectors, size_t n, struct problem *p)
{
	struct slice which = { NULL, 0 };
	struct session_key key;
	struct buf list;
	struct queue *q;
	enum err e;

	buf_init(&list, TOPICS_MAX);
	if ((e = session_key(&key, id, p)) == ERR_OK &&
	    (e = join_selectors(h, &list, selectors, n, p)) == ERR_OK &&
	    (e = open_sessions(h, &q, p)) == ERR_OK) {
		if (n > 0)
			which = buf_view(&list);
		e = queue_session_revoke(q, &key, which, clock_real_ms(), p);
	}
	buf_free(&list);
	return e;
}
