/* SPDX-License-Identifier: MIT */
/* open.c - opens the database, making or upgrading it under the lock. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/sigbus.h"
#include "queue/sqlite/sidecar_path.h"
#include "queue/sqlite/sqlite.h"

#define QUEUE_SQLITE_APPLICATION 1885562729 /* "pcgi" */
#define QUEUE_SQLITE_SMALLEST 512           /* bytes of a database */
#define QUEUE_SQLITE_CELL (64 << 20)        /* bytes of one, at least */
#define QUEUE_SQLITE_BUSY_MS 5000           /* foreign readers, recovery */

/* The collation that the guard triggers name; see sql/schema.sql.  They
 * compare integers, so that it is never asked. */
static int
writer(void *arg, int a_len, const void *a, int b_len, const void *b)
{
	(void)arg;
	(void)a_len;
	(void)a;
	(void)b_len;
	(void)b;
	return 0;
}

static int
note_pages(void *arg, sqlite3 *db, const char *name, int frames)
{
	struct queue_sqlite *q = arg;

	(void)db;
	(void)name;
	/* All of the log was copied, and it starts over. */
	if (frames < q->wal_pages)
		q->checkpoint_pages = 0;
	q->wal_pages = frames;
	return SQLITE_OK;
}

/* A row that is longer than all rows may be is not ours; it is not read into
 * memory. */
static int
longest_cell(const struct queue_sqlite *q)
{
	const uint64_t bytes = q->base.settings.bytes_max;

	if (bytes == 0 || bytes >= INT32_MAX)
		return INT32_MAX; /* as far as SQLite goes */
	return bytes < QUEUE_SQLITE_CELL ? QUEUE_SQLITE_CELL : (int)bytes;
}

/* No statement runs before this: closing the connection must never
 * checkpoint, and never remove the -wal file. */
int
queue_sqlite_tame(struct queue_sqlite *q)
{
	/* Others may write the file: nothing in it is run.  Our own triggers
	 * are for programs that know nothing of this. */
	static const struct {
		int what, on;
	} wanted[] = {
		{ SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1 },
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
		{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
	};
	int persist = 1, rc = SQLITE_OK;

	sqlite3_extended_result_codes(q->db, 1);
	sqlite3_busy_timeout(q->db, QUEUE_SQLITE_BUSY_MS);
	sqlite3_limit(q->db, SQLITE_LIMIT_LENGTH, longest_cell(q));
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (rc == SQLITE_OK)
			rc = sqlite3_db_config(
			    q->db, wanted[i].what, wanted[i].on, (int *)NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_file_control(
		    q->db, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
	if (rc == SQLITE_NOTFOUND) /* a loan keeps no log */
		rc = SQLITE_OK;
	if (rc == SQLITE_OK)
		rc = sqlite3_create_collation_v2(
		    q->db, "pushcgi_writer", SQLITE_UTF8, NULL, writer, NULL);
	return rc;
}

/* SQLite itself makes no database: it would give it rights by its name.  -wal
 * and -shm take their mode from it, whatever the umask is. */
static enum err
make_file(struct queue_sqlite *q)
{
	const char *name;
	const int dir = sidecar_folder(q->side, &name);
	const int fd = openat(dir, name,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0660);
	const int code = fd < 0 || fchmod(fd, 0660) == -1 ? errno : 0;

	if (fd >= 0)
		close(fd);
	return code == 0 ? ERR_OK
			 : sidecar_denied(
			       sidecar_db_path(q->side), code, &q->problem);
}

static enum err
connect_db(struct queue_sqlite *q, bool fresh)
{
	const char *path = sidecar_db_path(q->side);
	/* URI: only where a statement of ours names a loan. */
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
			  SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_URI |
			  SQLITE_OPEN_NOFOLLOW;
	enum err e;
	int rc;

	if (fresh && (e = make_file(q)) != ERR_OK)
		return e;
	if ((e = queue_sqlite_check_files(q)) != ERR_OK)
		return e;
	q->sigbus = sigbus_count();
	q->log_end = 0;
	rc = sqlite3_open_v2(path, &q->db, flags, NULL);
	if (rc == SQLITE_OK)
		rc = queue_sqlite_tame(q);
	if (rc == SQLITE_OK && sqlite3_db_readonly(q->db, "main") != 0)
		rc = SQLITE_READONLY;
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(
		    q->db, sql_text[SQL_SET_CONNECTION], NULL, NULL, NULL);
	if (rc == SQLITE_OK && q->mode == QUEUE_WRITE)
		rc = sqlite3_exec(
		    q->db, sql_text[SQL_SET_WRITER], NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(q->db,
		    sql_text[q->base.settings.full ? SQL_SET_FULL
						   : SQL_SET_NORMAL],
		    NULL, NULL, NULL);
	if (rc != SQLITE_OK) {
		e = queue_sqlite_failed(q, rc);
		queue_sqlite_shut(q);
		return e;
	}
	sqlite3_wal_hook(q->db, note_pages, q);
	q->looked_ms = clock_mono_ms();
	return ERR_OK;
}

static enum err
read_number(struct queue_sqlite *q, enum sql_statement which, int64_t *out)
{
	sqlite3_stmt *st = queue_sqlite_statement(q, which);
	int rc = st != NULL ? sqlite3_step(st) : sqlite3_errcode(q->db);
	int64_t n = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;

	sqlite3_reset(st);
	if (rc != SQLITE_ROW)
		return queue_sqlite_failed(q, rc);
	*out = n;
	return ERR_OK;
}

static enum err
write_meta(struct queue_sqlite *q)
{
	struct {
		int64_t epoch;
		uint8_t key[16];
	} random;
	sqlite3_stmt *st = queue_sqlite_statement(q, SQL_WRITE_META);

	if (st == NULL)
		return queue_sqlite_failed(q, sqlite3_errcode(q->db));
	random_bytes(&random, sizeof(random));
	/* Positive, and never the 0 that stands for "none seen yet". */
	random.epoch = (random.epoch & INT64_MAX) | 1;
	sqlite3_bind_int64(st, 1, random.epoch);
	sqlite3_bind_blob(
	    st, 2, random.key, (int)sizeof(random.key), SQLITE_TRANSIENT);
	return queue_sqlite_finish(q, st);
}

/* Row n leads from user_version n to n + 1; its text ends by saying so. */
static const struct migration {
	const char *schema; /* NULL: the statement */
	enum sql_statement statement;
	enum err (*fill)(struct queue_sqlite *q);
} migrations[] = {
	{ .schema = sql_schema, .fill = write_meta },
	{ .statement = SQL_ADD_SIGNER },
	{ .statement = SQL_ADD_SELECTOR_KIND },
	{ .statement = SQL_ADD_GRANTED },
};

#define QUEUE_SQLITE_VERSION \
	((int64_t)(sizeof(migrations) / sizeof(migrations[0])))

enum err
queue_sqlite_version(struct queue_sqlite *q, bool *current)
{
	int64_t version, schema;
	enum err e;

	if ((e = read_number(q, SQL_READ_VERSION, &version)) != ERR_OK)
		return e;
	if (version < 0)
		return problem_set(&q->problem, ERR_IO,
		    "%s has the version %lld, which no program makes: end all "
		    "hubs, then restore it or move it away together with its "
		    "-wal and -shm",
		    q->path, (long long)version);
	if (version > QUEUE_SQLITE_VERSION)
		return problem_set(&q->problem, ERR_NEWER,
		    "%s belongs to a newer version: upgrade and restart this "
		    "program",
		    q->path);
	if ((e = read_number(q, SQL_READ_SCHEMA_VERSION, &schema)) != ERR_OK)
		return e;
	*current = version == QUEUE_SQLITE_VERSION && schema == q->schema;
	return ERR_OK;
}

static enum err
check_schema(struct queue_sqlite *q)
{
	const char *const texts[] = { sql_schema,
		sql_text[SQL_SUBSCRIBERS_WITH_SIGNER],
		sql_text[SQL_ADD_SELECTOR_KIND],
		sql_text[SQL_SESSIONS_WITH_GRANTED] };

	return queue_sqlite_schema(q, texts, sizeof(texts) / sizeof(texts[0]));
}

/* *usable false: it is ours, or new, but not ready yet. */
static enum err
look_at_db(struct queue_sqlite *q, bool *usable)
{
	int64_t application, tables;
	sqlite3_stmt *st;
	enum err e;

	*usable = false;
	/* Tables first: whoever makes ours meanwhile commits them together
	 * with the application's number. */
	if ((e = read_number(q, SQL_COUNT_TABLES, &tables)) != ERR_OK ||
	    (e = read_number(q, SQL_READ_APPLICATION, &application)) != ERR_OK)
		return e;
	if (application != QUEUE_SQLITE_APPLICATION &&
	    (application != 0 || tables > 0))
		return problem_set(&q->problem, ERR_IO,
		    "%s is another program's database: set "
		    "MERCURE_TRANSPORT_URL to a file of its own",
		    q->path);
	/* Its version first: what is changed meanwhile is looked at again. */
	if ((e = read_number(q, SQL_READ_SCHEMA_VERSION, &q->schema)) !=
		ERR_OK ||
	    (e = queue_sqlite_version(q, usable)) != ERR_OK || !*usable ||
	    (e = check_schema(q)) != ERR_OK)
		return e;

	st = queue_sqlite_statement(q, SQL_READ_JOURNAL_MODE);
	*usable = st != NULL && sqlite3_step(st) == SQLITE_ROW &&
		  sqlite3_stricmp(
		      (const char *)sqlite3_column_text(st, 0), "wal") == 0;
	sqlite3_reset(st);
	return ERR_OK;
}

/* Nothing is there, or an empty file: a database of ours never is. */
static bool
is_absent(const char *path)
{
	struct stat st;

	return lstat(path, &st) == -1 ? errno == ENOENT
				      : S_ISREG(st.st_mode) && st.st_size == 0;
}

/* SQLite would take a file of a few bytes for an empty database. */
static enum err
refuse_scrap(struct queue_sqlite *q)
{
	struct stat st;

	if (lstat(sidecar_db_path(q->side), &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size > 0 && st.st_size < QUEUE_SQLITE_SMALLEST)
		return queue_sqlite_failed(q, SQLITE_NOTADB);
	return ERR_OK;
}

/* What an earlier database left would be taken for the new one's.  The empty
 * file goes too, so that processes which still have it notice. */
static enum err
remove_remains(struct queue_sqlite *q)
{
	static const char *const suffixes[] = { "", "-wal", "-shm",
		"-journal" };
	const char *name;
	const int dir = sidecar_folder(q->side, &name);
	char file[NAME_MAX + 1];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		const int n =
		    snprintf(file, sizeof(file), "%s%s", name, suffixes[i]);

		if (n < 0 || n >= (int)sizeof(file))
			return sidecar_denied(sidecar_db_path(q->side),
			    ENAMETOOLONG, &q->problem);
		if (unlinkat(dir, file, 0) == -1 && errno != ENOENT)
			return sidecar_denied(
			    sidecar_db_path(q->side), errno, &q->problem);
	}
	return ERR_OK;
}

/* In one transaction, so that the database has one version or the other. */
static enum err
upgrade(struct queue_sqlite *q)
{
	int64_t version;
	enum err e;

	if ((e = queue_sqlite_run(q, SQL_SET_JOURNAL_MODE)) != ERR_OK ||
	    (e = queue_sqlite_run(q, SQL_BEGIN)) != ERR_OK ||
	    (e = read_number(q, SQL_READ_VERSION, &version)) != ERR_OK)
		return e;
	/* Others may write the file: no statement is run on tables that are
	 * not ours. */
	if (version > 0 && (e = check_schema(q)) != ERR_OK)
		return e;
	for (; version < QUEUE_SQLITE_VERSION; version++) {
		const struct migration *m = &migrations[version];
		const char *sql =
		    m->schema != NULL ? m->schema : sql_text[m->statement];
		int rc = sqlite3_exec(q->db, sql, NULL, NULL, NULL);

		if (rc != SQLITE_OK)
			return queue_sqlite_failed(q, rc);
		if (m->fill != NULL && (e = m->fill(q)) != ERR_OK)
			return e;
	}
	return queue_sqlite_run(q, SQL_COMMIT);
}

static enum err
note_files(struct queue_sqlite *q)
{
	enum err e;

	/* What was asked once need not be kept for the next time. */
	queue_sqlite_shrink(q);
	if ((e = queue_sqlite_note_files(q)) == ERR_MOVED)
		problem_set(&q->problem, e,
		    "%s is moved again and again: end what does it", q->path);
	return e;
}

/* Under the lock. */
static enum err
make_ready(struct queue_sqlite *q)
{
	const bool fresh = is_absent(sidecar_db_path(q->side));
	bool usable = false;
	enum err e;

	e = fresh ? remove_remains(q) : refuse_scrap(q);
	if (e == ERR_OK)
		e = connect_db(q, fresh);
	if (e == ERR_OK)
		e = look_at_db(q, &usable);
	if (e == ERR_OK && !usable && (e = upgrade(q)) == ERR_OK)
		e = look_at_db(q, &usable);
	if (e == ERR_OK && !usable)
		e = problem_set(&q->problem, ERR_IO,
		    "%s does not take the journal mode WAL: set "
		    "MERCURE_TRANSPORT_URL to a local disk",
		    q->path);
	if (e == ERR_OK)
		e = note_files(q);
	if (e != ERR_OK)
		queue_sqlite_shut(q);
	return e;
}

/* The usual case needs no lock: 500 processes may start at once, also while
 * another one is stopped with the lock in its hands. */
static enum err
open_ready(struct queue_sqlite *q, bool *usable)
{
	enum err e;

	*usable = false;
	if (is_absent(sidecar_db_path(q->side)))
		return ERR_OK;
	if ((e = refuse_scrap(q)) == ERR_OK)
		e = connect_db(q, false);
	if (e == ERR_OK)
		e = look_at_db(q, usable);
	if (e == ERR_OK && *usable)
		e = note_files(q);
	if (e != ERR_OK || !*usable)
		queue_sqlite_shut(q);
	return e;
}

/* A process that waited too long for the lock, as one of hundreds, may not need
 * it any more. */
static bool
made_by_another(struct queue_sqlite *q)
{
	const struct problem busy = q->problem;
	bool usable;

	if (open_ready(q, &usable) == ERR_OK && usable)
		return true;
	q->problem = busy;
	return false;
}

enum err
queue_sqlite_ready(struct queue_sqlite *q)
{
	enum err e = ERR_MOVED;
	bool usable;

	for (int i = 0; e == ERR_MOVED && i < QUEUE_SQLITE_TRIES; i++) {
		if (q->side != NULL && q->db != NULL)
			return ERR_OK;
		if (q->side != NULL && sidecar_moved(q->side)) {
			sidecar_close(q->side);
			q->side = NULL;
		}
		if ((e = queue_sqlite_network_check(q->path, &q->problem)) !=
		    ERR_OK)
			return e;
		if (q->side == NULL && (e = sidecar_open(&q->side, q->path,
					    &q->problem)) != ERR_OK)
			return e;
		if (q->db != NULL)
			return ERR_OK;

		if ((e = open_ready(q, &usable)) == ERR_MOVED)
			continue;
		if (e != ERR_OK || usable)
			return e;
		if ((e = queue_sqlite_lock(q)) != ERR_OK) {
			if (e == ERR_BUSY && made_by_another(q))
				return ERR_OK;
			continue;
		}
		e = make_ready(q);
		queue_sqlite_unlock(q);
	}
	return e;
}

enum err
queue_sqlite_new_epoch(
    struct queue_sqlite *q, const struct queue_sqlite_loan *loan)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
			  SQLITE_OPEN_PRIVATECACHE;
	int rc = sqlite3_open_v2("/copy", &q->db, flags, loan->name);
	enum err e;

	if (rc == SQLITE_OK)
		rc = queue_sqlite_tame(q);
	if (rc != SQLITE_OK)
		return queue_sqlite_failed(q, rc);
	if ((e = queue_sqlite_run(q, SQL_SET_MEMORY_JOURNAL)) == ERR_OK &&
	    (e = queue_sqlite_run(q, SQL_DROP_SESSIONS)) == ERR_OK)
		e = write_meta(q);
	queue_sqlite_shut(q);
	return e;
}
