/* SPDX-License-Identifier: MIT */
/* trust.c - decides which URLs of hubs may receive a token. */
#include "check/trust.h"

static bool
is_same_server(const struct url *a, const struct url *b)
{
	static const enum url_part parts[] = { URL_SCHEME, URL_HOST, URL_PORT };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!slice_eq(a->part[parts[i]], b->part[parts[i]]))
			return false;
	return true;
}

/* A text that is not a URL belongs to nobody. */
static enum err
compare(bool *same, const struct url *u, struct slice text)
{
	struct url other = { .part = { { NULL, 0 } } };
	enum err e = url_parse(&other, text, NULL, 0);

	if (e == ERR_OK && is_same_server(u, &other))
		*same = true;
	url_free(&other);
	return e == ERR_NOMEM ? e : ERR_OK;
}

enum err
check_trust_of(enum check_trust *out, const struct url *u,
    const struct slice *configured, size_t n)
{
	bool same = false;
	enum err e = ERR_OK;

	for (size_t i = 0; i < n && e == ERR_OK; i++)
		e = compare(&same, u, configured[i]);
	if (e != ERR_OK)
		return e;
	*out = same                           ? CHECK_OWN
	       : n == 0 && url_is_loopback(u) ? CHECK_NEIGHBOUR
					      : CHECK_STRANGER;
	return ERR_OK;
}
