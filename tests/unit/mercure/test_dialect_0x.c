/* SPDX-License-Identifier: MIT */
/* test_dialect_0x.c - the rights that protocol 0.x reads from claims. */
#include "unit/unit.h"

#include "mercure/dialect_0x.h"
#include "unit/mem_fail.h"

#define MATCHERS_MAX 3

static const struct {
	const char *name, *claims;
	/* Which of the topics "a", "b", "c" may be published, received. */
	const char *publish, *subscribe, *payload;
} good[] = {
	{ "no claim", "{}", "", "", NULL },
	{ "an empty claim", "{\"mercure\":{}}", "", "", NULL },
	{ "both arrays empty",
	    "{\"mercure\":{\"publish\":[],\"subscribe\":[]}}", "", "", NULL },
	{ "both rights",
	    "{\"mercure\":{\"publish\":[\"a\"],\"subscribe\":[\"b\",\"c\"]}}",
	    "a", "bc", NULL },
	{ "a template", "{\"mercure\":{\"publish\":[\"{x}\"]}}", "abc", "",
	    NULL },
	{ "the wildcard", "{\"mercure\":{\"publish\":[\"*\"]}}", "abc", "",
	    NULL },
	{ "as a text", "{\"mercure\":\"{\\\"publish\\\":[\\\"a\\\"]}\"}", "a",
	    "", NULL },
	{ "with a namespace",
	    "{\"https://mercure.rocks/\":{\"subscribe\":[\"a\"]}}", "", "a",
	    NULL },
	{ "with a namespace, as a text",
	    "{\"https://mercure.rocks/\":\"{\\\"publish\\\":[\\\"b\\\"]}\"}",
	    "b", "", NULL },
	{ "the draft's name comes first",
	    "{\"https://mercure.rocks/\":{\"publish\":[\"a\"]},"
	    "\"mercure\":{\"publish\":[\"b\"]}}",
	    "b", "", NULL },
	{ "an object as payload",
	    "{\"mercure\":{\"payload\":{ \"user\" : 1, \"x\": [] }}}", "", "",
	    "{\"user\":1,\"x\":[]}" },
	{ "a text as payload", "{\"mercure\":{\"payload\":\"x\"}}", "", "",
	    "\"x\"" },
	{ "null as payload", "{\"mercure\":{\"payload\":null}}", "", "",
	    "null" },
	{ "other claims", "{\"sub\":\"x\",\"mercure\":{\"foo\":1}}", "", "",
	    NULL },
	{ "an empty selector", "{\"mercure\":{\"publish\":[\"\"]}}", "", "",
	    NULL },
	{ "as many as allowed",
	    "{\"mercure\":{\"publish\":[\"a\",\"b\",\"x\"],"
	    "\"subscribe\":[\"a\",\"b\",\"c\"]}}",
	    "ab", "abc", NULL },
};

static const struct {
	const char *name, *claims;
	enum err want;
} bad[] = {
	{ "a number", "{\"mercure\":1}", ERR_TOKEN },
	{ "null", "{\"mercure\":null}", ERR_TOKEN },
	{ "an array", "{\"mercure\":[]}", ERR_TOKEN },
	{ "a text without JSON", "{\"mercure\":\"x\"}", ERR_TOKEN },
	{ "a text with an array", "{\"mercure\":\"[]\"}", ERR_TOKEN },
	{ "a text with duplicate keys",
	    "{\"mercure\":\"{\\\"a\\\":1,\\\"a\\\":1}\"}", ERR_TOKEN },
	{ "publish is a text", "{\"mercure\":{\"publish\":\"*\"}}", ERR_TOKEN },
	{ "publish is null", "{\"mercure\":{\"publish\":null}}", ERR_TOKEN },
	{ "publish is an object", "{\"mercure\":{\"publish\":{}}}", ERR_TOKEN },
	{ "subscribe is true", "{\"mercure\":{\"subscribe\":true}}",
	    ERR_TOKEN },
	{ "a number among texts", "{\"mercure\":{\"subscribe\":[\"a\",1]}}",
	    ERR_TOKEN },
	{ "null among texts", "{\"mercure\":{\"publish\":[null]}}", ERR_TOKEN },
	{ "too many", "{\"mercure\":{\"publish\":[\"a\",\"b\",\"c\",\"d\"]}}",
	    ERR_LIMIT },
};

static enum err
read_grant(struct grant **out, const char *text, struct problem *p)
{
	json_t *claims = NULL;
	enum err e;

	assert_int_equal(json_parse(&claims, slice_of(text)), ERR_OK);
	e = dialect_0x.read_grant(out, claims, 7, 1234, MATCHERS_MAX, p);
	json_decref(claims);
	return e;
}

static void
reads_rights(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct problem p = { "" };
		struct grant *g = NULL;
		const char *topic;

		if (read_grant(&g, good[i].claims, &p) != ERR_OK)
			fail_msg("%s: %s", good[i].name, p.text);
		for (topic = "abc"; *topic != '\0'; topic++) {
			struct slice s = { topic, 1 };

			if (grant_may_publish(g, s) !=
			    (strchr(good[i].publish, *topic) != NULL))
				fail_msg("%s: publish", good[i].name);
			if (grant_may_receive(g, s, NULL) !=
			    (strchr(good[i].subscribe, *topic) != NULL))
				fail_msg("%s: receive", good[i].name);
		}
		if ((grant_payload(g).base != NULL) !=
			(good[i].payload != NULL) ||
		    !slice_is(grant_payload(g), good[i].payload))
			fail_msg("%s: payload", good[i].name);
		assert_true(grant_key(g) == 7);
		assert_true(grant_expires_ms(g) == 1234);
		grant_unref(g);
	}
}

static void
refuses_other_shapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct problem p = { "" };
		struct grant *g = NULL;
		enum err e = read_grant(&g, bad[i].claims, &p);

		if (e != bad[i].want)
			fail_msg("%s: %s", bad[i].name, err_text(e));
		if (p.text[0] == '\0' || g != NULL)
			fail_msg("%s: sentence or grant", bad[i].name);
	}
}

static void
names_what_clients_use(void **state)
{
	const char *const *name = dialect_0x.last_id_params;
	const struct dialect_param *p;

	(void)state;
	assert_string_equal(name[0], "lastEventID");
	assert_string_equal(name[1], "lastEventId");
	assert_string_equal(name[2], "Last-Event-ID");
	assert_string_equal(name[3], "last_event_id");
	assert_string_equal(name[4], "evs_last_event_id");
	assert_null(name[5]);
	p = dialect_matcher_param(&dialect_0x, slice_of("topic"));
	assert_int_equal(p->kind, SELECTOR_TOPIC);
	assert_null(dialect_matcher_param(&dialect_0x, slice_of("match")));
	assert_string_equal(dialect_0x.token_param, "authorization");
	assert_string_equal(dialect_0x.last_id_response, "Last-Event-ID");
}

static void
survives_no_memory(void **state)
{
	long n = 0;

	(void)state;
	do {
		struct grant *g = NULL;
		enum err e;

		mem_fail_at(++n);
		e = read_grant(&g,
		    "{\"mercure\":{\"publish\":[\"a\",\"b\"],"
		    "\"subscribe\":[\"c\"],\"payload\":[1]}}",
		    NULL);
		assert_int_equal(e, mem_failed() ? ERR_NOMEM : ERR_OK);
		assert_int_equal(g == NULL, mem_failed());
		grant_unref(g);
	} while (mem_failed());
	mem_fail_at(0);
	assert_true(n > 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_rights),
		cmocka_unit_test(refuses_other_shapes),
		cmocka_unit_test(names_what_clients_use),
		cmocka_unit_test(survives_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
