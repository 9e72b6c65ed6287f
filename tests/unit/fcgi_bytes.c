/* SPDX-License-Identifier: MIT */
/* fcgi_bytes.c - writes requests and reads responses, apart from record.c. */
#include "unit/fcgi_bytes.h"

#define HEADER 8
#define BYTES_MAX ((size_t)4 << 20)

static void
be16(struct buf *out, size_t n)
{
	buf_byte(out, (char)(n >> 8 & 0xff));
	buf_byte(out, (char)(n & 0xff));
}

void
bytes_record(
    struct buf *out, int type, uint16_t id, struct slice body, uint8_t pad)
{
	buf_byte(out, 1);
	buf_byte(out, (char)type);
	be16(out, id);
	be16(out, body.len);
	buf_byte(out, (char)pad);
	buf_byte(out, 0);
	buf_slice(out, body);
	for (; pad > 0; pad--)
		buf_byte(out, 'P');
}

void
bytes_begin(struct buf *out, uint16_t id, uint8_t role)
{
	char body[8] = { 0, (char)role };

	bytes_record(
	    out, BYTES_BEGIN, id, (struct slice){ body, sizeof(body) }, 0);
}

static void
pair_length(struct buf *out, size_t n)
{
	if (n < 128) {
		buf_byte(out, (char)n);
		return;
	}
	be16(out, n >> 16 | 0x8000);
	be16(out, n & 0xffff);
}

void
bytes_pair(struct buf *out, const char *name, struct slice value)
{
	pair_length(out, strlen(name));
	pair_length(out, value.len);
	buf_text(out, name);
	buf_slice(out, value);
}

void
bytes_params(struct buf *out, uint16_t id, const char *method, const char *uri)
{
	struct buf pairs;

	buf_init(&pairs, 65535);
	bytes_pair(&pairs, "REQUEST_METHOD", slice_of(method));
	bytes_pair(&pairs, "REQUEST_URI", slice_of(uri));
	bytes_record(out, BYTES_PARAMS, id, buf_view(&pairs), 0);
	buf_free(&pairs);
}

void
bytes_request(struct buf *out, uint16_t id, const char *method, const char *uri,
    const char *body)
{
	const struct slice none = slice_of("");

	bytes_begin(out, id, 1);
	bytes_params(out, id, method, uri);
	bytes_record(out, BYTES_PARAMS, id, none, 0);
	if (*body != '\0')
		bytes_record(out, BYTES_STDIN, id, slice_of(body), 0);
	bytes_record(out, BYTES_STDIN, id, none, 0);
}

static const char *
decode_one(struct bytes_response *r, const uint8_t *h, struct slice body)
{
	static const char zeros[8];
	uint16_t id = (uint16_t)(h[2] * 256 + h[3]);

	if (h[0] != 1)
		return "version";
	if (r->ended)
		return "a record behind the end";
	if (r->id == 0)
		r->id = id;
	if (id != r->id)
		return "two ids";
	if (h[1] == BYTES_STDOUT && !r->out_ended) {
		r->out_ended = body.len == 0;
		r->records += body.len > 0;
		buf_slice(&r->out, body);
	} else if (h[1] == BYTES_END && r->out_ended && body.len == 8 &&
		   memcmp(body.base, zeros, sizeof(zeros)) == 0)
		r->ended = true;
	else
		return "a record in the wrong place";
	return NULL;
}

void
bytes_decode(struct bytes_response *r, struct slice bytes)
{
	*r = (struct bytes_response){ .id = 0 };
	buf_init(&r->out, BYTES_MAX);
	while (r->flaw == NULL && bytes.len >= HEADER) {
		const uint8_t *h = (const uint8_t *)bytes.base;
		size_t n = (size_t)h[4] * 256 + h[5];

		if (bytes.len < HEADER + n + h[6]) {
			r->flaw = "cut";
			return;
		}
		r->flaw =
		    decode_one(r, h, (struct slice){ bytes.base + HEADER, n });
		bytes = slice_after(bytes, HEADER + n + h[6]);
	}
	if (r->flaw == NULL && bytes.len > 0)
		r->flaw = "half a header";
}
