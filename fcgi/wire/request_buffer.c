/* SPDX-License-Identifier: MIT */
/* request_buffer.c - reads into a buffer, and scans only what is new. */
#include "wire/request_buffer.h"

#include <sys/socket.h>

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "wire/record.h"

#define READ_SIZE 16384

struct request_buffer {
	struct request_buffer_room *room;
	struct buf bytes;
	struct record_scan scan;
};

struct request_buffer *
request_buffer_new(struct request_buffer_room *room, size_t bytes_max)
{
	struct request_buffer *s = mem_calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->room = room;
	buf_init(&s->bytes, bytes_max);
	return s;
}

/* One that is alone may be as long as a request may be. */
static size_t
room_left(const struct request_buffer *s)
{
	const struct request_buffer_room *room = s->room;

	if (room->used <= s->bytes.len)
		return SIZE_MAX;
	return room->used < room->max ? room->max - room->used : 0;
}

static enum request_buffer_state
add_bytes(
    struct request_buffer *s, const uint8_t *bytes, size_t n, struct problem *p)
{
	enum err e;

	buf_add(&s->bytes, bytes, n);
	if (s->bytes.err == ERR_LIMIT)
		return REQUEST_BUFFER_TOO_LONG;
	if ((e = s->bytes.err) == ERR_OK) {
		s->room->used += n;
		e = record_scan(
		    &s->scan, (const uint8_t *)s->bytes.base, s->bytes.len, p);
	} else
		problem_set(p, e, "%s", err_text(e));
	if (e != ERR_OK)
		return REQUEST_BUFFER_BROKEN;
	return s->scan.progress == RECORD_COMPLETE ? REQUEST_BUFFER_WHOLE
						   : REQUEST_BUFFER_MORE;
}

/* Bytes for which there is no room stay in the socket. */
static ssize_t
receive(const struct request_buffer *s, int fd, uint8_t bytes[READ_SIZE])
{
	const size_t room = room_left(s);

	if (room == 0)
		return recv(fd, bytes, 1, MSG_DONTWAIT | MSG_PEEK);
	return recv(
	    fd, bytes, room < READ_SIZE ? room : READ_SIZE, MSG_DONTWAIT);
}

enum request_buffer_state
request_buffer_read(struct request_buffer *s, int fd, struct problem *p)
{
	enum request_buffer_state state = REQUEST_BUFFER_MORE;
	uint8_t bytes[READ_SIZE];

	while (state == REQUEST_BUFFER_MORE) {
		const bool full = room_left(s) == 0;
		const ssize_t n = receive(s, fd, bytes);

		if (n > 0)
			state = full ? REQUEST_BUFFER_NO_ROOM
				     : add_bytes(s, bytes, (size_t)n, p);
		else if (n == 0)
			return REQUEST_BUFFER_ENDED;
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR) {
			problem_set(p, ERR_IO, "%s", strerror(errno));
			return REQUEST_BUFFER_BROKEN;
		}
	}
	return state;
}

bool
request_buffer_keep(const struct request_buffer *b)
{
	return b->scan.keep && b->scan.at == b->bytes.len;
}

struct slice
request_buffer_bytes(const struct request_buffer *s)
{
	return buf_view(&s->bytes);
}

void
request_buffer_free(struct request_buffer *s)
{
	if (s == NULL)
		return;
	s->room->used -= s->bytes.len;
	buf_free(&s->bytes);
	mem_free(s);
}
