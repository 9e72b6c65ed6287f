/* SPDX-License-Identifier: MIT */
/* test_roster.c - who is here, and what waits to be written of them. */
#include "unit/unit.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "presence/roster.h"
#include "unit/mem_fail.h"
#include "unit/queue_room.h"

#define MAX 16
#define FOREVER INT64_MAX

static const struct roster_terms no_limits = { .away_key = 0 };
static int kicks;

static void
kick(void *arg)
{
	(void)arg;
	kicks++;
}

static int
room_open(void **state)
{
	struct roster *r = NULL;

	if (roster_new(&r) != ERR_OK)
		return -1;
	kicks = 0;
	roster_on_change(r, kick, NULL);
	*state = r;
	return 0;
}

static int
room_close(void **state)
{
	roster_free(*state);
	return 0;
}

static struct presence *
somebody(uint8_t token)
{
	const uint8_t digest[GRANT_TOKEN_SIZE] = { token };
	const struct matcher_list none = { NULL, 0 };
	const struct presence_parts parts = { .matchers = &none,
		.token = token != 0 ? digest : NULL,
		.signer = token != 0 ? PRESENCE_BY_KEY : PRESENCE_BY_NOBODY };
	struct presence *p = NULL;

	assert_int_equal(presence_new(&p, &parts), ERR_OK);
	return p;
}

static struct roster_entry *
enter(struct roster *r, uint8_t token)
{
	struct roster_entry *e = NULL;

	assert_int_equal(
	    roster_enter(&e, r, somebody(token), &no_limits, NULL), ERR_OK);
	return e;
}

/* All that waits, as one letter each; it is made, or fails. */
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

static void
each_is_written(void **state)
{
	struct roster *r = *state;
	struct roster_entry *a = enter(r, 1), *b = enter(r, 2);

	assert_string_equal(write_all(r, ERR_OK, 1), "");
	roster_begin(a);
	roster_begin(b);
	assert_int_equal(kicks, 1);
	assert_string_equal(write_all(r, ERR_OK, 1), "++");
	assert_string_equal(write_all(r, ERR_OK, 1), "");
	roster_end(b);
	assert_string_equal(write_all(r, ERR_OK, 1), "-");
	roster_away(a, FOREVER);
	assert_string_equal(write_all(r, ERR_OK, 1), "~");
	assert_false(roster_waits(r));
}

static void
leaving_for_a_moment_is_in_a_hurry(void **state)
{
	struct roster *r = *state;
	struct roster_entry *a = enter(r, 1), *b = enter(r, 2);

	roster_begin(a);
	roster_begin(b);
	assert_false(roster_hurries(r));
	assert_int_equal(kicks, 1);
	roster_away(b, FOREVER);
	assert_true(roster_hurries(r));
	assert_int_equal(kicks, 2);
	assert_string_equal(write_all(r, ERR_OK, 1), "+~");
	assert_false(roster_hurries(r));
	roster_end(a);
	assert_false(roster_hurries(r));
	assert_string_equal(write_all(r, ERR_OK, 1), "-");
}

static void
one_never_written_leaves_no_trace(void **state)
{
	struct roster *r = *state;
	struct roster_entry *e = enter(r, 1);

	roster_begin(e);
	roster_end(e);
	assert_false(roster_waits(r));
	assert_string_equal(write_all(r, ERR_OK, 1), "");
	roster_end(NULL);
}

static void
failures_wait_again(void **state)
{
	struct roster *r = *state;
	struct roster_entry *e = enter(r, 1);

	roster_begin(e);
	assert_string_equal(write_all(r, ERR_FULL, 0), "+");
	assert_true(roster_waits(r));
	assert_string_equal(write_all(r, ERR_OK, 1), "+");
	roster_end(e);
	assert_string_equal(write_all(r, ERR_BUSY, 0), "-");
	assert_string_equal(write_all(r, ERR_OK, 1), "-");
}

static void
changes_while_one_is_made(void **state)
{
	struct roster *r = *state;
	struct roster_entry *e = enter(r, 1);
	struct roster_change change;

	roster_begin(e);
	assert_int_equal(roster_take(r, &change, 1, SIZE_MAX), 1);
	roster_end(e);
	assert_false(roster_waits(r));
	roster_made(r, &change, 1, ERR_OK, 1);
	assert_string_equal(write_all(r, ERR_OK, 1), "-");

	e = enter(r, 1);
	roster_begin(e);
	assert_int_equal(roster_take(r, &change, 1, SIZE_MAX), 1);
	roster_end(e);
	roster_made(r, &change, 1, ERR_IO, 0);
	assert_string_equal(write_all(r, ERR_OK, 1), "");
}

static void
another_database_gets_all(void **state)
{
	struct roster *r = *state;
	struct roster_entry *a = enter(r, 1), *b = enter(r, 2);

	roster_begin(a);
	roster_begin(b);
	assert_string_equal(write_all(r, ERR_OK, 1), "++");
	roster_end(b);
	roster_made(r, NULL, 0, ERR_OK, 2);
	assert_string_equal(write_all(r, ERR_OK, 2), "+");
	roster_end(a);
	assert_string_equal(write_all(r, ERR_OK, 2), "-");
}

static void
two_go_on_as_one(void **state)
{
	struct roster *r = *state;

	for (uint8_t token = 0; token < 2; token++) {
		struct roster_entry *a = enter(r, token), *b = NULL;
		struct presence *copy = somebody(token);

		copy->key = roster_key(a);
		assert_int_equal(
		    roster_enter(&b, r, copy, &no_limits, NULL), ERR_OK);
		assert_true(roster_key(a) != roster_key(b));
		assert_true(roster_key(b) == copy->key);
	}
}

static void
becomes_another_if_refused(void **state)
{
	struct roster *r = *state;

	for (uint8_t token = 0; token < 2; token++) {
		struct roster_entry *e = enter(r, token);
		const uint64_t key = roster_key(e);
		struct roster_change change;

		roster_begin(e);
		assert_int_equal(roster_take(r, &change, 1, SIZE_MAX), 1);
		assert_false(change.refused);
		change.refused = true;
		roster_made(r, &change, 1, ERR_OK, 1);
		assert_true(roster_key(e) != key);
		assert_string_equal(write_all(r, ERR_OK, 1), "+");
		roster_end(e);
		assert_string_equal(write_all(r, ERR_OK, 1), "-");
	}
}

/* Its row is there, and it is away: an end is an end also if it comes before
 * the beginning is written, and a stream that is refused leaves it alone. */
static void
goes_on_with_its_row(void **state)
{
	struct roster *r = *state;

	for (int begins = 0; begins < 3; begins++) {
		struct presence *p = somebody(1);
		struct presence *away = somebody(1);
		struct roster_entry *e = NULL;

		presence_go_on(p, away);
		assert_int_equal(
		    roster_enter(&e, r, p, &no_limits, NULL), ERR_OK);
		if (begins)
			roster_begin(e);
		if (begins == 2)
			roster_away(e, FOREVER);
		else
			roster_end(e);
		assert_string_equal(write_all(r, ERR_OK, 1), begins == 2 ? "~"
							     : begins == 1
								 ? "-"
								 : "");
		presence_free(away);
	}
}

/* A transaction is bounded by what its changes cost. */
static void
bounds_costly_changes(void **state)
{
	static char payload[20000];
	struct roster *r = *state;
	struct roster_change changes[MAX];
	size_t n;

	memset(payload, 'x', sizeof(payload) - 1);
	for (int i = 0; i < 8; i++) {
		const struct matcher_list none = { NULL, 0 };
		const struct presence_parts parts = { .matchers = &none,
			.payload = slice_of(payload) };
		struct roster_entry *e = NULL;
		struct presence *p = NULL;

		assert_int_equal(presence_new(&p, &parts), ERR_OK);
		assert_int_equal(
		    roster_enter(&e, r, p, &no_limits, NULL), ERR_OK);
		roster_begin(e);
	}
	while ((n = roster_take(r, changes, MAX, SIZE_MAX)) > 0) {
		assert_in_range(n, 1, 3);
		roster_made(r, changes, n, ERR_OK, 1);
	}
	assert_false(roster_waits(r));
}

/* One place, and the subscriber it is for. */
static enum err
come(struct roster_entry **e, struct roster *r, uint64_t away_key)
{
	const struct roster_terms one = {
		.limits = { 1, 1, 1 }, .keys = { 1, 5 }, .away_key = away_key
	};
	struct presence *p = somebody(1);
	enum err result = roster_enter(e, r, p, &one, NULL);

	if (result != ERR_OK)
		presence_free(p);
	return result;
}

/* A subscriber that leaves makes room at once, although the queue cannot be
 * written and still has the row; one that is away makes room for itself
 * only. */
static void
is_counted(void **state)
{
	struct queue_room *room = *state;
	struct roster *r = NULL;
	struct roster_entry *a = NULL, *b = NULL;
	const int64_t later = clock_real_ms() + 3600000;
	uint64_t key;

	assert_int_equal(roster_new(&r), ERR_OK);
	assert_int_equal(roster_count_in(r, &room->settings), ERR_OK);
	roster_look(r);
	assert_int_equal(come(&a, r, 0), ERR_OK);
	assert_int_equal(come(&b, r, 0), ERR_LIMIT);
	roster_begin(a);
	assert_string_equal(write_all(r, ERR_OK, 1), "+");
	assert_int_equal(come(&b, r, 0), ERR_LIMIT);
	roster_end(a);
	assert_string_equal(write_all(r, ERR_FULL, 0), "-");

	assert_int_equal(come(&a, r, 0), ERR_OK);
	roster_begin(a);
	key = roster_key(a);
	roster_away(a, later);
	assert_int_equal(come(&b, r, 0), ERR_LIMIT);
	/* HEAD, or a stream that is refused later: it is kept on. */
	assert_int_equal(come(&b, r, key), ERR_OK);
	roster_end(b);
	assert_int_equal(come(&b, r, 0), ERR_LIMIT);
	assert_int_equal(come(&b, r, key), ERR_OK);
	roster_begin(b);
	roster_end(b);
	assert_int_equal(come(&b, r, 0), ERR_OK);
	roster_free(r);
}

/* A subscriber that never began makes room, too. */
static void
never_began(void **state)
{
	struct queue_room *room = *state;
	struct roster *r = NULL;
	struct roster_entry *e = NULL;

	assert_int_equal(roster_new(&r), ERR_OK);
	assert_int_equal(roster_count_in(r, &room->settings), ERR_OK);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(come(&e, r, 0), ERR_OK);
		roster_end(e);
	}
	roster_free(r);
}

/* It waited for longer than it may stay. */
static void
is_away_for_too_long(void **state)
{
	struct roster *r = *state;
	struct roster_entry *e = enter(r, 1);

	roster_begin(e);
	assert_string_equal(write_all(r, ERR_OK, 1), "+");
	roster_away(e, clock_real_ms() - 1);
	assert_string_equal(write_all(r, ERR_OK, 1), "-");
}

static void
rules_are_taken_once(void **state)
{
	const struct roster_rules first = {
		.signers = { 4 }, .n = 1, .events = true
	};
	const struct roster_rules second = { .signers = { 4, 5 }, .n = 2 };
	struct roster *r = *state;
	struct roster_rules got;

	assert_false(roster_take_rules(r, &got));
	roster_use(r, &first);
	roster_use(r, &second);
	assert_int_equal(kicks, 2);
	assert_true(roster_take_rules(r, &got));
	assert_int_equal(got.n, 2);
	assert_int_equal(got.signers[1], 5);
	assert_false(got.events);
	assert_false(roster_take_rules(r, &got));
}

/* The sessions that are to be extended, as digits. */
static const char *
extend_all(struct roster *r, size_t max)
{
	static char digits[MAX + 1];
	uint8_t tokens[MAX][GRANT_TOKEN_SIZE];
	struct session_extension how;
	const size_t n = roster_take_extensions(r, tokens, max, &how);

	memset(digits, 0, sizeof(digits));
	for (size_t i = 0; i < n; i++)
		digits[i] = (char)('0' + tokens[i][0]);
	assert_int_equal(how.lifetime_ms, 7);
	return digits;
}

static void
sessions_are_extended(void **state)
{
	const struct roster_rules rules = { .extension = { 7, 9 } };
	struct roster *r = *state;
	struct roster_entry *a, *b, *c, *nobody;

	roster_use(r, &rules);
	a = enter(r, 1);
	b = enter(r, 2);
	c = enter(r, 3);
	nobody = enter(r, 0);
	kicks = 0;
	assert_false(roster_extends(r));
	roster_extend(a);
	assert_int_equal(kicks, 1);
	roster_extend(b);
	roster_extend(a);
	roster_extend(nobody);
	assert_true(roster_extends(r));
	assert_string_equal(extend_all(r, 1), "1");
	assert_true(roster_extends(r));
	assert_string_equal(extend_all(r, MAX), "2");
	assert_false(roster_extends(r));
	assert_string_equal(extend_all(r, MAX), "");

	/* One that ends is forgotten; one that polls, and is away before its
	 * session was extended, is not. */
	roster_begin(a);
	roster_begin(b);
	roster_begin(c);
	assert_string_equal(write_all(r, ERR_OK, 1), "+++");
	roster_extend(a);
	roster_extend(b);
	roster_extend(c);
	roster_end(a);
	assert_string_equal(write_all(r, ERR_OK, 1), "-");
	roster_away(c, FOREVER);
	assert_string_equal(extend_all(r, MAX), "23");
	roster_extend(b);
	roster_end(b);
	roster_end(nobody);
	assert_string_equal(write_all(r, ERR_OK, 1), "~-");
	assert_string_equal(extend_all(r, MAX), "");
}

static void
without_memory(void **state)
{
	struct roster *r = NULL;
	struct roster_entry *e = NULL;
	struct presence *p = somebody(1);

	(void)state;
	mem_fail_at(1);
	assert_int_equal(roster_new(&r), ERR_NOMEM);
	mem_fail_at(0);
	assert_int_equal(roster_new(&r), ERR_OK);
	mem_fail_at(1);
	assert_int_equal(roster_enter(&e, r, p, &no_limits, NULL), ERR_NOMEM);
	mem_fail_at(0);
	assert_null(e);
	presence_free(p);
	roster_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    each_is_written, room_open, room_close),
		cmocka_unit_test_setup_teardown(
		    leaving_for_a_moment_is_in_a_hurry, room_open, room_close),
		cmocka_unit_test_setup_teardown(
		    one_never_written_leaves_no_trace, room_open, room_close),
		cmocka_unit_test_setup_teardown(
		    failures_wait_again, room_open, room_close),
		cmocka_unit_test_setup_teardown(
		    changes_while_one_is_made, room_open, room_close),
		cmocka_unit_test_setup_teardown(
		    another_database_gets_all, room_open, room_close),
		cmocka_unit_test_setup_teardown(
		    two_go_on_as_one, room_open, room_close),
		cmocka_unit_test_setup_teardown(
		    becomes_another_if_refused, room_open, room_close),
		cmocka_unit_test_setup_teardown(
		    goes_on_with_its_row, room_open, room_close),
		cmocka_unit_test_setup_teardown(
		    bounds_costly_changes, room_open, room_close),
		QUEUE_ROOM_TEST(is_counted),
		QUEUE_ROOM_TEST(never_began),
		cmocka_unit_test_setup_teardown(
		    is_away_for_too_long, room_open, room_close),
		cmocka_unit_test_setup_teardown(
		    rules_are_taken_once, room_open, room_close),
		cmocka_unit_test_setup_teardown(
		    sessions_are_extended, room_open, room_close),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
