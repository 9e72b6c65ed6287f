/* SPDX-License-Identifier: MIT */
/* token_mint.c - makes and signs tokens; the hub does not link it. */
#include "mercure/token.h"
#include "text/json.h"

enum err
token_mint(struct buf *out, const struct token_rights *r,
    const struct dialect *d, const struct jws_keys *keys, struct problem *p)
{
	json_t *claims = json_object();
	enum err e = ERR_NOMEM;
	struct buf text;

	buf_init(&text, JWS_TOKEN_MAX);
	if (claims == NULL || (e = d->write_claims(claims, r, p)) != ERR_OK)
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
