/* SPDX-License-Identifier: MIT */
/* management.c - answers GET_VALUES; other types are unknown. */
#include "wire/management.h"

#include <sys/socket.h>

#include <stdio.h>
#include <string.h>

#include "wire/record.h"

#define TYPE_GET_VALUES 9
#define TYPE_GET_VALUES_RESULT 10
#define TYPE_UNKNOWN 11

enum management
management_scan(struct slice bytes, size_t *size)
{
	const uint8_t *h = (const uint8_t *)bytes.base;
	size_t n;

	if (bytes.len < RECORD_HEADER_SIZE || h[0] != 1 || h[2] != 0 ||
	    h[3] != 0 || h[1] == RECORD_BEGIN || h[1] == RECORD_ABORT)
		return MANAGEMENT_NONE;
	n = RECORD_HEADER_SIZE + ((size_t)h[4] << 8 | h[5]) + h[6];
	if (n > MANAGEMENT_MAX)
		return MANAGEMENT_TOO_LONG;
	if (bytes.len < n)
		return MANAGEMENT_MORE;
	*size = n;
	return MANAGEMENT_WHOLE;
}

/* Take the length of a name or of a value (section 3.4) from the front. */
static bool
take_length(struct slice *from, size_t *len)
{
	const uint8_t *b = (const uint8_t *)from->base;

	if (from->len == 0)
		return false;
	if ((b[0] & 0x80) == 0) {
		*len = b[0];
		*from = slice_after(*from, 1);
		return true;
	}
	if (from->len < 4)
		return false;
	*len = (size_t)(b[0] & 0x7f) << 24 | (size_t)b[1] << 16 |
	       (size_t)b[2] << 8 | b[3];
	*from = slice_after(*from, 4);
	return true;
}

/* Take the name of the next pair, and pass over its value. */
static bool
take_name(struct slice *from, struct slice *name)
{
	size_t name_len, value_len;

	if (!take_length(from, &name_len) || !take_length(from, &value_len) ||
	    name_len > from->len || value_len > from->len - name_len)
		return false;
	*name = (struct slice){ from->base, name_len };
	*from = slice_after(*from, name_len + value_len);
	return true;
}

/* The names of section 4.1, in the order of the answer. */
enum { MAX_CONNS, MAX_REQS, MPXS_CONNS, NAMES_N };

static const char *const names[NAMES_N] = {
	[MAX_CONNS] = "FCGI_MAX_CONNS",
	[MAX_REQS] = "FCGI_MAX_REQS",
	[MPXS_CONNS] = "FCGI_MPXS_CONNS",
};

/* One bit for each name that is asked for: names that are asked for twice are
 * answered once, so the answer has a bound. */
static unsigned
names_asked(struct slice content)
{
	unsigned asked = 0, i;
	struct slice name;

	while (take_name(&content, &name))
		for (i = 0; i < NAMES_N; i++)
			if (slice_is(name, names[i]))
				asked |= 1U << i;
	return asked;
}

static void
add_pair(struct buf *out, const char *name, size_t value)
{
	char text[24];
	const int n = snprintf(text, sizeof(text), "%zu", value);

	buf_byte(out, (char)strlen(name));
	buf_byte(out, (char)n);
	buf_text(out, name);
	buf_text(out, text);
}

static void
add_values(struct buf *out, unsigned asked, size_t connections_max)
{
	const size_t values[NAMES_N] = { [MAX_CONNS] = connections_max,
		[MAX_REQS] = connections_max,
		[MPXS_CONNS] = 0 };
	unsigned i;

	for (i = 0; i < NAMES_N; i++)
		if ((asked & 1U << i) != 0)
			add_pair(out, names[i], values[i]);
}

static void
add_record(struct buf *out, uint8_t type, struct slice content)
{
	uint8_t h[RECORD_HEADER_SIZE];

	record_header(h, type, 0, (uint16_t)content.len);
	buf_add(out, h, sizeof(h));
	buf_slice(out, content);
}

void
management_answer(struct buf *out, struct slice record, size_t connections_max)
{
	const uint8_t *h = (const uint8_t *)record.base;
	const uint8_t unknown[8] = { h[1] };
	const size_t len = (size_t)h[4] << 8 | h[5];
	struct buf values;

	if (h[1] != TYPE_GET_VALUES) {
		add_record(out, TYPE_UNKNOWN,
		    (struct slice){ (const char *)unknown, sizeof(unknown) });
		return;
	}
	buf_init(&values, MANAGEMENT_MAX);
	add_values(&values,
	    names_asked(
		(struct slice){ record.base + RECORD_HEADER_SIZE, len }),
	    connections_max);
	add_record(out, TYPE_GET_VALUES_RESULT, buf_view(&values));
	if (values.err != ERR_OK)
		out->err = values.err;
	buf_free(&values);
}

bool
management_serve(int fd, struct slice record, size_t connections_max)
{
	uint8_t taken[MANAGEMENT_MAX];
	struct buf out;
	bool served;

	buf_init(&out, MANAGEMENT_MAX);
	management_answer(&out, record, connections_max);
	served =
	    out.err == ERR_OK &&
	    recv(fd, taken, record.len, MSG_DONTWAIT) == (ssize_t)record.len &&
	    send(fd, out.base, out.len, MSG_DONTWAIT | MSG_NOSIGNAL) ==
		(ssize_t)out.len;
	buf_free(&out);
	return served;
}
