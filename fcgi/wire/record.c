/* SPDX-License-Identifier: MIT */
/* record.c - FastCGI records, written and read byte by byte. */
#include "wire/record.h"

#define ROLE_RESPONDER 1
#define FLAG_KEEP_CONN 1
#define END_BODY_SIZE 8

void
record_header(uint8_t out[RECORD_HEADER_SIZE], enum record_type type,
    uint16_t id, uint16_t len)
{
	const uint8_t h[RECORD_HEADER_SIZE] = { 1, (uint8_t)type,
		(uint8_t)(id >> 8), (uint8_t)id, (uint8_t)(len >> 8),
		(uint8_t)len, 0, 0 };

	memcpy(out, h, sizeof(h));
}

size_t
record_stdout_size(size_t len)
{
	size_t records = (len + RECORD_CONTENT_MAX - 1) / RECORD_CONTENT_MAX;

	return len + records * RECORD_HEADER_SIZE;
}

void
record_begin(struct record_writer *w, uint8_t *out, uint16_t id, size_t len)
{
	*w = (struct record_writer){ .at = out, .left = len, .id = id };
}

static void
begin_record(struct record_writer *w)
{
	w->room = w->left < RECORD_CONTENT_MAX ? w->left : RECORD_CONTENT_MAX;
	record_header(w->at, RECORD_STDOUT, w->id, (uint16_t)w->room);
	w->at += RECORD_HEADER_SIZE;
	w->left -= w->room;
}

void
record_write(struct record_writer *w, struct slice bytes)
{
	while (bytes.len > 0) {
		size_t n;

		if (w->room == 0)
			begin_record(w);
		n = bytes.len < w->room ? bytes.len : w->room;
		memcpy(w->at, bytes.base, n);
		w->at += n;
		w->room -= n;
		bytes = slice_after(bytes, n);
	}
}

void
record_end(struct buf *out, uint16_t id)
{
	static const uint8_t body[END_BODY_SIZE];
	uint8_t h[RECORD_HEADER_SIZE];

	record_header(h, RECORD_STDOUT, id, 0);
	buf_add(out, h, sizeof(h));
	record_header(h, RECORD_END, id, END_BODY_SIZE);
	buf_add(out, h, sizeof(h));
	buf_add(out, body, sizeof(body));
}

void
record_readdress(uint8_t *bytes, size_t len, uint16_t id)
{
	size_t at = 0;

	while (at + RECORD_HEADER_SIZE <= len) {
		size_t n = (size_t)bytes[at + 4] << 8 | bytes[at + 5];

		bytes[at + 2] = (uint8_t)(id >> 8);
		bytes[at + 3] = (uint8_t)id;
		at += RECORD_HEADER_SIZE + n;
	}
}

static void
pairs_length(struct record_pairs *p, uint32_t len)
{
	p->total += len;
	p->sum += len;
	if (p->value) {
		p->skip = p->sum;
		p->sum = 0;
	}
	p->value = !p->value;
}

static void
pairs_byte(struct record_pairs *p, uint8_t b)
{
	if (p->need > 0) {
		p->acc = p->acc << 8 | b;
		if (--p->need == 0)
			pairs_length(p, p->acc);
	} else if (b & 0x80) {
		p->acc = b & 0x7f;
		p->need = 3;
	} else
		pairs_length(p, b);
}

/* False: the lengths add up to more than we take. */
static bool
pairs_feed(struct record_pairs *p, const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		size_t n = 1;

		if (p->skip > 0) {
			n = p->skip < len ? (size_t)p->skip : len;
			p->skip -= n;
		} else
			pairs_byte(p, *bytes);
		if (p->total > RECORD_PARAMS_MAX)
			return false;
		bytes += n;
		len -= n;
	}
	return true;
}

static bool
pairs_between(const struct record_pairs *p)
{
	return p->skip == 0 && p->need == 0 && !p->value;
}

static enum err
scan_begin(struct record_scan *s, uint16_t id, const uint8_t *body, size_t len,
    size_t seen, struct problem *p)
{
	if (s->request != 0)
		return problem_set(
		    p, ERR_SYNTAX, "a second request on one connection");
	if (id == 0 || len != 8)
		return problem_set(p, ERR_SYNTAX, "a malformed BEGIN_REQUEST");
	if (seen >= 2 && ((unsigned)body[0] << 8 | body[1]) != ROLE_RESPONDER)
		return problem_set(
		    p, ERR_SYNTAX, "a role that is not RESPONDER");
	s->request = id;
	s->keep = seen >= 3 && (body[2] & FLAG_KEEP_CONN) != 0;
	return ERR_OK;
}

static enum err
scan_params(struct record_scan *s, const uint8_t *body, size_t len, size_t seen,
    struct problem *p)
{
	if (s->params_done)
		return problem_set(p, ERR_SYNTAX, "PARAMS after their end");
	if (len == 0) {
		if (!pairs_between(&s->pairs))
			return problem_set(
			    p, ERR_SYNTAX, "PARAMS end inside a name or value");
		s->params_done = true;
		return ERR_OK;
	}
	s->params_bytes += len;
	if (s->params_bytes > RECORD_PARAMS_MAX ||
	    !pairs_feed(&s->pairs, body, seen))
		return problem_set(p, ERR_LIMIT,
		    "the request's headers are longer than %d bytes",
		    RECORD_PARAMS_MAX);
	return ERR_OK;
}

/* One record of which `seen` of `len` content bytes are visible. */
static enum err
scan_record(struct record_scan *s, const uint8_t *h, const uint8_t *body,
    size_t len, size_t seen, struct problem *p)
{
	uint16_t id = (uint16_t)(h[2] << 8 | h[3]);

	if (h[0] != 1)
		return problem_set(p, ERR_SYNTAX, "FastCGI version %u", h[0]);
	if (h[1] == RECORD_BEGIN)
		return scan_begin(s, id, body, len, seen, p);
	if (s->request == 0 || id != s->request)
		return problem_set(p, ERR_SYNTAX,
		    "a record of type %u outside the request", h[1]);
	if (h[1] == RECORD_PARAMS)
		return scan_params(s, body, len, seen, p);
	if (h[1] != RECORD_STDIN || !s->params_done)
		return problem_set(p, ERR_SYNTAX,
		    "a record of type %u in the wrong place", h[1]);
	if (len == 0)
		s->stdin_done = true;
	return ERR_OK;
}

/* The record that begins at s->at, of which `len` bytes are there.  Sets
 * *whole once they are all. */
static enum err
scan_next(struct record_scan *s, const uint8_t *h, size_t len, bool *whole,
    struct problem *p)
{
	const size_t content = (size_t)h[4] << 8 | h[5];
	const size_t size = RECORD_HEADER_SIZE + content + h[6];
	const size_t left = len - RECORD_HEADER_SIZE;

	*whole = len >= size;
	if (*whole)
		s->at += size;
	return scan_record(s, h, h + RECORD_HEADER_SIZE, content,
	    left < content ? left : content, p);
}

enum err
record_scan(
    struct record_scan *s, const uint8_t *bytes, size_t len, struct problem *p)
{
	struct record_scan now = *s;
	bool whole = true;
	enum err e = ERR_OK;

	while (e == ERR_OK && whole && !now.stdin_done &&
	       len - now.at >= RECORD_HEADER_SIZE) {
		e = scan_next(&now, bytes + now.at, len - now.at, &whole, p);
		/* A part of a record counts, but is looked at again. */
		if (whole)
			*s = now;
	}
	if (e == ERR_OK && now.at == 0 && len > 0 && bytes[0] != 1)
		e = problem_set(p, ERR_SYNTAX, "bytes that are not FastCGI");

	s->id = now.request;
	s->keep = now.keep;
	s->progress = now.stdin_done    ? RECORD_COMPLETE
		      : now.params_done ? RECORD_BODY
					: RECORD_MORE;
	return e;
}

/* The header is complete; true: it aborts `id`. */
static bool
skip_header(struct record_skip *s, uint16_t id)
{
	const uint8_t *h = s->header;

	s->have = 0;
	s->left = ((uint32_t)h[4] << 8 | h[5]) + h[6];
	return h[1] == RECORD_ABORT && (h[2] << 8 | h[3]) == id;
}

bool
record_skip(
    struct record_skip *s, uint16_t id, const uint8_t *bytes, size_t len)
{
	bool abort = false;

	while (len > 0) {
		size_t n = 1;

		if (s->left > 0) {
			n = s->left < len ? s->left : len;
			s->left -= (uint32_t)n;
		} else {
			s->header[s->have++] = *bytes;
			if (s->have == RECORD_HEADER_SIZE)
				abort |= skip_header(s, id);
		}
		bytes += n;
		len -= n;
	}
	return abort;
}
