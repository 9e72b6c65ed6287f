/* SPDX-License-Identifier: MIT */
/* sidecar_crowd.c - maps the slots, adds slots, and checks which owners
 * live. */
#include "queue/sqlite/sidecar_crowd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/random.h"
#include "base/sigbus.h"
#include "queue/backend.h"
#include "queue/sqlite/sidecar_path.h"
#include "queue/sqlite/sidecar_state.h"

#define FORMAT ((uint64_t)0x6372776401) /* "crwd", version 1 */

/* The file: the page of sidecar.c, the head, the slots. */
struct crowd_file {
	char page[4096];
	union {
		struct crowd_head head;
		char room[4096];
	};
	struct crowd_slot slots[SIDECAR_CROWD_SLOTS_MAX];
};

#define SIZE_OF(n) \
	(offsetof(struct crowd_file, slots) + (n) * sizeof(struct crowd_slot))

/* Numbers that other processes have got are tried again. */
#define OWNER_TRIES 8

struct sidecar_crowd {
	struct queue_crowd base;
	struct sidecar *side;    /* only for this: its file and its locks */
	struct crowd_file *file; /* mapped, as far as it is allocated */
	size_t size;             /* up to here */
	unsigned torn;           /* sigbus_count(), as of the mapping */
	uint64_t secret[2];
	struct crowd_table table;
};

static enum err
failed(const struct sidecar_crowd *c, int code, struct problem *p)
{
	return sidecar_denied(c->side->path, code, p);
}

/*
 * A hole has no space: a store into it would be a SIGBUS on a full disk.  On a
 * file system without support, posix_fallocate() writes zeros, which is
 * harmless behind the end only.
 */
static int
make_space(int fd, size_t from, size_t to)
{
	while (fallocate(fd, 0, 0, (off_t)to) == -1)
		if (errno == EOPNOTSUPP)
			return to > from ? posix_fallocate(fd, (off_t)from,
					       (off_t)(to - from))
					 : 0;
		else if (errno != EINTR)
			return errno;
	return 0;
}

static enum err
size_now(const struct sidecar_crowd *c, size_t *out, struct problem *p)
{
	struct stat st;

	if (fstat(c->side->fd, &st) == -1)
		return failed(c, errno, p);
	*out = st.st_size > (off_t)sizeof(struct crowd_file)
		   ? sizeof(struct crowd_file)
		   : (size_t)st.st_size;
	return ERR_OK;
}

/* Another process has made it longer, or shorter than it ever was. */
static enum err
follow_size(struct sidecar_crowd *c, size_t at_least, struct problem *p)
{
	size_t now = 0;
	enum err e;
	int code;

	if ((e = size_now(c, &now, p)) != ERR_OK)
		return e;
	if (now == c->size && now >= at_least)
		return ERR_OK;
	c->size = 0;
	c->table.n = 0;
	if ((code = make_space(
		 c->side->fd, now, now > at_least ? now : at_least)) != 0)
		return failed(c, code, p);
	if ((e = size_now(c, &now, p)) != ERR_OK)
		return e;
	if (now < at_least)
		return problem_set(
		    p, ERR_IO, "%s is truncated repeatedly", c->side->path);
	c->size = now;
	c->table.n = (now - SIZE_OF(0)) / sizeof(struct crowd_slot);
	return ERR_OK;
}

/* Give the word a random number unless it has one, and return it. */
static uint64_t
agree(_Atomic uint64_t *word)
{
	const uint64_t own = random_uint64() | 1;
	uint64_t there = 0;

	return atomic_compare_exchange_strong(word, &there, own) ? own : there;
}

static enum err
make_head(struct sidecar_crowd *c, struct problem *p)
{
	struct crowd_head *head = c->table.head;
	uint64_t format = 0;

	if (!atomic_compare_exchange_strong(&head->format, &format, FORMAT) &&
	    format != FORMAT)
		return problem_set(p, ERR_NEWER,
		    "%s belongs to a newer version: upgrade this program, or "
		    "remove the file while no hub runs",
		    c->side->path);
	for (int i = 0; i < 2; i++)
		c->secret[i] = agree(&head->secret[i]);
	return ERR_OK;
}

static enum err
show_life(struct sidecar_crowd *c, struct problem *p)
{
	enum err e = ERR_BUSY;

	for (int i = 0; e == ERR_BUSY && i < OWNER_TRIES; i++) {
		const uint64_t owner = queue_new_owner();

		e = sidecar_show_life(c->side, owner);
		c->table.owner = owner;
	}
	return e == ERR_OK ? e
			   : problem_set(p, e, "cannot lock %s: %s",
				 c->side->path, err_text(e));
}

static bool
lives(void *arg, uint64_t owner)
{
	const struct sidecar_crowd *c = arg;

	return sidecar_lives(c->side, owner);
}

static enum err
map(struct sidecar_crowd *c, struct problem *p)
{
	void *at = mmap(NULL, sizeof(struct crowd_file), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_NORESERVE, c->side->fd, 0);

	if (at == MAP_FAILED)
		return problem_set(p, sidecar_errno(errno), "cannot map %s: %s",
		    c->side->path, strerror(errno));
	c->torn = sigbus_count();
	c->file = at;
	c->table.head = &c->file->head;
	c->table.slots = c->file->slots;
	c->table.lives = lives;
	c->table.arg = c;
	return ERR_OK;
}

static const struct queue_crowd_ops crowd_ops = {
	.table = sidecar_crowd_table,
	.grow = sidecar_crowd_grow,
	.secret = sidecar_crowd_secret,
	.close = sidecar_crowd_close,
};

enum err
sidecar_crowd_open(
    struct queue_crowd **out, const char *db_path, struct problem *p)
{
	struct sidecar_crowd *c = mem_calloc(1, sizeof(*c));
	enum err e;

	if (c == NULL)
		return problem_set(p, ERR_NOMEM, "out of memory");
	c->base.ops = &crowd_ops;
	if ((e = sidecar_open(&c->side, db_path, p)) == ERR_OK &&
	    (e = map(c, p)) == ERR_OK &&
	    (e = follow_size(c, SIZE_OF(SIDECAR_CROWD_SLOTS), p)) == ERR_OK &&
	    (e = make_head(c, p)) == ERR_OK && (e = show_life(c, p)) == ERR_OK)
		*out = &c->base;
	else
		sidecar_crowd_close(&c->base);
	return e;
}

enum err
sidecar_crowd_table(
    struct queue_crowd *base, struct crowd_table **out, struct problem *p)
{
	struct sidecar_crowd *c = (struct sidecar_crowd *)base;
	enum err e;

	/* A page that replaced a lost one is not shared with other
	 * processes. */
	if (sidecar_moved(c->side) || c->torn != sigbus_count())
		return problem_set(
		    p, ERR_MOVED, "%s was removed or replaced", c->side->path);
	if ((e = follow_size(c, SIZE_OF(SIDECAR_CROWD_SLOTS), p)) == ERR_OK)
		*out = &c->table;
	return e;
}

enum err
sidecar_crowd_grow(struct queue_crowd *base, struct problem *p)
{
	struct sidecar_crowd *c = (struct sidecar_crowd *)base;
	size_t to;
	int code;

	if (c->table.n >= SIDECAR_CROWD_SLOTS_MAX)
		return problem_set(p, ERR_FULL,
		    "%s has no room for more streams of all processes than %zu",
		    c->side->path, SIDECAR_CROWD_SLOTS_MAX);
	to = SIZE_OF(c->table.n * 2);
	if (to > sizeof(struct crowd_file))
		to = sizeof(struct crowd_file);
	if ((code = make_space(c->side->fd, c->size, to)) != 0)
		return failed(c, code, p);
	return follow_size(c, to, p);
}

void
sidecar_crowd_secret(const struct queue_crowd *base, uint64_t out[2])
{
	const struct sidecar_crowd *c = (const struct sidecar_crowd *)base;

	out[0] = c->secret[0];
	out[1] = c->secret[1];
}

void
sidecar_crowd_close(struct queue_crowd *base)
{
	struct sidecar_crowd *c = (struct sidecar_crowd *)base;

	if (c == NULL)
		return;
	if (c->file != NULL)
		munmap(c->file, sizeof(struct crowd_file));
	sidecar_close(c->side);
	mem_free(c);
}
