/* SPDX-License-Identifier: MIT */
/* test_matcher.c - which topics a selector takes in. */
#include "unit/unit.h"

#include <stdlib.h>

#include "match/matcher.h"
#include "text/json.h"
#include "unit/mem_fail.h"

static const struct {
	const char *name, *selector, *topic;
	bool want;
} cases[] = {
	{ "equal", "a", "a", true },
	{ "not equal", "a", "b", false },
	{ "a prefix", "a", "ab", false },
	{ "longer", "ab", "a", false },
	{ "the wildcard", "*", "anything", true },
	{ "the wildcard takes in itself", "*", "*", true },
	{ "two stars are a name", "**", "anything", false },
	{ "a star is not part of a pattern", "a*", "ab", false },
	{ "a template by its text", "/{id}", "/{id}", true },
	{ "a template, expanded", "/{id}", "/1", true },
	{ "a template of others", "/{id}", "/{other}", false },
	{ "a template, all of it", "/{id}", "/1/", false },
	{ "no template", "/{id", "/1", false },
	{ "no template, by its text", "/{id", "/{id", true },
	{ "no template, for a blank", "a b{id}", "a b1", false },
	{ "case counts", "A", "a", false },
	{ "the empty selector", "", "a", false },
};

static void
matches(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct slice selector = slice_of(cases[i].selector);
		struct matcher *m = NULL;

		assert_int_equal(
		    matcher_new(&m, selector_topic(selector), NULL), ERR_OK);
		if (matcher_matches(m, slice_of(cases[i].topic)) !=
		    cases[i].want)
			fail_msg("%s", cases[i].name);
		assert_true(slice_eq(matcher_text(m), selector));
		assert_true((matcher_nfa(m) != NULL) ==
			    (matcher_kind(m) == MATCHER_TEMPLATE));
		matcher_unref(m);
	}
}

static const struct {
	const char *selector;
	enum matcher_kind want;
	const char *head;
} kinds[] = {
	{ "*", MATCHER_ANY, "" },
	{ "**", MATCHER_EXACT, "**" },
	{ "", MATCHER_EXACT, "" },
	{ "https://example.com/1", MATCHER_EXACT, "https://example.com/1" },
	{ "/{id}", MATCHER_TEMPLATE, "/" },
	{ "{id}/", MATCHER_TEMPLATE, "" },
	{ "/a/{id}/b/{c}", MATCHER_TEMPLATE, "/a/" },
	{ "/{id", MATCHER_EXACT, "/{id" },
	{ "/{}", MATCHER_EXACT, "/{}" },
	{ "{*}", MATCHER_EXACT, "{*}" },
	{ "{x} ", MATCHER_EXACT, "{x} " },
};

static void
knows_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct matcher *m = NULL;

		assert_int_equal(
		    matcher_new(
			&m, selector_topic(slice_of(kinds[i].selector)), NULL),
		    ERR_OK);
		if (matcher_kind(m) != kinds[i].want ||
		    !slice_is(matcher_head(m), kinds[i].head))
			fail_msg("%s", kinds[i].selector);
		matcher_unref(m);
	}
}

static void
knows_kinds_of_selectors(void **state)
{
	const struct selector exact = { SELECTOR_EXACT, slice_of("/{id}") };
	const struct selector newer = { SELECTOR_KINDS, slice_of("a") };
	struct matcher *m = NULL;
	struct problem p = { "" };

	(void)state;
	assert_int_equal(matcher_new(&m, exact, &p), ERR_OK);
	assert_int_equal(matcher_kind(m), MATCHER_EXACT);
	assert_true(selector_eq(matcher_selector(m), exact));
	assert_true(matcher_matches(m, slice_of("/{id}")));
	assert_false(matcher_matches(m, slice_of("/1")));
	matcher_unref(m);

	m = NULL;
	assert_int_equal(matcher_new(&m, newer, &p), ERR_SYNTAX);
	assert_null(m);
	assert_string_not_equal(p.text, "");
}

static json_t *
read_vectors(void)
{
	static char text[1 << 20];
	const char *folder = getenv("PUSHCGI_SRC");
	struct slice s = { text, 0 };
	char path[4096];
	json_t *all = NULL;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/vectors/uritemplate-cases.json",
	    folder != NULL ? folder : ".");
	assert_non_null(f = fopen(path, "r"));
	s.len = fread(text, 1, sizeof(text), f);
	fclose(f);
	assert_int_equal(json_parse(&all, s), ERR_OK);
	return all;
}

/* The answers of the reference hub's library for 154 pairs. */
static void
agrees_with_vectors(void **state)
{
	json_t *all = read_vectors(), *v;
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(all), 154);
	json_array_foreach(all, i, v)
	{
		const char *text =
		    json_string_value(json_object_get(v, "template"));
		const char *topic =
		    json_string_value(json_object_get(v, "topic"));
		bool valid = json_is_true(json_object_get(v, "valid_template"));
		struct matcher *m = NULL;

		assert_int_equal(
		    matcher_new(&m, selector_topic(slice_of(text)), NULL),
		    ERR_OK);
		if (matcher_matches(m, slice_of(topic)) !=
		    json_is_true(json_object_get(v, "match")))
			fail_msg("%s: %s", text, topic);
		if (strchr(text, '{') != NULL &&
		    (matcher_kind(m) == MATCHER_TEMPLATE) != valid)
			fail_msg("%s: kind", text);
		matcher_unref(m);
	}
	json_decref(all);
}

/* A selector over a limit is answered, not taken for something else. */
static void
tells_limits(void **state)
{
	static char text[8192];
	struct matcher *m = NULL;
	struct problem p = { "" };

	(void)state;
	memset(text, 'a', 5000);
	memcpy(text + 5000, "{b}", 4);
	assert_int_equal(
	    matcher_new(&m, selector_topic(slice_of(text)), &p), ERR_LIMIT);
	assert_null(m);
	assert_non_null(strstr(p.text, "4096"));
	/* Without the brace it is a topic like others. */
	text[5002] = '\0';
	assert_int_equal(
	    matcher_new(&m, selector_topic(slice_of(text)), &p), ERR_OK);
	assert_int_equal(matcher_kind(m), MATCHER_EXACT);
	matcher_unref(m);
}

/* A list of the selectors in "a b c". */
static void
list_fill(struct matcher_list *l, const char *selectors)
{
	struct slice rest = slice_of(selectors), selector;

	while (selectors[0] != '\0' && slice_cut(&rest, ' ', &selector)) {
		struct matcher *m = NULL;

		assert_int_equal(
		    matcher_new(&m, selector_topic(selector), NULL), ERR_OK);
		assert_int_equal(matcher_list_add(l, m), ERR_OK);
	}
}

static const struct {
	const char *name, *selectors, *topics;
	bool any, every;
} lists[] = {
	{ "no selector", "", "a", false, false },
	{ "one of one", "a", "a", true, true },
	{ "one of two", "a", "a\nb", true, false },
	{ "the alternate one", "b", "a\nb", true, false },
	{ "both", "b a", "a\nb", true, true },
	{ "none", "c d e f g", "a\nb", false, false },
	{ "all", "c *", "a\nb", true, true },
	{ "a template", "/{x}", "/a\n/b", true, true },
	{ "a template and a topic", "/{x} a", "/b\na", true, true },
	{ "a template for one", "/{x}", "/a\n/b/c", true, false },
	{ "the text of the list is not a topic", "a\nb", "a\nb", false, false },
};

static void
lists_match(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct matcher_list l = { NULL, 0 };
		struct slice topics = slice_of(lists[i].topics);

		list_fill(&l, lists[i].selectors);
		if (matcher_list_any(&l, topics, NULL) != lists[i].any)
			fail_msg("%s: any", lists[i].name);
		if (matcher_list_every(&l, topics) != lists[i].every)
			fail_msg("%s: every", lists[i].name);
		matcher_list_free(&l);
		assert_null(l.v);
	}
}

static void
no_topics_match_nothing(void **state)
{
	struct matcher_list l = { NULL, 0 };
	struct slice none = { NULL, 0 };

	(void)state;
	list_fill(&l, "*");
	assert_false(matcher_list_any(&l, none, NULL));
	assert_false(matcher_list_every(&l, none));
	matcher_list_free(&l);
}

static void
is_counted(void **state)
{
	struct matcher *m = NULL;

	(void)state;
	assert_int_equal(
	    matcher_new(&m, selector_topic(slice_of("a")), NULL), ERR_OK);
	assert_ptr_equal(matcher_ref(m), m);
	matcher_unref(m);
	assert_true(matcher_matches(m, slice_of("a")));
	matcher_unref(m);
	matcher_unref(NULL);
}

static void
survives_no_memory(void **state)
{
	struct matcher_list l = { NULL, 0 };
	struct matcher *m = NULL;
	enum err e;
	long n = 0;

	(void)state;
	do {
		m = NULL;
		mem_fail_at(++n);
		e = matcher_new(&m, selector_topic(slice_of("a{b}")), NULL);
		assert_int_equal(e, mem_failed() ? ERR_NOMEM : ERR_OK);
		assert_int_equal(m == NULL, mem_failed());
		matcher_unref(m);
	} while (mem_failed());
	assert_true(n > 4);

	n = 0;
	m = NULL;
	mem_fail_at(0);
	list_fill(&l, "a b");
	assert_int_equal(
	    matcher_new(&m, selector_topic(slice_of("c")), NULL), ERR_OK);
	do {
		assert_int_equal(l.n, 2);
		mem_fail_at(++n);
		e = matcher_list_add(&l, m);
		assert_int_equal(e, mem_failed() ? ERR_NOMEM : ERR_OK);
	} while (mem_failed());
	mem_fail_at(0);
	assert_true(n > 1);
	matcher_list_free(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches),
		cmocka_unit_test(knows_kinds),
		cmocka_unit_test(knows_kinds_of_selectors),
		cmocka_unit_test(agrees_with_vectors),
		cmocka_unit_test(tells_limits),
		cmocka_unit_test(lists_match),
		cmocka_unit_test(no_topics_match_nothing),
		cmocka_unit_test(is_counted),
		cmocka_unit_test(survives_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
