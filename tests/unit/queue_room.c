/* SPDX-License-Identifier: MIT */
/* queue_room.c - makes and removes the place that a queue test works in. */
#include "unit/queue_room.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/queue_files.h"

/* How a place for a queue is made, lost and removed.  A backend is one line of
 * the table. */
static const struct queue_room_kind {
	const char *name;
	bool (*make)(struct queue_room *r); /* writes r->url */
	void (*share)(const struct queue_room *r);
	void (*lose)(const struct queue_room *r);
	void (*remove)(const struct queue_room *r);
} backends[] = {
	{ "sqlite", queue_files_make, queue_files_share, queue_files_lose,
	    queue_files_remove },
};

/* The backend whose turn it is. */
static const struct queue_room_kind *current = backends;

int
queue_room_each(int (*run)(const char *backend))
{
	int failures = 0;

	for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++) {
		current = &backends[i];
		failures += run(current->name);
	}
	return failures;
}

static bool
make_folder(struct queue_room *r)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(r->dir, sizeof(r->dir), "%s/queue-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	return mkdtemp(r->dir) != NULL && chmod(r->dir, 02770) == 0;
}

int
queue_room_make(void **state)
{
	struct queue_room *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return -1;
	r->backend = current;
	if (!make_folder(r) || !r->backend->make(r))
		return -1;
	r->settings =
	    (struct queue_settings){ .url = r->url, .lock_timeout_ms = 20000 };
	*state = r;
	return 0;
}

int
queue_room_remove(void **state)
{
	struct queue_room *r = *state;
	char path[512];
	struct dirent *d;
	DIR *dir;

	r->backend->remove(r);
	dir = opendir(r->dir);
	while (dir != NULL && (d = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", r->dir, d->d_name);
		if (d->d_name[0] != '.')
			remove(path);
	}
	if (dir != NULL)
		closedir(dir);
	rmdir(r->dir);
	free(r);
	return 0;
}

void
queue_room_share(const struct queue_room *r)
{
	r->backend->share(r);
}

void
queue_room_lose(const struct queue_room *r)
{
	r->backend->lose(r);
}

struct queue *
queue_room_open(const struct queue_room *r, enum queue_mode mode)
{
	struct queue *q = NULL;
	struct problem p = { "" };

	if (queue_open(&q, &r->settings, mode, &p) != ERR_OK) {
		fprintf(stderr, "%s\n", p.text);
		abort();
	}
	return q;
}

enum err
queue_room_put(struct queue *q, const char *id)
{
	const struct update u = { .topics = slice_of("t"),
		.id = slice_of(id),
		.data = slice_of("d") };
	const struct update *list = &u;
	struct problem p = { "" };
	enum err e = queue_append(q, &list, 1, &p);

	if (e != ERR_OK)
		fprintf(stderr, "append %s: %s\n", id, p.text);
	return e;
}

struct ids {
	char text[4096];
	size_t len;
};

static void
add_id(void *arg, uint64_t at, const struct update *u)
{
	struct ids *ids = arg;

	(void)at;
	if (ids->len + u->id.len + 2 > sizeof(ids->text))
		abort();
	memcpy(ids->text + ids->len, u->id.base, u->id.len);
	ids->len += u->id.len;
	ids->text[ids->len++] = ' ';
	ids->text[ids->len] = '\0';
}

const char *
queue_room_ids(struct queue *q)
{
	static struct ids ids;
	struct queue_span span = { 0 };
	enum err e = ERR_OK;

	memset(&ids, 0, sizeof(ids));
	/* The first call only learns the epoch. */
	for (int i = 0; i < 2 && e == ERR_OK; i++)
		e = queue_read(
		    q, 0, span.epoch, 10000, 1 << 20, add_id, &ids, &span);
	return e == ERR_OK ? ids.text : err_text(e);
}

uint64_t
queue_room_epoch(struct queue *q)
{
	struct queue_cursor_key k;

	if (queue_room_key(q, &k) != ERR_OK)
		abort();
	return k.epoch;
}

static void
count_kind(void *arg, uint64_t at, const struct update *u)
{
	size_t *counts = arg;

	(void)at;
	counts[u->kind]++;
}

void
queue_room_count(
    struct queue *q, size_t counts[UPDATE_KINDS], struct queue_span *span)
{
	memset(counts, 0, UPDATE_KINDS * sizeof(counts[0]));
	if (queue_read(q, 0, queue_room_epoch(q), 100000, 1 << 28, count_kind,
		counts, span) != ERR_OK)
		abort();
}

pid_t
queue_room_start(const struct queue_room *r, queue_room_body *body, int arg)
{
	const pid_t pid = fork();

	if (pid == -1)
		abort();
	if (pid == 0)
		_exit(body(r, arg));
	return pid;
}

int
queue_room_put_one(const struct queue_room *r, int number)
{
	struct queue *q = NULL;
	struct problem p = { "" };
	char id[32];
	enum err e;

	snprintf(id, sizeof(id), "%d", number);
	e = queue_open(&q, &r->settings, QUEUE_WRITE, &p);
	if (e == ERR_OK)
		e = queue_room_put(q, id);
	else
		fprintf(stderr, "%s\n", p.text);
	queue_close(q);
	return (int)e;
}

int
queue_room_wait(pid_t pid)
{
	int status = 0;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status)
				 : 1000 + WTERMSIG(status);
}

enum err
queue_room_tail(struct queue *q, uint64_t *out)
{
	struct queue_start end;
	enum err e = queue_end(q, &end);

	if (e == ERR_OK)
		*out = end.tail;
	return e;
}

enum err
queue_room_key(struct queue *q, struct queue_cursor_key *out)
{
	struct queue_start end;
	enum err e = queue_end(q, &end);

	if (e == ERR_OK)
		*out = end.key;
	return e;
}

enum err
queue_room_find(struct queue *q, struct slice id, queue_may_fn *may, void *arg,
    uint64_t *out, bool *known)
{
	const struct queue_question ask = {
		.last_id = id, .may = may, .arg = arg
	};
	struct queue_start start;
	enum err e = queue_start(q, &ask, &start);

	if (e != ERR_OK)
		return e;
	presence_free(start.away);
	*out = start.at;
	*known = start.known;
	return e;
}

enum err
queue_room_away(
    struct queue *q, struct slice id, struct presence **out, uint64_t *key)
{
	const struct queue_question ask = { .last_id = id };
	struct queue_start start;
	enum err e = queue_start(q, &ask, &start);

	if (e != ERR_OK)
		return e;
	*out = start.away;
	*key = start.away_key;
	return e;
}
