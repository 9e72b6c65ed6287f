/* SPDX-License-Identifier: MIT */
/* fuzz_uritemplate.c - a template on the first line, a topic in the rest. */
#include <stdint.h>
#include <stdlib.h>

#include "match/nfa.h"
#include "match/uritemplate.h"
#include "unit/uritemplate_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Up to here the oracle, which tries everything, is asked as well. */
#define TEMPLATE_MAX 24
#define TOPIC_MAX 8

static bool
is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.base[i] & 0x80) != 0)
			return false;
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size }, template;
	struct uritemplate *t = NULL;
	struct nfa_cache *cache;
	size_t steps = 0;
	bool got;
	enum err e;

	if (!slice_cut(&rest, '\n', &template) || rest.base == NULL)
		return 0;
	e = uritemplate_new(&t, template, NULL);
	if (e != ERR_LIMIT && is_ascii(template) &&
	    uritemplate_oracle_valid(template) != (e == ERR_OK))
		abort();
	if (e != ERR_OK)
		return 0;
	got = uritemplate_matches(t, NULL, rest, &steps);
	if (steps > NFA_WORK_MAX * rest.len)
		abort();
	if ((cache = nfa_cache_new(uritemplate_nfa(t))) == NULL ||
	    uritemplate_matches(t, cache, rest, NULL) != got)
		abort();
	if (template.len <= TEMPLATE_MAX && rest.len <= TOPIC_MAX &&
	    uritemplate_oracle_matches(template, rest) != got)
		abort();
	nfa_cache_free(cache);
	uritemplate_free(t);
	return 0;
}
