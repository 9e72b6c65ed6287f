/* SPDX-License-Identifier: MIT */
/* name.c - compares names of settings. */
#include "config/name.h"

#include <ctype.h>

char
config_fold(char c)
{
	return c == '-' ? '_' : (char)toupper((unsigned char)c);
}

bool
config_name_is(struct slice name, const char *known)
{
	size_t i;

	for (i = 0; i < name.len && known[i] != '\0'; i++)
		if (config_fold(name.base[i]) != known[i])
			return false;
	return i == name.len && known[i] == '\0';
}
