/* SPDX-License-Identifier: MIT */
/* test_commit.c - what is answered with success is in the log, in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "commit.h"
#include "container.h"
#include "log.h"
#include "mem_fail.h"
#include "queue_room.h"

#define GROUP 8
#define ROUNDS 5

static const struct commit_limits limits = { GROUP, 1 << 20 };

/* The publishes of one round, and the ids of all that had success. */
struct publishing {
	struct queue_room *room;
	struct loop *loop;
	struct commit *commit;
	struct commit_entry entries[GROUP];
	struct update_box *boxes[GROUP];
	int parked, number;
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
	struct commit_entry *e = CONTAINER(struct commit_entry, mail, m);
	struct publishing *p = publishing;
	size_t len = strlen(p->acked);

	if (e->result == ERR_OK)
		snprintf(p->acked + len, sizeof(p->acked) - len, "%.*s ",
		    SLICE_ARG(update_view(e->update)->id));
	if (--p->parked == 0)
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
		p->entries[i] = (struct commit_entry){ .mail.open = answered,
			.update = p->boxes[i] };
	}
	p->parked = n;
}

static void
publish(struct publishing *p, int n, long fail_at)
{
	prepare(p, n);
	mem_fail_at(fail_at);
	for (int i = 0; i < n; i++)
		assert_int_equal(
		    commit_submit(p->commit, &p->entries[i]), ERR_OK);
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
start(struct publishing *p)
{
	struct fault f = { "" };

	if (commit_start(&p->commit, &p->room->settings, &limits, p->loop, NULL,
		&f) != ERR_OK)
		fail_msg("%s", f.text);
}

static void
starts_or_fails_without_memory(void **state)
{
	struct publishing *p = *state;
	bool failed = true;

	for (long n = 1; failed; n++) {
		struct fault f = { "" };
		enum err e;

		p->commit = NULL;
		mem_fail_at(n);
		e = commit_start(
		    &p->commit, &p->room->settings, &limits, p->loop, NULL, &f);
		failed = mem_failed();
		mem_fail_at(0);
		/* A block that does not shrink does no harm. */
		assert_true(e == ERR_OK || (failed && e == ERR_NOMEM));
		assert_int_equal(p->commit == NULL, e != ERR_OK);
		assert_int_equal(f.text[0] == '\0', e == ERR_OK);
		if (e != ERR_OK)
			start(p);
		publish(p, 1, 0);
		commit_stop(p->commit);
	}
	expect_acked(p);
}

static void
fails_without_a_thread(void **state)
{
	struct publishing *p = *state;
	struct fault f = { "" };

	p->commit = NULL;
	mem_fail_stacks(true);
	assert_int_equal(commit_start(&p->commit, &p->room->settings, &limits,
			     p->loop, NULL, &f),
	    ERR_NOMEM);
	mem_fail_stacks(false);
	assert_null(p->commit);
	assert_string_equal(f.text, "No thread to publish with.");
	start(p);
	publish(p, 1, 0);
	commit_stop(p->commit);
	expect_acked(p);
}

/* Another file takes the database's place, and must be opened, too. */
static void
replace_database(struct publishing *p)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	char from[256];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(from, sizeof(from), "%s",
		    queue_room_path(p->room, suffixes[i]));
		remove(from);
	}
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
	commit_stop(p->commit);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, room_open, room_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(starts_or_fails_without_memory),
		TEST(fails_without_a_thread),
		TEST(acknowledges_what_it_keeps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
