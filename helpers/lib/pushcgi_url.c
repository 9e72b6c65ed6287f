/* SPDX-License-Identifier: MIT */
/* pushcgi_url.c - where updates arrive, and from which point on. */
#include "base/mem.h"
#include "lib/handle.h"
#include "mercure/discovery.h"

/* Far more than a web server lets through in a header or a request line. */
#define URL_MAX (UINT32_C(16) << 20)

/* The hub itself escapes only what would end the quotes. */
static enum err
check_event_id(const char *id, struct problem *p)
{
	struct slice rest = slice_of(id);

	for (size_t i = 0; i < rest.len; i++)
		if ((unsigned char)id[i] < ' ' || id[i] == 0x7f)
			return problem_set(p, ERR_SYNTAX,
			    "The last event id holds control characters.");
	return ERR_OK;
}

enum pushcgi_result
pushcgi_hub_url(struct pushcgi *h, char **out, const char *const *topics,
    size_t n, const char *last_event_id)
{
	struct selector *selectors = NULL;
	struct slice *texts = NULL;
	struct buf url;
	enum err e;

	buf_init(&url, URL_MAX);
	if ((e = handle_begin(h)) != ERR_OK)
		goto out;
	if ((e = check_event_id(last_event_id, &h->problem)) != ERR_OK)
		goto out;
	e = handle_slices(&texts, topics, n, &h->problem);
	if (e != ERR_OK)
		goto out;
	if ((e = handle_check_selectors(h, texts, n)) != ERR_OK)
		goto out;
	if ((e = handle_selectors(&selectors, texts, n)) != ERR_OK)
		goto out;
	discovery_url(&url, handle_dialect(h), handle_hub_url(h), selectors, n,
	    slice_of(last_event_id));
out:
	mem_free(texts);
	mem_free(selectors);
	return handle_end_text(h, out, &url, e);
}

enum pushcgi_result
pushcgi_link(struct pushcgi *h, char **out, const char *last_event_id)
{
	struct buf link;
	enum err e;

	buf_init(&link, URL_MAX);
	if ((e = handle_begin(h)) != ERR_OK)
		goto out;
	if ((e = check_event_id(last_event_id, &h->problem)) != ERR_OK)
		goto out;
	discovery_link(&link, handle_dialect(h), handle_hub_url(h),
	    slice_of(last_event_id));
out:
	return handle_end_text(h, out, &link, e);
}

enum pushcgi_result
pushcgi_last_event_id(struct pushcgi *h, char **out)
{
	struct queue_cursor_key key = { 0 };
	char id[QUEUE_ID_SIZE] = "";
	uint64_t tail;
	struct queue *q;
	struct buf text;
	enum err e;

	buf_init(&text, sizeof(id));
	if ((e = handle_begin(h)) != ERR_OK)
		goto out;
	if (handle_is_elsewhere(h)) {
		e = problem_set(&h->problem, ERR_UNSUPPORTED,
		    "The last event id is known only where the queue is, and "
		    "MERCURE_HUB_URL names a hub elsewhere.");
		goto out;
	}
	if ((e = handle_queue(h, &q)) != ERR_OK)
		goto out;
	if ((e = queue_tail(q, &tail)) != ERR_OK)
		goto out;
	if ((e = queue_cursor_key(q, &key)) != ERR_OK)
		goto out;
	e = queue_cursor_id(&key, tail, id);
	buf_text(&text, id);
out:
	explicit_bzero(&key, sizeof(key));
	return handle_end_text(h, out, &text, e);
}
