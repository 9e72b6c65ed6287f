/* SPDX-License-Identifier: MIT */
/* crowd.c - hands calls about the streams' memory to the backend that has
 * it. */
#include "queue/backend.h"

enum err
queue_crowd_table(
    struct queue_crowd *c, struct crowd_table **out, struct problem *p)
{
	return c->ops->table(c, out, p);
}

enum err
queue_crowd_grow(struct queue_crowd *c, struct problem *p)
{
	return c->ops->grow(c, p);
}

void
queue_crowd_secret(const struct queue_crowd *c, uint64_t out[2])
{
	c->ops->secret(c, out);
}

void
queue_crowd_close(struct queue_crowd *c)
{
	if (c != NULL)
		c->ops->close(c);
}
