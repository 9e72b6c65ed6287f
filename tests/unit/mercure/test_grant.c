/* SPDX-License-Identifier: MIT */
/* test_grant.c - the rights of a grant. */
#include "unit/unit.h"

#include "mercure/grant.h"
#include "unit/mem_fail.h"

/* The selectors of "a b c" as a list. */
static struct matcher_list
list_of(const char *selectors)
{
	struct matcher_list l = { NULL, 0 };
	struct slice rest = slice_of(selectors), selector;

	while (selectors[0] != '\0' && slice_cut(&rest, ' ', &selector)) {
		struct matcher *m = NULL;

		assert_int_equal(
		    matcher_new(&m, selector_topic(selector), NULL), ERR_OK);
		assert_int_equal(matcher_list_add(&l, m), ERR_OK);
	}
	return l;
}

static const struct {
	const char *name, *publish, *subscribe, *topics;
	bool may_publish, may_receive, has_publish;
} cases[] = {
	{ "no rights", "", "", "a", false, false, false },
	{ "publishes one", "a", "", "a", true, false, true },
	{ "publishes all", "*", "", "a\nb", true, false, true },
	{ "publishes one of two", "a", "", "a\nb", false, false, true },
	{ "publishes both", "a b", "", "a\nb", true, false, true },
	{ "receives one", "", "a", "a", false, true, false },
	{ "receives the alternate", "", "b", "a\nb", false, true, false },
	{ "receives others", "", "c d", "a\nb", false, false, false },
	{ "rights do not mix", "a", "b", "b", false, true, true },
};

static void
decides(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct grant_parts parts = { .expires_ms = INT64_MAX };
		struct slice topics = slice_of(cases[i].topics);
		struct grant *g = NULL;

		parts.publish = list_of(cases[i].publish);
		parts.subscribe = list_of(cases[i].subscribe);
		assert_int_equal(grant_new(&g, &parts), ERR_OK);
		if (grant_may_publish(g, topics) != cases[i].may_publish)
			fail_msg("%s: publish", cases[i].name);
		if (grant_may_receive(g, topics, NULL) != cases[i].may_receive)
			fail_msg("%s: receive", cases[i].name);
		if (grant_has_publish(g) != cases[i].has_publish)
			fail_msg("%s: has publish", cases[i].name);
		grant_unref(g);
	}
}

static void
keeps_its_parts(void **state)
{
	char payload[] = "{\"user\":1}";
	struct grant_parts parts = {
		.publish = list_of("a"),
		.subscribe = list_of("b"),
		.expires_ms = 1635873167583,
		.key = 42,
		.payload = slice_of(payload),
	};
	struct grant *g = NULL;

	(void)state;
	assert_int_equal(grant_new(&g, &parts), ERR_OK);
	assert_null(parts.publish.v);
	assert_null(parts.subscribe.v);
	payload[0] = 'x';
	assert_true(slice_is(grant_payload(g), "{\"user\":1}"));
	assert_true(grant_expires_ms(g) == 1635873167583);
	assert_true(grant_key(g) == 42);

	assert_ptr_equal(grant_ref(g), g);
	grant_unref(g);
	assert_true(grant_may_publish(g, slice_of("a")));
	grant_unref(g);
	grant_unref(NULL);
}

static void
tells_no_payload_from_an_empty_one(void **state)
{
	struct grant_parts parts = { .payload = slice_of("") };
	struct grant *g = NULL;

	(void)state;
	assert_int_equal(grant_new(&g, &parts), ERR_OK);
	assert_non_null(grant_payload(g).base);
	grant_unref(g);

	parts.payload.base = NULL;
	assert_int_equal(grant_new(&g, &parts), ERR_OK);
	assert_null(grant_payload(g).base);
	grant_unref(g);
}

static void
survives_no_memory(void **state)
{
	struct grant_parts parts = { .publish = list_of("a") };
	struct grant *g = NULL;

	(void)state;
	mem_fail_at(1);
	assert_int_equal(grant_new(&g, &parts), ERR_NOMEM);
	mem_fail_at(0);
	assert_null(g);
	assert_int_equal(parts.publish.n, 1);
	matcher_list_free(&parts.publish);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides),
		cmocka_unit_test(keeps_its_parts),
		cmocka_unit_test(tells_no_payload_from_an_empty_one),
		cmocka_unit_test(survives_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
