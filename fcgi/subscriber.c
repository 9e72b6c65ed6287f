/* SPDX-License-Identifier: MIT */
/* subscriber.c - makes and frees the struct behind an open event stream. */
#include "subscriber.h"

#include "clock.h"
#include "mem.h"

void
subscriber_opening_free(struct subscriber_opening *o)
{
	if (o == NULL)
		return;
	matcher_list_free(&o->matchers);
	grant_unref(o->grant);
	frame_unref(o->head);
	roster_end(o->entry);
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
	o->grant = NULL;
	s->entry = o->entry;
	o->entry = NULL;
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

bool
subscriber_may_have(const struct subscriber *s, const struct frame *f)
{
	if (!f->private)
		return true;
	/* Its timer may be late: the loop can be busy when its time is up. */
	return s->grant != NULL &&
	       grant_expires_ms(s->grant) > clock_real_ms() &&
	       grant_may_receive(s->grant, f->topics);
}

void
subscriber_free(struct subscriber *s)
{
	grant_unref(s->grant);
	roster_end(s->entry);
	mem_free(s);
}
