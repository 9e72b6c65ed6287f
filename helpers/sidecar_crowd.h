/* SPDX-License-Identifier: MIT */
/* sidecar_crowd.h - the sidecar's second part: the streams of all processes. */
#ifndef SIDECAR_CROWD_H
#define SIDECAR_CROWD_H

#include "crowd_table.h"

/*
 * "queue.db-hub" goes on behind its page, which is as it was, so that versions
 * without this part use the same file.  It grows with the streams, its space
 * is there before it is touched, and it is made when somebody first needs it.
 * Owner: one thread at a time.
 */
struct sidecar_crowd;

#define SIDECAR_CROWD_SLOTS 8192 /* at first; then twice as many, up to */
#define SIDECAR_CROWD_SLOTS_MAX ((size_t)1 << 20)

/*
 * Open it for the database at `db_path`, as another living process than any
 * before.  Errors as of sidecar_open(); ERR_FULL: no space on the disk;
 * ERR_NEWER: made by a newer version.
 */
enum err sidecar_crowd_open(
    struct sidecar_crowd **out, const char *db_path, struct fault *f);

/* The table, with the slots that the file has now.  ERR_MOVED: the file at
 * the path is another one now: open again.  ERR_FULL, ERR_IO. */
enum err sidecar_crowd_table(
    struct sidecar_crowd *c, struct crowd_table **out, struct fault *f);

/* Make more slots, once those of the dead are freed and there is still none.
 * ERR_FULL: no space on the disk, or there are SIDECAR_CROWD_SLOTS_MAX. */
enum err sidecar_crowd_grow(struct sidecar_crowd *c, struct fault *f);

/* What the keys are hidden with in this file. */
void sidecar_crowd_secret(const struct sidecar_crowd *c, uint64_t out[2]);

void sidecar_crowd_close(struct sidecar_crowd *c); /* NULL is allowed */

#endif
