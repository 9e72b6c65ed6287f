/* SPDX-License-Identifier: MIT */
/* frame.c - bytes ready for the wire, shared by reference count. */
#include "wire/frame.h"

#include "base/mem.h"

static size_t
framed_size(enum framing framing, size_t len)
{
	return framing == FRAMING_FCGI ? record_stdout_size(len) : len;
}

struct frame *
frame_begin(struct frame_writer *w, enum framing framing, size_t len,
    struct slice topics)
{
	const size_t size = framed_size(framing, len);
	struct frame *f = mem_calloc(1, sizeof(*f) + size + topics.len);

	if (f == NULL)
		return NULL;
	f->refs = 1;
	f->id = FRAME_ID;
	f->framing = framing;
	f->len = size;
	if (topics.len > 0) {
		memcpy(f->bytes + size, topics.base, topics.len);
		f->topics =
		    (struct slice){ (char *)f->bytes + size, topics.len };
	}
	w->framing = framing;
	record_begin(&w->records, f->bytes, FRAME_ID, len);
	return f;
}

void
frame_write(struct frame_writer *w, struct slice bytes)
{
	if (w->framing == FRAMING_FCGI) {
		record_write(&w->records, bytes);
	} else if (bytes.len > 0) {
		memcpy(w->records.at, bytes.base, bytes.len);
		w->records.at += bytes.len;
	}
}

struct frame *
frame_new(enum framing framing, struct slice payload)
{
	struct frame_writer w;
	struct frame *f =
	    frame_begin(&w, framing, payload.len, (struct slice){ NULL, 0 });

	if (f != NULL)
		frame_write(&w, payload);
	return f;
}

struct frame *
frame_for(struct frame *f, uint16_t id)
{
	struct frame *copy;

	if (f->id == id || f->framing == FRAMING_RAW)
		return frame_ref(f);
	if ((copy = mem_calloc(1, sizeof(*f) + f->len)) == NULL)
		return NULL;
	memcpy(copy->bytes, f->bytes, f->len);
	record_readdress(copy->bytes, f->len, id);
	copy->refs = 1;
	copy->id = id;
	copy->framing = f->framing;
	copy->len = f->len;
	return copy;
}

size_t
frame_size(const struct frame *f)
{
	return sizeof(*f) + f->len + f->topics.len;
}

struct frame *
frame_ref(struct frame *f)
{
	f->refs++;
	return f;
}

void
frame_unref(struct frame *f)
{
	if (f != NULL && --f->refs == 0)
		mem_free(f);
}
