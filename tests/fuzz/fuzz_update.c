/* SPDX-License-Identifier: MIT */
/* fuzz_update.c - from a request's body to an event and back. */
#include <stdlib.h>

#include "base/utf8.h"
#include "match/topic.h"
#include "match/topic_list.h"
#include "mercure/event.h"
#include "unit/event_reader.h"

#define EVENT_MAX (64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
demand(bool holds)
{
	if (!holds)
		abort();
}

/* Whatever was let through keeps the rules of update.h. */
static void
check_rules(const struct update *u)
{
	struct slice rest = u->topics, topic;

	while (topic_list_next(&rest, &topic))
		demand(topic_check(topic, 100, NULL) == ERR_OK);
	demand(u->topics.len > 0 && u->id.len > 0);
	demand(!utf8_has_control(u->id) && u->id.base[0] != '#');
	demand(utf8_valid(u->id) && !slice_is(u->id, "earliest"));
	demand(!slice_is(u->type, "mercure"));
	demand(u->data.len == 0 || utf8_valid(u->data));
}

static void
check_event(const struct update *u)
{
	struct event_reader r;
	struct buf bytes, want;

	buf_init(&bytes, EVENT_MAX);
	buf_init(&want, EVENT_MAX);
	event_encode(&bytes, u);
	event_reader_init(&r);
	event_reader_feed(&r, buf_view(&bytes));
	event_reader_normalize(&want, u->data);

	demand(bytes.err == ERR_OK && r.events == 1 && r.line.len == 0);
	demand(slice_eq(buf_view(&r.id), u->id));
	demand(slice_eq(buf_view(&r.type), u->type));
	demand(slice_eq(buf_view(&r.data), buf_view(&want)));
	demand(r.has_retry == u->has_retry);
	demand(!u->has_retry || r.retry_ms == u->retry_ms);
	event_reader_free(&r);
	buf_free(&bytes);
	buf_free(&want);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct update_limits limits = { 5, 100 };
	struct update_box *box = NULL, *copy = NULL;
	struct problem p = { "" };
	struct form *form = NULL;
	struct slice text = { (const char *)data, size };

	if (form_parse(&form, text, 100) != ERR_OK)
		return 0;
	if (update_from_form(&box, form, &limits, &p) == ERR_OK) {
		check_rules(update_view(box));
		check_event(update_view(box));
		/* An accepted update is accepted again. */
		demand(update_new(&copy, update_view(box), &limits, NULL) ==
		       ERR_OK);
		demand(update_bytes(copy) == update_bytes(box));
	} else {
		demand(p.text[0] != '\0' && box == NULL);
	}
	update_free(copy);
	update_free(box);
	form_free(form);
	return 0;
}
