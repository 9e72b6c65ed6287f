/* SPDX-License-Identifier: MIT */
/* test_uritemplate.c - which topics a URI Template takes in. */
#include "unit/unit.h"

#include <stdlib.h>

#include "match/nfa.h"
#include "match/uritemplate.h"
#include "unit/mem_fail.h"
#include "unit/uritemplate_oracle.h"

#define B "https://example.com"
#define SUBSCRIPTIONS "/.well-known/mercure/subscriptions"
#define SEED 30
#define PAIRS 60000

static const struct {
	const char *template, *topic;
	bool want;
} cases[] = {
	{ B "/books/{id}", B "/books/{id}", false },
	{ B "/books/{id}", B "/books/{name}", false },
	{ B "/books/{id}", B "/books/1", true },
	{ B "/books/{id}", B "/books/", true },
	{ B "/books/{id}", B "/books", false },
	{ B "/books/{id}", B "/books/a/b", false },
	{ B "/books/{id}", B "/books/a,b,c", true },
	{ B "/books/{id}", B "/books/a=b", false },
	{ B "/books/{id}", B "/books/a:b", false },
	{ B "/books/{id}", B "/books/a!b", false },
	{ B "/books/{id}", B "/books/a%2fb", true },
	{ B "/books/{id}", B "/books/a%2", false },
	{ B "/books/{id}", B "/books/\xc3\xa9", false },
	{ B "/books/{id}", B "/books/%C3%A9", true },
	{ B "/books/{id}", "HTTPS://example.com/books/1", false },
	{ B "/books/{id}", B "/books/1\n", false },
	{ B "/{a}/{b}", B "//", true },
	{ "{scheme}:{+rest}", "urn:uuid:1-2/3?x#y", true },
	{ B "/{a,b}", B "/1,2,3,4", true },
	{ B "/{var:3}", B "/abcdef", true },
	{ B "/{var*}", B "/k=v,x=y", true },
	{ B "/{a,b*}", B "/k=v", false },
	{ B "/{a,b*}", B "/1,k=v", true },
	{ B "/{a*,b}", B "/k=v", true },
	{ "{+path}/here", B "/a/b/here", true },
	{ "{+path}", "a b", false },
	{ "{+path}", "a|b", false },
	{ B "{#frag}", B, true },
	{ B "{#frag}", B "a", false },
	{ B "/x{.ext}", B "/x.tar.gz", true },
	{ B "{/a}", B "/1/2", false },
	{ B "{/a,b}", B "/1/2", true },
	{ B "{/a,b}", B "/1/2/3", false },
	{ B "{/a*}", B "/1/2/3/4", true },
	{ B "{/a}", B "/k=v", false },
	{ B "{;x,y}", B ";foo=1", true },
	{ B "{?a,b}", B "?b=2&a=1", true },
	{ B "{?a,b}", B "?a=1&b=2&c=3", false },
	{ B "{?a,b}", B "?", true },
	{ B "{?a}", B "?a=x/y", false },
	{ B "{?a*}", B "?x=1&y=2&z=3", true },
	{ B "?fixed=yes{&x}", B "?fixed=yes", true },
	{ "caf\xc3\xa9/{x}", "caf\xc3\xa9/1", true },
	{ "a%2Fb/{x}", "a%2fb/1", false },
	{ SUBSCRIPTIONS "/{topic}/{subscriber}",
	    SUBSCRIPTIONS "/foo/urn:uuid:1", false },
	{ SUBSCRIPTIONS "/{topic}/{subscriber}",
	    SUBSCRIPTIONS "/https%3A%2F%2Fexample.com%2F%7Bid%7D/"
			  "urn%3Auuid%3A1",
	    true },
	{ SUBSCRIPTIONS "{/topic}{/subscriber}", SUBSCRIPTIONS, true },

	/* Where an escape ends and a literal begins. */
	{ "{a}1", "%21", false },
	{ "{a}1", "%211", true },
	{ "{a}41", "%41", false },
	{ "{a}%41{b}", "%41", true },
	{ "{a}%41{b}", "%4%41", false },
	{ "{a}%41{b}", "41%41%41", true },
	{ "{a}%4a{b}", "%4A", false },
	{ "{a}x{b}", "%2x", false },
	{ "{a}", "%", false },
	{ "{a}", "%%41", false },
	/* The codes that stand for digits of escapes are not digits. */
	{ "{a}", "\x01", false },
	{ "{+a}", "%\x01\x02", false },
	{ "{+a}", "\x7f", false },
	/* Beginning and end may not overlap. */
	{ "ab{x}ba", "aba", false },
	{ "ab{x}ba", "abba", true },
};

static void
matches(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct uritemplate *t = NULL;

		if (uritemplate_new(&t, slice_of(cases[i].template), NULL) !=
		    ERR_OK)
			fail_msg("%s", cases[i].template);
		if (uritemplate_matches(t, NULL, slice_of(cases[i].topic),
			NULL) != cases[i].want)
			fail_msg("%s: %s", cases[i].template, cases[i].topic);
		uritemplate_free(t);
	}
}

static const struct {
	const char *text;
	bool valid;
} grammar[] = {
	{ "{x}", true },
	{ "", false },
	{ "x", false },
	{ "{x", false },
	{ "x}", false },
	{ "}{x}", false },
	{ "{x}}", false },
	{ "{{x}}", false },
	{ "{a}b}{c}", false },
	{ "{}", false },
	{ "{?}", false },
	{ "{a,}", false },
	{ "{,a}", false },
	{ "{a,,b}", false },
	{ "{a*:3}", false },
	{ "{a:3*}", false },
	{ "{a**}", false },
	{ "{*}", false },
	{ "{a.}", false },
	{ "{.a}", true },
	{ "{..a}", false },
	{ "{a.b}", true },
	{ "{a..b}", false },
	{ "{x-y}", false },
	{ "{ x}", false },
	{ "{\xc3\xa9}", false },
	{ "{%C3%a9}", true },
	{ "{%4}", false },
	{ "{a%41.b_1*,c:12}", true },
	{ "{a:1}", true },
	{ "{a:9999}", true },
	{ "{a:0}", false },
	{ "{a:03}", false },
	{ "{a:}", false },
	{ "{a:10000}", false },
	{ "{a:b}", false },
	{ "{:3}", false },
	{ "{x,x}", true },
	{ "{+a}{#a}{.a}{/a}{;a}{?a}{&a}", true },
	{ "{=a}", false },
	{ "{!a}", false },
	{ "{@a}", false },
	{ "{|a}", false },
	{ "{$a}", false },
	{ "!#$&'()*+,-./09:;=?@AZ[]_az~{x}", true },
	{ "%4f{x}", true },
	{ "%4{x}", false },
	{ "%{x}", false },
	{ " {x}", false },
	{ "\"{x}", false },
	{ "<{x}", false },
	{ ">{x}", false },
	{ "\\{x}", false },
	{ "^{x}", false },
	{ "`{x}", false },
	{ "|{x}", false },
	{ "\x7f{x}", false },
	{ "\x1f{x}", false },
	{ "{x} ", false },
	{ "{x} {y}", false },
	{ "\xc2\x9f{x}", false },         /* U+009F */
	{ "\xc2\xa0{x}", true },          /* U+00A0 */
	{ "\xed\x9f\xbf{x}", true },      /* U+D7FF */
	{ "\xee\x80\x80{x}", true },      /* U+E000 */
	{ "\xef\xb7\x8f{x}", true },      /* U+FDCF */
	{ "\xef\xb7\x90{x}", false },     /* U+FDD0 */
	{ "\xef\xb7\xaf{x}", false },     /* U+FDEF */
	{ "\xef\xb7\xb0{x}", true },      /* U+FDF0 */
	{ "\xef\xbf\xaf{x}", true },      /* U+FFEF */
	{ "\xef\xbf\xb0{x}", false },     /* U+FFF0 */
	{ "\xef\xbf\xbd{x}", false },     /* U+FFFD */
	{ "\xf0\x90\x80\x80{x}", true },  /* U+10000 */
	{ "\xf0\x9f\xbf\xbd{x}", true },  /* U+1FFFD */
	{ "\xf0\x9f\xbf\xbe{x}", false }, /* U+1FFFE */
	{ "\xf3\x9f\xbf\xbd{x}", true },  /* U+DFFFD */
	{ "\xf3\xa0\x80\x80{x}", false }, /* U+E0000 */
	{ "\xf3\xa0\xbf\xbf{x}", false }, /* U+E0FFF */
	{ "\xf3\xa1\x80\x80{x}", true },  /* U+E1000 */
	{ "\xf4\x8f\xbf\xbd{x}", true },  /* U+10FFFD */
	{ "\xff{x}", false },
};

static void
reads_grammar(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(grammar) / sizeof(grammar[0]); i++) {
		struct uritemplate *t = NULL;
		enum err e =
		    uritemplate_new(&t, slice_of(grammar[i].text), NULL);

		if (e != (grammar[i].valid ? ERR_OK : ERR_SYNTAX) ||
		    (t != NULL) != grammar[i].valid)
			fail_msg("%s: %s", grammar[i].text, err_text(e));
		uritemplate_free(t);
	}
}

/* `text`, `n` times over, then `end`. */
static char *
repeated(char *out, const char *text, size_t n, const char *end)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < n; i++)
		memcpy(out + i * len, text, len);
	memcpy(out + n * len, end, strlen(end) + 1);
	return out;
}

static const struct {
	const char *name, *text;
	size_t n;
	const char *end;
	enum err want;
	const char *sentence;
} limits[] = {
	{ "100 variables", "{a}", 100, "", ERR_OK, NULL },
	{ "101 variables", "{a}", 101, "", ERR_SYNTAX, NULL },
	{ "4,096 bytes", "x", 4093, "{a}", ERR_OK, NULL },
	{ "4,097 bytes", "x", 4094, "{a}", ERR_LIMIT, "4096 bytes" },
	{ "4,097 bytes, invalid", "x", 4094, "{a", ERR_SYNTAX, NULL },
	{ "literals in the middle", "{a}xxxxxxxxxxxxxxxxxxxxxxxxxxxx", 40,
	    "{a}", ERR_LIMIT, "1024 states" },
	{ "many long lists", "{+z}{/a,b,c}x", 20, "{a}", ERR_LIMIT,
	    "separate lists" },
	{ "some long lists", "{/a,b,c}x", 7, "{a}", ERR_OK, NULL },
};

static void
has_limits(void **state)
{
	static char text[8192];

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct problem p = { "" };
		struct uritemplate *t = NULL;
		enum err e;

		repeated(text, limits[i].text, limits[i].n, limits[i].end);
		e = uritemplate_new(&t, slice_of(text), &p);
		if (e != limits[i].want || (t != NULL) != (e == ERR_OK))
			fail_msg("%s: %s", limits[i].name, err_text(e));
		if (limits[i].sentence != NULL &&
		    strstr(p.text, limits[i].sentence) == NULL)
			fail_msg("%s: %s", limits[i].name, p.text);
		uritemplate_free(t);
	}
	uritemplate_free(NULL);
}

static void
random_text(char *out, size_t size, const char *const *pieces, size_t n)
{
	size_t len = 0, left = (size_t)rand() % 7;

	out[0] = '\0';
	while (left-- > 0) {
		const char *piece = pieces[(size_t)rand() % n];
		size_t add = strlen(piece);

		if (len + add >= size)
			break;
		memcpy(out + len, piece, add + 1);
		len += add;
	}
}

static void
agrees_with_oracle(void **state)
{
	static const char *const templates[] = { "{a}", "{a,b}", "{a*}",
		"{a*,b}", "{a,b*}", "{a:3}", "{+a}", "{+a,b*}", "{#a}",
		"{#a,b}", "{.a}", "{.a,b}", "{.a*}", "{.a,b*}", "{/a}",
		"{/a,b,c}", "{/a*}", "{/a,b*}", "{;a}", "{;a,b*}", "{?a,b}",
		"{?a*}", "{&a}", "{&a,b}", "a", "/", "%41", "1", ",", ".", "#",
		"?", "{", "}", "{a.b}", "{%41}", "{a,b", " " };
	static const char *const topics[] = { "a", "1", "/", ",", ".", "=", "?",
		"&", ";", "#", "%41", "%4", "%", "4", ":", "!", " ", "{a}",
		"b=1" };
	size_t valid = 0, matched = 0;

	(void)state;
	srand(SEED);
	for (size_t i = 0; i < PAIRS; i++) {
		char template[64], topic[32];
		struct slice s;
		struct uritemplate *t = NULL;
		enum err e;
		bool is_valid, want;

		random_text(template, sizeof(template), templates,
		    sizeof(templates) / sizeof(templates[0]));
		random_text(topic, sizeof(topic), topics,
		    sizeof(topics) / sizeof(topics[0]));
		s = slice_of(template);
		is_valid = uritemplate_oracle_valid(s);
		e = uritemplate_new(&t, s, NULL);
		if (e != (is_valid ? ERR_OK : ERR_SYNTAX))
			fail_msg(
			    "seed %d: %s: %s", SEED, template, err_text(e));
		if (e != ERR_OK)
			continue;
		valid++;
		want = uritemplate_oracle_matches(s, slice_of(topic));
		matched += want;
		if (uritemplate_matches(t, NULL, slice_of(topic), NULL) != want)
			fail_msg("seed %d: %s: %s: want %d", SEED, template,
			    topic, want);
		uritemplate_free(t);
	}
	print_message(
	    "seed %d: %zu valid pairs, %zu matches\n", SEED, valid, matched);
	assert_true(valid > 30000 && matched > 2000);
}

/* Templates that are exponential for a backtracker. */
static const struct {
	const char *text;
	size_t n;
	const char *end, *letters;
} hostile[] = {
	{ "{a}", 8, "", "x" },
	{ "{a}", 100, "", "x%" },
	{ "{a}{+b}", 50, "", "x/" },
	{ "{+a}x", 99, "{a}", "xy" },
	{ "{+a}xyxxy", 99, "{a}", "xy" },
	{ "{+a}xyxxyyyxy", 99, "{a}", "xy" },
	{ "{/a,b,c}", 33, "", "x/" },
	{ "{+z}{/a,b,c}x", 7, "{+a}", "x/" },
	{ "{?a,b,c}{&d*}", 25, "", "x=&?" },
};

static void
is_linear(void **state)
{
	static char text[4096], topic[4096];
	struct slice s = { topic, 0 };

	(void)state;
	srand(SEED);
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		struct uritemplate *t = NULL;

		repeated(text, hostile[i].text, hostile[i].n, hostile[i].end);
		if (uritemplate_new(&t, slice_of(text), NULL) != ERR_OK)
			fail_msg("%s", text);
		for (s.len = 200; s.len <= sizeof(topic); s.len += 1948) {
			size_t k, steps = 0;

			for (k = 0; k < s.len; k++)
				topic[k] =
				    hostile[i]
					.letters[(size_t)rand() %
						 strlen(hostile[i].letters)];
			uritemplate_matches(t, NULL, s, &steps);
			if (steps > NFA_WORK_MAX * s.len)
				fail_msg("%s: %zu steps", text, steps);
		}
		uritemplate_free(t);
	}
}

static void
survives_no_memory(void **state)
{
	enum err e = ERR_NOMEM;
	long n = 0;

	(void)state;
	while (e == ERR_NOMEM) {
		struct uritemplate *t = NULL;

		mem_fail_at(++n);
		e = uritemplate_new(
		    &t, slice_of("a{/b*}{c}{?d,e,f}0123456789{g}"), NULL);
		assert_int_equal(e, mem_failed() ? ERR_NOMEM : ERR_OK);
		assert_int_equal(t == NULL, mem_failed());
		uritemplate_free(t);
	}
	mem_fail_at(0);
	assert_true(n > 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches),
		cmocka_unit_test(reads_grammar),
		cmocka_unit_test(has_limits),
		cmocka_unit_test(agrees_with_oracle),
		cmocka_unit_test(is_linear),
		cmocka_unit_test(survives_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
