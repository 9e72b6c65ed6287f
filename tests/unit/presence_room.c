/* SPDX-License-Identifier: MIT */
/* presence_room.c - makes subscribers and reads what became of them. */
#include "unit/presence_room.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text/json.h"
#include "unit/dialect.h"

#define PAUSE_US 10000

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

/* "=x" is an exact selector, all else one of protocol 0.x. */
static struct selector
selector_of(struct slice text)
{
	if (text.base == NULL || !slice_starts(text, "="))
		return selector_topic(text);
	return (struct selector){ SELECTOR_EXACT, slice_after(text, 1) };
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

		if (matcher_new(&m, selector_of(text), NULL) != ERR_OK ||
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

static enum presence_state
state_of(char step)
{
	return step == '+'   ? PRESENCE_THERE
	       : step == '~' ? PRESENCE_AWAY
			     : PRESENCE_GONE;
}

enum err
presence_room_steps(
    struct queue *q, const char *all, bool at_once, const struct presence *p)
{
	struct presence_change changes[8];
	const size_t n = strlen(all);
	uint64_t epoch = 0;
	enum err e = ERR_OK;

	for (size_t i = 0; i < n; i++)
		changes[i] = (struct presence_change){ state_of(all[i]), p,
			INT64_MAX, NULL };
	if (at_once)
		return queue_present(q, changes, n, &epoch, NULL);
	for (size_t i = 0; i < n && e == ERR_OK; i++)
		e = queue_present(q, &changes[i], 1, &epoch, NULL);
	return e;
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

/* Reports through `to` that its rows are there. */
static int
hold(struct queue_room *r, const struct presence_holder *h, int to)
{
	struct queue *q;

	if (h->as_stranger && geteuid() == 0 &&
	    (setgid(54321) == -1 || setuid(54321) == -1))
		return 1;
	q = presence_room_open(r, h->owner);
	for (size_t i = 0; i < h->n; i++)
		if (presence_room_change(q, PRESENCE_THERE,
			presence_room_somebody(h->topics, 1), 0) != ERR_OK)
			return 1;
	if (write(to, "", 1) != 1)
		return 1;
	for (;; usleep(PAUSE_US))
		if (presence_room_reap(q) == -1)
			return 1;
}

pid_t
presence_room_start(struct queue_room *r, const struct presence_holder *h)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready) == -1 || (pid = fork()) == -1)
		abort();
	if (pid == 0)
		_exit(hold(r, h, ready[1]));
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		abort();
	close(ready[0]);
	return pid;
}

void
presence_room_kill(pid_t pid)
{
	if (kill(pid, SIGKILL) == -1 || queue_room_wait(pid) != 1000 + SIGKILL)
		abort();
}

int
presence_room_reap_all(struct queue *one, struct queue *two)
{
	int n = 0;

	for (; n == 0; usleep(PAUSE_US)) {
		const int a = presence_room_reap(one);
		const int b = presence_room_reap(two);

		if (a < 0 || b < 0)
			return -1;
		n += a + b;
	}
	if (presence_room_reap(one) != 0 || presence_room_reap(two) != 0)
		return -1;
	return n;
}

int
presence_room_count(const char *text, const char *part)
{
	int n = 0;

	while ((text = strstr(text, part)) != NULL) {
		text += strlen(part);
		n++;
	}
	return n;
}

static void
add_event(void *arg, uint64_t at, const struct update *u)
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
presence_room_published(struct queue *q)
{
	static struct text t;
	struct queue_span span = { 0 };
	enum err e = ERR_OK;

	memset(&t, 0, sizeof(t));
	/* The first call only learns the epoch. */
	for (int i = 0; i < 2 && e == ERR_OK; i++)
		e = queue_read(
		    q, 0, span.epoch, 100000, 1 << 26, add_event, &t, &span);
	return e == ERR_OK ? t.base : err_text(e);
}

static void
add_listed(void *arg, const struct subscription_view *v)
{
	struct text *t = arg;
	char *at = t->base, word[256];

	snprintf(word, sizeof(word), "%s%.*s ",
	    v->selector.kind == SELECTOR_EXACT ? "=" : "",
	    SLICE_ARG(v->selector.text));
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
	e = queue_subscriptions(q, selector_of(slice_of(topic)),
	    slice_of(subscriber), add_listed, &t, &last_id);
	buf_free(&last_id);
	return e == ERR_OK ? t.base : err_text(e);
}
