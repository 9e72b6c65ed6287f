/* SPDX-License-Identifier: MIT */
/* test_update.c - publications that are accepted, and their updates. */
#include "unit/unit.h"

#include "mercure/update.h"
#include "unit/mem_fail.h"

#define ABSENT NULL

static const struct update_limits limits = { 3, 32 };

static const struct {
	const char *name, *form, *topics, *id, *type, *data;
	long retry;
	bool private;
} good[] = {
	{ "the least", "topic=a&id=1", "a", "1", ABSENT, ABSENT, -1, false },
	{ "everything", "topic=a&id=1&type=t&data=x%0Ay&retry=5&private=on",
	    "a", "1", "t", "x\ny", 5, true },
	{ "several topics", "topic=a&data=x&topic=b&topic=c&id=1", "a\nb\nc",
	    "1", ABSENT, "x", -1, false },
	{ "private by presence", "topic=a&id=1&private", "a", "1", ABSENT,
	    ABSENT, -1, true },
	{ "empty data is not absent", "topic=a&id=1&data=", "a", "1", ABSENT,
	    "", -1, false },
	{ "empty type and retry", "topic=a&id=1&type=&retry=", "a", "1", ABSENT,
	    ABSENT, -1, false },
	{ "a tab in the type", "topic=a&id=1&type=x%09y", "a", "1", "x\ty",
	    ABSENT, -1, false },
	{ "the first of a repeated field", "topic=a&id=1&id=2", "a", "1",
	    ABSENT, ABSENT, -1, false },
	{ "unknown fields", "topic=a&id=1&match=x&foo=%ff", "a", "1", ABSENT,
	    ABSENT, -1, false },
	{ "# inside the id", "topic=a&id=1%23", "a", "1#", ABSENT, ABSENT, -1,
	    false },
	{ "nine digits", "topic=a&id=1&retry=999999999", "a", "1", ABSENT,
	    ABSENT, 999999999, false },
};

static const struct {
	const char *name, *form;
	enum err want;
} bad[] = {
	{ "nothing", "", ERR_SYNTAX },
	{ "no topic", "data=x&id=1", ERR_SYNTAX },
	{ "an empty topic", "topic=", ERR_SYNTAX },
	{ "an empty second topic", "topic=a&topic=", ERR_SYNTAX },
	{ "a topic that is not UTF-8", "topic=%ff", ERR_SYNTAX },
	{ "a topic with a line break", "topic=a%0Ab", ERR_SYNTAX },
	{ "one smuggled in", "topic=a&topic=b%0A%2A", ERR_SYNTAX },
	{ "too many topics", "topic=a&topic=b&topic=c&topic=d", ERR_LIMIT },
	{ "a long topic", "topic=012345678901234567890123456789012",
	    ERR_LIMIT },
	{ "the wildcard", "topic=%2A", ERR_DENIED },
	{ "a reserved one", "topic=a&topic=/.well-known/mercure/x",
	    ERR_DENIED },
	{ "id with CR", "topic=a&id=1%0D", ERR_SYNTAX },
	{ "id with LF", "topic=a&id=1%0A2", ERR_SYNTAX },
	{ "id with NUL", "topic=a&id=1%002", ERR_SYNTAX },
	{ "id with a tab", "topic=a&id=1%092", ERR_SYNTAX },
	{ "id that is not UTF-8", "topic=a&id=%c3", ERR_SYNTAX },
	{ "id of the hub's kind", "topic=a&id=%23x", ERR_SYNTAX },
	{ "id, a blank in front", "topic=a&id=+x", ERR_SYNTAX },
	{ "id, a blank behind", "topic=a&id=x+", ERR_SYNTAX },
	{ "id of blanks", "topic=a&id=++", ERR_SYNTAX },
	{ "id earliest", "topic=a&id=earliest", ERR_SYNTAX },
	{ "type with CR", "topic=a&type=t%0D", ERR_SYNTAX },
	{ "type with LF", "topic=a&type=t%0Adata:x", ERR_SYNTAX },
	{ "type with NUL", "topic=a&type=%00", ERR_SYNTAX },
	{ "type that is not UTF-8", "topic=a&type=%80", ERR_SYNTAX },
	{ "the hub's type", "topic=a&type=mercure", ERR_DENIED },
	{ "the type of the hub's counts", "topic=a&type=pushcgi-count",
	    ERR_DENIED },
	{ "data with NUL", "topic=a&data=x%00", ERR_SYNTAX },
	{ "data that is not UTF-8", "topic=a&data=%ed%a0%80", ERR_SYNTAX },
	{ "retry not digits", "topic=a&retry=1s", ERR_SYNTAX },
	{ "retry negative", "topic=a&retry=-1", ERR_SYNTAX },
	{ "retry with a blank", "topic=a&retry=+1", ERR_SYNTAX },
	{ "ten digits", "topic=a&retry=1000000000", ERR_SYNTAX },
};

static void
expect_text(const char *name, struct slice got, const char *want)
{
	if ((got.base == NULL) != (want == NULL) ||
	    !slice_eq(got, slice_of(want)))
		fail_msg("%s: got \"%.*s\"", name, SLICE_ARG(got));
}

static enum err
read_form(struct update_box **out, const char *text, struct problem *p)
{
	struct form *form = NULL;
	enum err e;

	assert_int_equal(form_parse(&form, slice_of(text), 20), ERR_OK);
	e = update_from_form(out, form, &limits, p);
	form_free(form);
	return e;
}

static void
reads_good_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const char *name = good[i].name;
		struct update_box *box = NULL;
		struct problem p = { "" };
		const struct update *u;

		if (read_form(&box, good[i].form, &p) != ERR_OK)
			fail_msg("%s: %s", name, p.text);
		u = update_view(box);
		expect_text(name, u->topics, good[i].topics);
		expect_text(name, u->id, good[i].id);
		expect_text(name, u->type, good[i].type);
		expect_text(name, u->data, good[i].data);
		if (u->has_retry != (good[i].retry >= 0) ||
		    (u->has_retry && u->retry_ms != good[i].retry))
			fail_msg("%s: retry", name);
		if (u->private != good[i].private)
			fail_msg("%s: private", name);
		assert_int_equal(u->kind, UPDATE_APPLICATION);
		assert_true(update_bytes(box) > sizeof(*u));
		update_free(box);
	}
	update_free(NULL);
}

static void
refuses_bad_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct update_box *box = NULL;
		struct problem p = { "" };
		enum err e = read_form(&box, bad[i].form, &p);

		if (e != bad[i].want)
			fail_msg("%s: %s", bad[i].name, err_text(e));
		if (p.text[0] == '\0' || box != NULL)
			fail_msg("%s: sentence or box", bad[i].name);
	}
}

static struct update_box *
box_of(const struct update *u)
{
	struct update_box *box = NULL;
	struct problem p = { "" };

	if (update_new(&box, u, &limits, &p) != ERR_OK)
		fail_msg("%s", p.text);
	return box;
}

static void
makes_ids(void **state)
{
	struct update u = { .topics = slice_of("a"), .id = slice_of("") };
	struct update_box *one = box_of(&u), *two = box_of(&u);

	(void)state;
	assert_true(slice_starts(update_view(one)->id, "urn:uuid:"));
	assert_int_equal(update_view(one)->id.len, 45);
	assert_false(slice_eq(update_view(one)->id, update_view(two)->id));
	update_free(one);
	update_free(two);
}

static void
copies(void **state)
{
	char topics[] = "a\nb", id[] = "i", type[] = "t", data[] = "d";
	struct update u = {
		.topics = slice_of(topics),
		.id = slice_of(id),
		.type = slice_of(type),
		.data = slice_of(data),
		.has_retry = true,
		.retry_ms = 9,
		.private = true,
		.kind = UPDATE_HUB,
	};
	struct update_box *box = box_of(&u);
	const struct update *got = update_view(box);

	(void)state;
	topics[0] = id[0] = type[0] = data[0] = 'x';
	assert_true(slice_is(got->topics, "a\nb"));
	assert_true(slice_is(got->id, "i"));
	assert_true(slice_is(got->type, "t"));
	assert_true(slice_is(got->data, "d"));
	assert_true(got->has_retry && got->retry_ms == 9 && got->private);
	assert_int_equal(got->kind, UPDATE_HUB);
	update_free(box);
}

static void
checks_without_a_form(void **state)
{
	struct update plain = { .topics = slice_of("a"), .id = slice_of("1") };
	struct update_box *box = NULL;
	char long_text[1026];
	struct update u;

	(void)state;
	memset(long_text, 'x', 1025);
	long_text[1025] = '\0';

	u = plain;
	u.topics = slice_of(NULL);
	assert_int_equal(update_new(&box, &u, &limits, NULL), ERR_SYNTAX);
	u.topics = slice_of("a\nb\nc\nd");
	assert_int_equal(update_new(&box, &u, &limits, NULL), ERR_LIMIT);
	u.topics = slice_of("a\n*");
	assert_int_equal(update_new(&box, &u, &limits, NULL), ERR_DENIED);
	u.topics = slice_of("a\n");
	assert_int_equal(update_new(&box, &u, &limits, NULL), ERR_SYNTAX);
	u = plain;
	u.id = slice_of(long_text);
	assert_int_equal(update_new(&box, &u, &limits, NULL), ERR_LIMIT);
	u = plain;
	u.type = slice_of(long_text);
	assert_int_equal(update_new(&box, &u, &limits, NULL), ERR_LIMIT);
	u = plain;
	u.has_retry = true;
	u.retry_ms = 1000000000;
	assert_int_equal(update_new(&box, &u, &limits, NULL), ERR_SYNTAX);
	assert_null(box);

	u = plain;
	u.id = (struct slice){ long_text, 1024 };
	update_free(box_of(&u));
}

static void
survives_no_memory(void **state)
{
	struct form *form = NULL;
	long n = 0;

	(void)state;
	assert_int_equal(
	    form_parse(&form, slice_of("topic=a&topic=b&data=x"), 9), ERR_OK);
	do {
		struct update_box *box = NULL;
		enum err e;

		mem_fail_at(++n);
		e = update_from_form(&box, form, &limits, NULL);
		assert_int_equal(e, mem_failed() ? ERR_NOMEM : ERR_OK);
		assert_int_equal(box == NULL, mem_failed());
		update_free(box);
	} while (mem_failed());
	mem_fail_at(0);
	/* Two topics, each resolved once; what joins them; the update. */
	assert_int_equal(n, 5);
	form_free(form);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_good_forms),
		cmocka_unit_test(refuses_bad_forms),
		cmocka_unit_test(makes_ids),
		cmocka_unit_test(copies),
		cmocka_unit_test(checks_without_a_form),
		cmocka_unit_test(survives_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
