/* SPDX-License-Identifier: MIT */
/* link.c - where updates arrive, and from which point on. */
#include "lib/link.h"

#include "base/mem.h"
#include "mercure/discovery.h"
#include "queue/start.h"

/* The hub itself escapes only what would end the quotes. */
static enum err
check_event_id(struct slice id, struct problem *p)
{
	for (size_t i = 0; i < id.len; i++)
		if ((unsigned char)id.base[i] < ' ' || id.base[i] == 0x7f)
			return problem_set(p, ERR_SYNTAX,
			    "The last event id contains control characters.");
	return ERR_OK;
}

enum err
handle_url(struct pushcgi *h, struct buf *out, const struct slice *selectors,
    size_t n, struct slice last_id, struct problem *p)
{
	struct selector *list = NULL;
	enum err e;

	if ((e = check_event_id(last_id, p)) != ERR_OK ||
	    (e = handle_check_selectors(h, selectors, n, p)) != ERR_OK ||
	    (e = handle_selectors(&list, selectors, n)) != ERR_OK)
		return e;
	discovery_url(
	    out, handle_dialect(h), handle_hub_url(h), list, n, last_id);
	mem_free(list);
	return out->err;
}

enum err
handle_link(
    struct pushcgi *h, struct buf *out, struct slice last_id, struct problem *p)
{
	enum err e = check_event_id(last_id, p);

	if (e != ERR_OK)
		return e;
	discovery_link(out, handle_dialect(h), handle_hub_url(h), last_id);
	return out->err;
}

enum err
handle_last_event_id(struct pushcgi *h, struct buf *out, struct problem *p)
{
	struct queue_start end = { .tail = 0 };
	char id[QUEUE_ID_SIZE] = "";
	struct queue *q;
	enum err e;

	if (handle_is_remote(h))
		return problem_set(p, ERR_UNSUPPORTED,
		    "The last event id is known only where the queue is, and "
		    "MERCURE_HUB_URL names a remote hub.");
	if ((e = handle_queue(h, &q, p)) == ERR_OK &&
	    (e = queue_end(q, &end)) == ERR_OK)
		e = queue_cursor_id(&end.key, end.tail, id);
	explicit_bzero(&end, sizeof(end));
	if (e != ERR_OK)
		return e;
	buf_text(out, id);
	return out->err;
}
