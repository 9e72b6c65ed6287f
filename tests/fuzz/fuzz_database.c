/* SPDX-License-Identifier: MIT */
/* fuzz_database.c - any bytes as the database's file: never a crash. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sigbus.h"
#include "match/matcher.h"
#include "queue/keys.h"
#include "queue/presence.h"
#include "queue/sessions.h"
#include "queue/sqlite/sqlite.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define TURNS_MAX 100 /* of what is to end by itself */
#define SQL_MAX 512
#define STATEMENTS_MAX 40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct room {
	char dir[64], db[96], url[112], copy[96];
	struct queue_settings settings;
};

struct bytes {
	const uint8_t *at;
	size_t len;
};

static unsigned
next(struct bytes *b)
{
	unsigned n = b->len > 0 ? *b->at : 0;

	if (b->len > 0) {
		b->at++;
		b->len--;
	}
	return n;
}

static void
room_make(struct room *r)
{
	const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	memset(r, 0, sizeof(*r));
	snprintf(r->dir, sizeof(r->dir), "%s/fuzz-XXXXXX", tmp);
	if (mkdtemp(r->dir) == NULL)
		abort();
	snprintf(r->db, sizeof(r->db), "%s/queue.db", r->dir);
	snprintf(r->url, sizeof(r->url), "sqlite://%s", r->db);
	snprintf(r->copy, sizeof(r->copy), "%s/copy.db", r->dir);
	r->settings = (struct queue_settings){ .url = r->url,
		.lock_timeout_ms = 1000,
		.rows_max = 3,
		.bytes_max = 10000,
		.age_max_s = 1000,
		.presence_events = true,
		.owner = 5 };
}

static void
room_remove(struct room *r)
{
	char path[512];
	struct dirent *d;
	DIR *dir = opendir(r->dir);

	while (dir != NULL && (d = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", r->dir, d->d_name);
		if (d->d_name[0] != '.')
			unlink(path);
	}
	if (dir != NULL)
		closedir(dir);
	rmdir(r->dir);
}

static void
check(enum err e, const struct problem *p)
{
	if (e != ERR_OK && p->text[0] == '\0')
		abort();
}

static struct presence *
somebody(void)
{
	struct matcher_list l = { NULL, 0 };
	const struct presence_parts parts = { .matchers = &l,
		.payload = slice_of("{}") };
	struct presence *p = NULL;
	struct matcher *m = NULL;

	if (matcher_new(&m, selector_topic(slice_of("t")), NULL) != ERR_OK ||
	    matcher_list_add(&l, m) != ERR_OK ||
	    presence_new(&p, &parts) != ERR_OK)
		abort();
	matcher_list_free(&l);
	return p;
}

static void
append(struct queue *q, const char *id)
{
	const struct update u = { .topics = slice_of("t"),
		.id = slice_of(id),
		.data = slice_of("d") };
	const struct update *list = &u;
	struct problem p = { "" };

	check(queue_append(q, &list, 1, &p), &p);
	check(queue_append(q, NULL, 0, &p), &p);
}

static void
present(struct queue *q, const struct presence *p, enum presence_state to)
{
	const struct presence_change c = { to, p, INT64_MAX, NULL };
	struct problem why = { "" };
	uint64_t epoch;

	check(queue_present(q, &c, 1, &epoch, &why), &why);
}

static void
each_row(void *arg, uint64_t at, const struct update *u)
{
	(void)arg;
	(void)at;
	/* Nothing that would end a line of a stream. */
	if (u->topics.base == NULL || !queue_sqlite_is_line(u->id, 4096) ||
	    !queue_sqlite_is_line(u->type, 4096))
		abort();
}

static void
each_subscription(void *arg, const struct subscription_view *v)
{
	size_t *bytes = arg;

	*bytes += v->selector.text.len + v->subscriber.len + v->payload.len;
}

static void
each_session(void *arg, const struct session *s, uint64_t number)
{
	struct grant *g = NULL;

	(void)arg;
	if (session_grant(&g, &s->key, s, number) == ERR_OK)
		grant_unref(g);
}

/* The session and the id of any request. */
static void
start(struct queue *q, const char *id)
{
	static const struct session_key key = { "a" };
	const struct queue_question ask = { .last_id = slice_of(id),
		.session = &key,
		.sessions_n = 1,
		.now_ms = 1,
		.each = each_session };
	struct queue_start start;

	if (queue_start(q, &ask, &start) == ERR_OK)
		presence_free(start.away);
}

static void
read_all(struct queue *q)
{
	struct queue_span span = { 0 };
	int turns = 0;

	do {
		const uint64_t before = span.next;

		if (queue_read(q, span.next, span.epoch, 2, 1000, each_row,
			NULL, &span) != ERR_OK ||
		    (span.rows > 0 && span.next <= before))
			break;
	} while ((span.rows > 0 || turns == 0) && ++turns < TURNS_MAX);
	start(q, "a");
	start(q, "#AAAAAAAAAAAAAAAAAAAAAA");
	start(q, "#AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
}

static void
presence_all(struct queue *q)
{
	struct presence *p = somebody();
	struct problem why = { "" };
	size_t bytes = 0;
	uint64_t epoch;
	bool more = true;
	struct buf id;

	present(q, p, PRESENCE_THERE);
	present(q, p, PRESENCE_AWAY);
	for (int turns = 0; more; turns++) {
		enum err e = queue_reap(q, &epoch, &more, &why);

		check(e, &why);
		if (turns == TURNS_MAX)
			abort();
	}
	buf_init(&id, 4096);
	(void)queue_subscriptions(q, selector_topic(slice_of(NULL)),
	    slice_of(NULL), each_subscription, &bytes, &id);
	buf_clear(&id);
	(void)queue_subscriptions(q, selector_topic(slice_of("t")),
	    slice_of(NULL), each_subscription, &bytes, &id);
	buf_free(&id);
	present(q, p, PRESENCE_GONE);
	presence_free(p);
	(void)queue_notify_soon(q);
}

static void
keys_all(struct queue *q)
{
	const struct slice url = slice_of("https://keys.example/");
	struct problem p = { "" };
	struct queue_keys keys;
	struct buf text;
	bool mine;

	buf_init(&text, QUEUE_KEYS_MAX);
	(void)queue_keys_read(q, url, &keys, &text);
	buf_free(&text);
	check(queue_keys_claim(q, url, 1000, 500, &mine, &p), &p);
	check(queue_keys_store(
		  q, url, slice_of("{}"), 1000, 2000, slice_of(NULL), &p),
	    &p);
}

static void
sessions_all(struct queue *q)
{
	const int64_t now_ms = clock_real_ms();
	const struct session_key a = { { 1 } }, b = { { 2 } };
	const struct session_wish w = { .key = a,
		.topics = slice_of("t\nu"),
		.payload = slice_of("{}"),
		.now_ms = now_ms,
		.until_ms = now_ms + 1000000,
		.granted_ms = now_ms,
		.topics_max = 10 };
	const struct session_extension x = { 1000000, 9000000 };
	uint8_t tokens[2][GRANT_TOKEN_SIZE] = { { 1 }, { 2 } };
	struct problem p = { "" };
	uint64_t number;

	check(queue_session_grant(q, &w, &p), &p);
	check(queue_sessions_extend(q, tokens, 2, now_ms + 600000, &x, &p), &p);
	check(queue_session_move(q, &a, &b, now_ms, 10, &p), &p);
	check(queue_session_revoke(q, &b, slice_of("t"), now_ms, &p), &p);
	(void)queue_session_find(q, &b, now_ms, each_session, NULL, &number);
	(void)queue_session_changes(q, 0, 10, each_session, NULL);
	(void)queue_sessions(q, now_ms, each_session, NULL);
	check(queue_session_revoke(q, &b, slice_of(NULL), now_ms, &p), &p);
}

static void
report(void *arg, bool good, const char *text)
{
	(void)arg;
	(void)good;
	if (text[0] == '\0')
		abort();
}

static void
use_all(struct room *r)
{
	static const enum queue_mode modes[] = { QUEUE_READ, QUEUE_WRITE,
		QUEUE_READ };
	struct problem p = { "" };

	for (size_t i = 0; i < COUNT(modes); i++) {
		struct queue *q = NULL;
		enum err e = queue_open(&q, &r->settings, modes[i], &p);

		check(e, &p);
		if (e != ERR_OK)
			continue;
		read_all(q);
		if (modes[i] == QUEUE_WRITE) {
			append(q, "a");
			presence_all(q);
			keys_all(q);
			sessions_all(q);
			append(q, "b");
		}
		queue_close(q);
	}
	queue_check(&r->settings, report, NULL);
	check(queue_backup(&r->settings, r->copy, &p), &p);
}

static void
write_file(const char *path, const uint8_t *data, size_t size)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0660);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
}

static const char *const suffixes[] = { "", "-wal", "-shm", "-hub" };

/* The files of a database in memory, to be restored quickly. */
static struct {
	uint8_t *bytes;
	size_t len;
} sound[COUNT(suffixes)];

static void
keep_sound(const struct room *r)
{
	for (size_t i = 0; i < COUNT(suffixes); i++) {
		char path[128];
		struct stat st;
		int fd;

		snprintf(path, sizeof(path), "%s%s", r->db, suffixes[i]);
		fd = open(path, O_RDONLY);
		if (fd < 0 || fstat(fd, &st) == -1)
			abort();
		sound[i].len = (size_t)st.st_size;
		sound[i].bytes = malloc(sound[i].len);
		if (sound[i].bytes == NULL ||
		    read(fd, sound[i].bytes, sound[i].len) != st.st_size)
			abort();
		close(fd);
	}
}

static void
write_sound(const struct room *r)
{
	for (size_t i = 0; i < COUNT(suffixes); i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s%s", r->db, suffixes[i]);
		write_file(path, sound[i].bytes, sound[i].len);
	}
}

/* A database of ours, with something in every table. */
static void
make_sound(struct room *r)
{
	struct queue *q = NULL;
	struct problem p = { "" };

	if (sound[0].bytes != NULL) {
		write_sound(r);
		return;
	}
	if (queue_open(&q, &r->settings, QUEUE_WRITE, &p) != ERR_OK)
		abort();
	append(q, "a");
	append(q, "c");
	keys_all(q);
	sessions_all(q);
	presence_all(q);
	queue_close(q);
	keep_sound(r);
}

static const struct table {
	const char *name;
	const char *columns[10];
	size_t n;
} tables[] = {
	{ "updates",
	    { "seq", "kind", "byte_count", "at_ms", "private", "retry_ms", "id",
		"type", "topics", "data" },
	    10 },
	{ "totals", { "kind", "row_count", "byte_count", "pruned_seq" }, 4 },
	{ "meta", { "only", "epoch", "cursor_key", "session_change" }, 4 },
	{ "subscribers",
	    { "key", "owner", "until_ms", "subscriber", "token", "address",
		"topics", "payload", "signer" },
	    9 },
	{ "subscriptions", { "topic", "key", "kind" }, 3 },
	{ "sessions",
	    { "digest", "change", "until_ms", "kept_ms", "moved_to", "topics",
		"payload", "granted_ms" },
	    8 },
	{ "key_sets",
	    { "url", "tried_ms", "changed_ms", "fresh_ms", "error", "key_set" },
	    6 },
	{ "sqlite_sequence", { "name", "seq" }, 2 },
};

static const char *const values[] = { "NULL", "0", "-1", "1", "2", "5", "-56",
	"-100000", "9223372036854775807", "-9223372036854775807 - 1",
	"4611686018427387904", "1e300", "0.5", "'x'", "'5x'", "''", "x''",
	"x'00'", "zeroblob(16)", "zeroblob(32)", "zeroblob(70000)",
	"randomblob(32)", "char(10)", "'a' || char(13) || 'b'", "char(0)",
	"'t' || char(10) || 'u'", "replace(hex(zeroblob(3000)), '0', 'long')",
	"'https://keys.example/'", "1885562729", "2147483648",
	"18446744073709551616", "-0.0", "9e999" };

/* %1 a table, %2 a column of it, %3 and %4 values. */
static const char *const statements[] = {
	"UPDATE %1$s SET %2$s = %3$s",
	"UPDATE %1$s SET %2$s = %3$s WHERE rowid = (SELECT min(rowid) FROM "
	"%1$s)",
	"INSERT OR REPLACE INTO %1$s (%2$s) VALUES (%3$s)",
	"INSERT INTO %1$s SELECT * FROM %1$s",
	"DELETE FROM %1$s",
	"DROP TABLE %1$s",
	"DROP TABLE %1$s; CREATE VIEW %1$s AS SELECT %3$s AS %2$s",
	"DROP TABLE %1$s; CREATE TABLE %1$s (%2$s)",
	"ALTER TABLE %1$s DROP COLUMN %2$s",
	"ALTER TABLE %1$s RENAME COLUMN %2$s TO other",
	"ALTER TABLE %1$s RENAME TO other",
	"ALTER TABLE %1$s ADD COLUMN more DEFAULT (%3$s)",
	"CREATE TRIGGER t%1$s AFTER INSERT ON %1$s BEGIN DELETE FROM updates; "
	"END",
	"CREATE VIEW v%1$s AS SELECT * FROM %1$s",
	"CREATE INDEX i%1$s ON %1$s (%2$s)",
	"CREATE INDEX e%1$s ON %1$s (length(%2$s) + %3$s)",
	"CREATE UNIQUE INDEX u%1$s ON %1$s (%2$s)",
	"CREATE VIRTUAL TABLE f%1$s USING fts5 (%2$s)",
	"PRAGMA user_version = %3$s",
	"PRAGMA application_id = %3$s",
	"PRAGMA page_size = 512; PRAGMA journal_mode = DELETE; VACUUM",
	"PRAGMA auto_vacuum = FULL; PRAGMA journal_mode = DELETE; VACUUM",
	"PRAGMA encoding = 'UTF-16'",
	"PRAGMA wal_checkpoint",
	"PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = %3$s "
	"WHERE name = '%1$s'",
	"PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = "
	"replace(sql, 'INTEGER', '') WHERE name = '%1$s'",
	"PRAGMA writable_schema = ON; UPDATE sqlite_master SET rootpage = "
	"%3$s WHERE name = '%1$s'",
	"PRAGMA writable_schema = ON; UPDATE sqlite_master SET type = %3$s, "
	"name = %3$s WHERE name = '%1$s'",
	"PRAGMA writable_schema = ON; DELETE FROM sqlite_master WHERE "
	"tbl_name = '%1$s'",
};

static int
collation(void *arg, int a_len, const void *a, int b_len, const void *b)
{
	(void)arg;
	(void)a_len;
	(void)a;
	(void)b_len;
	(void)b;
	return 0;
}

/* By somebody who gets around the guards. */
static void
change_by_sql(struct room *r, struct bytes b)
{
	char sql[SQL_MAX];
	sqlite3 *db = NULL;

	if (sqlite3_open(r->db, &db) != SQLITE_OK)
		abort();
	sqlite3_create_collation(
	    db, "pushcgi_writer", SQLITE_UTF8, NULL, collation);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, (int *)NULL);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 1 << 20);
	for (int i = 0; b.len > 0 && i < STATEMENTS_MAX; i++) {
		const char *form = statements[next(&b) % COUNT(statements)];
		const struct table *t = &tables[next(&b) % COUNT(tables)];
		const char *column = t->columns[next(&b) % t->n];
		const char *value = values[next(&b) % COUNT(values)];
		char *text = sqlite3_mprintf("%s", form);

		/* In any order, as often as they stand there. */
		snprintf(sql, sizeof(sql), "%s", text);
		sqlite3_free(text);
		for (char *at; (at = strstr(sql, "%")) != NULL;) {
			const char *with = at[1] == '1'   ? t->name
					   : at[1] == '2' ? column
							  : value;
			char rest[SQL_MAX];

			snprintf(rest, sizeof(rest), "%s", at + 4);
			snprintf(at, sizeof(sql) - (size_t)(at - sql), "%s%s",
			    with, rest);
		}
		sqlite3_exec(db, sql, NULL, NULL, NULL);
	}
	sqlite3_close(db);
}

/* Bytes of a sound database and of its log, changed where the input says. */
static void
change_bytes(struct room *r, const char *suffix, struct bytes b)
{
	char path[128];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s%s", r->db, suffix);
	fd = open(path, O_WRONLY);
	if (fd < 0 || fstat(fd, &st) == -1)
		abort();
	while (b.len >= 4 && st.st_size > 0) {
		const off_t at =
		    (off_t)(next(&b) << 16 | next(&b) << 8 | next(&b)) %
		    st.st_size;
		const uint8_t with = (uint8_t)next(&b);

		if (pwrite(fd, &with, 1, at) != 1)
			abort();
	}
	close(fd);
}

static void
settle(struct room *r)
{
	struct queue *q = NULL;

	if (queue_open(&q, &r->settings, QUEUE_WRITE, NULL) != ERR_OK ||
	    queue_sqlite_checkpoint((struct queue_sqlite *)q) != ERR_OK)
		abort();
	queue_close(q);
}

static void
truncate_one(struct room *r, struct bytes b)
{
	char path[128];

	snprintf(path, sizeof(path), "%s%s", r->db,
	    suffixes[next(&b) % COUNT(suffixes)]);
	if (truncate(path, (off_t)(next(&b) << 8 | next(&b))) == -1)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes b = { data, size };
	const unsigned way = next(&b) % 7;
	struct room r;

	log_open("fuzz", LOG_LEVEL_ERR);
	sigbus_guard();
	room_make(&r);
	if (way == 0) {
		write_file(r.db, b.at, b.len);
	} else {
		make_sound(&r);
		if (way == 2)
			settle(&r);
		if (way == 1)
			change_by_sql(&r, b);
		else if (way == 2)
			change_bytes(&r, "", b);
		else if (way == 3)
			change_bytes(&r, "-wal", b);
		else if (way == 4)
			change_bytes(&r, "-shm", b);
		else if (way == 5)
			change_bytes(&r, "-hub", b);
		else
			truncate_one(&r, b);
	}
	use_all(&r);
	room_remove(&r);
	return 0;
}
