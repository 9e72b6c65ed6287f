/* SPDX-License-Identifier: MIT */
/* batch.c - makes and frees batches. */
#include "fanout/batch.h"

#include "base/mem.h"

struct batch *
batch_new(void)
{
	return mem_calloc(1, sizeof(struct batch));
}

void
batch_done(struct batch *b)
{
	void (*done)(void *owner);
	void *owner;

	if (b == NULL)
		return;
	done = b->done;
	owner = b->owner;
	while (b->n > 0)
		frame_unref(b->frames[--b->n]);
	session_changes_free(b->sessions);
	mem_free(b);
	if (done != NULL)
		done(owner);
}
