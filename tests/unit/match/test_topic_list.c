/* SPDX-License-Identifier: MIT */
/* test_topic_list.c - topics joined and taken apart. */
#include "unit/unit.h"

#include "match/topic_list.h"

static void
a_list_is_walked(void **state)
{
	struct slice rest = slice_of("a\nbc\nd"), topic;

	(void)state;
	assert_true(topic_list_next(&rest, &topic) && slice_is(topic, "a"));
	assert_true(topic_list_next(&rest, &topic) && slice_is(topic, "bc"));
	assert_true(topic_list_next(&rest, &topic) && slice_is(topic, "d"));
	assert_false(topic_list_next(&rest, &topic));
	rest = slice_of(NULL);
	assert_false(topic_list_next(&rest, &topic));
}

static void
topics_are_joined(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	topic_list_add(&b, slice_of("a"));
	assert_true(slice_is(buf_view(&b), "a"));
	topic_list_add(&b, slice_of("bc"));
	topic_list_add(&b, slice_of("d"));
	assert_true(slice_is(buf_view(&b), "a\nbc\nd"));
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_walked),
		cmocka_unit_test(topics_are_joined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
