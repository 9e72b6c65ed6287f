/* SPDX-License-Identifier: MIT */
/* position_frame.c - makes and keeps the frames without data. */
#include "fanout/position_frame.h"

#include "mercure/event.h"
#include "queue/presence.h"

#define TEXT_MAX 96

static struct frame *
frame_and_free(enum framing framing, struct buf *text)
{
	struct frame *f = NULL;

	if (text->err == ERR_OK)
		f = frame_new(framing, buf_view(text));
	buf_free(text);
	return f;
}

enum err
control_init(struct control *c, enum framing framing)
{
	struct buf text;

	*c = (struct control){ .framing = framing };
	buf_init(&text, TEXT_MAX);
	event_comment(&text);
	c->comment = frame_and_free(framing, &text);
	return c->comment != NULL ? ERR_OK : ERR_NOMEM;
}

void
control_set_key(struct control *c, const struct queue_cursor_key *key)
{
	c->key = *key;
	frame_unref(c->cursor);
	c->cursor = NULL;
}

static struct frame *
frame_position(struct control *c, const char *id, uint32_t retry_ms)
{
	struct buf text;

	buf_init(&text, TEXT_MAX);
	if (retry_ms != CONTROL_RETRY_NONE)
		event_retry(&text, retry_ms);
	event_cursor(&text, slice_of(id));
	return frame_and_free(c->framing, &text);
}

struct frame *
control_cursor(struct control *c, uint64_t at, uint32_t retry_ms)
{
	char id[QUEUE_ID_SIZE];

	if (c->cursor != NULL && c->at == at && c->retry_ms == retry_ms)
		return c->cursor;
	frame_unref(c->cursor);
	c->cursor = NULL;
	if (queue_cursor_id(&c->key, at, id) != ERR_OK)
		return NULL;
	c->cursor = frame_position(c, id, retry_ms);
	c->at = at;
	c->retry_ms = retry_ms;
	return c->cursor;
}

struct frame *
control_parked(struct control *c, uint64_t at, uint64_t key, uint32_t retry_ms)
{
	char id[QUEUE_PARKED_ID_SIZE];

	if (queue_parked_id(&c->key, at, key, id) != ERR_OK)
		return NULL;
	return frame_position(c, id, retry_ms);
}

void
control_free(struct control *c)
{
	frame_unref(c->comment);
	frame_unref(c->cursor);
}
