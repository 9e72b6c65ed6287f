/* SPDX-License-Identifier: MIT */
/* test_roster_strangers.c - when strangers are written. */
#include "unit/unit.h"

#include "base/clock.h"
#include "presence/roster.h"

#define MAX 16
#define FOREVER INT64_MAX

static const struct roster_terms no_limits = { .away_key = 0 };
static int
room_open(void **state)
{
	struct roster *r = NULL;

	if (roster_new(&r) != ERR_OK)
		return -1;
	*state = r;
	return 0;
}

static int
room_close(void **state)
{
	roster_free(*state);
	return 0;
}

static struct roster_entry *
member(struct roster *r)
{
	const struct matcher_list none = { NULL, 0 };
	const struct presence_parts parts = { .matchers = &none,
		.signer = PRESENCE_BY_KEY };
	struct roster_entry *e = NULL;
	struct presence *p = NULL;

	assert_int_equal(presence_new(&p, &parts), ERR_OK);
	assert_int_equal(roster_enter(&e, r, p, &no_limits, NULL), ERR_OK);
	return e;
}

/* The waiting changes, one letter each; all of them are made, or fail. */
static const char *
write_all(struct roster *r, enum err result, uint64_t epoch)
{
	static char letters[MAX + 1];
	struct roster_change changes[MAX];
	size_t n = roster_take(r, changes, MAX, SIZE_MAX);

	memset(letters, 0, sizeof(letters));
	for (size_t i = 0; i < n; i++)
		letters[i] = "-+~"[changes[i].change.to];
	roster_made(r, changes, n, result, epoch);
	return letters;
}

/* So long that no machine is too busy for it. */
#define DELAY_MS 60000

/* A stranger who first came so long ago. */
static struct roster_entry *
stranger(struct roster *r, int64_t ago_ms)
{
	const struct matcher_list none = { NULL, 0 };
	const struct presence_parts parts = { .matchers = &none,
		.delay_ms = DELAY_MS };
	const uint64_t came_ms =
	    (uint64_t)(clock_real_ms() - ago_ms) % (1 << 22);
	static unsigned count;
	struct roster_entry *e = NULL;
	struct presence *p = NULL;

	assert_int_equal(presence_new(&p, &parts), ERR_OK);
	if (ago_ms > 0)
		presence_return(p, (uint64_t)1 << 62 | came_ms << 40 | ++count);
	assert_int_equal(roster_enter(&e, r, p, &no_limits, NULL), ERR_OK);
	return e;
}

/* A crowd that opens and closes streams writes nothing, and is asked to come
 * back neither; those that stay are written once they are due. */
static void
strangers_are_written_late(void **state)
{
	struct roster *r = *state;
	struct roster_entry *e;

	for (int i = 0; i < 5000; i++) {
		e = stranger(r, 0);
		roster_begin(e);
		assert_string_equal(write_all(r, ERR_OK, 1), "");
		if (i % 2 == 0)
			roster_end(e);
		else
			roster_away(e, FOREVER);
		assert_true(roster_strangers_ms(r) == INT64_MAX);
	}
	e = stranger(r, 0);
	roster_begin(e);
	assert_in_range(roster_strangers_ms(r), clock_mono_ms() + 1,
	    clock_mono_ms() + DELAY_MS);
	assert_false(roster_waits(r));
	roster_end(e);
}

/* A stranger that has polled before is due earlier: the key that it brings
 * makes it as old as one that stayed. */
static void
goes_on_from_when_it_came(void **state)
{
	struct roster *r = *state;
	struct roster_entry *young = stranger(r, 0), *half, *old;

	roster_begin(young);
	half = stranger(r, DELAY_MS / 2);
	roster_begin(half);
	assert_true(
	    roster_strangers_ms(r) <= clock_mono_ms() + DELAY_MS * 5 / 8);
	assert_string_equal(write_all(r, ERR_OK, 1), "");
	old = stranger(r, DELAY_MS);
	roster_begin(old);
	assert_int_equal(roster_strangers_ms(r), 0);
	assert_string_equal(write_all(r, ERR_OK, 1), "+");
	roster_away(old, FOREVER);
	assert_false(roster_hurries(r));
	assert_string_equal(write_all(r, ERR_OK, 1), "~");
	old = stranger(r, DELAY_MS);
	roster_begin(old);
	roster_away(old, FOREVER);
	assert_string_equal(write_all(r, ERR_OK, 1), "~");
	roster_end(young);
	roster_end(half);
}

/* Nothing of that needs to be written, unless it gets no stream after all. */
static void
is_back_before_it_was_written(void **state)
{
	struct roster *r = *state;

	for (int begins = 0; begins < 2; begins++) {
		struct roster_entry *e = stranger(r, DELAY_MS), *back = NULL;
		const struct matcher_list none = { NULL, 0 };
		const struct presence_parts parts = { .matchers = &none,
			.delay_ms = DELAY_MS };
		const uint64_t key = roster_key(e);
		struct presence *p = NULL;

		roster_begin(e);
		assert_string_equal(write_all(r, ERR_OK, 1), "+");
		roster_away(e, FOREVER);
		assert_int_equal(presence_new(&p, &parts), ERR_OK);
		p->brought = key;
		assert_int_equal(
		    roster_enter(&back, r, p, &no_limits, NULL), ERR_OK);
		assert_true(roster_key(back) == key);
		if (begins)
			roster_begin(back);
		else
			roster_end(back);
		assert_string_equal(write_all(r, ERR_OK, 1), begins ? "" : "~");
		if (begins)
			roster_end(back);
		assert_string_equal(write_all(r, ERR_OK, 1), begins ? "-" : "");
	}
}

/* A stranger whose row is another process's is new, and waits like any new
 * one. */
static void
refused_stranger_waits(void **state)
{
	struct roster *r = *state;
	struct roster_entry *e = stranger(r, DELAY_MS);
	struct roster_change change;

	roster_begin(e);
	assert_int_equal(roster_take(r, &change, 1, SIZE_MAX), 1);
	change.refused = true;
	roster_made(r, &change, 1, ERR_OK, 1);
	assert_true(roster_strangers_ms(r) > clock_mono_ms());
	roster_end(e);
	assert_string_equal(write_all(r, ERR_OK, 1), "");
}

/* Members do not wait for room; of strangers those first whose rows go. */
static void
room_holds(void **state)
{
	struct roster *r = *state;
	struct roster_entry *a = stranger(r, DELAY_MS), *b;
	struct roster_change changes[MAX];

	roster_begin(a);
	assert_string_equal(write_all(r, ERR_OK, 1), "+");
	b = stranger(r, DELAY_MS);
	roster_begin(b);
	roster_begin(stranger(r, DELAY_MS));
	roster_end(a);
	roster_begin(member(r));

	assert_int_equal(roster_take(r, changes, MAX, 0), 1);
	roster_made(r, changes, 1, ERR_OK, 1);
	assert_false(roster_waits(r));
	assert_int_equal(roster_strangers_ms(r), 0);
	assert_int_equal(roster_take(r, changes, MAX, 1), 1);
	assert_int_equal(changes[0].change.to, PRESENCE_GONE);
	roster_made(r, changes, 1, ERR_OK, 1);
	assert_int_equal(roster_take(r, changes, MAX, 1), 1);
	assert_true(changes[0].entry == b);
	roster_made(r, changes, 1, ERR_OK, 1);
	assert_string_equal(write_all(r, ERR_OK, 1), "+");
}

/* With no room nothing grows with the requests of strangers. */
static void
few_are_kept_without_a_row(void **state)
{
	struct roster *r = *state;
	struct roster_change changes[MAX];
	size_t n, all = 0;

	for (int i = 0; i < 3 * ROSTER_AWAY_MAX; i++) {
		struct roster_entry *e = stranger(r, DELAY_MS);

		roster_begin(e);
		assert_int_equal(roster_take(r, changes, MAX, 0), 0);
		roster_away(e, FOREVER);
	}
	while ((n = roster_take(r, changes, MAX, SIZE_MAX)) > 0) {
		roster_made(r, changes, n, ERR_OK, 1);
		all += n;
	}
	assert_int_equal(all, ROSTER_AWAY_MAX);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, room_open, room_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(strangers_are_written_late),
		TEST(goes_on_from_when_it_came),
		TEST(is_back_before_it_was_written),
		TEST(refused_stranger_waits),
		TEST(room_holds),
		TEST(few_are_kept_without_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
