/* SPDX-License-Identifier: MIT */
/* value.c - reads and checks cells, which others may have written. */
#include <string.h>

#include "queue/sqlite/sqlite.h"

struct slice
queue_sqlite_column(sqlite3_stmt *st, int at)
{
	const char *text = (const char *)sqlite3_column_text(st, at);

	return (struct slice){ text,
		text != NULL ? (size_t)sqlite3_column_bytes(st, at) : 0 };
}

bool
queue_sqlite_number(sqlite3_stmt *st, int at, int64_t low, int64_t *out)
{
	const int64_t n = sqlite3_column_int64(st, at);

	if (sqlite3_column_type(st, at) != SQLITE_INTEGER || n < low ||
	    n > QUEUE_SQLITE_NUMBER_MAX)
		return false;
	*out = n;
	return true;
}

bool
queue_sqlite_time(sqlite3_stmt *st, int at, int64_t *out)
{
	*out = sqlite3_column_int64(st, at);
	return sqlite3_column_type(st, at) == SQLITE_INTEGER && *out >= 0;
}

bool
queue_sqlite_numbers(sqlite3_stmt *st, int at, int n, int64_t *out)
{
	for (int i = 0; i < n; i++)
		if (!queue_sqlite_number(st, at + i, 0, &out[i]))
			return false;
	return true;
}

bool
queue_sqlite_is_line(struct slice s, size_t max)
{
	if (s.len > max)
		return false;
	return s.len == 0 || (memchr(s.base, '\n', s.len) == NULL &&
				 memchr(s.base, '\r', s.len) == NULL &&
				 memchr(s.base, '\0', s.len) == NULL);
}
