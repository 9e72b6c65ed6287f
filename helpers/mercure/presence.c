/* SPDX-License-Identifier: MIT */
/* presence.c - makes the content of a subscriber's row. */
#include "mercure/presence.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include <string.h>

#define TEXT_MAX (SIZE_MAX / 4)
#define PRESENCE_EVENT 300 /* bytes of an event beside topic and payload */

/* The parts of a key. */
#define KEY_MARK (UINT64_C(1) << 62)
#define KEY_RANDOM_BITS 40
#define KEY_TIME_RANGE (INT64_C(1) << (62 - KEY_RANDOM_BITS))

/* A browser polls again after half a second, or within a minute if it slows the
 * page down. */
#define RETURN_MS 60000

/* Add the selectors as a set, so that sets can be compared by their bytes. */
static enum err
add_selectors(struct buf *out, const struct matcher_list *l)
{
	struct selector *v = mem_calloc(l->n + 1, sizeof(*v));

	if (v == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < l->n; i++)
		v[i] = matcher_selector(l->v[i]);
	selector_list_add_set(out, v, l->n);
	mem_free(v);
	return out->err;
}

void
presence_reidentify(struct presence *p)
{
	const int64_t now_ms = clock_real_ms() & (KEY_TIME_RANGE - 1);

	p->goes_on = false;
	p->key = KEY_MARK | (uint64_t)now_ms << KEY_RANDOM_BITS |
		 random_uint64() >> (64 - KEY_RANDOM_BITS);
	uuid_urn(p->subscriber);
}

/* The time since the arrival in `key`, up to half of the range; negative: the
 * clock was set back since, or the arrival is longer ago. */
static int64_t
age_ms(uint64_t key, int64_t now_ms)
{
	const int64_t came_ms = (int64_t)(key >> KEY_RANDOM_BITS);
	const int64_t age = (now_ms - came_ms) & (KEY_TIME_RANGE - 1);

	return age < KEY_TIME_RANGE / 2 ? age : age - KEY_TIME_RANGE;
}

uint32_t
presence_wait_ms(const struct presence *p, int64_t now_ms)
{
	const int64_t age = age_ms(p->key, now_ms);

	if (!presence_is_stranger(p) || age >= p->delay_ms)
		return 0;
	return age > 0 ? p->delay_ms - (uint32_t)age : p->delay_ms;
}

void
presence_return(struct presence *p, uint64_t key)
{
	const int64_t age = age_ms(key, clock_real_ms());

	p->brought = key;
	if ((key & KEY_MARK) != 0 && p->delay_ms > 0 &&
	    presence_is_stranger(p) && age >= 0 &&
	    age <= (int64_t)p->delay_ms + RETURN_MS)
		p->key = key;
}

uint64_t
presence_signer(uint64_t fingerprint)
{
	return fingerprint < PRESENCE_BY_KEY ? fingerprint + PRESENCE_BY_KEY
					     : fingerprint;
}

bool
presence_is_stranger(const struct presence *p)
{
	return p->signer == PRESENCE_BY_NOBODY ||
	       p->signer == PRESENCE_BY_EMPTY_SESSION;
}

static struct slice
copy_text(char **to, struct slice s)
{
	struct slice kept = { s.base != NULL ? *to : NULL, s.len };

	if (s.len > 0)
		memcpy(*to, s.base, s.len);
	*to += s.len;
	return kept;
}

enum err
presence_new(struct presence **out, const struct presence_parts *parts)
{
	struct presence *p = NULL;
	struct buf topics;
	enum err e;
	char *to;

	buf_init(&topics, TEXT_MAX);
	if ((e = add_selectors(&topics, parts->matchers)) != ERR_OK)
		goto out;
	p = mem_calloc(1, sizeof(*p) + topics.len + parts->payload.len);
	if (p == NULL) {
		e = ERR_NOMEM;
		goto out;
	}
	to = p->text;
	p->topics = copy_text(&to, buf_view(&topics));
	p->payload = copy_text(&to, parts->payload);
	p->signer = parts->signer;
	p->delay_ms = parts->delay_ms;
	p->has_token = parts->token != NULL;
	if (p->has_token)
		memcpy(p->token, parts->token, sizeof(p->token));
	presence_reidentify(p);
	*out = p;
	p = NULL;
out:
	buf_free(&topics);
	presence_free(p);
	return e;
}

bool
presence_is_like(const struct presence *p, const struct presence *other)
{
	return p->has_token == other->has_token &&
	       memcmp(p->token, other->token, sizeof(p->token)) == 0 &&
	       slice_eq(p->topics, other->topics) &&
	       (p->payload.base == NULL) == (other->payload.base == NULL) &&
	       slice_eq(p->payload, other->payload);
}

size_t
presence_cost(const struct presence *p)
{
	size_t topics = 1;

	for (size_t i = 0; i < p->topics.len; i++)
		topics += p->topics.base[i] == '\n';
	return 4 * p->topics.len + topics * (PRESENCE_EVENT + p->payload.len);
}

void
presence_go_on(struct presence *p, const struct presence *other)
{
	p->key = other->key;
	p->goes_on = true;
	memcpy(p->subscriber, other->subscriber, sizeof(p->subscriber));
}

void
presence_free(struct presence *p)
{
	mem_free(p);
}
