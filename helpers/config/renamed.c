/* SPDX-License-Identifier: MIT */
/* renamed.c - the tables of former names, which are errors now. */
#include "config/renamed.h"

#include <strings.h>

#include "config/name.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *old, *new;
} renamed[] = {
	{ "MERCURE_DRAIN_WAIT", "MERCURE_POLL_WAIT" },
	{ "MERCURE_MAX_PARKED", "MERCURE_MAX_PENDING" },
	{ "MERCURE_MAX_PARKED_BYTES", "MERCURE_MAX_PENDING_BYTES" },
};

static const struct {
	const char *setting, *old, *new;
} renamed_values[] = {
	{ "MERCURE_DELIVERY", "drain", "poll" },
};

const char *
config_new_name(struct slice name)
{
	for (size_t i = 0; i < COUNT(renamed); i++)
		if (config_name_is(name, renamed[i].old))
			return renamed[i].new;
	return NULL;
}

const char *
config_new_value(const char *setting, struct slice value)
{
	for (size_t i = 0; i < COUNT(renamed_values); i++) {
		const char *old = renamed_values[i].old;

		if (strcmp(renamed_values[i].setting, setting) == 0 &&
		    value.len == strlen(old) &&
		    strncasecmp(value.base, old, value.len) == 0)
			return renamed_values[i].new;
	}
	return NULL;
}
