/* SPDX-License-Identifier: MIT */
/* sqlite.h - what the files of the SQLite backend share; private to them. */
#ifndef QUEUE_SQLITE_SQLITE_H
#define QUEUE_SQLITE_SQLITE_H

#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "queue/backend.h"
#include "queue/sqlite/sidecar.h"
#include "sql_text.h"

#define QUEUE_SQLITE_PATH_MAX 4000
#define QUEUE_SQLITE_TRIES 4 /* re-opening before a call gives up */

/* The database, its -wal and its -shm. */
#define QUEUE_SQLITE_FILES 3

struct queue_sqlite_file {
	dev_t dev;
	ino_t ino; /* 0: there is none */
	off_t size;
	bool plain; /* a regular file with one name */
};

/* Owner: the thread that calls.  Others use `poked` and `checkpointing`, too,
 * and the checkpointer reads `path` and `base.settings`, which never change. */
struct queue_sqlite {
	struct queue base;
	char *path; /* as configured */
	enum queue_mode mode;

	struct sidecar *side; /* NULL: to be opened again */
	sqlite3 *db;          /* NULL: to be opened again */
	sqlite3_stmt *statements[SQL_COUNT];
	struct queue_sqlite_file files[QUEUE_SQLITE_FILES]; /* when opened */
	bool locked;
	bool rewritten; /* the last look has put all rows into a new file */
	struct problem repaired; /* not empty: to be logged after the unlock */
	bool in_signals;         /* `signals` is to be restored */
	sigset_t signals;

	unsigned sigbus;   /* sigbus_count() when it was opened */
	uint32_t log_end;  /* frames of the log, at the last look at them */
	uint32_t log_page; /* bytes of one's page */

	int wal_pages;        /* in the log, as of the last commit */
	int checkpoint_pages; /* as of when a checkpoint was started */
	pthread_t checkpointer;
	bool has_checkpointer; /* to be joined */
	_Atomic bool checkpointing;

	int64_t schema;    /* its version when it was checked */
	int64_t looked_ms; /* when HAS_MOVED was asked last */

	struct queue_cursor_key key; /* epoch 0: not read yet */
	uint32_t word_seen;
	uint32_t poked_seen;
	_Atomic uint32_t poked;

	enum err logged; /* the failure the log knows of */
	bool checkpoint_logged;
	struct problem problem;
};

struct queue_sqlite_loan;

/* open.c: sidecar and connection, at need made again. */
enum err queue_sqlite_ready(struct queue_sqlite *q);
void queue_sqlite_shut(struct queue_sqlite *q);

/* Keep the connection, but nothing that can be made again. */
void queue_sqlite_shrink(struct queue_sqlite *q);

/* ERR_NEWER: made by a newer version of this program.  *current false: by an
 * older one, or somebody has changed the schema since it was opened. */
enum err queue_sqlite_version(struct queue_sqlite *q, bool *current);

/* Give the database that is lent, which nobody else knows yet, a new epoch and
 * key, and no sessions, without lock and log.  Its sentence is in
 * q->problem. */
enum err queue_sqlite_new_epoch(
    struct queue_sqlite *q, const struct queue_sqlite_loan *loan);
const char *queue_sqlite_network_fs(unsigned long magic); /* NULL: local */
enum err queue_sqlite_network_check(const char *path, struct problem *p);

/*
 * files.c.  ERR_MOVED: the connection does not lead to the
 * database at the path any more; shut it.  The path is in order then: with
 * another database lies no log of ours, and whoever holds the lock has written
 * the database anew if it was its -wal or -shm that is gone.  Where that
 * cannot be done, only with the lock: ERR_FULL, ERR_READONLY, ERR_IO; keep
 * the connection, which alone has what the log held.  With ERR_MOVED,
 * q->rewritten: the new database has all that was committed here.
 */
enum err queue_sqlite_look(struct queue_sqlite *q);

/* Remember the files that were opened.  ERR_MOVED: those at the path are
 * others.  ERR_IO: one of the three is a link, or has a second name.  The
 * second function checks only for links and names, before SQLite opens the
 * files by name. */
enum err queue_sqlite_note_files(struct queue_sqlite *q);
enum err queue_sqlite_check_files(struct queue_sqlite *q);

/* From now on SQLite waits for no other end of a FIFO that somebody puts there
 * between a look and the opening.  It is all of the process's SQLite, so this
 * is for programs, before there are threads. */
void queue_sqlite_never_wait(void);

/*
 * log.c: is the log as long as its index says, and without a
 * hole?  INDEX_TORN: pages of -shm were truncated, so the index is not
 * reliable.  UNKNOWN: it cannot be decided at this moment.  The second
 * function: is the log shorter than at the last look?
 */
enum queue_sqlite_damage {
	QUEUE_SQLITE_SOUND,
	QUEUE_SQLITE_UNKNOWN,
	QUEUE_SQLITE_INDEX_TORN,
	QUEUE_SQLITE_LOG_SHORT,
};
enum queue_sqlite_damage queue_sqlite_look_into_log(struct queue_sqlite *q);
bool queue_sqlite_log_is_short(struct queue_sqlite *q);

/* How many bytes of a log, of a database, does SQLite look at?  Others may have
 * made the file longer than the disk.  -1: an error. */
int64_t queue_sqlite_log_bytes(sqlite3_file *log);
int64_t queue_sqlite_db_bytes(sqlite3_file *db);

/*
 * rebuild.c, under the lock: put a new database in the place of
 * the old one, made of its bytes and of the log that the connection has open.
 * `lost`: the log is not whole.  Then positions have a gap, and the sessions
 * are gone.  ERR_FULL, ERR_READONLY, ERR_IO, ERR_NOMEM, ERR_MOVED: nothing has
 * changed.
 */
enum err queue_sqlite_rebuild(struct queue_sqlite *q, bool lost);
void queue_sqlite_remove_log(int dir, const char *db);

/*
 * Make a new file in a folder, named `base`, `infix` and a random number;
 * returns its descriptor, or -1 with errno.  And: is `fd` the file with this
 * name there?
 */
#define QUEUE_SQLITE_NAME_SIZE 256
int queue_sqlite_new_file(int dir, const char *base, const char *infix,
    mode_t mode, char out[QUEUE_SQLITE_NAME_SIZE]);
bool queue_sqlite_is_file(int dir, const char *name, int fd);

/*
 * loan.c: a database in an open file, for SQLite: open any name
 * with the VFS `name`, or `uri` where a statement wants a name.  `log` (-1:
 * none) is its write-ahead log.  The struct must not move until
 * queue_sqlite_lend_end(); connections are closed before.  ERR_NOMEM.
 */
struct queue_sqlite_loan {
	sqlite3_vfs vfs;
	char name[32], uri[64];
	int fd, log;
};
enum err queue_sqlite_lend(struct queue_sqlite_loan *loan, int fd, int log);
void queue_sqlite_lend_end(struct queue_sqlite_loan *loan);

/* open.c: the first call for a new connection: forbids that
 * anything in the file is run.  Returns SQLite's result code. */
int queue_sqlite_tame(struct queue_sqlite *q);

/* base.c: the lock, with signals blocked; ERR_MOVED: shut and
 * ready again. */
enum err queue_sqlite_lock(struct queue_sqlite *q);
void queue_sqlite_unlock(struct queue_sqlite *q);

/* A prepared statement, without bindings; NULL: look at queue_sqlite_failed. */
sqlite3_stmt *queue_sqlite_statement(
    struct queue_sqlite *q, enum sql_statement which);

/* Step a statement with its bindings to its end and reset it; the rows do not
 * matter.  queue_sqlite_run() is for those without bindings. */
enum err queue_sqlite_finish(struct queue_sqlite *q, sqlite3_stmt *st);
enum err queue_sqlite_run(struct queue_sqlite *q, enum sql_statement which);

/* The value of the last SQLite failure, its sentence in q->problem; shuts the
 * connection when it cannot be trusted any more. */
enum err queue_sqlite_failed(struct queue_sqlite *q, int rc);

/* Say in the log, once for each state, that a call failed or works again. */
enum err queue_sqlite_done(struct queue_sqlite *q, enum err e);

/* handle.c: nothing is open yet; NULL: no memory.  A twin is
 * another handle for the same queue, for another thread; it is ready. */
struct queue_sqlite *queue_sqlite_new(const struct queue_backend *b,
    const struct queue_settings *s, enum queue_mode mode);
enum err queue_sqlite_twin(
    struct queue_sqlite **out, const struct queue_sqlite *q);
void queue_sqlite_free(struct queue_sqlite *q); /* NULL is allowed */

/* checkpoint.c: after a commit, without the lock: start a thread that
 * checkpoints if it is time, and wait for its end. */
void queue_sqlite_start_checkpoint(struct queue_sqlite *q);
void queue_sqlite_join_checkpoint(struct queue_sqlite *q);

/* Under the lock: has the log grown too long to leave it to a thread? */
bool queue_sqlite_must_checkpoint(const struct queue_sqlite *q);
enum err queue_sqlite_checkpoint(struct queue_sqlite *q);

/* transact.c: queue_transact() under the lock, on the database at the path,
 * with a checkpoint when it is time. */
enum err queue_sqlite_transact(
    struct queue *base, queue_body_fn *body, void *arg, struct problem *p);

/* append.c */
enum err queue_sqlite_insert(struct queue *base, const struct update *u,
    int64_t bytes, int64_t now_ms, uint64_t *at);
void queue_sqlite_wake(struct queue *base);
bool queue_sqlite_notified(struct queue *base, struct queue_notified *out);
int queue_sqlite_bind(sqlite3_stmt *st, int at, struct slice s);

/* prune.c */
enum err queue_sqlite_prune(struct queue *base, int kind,
    const struct queue_count *added, const struct queue_keep *keep);

/*
 * value.c: reads cells.  Others may write the file, so a cell may
 * hold anything.
 *
 * _column(): the whole of a text column; base NULL: it is null.  _number(): an
 * integer from `low` to QUEUE_SQLITE_NUMBER_MAX, to which times and sizes can
 * be added without overflow; false: the cell holds something else.  _time():
 * any integer from 0 on; INT64_MAX is "never".  _numbers(): `n` columns from 0
 * on.  _is_line(): a text without line breaks and NUL, at most `max` bytes
 * long.
 */
#define QUEUE_SQLITE_NUMBER_MAX (INT64_MAX / 4)
struct slice queue_sqlite_column(sqlite3_stmt *st, int at);
bool queue_sqlite_number(sqlite3_stmt *st, int at, int64_t low, int64_t *out);
bool queue_sqlite_time(sqlite3_stmt *st, int at, int64_t *out); /* or never */
bool queue_sqlite_numbers(sqlite3_stmt *st, int at, int n, int64_t *out);
bool queue_sqlite_is_line(struct slice s, size_t max);

/* schema.c: ERR_IO: the database holds a table, trigger or view
 * that is not made by any of these texts. */
enum err queue_sqlite_schema(
    struct queue_sqlite *q, const char *const *texts, size_t n);

/*
 * snapshot.c.  _ready_to_read() comes first.  _load_key() reads the key of
 * positions again.  _begin() leaves the statement on its row, which holds the
 * snapshot until the caller resets it, unless q->db is NULL by then.  _tail():
 * the last seq that was ever given, pruned or not.
 */
enum err queue_sqlite_ready_to_read(struct queue_sqlite *q);
enum err queue_sqlite_load_key(struct queue_sqlite *q);
enum err queue_sqlite_begin(
    struct queue_sqlite *q, sqlite3_stmt **st, struct queue_span *span);
enum err queue_sqlite_tail(struct queue_sqlite *q, uint64_t *out);

/* start.c; and what it asks for: sessions.c, presence.c. */
enum err queue_sqlite_start(struct queue *base,
    const struct queue_question *ask, struct queue_start *out);
enum err queue_sqlite_find_session(struct queue_sqlite *q,
    const struct session_key *key, int64_t now_ms, queue_session_fn *each,
    void *arg);
enum err queue_sqlite_read_away(
    struct queue_sqlite *q, uint64_t key, struct presence **out);

/* reap.c: let this process's byte show that it lives. */
enum err queue_sqlite_show_life(struct queue_sqlite *q);

/* reap.c, listing.c: see struct queue_presence_ops. */
bool queue_sqlite_is_dead(const struct queue_sqlite *q, uint64_t owner);
enum err queue_sqlite_dead(struct queue *base, uint64_t *epoch, uint64_t *owner,
    int64_t *until_ms, bool *found, struct problem *p);
enum err queue_sqlite_other_signer(struct queue *base, const uint64_t *signers,
    size_t n, uint64_t *out, bool *found, struct problem *p);
enum err queue_sqlite_list(struct queue *base, struct selector wanted,
    struct slice subscriber, queue_subscription_fn *each, void *arg,
    struct buf *last_id);

/* read.c, presence.c, sessions.c, keys.c */
extern const struct queue_log_ops queue_sqlite_log;
extern const struct queue_presence_ops queue_sqlite_presence;
extern const struct queue_session_ops queue_sqlite_sessions;
extern const struct queue_key_ops queue_sqlite_keys;

/* check.c, backup.c */
void queue_sqlite_check(
    const struct queue_settings *s, queue_report_fn *report, void *arg);
enum err queue_sqlite_backup(
    const struct queue_settings *s, const char *path, struct problem *p);

/* path.c: the path in the queue's URL, which the caller frees.  ERR_SYNTAX,
 * ERR_LIMIT, ERR_NOMEM, with a sentence. */
enum err queue_sqlite_path(char **out, const char *url, struct problem *p);

#endif
