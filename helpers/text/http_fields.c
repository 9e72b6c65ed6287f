/* SPDX-License-Identifier: MIT */
/* http_fields.c - headers by their names. */
#include "text/http_fields.h"

#include <strings.h>

static bool
is_named(struct slice s, const char *name)
{
	return s.len == strlen(name) && strncasecmp(s.base, name, s.len) == 0;
}

struct slice
http_fields_value(struct slice head, const char *name, size_t nth)
{
	struct slice line, key;

	while (slice_cut(&head, '\n', &line)) {
		if (line.len > 0 && line.base[line.len - 1] == '\r')
			line.len--;
		slice_cut(&line, ':', &key);
		if (line.base == NULL || !is_named(key, name))
			continue;
		if (nth-- == 0)
			return slice_trim(line);
	}
	return (struct slice){ NULL, 0 };
}
