/* SPDX-License-Identifier: MIT */
/* frame_queue.c - an array of frames that starts over when it has run empty. */
#include "wire/frame_queue.h"

#include <string.h>

#include "base/mem.h"

#define ROOM_MIN 4

static bool
reserve(struct frame_queue *q)
{
	uint16_t room = (uint16_t)(q->room == 0 ? ROOM_MIN : q->room * 2);
	struct frame **frames;

	if (q->head + q->n < q->room)
		return true;
	if (q->head > 0) {
		memmove(q->frames, q->frames + q->head,
		    q->n * sizeof(struct frame *));
		q->head = 0;
		return true;
	}
	frames = mem_realloc(q->frames, room * sizeof(struct frame *));
	if (frames == NULL)
		return false;
	q->frames = frames;
	q->room = room;
	return true;
}

bool
frame_queue_push(struct frame_queue *q, struct frame *f, size_t *held)
{
	if (!reserve(q))
		return false;
	q->frames[q->head + q->n++] = f;
	q->bytes += f->len;
	if (f->queued++ == 0)
		*held += frame_size(f);
	return true;
}

int
frame_queue_iov(const struct frame_queue *q, struct iovec iov[FRAME_QUEUE_MAX])
{
	for (uint16_t i = 0; i < q->n; i++) {
		struct frame *f = q->frames[q->head + i];
		const size_t skip = i == 0 ? q->sent : 0;

		iov[i].iov_base = f->bytes + skip;
		iov[i].iov_len = f->len - skip;
	}
	return q->n;
}

static void
release(struct frame_queue *q, struct frame *f, size_t *held)
{
	if (--f->queued == 0)
		*held -= frame_size(f);
	q->bytes -= f->len;
	frame_unref(f);
}

static void
drop_first(struct frame_queue *q, size_t *held)
{
	struct frame *f = q->frames[q->head];

	q->sent = 0;
	q->head++;
	if (--q->n == 0)
		q->head = 0;
	release(q, f, held);
}

void
frame_queue_written(struct frame_queue *q, size_t n, size_t *held)
{
	while (n > 0) {
		const size_t left = q->frames[q->head]->len - q->sent;

		if (n < left) {
			q->sent += n;
			return;
		}
		n -= left;
		drop_first(q, held);
	}
}

uint64_t
frame_queue_cut(struct frame_queue *q, size_t *held)
{
	const uint16_t keep = q->sent > 0;
	uint64_t first = 0;

	for (uint16_t i = keep; i < q->n; i++) {
		struct frame *f = q->frames[q->head + i];

		if (first == 0)
			first = f->at;
		release(q, f, held);
	}
	q->n = keep;
	if (keep == 0)
		q->head = 0;
	return first;
}

void
frame_queue_free(struct frame_queue *q, size_t *held)
{
	while (q->n > 0)
		drop_first(q, held);
	mem_free(q->frames);
}
