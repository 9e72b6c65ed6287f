/* SPDX-License-Identifier: MIT */
/* dialect_0x_claims.c - reads and writes the claims of 0.x. */
#include "match/topic.h"
#include "mercure/dialect_0x.h"
#include "mercure/token.h"

#define PAYLOAD_MAX 65536 /* numbers may grow when written */

/* Read one right: an array of selectors, or nothing. */
static enum err
read_right(struct matcher_list *out, const json_t *rights, const char *name,
    size_t matchers_max, struct problem *p)
{
	const json_t *array = json_object_get(rights, name);
	size_t i, n = json_array_size(array);

	if (array == NULL)
		return ERR_OK;
	if (!json_is_array(array))
		return problem_set(p, ERR_TOKEN,
		    "The claim mercure.%s is not an array.", name);
	if (n > matchers_max)
		return problem_set(p, ERR_LIMIT,
		    "The claim mercure.%s has more than %zu selectors "
		    "(MERCURE_MAX_MATCHERS).",
		    name, matchers_max);
	for (i = 0; i < n; i++) {
		const json_t *text = json_array_get(array, i);
		struct slice selector = json_slice(text);
		struct matcher *m = NULL;
		enum err e;

		if (selector.base == NULL)
			return problem_set(p, ERR_TOKEN,
			    "The claim mercure.%s holds something that is not "
			    "a "
			    "text.",
			    name);
		if (memchr(selector.base, '\0', selector.len) != NULL)
			return problem_set(p, ERR_TOKEN,
			    "The claim mercure.%s holds a text with NUL.",
			    name);
		if ((e = matcher_new(&m, selector_topic(selector), p)) !=
		    ERR_OK)
			return e;
		if ((e = matcher_list_add(out, m)) != ERR_OK) {
			matcher_unref(m);
			return e;
		}
	}
	return ERR_OK;
}

/*
 * Find the object with the rights: the claim `mercure`, or the same claim named
 * by a URL, for issuers that allow no other names; some issuers write it as a
 * text that holds the JSON.  NULL without an error: there are no rights.  The
 * caller releases *out.
 */
static enum err
find_rights(json_t **out, const json_t *claims, struct problem *p)
{
	json_t *claim = json_object_get(claims, "mercure"), *rights = NULL;
	struct slice text;
	enum err e;

	if (claim == NULL)
		claim = json_object_get(claims, "https://mercure.rocks/");
	if (json_is_string(claim)) {
		text = json_slice(claim);
		if ((e = json_parse(&rights, text)) == ERR_NOMEM)
			return e;
	} else {
		rights = json_incref(claim);
	}
	if (claim != NULL && !json_is_object(rights)) {
		json_decref(rights);
		return problem_set(
		    p, ERR_TOKEN, "The claim mercure is not an object.");
	}
	*out = rights;
	return ERR_OK;
}

enum err
dialect_0x_read_grant(struct grant **out, const json_t *claims, uint64_t key,
    int64_t expires_ms, size_t matchers_max, struct problem *p)
{
	struct grant_parts parts = { .key = key, .expires_ms = expires_ms };
	const json_t *value;
	json_t *rights = NULL;
	struct buf payload;
	enum err e;

	buf_init(&payload, PAYLOAD_MAX);
	if ((e = find_rights(&rights, claims, p)) != ERR_OK)
		goto out;
	e = read_right(&parts.publish, rights, "publish", matchers_max, p);
	if (e != ERR_OK)
		goto out;
	e = read_right(&parts.subscribe, rights, "subscribe", matchers_max, p);
	if (e != ERR_OK)
		goto out;
	value = json_object_get(rights, "payload");
	if (value != NULL) {
		if ((e = json_write(&payload, value)) != ERR_OK)
			goto out;
		parts.payload = buf_view(&payload);
	}
	e = grant_new(out, &parts);
out:
	matcher_list_free(&parts.publish);
	matcher_list_free(&parts.subscribe);
	buf_free(&payload);
	json_decref(rights);
	return e;
}

/* Add an array with the selectors to `rights`. */
static enum err
add_right(json_t *rights, const char *name, const struct selector *selectors,
    size_t n, struct problem *p)
{
	json_t *array = json_array();

	/* On success the object owns the array. */
	if (json_object_set_new(rights, name, array) != 0)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		struct slice s = selectors[i].text;
		enum err e = topic_check_selector(s, JWS_TOKEN_MAX, p);

		if (e != ERR_OK)
			return e;
		if (json_array_append_new(array, json_stringn(s.base, s.len)) !=
		    0)
			return ERR_NOMEM;
	}
	return ERR_OK;
}

static enum err
add_payload(json_t *rights, struct slice text, struct problem *p)
{
	json_t *payload = NULL;
	enum err e;

	if (text.base == NULL)
		return ERR_OK;
	if ((e = json_parse(&payload, text)) != ERR_OK)
		return e == ERR_NOMEM
			   ? e
			   : problem_set(p, e,
				 "The payload is not JSON, or repeats a name.");
	return json_object_set_new(rights, "payload", payload) == 0 ? ERR_OK
								    : ERR_NOMEM;
}

enum err
dialect_0x_write_claims(
    json_t *claims, const struct token_rights *r, struct problem *p)
{
	json_t *rights = json_object();
	enum err e;

	if (json_object_set_new(claims, "mercure", rights) != 0)
		return ERR_NOMEM;
	e = add_right(rights, "publish", r->publish, r->publish_n, p);
	if (e != ERR_OK)
		return e;
	e = add_right(rights, "subscribe", r->subscribe, r->subscribe_n, p);
	if (e != ERR_OK)
		return e;
	if ((e = add_payload(rights, r->payload, p)) != ERR_OK)
		return e;
	if (r->expires_s != 0 &&
	    json_object_set_new(claims, "exp", json_integer(r->expires_s)) != 0)
		return ERR_NOMEM;
	return ERR_OK;
}
