/* SPDX-License-Identifier: MIT */
/* log.c - is all of the write-ahead log there that its index names? */
#include <string.h>

#include "base/sigbus.h"
#include "queue/sqlite/sqlite.h"

/* The formats are SQLite's ("WAL-mode File Format"), and stay as they are. */
#define INDEX_SIZE 32768
#define INDEX_VERSION 3007000
#define INDEX_HEADER 48
#define LOG_HEADER 32
#define FRAME_HEADER 24
#define SALT 8
#define LOG_LIMIT 16777216 /* journal_size_limit */
#define DB_HEADER 100
#define PAGE_MIN 512
#define PAGE_MAX 65536

struct index_header {
	uint32_t page;   /* bytes */
	uint32_t frames; /* in the log */
	uint8_t salt[SALT];
};

/* False: it is not what SQLite writes, or is being written at this moment. */
static bool
read_index(const struct queue_sqlite *q, struct index_header *out)
{
	uint8_t h[2 * INDEX_HEADER];
	volatile void *map = NULL;
	sqlite3_file *f = NULL;
	uint32_t version;
	uint16_t page;

	if (sqlite3_file_control(q->db, "main", SQLITE_FCNTL_FILE_POINTER,
		(void *)&f) != SQLITE_OK ||
	    f->pMethods == NULL || f->pMethods->iVersion < 2 ||
	    f->pMethods->xShmMap(f, 0, INDEX_SIZE, 0, &map) != SQLITE_OK ||
	    map == NULL)
		return false;
	memcpy(h, (const void *)map, sizeof(h));
	memcpy(&version, h, sizeof(version));
	memcpy(&page, h + 14, sizeof(page));
	memcpy(&out->frames, h + 16, sizeof(out->frames));
	memcpy(out->salt, h + 32, SALT);
	out->page = page == 1 ? 65536 : page;
	return version == INDEX_VERSION && h[12] == 1 &&
	       memcmp(h, h + INDEX_HEADER, INDEX_HEADER) == 0;
}

/* The salt of the log stands in each of its frames; a hole has none. */
static bool
has_salt(sqlite3_file *log, int64_t at, const uint8_t salt[SALT])
{
	uint8_t got[SALT];

	return log->pMethods->xRead(log, got, SALT, at) == SQLITE_OK &&
	       memcmp(got, salt, SALT) == 0;
}

static int64_t
frame_at(const struct index_header *h, uint32_t frame)
{
	return LOG_HEADER +
	       ((int64_t)frame - 1) * ((int64_t)h->page + FRAME_HEADER);
}

/* The first, the last, and the last as of the look before: what is truncated
 * and then written behind is a hole at one of them. */
static bool
has_frames(struct queue_sqlite *q, const struct index_header *h)
{
	const uint32_t before =
	    q->log_end > 0 && q->log_end < h->frames ? q->log_end : h->frames;
	sqlite3_file *log = NULL;
	sqlite3_int64 size = 0;

	if (sqlite3_file_control(q->db, "main", SQLITE_FCNTL_JOURNAL_POINTER,
		(void *)&log) != SQLITE_OK ||
	    log == NULL || log->pMethods == NULL)
		return true; /* it is not open yet */
	return log->pMethods->xFileSize(log, &size) == SQLITE_OK &&
	       size >= frame_at(h, h->frames + 1) &&
	       has_salt(log, 16, h->salt) &&
	       has_salt(log, frame_at(h, before) + 8, h->salt) &&
	       has_salt(log, frame_at(h, h->frames) + 8, h->salt);
}

enum queue_sqlite_damage
queue_sqlite_look_into_log(struct queue_sqlite *q)
{
	struct index_header h;

	if (q->db == NULL)
		return QUEUE_SQLITE_SOUND;
	/* Empty pages that replaced lost ones say nothing about the log. */
	if (sigbus_count() != q->sigbus)
		return QUEUE_SQLITE_INDEX_TORN;
	if (!read_index(q, &h))
		return sigbus_count() != q->sigbus ? QUEUE_SQLITE_INDEX_TORN
						   : QUEUE_SQLITE_UNKNOWN;
	if (h.frames > 0 && !has_frames(q, &h))
		return QUEUE_SQLITE_LOG_SHORT;
	q->log_end = h.frames;
	q->log_page = h.page;
	return QUEUE_SQLITE_SOUND;
}

/* A log begins again at its start without getting shorter, but for the part
 * beyond the limit of its size. */
bool
queue_sqlite_log_is_short(struct queue_sqlite *q)
{
	const struct index_header h = { .page = q->log_page };
	sqlite3_file *log = NULL;
	sqlite3_int64 size = 0;
	int64_t wanted;

	if (q->log_end == 0)
		return false;
	wanted = frame_at(&h, q->log_end + 1);
	if (wanted > LOG_LIMIT)
		wanted = LOG_LIMIT;
	return sqlite3_file_control(q->db, "main", SQLITE_FCNTL_JOURNAL_POINTER,
		   (void *)&log) != SQLITE_OK ||
	       log == NULL || log->pMethods == NULL ||
	       log->pMethods->xFileSize(log, &size) != SQLITE_OK ||
	       size < wanted;
}

/* Both formats have their numbers with the highest byte first. */
static uint32_t
number(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* SQLite ends at the first frame with another salt than the header's. */
int64_t
queue_sqlite_log_bytes(sqlite3_file *log)
{
	struct index_header h = { .frames = 0 };
	uint8_t head[LOG_HEADER];
	sqlite3_int64 size = 0;

	if (log->pMethods->xFileSize(log, &size) != SQLITE_OK)
		return -1;
	if (size < LOG_HEADER ||
	    log->pMethods->xRead(log, head, LOG_HEADER, 0) != SQLITE_OK)
		return 0;
	h.page = number(head + 8);
	memcpy(h.salt, head + 16, SALT);
	if (h.page < PAGE_MIN || h.page > PAGE_MAX)
		return 0;
	while (frame_at(&h, h.frames + 2) <= size &&
	       has_salt(log, frame_at(&h, h.frames + 1) + 8, h.salt))
		h.frames++;
	return frame_at(&h, h.frames + 1);
}

int64_t
queue_sqlite_db_bytes(sqlite3_file *db)
{
	uint8_t head[DB_HEADER];
	sqlite3_int64 size = 0;
	int64_t page, said;

	if (db->pMethods->xFileSize(db, &size) != SQLITE_OK)
		return -1;
	if (size < DB_HEADER ||
	    db->pMethods->xRead(db, head, DB_HEADER, 0) != SQLITE_OK)
		return size;
	page = head[16] << 8 | head[17];
	said = number(head + 28) * (page == 1 ? PAGE_MAX : page);
	return said > 0 && said < size ? said : size;
}
