/* SPDX-License-Identifier: MIT */
/* test_session.c - ids of sessions, their keys, and the grants of rows. */
#include "unit/unit.h"

#include "mercure/session.h"
#include "unit/mem_fail.h"

#define ID "0123456789abcdef"
#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define THOUSAND                                                        \
	HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED \
	    HUNDRED HUNDRED

static const struct slice none = { NULL, 0 };

static void
test_ids(void **state)
{
	/* Texts as a session's id, and as the value of its cookie. */
	static const struct {
		const char *text;
		enum err as_id, as_cookie;
	} rows[] = {
		{ ID, ERR_OK, ERR_OK },
		{ "", ERR_SYNTAX, ERR_SYNTAX },
		{ "0123456789abcde", ERR_SYNTAX, ERR_SYNTAX },
		{ "deleted", ERR_SYNTAX, ERR_SYNTAX },
		{ "%30%31%32%33%34%35", ERR_OK, ERR_SYNTAX },
		{ "0123456789abcdef\n", ERR_SYNTAX, ERR_SYNTAX },
		{ "0123456789abcdef%0a", ERR_OK, ERR_SYNTAX },
		{ "0123456789abcdef%00", ERR_OK, ERR_SYNTAX },
		{ "0123456789abcdef%", ERR_OK, ERR_OK },
		{ THOUSAND TEN TEN "0123", ERR_OK, ERR_OK },
		{ THOUSAND TEN TEN "01234", ERR_SYNTAX, ERR_SYNTAX },
		{ THOUSAND HUNDRED, ERR_SYNTAX, ERR_SYNTAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct session_key key;
		struct problem p = { "" };

		assert_int_equal(session_key(&key, slice_of(rows[i].text), &p),
		    rows[i].as_id);
		assert_true((p.text[0] == '\0') == (rows[i].as_id == ERR_OK));
		/* A mistyped id is still a secret. */
		assert_null(strstr(p.text, "0123"));
		assert_int_equal(
		    session_key_of_cookie(&key, slice_of(rows[i].text)),
		    rows[i].as_cookie);
	}
}

static void
test_cookie_is_decoded(void **state)
{
	struct session_key a, b;

	(void)state;
	assert_int_equal(
	    session_key(&a, slice_of("abc,def-ghi jkl%"), NULL), ERR_OK);
	assert_int_equal(
	    session_key_of_cookie(&b, slice_of("abc%2cdef-ghi%20jkl%")),
	    ERR_OK);
	assert_memory_equal(&a, &b, sizeof(a));
	assert_int_equal(
	    session_key_of_cookie(&b, slice_of("abc%2cdef-ghi+jkl%")), ERR_OK);
	assert_memory_not_equal(&a, &b, sizeof(a));
}

static struct grant *
grant_of(const char *topics, const char *payload)
{
	struct session s = { .until_ms = 5000,
		.topics = slice_of(topics),
		.payload = slice_of(payload) };
	struct grant *g = NULL;

	assert_int_equal(session_key(&s.key, slice_of(ID), NULL), ERR_OK);
	assert_int_equal(session_grant(&g, &s.key, &s, 7), ERR_OK);
	assert_memory_equal(grant_token(g), s.key.digest, GRANT_TOKEN_SIZE);
	return g;
}

static void
test_grants(void **state)
{
	struct session_key key = { { 1, 2 } };
	struct grant *g = grant_of("https://a.example/{id}\nb", "{\"u\":1}");

	(void)state;
	assert_true(grant_is_session(g));
	assert_false(grant_is_empty(g));
	assert_int_equal(grant_expires_ms(g), 5000);
	assert_int_equal(grant_session_change(g), 7);
	assert_true(slice_is(grant_payload(g), "{\"u\":1}"));
	assert_true(
	    grant_may_receive(g, slice_of("https://a.example/1"), NULL));
	assert_true(grant_may_receive(g, slice_of("x\nb"), NULL));
	assert_false(grant_may_receive(g, slice_of("c"), NULL));
	/* A session never publishes, not even to topics that it receives. */
	assert_false(grant_has_publish(g));
	assert_false(grant_may_publish(g, slice_of("b")));
	grant_unref(g);

	g = NULL;
	assert_int_equal(session_grant(&g, &key, NULL, 8), ERR_OK);
	assert_true(grant_is_session(g) && grant_is_empty(g));
	assert_false(grant_may_receive(g, slice_of("b"), NULL));
	assert_false(grant_has_publish(g));
	assert_true(slice_eq(grant_payload(g), none));
	grant_unref(g);
}

/* Such a row is from a newer program, or from one that checks no limits. */
static void
test_unusable_selectors_grant_nothing(void **state)
{
	static char list[8192] = "a\n";
	struct grant *g = grant_of("a\n\037b", "{\"u\":1}");

	(void)state;
	assert_true(grant_is_session(g) && grant_is_empty(g));
	assert_true(grant_expires_ms(g) == INT64_MAX);
	assert_true(slice_eq(grant_payload(g), none));
	grant_unref(g);

	memset(list + 2, 'b', 5000);
	memcpy(list + 5002, "{c}", 4);
	g = grant_of(list, NULL);
	assert_true(grant_is_session(g) && grant_is_empty(g));
	grant_unref(g);
}

/* A row keeps the kinds of its selectors. */
static void
test_kinds_are_kept(void **state)
{
	struct grant *g = grant_of("\001*\nb", NULL);

	(void)state;
	assert_true(grant_may_receive(g, slice_of("*"), NULL));
	assert_true(grant_may_receive(g, slice_of("b"), NULL));
	assert_false(grant_may_receive(g, slice_of("c"), NULL));
	grant_unref(g);
}

static void
test_no_memory(void **state)
{
	const struct session s = { .until_ms = 5000,
		.topics = slice_of("https://a.example/{id}\nb") };
	bool failed = true;

	(void)state;
	for (long n = 1; failed; n++) {
		struct session_key key;
		struct grant *g = NULL;
		enum err e;

		mem_fail_at(n);
		e = session_key_of_cookie(&key, slice_of(ID));
		if (e == ERR_OK)
			e = session_grant(&g, &key, &s, 1);
		failed = mem_failed();
		mem_fail_at(0);
		assert_int_equal(e, failed ? ERR_NOMEM : ERR_OK);
		grant_unref(g);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_cookie_is_decoded),
		cmocka_unit_test(test_grants),
		cmocka_unit_test(test_unusable_selectors_grant_nothing),
		cmocka_unit_test(test_kinds_are_kept),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
