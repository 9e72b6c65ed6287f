/* SPDX-License-Identifier: MIT */
/* queue_sqlite.h - what the files of the SQLite backend share; private to them. */
#ifndef QUEUE_SQLITE_H
#define QUEUE_SQLITE_H

#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "queue_ops.h"
#include "sidecar.h"
#include "sql_text.h"

#define QUEUE_SQLITE_PATH_MAX 4000
#define QUEUE_SQLITE_TRIES 4 /* re-opening before a call gives up */

/* The database, its -wal and its -shm. */
#define QUEUE_SQLITE_FILES 3

struct queue_sqlite_file {
	dev_t dev;
	ino_t ino; /* 0: there is none */
	off_t size;
};

/* Owner: the thread that calls; `poked` and `settling` are touched by others,
 * and the settler reads `path` and `settings`, which never change. */
struct queue_sqlite {
	struct queue base;
	char *path; /* as configured */
	struct queue_settings settings;
	enum queue_mode mode;

	struct sidecar *side; /* NULL: to be opened again */
	sqlite3 *db;          /* NULL: to be opened again */
	sqlite3_stmt *statements[SQL_COUNT];
	struct queue_sqlite_file files[QUEUE_SQLITE_FILES]; /* when opened */
	bool locked;
	struct fault repaired; /* not empty: to be logged after the unlock */
	bool in_signals;       /* `signals` is to be restored */
	sigset_t signals;

	int wal_frames;     /* in the log, as of the last commit */
	int settled_frames; /* as of when a settler was started */
	pthread_t settler;
	bool has_settler; /* to be joined */
	_Atomic bool settling;

	int64_t unrung;       /* rows that nobody was woken for */
	uint32_t unrung_word; /* as of then */

	int64_t looked_ms;  /* when HAS_MOVED was asked last */
	int64_t age_due_ms; /* when to look for old rows again */

	struct queue_cursor_key key; /* epoch 0: not read yet */
	uint32_t word_seen;
	uint32_t poked_seen;
	_Atomic uint32_t poked;

	enum err logged; /* the failure the log knows of */
	bool checkpoint_logged;
	struct fault fault;
};

/* queue_sqlite_open.c: sidecar and connection, at need made anew. */
enum err queue_sqlite_ready(struct queue_sqlite *q);
void queue_sqlite_shut(struct queue_sqlite *q);

/* Keep the connection, but nothing that can be made again. */
void queue_sqlite_spare(struct queue_sqlite *q);
enum err queue_sqlite_version(struct queue_sqlite *q);

/* Give the database at q->path, which nobody else knows yet, an epoch and a
 * key of its own and no sessions, without lock and log.  Its sentence is in
 * q->fault. */
enum err queue_sqlite_renew(struct queue_sqlite *q);
const char *queue_sqlite_network_fs(unsigned long magic); /* NULL: local */
enum err queue_sqlite_network_check(const char *path, struct fault *f);

/*
 * queue_sqlite_files.c.  ERR_MOVED: the connection does not lead to the
 * database at the path any more; shut it.  The path is in order then: with
 * another database lies no log of ours, and whoever holds the lock has written
 * the database anew if it was its -wal or -shm that is gone.  Where that
 * cannot be done, only with the lock: ERR_FULL, ERR_READONLY, ERR_IO; keep
 * the connection, which alone has what the log held.
 */
enum err queue_sqlite_look(struct queue_sqlite *q);

/* False: what is at the path is not, or not wholly, what was opened. */
bool queue_sqlite_note_files(struct queue_sqlite *q);

/* queue_sqlite_base.c: the lock, with signals blocked; ERR_MOVED: shut and ready
 * again. */
enum err queue_sqlite_lock(struct queue_sqlite *q);
void queue_sqlite_unlock(struct queue_sqlite *q);

/* A prepared statement, without bindings; NULL: look at queue_sqlite_failed. */
sqlite3_stmt *queue_sqlite_statement(
    struct queue_sqlite *q, enum sql_statement which);

/* Step a statement with its bindings to its end and reset it; the rows do not
 * matter.  queue_sqlite_run() is for those without bindings. */
enum err queue_sqlite_finish(struct queue_sqlite *q, sqlite3_stmt *st);
enum err queue_sqlite_run(struct queue_sqlite *q, enum sql_statement which);

/* The value of the last SQLite failure, its sentence in q->fault; shuts the
 * connection when it cannot be trusted any more. */
enum err queue_sqlite_failed(struct queue_sqlite *q, int rc);

/* Say in the log, once for each state, that a call failed or works again. */
enum err queue_sqlite_done(struct queue_sqlite *q, enum err e);

/* queue_sqlite_handle.c: nothing is open yet; NULL: no memory.  A twin is
 * another handle for the same queue, for another thread; it is ready. */
struct queue_sqlite *queue_sqlite_new(const struct queue_ops *ops,
    const struct queue_settings *s, enum queue_mode mode);
enum err queue_sqlite_twin(
    struct queue_sqlite **out, const struct queue_sqlite *q);
void queue_sqlite_free(struct queue_sqlite *q); /* NULL is allowed */

/* queue_sqlite_settle.c: after a commit, without the lock: start a thread that
 * checkpoints if it is time.  queue_sqlite_settled() waits for its end. */
void queue_sqlite_settle(struct queue_sqlite *q);
void queue_sqlite_settled(struct queue_sqlite *q);

/* Under the lock: has the log grown too long to leave it to a thread? */
bool queue_sqlite_must_checkpoint(const struct queue_sqlite *q);
enum err queue_sqlite_checkpoint(struct queue_sqlite *q);

/*
 * queue_sqlite_transact.c: run `body` in a transaction under the lock, on the
 * database at the path, and checkpoint when it is time; all is rolled back
 * when it fails.  Errors as of queue_append().  `body` may run again when the
 * database turns out to be another one.
 */
typedef enum err queue_sqlite_body(struct queue_sqlite *q, void *arg);
enum err queue_sqlite_transact(struct queue_sqlite *q, queue_sqlite_body *body,
    void *arg, struct fault *f);

/*
 * queue_sqlite_write.c, within a transaction: insert an update, counting it,
 * and, when all of a kind are in, add them to the totals and prune.
 */
struct queue_sqlite_count {
	int64_t rows, bytes;
};
enum err queue_sqlite_insert(struct queue_sqlite *q, const struct update *u,
    int64_t now_ms, struct queue_sqlite_count *count);
enum err queue_sqlite_settle_kind(struct queue_sqlite *q, int kind,
    const struct queue_sqlite_count *count, int64_t first_seq, bool age_due,
    int64_t now_ms);
int queue_sqlite_bind(sqlite3_stmt *st, int at, struct slice s);

/* queue_sqlite_read.c: the whole of a text column (base NULL: it is null);
 * read the key of cursors anew; be ready, as every reader has to be first. */
struct slice queue_sqlite_column(sqlite3_stmt *st, int at);
enum err queue_sqlite_load_key(struct queue_sqlite *q);
enum err queue_sqlite_ready_to_read(struct queue_sqlite *q);

/*
 * queue_sqlite_present.c, within a transaction: what it tells.  Let this
 * process's byte show that it lives; copy a row (key, subscriber, topics,
 * payload, token); change one subscriber's rows, which are
 * `owner`'s, and tell of it; end the telling; and remember, after the commit,
 * to ring for it.
 */
struct queue_sqlite_telling {
	struct queue_sqlite_count count;
	int64_t first_seq, now_ms;
};
enum err queue_sqlite_show_life(struct queue_sqlite *q);
enum err queue_sqlite_change(struct queue_sqlite *q,
    struct queue_sqlite_telling *t, uint64_t owner,
    const struct presence_change *c);
enum err queue_sqlite_copy(struct presence **out, sqlite3_stmt *st);
enum err queue_sqlite_told(
    struct queue_sqlite *q, const struct queue_sqlite_telling *t);
void queue_sqlite_unrung(
    struct queue_sqlite *q, const struct queue_sqlite_telling *t);

/*
 * queue_sqlite_waiting.c, within a transaction: end subscribers of `owner`
 * whose rows `st` finds (key, subscriber, topics, payload, token), at most
 * PRESENCE_CHANGES_MAX; *n (NULL is allowed) says how many.  End those who
 * wait by the word of a session that is now `s`: all, or those with another
 * payload or a later end.  And may this one begin to wait, as its session is
 * now?
 */
enum err queue_sqlite_end_rows(struct queue_sqlite *q,
    struct queue_sqlite_telling *t, uint64_t owner, sqlite3_stmt *st,
    size_t *n);
enum err queue_sqlite_end_session(struct queue_sqlite *q,
    struct queue_sqlite_telling *t, const struct session *s, bool all);
enum err queue_sqlite_may_wait(struct queue_sqlite *q, const struct presence *p,
    int64_t now_ms, bool *out);
enum err queue_sqlite_end_waiting(struct queue *base, const uint64_t *signers,
    size_t n, bool *more, struct fault *f);

/*
 * queue_sqlite_budget.c: the pages that this connection has written since it
 * was asked last; of that, have others wait for what it wrote of strangers.
 */
int64_t queue_sqlite_pages(struct queue_sqlite *q);
void queue_sqlite_charge(struct queue_sqlite *q,
    const struct presence_change *changes, size_t n, int64_t pages);
size_t queue_sqlite_stranger_room(struct queue *base, unsigned *wait_ms);

/* queue_sqlite_present.c, queue_sqlite_reap.c, queue_sqlite_listing.c */
enum err queue_sqlite_present(struct queue *base,
    const struct presence_change *changes, size_t n, uint64_t *epoch,
    struct fault *f);
enum err queue_sqlite_reap(
    struct queue *base, uint64_t *epoch, bool *more, struct fault *f);
enum err queue_sqlite_parked(
    struct queue *base, struct slice id, struct presence **out, uint64_t *key);
void queue_sqlite_tell_presence(struct queue *base, bool on);
unsigned queue_sqlite_wake_soon(struct queue *base);
enum err queue_sqlite_subscriptions(struct queue *base, struct slice topic,
    struct slice subscriber, queue_subscription_fn *each, void *arg,
    struct buf *last_id);

/* queue_sqlite_keys.c */
enum err queue_sqlite_keys_read(struct queue *base, struct slice url,
    struct queue_keys *out, struct buf *text);
enum err queue_sqlite_keys_claim(struct queue *base, struct slice url,
    int64_t now_ms, int64_t since_ms, bool *mine, struct fault *f);
enum err queue_sqlite_keys_store(struct queue *base, struct slice url,
    struct slice text, int64_t now_ms, int64_t fresh_ms, struct slice error,
    struct fault *f);

/* queue_sqlite_sessions.c */
enum err queue_sqlite_session_grant(
    struct queue *base, const struct session_wish *w, struct fault *f);
enum err queue_sqlite_session_move(struct queue *base,
    const struct session_key *from, const struct session_key *to,
    int64_t now_ms, size_t topics_max, struct fault *f);
enum err queue_sqlite_session_revoke(struct queue *base,
    const struct session_key *key, struct slice topics, int64_t now_ms,
    struct fault *f);
enum err queue_sqlite_session_find(struct queue *base,
    const struct session_key *key, int64_t now_ms, queue_session_fn *each,
    void *arg, uint64_t *number);
enum err queue_sqlite_session_changes(struct queue *base, uint64_t number,
    size_t max, queue_session_fn *each, void *arg);
enum err queue_sqlite_sessions(
    struct queue *base, int64_t now_ms, queue_session_fn *each, void *arg);

/* queue_sqlite_write.c, queue_sqlite_read.c, queue_sqlite_check.c,
 * queue_sqlite_backup.c */
enum err queue_sqlite_append(struct queue *base,
    const struct update *const *updates, size_t n, struct fault *f);
void queue_sqlite_wake(struct queue *base);
enum err queue_sqlite_read(struct queue *base, struct cursor after,
    uint64_t epoch_seen, size_t rows_max, size_t bytes_max, queue_row_fn *row,
    void *arg, struct queue_span *out);
enum err queue_sqlite_tail(struct queue *base, struct cursor *out);
void queue_sqlite_wait(struct queue *base, unsigned timeout_ms);
void queue_sqlite_poke(struct queue *base);
enum err queue_sqlite_find(
    struct queue *base, struct slice id, struct cursor *out, bool *known);
enum err queue_sqlite_cursor_key(
    struct queue *base, struct queue_cursor_key *out);
void queue_sqlite_check(
    const struct queue_settings *s, queue_report_fn *report, void *arg);
enum err queue_sqlite_backup(
    const struct queue_settings *s, const char *path, struct fault *f);
enum err queue_sqlite_path(char **out, const char *url, struct fault *f);

#endif
