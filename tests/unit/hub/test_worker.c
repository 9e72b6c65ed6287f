/* SPDX-License-Identifier: MIT */
/* test_worker.c - every job is done, and none is begun that cannot be. */
#include "unit/unit.h"

#include <stdatomic.h>

#include "hub/worker.h"
#include "unit/mem_fail.h"

#define THREADS 3
#define JOBS 40

struct counting {
	struct worker_job job;
	_Atomic int *done;
};

static void
count(struct worker_job *j, struct context *c)
{
	struct counting *k = (struct counting *)(void *)j;

	assert_non_null(c->settings);
	atomic_fetch_add(k->done, 1);
}

/* Jobs that wait are done before the end. */
static void
do_jobs(struct workers *w)
{
	struct counting jobs[JOBS];
	_Atomic int done = 0;

	for (int i = 0; i < JOBS; i++) {
		jobs[i] = (struct counting){ .job.run = count, .done = &done };
		workers_submit(w, &jobs[i].job);
	}
	workers_stop(w);
	assert_int_equal(done, JOBS);
}

static void
starts_or_fails_without_memory(void **state)
{
	bool failed = true;

	(void)state;
	for (long n = 1; failed; n++) {
		struct settings s = { .refs = 1 };
		struct settings_slot *slot = NULL;
		struct workers *w = NULL;
		enum err e;

		assert_int_equal(settings_slot_new(&slot, &s), ERR_OK);

		mem_fail_at(n);
		e = workers_start(&w, THREADS, slot, FRAMING_RAW, NULL, NULL);
		failed = mem_failed();
		mem_fail_at(0);
		assert_int_equal(e, failed ? ERR_NOMEM : ERR_OK);
		assert_int_equal(w == NULL, failed);
		if (w != NULL)
			do_jobs(w);
		settings_slot_free(slot);
		assert_int_equal(s.refs, 1);
	}
}

static void
fails_without_threads(void **state)
{
	struct settings s = { .refs = 1 };
	struct settings_slot *slot = NULL;
	struct workers *w = NULL;

	(void)state;
	assert_int_equal(settings_slot_new(&slot, &s), ERR_OK);
	mem_fail_stacks(true);
	assert_int_equal(
	    workers_start(&w, THREADS, slot, FRAMING_RAW, NULL, NULL),
	    ERR_NOMEM);
	mem_fail_stacks(false);
	assert_null(w);
	assert_int_equal(
	    workers_start(&w, THREADS, slot, FRAMING_RAW, NULL, NULL), ERR_OK);
	do_jobs(w);
	settings_slot_free(slot);
	assert_int_equal(s.refs, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_or_fails_without_memory),
		cmocka_unit_test(fails_without_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
