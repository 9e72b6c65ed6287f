/* SPDX-License-Identifier: MIT */
/* test_management.c - which records ask the hub itself, and its answers. */
#include "unit/unit.h"

#include "unit/mem_fail.h"
#include "wire/management.h"

#define TEXT(s) ((struct slice){ s, sizeof(s) - 1 })

static const struct {
	const char *name;
	struct slice bytes;
	enum management want;
	size_t size; /* of a whole one */
} scans[] = {
	{ "nothing", TEXT(""), MANAGEMENT_NONE, 0 },
	{ "a part of a header", TEXT("\1\11\0\0\0\0\0"), MANAGEMENT_NONE, 0 },
	{ "no content", TEXT("\1\11\0\0\0\0\0\0"), MANAGEMENT_WHOLE, 8 },
	{ "more behind it", TEXT("\1\11\0\0\0\1\0\0ab"), MANAGEMENT_WHOLE, 9 },
	{ "padding", TEXT("\1\11\0\0\0\1\2\0a  "), MANAGEMENT_WHOLE, 11 },
	{ "padding is missing", TEXT("\1\11\0\0\0\1\2\0a "), MANAGEMENT_MORE,
	    0 },
	{ "content is missing", TEXT("\1\11\0\0\0\2\0\0a"), MANAGEMENT_MORE,
	    0 },
	{ "another type", TEXT("\1\143\0\0\0\0\0\0"), MANAGEMENT_WHOLE, 8 },
	{ "too long", TEXT("\1\11\0\0\3\371\0\0"), MANAGEMENT_TOO_LONG, 0 },
	{ "too long by its padding", TEXT("\1\11\0\0\3\370\1\0"),
	    MANAGEMENT_TOO_LONG, 0 },
	{ "just as long as it may be", TEXT("\1\11\0\0\3\370\0\0"),
	    MANAGEMENT_MORE, 0 },
	{ "of a request", TEXT("\1\11\0\1\0\0\0\0"), MANAGEMENT_NONE, 0 },
	{ "of request 256", TEXT("\1\11\1\0\0\0\0\0"), MANAGEMENT_NONE, 0 },
	{ "BEGIN_REQUEST", TEXT("\1\1\0\0\0\0\0\0"), MANAGEMENT_NONE, 0 },
	{ "ABORT_REQUEST", TEXT("\1\2\0\0\0\0\0\0"), MANAGEMENT_NONE, 0 },
	{ "another version", TEXT("\2\11\0\0\0\0\0\0"), MANAGEMENT_NONE, 0 },
};

static void
records_are_recognised(void **state)
{
	size_t i, size;

	(void)state;
	for (i = 0; i < sizeof(scans) / sizeof(scans[0]); i++) {
		size = 0;
		print_message("%s\n", scans[i].name);
		assert_int_equal(
		    management_scan(scans[i].bytes, &size), scans[i].want);
		assert_int_equal(size, scans[i].size);
	}
}

#define ALL "\16\0FCGI_MAX_CONNS\15\0FCGI_MAX_REQS\17\0FCGI_MPXS_CONNS"
#define RESULT(length) "\1\12\0\0\0" length "\0\0"
#define MPXS "\17\1FCGI_MPXS_CONNS0"

static const struct {
	const char *name;
	struct slice record;
	size_t connections_max;
	struct slice want;
} answers[] = {
	{ "all three", TEXT("\1\11\0\0\0\60\0\0" ALL), 10000,
	    TEXT(RESULT("\73") "\16\5FCGI_MAX_CONNS10000"
			       "\15\5FCGI_MAX_REQS10000" MPXS) },
	{ "twice the same",
	    TEXT("\1\11\0\0\0\42\0\0"
		 "\17\0FCGI_MPXS_CONNS\17\0FCGI_MPXS_CONNS"),
	    9, TEXT(RESULT("\22") MPXS) },
	{ "a name in a long form, with a value",
	    TEXT("\1\11\0\0\0\27\0\0\200\0\0\17\2FCGI_MPXS_CONNSab"), 9,
	    TEXT(RESULT("\22") MPXS) },
	{ "unknown names", TEXT("\1\11\0\0\0\6\0\0\4\0ABCD"), 9,
	    TEXT(RESULT("\0")) },
	{ "no names", TEXT("\1\11\0\0\0\0\0\0"), 9, TEXT(RESULT("\0")) },
	{ "a name that is cut", TEXT("\1\11\0\0\0\5\0\0\17\0FCG"), 9,
	    TEXT(RESULT("\0")) },
	{ "a length that is cut", TEXT("\1\11\0\0\0\2\0\0\0\200"), 9,
	    TEXT(RESULT("\0")) },
	{ "lengths of 2 GB",
	    TEXT("\1\11\0\0\0\10\0\0\377\377\377\377\377\377\377\377"), 9,
	    TEXT(RESULT("\0")) },
	{ "padding is not content",
	    TEXT("\1\11\0\0\0\0\21\0\17\0FCGI_MPXS_CONNS"), 9,
	    TEXT(RESULT("\0")) },
	{ "an unknown type", TEXT("\1\143\0\0\0\1\0\0x"), 9,
	    TEXT("\1\13\0\0\0\10\0\0\143\0\0\0\0\0\0\0") },
};

static void
values_are_answered(void **state)
{
	struct buf out;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		print_message("%s\n", answers[i].name);
		buf_init(&out, MANAGEMENT_MAX);
		management_answer(
		    &out, answers[i].record, answers[i].connections_max);
		assert_int_equal(out.err, ERR_OK);
		assert_int_equal(out.len, answers[i].want.len);
		assert_memory_equal(out.base, answers[i].want.base, out.len);
		buf_free(&out);
	}
}

static void
without_memory(void **state)
{
	struct buf out;

	(void)state;
	for (unsigned n = 1; n <= 2; n++) {
		buf_init(&out, MANAGEMENT_MAX);
		mem_fail_at(n);
		management_answer(&out, answers[0].record, 9);
		mem_fail_at(0);
		assert_int_equal(out.err, ERR_NOMEM);
		buf_free(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_recognised),
		cmocka_unit_test(values_are_answered),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
