/* SPDX-License-Identifier: MIT */
/* presence_room.c - makes subscribers and reads what became of them. */
#include "unit/presence_room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/json.h"
#include "unit/dialect.h"

struct text {
	char base[65536];
	size_t len;
};

static void
add(struct text *t, const char *sign, struct slice s)
{
	int n = snprintf(t->base + t->len, sizeof(t->base) - t->len, "%s%.*s ",
	    sign, SLICE_ARG(s));

	if (n < 0 || (size_t)n >= sizeof(t->base) - t->len)
		abort();
	t->len += (size_t)n;
}

struct queue *
presence_room_open(struct queue_room *r, uint64_t owner)
{
	r->settings.owner = owner;
	r->settings.presence_events = true;
	r->settings.dialects = unit_dialects();
	return queue_room_open(r, QUEUE_WRITE);
}

struct presence *
presence_room_somebody(const char *topics, uint8_t token)
{
	const uint8_t digest[GRANT_TOKEN_SIZE] = { token };
	struct matcher_list l = { NULL, 0 };
	const struct presence_parts parts = { .matchers = &l,
		.payload = slice_of(token != 0 ? "{\"n\":1}" : NULL),
		.token = token != 0 ? digest : NULL,
		.signer =
		    token != 0 ? presence_signer(token) : PRESENCE_BY_NOBODY };
	struct slice rest = slice_of(topics), text;
	struct presence *p = NULL;

	while (slice_cut(&rest, ' ', &text)) {
		struct matcher *m = NULL;

		if (matcher_new(&m, selector_topic(text), NULL) != ERR_OK ||
		    matcher_list_add(&l, m) != ERR_OK)
			abort();
	}
	if (presence_new(&p, &parts) != ERR_OK)
		abort();
	matcher_list_free(&l);
	return p;
}

enum err
presence_room_change(struct queue *q, enum presence_state to,
    const struct presence *p, int64_t until_ms)
{
	const struct presence_change c = { to, p, until_ms, NULL };
	uint64_t epoch;

	return queue_present(q, &c, 1, &epoch, NULL);
}

int
presence_room_reap(struct queue *q)
{
	bool more = true;
	int n = -1;

	while (more) {
		uint64_t epoch;

		if (queue_reap(q, &epoch, &more, NULL) != ERR_OK)
			return -1;
		n++;
	}
	return n;
}

static void
add_told(void *arg, uint64_t at, const struct update *u)
{
	json_t *json;

	(void)at;
	if (u->kind != UPDATE_HUB)
		return;
	json = json_loadb(u->data.base, u->data.len, 0, NULL);
	if (json == NULL)
		abort();
	add(arg, json_is_true(json_object_get(json, "active")) ? "+" : "-",
	    slice_of(json_string_value(json_object_get(json, "topic"))));
	json_decref(json);
}

const char *
presence_room_told(struct queue *q)
{
	static struct text t;
	struct queue_span span = { 0 };
	enum err e = ERR_OK;

	memset(&t, 0, sizeof(t));
	/* The first call only learns the epoch. */
	for (int i = 0; i < 2 && e == ERR_OK; i++)
		e = queue_read(
		    q, 0, span.epoch, 100000, 1 << 26, add_told, &t, &span);
	return e == ERR_OK ? t.base : err_text(e);
}

static void
add_listed(void *arg, const struct subscription_view *v)
{
	struct text *t = arg;
	char *at = t->base, word[256];

	snprintf(word, sizeof(word), "%.*s ", SLICE_ARG(v->selector.text));
	if (!v->active || t->len + strlen(word) >= sizeof(t->base))
		abort();
	while (*at != '\0' && strcmp(at, word) < 0)
		at = strchr(at, ' ') + 1;
	memmove(at + strlen(word), at, strlen(at) + 1);
	memcpy(at, word, strlen(word));
	t->len += strlen(word);
}

const char *
presence_room_listed(struct queue *q, const char *topic, const char *subscriber)
{
	static struct text t;
	struct buf last_id;
	enum err e;

	memset(&t, 0, sizeof(t));
	buf_init(&last_id, 4096);
	e = queue_subscriptions(
	    q, slice_of(topic), slice_of(subscriber), add_listed, &t, &last_id);
	buf_free(&last_id);
	return e == ERR_OK ? t.base : err_text(e);
}
