/* SPDX-License-Identifier: MIT */
/* ring.c - recent events in a circular array. */
#include "fanout/ring.h"

#include "base/log.h"
#include "base/mem.h"

struct ring {
	struct frame **slots; /* a power of two of them */
	size_t room, bytes;
	uint64_t first, next; /* numbers of the oldest and of the coming one */
	uint64_t floor;
};

enum err
ring_new(struct ring **out)
{
	struct ring *r = mem_calloc(1, sizeof(*r));

	if (r == NULL)
		return ERR_NOMEM;
	*out = r;
	return ERR_OK;
}

static struct frame **
slot(const struct ring *r, uint64_t number)
{
	return &r->slots[number & (r->room - 1)];
}

static void
drop_oldest(struct ring *r)
{
	struct frame *f = *slot(r, r->first++);

	r->bytes -= frame_size(f);
	r->floor = f->at;
	frame_unref(f);
}

void
ring_reset(struct ring *r, uint64_t floor)
{
	while (r->first < r->next)
		drop_oldest(r);
	r->floor = floor;
}

static enum err
grow(struct ring *r)
{
	size_t room = r->room == 0 ? 256 : r->room * 2;
	struct frame **slots;
	uint64_t i;

	if ((slots = mem_calloc(room, sizeof(struct frame *))) == NULL)
		return ERR_NOMEM;
	for (i = r->first; i < r->next; i++)
		slots[i & (room - 1)] = *slot(r, i);
	mem_free(r->slots);
	r->slots = slots;
	r->room = room;
	return ERR_OK;
}

void
ring_add(struct ring *r, struct frame *f, size_t bytes_max)
{
	if (r->next - r->first == r->room && grow(r) != ERR_OK) {
		log_err("recent events dropped", LOG_TEXT("reason", "memory"));
		ring_reset(r, f->at);
		return;
	}
	*slot(r, r->next++) = frame_ref(f);
	r->bytes += frame_size(f);
	while (r->bytes > bytes_max && r->next - r->first > 1)
		drop_oldest(r);
}

void
ring_trim(struct ring *r, uint64_t floor)
{
	while (r->first < r->next && (*slot(r, r->first))->at <= floor)
		drop_oldest(r);
}

uint64_t
ring_floor(const struct ring *r)
{
	return r->floor;
}

uint64_t
ring_after(const struct ring *r, uint64_t at)
{
	uint64_t low = r->first, high = r->next;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if ((*slot(r, middle))->at <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct frame *
ring_get(const struct ring *r, uint64_t number)
{
	return number < r->next ? *slot(r, number) : NULL;
}

void
ring_free(struct ring *r)
{
	if (r == NULL)
		return;
	ring_reset(r, r->floor);
	mem_free(r->slots);
	mem_free(r);
}
