/* SPDX-License-Identifier: MIT */
/* dialect.c - finds a generation of the protocol by its name. */
#include "mercure/dialect.h"

static const struct dialect *const dialects[] = { &dialect_0x };

const struct dialect *
dialect_find(struct slice version)
{
	for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++)
		if (slice_is(version, dialects[i]->version))
			return dialects[i];
	return NULL;
}

const struct dialect_param *
dialect_matcher_param(const struct dialect *d, struct slice name)
{
	for (const struct dialect_param *p = d->matcher_params; p->name; p++)
		if (slice_is(name, p->name))
			return p;
	return NULL;
}
