/* SPDX-License-Identifier: MIT */
/* test_dialect.c - dialects in force, and the dialect of a request. */
#include "unit/unit.h"

#include "mercure/token.h"
#include "unit/dialect.h"
#include "unit/jws_forge.h"
#include "unit/other_dialect.h"

static struct dialects
both(void)
{
	struct dialects in_force = { { &other_dialect, unit_dialect() }, 2 };

	return in_force;
}

static void
versions_are_read(void **state)
{
	static const struct {
		const char *versions;
		size_t n;
	} rows[] = {
		{ "0.x", 1 },
		{ " 0.x  ", 1 },
		{ "", 0 },
		{ NULL, 0 },
		{ "1.0", 0 },
		{ "0.x 1.0", 0 },
		{ "0.x 0.x", 0 },
		{ "0.", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct dialects in_force = { .n = 0 };
		const char *wrong =
		    dialects_read(&in_force, slice_of(rows[i].versions));

		if (in_force.n != rows[i].n ||
		    (wrong == NULL) != (in_force.n > 0))
			fail_msg("\"%s\"", rows[i].versions);
		if (wrong != NULL)
			assert_non_null(strstr(wrong, "has: 0.x"));
	}
	assert_string_equal(unit_dialect()->version, "0.x");
}

static void
a_query_chooses(void **state)
{
	static const struct {
		const char *query, *version, *refused;
	} rows[] = {
		{ "topic=a", "0.x", NULL },
		{ "match=a", "other", NULL },
		{ "matchx=a&y=z", "other", NULL },
		{ "y=z", "0.x", NULL },
		{ "", "0.x", NULL },
		{ "match=a&topic=b", "other", "Use match" },
		{ "topic=b&match=a", "other", "Use match" },
	};
	const struct dialects in_force = both();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct dialect *d;
		struct problem p = { "" };
		struct form *query = NULL;

		assert_int_equal(
		    form_parse(&query, slice_of(rows[i].query), 9), ERR_OK);
		d = dialects_of_query(&in_force, query);
		assert_string_equal(d->version, rows[i].version);
		assert_int_equal(d->check_query(query, &p) != ERR_OK,
		    rows[i].refused != NULL);
		if (rows[i].refused != NULL)
			assert_non_null(strstr(p.text, rows[i].refused));
		form_free(query);
	}
}

/* Alone in force, 0.x refuses what belongs to the other one. */
static void
a_version_that_is_not_in_force_is_refused(void **state)
{
	const struct dialects in_force = unit_dialects();
	const struct dialect *d;
	struct problem p = { "" };
	struct form *query = NULL;

	(void)state;
	assert_int_equal(
	    form_parse(&query, slice_of("topic=a&match=b"), 9), ERR_OK);
	d = dialects_of_query(&in_force, query);
	assert_string_equal(d->version, "0.x");
	assert_int_equal(d->check_query(query, &p), ERR_SYNTAX);
	form_free(query);
}

/* The token that a request has for each dialect. */
struct carriers {
	const char *other, *common; /* headers of tokens; NULL: none */
};

static bool
find(void *arg, const struct dialect *d, struct slice *token)
{
	const struct carriers *c = arg;

	*token = slice_of(d == &other_dialect ? c->other : c->common);
	return token->base != NULL;
}

/* eyJ…: {"typ":"other+jwt"} and {"typ":"JWT"}; the rest does not count. */
#define OTHER "eyJ0eXAiOiJvdGhlcitqd3QifQ.e30.AA"
#define COMMON "eyJ0eXAiOiJKV1QifQ.e30.AA"

static void
a_token_chooses(void **state)
{
	static const struct {
		struct carriers found;
		const char *version;
	} rows[] = {
		{ { NULL, NULL }, "0.x" },
		{ { OTHER, OTHER }, "other" },
		{ { COMMON, COMMON }, "0.x" },
		{ { OTHER, COMMON }, "other" },
		{ { COMMON, OTHER }, "0.x" },
		{ { "nonsense", "nonsense" }, "0.x" },
	};
	const struct dialects in_force = both();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct carriers c = rows[i].found;

		assert_string_equal(
		    dialects_of_token(&in_force, find, &c)->version,
		    rows[i].version);
	}
}

static void
names_are_found(void **state)
{
	const struct dialect *d = unit_dialect();

	(void)state;
	assert_int_equal(
	    dialect_matcher_param(&other_dialect, slice_of("match"))->kind,
	    SELECTOR_EXACT);
	assert_null(dialect_matcher_param(d, slice_of("match")));
	assert_string_equal(dialect_param_name(d, SELECTOR_TOPIC), "topic");
	assert_string_equal(
	    dialect_param_name(&other_dialect, SELECTOR_EXACT), "match");
	assert_null(dialect_param_name(d, SELECTOR_EXACT));
}

#define NOW_MS (INT64_C(1700000000) * 1000)

static const struct {
	const char *header, *claims;
	enum err want;
	enum token_check failed;
} tokens[] = {
	{ "other+jwt",
	    "{\"iss\":\"me\",\"aud\":\"hub\",\"exp\":1800000000,"
	    "\"topics\":[\"a\"]}",
	    ERR_OK, TOKEN_CHECKS },
	{ "other+jwt",
	    "{\"iss\":\"me\",\"aud\":[\"x\",\"hub\"],\"exp\":1800000000}",
	    ERR_OK, TOKEN_CHECKS },
	{ "jwt", "{\"iss\":\"me\",\"aud\":\"hub\",\"exp\":1800000000}",
	    ERR_TOKEN, TOKEN_HEADER },
	{ "other+jwt", "{\"iss\":\"you\",\"aud\":\"hub\",\"exp\":1800000000}",
	    ERR_TOKEN, TOKEN_CLAIMS },
	{ "other+jwt", "{\"aud\":\"hub\",\"exp\":1800000000}", ERR_TOKEN,
	    TOKEN_CLAIMS },
	{ "other+jwt", "{\"iss\":\"me\",\"aud\":\"x\",\"exp\":1800000000}",
	    ERR_TOKEN, TOKEN_CLAIMS },
	{ "other+jwt", "{\"iss\":\"me\",\"aud\":[],\"exp\":1800000000}",
	    ERR_TOKEN, TOKEN_CLAIMS },
	{ "other+jwt", "{\"iss\":\"me\",\"exp\":1800000000}", ERR_TOKEN,
	    TOKEN_CLAIMS },
	{ "other+jwt", "{\"iss\":\"me\",\"aud\":\"hub\"}", ERR_TOKEN,
	    TOKEN_TIMES },
	{ "other+jwt", "{\"iss\":\"me\",\"aud\":\"hub\",\"exp\":1}", ERR_TOKEN,
	    TOKEN_TIMES },
};

static void
a_verifier_insists_on_its_dialect(void **state)
{
	struct jws_keys *keys = forge_key(SECRET, "HS256");
	const struct verifier v = { .dialect = &other_dialect,
		.keys = keys,
		.issuer = "me",
		.audience = "hub" };

	(void)state;
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		enum token_check failed;
		struct buf token, header;
		struct grant *g = NULL;
		enum err e;

		buf_init(&token, FORGE_MAX);
		buf_init(&header, FORGE_MAX);
		buf_printf(&header, "{\"alg\":\"HS256\",\"typ\":\"%s\"}",
		    tokens[i].header);
		forge(&token, buf_view(&header), slice_of(tokens[i].claims),
		    slice_of(SECRET), EVP_sha256());
		e = token_verify(
		    &g, &failed, buf_view(&token), &v, NOW_MS, 10, NULL);
		if (e != tokens[i].want || failed != tokens[i].failed)
			fail_msg("%s: %s, check %s", tokens[i].claims,
			    err_text(e), token_check_name(failed));
		grant_unref(g);
		buf_free(&token);
		buf_free(&header);
	}
	jws_keys_free(keys);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_are_read),
		cmocka_unit_test(a_query_chooses),
		cmocka_unit_test(a_version_that_is_not_in_force_is_refused),
		cmocka_unit_test(a_token_chooses),
		cmocka_unit_test(names_are_found),
		cmocka_unit_test(a_verifier_insists_on_its_dialect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
