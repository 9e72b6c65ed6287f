/* SPDX-License-Identifier: MIT */
/* grant.c - the rights of one token or session, shared by its users. */
#include "mercure/grant.h"

#include <stdatomic.h>

#include "base/mem.h"
#include "mercure/subscription.h"

struct grant {
	atomic_size_t refs;
	struct grant_parts parts; /* its payload lies in `text` */
	bool receives_hub;
	uint8_t token[GRANT_TOKEN_SIZE];
	uint8_t others[GRANT_OTHERS_MAX][GRANT_TOKEN_SIZE];
	size_t others_n;
	uint64_t holder;
	char text[];
};

/* Is one of the two texts the beginning of the other? */
static bool
go_together(struct slice a, struct slice b)
{
	return memcmp(a.base, b.base, a.len < b.len ? a.len : b.len) == 0;
}

static bool
may_reach_hub(const struct matcher_list *l)
{
	const struct slice path = slice_of(SUBSCRIPTION_PATH "/");

	for (size_t i = 0; i < l->n; i++)
		if (go_together(matcher_head(l->v[i]), path))
			return true;
	return false;
}

enum err
grant_new(struct grant **out, struct grant_parts *parts)
{
	struct slice payload = parts->payload;
	struct grant *g = mem_calloc(1, sizeof(*g) + payload.len);

	if (g == NULL)
		return ERR_NOMEM;
	atomic_init(&g->refs, 1);
	g->parts = *parts;
	if (payload.len > 0)
		memcpy(g->text, payload.base, payload.len);
	if (payload.base != NULL)
		g->parts.payload.base = g->text;

	g->receives_hub = may_reach_hub(&g->parts.subscribe);
	parts->publish = parts->subscribe = (struct matcher_list){ NULL, 0 };
	*out = g;
	return ERR_OK;
}

bool
grant_may_publish(const struct grant *g, struct slice topics)
{
	return matcher_list_every(&g->parts.publish, topics);
}

bool
grant_may_receive(const struct grant *g, struct slice topics, size_t *steps)
{
	return matcher_list_any(&g->parts.subscribe, topics, steps);
}

bool
grant_may_receive_hub(const struct grant *g)
{
	return g->receives_hub;
}

const struct matcher_list *
grant_publish(const struct grant *g)
{
	return &g->parts.publish;
}

const struct matcher_list *
grant_subscribe(const struct grant *g)
{
	return &g->parts.subscribe;
}

bool
grant_has_publish(const struct grant *g)
{
	return g->parts.publish.n > 0;
}

bool
grant_is_session(const struct grant *g)
{
	return g->parts.by_session;
}

uint64_t
grant_session_change(const struct grant *g)
{
	return g->parts.session_change;
}

bool
grant_is_empty(const struct grant *g)
{
	return g->parts.subscribe.n == 0;
}

int64_t
grant_granted_ms(const struct grant *g)
{
	return g->parts.granted_ms;
}

int64_t
grant_expires_ms(const struct grant *g)
{
	return g->parts.expires_ms;
}

uint64_t
grant_key(const struct grant *g)
{
	return g->parts.key;
}

struct slice
grant_payload(const struct grant *g)
{
	return g->parts.payload;
}

void
grant_set_token(struct grant *g, const uint8_t token[GRANT_TOKEN_SIZE])
{
	memcpy(g->token, token, GRANT_TOKEN_SIZE);
}

const uint8_t *
grant_token(const struct grant *g)
{
	return g->token;
}

void
grant_set_others(
    struct grant *g, const uint8_t (*tokens)[GRANT_TOKEN_SIZE], size_t n)
{
	memcpy(g->others, tokens, n * sizeof(g->others[0]));
	g->others_n = n;
}

size_t
grant_others_n(const struct grant *g)
{
	return g->others_n;
}

const uint8_t *
grant_other(const struct grant *g, size_t i)
{
	return g->others[i];
}

void
grant_set_holder(struct grant *g, uint64_t holder)
{
	g->holder = holder;
}

uint64_t
grant_holder(const struct grant *g)
{
	return g->holder;
}

struct grant *
grant_ref(struct grant *g)
{
	atomic_fetch_add_explicit(&g->refs, 1, memory_order_relaxed);
	return g;
}

void
grant_unref(struct grant *g)
{
	if (g == NULL ||
	    atomic_fetch_sub_explicit(&g->refs, 1, memory_order_acq_rel) != 1)
		return;
	matcher_list_free(&g->parts.publish);
	matcher_list_free(&g->parts.subscribe);
	mem_free(g);
}
