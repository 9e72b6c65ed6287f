/* SPDX-License-Identifier: MIT */
/* event.c - writes what an EventSource reads. */
#include "mercure/event.h"

static void
add_field(struct buf *out, const char *name, struct slice value)
{
	buf_text(out, name);
	buf_slice(out, value);
	buf_byte(out, '\n');
}

static const char *
find(const char *at, const char *end, char c)
{
	const char *p = at == end ? NULL : memchr(at, c, (size_t)(end - at));

	return p != NULL ? p : end;
}

/* Each kind of line end is searched for by memchr() and again only when the
 * last one found has been passed, so the time is linear for any data. */
static void
add_data(struct buf *out, struct slice data)
{
	const char *at = data.base != NULL ? data.base : "";
	const char *end = at + data.len;
	const char *lf = find(at, end, '\n'), *cr = find(at, end, '\r');

	for (;;) {
		const char *stop = lf < cr ? lf : cr;

		add_field(
		    out, "data: ", (struct slice){ at, (size_t)(stop - at) });
		if (stop == end)
			return;
		at = stop + 1;
		if (stop == cr && at == lf && lf < end)
			at++;
		if (lf < at)
			lf = find(at, end, '\n');
		if (cr < at)
			cr = find(at, end, '\r');
	}
}

void
event_encode(struct buf *out, const struct update *u)
{
	if (u->id.len > 0)
		add_field(out, "id: ", u->id);
	if (u->type.len > 0)
		add_field(out, "event: ", u->type);
	if (u->has_retry)
		buf_printf(out, "retry: %u\n", (unsigned)u->retry_ms);
	add_data(out, u->data);
	buf_byte(out, '\n');
}

void
event_comment(struct buf *out)
{
	buf_text(out, ":\n\n");
}

void
event_retry(struct buf *out, uint32_t ms)
{
	buf_printf(out, "retry: %u\n\n", (unsigned)ms);
}

void
event_cursor(struct buf *out, struct slice id)
{
	add_field(out, "id: ", id);
	buf_byte(out, '\n');
}
