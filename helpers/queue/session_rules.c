/* SPDX-License-Identifier: MIT */
/* session_rules.c - computes a session's row after each kind of change. */
#include "queue/session_rules.h"

static bool
has_payload(const struct session *had, struct slice payload)
{
	return had->payload.base != NULL && slice_eq(had->payload, payload);
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Does the row end late enough, and may it be extended as `w` requests?  A row
 * that is extended without the application ends late enough for long, so what
 * counts is also when it was granted. */
static bool
has_end(const struct session *had, const struct session_wish *w)
{
	const int64_t half_ms = w->until_ms - w->extend_ms;

	if (had->until_ms < w->extend_ms)
		return false;
	if (had->granted_ms == 0 || w->granted_ms == 0)
		return had->granted_ms == 0;
	return had->granted_ms >= w->granted_ms - half_ms;
}

bool
session_rules_is_granted(
    const struct session *had, const struct session_wish *w)
{
	struct buf missing;
	size_t n;

	if (w->replace || had->moved || had->topics.len == 0 ||
	    !has_end(had, w) ||
	    (w->payload.base != NULL && !has_payload(had, w->payload)))
		return false;
	buf_init(&missing, SESSION_TOPICS_BYTES);
	n = selector_list_without(&missing, w->topics, had->topics);
	buf_free(&missing);
	return n == 0;
}

/* An end that is explicit for one topic of a row is so for all. */
static int64_t
granted_ms(const struct session *had, const struct session_wish *w)
{
	if (w->granted_ms == 0 || (had->topics.len > 0 && had->granted_ms == 0))
		return 0;
	return later(had->granted_ms, w->granted_ms);
}

enum err
session_rules_add(struct session *out, struct buf *topics,
    const struct session *had, const struct session_wish *w)
{
	static const struct session nothing = { .topics = { "", 0 } };
	const struct session *first = w->replace || had->moved ? &nothing : had;
	const size_t n = selector_list_join(topics, first->topics, w->topics);

	if (topics->err != ERR_OK)
		return topics->err;
	if (n > w->topics_max)
		return ERR_LIMIT;
	*out = (struct session){ .key = w->key,
		.until_ms = later(first->until_ms, w->until_ms),
		.granted_ms = granted_ms(first, w),
		.topics = buf_view(topics),
		.payload =
		    w->payload.base != NULL ? w->payload : first->payload };
	return ERR_OK;
}

int64_t
session_extension_due(
    int64_t granted_ms, int64_t until_ms, const struct session_extension *x)
{
	if (granted_ms == 0 || until_ms - granted_ms >= x->longest_ms)
		return INT64_MAX;
	return until_ms - x->lifetime_ms / 2;
}

bool
session_rules_extend(struct session *out, const struct session *had,
    int64_t now_ms, const struct session_extension *x)
{
	int64_t end_ms = now_ms + x->lifetime_ms;

	if (had->moved || had->topics.len == 0 ||
	    now_ms < session_extension_due(had->granted_ms, had->until_ms, x))
		return false;
	if (end_ms - had->granted_ms > x->longest_ms)
		end_ms = had->granted_ms + x->longest_ms;
	if (end_ms <= had->until_ms)
		return false;
	*out = *had;
	out->until_ms = end_ms;
	return true;
}

struct session_wish
session_rules_for_new_id(const struct session *had,
    const struct session_key *to, int64_t now_ms, size_t topics_max)
{
	return (struct session_wish){ .key = *to,
		.topics = had->topics,
		.payload = had->payload,
		.now_ms = now_ms,
		.until_ms = had->moved ? had->kept_ms : had->until_ms,
		.granted_ms = had->granted_ms,
		.topics_max = topics_max };
}

struct session
session_rules_for_old_id(
    const struct session *had, const struct session_key *from, int64_t now_ms)
{
	const int64_t end_ms = now_ms + SESSION_MOVED_MS;
	const bool ends_before = had->topics.len > 0 && had->until_ms < end_ms;

	return (struct session){ .key = *from,
		.until_ms = ends_before ? had->until_ms : end_ms,
		.granted_ms = had->granted_ms,
		.moved = true,
		.topics = had->topics,
		.payload = had->payload };
}

enum err
session_rules_remove(struct session *out, struct buf *rest, bool *changed,
    const struct session *had, struct slice topics)
{
	if (topics.base != NULL)
		selector_list_without(rest, had->topics, topics);
	if (rest->err != ERR_OK)
		return rest->err;
	*out = rest->len > 0
		   ? *had
		   : (struct session){ .key = had->key, .topics = { "", 0 } };
	if (rest->len > 0)
		out->topics = buf_view(rest);
	*changed = rest->len == 0 || rest->len < had->topics.len;
	return ERR_OK;
}
