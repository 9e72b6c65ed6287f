/* SPDX-License-Identifier: MIT */
/* test_session_rules.c - rows of sessions after each change. */
#include "unit/unit.h"

#include "queue/session_rules.h"
#include "unit/mem_fail.h"

#define MANY 10

static const struct session_key key = { "k" }, other = { "o" };

/* A row with these values; payload NULL: it has none. */
static struct session
row(const char *topics, const char *payload, int64_t until_ms)
{
	return (struct session){ .key = key,
		.until_ms = until_ms,
		.kept_ms = until_ms,
		.topics = slice_of(topics),
		.payload = slice_of(payload) };
}

static void
assert_text(struct slice s, const char *text, const char *name)
{
	if (!slice_is(s, text))
		fail_msg(
		    "%s: \"%.*s\" is not \"%s\"", name, SLICE_ARG(s), text);
}

static void
test_is_granted(void **state)
{
	static const struct {
		const char *name, *topics, *payload;
		int64_t extend_ms;
		bool replace, moved, want;
	} rows[] = {
		{ "all is there", "x\ny", "{}", 100, false, false, true },
		{ "in another order", "y\nx", NULL, 99, false, false, true },
		{ "fewer topics", "y", NULL, 0, false, false, true },
		{ "it ends too early", "x", NULL, 101, false, false, false },
		{ "a new topic", "x\nz", NULL, 0, false, false, false },
		{ "a part of a topic", "xx", NULL, 0, false, false, false },
		{ "another payload", "x", "[]", 0, false, false, false },
		{ "to be replaced", "x", NULL, 0, true, false, false },
		{ "the id was moved", "x", NULL, 0, false, true, false },
	};
	struct session had = row("x\ny", "{}", 100);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct session_wish w = { .topics =
						    slice_of(rows[i].topics),
			.payload = slice_of(rows[i].payload),
			.extend_ms = rows[i].extend_ms,
			.replace = rows[i].replace };

		had.moved = rows[i].moved;
		if (session_rules_is_granted(&had, &w) != rows[i].want)
			fail_msg("%s", rows[i].name);
	}
}

/* A page asks each time it is shown; half of the lifetime is 50. */
static void
test_is_granted_without_an_end(void **state)
{
	static const struct {
		const char *name;
		int64_t until_ms, granted_ms, wish_ms;
		bool want;
	} rows[] = {
		{ "as it is", 200, 100, 100, true },
		{ "granted half of the time ago", 1000, 50, 100, true },
		{ "granted before, and extended since", 1000, 49, 100, false },
		{ "it ends too early", 149, 100, 100, false },
		{ "the end is to be explicit", 200, 100, 0, false },
		{ "the end is explicit already", 200, 0, 0, true },
		{ "it stays explicit", 200, 0, 100, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct session had = row("x", NULL, rows[i].until_ms);
		const struct session_wish w = { .topics = slice_of("x"),
			.now_ms = 100,
			.until_ms = 200,
			.extend_ms = 150,
			.granted_ms = rows[i].wish_ms };

		had.granted_ms = rows[i].granted_ms;
		if (session_rules_is_granted(&had, &w) != rows[i].want)
			fail_msg("%s", rows[i].name);
	}
}

static void
test_add_without_an_end(void **state)
{
	static const struct {
		const char *name, *had;
		int64_t granted_ms, wish_ms;
		bool moved, replace;
		int64_t want_ms;
	} rows[] = {
		{ "the first grant", "", 0, 7, false, false, 7 },
		{ "the first, with an end", "", 0, 0, false, false, 0 },
		{ "granted again", "x", 5, 7, false, false, 7 },
		{ "a move brings an earlier one", "x", 7, 5, false, false, 7 },
		{ "an end is added", "x", 5, 0, false, false, 0 },
		{ "an end was there", "x", 0, 7, false, false, 0 },
		{ "which was replaced", "x", 0, 7, false, true, 7 },
		{ "or belonged to an id that moved", "x", 0, 7, true, false,
		    7 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct session had = row(rows[i].had, NULL, 50), got;
		const struct session_wish w = { .key = key,
			.topics = slice_of("y"),
			.until_ms = 100,
			.granted_ms = rows[i].wish_ms,
			.topics_max = MANY,
			.replace = rows[i].replace };
		struct buf topics;

		had.granted_ms = rows[i].granted_ms;
		had.moved = rows[i].moved;
		buf_init(&topics, SESSION_TOPICS_BYTES);
		assert_int_equal(
		    session_rules_add(&got, &topics, &had, &w), ERR_OK);
		if (got.granted_ms != rows[i].want_ms)
			fail_msg("%s: %lld", rows[i].name,
			    (long long)got.granted_ms);
		buf_free(&topics);
	}
}

/* The lifetime is 100, and 250 the longest time after a grant. */
static void
test_extend(void **state)
{
	static const struct session_extension x = { 100, 250 },
					      off = { 100, 0 };
	static const struct {
		const char *name, *had;
		int64_t granted_ms, until_ms, now_ms, want_ms; /* 0: no */
		bool moved, off;
	} rows[] = {
		{ "half of it is left", "x", 1000, 1100, 1050, 1150, false,
		    false },
		{ "more is left", "x", 1000, 1100, 1049, 0, false, false },
		{ "it was extended before", "x", 1000, 1150, 1120, 1220, false,
		    false },
		{ "up to the longest time", "x", 1000, 1220, 1180, 1250, false,
		    false },
		{ "and not beyond", "x", 1000, 1250, 1240, 0, false, false },
		{ "granted for longer", "x", 1000, 1300, 1299, 0, false,
		    false },
		{ "granted again", "x", 1200, 1250, 1240, 1340, false, false },
		{ "an explicit end", "x", 0, 1100, 1090, 0, false, false },
		{ "without topics", "", 1000, 1100, 1090, 0, false, false },
		{ "an id that was moved", "x", 1000, 1100, 1090, 0, true,
		    false },
		{ "switched off", "x", 1000, 1100, 1090, 0, false, true },
		{ "granted in the future", "x", 5000, 1100, 1090, 1190, false,
		    false },
		{ "granted at no time that is one", "x", INT64_MAX, 1100, 1090,
		    1190, false, false },
		{ "an end at no time that is one", "x", 1, INT64_MAX, 1090, 0,
		    false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct session had = row(rows[i].had, "{}", rows[i].until_ms);
		struct session got = { .until_ms = 0 };
		bool done;

		had.granted_ms = rows[i].granted_ms;
		had.moved = rows[i].moved;
		done = session_rules_extend(
		    &got, &had, rows[i].now_ms, rows[i].off ? &off : &x);
		if (done != (rows[i].want_ms > 0) ||
		    got.until_ms != rows[i].want_ms)
			fail_msg(
			    "%s: %lld", rows[i].name, (long long)got.until_ms);
		if (!done)
			continue;
		assert_text(got.topics, rows[i].had, rows[i].name);
		assert_text(got.payload, "{}", rows[i].name);
		assert_int_equal(got.granted_ms, had.granted_ms);
	}
}

static void
test_nothing_is_not_granted(void **state)
{
	const struct session none = row("", NULL, 0);
	const struct session empty_payload = row("x", NULL, 100);
	struct session_wish w = { .topics = slice_of("") };

	(void)state;
	assert_false(session_rules_is_granted(&none, &w));
	w.topics = slice_of("x");
	w.payload = slice_of("");
	assert_false(session_rules_is_granted(&empty_payload, &w));
}

static void
test_add(void **state)
{
	static const struct {
		const char *name, *had, *had_payload;
		int64_t had_until_ms;
		bool moved, replace;
		const char *topics, *payload;
		int64_t until_ms;
		const char *want, *want_payload;
		int64_t want_until_ms;
	} rows[] = {
		{ "the first grant", "", NULL, 0, false, false, "x\ny", "{}",
		    100, "x\ny", "{}", 100 },
		{ "topics are joined", "x\ny", NULL, 50, false, false, "y\nz",
		    NULL, 100, "x\ny\nz", NULL, 100 },
		{ "each topic counts once", "x", NULL, 50, false, false,
		    "y\ny\nx", NULL, 100, "x\ny", NULL, 100 },
		{ "the later end counts", "x", NULL, 200, false, false, "y",
		    NULL, 100, "x\ny", NULL, 200 },
		{ "a payload stays", "x", "{}", 50, false, false, "y", NULL,
		    100, "x\ny", "{}", 100 },
		{ "a payload is exchanged", "x", "{}", 50, false, false, "y",
		    "[]", 100, "x\ny", "[]", 100 },
		{ "replaced", "x", "{}", 200, false, true, "y", NULL, 100, "y",
		    NULL, 100 },
		{ "a moved id starts from nothing", "x", "{}", 200, true, false,
		    "y", NULL, 100, "y", NULL, 100 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct session had =
		    row(rows[i].had, rows[i].had_payload, rows[i].had_until_ms);
		const struct session_wish w = { .key = key,
			.topics = slice_of(rows[i].topics),
			.payload = slice_of(rows[i].payload),
			.until_ms = rows[i].until_ms,
			.topics_max = MANY,
			.replace = rows[i].replace };
		struct session got;
		struct buf topics;

		had.moved = rows[i].moved;
		buf_init(&topics, SESSION_TOPICS_BYTES);
		assert_int_equal(
		    session_rules_add(&got, &topics, &had, &w), ERR_OK);
		assert_memory_equal(&got.key, &key, sizeof(key));
		assert_text(got.topics, rows[i].want, rows[i].name);
		assert_text(got.payload, rows[i].want_payload, rows[i].name);
		if (got.until_ms != rows[i].want_until_ms || got.moved)
			fail_msg("%s", rows[i].name);
		buf_free(&topics);
	}
}

static void
test_add_keeps_limits(void **state)
{
	static const struct {
		const char *had, *topics;
		size_t topics_max, bytes_max;
		enum err want;
	} rows[] = {
		{ "1\n2", "3", 3, 5, ERR_OK },
		{ "1\n2", "2\n3", 3, 5, ERR_OK },
		{ "1\n2", "3\n4", 3, 100, ERR_LIMIT },
		{ "1\n2", "3", 3, 4, ERR_LIMIT },
		{ "", "1", 0, 100, ERR_LIMIT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct session had = row(rows[i].had, NULL, 100);
		const struct session_wish w = { .topics =
						    slice_of(rows[i].topics),
			.topics_max = rows[i].topics_max };
		struct session got;
		struct buf topics;

		buf_init(&topics, rows[i].bytes_max);
		assert_int_equal(
		    session_rules_add(&got, &topics, &had, &w), rows[i].want);
		buf_free(&topics);
	}
}

static void
test_move(void **state)
{
	static const struct {
		const char *name, *had;
		int64_t until_ms, kept_ms;
		bool moved;
		int64_t new_until_ms, old_until_ms;
	} rows[] = {
		{ "for as long as it had", "x", 90000, 95000, false, 90000,
		    15000 },
		{ "it ends earlier by itself", "x", 12000, 12000, false, 12000,
		    12000 },
		{ "moved before: what it had then", "x", 15000, 90000, true,
		    90000, 15000 },
		{ "an id with nothing", "", 0, 0, false, 0, 15000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct session had = row(rows[i].had, "{}", rows[i].until_ms);
		struct session_wish w;
		struct session old;

		had.kept_ms = rows[i].kept_ms;
		had.granted_ms = 7;
		had.moved = rows[i].moved;
		w = session_rules_for_new_id(&had, &other, 10000, MANY);
		assert_memory_equal(&w.key, &other, sizeof(other));
		assert_text(w.topics, rows[i].had, rows[i].name);
		assert_text(w.payload, "{}", rows[i].name);
		assert_int_equal(w.until_ms, rows[i].new_until_ms);
		assert_int_equal(w.topics_max, MANY);
		assert_int_equal(w.granted_ms, 7);
		assert_false(w.replace);

		old = session_rules_for_old_id(&had, &key, 10000);
		assert_memory_equal(&old.key, &key, sizeof(key));
		assert_text(old.topics, rows[i].had, rows[i].name);
		assert_text(old.payload, "{}", rows[i].name);
		assert_int_equal(old.until_ms, rows[i].old_until_ms);
		assert_true(old.moved);
	}
}

static void
test_remove(void **state)
{
	static const struct {
		const char *name, *had, *topics, *want;
		bool changed;
	} rows[] = {
		{ "one of them", "x\ny\nz", "y", "x\nz", true },
		{ "others are no matter", "x\ny", "v\ny", "x", true },
		{ "none of them", "x\ny", "z", "x\ny", false },
		{ "a part of a topic", "xx", "x", "xx", false },
		{ "all, by name", "x\ny", "y\nx", "", true },
		{ "all", "x\ny", NULL, "", true },
		{ "nothing was left", "", "x", "", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct session had = row(rows[i].had, "{}", 100), got;
		bool changed = !rows[i].changed;
		struct buf rest;

		had.moved = true;
		buf_init(&rest, SESSION_TOPICS_BYTES);
		assert_int_equal(session_rules_remove(&got, &rest, &changed,
				     &had, slice_of(rows[i].topics)),
		    ERR_OK);
		assert_text(got.topics, rows[i].want, rows[i].name);
		assert_non_null(got.topics.base);
		if (changed != rows[i].changed)
			fail_msg("%s: changed", rows[i].name);
		/* A row without topics has ended, and does not count as
		 * moved. */
		assert_int_equal(got.moved, got.topics.len > 0);
		assert_int_equal(got.until_ms, got.topics.len > 0 ? 100 : 0);
		assert_int_equal(got.payload.base != NULL, got.topics.len > 0);
		buf_free(&rest);
	}
}

static void
test_memory(void **state)
{
	const struct session had = row("x\ny", NULL, 100);
	const struct session_wish w = { .topics = slice_of("z"),
		.topics_max = MANY };
	bool failed = true;

	(void)state;
	for (long n = 1; failed; n++) {
		struct session got;
		struct buf added, rest;
		bool changed;
		enum err e;

		buf_init(&added, SESSION_TOPICS_BYTES);
		buf_init(&rest, SESSION_TOPICS_BYTES);
		mem_fail_at(n);
		if ((e = session_rules_add(&got, &added, &had, &w)) == ERR_OK)
			e = session_rules_remove(
			    &got, &rest, &changed, &had, slice_of("x"));
		failed = mem_failed();
		mem_fail_at(0);
		assert_int_equal(e, failed ? ERR_NOMEM : ERR_OK);
		buf_free(&added);
		buf_free(&rest);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_granted),
		cmocka_unit_test(test_is_granted_without_an_end),
		cmocka_unit_test(test_nothing_is_not_granted),
		cmocka_unit_test(test_add_without_an_end),
		cmocka_unit_test(test_extend),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_add_keeps_limits),
		cmocka_unit_test(test_move),
		cmocka_unit_test(test_remove),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
