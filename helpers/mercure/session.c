/* SPDX-License-Identifier: MIT */
/* session.c - makes a key from a session's id, and a grant from its row. */
#include "mercure/session.h"

#include "base/utf8.h"
#include "text/percent.h"

enum err
session_key(struct session_key *out, struct slice id, struct problem *p)
{
	if (id.len < SESSION_ID_MIN || id.len > SESSION_ID_MAX)
		return problem_set(p, ERR_SYNTAX,
		    "A session id has %d to %d characters; others can be "
		    "guessed.",
		    SESSION_ID_MIN, SESSION_ID_MAX);
	if (utf8_has_control(id))
		return problem_set(
		    p, ERR_SYNTAX, "The session id holds control characters.");
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
add_selectors(struct matcher_list *out, struct slice list)
{
	struct problem ignored = { "" };
	struct selector s;
	enum err e = ERR_OK;

	while (e == ERR_OK && selector_list_next(&list, &s)) {
		struct matcher *m = NULL;

		if ((e = matcher_new(&m, s, &ignored)) == ERR_OK &&
		    (e = matcher_list_add(out, m)) != ERR_OK)
			matcher_unref(m);
	}
	return e;
}

enum err
session_grant(struct grant **out, const struct session_key *key,
    const struct session *s, uint64_t change)
{
	struct grant_parts parts = { .expires_ms = INT64_MAX,
		.by_session = true,
		.session_change = change };
	enum err e = ERR_OK;

	if (s != NULL)
		e = add_selectors(&parts.subscribe, s->topics);
	/* This version writes no such row: it then grants nothing. */
	if (e == ERR_LIMIT || e == ERR_SYNTAX) {
		matcher_list_free(&parts.subscribe);
		e = ERR_OK;
	} else if (e == ERR_OK && s != NULL) {
		parts.expires_ms = s->until_ms;
		parts.granted_ms = s->granted_ms;
		parts.payload = s->payload;
	}
	if (e == ERR_OK && (e = grant_new(out, &parts)) == ERR_OK)
		grant_set_token(*out, key->digest);
	matcher_list_free(&parts.subscribe);
	return e;
}
