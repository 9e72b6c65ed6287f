/* SPDX-License-Identifier: MIT */
/* key_sets.c - when to fetch key sets, and how to use the answer. */
#include "config/key_sets.h"

#include <stdlib.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/send.h"
#include "jose/jws_keys.h"
#include "text/http_fields.h"
#include "text/shown.h"

#define SECOND_MS INT64_C(1000)

#define LIFE_MS (3600 * SECOND_MS)
#define LIFE_MIN_MS (60 * SECOND_MS)
#define LIFE_MAX_MS (24 * 3600 * SECOND_MS)

/* One try lasts less than the time in which nobody else begins one. */
#define TRY_AGAIN_MS (30 * SECOND_MS)
#define TRY_FIRST_MS (10 * SECOND_MS)
#define CONNECT_MS 5000u
#define TOTAL_MS 8000u

#define SHOWN_MAX 120

/* The max-age in the value of a Cache-Control; `absent` if it has none. */
static int64_t
max_age_ms(struct slice value, int64_t absent)
{
	static const char name[] = "max-age=";
	struct slice part;
	int64_t age = absent;

	while (slice_cut(&value, ',', &part)) {
		char digits[12] = "";

		part = slice_trim(part);
		if (part.len < sizeof(name) ||
		    strncasecmp(part.base, name, sizeof(name) - 1) != 0)
			continue;
		part = slice_after(part, sizeof(name) - 1);
		if (part.base[0] == '"')
			part = slice_after(part, 1);
		if (part.len > sizeof(digits) - 1)
			part.len = sizeof(digits) - 1;
		memcpy(digits, part.base, part.len);
		age = strtoll(digits, NULL, 10) * SECOND_MS;
	}
	return age;
}

int64_t
jwks_life_ms(struct slice head)
{
	int64_t life = LIFE_MS;
	struct slice value;

	for (size_t i = 0;; i++) {
		value = http_fields_value(head, "Cache-Control", i);
		if (value.base == NULL)
			break;
		life = max_age_ms(value, life);
	}
	return life < LIFE_MIN_MS   ? LIFE_MIN_MS
	       : life > LIFE_MAX_MS ? LIFE_MAX_MS
				    : life;
}

static enum err
answer_read(struct buf *text, const struct http_answer *a, const char *url,
    struct problem *p)
{
	struct jws_keys *keys = NULL;
	struct problem why = { "Out of memory." };
	char shown[SHOWN_MAX];
	enum err e;

	shown_copy(shown, sizeof(shown), shown_url(url));
	if (a->status != 200)
		return problem_set(p, ERR_IO,
		    "%s: the answer has the status %d and not 200: is this "
		    "where the key set is?",
		    shown, a->status);
	e = jws_keys_fetched(&keys, buf_view(&a->body), NULL, &why);
	jws_keys_free(keys);
	if (e != ERR_OK)
		return problem_set(p, e, "%s: %s", shown, why.text);
	buf_slice(text, buf_view(&a->body));
	return text->err == ERR_OK
		   ? ERR_OK
		   : problem_set(p, text->err, "%s", err_text(text->err));
}

enum err
jwks_fetch(struct buf *text, int64_t *life_ms, const struct jwks_source *src,
    const _Atomic bool *stop, struct problem *p)
{
	static const char *const headers[] = {
		"Accept: application/jwk-set+json, application/json", NULL
	};
	const struct http_request rq = {
		.url = src->url,
		.https_only = true,
		.ca_file = src->ca_file,
		.connect_ms = CONNECT_MS,
		.total_ms = TOTAL_MS,
		.body_max = QUEUE_KEYS_MAX,
		.headers = headers,
		.stop = stop,
	};
	struct http_answer a = { 0 };
	enum err e;

	if ((e = http_send(&a, &rq, p)) != ERR_OK)
		return e;
	if ((e = answer_read(text, &a, src->url, p)) == ERR_OK)
		*life_ms = jwks_life_ms(buf_view(&a.head));
	http_answer_free(&a);
	return e;
}

/* A clock that was set back since has written a time so far ahead. */
static bool
is_fresh(const struct queue_keys *k, int64_t now_ms)
{
	return k->changed_ms > 0 && now_ms < k->fresh_ms &&
	       k->fresh_ms <= now_ms + LIFE_MAX_MS;
}

bool
jwks_is_usable(const struct queue_keys *k, int64_t now_ms)
{
	return k->changed_ms > 0 && now_ms < k->fresh_ms + JWKS_KEEP_MS;
}

/* Before the claim, which takes the lock: is there anything to do? */
static bool
is_due(const struct queue_keys *k, int64_t now_ms, int64_t since_ms,
    int64_t wanted_ms)
{
	/* As the claim sees it: another may have begun a moment ago, which is
	 * no clock that was put back. */
	if (k->tried_ms > since_ms && k->tried_ms <= 2 * now_ms - since_ms)
		return false;
	return !is_fresh(k, now_ms) || wanted_ms > k->tried_ms;
}

/* A failure is logged once, by the process that sees it first. */
static void
report_result(const struct jwks_source *src, const struct queue_keys *before,
    enum err e, const struct problem *p)
{
	if (e != ERR_OK && strcmp(before->error.text, p->text) != 0)
		log_err("key set not fetched", LOG_TEXT("reason", p->text),
		    LOG_TEXT("effect", jwks_is_usable(before, clock_real_ms())
					   ? "the one before is used for a day"
					   : "no token of it is accepted"));
	else if (e == ERR_OK &&
		 (before->changed_ms == 0 || before->error.text[0] != '\0'))
		log_info(
		    "key set fetched", LOG_SLICE("url", shown_url(src->url)));
}

static void
refresh(struct queue *q, const struct jwks_source *src,
    const struct queue_keys *before, const _Atomic bool *stop)
{
	const struct slice none = { NULL, 0 };
	struct problem p = { "" }, unstored = { "" };
	int64_t life_ms = 0, now_ms;
	struct buf text;
	enum err e;

	buf_init(&text, QUEUE_KEYS_MAX);
	e = jwks_fetch(&text, &life_ms, src, stop, &p);
	/* A process that ends has learned nothing about the server. */
	if (stop != NULL && atomic_load(stop))
		goto out;
	now_ms = clock_real_ms();
	if (queue_keys_store(q, slice_of(src->url),
		e == ERR_OK ? buf_view(&text) : none, now_ms, now_ms + life_ms,
		slice_of(p.text), &unstored) != ERR_OK)
		log_err(
		    "key set not stored", LOG_TEXT("reason", unstored.text));
	/* After the queue has it, so that the log never runs ahead of it. */
	report_result(src, before, e, &p);
out:
	buf_free(&text);
}

void
jwks_refresh(struct queue *q, const struct jwks_source *src, int64_t wanted_ms,
    const _Atomic bool *stop)
{
	const struct slice url = slice_of(src->url);
	struct queue_keys k = { 0 };
	int64_t now_ms = clock_real_ms(), since_ms;
	struct problem p = { "" };
	bool mine = false;
	enum err e = queue_keys_read(q, url, &k, NULL);

	if (e != ERR_OK && e != ERR_NOTFOUND)
		return;
	since_ms = now_ms - (k.changed_ms > 0 ? TRY_AGAIN_MS : TRY_FIRST_MS);
	if (!is_due(&k, now_ms, since_ms, wanted_ms))
		return;
	/* What fails here the queue logs itself. */
	if (queue_keys_claim(q, url, now_ms, since_ms, &mine, &p) == ERR_OK &&
	    mine)
		refresh(q, src, &k, stop);
}
