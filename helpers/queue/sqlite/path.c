/* SPDX-License-Identifier: MIT */
/* path.c - the path of the database in the queue's URL. */
#include <string.h>

#include "queue/sqlite/sqlite.h"
#include "text/percent.h"

enum err
queue_sqlite_path(char **out, const char *url, struct problem *p)
{
	struct slice rest = slice_of(url);
	struct buf b;
	char *path;

	if (!slice_starts(rest, "sqlite:///"))
		return problem_set(p, ERR_SYNTAX,
		    "the queue's URL \"%s\" names no file: write "
		    "sqlite:///absolute/path",
		    url);
	buf_init(&b, QUEUE_SQLITE_PATH_MAX);
	percent_decode(&b, slice_after(rest, strlen("sqlite://")));
	if (b.err == ERR_OK && memchr(b.base, '\0', b.len) != NULL)
		b.err = ERR_SYNTAX;
	path = buf_steal(&b);
	if (path == NULL) {
		enum err e = b.err != ERR_OK ? b.err : ERR_NOMEM;

		buf_free(&b);
		return problem_set(p, e, "the queue's URL: %s", err_text(e));
	}
	*out = path;
	return ERR_OK;
}
