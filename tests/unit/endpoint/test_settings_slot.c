/* SPDX-License-Identifier: MIT */
/* test_settings_slot.c - settings are replaced while threads read and wait. */
#include "unit/unit.h"

#include <pthread.h>
#include <unistd.h>

#include "base/clock.h"
#include "endpoint/settings_slot.h"
#include "unit/mem_fail.h"

static void
needs_memory(void **state)
{
	struct settings s = { .refs = 1 };
	struct settings_slot *slot = NULL;

	(void)state;
	mem_fail_at(1);
	assert_int_equal(settings_slot_new(&slot, &s), ERR_NOMEM);
	mem_fail_at(0);
	assert_null(slot);
	assert_int_equal(s.refs, 1);
	settings_slot_free(NULL);
}

static void
counts_references(void **state)
{
	struct settings s = { .refs = 1 }, other = { .refs = 1 };
	struct settings_slot *slot = NULL;

	(void)state;
	assert_int_equal(settings_slot_new(&slot, &s), ERR_OK);
	assert_ptr_equal(settings_slot_get(slot), &s);
	assert_int_equal(s.refs, 3);
	settings_unref(&s);
	settings_slot_set(slot, &other);
	assert_int_equal(s.refs, 1);
	assert_int_equal(other.refs, 2);
	settings_slot_free(slot);
	assert_int_equal(other.refs, 1);
}

static void
replaces_only_what_was_seen(void **state)
{
	struct settings seen = { .refs = 1 }, other = { .refs = 1 },
			fresh = { .refs = 1 };
	struct settings_slot *slot = NULL;

	(void)state;
	assert_int_equal(settings_slot_new(&slot, &other), ERR_OK);
	assert_false(settings_slot_replace(slot, &seen, &fresh));
	assert_int_equal(fresh.refs, 1);
	assert_int_equal(other.refs, 2);
	assert_true(settings_slot_replace(slot, &other, &fresh));
	assert_int_equal(fresh.refs, 2);
	assert_int_equal(other.refs, 1);
	settings_slot_free(slot);
}

/* A thread that waits for an hour. */
struct waiter {
	pthread_t thread;
	struct settings_slot *slot;
	const struct settings *seen;
	_Atomic bool stop;
};

static void *
wait_long(void *arg)
{
	struct waiter *w = arg;

	settings_slot_wait(
	    w->slot, w->seen, clock_mono_ms() + 3600 * 1000, &w->stop);
	return NULL;
}

static void
wakes_those_that_wait(void **state)
{
	struct settings s = { .refs = 1 }, other = { .refs = 1 };
	struct waiter w = { .seen = &s };

	(void)state;
	assert_int_equal(settings_slot_new(&w.slot, &s), ERR_OK);
	/* The wait ends at once, since its time is over. */
	settings_slot_wait(w.slot, &s, clock_mono_ms(), &w.stop);

	assert_int_equal(pthread_create(&w.thread, NULL, wait_long, &w), 0);
	settings_slot_set(w.slot, &other);
	pthread_join(w.thread, NULL);

	w.seen = &other;
	assert_int_equal(pthread_create(&w.thread, NULL, wait_long, &w), 0);
	atomic_store(&w.stop, true);
	settings_slot_wake(w.slot);
	pthread_join(w.thread, NULL);
	settings_slot_free(w.slot);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(needs_memory),
		cmocka_unit_test(counts_references),
		cmocka_unit_test(replaces_only_what_was_seen),
		cmocka_unit_test(wakes_those_that_wait),
	};

	/* A thread that is not woken would wait for an hour. */
	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
