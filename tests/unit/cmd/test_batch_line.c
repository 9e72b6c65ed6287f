/* SPDX-License-Identifier: MIT */
/* test_batch_line.c - lines of JSON that are updates, and that are not. */
#include "unit/unit.h"

#include "cmd/batch_line.h"
#include "unit/mem_fail.h"

static void
test_all_fields(void **state)
{
	static const char text[] =
	    "{\"topic\":[\"t\",\"u\"],\"data\":\"a\\nb\",\"id\":\"i\","
	    "\"type\":\"n\",\"private\":true,\"retry\":0}";
	struct batch_line l = { .json = NULL };
	struct problem p = { "" };

	(void)state;
	assert_int_equal(batch_line_parse(&l, slice_of(text), &p), ERR_OK);
	assert_int_equal(l.update.topics_n, 2);
	assert_string_equal(l.update.topics[0], "t");
	assert_string_equal(l.update.topics[1], "u");
	assert_int_equal(l.update.data_len, 3);
	assert_string_equal(l.update.data, "a\nb");
	assert_string_equal(l.update.id, "i");
	assert_string_equal(l.update.type, "n");
	assert_int_equal(l.update.flags, PUSHCGI_PRIVATE | PUSHCGI_RETRY);
	assert_int_equal(l.update.retry_ms, 0);
	batch_line_free(&l);
}

static void
test_few_fields(void **state)
{
	struct batch_line l = { .json = NULL };
	struct problem p = { "" };

	(void)state;
	assert_int_equal(
	    batch_line_parse(
		&l, slice_of(" {\"private\":false,\"topic\":\"t\"} "), &p),
	    ERR_OK);
	assert_int_equal(l.update.topics_n, 1);
	assert_string_equal(l.update.topics[0], "t");
	assert_null(l.update.data);
	assert_null(l.update.id);
	assert_null(l.update.type);
	assert_int_equal(l.update.flags, 0);
	batch_line_free(&l);
}

static const struct {
	const char *text, *word; /* the sentence holds it */
} bad[] = {
	{ "", "JSON object" },
	{ "t", "JSON object" },
	{ "[]", "JSON object" },
	{ "\"t\"", "JSON object" },
	{ "{\"topic\":\"t\"}{}", "JSON object" },
	{ "{\"topic\":\"t\",\"topic\":\"t\"}", "JSON object" },
	{ "{\"topic\":\"\\u0000\"}", "\"topic\" must be" },
	{ "{\"topic\":[\"t\\u0000\"]}", "\"topic\" must be" },
	{ "{\"topic\":\"t\",\"data\":\"x\\u0000y\"}", "\"data\" must be" },
	{ "{\"topic\":\"t\",\"id\":\"x\\u0000\"}", "\"id\" must be" },
	{ "{\"topic\":\"t\",\"type\":\"x\\u0000\"}", "\"type\" must be" },
	{ "{\"topic\":\"t\",\"retry\":1e400}", "\"retry\" must be" },
	{ "{}", "\"topic\" is missing" },
	{ "{\"data\":\"x\"}", "\"topic\" is missing" },
	{ "{\"topic\":[]}", "\"topic\" must be" },
	{ "{\"topic\":1}", "\"topic\" must be" },
	{ "{\"topic\":null}", "\"topic\" must be" },
	{ "{\"topic\":[\"t\",1]}", "\"topic\" must be" },
	{ "{\"topic\":\"t\",\"data\":{}}", "\"data\" must be" },
	{ "{\"topic\":\"t\",\"id\":1}", "\"id\" must be" },
	{ "{\"topic\":\"t\",\"type\":1}", "\"type\" must be" },
	{ "{\"topic\":\"t\",\"private\":\"on\"}", "\"private\" must be" },
	{ "{\"topic\":\"t\",\"retry\":\"5\"}", "\"retry\" must be" },
	{ "{\"topic\":\"t\",\"retry\":1.0}", "\"retry\" must be" },
	{ "{\"topic\":\"t\",\"retry\":-1}", "\"retry\" must be" },
	{ "{\"topic\":\"t\",\"retry\":1000000000}", "\"retry\" must be" },
	{ "{\"topic\":\"t\",\"topics\":\"t\"}", "no field \"topics\"" },
};

static void
test_bad_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct batch_line untouched = { .json = NULL }, l = untouched;
		struct problem p = { "" };

		if (batch_line_parse(&l, slice_of(bad[i].text), &p) !=
			ERR_SYNTAX ||
		    memcmp(&l, &untouched, sizeof(l)) != 0 ||
		    strstr(p.text, bad[i].word) == NULL)
			fail_msg("%s: %s", bad[i].text, p.text);
	}
}

static void
test_without_memory(void **state)
{
	bool failed = true;

	(void)state;
	for (long n = 1; failed; n++) {
		struct batch_line l = { .json = NULL };
		enum err e;

		mem_fail_at(n);
		e = batch_line_parse(
		    &l, slice_of("{\"topic\":[\"t\",\"u\"]}"), NULL);
		failed = mem_failed();
		mem_fail_at(0);
		assert_int_equal(e, failed ? ERR_NOMEM : ERR_OK);
		batch_line_free(&l);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_fields),
		cmocka_unit_test(test_few_fields),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
