/* SPDX-License-Identifier: MIT */
/* test_publish_thread.c - an answered publish is in the log, in order. */
#include "unit/unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/container.h"
#include "base/log.h"
#include "hub/publish_thread.h"
#include "unit/mem_fail.h"
#include "unit/presence_room.h"
#include "unit/queue_files.h"

#define GROUP 8
#define ROUNDS 5

static const struct pending_limits limits = { GROUP, 1 << 20 };

/* The publishes of one round, and the ids of all that had success. */
struct publishing {
	struct queue_room *room;
	struct loop *loop;
	struct publish_thread *publisher;
	struct pending_publish entries[GROUP];
	struct update_box *boxes[GROUP];
	int waiting, number;
	char acked[4096];
};

/* A mail does not say whose it is. */
static struct publishing *publishing;

static int
room_open(void **state)
{
	struct publishing *p = calloc(1, sizeof(*p));
	void *room = NULL;

	if (p == NULL || queue_room_make(&room) != 0 ||
	    loop_new(&p->loop) != ERR_OK)
		return -1;
	log_open("test", LOG_LEVEL_ERR);
	p->room = room;
	*state = publishing = p;
	return 0;
}

static int
room_close(void **state)
{
	struct publishing *p = *state;
	void *room = p->room;

	loop_free(p->loop);
	free(p);
	return queue_room_remove(&room);
}

static void
answered(struct loop_mail *m)
{
	struct pending_publish *e = CONTAINER(struct pending_publish, mail, m);
	struct publishing *p = publishing;
	size_t len = strlen(p->acked);

	if (e->result == ERR_OK)
		snprintf(p->acked + len, sizeof(p->acked) - len, "%.*s ",
		    SLICE_ARG(update_view(e->update)->id));
	if (--p->waiting == 0)
		loop_stop(p->loop);
}

static void
prepare(struct publishing *p, int n)
{
	const struct update_limits any = { 9, 99 };

	for (int i = 0; i < n; i++) {
		char id[16];
		const struct update u = { .topics = slice_of("t"),
			.id = { id, (size_t)snprintf(
					id, sizeof(id), "%d", p->number++) } };

		p->boxes[i] = NULL;
		assert_int_equal(
		    update_new(&p->boxes[i], &u, &any, NULL), ERR_OK);
		p->entries[i] = (struct pending_publish){ .mail.open = answered,
			.update = p->boxes[i] };
	}
	p->waiting = n;
}

static void
publish(struct publishing *p, int n, long fail_at)
{
	prepare(p, n);
	mem_fail_at(fail_at);
	for (int i = 0; i < n; i++)
		assert_int_equal(
		    publish_thread_submit(p->publisher, &p->entries[i]),
		    ERR_OK);
	loop_run(p->loop);
	mem_fail_at(0);
	for (int i = 0; i < n; i++)
		update_free(p->boxes[i]);
}

static void
expect_acked(struct publishing *p)
{
	struct queue *q = queue_room_open(p->room, QUEUE_READ);

	assert_string_equal(queue_room_ids(q), p->acked);
	queue_close(q);
}

static void
start_with(struct publishing *p, struct roster *roster)
{
	struct problem why = { "" };

	if (publish_thread_start(&p->publisher, &p->room->settings, &limits,
		p->loop, roster, &why) != ERR_OK)
		fail_msg("%s", why.text);
}

static void
start(struct publishing *p)
{
	start_with(p, NULL);
}

static void
starts_or_fails_without_memory(void **state)
{
	struct publishing *p = *state;
	bool failed = true;

	for (long n = 1; failed; n++) {
		struct problem why = { "" };
		enum err e;

		p->publisher = NULL;
		mem_fail_at(n);
		e = publish_thread_start(&p->publisher, &p->room->settings,
		    &limits, p->loop, NULL, &why);
		failed = mem_failed();
		mem_fail_at(0);
		/* A block that does not shrink does no harm. */
		assert_true(e == ERR_OK || (failed && e == ERR_NOMEM));
		assert_int_equal(p->publisher == NULL, e != ERR_OK);
		assert_int_equal(why.text[0] == '\0', e == ERR_OK);
		if (e != ERR_OK)
			start(p);
		publish(p, 1, 0);
		publish_thread_stop(p->publisher);
	}
	expect_acked(p);
}

static void
fails_without_a_thread(void **state)
{
	struct publishing *p = *state;
	struct problem why = { "" };

	p->publisher = NULL;
	mem_fail_stacks(true);
	assert_int_equal(publish_thread_start(&p->publisher, &p->room->settings,
			     &limits, p->loop, NULL, &why),
	    ERR_NOMEM);
	mem_fail_stacks(false);
	assert_null(p->publisher);
	assert_string_equal(why.text, "No thread to publish with.");
	start(p);
	publish(p, 1, 0);
	publish_thread_stop(p->publisher);
	expect_acked(p);
}

/* Another file takes the database's place, and must be opened, too. */
static void
replace_database(struct publishing *p)
{
	queue_room_lose(p->room);
	p->acked[0] = '\0';
}

static void
acknowledges_what_it_keeps(void **state)
{
	struct publishing *p = *state;

	start(p);
	for (long n = 1; n <= ROUNDS; n++) {
		publish(p, GROUP, n);
		publish(p, GROUP, 0);
		expect_acked(p);
		replace_database(p);
		publish(p, GROUP, n);
		publish(p, GROUP, 0);
		assert_string_not_equal(p->acked, "");
		expect_acked(p);
	}
	publish_thread_stop(p->publisher);
}

/* A roster that the publish thread writes; *q is a handle to look with. */
static struct roster *
start_with_roster(struct publishing *p, struct queue **q)
{
	struct roster *r = NULL;

	assert_int_equal(roster_new(&r), ERR_OK);
	*q = presence_room_open(p->room, roster_owner(r));
	start_with(p, r);
	return r;
}

static void
enter(struct roster *r, struct roster_entry **entries, size_t n)
{
	const struct roster_terms none = { .away_key = 0 };

	for (size_t i = 0; i < n; i++) {
		assert_int_equal(
		    roster_enter(&entries[i], r, presence_room_somebody("a", 1),
			&none, NULL),
		    ERR_OK);
		roster_begin(entries[i]);
	}
}

static void
leave(struct roster_entry **entries, size_t n)
{
	for (size_t i = 0; i < n; i++)
		roster_end(entries[i]);
}

/* So often does one of the texts that presence_room.h makes name a topic. */
static size_t
count(const char *text, const char *topic)
{
	size_t n = 0;

	for (; (text = strstr(text, topic)) != NULL; text++)
		n++;
	return n;
}

static void
wait_for_listed(struct queue *q, size_t n)
{
	while (count(presence_room_listed(q, NULL, NULL), "a ") != n)
		usleep(1000);
}

/* More than one transaction takes; the last ones at the end. */
static void
writes_who_comes_and_goes(void **state)
{
	enum { ALL = 200, SOME = 150 };
	struct publishing *p = *state;
	struct roster_entry *entries[ALL];
	struct queue *q;
	struct roster *r = start_with_roster(p, &q);

	enter(r, entries, ALL);
	wait_for_listed(q, ALL);
	leave(entries, SOME);
	wait_for_listed(q, ALL - SOME);
	leave(entries + SOME, ALL - SOME);
	publish_thread_stop(p->publisher);
	assert_false(roster_waits(r));
	assert_string_equal(presence_room_listed(q, NULL, NULL), "");
	assert_int_equal(count(presence_room_published(q), "+a "), ALL);
	assert_int_equal(count(presence_room_published(q), "-a "), ALL);
	roster_free(r);
	queue_close(q);
}

/* The work that a thread left when it had to stop. */
static void
writes_all_when_it_stops(void **state)
{
	struct publishing *p = *state;
	struct roster_entry *entries[200];
	struct queue *q;
	struct roster *r = start_with_roster(p, &q);

	enter(r, entries, 200);
	publish_thread_stop(p->publisher);
	assert_false(roster_waits(r));
	assert_int_equal(count(presence_room_published(q), "+a "), 200);
	roster_free(r);
	queue_close(q);
}

/* Another sidecar, in which somebody else has the bytes of all processes: until
 * it is closed none can show that it lives and write rows of subscribers. */
static int
lock_bytes_of_processes(struct publishing *p)
{
	struct flock l = { .l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = (off_t)1 << 40 };
	char path[256], other[300], page[4096];
	int from, to;

	snprintf(path, sizeof(path), "%s", queue_files_path(p->room, "-hub"));
	snprintf(other, sizeof(other), "%s.new", path);
	from = open(path, O_RDONLY);
	to = open(other, O_RDWR | O_CREAT, 0660);
	assert_int_equal(read(from, page, sizeof(page)), sizeof(page));
	assert_int_equal(write(to, page, sizeof(page)), sizeof(page));
	assert_int_equal(fcntl(to, F_OFD_SETLK, &l), 0);
	assert_int_equal(rename(other, path), 0);
	close(from);
	return to;
}

/* Rows of subscribers cannot be written: publishes go on, and the rows come
 * when they can be. */
static void
tries_again(void **state)
{
	struct publishing *p = *state;
	struct roster_entry *entries[3];
	struct queue *q;
	struct roster *r = start_with_roster(p, &q);
	size_t len;
	int locked;

	locked = lock_bytes_of_processes(p);
	enter(r, entries, 3);
	for (int i = 0; i < ROUNDS; i++) {
		len = strlen(p->acked);
		publish(p, GROUP, 0);
		assert_true(strlen(p->acked) > len);
	}
	assert_string_equal(presence_room_published(q), "");
	assert_string_equal(presence_room_listed(q, NULL, NULL), "");
	close(locked);
	wait_for_listed(q, 3);
	leave(entries, 3);
	wait_for_listed(q, 0);
	publish_thread_stop(p->publisher);
	assert_string_equal(presence_room_published(q), "+a +a +a -a -a -a ");
	roster_free(r);
	queue_close(q);
}

/* A new database gets the rows of all subscribers. */
static void
writes_them_again(void **state)
{
	struct publishing *p = *state;
	struct roster_entry *entries[3];
	struct queue *q;
	struct roster *r = start_with_roster(p, &q);

	enter(r, entries, 3);
	wait_for_listed(q, 3);
	roster_end(entries[0]);
	wait_for_listed(q, 2);
	queue_close(q);
	replace_database(p);
	q = queue_room_open(p->room, QUEUE_READ);
	wait_for_listed(q, 2);
	leave(entries + 1, 2);
	publish_thread_stop(p->publisher);
	assert_string_equal(presence_room_published(q), "+a +a -a -a ");
	roster_free(r);
	queue_close(q);
}

#define TEST(why) cmocka_unit_test_setup_teardown(why, room_open, room_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(starts_or_fails_without_memory),
		TEST(fails_without_a_thread),
		TEST(acknowledges_what_it_keeps),
		TEST(writes_who_comes_and_goes),
		TEST(writes_all_when_it_stops),
		TEST(tries_again),
		TEST(writes_them_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
