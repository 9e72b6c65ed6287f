/* SPDX-License-Identifier: MIT */
/* token_mint.c - signs tokens of 0.x; the hub does not link it. */
#include "match/topic.h"
#include "mercure/token.h"
#include "text/json.h"

/* Add an array with the selectors to `rights`. */
static enum err
add_right(json_t *rights, const char *name, const struct slice *selectors,
    size_t n, struct problem *p)
{
	json_t *array = json_array();

	/* The object owns the array from here on, or there is no memory. */
	if (json_object_set_new(rights, name, array) != 0)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		struct slice s = selectors[i];
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
			   : problem_set(p, e, "The payload is not JSON.");
	return json_object_set_new(rights, "payload", payload) == 0 ? ERR_OK
								    : ERR_NOMEM;
}

static enum err
fill_claims(json_t *claims, const struct token_rights *r, struct problem *p)
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

enum err
token_mint(struct buf *out, const struct token_rights *r,
    const struct jws_keys *keys, struct problem *p)
{
	json_t *claims = json_object();
	enum err e = ERR_NOMEM;
	struct buf text;

	buf_init(&text, JWS_TOKEN_MAX);
	if (claims == NULL || (e = fill_claims(claims, r, p)) != ERR_OK)
		goto out;
	if ((e = json_write(&text, claims)) != ERR_OK)
		goto out;
	e = jws_mint(out, buf_view(&text), keys, p);
out:
	if (e == ERR_NOMEM)
		problem_set(p, e, "Out of memory.");
	else if (text.err == ERR_LIMIT)
		problem_set(p, e,
		    "The token would be longer than %d bytes: "
		    "grant fewer topics, or use templates.",
		    JWS_TOKEN_MAX);
	buf_free(&text);
	json_decref(claims);
	return e;
}
