/* SPDX-License-Identifier: MIT */
/* test_crowd.c - limits hold for all processes and any file. */
#include "unit/unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "presence/crowd.h"
#include "queue/sqlite/sidecar_crowd.h"
#include "unit/mem_fail.h"
#include "unit/queue_files.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ROW(n) ((uint64_t)1 << 62 | (n))

static const struct crowd_limits no_limits = { 0, 0, 0 };

static struct crowd *
new_crowd(const struct queue_room *r)
{
	struct crowd *c = NULL;

	log_open("test", LOG_LEVEL_ERR);
	assert_int_equal(crowd_new(&c, &r->settings), ERR_OK);
	return c;
}

static enum err
enter(struct crowd_place *p, struct crowd *c, uint64_t key,
    const struct crowd_limits *limits)
{
	const struct crowd_keys k = { key, key };

	return crowd_enter(p, c, &k, 0, limits, NULL);
}

/* How many of `key` are there, wherever? */
static int
count(struct crowd *c, uint64_t key)
{
	struct crowd_limits limits = { 0, 1, 0 };
	struct crowd_place p;

	while (enter(&p, c, key, &limits) == ERR_LIMIT)
		limits.per_token++;
	crowd_leave(&p);
	return (int)limits.per_token - 1;
}

static const struct {
	const char *name;
	struct crowd_limits limits;
	struct crowd_keys keys;
	const char *reason; /* NULL: it may enter */
} rows[] = {
	{ "no limits", { 0, 0, 0 }, { 1, 5 }, NULL },
	{ "total", { 3, 0, 0 }, { 9, 9 }, "(MERCURE_MAX_CONNECTIONS)" },
	{ "below the total", { 4, 0, 0 }, { 9, 9 }, NULL },
	{ "token", { 0, 2, 0 }, { 1, 9 },
	    "(MERCURE_MAX_CONNECTIONS_PER_TOKEN)" },
	{ "another token", { 0, 2, 0 }, { 2, 5 }, NULL },
	{ "no token", { 0, 1, 0 }, { CROWD_NOBODY, 9 }, NULL },
	{ "address", { 0, 0, 2 }, { 9, 5 },
	    "(MERCURE_MAX_CONNECTIONS_PER_ADDRESS)" },
	{ "another address", { 0, 0, 2 }, { 1, 9 }, NULL },
	{ "no address", { 0, 0, 1 }, { 9, CROWD_UNKNOWN }, "pass REMOTE_ADDR" },
};

/* Two processes, with the streams of the rows above. */
static void
keeps_to_its_limits(void **state)
{
	static const struct crowd_keys there[] = { { 1, 5 }, { 1, 5 },
		{ CROWD_NOBODY, CROWD_UNKNOWN } };
	struct crowd *c[2] = { new_crowd(*state), new_crowd(*state) };
	struct crowd_place places[COUNT(there)], p;

	for (size_t i = 0; i < COUNT(there); i++)
		assert_int_equal(crowd_enter(&places[i], c[i % 2], &there[i], 0,
				     &no_limits, NULL),
		    ERR_OK);
	for (size_t i = 0; i < COUNT(rows) * 2; i++) {
		const size_t row = i / 2;
		struct problem why = { "" };
		enum err e = crowd_enter(
		    &p, c[i % 2], &rows[row].keys, 0, &rows[row].limits, &why);

		if (e != (rows[row].reason != NULL ? ERR_LIMIT : ERR_OK) ||
		    (e == ERR_LIMIT &&
			strstr(why.text, rows[row].reason) == NULL))
			fail_msg("%s: %s \"%s\"", rows[row].name, err_text(e),
			    why.text);
		crowd_leave(&p);
	}
	for (size_t i = 0; i < COUNT(there); i++)
		crowd_leave(&places[i]);
	assert_int_equal(count(c[0], 1), 0);
	crowd_free(c[0]);
	crowd_free(c[1]);
}

/* Settings are read again while streams are open: each is counted whatever
 * the limits were when it came. */
static void
takes_other_limits(void **state)
{
	struct crowd *c = new_crowd(*state);
	struct crowd_place places[5], p;

	for (size_t i = 0; i < COUNT(places); i++)
		assert_int_equal(enter(&places[i], c, 1, &no_limits), ERR_OK);
	for (uint64_t limit = 4; limit < 8; limit++) {
		const struct crowd_limits limits[] = { { limit, 0, 0 },
			{ 0, limit, 0 }, { 0, 0, limit } };

		for (size_t i = 0; i < COUNT(limits); i++) {
			assert_int_equal(enter(&p, c, 1, &limits[i]),
			    limit > 5 ? ERR_OK : ERR_LIMIT);
			crowd_leave(&p);
		}
	}
	for (size_t i = 0; i < COUNT(places); i++)
		crowd_leave(&places[i]);
	crowd_free(c);
}

static enum err
come_back(struct crowd_place *p, struct crowd *c, uint64_t row)
{
	const struct crowd_limits one = { 1, 1, 1 };
	const struct crowd_keys k = { 1, 1 };

	return crowd_enter(p, c, &k, row, &one, NULL);
}

/* Between two polls it counts; back, here or elsewhere, it counts once. */
static void
keeps_a_place_for_one_away(void **state)
{
	struct crowd *c[2] = { new_crowd(*state), new_crowd(*state) };
	const int64_t later = clock_real_ms() + 3600000;
	struct crowd_place p, other;

	assert_int_equal(come_back(&p, c[0], 0), ERR_OK);
	for (size_t i = 0; i < 6; i++) {
		struct crowd *there = c[i / 2 % 2];

		crowd_away(&p, ROW(7), later);
		assert_int_equal(count(c[0], 1), 1);
		assert_int_equal(count(c[1], 1), 1);
		assert_int_equal(come_back(&other, c[0], ROW(8)), ERR_LIMIT);
		assert_int_equal(come_back(&p, there, ROW(7)), ERR_OK);
		/* A copy of its position is another one. */
		assert_int_equal(come_back(&other, there, ROW(7)), ERR_LIMIT);
		assert_int_equal(count(c[0], 1), 1);
	}

	/* HEAD, or a refusal: its place is kept on. */
	crowd_away(&p, ROW(7), later);
	assert_int_equal(come_back(&p, c[1], ROW(7)), ERR_OK);
	crowd_give_back(&p);
	assert_int_equal(count(c[0], 1), 1);
	assert_int_equal(come_back(&p, c[1], ROW(7)), ERR_OK);
	crowd_leave(&p);
	assert_int_equal(count(c[0], 1), 0);

	/* One who never had a place, and one whose time is up. */
	assert_int_equal(come_back(&p, c[1], ROW(9)), ERR_OK);
	crowd_give_back(&p);
	assert_int_equal(count(c[0], 1), 0);
	assert_int_equal(come_back(&p, c[1], ROW(9)), ERR_OK);
	crowd_away(&p, ROW(9), clock_real_ms() - 1);
	assert_int_equal(count(c[0], 1), 0);
	crowd_free(c[0]);
	crowd_free(c[1]);
}

static void
remove_file(const struct queue_room *r)
{
	assert_int_equal(unlink(queue_files_path(r, "-hub")), 0);
}

static void
cut_file(const struct queue_room *r)
{
	assert_int_equal(truncate(queue_files_path(r, "-hub"), 4096), 0);
}

/* As a neighbour may write there: every byte behind the head. */
static void
overwrite(const struct queue_room *r, int byte)
{
	char bytes[4096];
	struct stat st;
	int fd = open(queue_files_path(r, "-hub"), O_WRONLY);

	memset(bytes, byte, sizeof(bytes));
	assert_int_equal(fstat(fd, &st), 0);
	for (off_t at = 8192; at < st.st_size; at += (off_t)sizeof(bytes))
		assert_int_equal(
		    pwrite(fd, bytes, sizeof(bytes), at), sizeof(bytes));
	close(fd);
}

static void
clear_slots(const struct queue_room *r)
{
	overwrite(r, 0);
}

static void
fill_slots(const struct queue_room *r)
{
	overwrite(r, 0x17);
}

static void
remove_database(const struct queue_room *r)
{
	unlink(queue_files_db(r));
	queue_close(queue_room_open(r, QUEUE_WRITE));
}

/* If the files are replaced, each process enters its streams into the
 * present one, without streams that have left. */
static void
enters_again_what_was_lost(void **state)
{
	void (*const losses[])(const struct queue_room *) = { remove_file,
		cut_file, clear_slots, fill_slots, remove_database };
	struct crowd *c[2] = { new_crowd(*state), new_crowd(*state) };

	for (size_t i = 0; i < COUNT(losses); i++) {
		struct crowd_place a, b, gone;

		assert_int_equal(enter(&a, c[0], 1, &no_limits), ERR_OK);
		assert_int_equal(enter(&gone, c[1], 1, &no_limits), ERR_OK);
		assert_int_equal(enter(&b, c[1], 1, &no_limits), ERR_OK);
		losses[i](*state);
		crowd_leave(&gone);
		crowd_look(c[0]);
		crowd_look(c[1]);
		assert_int_equal(count(c[0], 1), 2);
		assert_int_equal(count(c[1], 1), 2);
		losses[i](*state);
		crowd_look(c[0]);
		crowd_look(c[1]);
		crowd_leave(&a);
		assert_int_equal(count(c[0], 1), 1);
		crowd_leave(&b);
		assert_int_equal(count(c[1], 1), 0);
	}
	crowd_free(c[0]);
	crowd_free(c[1]);
}

/* Somebody puts back what the file was before: a slot that is ours and nobody
 * sits in does not stay. */
static void
ignores_stray_files(void **state)
{
	struct queue_room *r = *state;
	struct crowd *c = new_crowd(r);
	static char bytes[16384];
	struct crowd_place a, b;
	int fd;

	assert_int_equal(enter(&a, c, 1, &no_limits), ERR_OK);
	assert_int_equal(enter(&b, c, 1, &no_limits), ERR_OK);
	fd = open(queue_files_path(r, "-hub"), O_RDWR);
	assert_int_equal(pread(fd, bytes, sizeof(bytes), 8192), sizeof(bytes));
	crowd_leave(&a);
	assert_int_equal(pwrite(fd, bytes, sizeof(bytes), 8192), sizeof(bytes));
	close(fd);
	assert_int_equal(count(c, 1), 2);
	crowd_look(c);
	crowd_look(c);
	assert_int_equal(count(c, 1), 1);
	crowd_leave(&b);
	assert_int_equal(count(c, 1), 0);
	crowd_free(c);
}

/* A new stream makes its process enter all its other streams, too. */
static void
moves_to_another_file(void **state)
{
	const struct crowd_limits two = { 2, 0, 0 };
	struct crowd *c = new_crowd(*state);
	struct crowd_place places[2], p;

	for (size_t i = 0; i < COUNT(places); i++)
		assert_int_equal(enter(&places[i], c, 1, &two), ERR_OK);
	remove_file(*state);
	assert_int_equal(enter(&p, c, 1, &two), ERR_LIMIT);
	for (size_t i = 0; i < COUNT(places); i++)
		crowd_leave(&places[i]);
	assert_int_equal(enter(&p, c, 1, &two), ERR_OK);
	crowd_leave(&p);
	crowd_free(c);
}

/* There is nowhere to count: closed where a limit applies, open elsewhere, and
 * who came then is counted once that is possible. */
static void
goes_on_uncounted(void **state)
{
	static const struct {
		struct crowd_limits limits;
		struct crowd_keys keys;
		const char *setting; /* NULL: none applies */
	} cases[] = {
		{ { 0, 0, 0 }, { 1, 1 }, NULL },
		{ { 99, 0, 0 }, { 1, 1 }, "MERCURE_MAX_CONNECTIONS " },
		{ { 0, 99, 0 }, { 1, 1 },
		    "MERCURE_MAX_CONNECTIONS_PER_TOKEN " },
		{ { 0, 99, 0 }, { CROWD_NOBODY, 1 }, NULL },
		{ { 0, 0, 99 }, { CROWD_NOBODY, 1 },
		    "MERCURE_MAX_CONNECTIONS_PER_ADDRESS " },
	};
	struct queue_room *r = *state;
	char away[160];
	struct crowd_place places[COUNT(cases)];
	struct crowd *c = new_crowd(r);

	snprintf(away, sizeof(away), "%s-away", r->dir);
	assert_int_equal(rename(r->dir, away), 0);
	log_open("test", (enum log_level) - 1);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct problem why = { "" };
		enum err e = crowd_enter(
		    &places[i], c, &cases[i].keys, 0, &cases[i].limits, &why);

		assert_int_equal(e == ERR_OK, cases[i].setting == NULL);
		assert_int_not_equal(e, ERR_LIMIT);
		if (e != ERR_OK)
			assert_non_null(strstr(why.text, cases[i].setting));
		assert_null(strstr(why.text, r->dir));
	}
	crowd_look(c);
	assert_int_equal(rename(away, r->dir), 0);
	crowd_look(c);
	assert_int_equal(count(c, 1), 1);
	for (size_t i = 0; i < COUNT(cases); i++)
		crowd_leave(&places[i]);
	assert_int_equal(count(c, 1), 0);
	crowd_free(c);
}

/* More than there are slots at first. */
static void
counts_many(void **state)
{
	enum { MANY = SIDECAR_CROWD_SLOTS + 1000 };
	struct crowd *c[2] = { new_crowd(*state), new_crowd(*state) };
	struct crowd_place *places = calloc(MANY, sizeof(*places));
	const struct crowd_limits limit = { MANY, 0, 0 };
	struct crowd_place p;

	assert_non_null(places);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(
		    enter(&places[i], c[i % 2], i + 1, &limit), ERR_OK);
	assert_int_equal(enter(&p, c[0], 1, &limit), ERR_LIMIT);
	assert_int_equal(enter(&p, c[1], 1, &limit), ERR_LIMIT);
	for (size_t i = 0; i < MANY; i++)
		crowd_leave(&places[i]);
	assert_int_equal(count(c[0], 1), 0);
	free(places);
	crowd_free(c[0]);
	crowd_free(c[1]);
}

/* Several threads of two processes, while one removes the file again and
 * again. */
struct visitor {
	pthread_t thread;
	struct crowd *crowd;
	int entered;
};

static void *
visit(void *arg)
{
	const struct crowd_limits limits = { 0, 3, 0 };
	struct visitor *v = arg;

	for (int i = 0; v->entered < 200; i++) {
		struct crowd_place p;

		if (enter(&p, v->crowd, 1, &limits) != ERR_OK)
			continue;
		v->entered++;
		if (i % 3 == 0)
			crowd_away(&p, ROW(1), clock_real_ms());
		else if (i % 3 == 1)
			crowd_give_back(&p);
		else
			crowd_leave(&p);
	}
	return NULL;
}

static void
serves_many_threads(void **state)
{
	struct queue_room *r = *state;
	struct crowd *c[2] = { new_crowd(r), new_crowd(r) };
	struct visitor visitors[6];

	for (size_t i = 0; i < COUNT(visitors); i++) {
		visitors[i] = (struct visitor){ .crowd = c[i % 2] };
		assert_int_equal(pthread_create(&visitors[i].thread, NULL,
				     visit, &visitors[i]),
		    0);
	}
	for (int i = 0; i < 50; i++) {
		unlink(queue_files_path(r, "-hub"));
		crowd_look(c[i % 2]);
	}
	for (size_t i = 0; i < COUNT(visitors); i++)
		pthread_join(visitors[i].thread, NULL);
	crowd_look(c[0]);
	crowd_look(c[1]);
	assert_int_equal(count(c[0], 1), 0);
	crowd_free(c[0]);
	crowd_free(c[1]);
}

/* How many count for `topic`, as the process with `c` sees it. */
static int
viewers(struct crowd *c, uint64_t topic, bool may_wait)
{
	struct crowd_count v = { topic, 0 };

	return crowd_count_views(c, &v, 1, may_wait) == ERR_OK ? (int)v.n : -1;
}

/* Two processes; a file that was removed; one that comes back in the other. */
static void
counts_viewers(void **state)
{
	static const uint64_t topics[] = { 7, 8 };
	const struct queue_room *r = *state;
	struct crowd *c[2] = { new_crowd(r), new_crowd(r) };
	struct crowd_place p[2], back;
	const struct crowd_keys k = { 1, 1 };

	assert_int_equal(viewers(c[0], 7, false), -1);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(enter(&p[i], c[i], 1, &no_limits), ERR_OK);
		assert_int_equal(crowd_view(&p[i], topics, 1 + i), ERR_OK);
	}
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(viewers(c[i], 7, i == 0), 2);
		assert_int_equal(viewers(c[i], 8, i == 1), 1);
		assert_int_equal(viewers(c[i], 9, true), 0);
	}
	remove_file(r);
	assert_int_equal(viewers(c[0], 7, false), -1);
	crowd_look(c[0]);
	crowd_look(c[1]);
	assert_int_equal(viewers(c[0], 7, false), 2);

	crowd_away(&p[0], ROW(5), clock_real_ms() + 60000);
	assert_int_equal(viewers(c[1], 7, false), 2);
	assert_int_equal(
	    crowd_enter(&back, c[1], &k, ROW(5), &no_limits, NULL), ERR_OK);
	assert_int_equal(crowd_view(&back, topics, 1), ERR_OK);
	/* It never began, so it is away as before. */
	crowd_give_back(&back);
	assert_int_equal(viewers(c[1], 7, false), 2);
	assert_int_equal(
	    crowd_enter(&back, c[1], &k, ROW(5), &no_limits, NULL), ERR_OK);
	assert_int_equal(crowd_view(&back, topics, 1), ERR_OK);
	crowd_begin(&back);
	assert_int_equal(viewers(c[1], 7, false), 2);
	crowd_leave(&back);
	assert_int_equal(viewers(c[1], 7, false), 1);
	crowd_leave(&p[1]);
	assert_int_equal(viewers(c[1], 7, false), 0);
	crowd_free(c[0]);
	crowd_free(c[1]);
}

static void
without_memory(void **state)
{
	const struct crowd_limits one = { 1, 0, 0 };
	struct queue_room *r = *state;
	const uint64_t topic = 7;
	bool failed = true;

	log_open("test", (enum log_level) - 1);
	for (long n = 1; failed; n++) {
		struct crowd *c = NULL;
		struct crowd_place p = { .crowd = NULL };
		struct problem why = { "" };
		enum err e;

		mem_fail_at(n);
		if ((e = crowd_new(&c, &r->settings)) == ERR_OK)
			e = enter(&p, c, 1, &one);
		if (e == ERR_OK && (e = crowd_view(&p, &topic, 1)) != ERR_OK)
			crowd_give_back(&p);
		failed = mem_failed();
		mem_fail_at(0);
		assert_true(e == ERR_OK || (failed && e == ERR_NOMEM));
		/* And once there is memory again it goes on. */
		if (c != NULL && e != ERR_OK) {
			const struct crowd_keys k = { 1, 1 };

			assert_int_equal(
			    crowd_enter(&p, c, &k, 0, &one, &why), ERR_OK);
		}
		crowd_leave(&p);
		crowd_free(c);
	}
	crowd_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		QUEUE_ROOM_TEST(keeps_to_its_limits),
		QUEUE_ROOM_TEST(takes_other_limits),
		QUEUE_ROOM_TEST(keeps_a_place_for_one_away),
		QUEUE_ROOM_TEST(enters_again_what_was_lost),
		QUEUE_ROOM_TEST(ignores_stray_files),
		QUEUE_ROOM_TEST(moves_to_another_file),
		QUEUE_ROOM_TEST(goes_on_uncounted),
		QUEUE_ROOM_TEST(counts_many),
		QUEUE_ROOM_TEST(serves_many_threads),
		QUEUE_ROOM_TEST(counts_viewers),
		QUEUE_ROOM_TEST(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
