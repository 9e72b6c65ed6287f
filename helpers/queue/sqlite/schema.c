/* SPDX-License-Identifier: MIT */
/* schema.c - checks that the schema of a database is the expected one. */
#include <string.h>

#include "queue/sqlite/sqlite.h"

/* Tables that SQLite itself creates. */
static const char *const by_sqlite[] = {
	"CREATE TABLE sqlite_sequence(name,seq)",
	"CREATE TABLE sqlite_stat1(tbl,idx,stat)",
	"CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)",
};

/* SQLite keeps the text of each statement as it was written. */
static bool
is_part_of(const char *text, const char *sql, size_t len)
{
	const char *at = strstr(text, sql);

	while (at != NULL && at[len] != ';')
		at = strstr(at + 1, sql);
	return at != NULL;
}

static bool
is_known(struct slice sql, const char *const *texts, size_t n)
{
	if (sql.len == 0 || strlen(sql.base) != sql.len)
		return false;
	for (size_t i = 0; i < sizeof(by_sqlite) / sizeof(by_sqlite[0]); i++)
		if (slice_is(sql, by_sqlite[i]))
			return true;
	for (size_t i = 0; i < n; i++)
		if (is_part_of(texts[i], sql.base, sql.len))
			return true;
	return false;
}

/* An index that belongs to a constraint of a table has no text. */
static bool
is_row_known(sqlite3_stmt *st, const char *const *texts, size_t n)
{
	if (sqlite3_column_type(st, 0) == SQLITE_NULL)
		return slice_starts(
		    queue_sqlite_column(st, 1), "sqlite_autoindex_");
	return is_known(queue_sqlite_column(st, 0), texts, n);
}

enum err
queue_sqlite_schema(struct queue_sqlite *q, const char *const *texts, size_t n)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_READ_SCHEMA);
	bool known = true;
	int rc;

	if (st == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	while ((rc = sqlite3_step(st)) == SQLITE_ROW && known)
		known = is_row_known(st, texts, n);
	sqlite3_reset(st);
	if (!known)
		return problem_set(&q->problem, ERR_IO,
		    "%s has tables, triggers or views that this program did "
		    "not make: end all hubs, then drop them, or move the "
		    "database away together with its -wal and -shm",
		    q->path);
	return rc == SQLITE_DONE ? ERR_OK : queue_sqlite_failed(q, rc);
}
