/* SPDX-License-Identifier: MIT */
/* sidecar.h - the small file beside the database: a lock and notifications. */
#ifndef QUEUE_SQLITE_SIDECAR_H
#define QUEUE_SQLITE_SIDECAR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "queue/queue.h"

/*
 * "queue.db-hub": one mapped page with a futex word, and bytes to lock with
 * open file description locks.  A process that is killed leaves nothing to
 * clean up: the kernel frees the lock, and the word has no owner.  Owner: one
 * thread; another thread may wait on the word.
 */
struct sidecar;

/*
 * Open or create the file for the database at `db_path` (symbolic links are
 * resolved first, so that two names never give two locks; see
 * sidecar_resolve()).  It gets the mode and group of the database, or 0660 if
 * that does not exist yet.  ERR_IO, too, if its name is that of a link.
 *
 * Others may truncate it while it is mapped.  A program calls sigbus_guard()
 * before; the page is empty then, sidecar_moved() is true, and the next
 * sidecar_open() writes it again in the same file, so that the locks in it
 * stay.
 */
enum err sidecar_open(
    struct sidecar **out, const char *db_path, struct problem *p);

/* The database's path without symbolic links. */
const char *sidecar_db_path(const struct sidecar *s);

/* The folder, as a descriptor (O_PATH) that the sidecar keeps, and the name of
 * the database in it. */
int sidecar_folder(const struct sidecar *s, const char **name);

/* Is another file at the path now, or is the file shorter than the page? Then
 * this one gets no more notifications: close and open again. */
bool sidecar_moved(const struct sidecar *s);

/*
 * Take the write lock: every commit and every checkpoint happens under it.
 * Block signals first, so that none stops the process while it has the lock.
 * Waits at most `timeout_ms`; then ERR_BUSY, and *holder is the process that
 * has it (0: unknown).  ERR_MOVED: another file is at the path now: close and
 * open again.
 */
enum err sidecar_lock(struct sidecar *s, unsigned timeout_ms, pid_t *holder);
void sidecar_unlock(struct sidecar *s);

/* Notifications.  Read the word, read the log, then wait for the word to
 * change: so none is missed. */
uint32_t sidecar_word(const struct sidecar *s);
void sidecar_wake(struct sidecar *s);

/* Sleep until the word is not `seen`, or *own is not `own_seen`, or the time is
 * up.  Without a sidecar (NULL) only *own counts.  sidecar_poke() changes *own
 * and wakes the thread that waits on it. */
void sidecar_wait(const struct sidecar *s, uint32_t seen, _Atomic uint32_t *own,
    uint32_t own_seen, unsigned timeout_ms);
void sidecar_poke(_Atomic uint32_t *own);

uint32_t sidecar_silence_ms(const struct sidecar *s); /* since sidecar_wake() */

/*
 * A budget of all processes together, measured as time: sidecar_owe() adds to
 * the common debt, which decreases as time passes.  sidecar_debt_us() is the
 * time from now on until the debt is 0, at most SIDECAR_DEBT_MAX_US, whatever
 * the file contains.
 */
#define SIDECAR_DEBT_MAX_US INT64_C(60000000)
int64_t sidecar_debt_us(const struct sidecar *s);
void sidecar_owe(struct sidecar *s, int64_t us);

int64_t sidecar_age_ms(const struct sidecar *s); /* of the file */

/*
 * Signs of life.  A process is known by a random number of QUEUE_OWNER_BITS
 * (not 0): the first function shows that it is alive, for as long as the
 * sidecar is open, however the process ends.  ERR_BUSY: another process has
 * that number.  ERR_IO.  The second function checks another process; if it
 * cannot find out, that process counts as alive.
 */
enum err sidecar_show_life(struct sidecar *s, uint64_t owner);
bool sidecar_lives(const struct sidecar *s, uint64_t owner);

/*
 * Is this the one process that removes the rows of dead processes?  Once it is,
 * it stays so until it closes the sidecar.  Call this before each search: while
 * that process has made none for SIDECAR_LEAD_MS, because it is stopped or
 * cannot open the database, one of the others searches in its place.  Two
 * processes may search at once, so a search must be harmless if another one
 * does the same.
 */
#define SIDECAR_LEAD_MS 3000
bool sidecar_lead(struct sidecar *s);

void sidecar_close(struct sidecar *s); /* NULL is allowed */

#endif
