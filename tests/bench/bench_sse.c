/* SPDX-License-Identifier: MIT */
/* bench_sse.c - lines to fields to events. */
#include "bench_sse.h"

static void
keep(char *out, size_t max, struct slice value)
{
	size_t n = value.len < max ? value.len : max;

	memcpy(out, value.base, n);
	out[n] = '\0';
}

static struct slice
value_behind(struct slice line, size_t name)
{
	struct slice v = slice_after(line, name);

	return slice_starts(v, " ") ? slice_after(v, 1) : v;
}

static void
take_line(struct sse *s, struct slice line, sse_event_fn *f, void *arg)
{
	struct slice v;

	if (line.len == 0) {
		if (s->has_id)
			memcpy(s->last_id, s->next_id, sizeof(s->last_id));
		if (s->has_data)
			f(arg, (struct slice){ s->data, s->data_len });
		s->has_data = s->has_id = false;
	} else if (slice_starts(line, "data:")) {
		v = value_behind(line, 5);
		if (!s->has_data) {
			keep(s->data, SSE_LINE_MAX, v);
			s->data_len = (uint16_t)strlen(s->data);
		}
		s->has_data = true;
	} else if (slice_starts(line, "id:")) {
		keep(s->next_id, SSE_ID_MAX, value_behind(line, 3));
		s->has_id = true;
	}
}

/* Keep the beginning of a line that is not whole. */
static void
hold(struct sse *s, struct slice part)
{
	size_t room = SSE_LINE_MAX - s->line_len;
	size_t n = part.len < room ? part.len : room;

	memcpy(s->line + s->line_len, part.base, n);
	s->line_len = (uint16_t)(s->line_len + n);
}

void
sse_feed(struct sse *s, struct slice bytes, sse_event_fn *f, void *arg)
{
	while (bytes.len > 0) {
		const char *end = memchr(bytes.base, '\n', bytes.len);
		struct slice line = { bytes.base,
			end != NULL ? (size_t)(end - bytes.base) : bytes.len };

		bytes =
		    slice_after(bytes, end != NULL ? line.len + 1 : bytes.len);
		if (end == NULL || s->line_len > 0)
			hold(s, line);
		if (end == NULL)
			return;
		if (s->line_len > 0)
			line = (struct slice){ s->line, s->line_len };
		s->line_len = 0;
		if (line.len > 0 && line.base[line.len - 1] == '\r')
			line.len--;
		take_line(s, line, f, arg);
	}
}

void
sse_restart(struct sse *s)
{
	s->line_len = 0;
	s->has_data = s->has_id = false;
}
