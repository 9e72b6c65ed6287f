/* SPDX-License-Identifier: MIT */
/* test_clock.c - the units and the direction of the two clocks. */
#include "unit/unit.h"

#include <time.h>

#include "base/clock.h"

static void
test_mono_never_goes_back(void **state)
{
	int64_t last = clock_mono_ms();

	(void)state;
	for (int i = 0; i < 10000; i++) {
		int64_t now = clock_mono_ms();

		assert_true(now >= last);
		last = now;
	}
}

static void
test_both_count_milliseconds(void **state)
{
	int64_t before = (int64_t)time(NULL) * 1000;
	int64_t real = clock_real_ms();
	int64_t after = ((int64_t)time(NULL) + 1) * 1000;
	struct timespec ts;

	(void)state;
	/* time() reads a coarser clock, which lags by some milliseconds. */
	assert_in_range(real, before, after + 1000);

	clock_gettime(CLOCK_MONOTONIC, &ts);
	assert_true(clock_mono_ms() >=
		    (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
	assert_true(clock_mono_ms() / 1000 <= (int64_t)ts.tv_sec + 60);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mono_never_goes_back),
		cmocka_unit_test(test_both_count_milliseconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
