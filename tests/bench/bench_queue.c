/* SPDX-License-Identifier: MIT */
/* bench_queue.c - how fast the queue is beside SQLite alone, and how fair. */
#include <dirent.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "queue/queue.h"

#define BATCH_MAX 256
#define THREADS_MAX 64
#define RUN_MS 400
#define PAIRS 7 /* of runs, one right after the other */
#define PROCESSES 4

/* What commits a batch of `n` updates. */
struct engine {
	const char *name;
	int (*commit)(struct engine *e, size_t n);
	struct queue *queue;
	sqlite3 *db;
	sqlite3_stmt *insert;
	unsigned long serial;
	char data[201];
};

static int
commit_queue(struct engine *e, size_t n)
{
	static char ids[BATCH_MAX][48];
	struct update updates[BATCH_MAX];
	const struct update *list[BATCH_MAX];
	struct problem p;

	for (size_t i = 0; i < n; i++) {
		snprintf(ids[i], sizeof(ids[i]), "urn:uuid:%036lx",
		    e->serial++ * 0x9e3779b97f4a7c15ul);
		updates[i] =
		    (struct update){ .topics = slice_of("https://example.com/"),
			    .id = slice_of(ids[i]),
			    .data = { e->data, 200 } };
		list[i] = &updates[i];
	}
	if (queue_append(e->queue, list, n, &p) != ERR_OK) {
		fprintf(stderr, "%s\n", p.text);
		return 1;
	}
	queue_wake(e->queue);
	return 0;
}

static int
commit_bare(struct engine *e, size_t n)
{
	char id[48];
	int rc = sqlite3_exec(e->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	for (size_t i = 0; i < n && rc == SQLITE_OK; i++) {
		snprintf(id, sizeof(id), "urn:uuid:%036lx",
		    e->serial++ * 0x9e3779b97f4a7c15ul);
		sqlite3_bind_text(e->insert, 1, id, -1, SQLITE_STATIC);
		sqlite3_bind_text(
		    e->insert, 2, "https://example.com/", -1, SQLITE_STATIC);
		sqlite3_bind_text(e->insert, 3, e->data, 200, SQLITE_STATIC);
		rc = sqlite3_step(e->insert) == SQLITE_DONE ? SQLITE_OK : 1;
		sqlite3_reset(e->insert);
	}
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(e->db, "COMMIT", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		fprintf(stderr, "%s\n", sqlite3_errmsg(e->db));
	return rc;
}

static int
open_bare(struct engine *e, const char *dir, int full)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/bare-%d.db", dir, full);
	*e = (struct engine){ .name = "SQLite", .commit = commit_bare };
	memset(e->data, 'x', 200);
	return sqlite3_open(path, &e->db) != SQLITE_OK ||
	       sqlite3_exec(e->db,
		   "PRAGMA journal_mode = WAL;"
		   "CREATE TABLE IF NOT EXISTS u (seq INTEGER PRIMARY KEY"
		   " AUTOINCREMENT, id TEXT UNIQUE, topics TEXT, data TEXT)",
		   NULL, NULL, NULL) != SQLITE_OK ||
	       sqlite3_exec(e->db,
		   full ? "PRAGMA synchronous = FULL"
			: "PRAGMA synchronous = NORMAL",
		   NULL, NULL, NULL) != SQLITE_OK ||
	       sqlite3_prepare_v2(e->db,
		   "INSERT INTO u (id, topics, data) VALUES (?1, ?2, ?3)", -1,
		   &e->insert, NULL) != SQLITE_OK;
}

static int
open_queue(struct engine *e, const char *dir, int full)
{
	char url[256];
	struct queue_settings s = { .url = url,
		.rows_max = 10000,
		.age_max_s = 604800,
		.bytes_max = 1u << 28,
		.lock_timeout_ms = 5000,
		.full = full != 0 };
	struct problem p;

	snprintf(url, sizeof(url), "sqlite://%s/queue-%d.db", dir, full);
	*e = (struct engine){ .name = "queue", .commit = commit_queue };
	memset(e->data, 'x', 200);
	if (queue_open(&e->queue, &s, QUEUE_WRITE, &p) == ERR_OK)
		return 0;
	fprintf(stderr, "%s\n", p.text);
	return 1;
}

static void
close_engine(struct engine *e)
{
	sqlite3_finalize(e->insert);
	sqlite3_close(e->db);
	queue_close(e->queue);
}

/* Publishers leave their request and wait; one thread commits them all. */
struct group {
	pthread_mutex_t lock;
	pthread_cond_t arrived, answered;
	unsigned long asked, done; /* tickets */
	bool stop;
};

static void *
publisher(void *arg)
{
	struct group *g = arg;

	pthread_mutex_lock(&g->lock);
	while (!g->stop) {
		unsigned long ticket = ++g->asked;

		pthread_cond_signal(&g->arrived);
		while (g->done < ticket)
			pthread_cond_wait(&g->answered, &g->lock);
	}
	pthread_mutex_unlock(&g->lock);
	return NULL;
}

static double
run_group(struct engine *e, size_t threads)
{
	struct group g = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER,
		PTHREAD_COND_INITIALIZER, 0, 0, false };
	const int64_t start = clock_mono_ms();
	pthread_t ids[THREADS_MAX];
	double per_second = 0;

	for (size_t i = 0; i < threads; i++)
		if (pthread_create(&ids[i], NULL, publisher, &g) != 0)
			abort();
	pthread_mutex_lock(&g.lock);
	while (!g.stop || g.done < g.asked) {
		size_t n;

		while (g.asked == g.done)
			pthread_cond_wait(&g.arrived, &g.lock);
		n = g.asked - g.done;
		if (n > BATCH_MAX)
			n = BATCH_MAX;
		pthread_mutex_unlock(&g.lock);
		if (e->commit(e, n) != 0)
			abort();
		pthread_mutex_lock(&g.lock);
		g.done += n;
		if (!g.stop && clock_mono_ms() - start >= RUN_MS) {
			g.stop = true;
			per_second = (double)g.done * 1000 /
				     (double)(clock_mono_ms() - start);
		}
		pthread_cond_broadcast(&g.answered);
	}
	pthread_mutex_unlock(&g.lock);
	for (size_t i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	return per_second;
}

static int
by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
median(double v[PAIRS])
{
	qsort(v, PAIRS, sizeof(v[0]), by_value);
	return v[PAIRS / 2];
}

/* In turn, so that both see the same disk. */
static void
compare_pairs(
    struct engine *bare, struct engine *queue, const char *name, size_t threads)
{
	double alone[PAIRS], ours[PAIRS], ratio[PAIRS];

	run_group(queue, threads); /* up to its limit of rows */
	for (size_t i = 0; i < PAIRS; i++) {
		alone[i] = run_group(bare, threads);
		ours[i] = run_group(queue, threads);
		ratio[i] = ours[i] / alone[i];
	}
	printf("%-7s %7zu %10.0f %10.0f %6.2f\n", name, threads, median(alone),
	    median(ours), median(ratio));
}

static void
compare(const char *dir, int full)
{
	static const size_t threads[] = { 1, 16 };

	for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
		struct engine bare, queue;

		if (open_bare(&bare, dir, full) ||
		    open_queue(&queue, dir, full))
			exit(1);
		bare.serial = queue.serial = threads[i] << 32;
		compare_pairs(
		    &bare, &queue, full ? "full" : "normal", threads[i]);
		close_engine(&bare);
		close_engine(&queue);
	}
}

/* Each appends as fast as it can: nobody may starve. */
struct share {
	atomic_ulong done[PROCESSES];
	atomic_long slowest_ms;
};

static void
saturate(struct share *s, int number, const char *dir, int full)
{
	const int64_t end = clock_mono_ms() + 1500;
	struct engine e;
	int64_t before;

	if (open_queue(&e, dir, full))
		_exit(1);
	e.serial = (unsigned long)number << 40;
	while ((before = clock_mono_ms()) < end) {
		int64_t took;

		if (e.commit(&e, 1) != 0)
			_exit(1);
		atomic_fetch_add(&s->done[number], 1);
		took = clock_mono_ms() - before;
		if (took > atomic_load(&s->slowest_ms))
			atomic_store(&s->slowest_ms, took);
	}
	close_engine(&e);
	_exit(0);
}

static void
fairness(const char *dir, int full)
{
	struct share *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned long all = 0, least = ~0ul, most = 0;

	if (s == MAP_FAILED)
		abort();
	for (int i = 0; i < PROCESSES; i++)
		if (fork() == 0)
			saturate(s, i, dir, full);
	while (wait(NULL) > 0)
		;
	for (int i = 0; i < PROCESSES; i++) {
		unsigned long n = atomic_load(&s->done[i]);

		all += n;
		least = n < least ? n : least;
		most = n > most ? n : most;
	}
	printf("%-7s %9.0f/s, least %lu, most %lu, slowest append %ld ms\n",
	    full ? "full" : "normal", (double)all / 1.5, least, most,
	    atomic_load(&s->slowest_ms));
	munmap(s, sizeof(*s));
}

static void
remove_all(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *d;
	char name[512];

	while (dir != NULL && (d = readdir(dir)) != NULL) {
		snprintf(name, sizeof(name), "%s/%s", path, d->d_name);
		if (d->d_name[0] != '.')
			remove(name);
	}
	if (dir != NULL)
		closedir(dir);
	rmdir(path);
}

int
main(void)
{
	const char *tmp = getenv("TMPDIR");
	char dir[128];

	snprintf(
	    dir, sizeof(dir), "%s/bench-XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(dir) == NULL)
		return 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("group commit, updates/s\n"
	       "        threads     SQLite      queue  ratio\n");
	compare(dir, 0);
	compare(dir, 1);
	printf("%d processes, one update per append\n", PROCESSES);
	fairness(dir, 0);
	fairness(dir, 1);
	remove_all(dir);
	return 0;
}
