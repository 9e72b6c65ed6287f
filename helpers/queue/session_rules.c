/* SPDX-License-Identifier: MIT */
/* session_rules.c - computes a session's row after each kind of change. */
#include "queue/session_rules.h"

static bool
has_payload(const struct session *had, struct slice payload)
{
	return had->payload.base != NULL && slice_eq(had->payload, payload);
}

bool
session_rules_is_granted(
    const struct session *had, const struct session_wish *w)
{
	struct buf missing;
	size_t n;

	if (w->replace || had->moved || had->topics.len == 0 ||
	    had->until_ms < w->extend_ms ||
	    (w->payload.base != NULL && !has_payload(had, w->payload)))
		return false;
	buf_init(&missing, SESSION_TOPICS_BYTES);
	n = selector_list_without(&missing, w->topics, had->topics);
	buf_free(&missing);
	return n == 0;
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
		.until_ms = first->until_ms > w->until_ms ? first->until_ms
							  : w->until_ms,
		.topics = buf_view(topics),
		.payload =
		    w->payload.base != NULL ? w->payload : first->payload };
	return ERR_OK;
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
