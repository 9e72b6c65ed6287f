/* SPDX-License-Identifier: MIT */
/* bench_spec.c - looks names up in a text. */
#include "bench_spec.h"

#include <stdlib.h>

struct slice
spec_text(struct slice spec, const char *name)
{
	struct slice rest = spec, field;
	size_t n = strlen(name);

	while (slice_cut(&rest, ',', &field))
		if (slice_starts(field, name) && field.len > n &&
		    field.base[n] == '=')
			return slice_after(field, n + 1);
	return slice_of(NULL);
}

uint64_t
spec_number(struct slice spec, const char *name, uint64_t otherwise)
{
	struct slice v = spec_text(spec, name);

	return v.base == NULL ? otherwise : strtoull(v.base, NULL, 10);
}

void
spec_range(struct slice spec, const char *name, uint32_t *from, uint32_t *to)
{
	struct slice v = spec_text(spec, name), first;

	*from = *to = 0;
	if (v.base == NULL || !slice_cut(&v, '-', &first))
		return;
	*from = *to = (uint32_t)strtoul(first.base, NULL, 10);
	if (v.base != NULL)
		*to = (uint32_t)strtoul(v.base, NULL, 10);
}
