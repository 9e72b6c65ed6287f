/* SPDX-License-Identifier: MIT */
/* presence.h - one subscriber as the other processes know it. */
#ifndef PRESENCE_H
#define PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "grant.h"
#include "matcher.h"
#include "slice.h"
#include "uuid.h"

/*
 * What a subscriber's row holds.  Owner: whoever made it; immutable.  Its key
 * is random, of 63 bits with the highest set, so that no position of the log
 * is ever taken for one.
 */
struct presence {
	uint64_t key;
	char subscriber[UUID_URN_SIZE];
	struct slice topics;  /* its selectors, sorted, each once (topic.h) */
	struct slice payload; /* JSON text of its token; base NULL: none */
	/* Stands for the token in counts and comparisons; without one all
	 * zero. */
	uint8_t token[GRANT_TOKEN_SIZE];
	bool has_token;
	bool goes_on; /* its row is there already, parked */
	char text[];  /* what the slices point into */
};

struct presence_parts {
	const struct matcher_list *matchers;
	struct slice payload;
	const uint8_t *token; /* NULL: none */
};

/* A new subscriber, with a key and an identifier of its own.  ERR_NOMEM;
 * ERR_IO: the system gives no random bytes. */
enum err presence_new(struct presence **out, const struct presence_parts *p);

/* Does `p` want, and may it have, exactly what the other one did? */
bool presence_is_like(const struct presence *p, const struct presence *other);

/* The bytes that it takes to write it and to tell of it, about. */
size_t presence_cost(const struct presence *p);

/* Another key and another identifier.  ERR_IO as above. */
enum err presence_renew(struct presence *p);

/* Go on as the other one: with its key and identifier. */
void presence_go_on(struct presence *p, const struct presence *other);

void presence_free(struct presence *p); /* NULL is allowed */

#endif
