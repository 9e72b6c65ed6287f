/* SPDX-License-Identifier: MIT */
/* request_buffer.c - recv(2) into a buffer, and a scan that goes on where it was. */
#include "wire/request_buffer.h"

#include <sys/socket.h>

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "wire/record.h"

#define READ_SIZE 16384

struct spool {
	struct spool_room *room;
	struct buf bytes;
	struct record_scan scan;
};

struct spool *
spool_new(struct spool_room *room, size_t bytes_max)
{
	struct spool *s = mem_calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->room = room;
	buf_init(&s->bytes, bytes_max);
	return s;
}

/* One that is alone may be as long as a request may be. */
static size_t
room_left(const struct spool *s)
{
	const struct spool_room *room = s->room;

	if (room->used <= s->bytes.len)
		return SIZE_MAX;
	return room->used < room->max ? room->max - room->used : 0;
}

static enum spool_state
keep(struct spool *s, const uint8_t *bytes, size_t n, struct problem *p)
{
	enum err e;

	buf_add(&s->bytes, bytes, n);
	if (s->bytes.err == ERR_LIMIT)
		return SPOOL_TOO_LONG;
	if ((e = s->bytes.err) == ERR_OK) {
		s->room->used += n;
		e = record_scan(
		    &s->scan, (const uint8_t *)s->bytes.base, s->bytes.len, p);
	} else
		problem_set(p, e, "%s", err_text(e));
	if (e != ERR_OK)
		return SPOOL_BROKEN;
	return s->scan.progress == RECORD_COMPLETE ? SPOOL_WHOLE : SPOOL_MORE;
}

/* What there is no room for stays in the socket. */
static ssize_t
take(const struct spool *s, int fd, uint8_t bytes[READ_SIZE])
{
	const size_t room = room_left(s);

	if (room == 0)
		return recv(fd, bytes, 1, MSG_DONTWAIT | MSG_PEEK);
	return recv(
	    fd, bytes, room < READ_SIZE ? room : READ_SIZE, MSG_DONTWAIT);
}

enum spool_state
spool_read(struct spool *s, int fd, struct problem *p)
{
	enum spool_state state = SPOOL_MORE;
	uint8_t bytes[READ_SIZE];

	while (state == SPOOL_MORE) {
		const bool full = room_left(s) == 0;
		const ssize_t n = take(s, fd, bytes);

		if (n > 0)
			state =
			    full ? SPOOL_NO_ROOM : keep(s, bytes, (size_t)n, p);
		else if (n == 0)
			return SPOOL_ENDED;
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR) {
			problem_set(p, ERR_IO, "%s", strerror(errno));
			return SPOOL_BROKEN;
		}
	}
	return state;
}

struct slice
spool_bytes(const struct spool *s)
{
	return buf_view(&s->bytes);
}

void
spool_free(struct spool *s)
{
	if (s == NULL)
		return;
	s->room->used -= s->bytes.len;
	buf_free(&s->bytes);
	mem_free(s);
}
