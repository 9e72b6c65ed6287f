/* SPDX-License-Identifier: MIT */
/* dialect.h - the dialect of tests that are about something else. */
#ifndef UNIT_DIALECT_H
#define UNIT_DIALECT_H

#include "mercure/token.h"

static inline struct dialects
unit_dialects(void)
{
	struct dialects in_force = { .n = 0 };

	(void)dialects_read(&in_force, slice_of("0.x"));
	return in_force;
}

static inline const struct dialect *
unit_dialect(void)
{
	const struct dialects in_force = unit_dialects();

	return dialects_common(&in_force);
}

/* token_verify() in that dialect, without an issuer. */
static inline enum err
unit_verify(struct grant **out, struct slice token, const struct jws_keys *keys,
    int64_t now_ms, size_t matchers_max, struct problem *p)
{
	const struct verifier v = { .dialect = unit_dialect(), .keys = keys };
	enum token_check failed;

	return token_verify(out, &failed, token, &v, now_ms, matchers_max, p);
}

#endif
