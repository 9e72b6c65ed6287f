/* SPDX-License-Identifier: MIT */
/* position_frame.c - makes the frames without data, and keeps the last one. */
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
position_frames_init(struct position_frames *p, enum framing framing)
{
	struct buf text;

	*p = (struct position_frames){ .framing = framing };
	buf_init(&text, TEXT_MAX);
	event_comment(&text);
	p->comment = frame_and_free(framing, &text);
	return p->comment != NULL ? ERR_OK : ERR_NOMEM;
}

void
position_frames_set_key(
    struct position_frames *p, const struct queue_cursor_key *key)
{
	p->key = *key;
	frame_unref(p->position);
	p->position = NULL;
}

static struct frame *
make_frame(struct position_frames *p, const char *id, uint32_t retry_ms)
{
	struct buf text;

	buf_init(&text, TEXT_MAX);
	if (retry_ms != POSITION_RETRY_NONE)
		event_retry(&text, retry_ms);
	event_cursor(&text, slice_of(id));
	return frame_and_free(p->framing, &text);
}

struct frame *
position_frame(struct position_frames *p, uint64_t at, uint32_t retry_ms)
{
	char id[QUEUE_ID_SIZE];

	if (p->position != NULL && p->at == at && p->retry_ms == retry_ms)
		return p->position;
	frame_unref(p->position);
	p->position = NULL;
	if (queue_cursor_id(&p->key, at, id) != ERR_OK)
		return NULL;
	p->position = make_frame(p, id, retry_ms);
	p->at = at;
	p->retry_ms = retry_ms;
	return p->position;
}

struct frame *
position_frame_away(
    struct position_frames *p, uint64_t at, uint64_t key, uint32_t retry_ms)
{
	char id[QUEUE_AWAY_ID_SIZE];

	if (queue_away_id(&p->key, at, key, id) != ERR_OK)
		return NULL;
	return make_frame(p, id, retry_ms);
}

void
position_frames_free(struct position_frames *p)
{
	frame_unref(p->comment);
	frame_unref(p->position);
}
