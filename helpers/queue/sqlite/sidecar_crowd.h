/* SPDX-License-Identifier: MIT */
/* sidecar_crowd.h - the sidecar's second part: the streams of all processes. */
#ifndef QUEUE_SQLITE_SIDECAR_CROWD_H
#define QUEUE_SQLITE_SIDECAR_CROWD_H

#include "queue/crowd.h"

/*
 * The slots follow the first page of "queue.db-hub", so that versions without
 * this part can use the same file.  This part is made when it is first needed,
 * and grows with the streams; its space on the disk is allocated before it is
 * used.  Owner: one thread at a time.
 */
#define SIDECAR_CROWD_SLOTS 8192 /* at first; doubled when needed, up to */
#define SIDECAR_CROWD_SLOTS_MAX ((size_t)1 << 20)

/*
 * Open it for the database at `db_path`, with a new owner number (and its
 * lock) for this process.  Errors as of sidecar_open(); ERR_FULL: no space on
 * the disk; ERR_NEWER: made by a newer version.
 */
enum err sidecar_crowd_open(
    struct queue_crowd **out, const char *db_path, struct problem *p);

/* The table, with the slots that the file has now.  ERR_MOVED: another file is
 * at the path now: open again.  ERR_FULL, ERR_IO. */
enum err sidecar_crowd_table(
    struct queue_crowd *c, struct crowd_table **out, struct problem *p);

/* Add slots; call crowd_table_sweep() first.  ERR_FULL: no space on the disk,
 * or there are SIDECAR_CROWD_SLOTS_MAX. */
enum err sidecar_crowd_grow(struct queue_crowd *c, struct problem *p);

/* The secret of this file, for crowd_key_hide(). */
void sidecar_crowd_secret(const struct queue_crowd *c, uint64_t out[2]);

void sidecar_crowd_close(struct queue_crowd *c); /* NULL is allowed */

#endif
