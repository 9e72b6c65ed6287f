/* SPDX-License-Identifier: MIT */
/* fuzz_nfa.c - an expression by the first bytes, matched against the rest. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "unit/nfa_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_MAX 24 /* the oracle is slow */

/* The input, byte by byte; then nothing but zeros. */
struct bytes {
	const uint8_t *at, *end;
};

static size_t
next(void *arg, size_t n)
{
	struct bytes *b = arg;

	return b->at < b->end ? *b->at++ % n : 0;
}

static bool
matches(const struct nfa *n, struct nfa_cache *c, struct slice text)
{
	struct nfa_run r;
	bool alive;

	nfa_start(&r, n, c);
	alive = nfa_feed(&r, text);
	if (c == NULL && r.steps > NFA_WORK_MAX * text.len)
		abort();
	return alive && nfa_is_match(&r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = { data, data + size };
	struct oracle o = { .choose = next, .arg = &bytes };
	struct nfa_build *b = NULL;
	struct nfa *n = NULL;
	struct nfa_cache *c;
	char text[TEXT_MAX];
	struct slice s = { text, 0 };
	bool want;

	oracle_invent(&o, 6);
	if (nfa_build_new(&b) != ERR_OK)
		abort();
	oracle_build(&o, b);
	if (nfa_build_end(&n, b) != ERR_OK) {
		nfa_build_free(b);
		return 0;
	}
	nfa_build_free(b);
	while (bytes.at < bytes.end && s.len < TEXT_MAX)
		text[s.len++] = (char)('a' + *bytes.at++ % 4);
	want = oracle_matches(&o, s);
	if ((c = nfa_cache_new(n)) == NULL || matches(n, NULL, s) != want ||
	    matches(n, c, s) != want || matches(n, c, s) != want)
		abort();
	nfa_cache_free(c);
	nfa_free(n);
	return 0;
}
