/* SPDX-License-Identifier: MIT */
/* test_nfa.c - the automaton against a matcher that tries everything. */
#include "unit/unit.h"

#include <stdlib.h>

#include "match/nfa_build.h"
#include "unit/mem_fail.h"
#include "unit/nfa_oracle.h"

#define EXPRESSIONS 100000
#define SEED 20
#define TEXT_MAX 12
#define LONG_TEXT 4096

static size_t
choose_random(void *arg, size_t n)
{
	(void)arg;
	return (size_t)rand() % n;
}

static void
random_text(char *text, size_t len, const char *alphabet)
{
	size_t i, n = strlen(alphabet);

	for (i = 0; i < len; i++)
		text[i] = alphabet[(size_t)rand() % n];
}

static bool
run(const struct nfa *n, struct nfa_cache *c, struct slice text, size_t *steps)
{
	struct nfa_run r;
	bool alive;

	nfa_start(&r, n, c);
	alive = nfa_feed(&r, text);
	if (steps != NULL)
		*steps = r.steps;
	return alive && nfa_is_match(&r);
}

/* In two parts, with a cut anywhere. */
static bool
run_parts(const struct nfa *n, struct slice text)
{
	struct nfa_run r;
	size_t cut = (size_t)rand() % (text.len + 1);

	nfa_start(&r, n, NULL);
	return nfa_feed(&r, (struct slice){ text.base, cut }) &&
	       nfa_feed(&r, slice_after(text, cut)) && nfa_is_match(&r);
}

static void
compare(const struct oracle *o, const struct nfa *n, struct nfa_cache *c)
{
	char text[TEXT_MAX];
	struct slice s = { text, (size_t)rand() % (TEXT_MAX + 1) };
	bool want;

	random_text(text, s.len, "abc");
	want = oracle_matches(o, s);
	if (run(n, NULL, s, NULL) != want || run_parts(n, s) != want ||
	    run(n, c, s, NULL) != want)
		fail_msg(
		    "seed %d: \"%.*s\": want %d", SEED, SLICE_ARG(s), want);
}

static void
agrees_with_oracle(void **state)
{
	struct oracle o = { .choose = choose_random };
	size_t i, k, refused = 0;

	(void)state;
	srand(SEED);
	for (i = 0; i - refused < EXPRESSIONS; i++) {
		struct nfa_build *b = NULL;
		struct nfa_cache *c;
		struct nfa *n = NULL;
		enum err e;

		oracle_invent(&o, 1 + (int)(i % 6));
		assert_int_equal(nfa_build_new(&b), ERR_OK);
		oracle_build(&o, b);
		e = nfa_build_end(&n, b);
		nfa_build_free(b);
		if (e == ERR_LIMIT) {
			refused++;
			continue;
		}
		assert_int_equal(e, ERR_OK);
		assert_true(nfa_bytes(n) <= NFA_BYTES_MAX);
		assert_non_null(c = nfa_cache_new(n));
		for (k = 0; k < 8; k++)
			compare(&o, n, c);
		nfa_cache_free(c);
		nfa_free(n);
	}
	print_message("seed %d: %d expressions, %zu over a limit\n", SEED,
	    EXPRESSIONS, refused);
	assert_true(refused < EXPRESSIONS / 20);
}

/* Expressions as the stack has them: "a" is that byte, "." is a or b, "&"
 * joins and "|" chooses; "*", "+", "?" and "{n}" repeat the one on top. */
static enum err
make(struct nfa **out, const char *text)
{
	struct nfa_build *b = NULL;
	struct nfa_set any = { { 0 } };
	size_t bound;
	char *end;
	enum err e;

	nfa_set_text(&any, "ab");
	assert_int_equal(nfa_build_new(&b), ERR_OK);
	for (; *text != '\0'; text++)
		switch (*text) {
		case '.':
			nfa_build_set(b, &any);
			break;
		case '&':
			nfa_build_join(b);
			break;
		case '|':
			nfa_build_either(b);
			break;
		case '*':
			nfa_build_repeat(b, 0, NFA_UNBOUNDED);
			break;
		case '+':
			nfa_build_repeat(b, 1, NFA_UNBOUNDED);
			break;
		case '?':
			nfa_build_repeat(b, 0, 1);
			break;
		case '{':
			bound = strtoul(text + 1, &end, 10);
			nfa_build_repeat(b, bound, bound);
			text = end;
			break;
		default:
			nfa_build_text(b, (struct slice){ text, 1 });
		}
	e = nfa_build_end(out, b);
	nfa_build_free(b);
	return e;
}

static const struct {
	const char *name, *expression;
	enum err want;
} limits[] = {
	{ "1,023 bytes and the end", "a{1023}", ERR_OK },
	{ "1,024 bytes and the end", "a{1024}", ERR_LIMIT },
	{ "a count that is no number of states", "a{18446744073709551614}",
	    ERR_LIMIT },
	{ "a count of nothing", "a{0}{18446744073709551614}", ERR_OK },
	{ "nested counts", "a{10}{10}{10}", ERR_OK },
	{ "nested counts, too many", "a{10}{10}{10}{10}", ERR_LIMIT },
	{ "rows of jumps that no byte could pay for",
	    ".*.*.*.*.*.*.*&&&&&&a&{20}", ERR_LIMIT },
	{ "nothing", "", ERR_SYNTAX },
	{ "nothing to join", "a&", ERR_SYNTAX },
	{ "nothing to choose from", "a|", ERR_SYNTAX },
	{ "nothing to repeat", "*", ERR_SYNTAX },
	{ "two are left", "ab", ERR_SYNTAX },
	{ "64 wait",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaa&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&"
	    "&&&&&&&&&&&&",
	    ERR_OK },
	{ "65 wait",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaa",
	    ERR_LIMIT },
};

static void
has_limits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct nfa *n = NULL;
		enum err e = make(&n, limits[i].expression);

		if (e != limits[i].want || (n != NULL) != (e == ERR_OK))
			fail_msg("%s: %s", limits[i].name, err_text(e));
		nfa_free(n);
	}
}

static void
counts_sets(void **state)
{
	struct nfa_build *b = NULL;
	struct nfa *n = NULL;
	size_t i;

	(void)state;
	assert_int_equal(nfa_build_new(&b), ERR_OK);
	nfa_build_text(b, slice_of(""));
	for (i = 0; i <= NFA_BUILD_SETS_MAX; i++) {
		struct nfa_set set = { { i, i } };

		nfa_build_set(b, &set);
		nfa_build_join(b);
	}
	assert_int_equal(nfa_build_end(&n, b), ERR_LIMIT);
	assert_null(n);
	nfa_build_free(b);
	nfa_build_free(NULL);
	nfa_cache_free(NULL);
	nfa_free(NULL);
}

/* Patterns that take a backtracker years, or a naive cache a state a byte. */
static const struct {
	const char *name, *expression;
} hostile[] = {
	{ "stars of stars", "a*+*b&" },
	{ "(a+a+)+b", "a+a+&+b&" },
	{ "(a|a)*b", "aa|*b&" },
	{ "(a?){500}a{500}", "a?{500}a{500}&" },
	{ "[ab]*a[ab]{40}", ".*a&.{40}&" },
	{ "[ab]*a[ab]{900}", ".*a&.{900}&" },
	{ "(ab|ba)*a(a|bb){100}", "ab&ba&|*a&abb&|{100}&" },
};

static void
is_linear(void **state)
{
	static char text[LONG_TEXT];
	const struct slice s = { text, sizeof(text) };

	(void)state;
	srand(SEED);
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		struct nfa *n = NULL;
		struct nfa_cache *c;
		size_t steps, cached;

		if (make(&n, hostile[i].expression) != ERR_OK)
			fail_msg("%s", hostile[i].name);
		assert_non_null(c = nfa_cache_new(n));
		for (size_t round = 0; round < 4; round++) {
			bool want;

			random_text(text, s.len, round % 2 == 0 ? "ab" : "a");
			want = run(n, NULL, s, &steps);
			if (run(n, c, s, &cached) != want)
				fail_msg("%s: cached", hostile[i].name);
			/* The cache may be filled twice, without use. */
			if (steps > NFA_WORK_MAX * s.len ||
			    cached > NFA_WORK_MAX * s.len +
					 2 * NFA_CACHE_STATES *
					     NFA_CACHE_STATES * NFA_WORDS_MAX)
				fail_msg("%s: %zu and %zu steps",
				    hostile[i].name, steps, cached);
		}
		nfa_cache_free(c);
		nfa_free(n);
	}
}

/* Once a cache has seen where bytes lead, each costs one step. */
static void
cache_pays(void **state)
{
	static char text[LONG_TEXT];
	const struct slice s = { text, sizeof(text) };
	struct nfa *n = NULL;
	struct nfa_cache *c;
	size_t steps;

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(make(&n, "a*{100}.&"), ERR_OK);
	assert_true(nfa_cache_bytes(n) > 0);
	assert_non_null(c = nfa_cache_new(n));
	assert_true(run(n, c, s, NULL));
	assert_true(run(n, c, s, &steps));
	assert_int_equal(steps, s.len);
	nfa_cache_free(c);
	nfa_free(n);

	n = NULL;
	assert_int_equal(make(&n, "a*b&"), ERR_OK);
	assert_int_equal(nfa_cache_bytes(n), 0);
	nfa_free(n);
}

static void
survives_no_memory(void **state)
{
	struct nfa *n = NULL;
	enum err e;
	long at;

	(void)state;
	for (at = 1, e = ERR_NOMEM; e == ERR_NOMEM; at++) {
		struct nfa_build *b = NULL;

		mem_fail_at(at);
		if ((e = nfa_build_new(&b)) == ERR_OK) {
			nfa_build_text(b, slice_of("abc"));
			nfa_build_repeat(b, 20, 30);
			e = nfa_build_end(&n, b);
		}
		assert_int_equal(e == ERR_NOMEM, mem_failed());
		assert_int_equal(n != NULL, e == ERR_OK);
		nfa_build_free(b);
	}
	assert_true(at > 4);
	mem_fail_at(1);
	assert_null(nfa_cache_new(n));
	mem_fail_at(0);
	nfa_free(n);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_oracle),
		cmocka_unit_test(has_limits),
		cmocka_unit_test(counts_sets),
		cmocka_unit_test(is_linear),
		cmocka_unit_test(cache_pays),
		cmocka_unit_test(survives_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
