/* SPDX-License-Identifier: MIT */
/* session.c - from a session's id to its key, and from its row to a grant. */
#include "mercure/session.h"

#include "base/utf8.h"
#include "match/topic.h"
#include "text/percent.h"

enum err
session_key(struct session_key *out, struct slice id, struct problem *f)
{
	if (id.len < SESSION_ID_MIN || id.len > SESSION_ID_MAX)
		return problem_set(f, ERR_SYNTAX,
		    "A session id has %d to %d characters; others can be "
		    "guessed.",
		    SESSION_ID_MIN, SESSION_ID_MAX);
	if (utf8_has_control(id))
		return problem_set(
		    f, ERR_SYNTAX, "The session id holds control characters.");
	return digest_sha256(out->digest, id);
}

enum err
session_key_of_cookie(struct session_key *out, struct slice value)
{
	struct problem ignored = { "" };
	struct buf id;
	enum err e;

	buf_init(&id, SESSION_ID_MAX);
	percent_decode(&id, value);
	e = id.err == ERR_OK ? session_key(out, buf_view(&id), &ignored)
			     : id.err;
	buf_wipe(&id);
	return e == ERR_LIMIT ? ERR_SYNTAX : e;
}

static enum err
add_selectors(
    struct matcher_list *out, struct slice topics, const struct dialect *d)
{
	struct problem ignored = { "" };
	struct slice topic;
	enum err e = ERR_OK;

	while (e == ERR_OK && topics.len > 0 && topic_next(&topics, &topic)) {
		struct matcher *m = NULL;

		if ((e = d->matcher(&m, topic, &ignored)) == ERR_OK &&
		    (e = matcher_list_add(out, m)) != ERR_OK)
			matcher_unref(m);
	}
	return e;
}

enum err
session_grant(struct grant **out, const struct session_key *key,
    const struct session *s, uint64_t change, const struct dialect *d)
{
	struct grant_parts parts = { .expires_ms = INT64_MAX,
		.by_session = true,
		.session_change = change };
	enum err e = ERR_OK;

	if (s != NULL) {
		parts.expires_ms = s->until_ms;
		parts.payload = s->payload;
		e = add_selectors(&parts.subscribe, s->topics, d);
	}
	if (e == ERR_OK && (e = grant_new(out, &parts)) == ERR_OK)
		grant_set_token(*out, key->digest);
	matcher_list_free(&parts.subscribe);
	return e;
}

static bool
has(struct slice topics, struct slice wanted)
{
	struct slice topic;

	while (topics.len > 0 && topic_next(&topics, &topic))
		if (slice_eq(topic, wanted))
			return true;
	return false;
}

/* Add those of `topics` that are neither in `less` nor there already. */
static size_t
add_others(struct buf *out, struct slice topics, struct slice less)
{
	struct slice topic;
	size_t n = 0;

	while (topics.len > 0 && topic_next(&topics, &topic)) {
		if (has(less, topic) || has(buf_view(out), topic))
			continue;
		if (out->len > 0)
			buf_byte(out, '\n');
		buf_slice(out, topic);
		n++;
	}
	return n;
}

size_t
session_join(struct buf *out, struct slice topics, struct slice more)
{
	const struct slice none = { NULL, 0 };
	size_t n = add_others(out, topics, none);

	return n + add_others(out, more, none);
}

size_t
session_part(struct buf *out, struct slice topics, struct slice less)
{
	return add_others(out, topics, less);
}
