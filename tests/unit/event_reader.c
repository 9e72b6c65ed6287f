/* SPDX-License-Identifier: MIT */
/* event_reader.c - reads text/event-stream as a browser does: the oracle. */
#include "unit/event_reader.h"

#define READER_MAX (16 << 20)

void
event_reader_init(struct event_reader *r)
{
	*r = (struct event_reader){ .events = 0 };
	buf_init(&r->line, READER_MAX);
	buf_init(&r->id, READER_MAX);
	buf_init(&r->type, READER_MAX);
	buf_init(&r->data, READER_MAX);
}

static void
read_retry(struct event_reader *r, struct slice value)
{
	uint64_t ms = 0;

	for (size_t i = 0; i < value.len; i++) {
		if (value.base[i] < '0' || value.base[i] > '9')
			return;
		ms = ms * 10 + (uint64_t)(value.base[i] - '0');
	}
	r->retry_ms = ms;
	r->has_retry = value.len > 0;
}

static void
read_field(struct event_reader *r, struct slice name, struct slice value)
{
	if (slice_is(name, "data")) {
		buf_slice(&r->data, value);
		buf_byte(&r->data, '\n');
	} else if (slice_is(name, "id")) {
		buf_clear(&r->id);
		buf_slice(&r->id, value);
	} else if (slice_is(name, "event")) {
		buf_clear(&r->type);
		buf_slice(&r->type, value);
	} else if (slice_is(name, "retry")) {
		read_retry(r, value);
	}
}

static void
read_line(struct event_reader *r)
{
	struct slice value = buf_view(&r->line), name;

	if (value.len == 0) {
		/* Without data nothing fires. */
		if (r->data.len > 0) {
			r->data.len--;
			r->events++;
		}
		return;
	}
	slice_cut(&value, ':', &name);
	if (name.len == 0)
		return;
	if (value.base == NULL)
		value = (struct slice){ "", 0 };
	if (slice_starts(value, " "))
		value = slice_after(value, 1);
	read_field(r, name, value);
}

void
event_reader_feed(struct event_reader *r, struct slice bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		char c = bytes.base[i];

		if (c == '\n' && r->after_cr) {
			r->after_cr = false;
			continue;
		}
		r->after_cr = c == '\r';
		if (c != '\n' && c != '\r') {
			buf_byte(&r->line, c);
			continue;
		}
		read_line(r);
		buf_clear(&r->line);
	}
}

void
event_reader_free(struct event_reader *r)
{
	buf_free(&r->line);
	buf_free(&r->id);
	buf_free(&r->type);
	buf_free(&r->data);
}

void
event_reader_normalize(struct buf *out, struct slice data)
{
	for (size_t i = 0; i < data.len; i++) {
		if (data.base[i] != '\r')
			buf_byte(out, data.base[i]);
		else if (i + 1 == data.len || data.base[i + 1] != '\n')
			buf_byte(out, '\n');
	}
}
