/* SPDX-License-Identifier: MIT */
/* frame.c - bytes ready for the wire, shared by reference count. */
#include "wire/frame.h"

#include "base/mem.h"
#include "wire/record.h"

static struct frame *
frame_alloc(enum framing framing, struct slice payload, size_t extra)
{
	size_t len = framing == FRAMING_FCGI ? record_stdout_size(payload.len)
					     : payload.len;
	struct frame *f = mem_calloc(1, sizeof(*f) + len + extra);

	if (f == NULL)
		return NULL;
	f->refs = 1;
	f->id = FRAME_ID;
	f->framing = framing;
	f->len = len;
	if (framing == FRAMING_FCGI)
		record_stdout(f->bytes, FRAME_ID, payload);
	else if (len > 0)
		memcpy(f->bytes, payload.base, len);
	return f;
}

struct frame *
frame_new(enum framing framing, struct slice payload)
{
	return frame_alloc(framing, payload, 0);
}

struct frame *
frame_event(enum framing framing, struct slice payload, uint64_t at,
    const struct update *u)
{
	struct frame *f = frame_alloc(framing, payload, u->topics.len);
	char *topics;

	if (f == NULL)
		return NULL;
	topics = (char *)f->bytes + f->len;
	memcpy(topics, u->topics.base, u->topics.len);
	f->topics = (struct slice){ topics, u->topics.len };
	f->at = at;
	f->private = u->private;
	f->kind = u->kind;
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
