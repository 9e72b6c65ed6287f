/* SPDX-License-Identifier: MIT */
/* sse.c - takes an event stream apart, however it is cut. */
#include "text/sse.h"

#include "base/buf.h"
#include "base/mem.h"
#include "text/digits.h"

#define RETRY_MAX_MS (UINT32_C(24) * 3600 * 1000)
#define BOM "\xef\xbb\xbf"

struct sse {
	sse_event_fn *each;
	void *arg;
	struct buf line, type, data;
	struct buf id;      /* as the last line with one said */
	struct buf last_id; /* as of the last blank line, if it fits */
	uint32_t retry_ms;
	bool has_retry;
	bool after_cr; /* an LF now is the other half of a line's end */
	bool begun;    /* the first line has been read */
};

enum err
sse_new(struct sse **out, size_t size_max, sse_event_fn *each, void *arg)
{
	struct sse *s = mem_calloc(1, sizeof(*s));

	if (s == NULL)
		return ERR_NOMEM;
	s->each = each;
	s->arg = arg;
	buf_init(&s->line, size_max);
	buf_init(&s->type, size_max);
	buf_init(&s->data, size_max);
	buf_init(&s->id, size_max);
	buf_init(&s->last_id, size_max);
	*out = s;
	return ERR_OK;
}

static void
set(struct buf *b, struct slice value)
{
	buf_clear(b);
	buf_slice(b, value);
}

static void
take_data(struct sse *s, struct slice value)
{
	buf_slice(&s->data, value);
	buf_byte(&s->data, '\n');
}

static void
take_type(struct sse *s, struct slice value)
{
	set(&s->type, value);
}

static void
take_id(struct sse *s, struct slice value)
{
	if (memchr(value.base, '\0', value.len) == NULL)
		set(&s->id, value);
}

static void
take_retry(struct sse *s, struct slice value)
{
	uint64_t ms;

	if (!digits_parse_at_most(&ms, value, RETRY_MAX_MS))
		return;
	s->retry_ms = (uint32_t)ms;
	s->has_retry = true;
}

static const struct {
	const char *name;
	void (*take)(struct sse *s, struct slice value);
} fields[] = {
	{ "data", take_data },
	{ "event", take_type },
	{ "id", take_id },
	{ "retry", take_retry },
};

static struct slice
text_of(const struct buf *b)
{
	return b->len > 0 ? buf_view(b) : slice_of("");
}

/* A blank line.  The id counts also where no event fires. */
static void
dispatch(struct sse *s)
{
	struct sse_event e;

	if (s->id.len <= SSE_LAST_ID_MAX)
		set(&s->last_id, text_of(&s->id));
	if (s->data.len > 0 && s->data.err == ERR_OK && s->id.err == ERR_OK &&
	    s->last_id.err == ERR_OK) {
		e.id = text_of(&s->id);
		e.type = text_of(&s->type);
		e.data = text_of(&s->data);
		e.data.len--; /* the last line's break */
		s->each(s->arg, &e);
	}
	buf_clear(&s->data);
	buf_clear(&s->type);
}

static void
take_line(struct sse *s, struct slice line)
{
	struct slice value, name;

	if (!s->begun && slice_starts(line, BOM))
		line = slice_after(line, strlen(BOM));
	s->begun = true;
	if (line.len == 0) {
		dispatch(s);
		return;
	}
	value = line;
	slice_cut(&value, ':', &name);
	if (value.base == NULL)
		value = slice_of("");
	else if (slice_starts(value, " "))
		value = slice_after(value, 1);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (slice_is(name, fields[i].name))
			fields[i].take(s, value);
}

/* buf_clear() forgets a failure, so each line is looked at by itself. */
static enum err
failure(const struct sse *s)
{
	const struct buf *const all[] = { &s->line, &s->data, &s->type, &s->id,
		&s->last_id };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i]->err != ERR_OK)
			return all[i]->err;
	return ERR_OK;
}

static enum err
end_line(struct sse *s)
{
	enum err e = failure(s);

	if (e != ERR_OK)
		return e;
	take_line(s, text_of(&s->line));
	if ((e = failure(s)) == ERR_OK)
		buf_clear(&s->line);
	return e;
}

enum err
sse_feed(struct sse *s, struct slice bytes)
{
	enum err e = ERR_OK;

	while (e == ERR_OK && bytes.len > 0) {
		size_t n = 0;

		if (s->after_cr && bytes.base[0] == '\n')
			bytes = slice_after(bytes, 1);
		s->after_cr = false;
		while (n < bytes.len && bytes.base[n] != '\n' &&
		       bytes.base[n] != '\r')
			n++;
		buf_add(&s->line, bytes.base, n);
		if (n == bytes.len)
			return failure(s);
		s->after_cr = bytes.base[n] == '\r';
		bytes = slice_after(bytes, n + 1);
		e = end_line(s);
	}
	return e;
}

void
sse_restart(struct sse *s)
{
	buf_clear(&s->line);
	buf_clear(&s->data);
	buf_clear(&s->type);
	set(&s->id, text_of(&s->last_id));
	s->after_cr = s->begun = false;
}

struct slice
sse_last_id(const struct sse *s)
{
	return text_of(&s->last_id);
}

uint32_t
sse_retry_ms(const struct sse *s, uint32_t absent)
{
	return s->has_retry ? s->retry_ms : absent;
}

void
sse_free(struct sse *s)
{
	if (s == NULL)
		return;
	buf_free(&s->line);
	buf_free(&s->type);
	buf_free(&s->data);
	buf_free(&s->id);
	buf_free(&s->last_id);
	mem_free(s);
}
