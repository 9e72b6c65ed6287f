/* SPDX-License-Identifier: MIT */
/* event.c - writes events in the format that EventSource reads. */
#include "mercure/event.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *
find(const char *at, const char *end, char c)
{
	const char *p = at == end ? NULL : memchr(at, c, (size_t)(end - at));

	return p != NULL ? p : end;
}

/* The receiver of an event's pieces. */
struct sink {
	event_write_fn *write;
	void *arg;
};

static void
write_text(const struct sink *to, const char *text)
{
	to->write(to->arg, slice_of(text));
}

static void
write_field(const struct sink *to, const char *name, struct slice value)
{
	write_text(to, name);
	to->write(to->arg, value);
	write_text(to, "\n");
}

/* Each kind of line end is searched for by memchr() and again only when the
 * last one found has been passed, so the time is linear for any data. */
static void
write_data(const struct sink *to, struct slice data)
{
	const char *at = data.base != NULL ? data.base : "";
	const char *end = at + data.len;
	const char *lf = find(at, end, '\n'), *cr = find(at, end, '\r');

	for (;;) {
		const char *stop = lf < cr ? lf : cr;

		write_field(
		    to, "data: ", (struct slice){ at, (size_t)(stop - at) });
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

static void
write_retry(const struct sink *to, uint32_t ms)
{
	char text[sizeof("retry: 4294967295\n")];

	snprintf(text, sizeof(text), "retry: %" PRIu32 "\n", ms);
	write_text(to, text);
}

void
event_write(const struct update *u, event_write_fn *write, void *arg)
{
	const struct sink to = { write, arg };

	if (u->id.len > 0)
		write_field(&to, "id: ", u->id);
	if (u->type.len > 0)
		write_field(&to, "event: ", u->type);
	if (u->has_retry)
		write_retry(&to, u->retry_ms);
	write_data(&to, u->data);
	write_text(&to, "\n");
}

static void
add_piece(void *arg, struct slice piece)
{
	buf_slice(arg, piece);
}

void
event_encode(struct buf *out, const struct update *u)
{
	event_write(u, add_piece, out);
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
	buf_text(out, "id: ");
	buf_slice(out, id);
	buf_text(out, "\n\n");
}
