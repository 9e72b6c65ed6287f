/* SPDX-License-Identifier: MIT */
/* subscriber.c - makes and frees the struct behind an open event stream. */
#include "fanout/subscriber.h"

#include "base/mem.h"

void
subscriber_opening_free(struct subscriber_opening *o)
{
	if (o == NULL)
		return;
	matcher_list_free(&o->matchers);
	grant_unref(o->grant);
	frame_unref(o->head);
	roster_end(o->entry);
	pattern_claim_free(o->patterns);
	mem_free(o);
}

enum err
subscriber_new(struct subscriber **out, struct subscriber_opening *o,
    struct stream *stream)
{
	struct subscriber *s;
	size_t n = o->matchers.n;

	s = mem_calloc(1, sizeof(*s) + n * sizeof(s->subscriptions[0]));
	if (s == NULL)
		return ERR_NOMEM;
	s->stream = stream;
	s->grant = o->grant;
	s->rights = subscriber_rights(s->grant);
	o->grant = NULL;
	s->entry = o->entry;
	o->entry = NULL;
	s->patterns = o->patterns;
	o->patterns = NULL;
	s->end_ms = o->end_ms;
	s->life_ms = o->life_ms;
	s->keepalive_ms = o->keepalive_ms;
	s->retry_ms = o->retry_ms;
	s->drain = o->drain;
	s->park_ms = o->park_ms;
	s->wait_ms = o->drain ? o->wait_ms : INT64_MAX;
	s->at = o->at;
	s->told = o->at;
	s->from_start = o->from_start;
	s->n = n;
	*out = s;
	return ERR_OK;
}

enum subscriber_rights
subscriber_rights(const struct grant *g)
{
	if (g == NULL || grant_is_empty(g))
		return SUBSCRIBER_PUBLIC;
	return grant_may_receive_hub(g) ? SUBSCRIBER_HUB : SUBSCRIBER_PRIVATE;
}

bool
subscriber_may_have(
    const struct subscriber *s, const struct frame *f, size_t *steps)
{
	if (!f->private)
		return true;
	return s->rights != SUBSCRIBER_PUBLIC &&
	       grant_may_receive(s->grant, f->topics, steps);
}

void
subscriber_free(struct subscriber *s)
{
	grant_unref(s->grant);
	roster_end(s->entry);
	pattern_claim_free(s->patterns);
	mem_free(s);
}
