/* SPDX-License-Identifier: MIT */
/* fanout_room.c - the loop, the log and the peers of a fan-out's test. */
#include "unit/fanout_room.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "unit/mem_fail.h"

#define SOCKET_BYTES 4096

const struct queue_cursor_key fanout_room_key = { .epoch = FANOUT_ROOM_EPOCH };

static void
on_stop(struct loop_timer *t)
{
	struct fanout_room *r =
	    (void *)((char *)t - offsetof(struct fanout_room, stop));

	loop_stop(r->host.loop);
}

static void
on_ask(void *arg, uint64_t after)
{
	struct fanout_room *r = arg;

	assert_false(r->asked);
	r->asked = true;
	r->question = after;
}

void
fanout_room_turn(struct fanout_room *r)
{
	while (
	    loop_timer_set(r->host.loop, &r->stop, clock_mono_ms()) != ERR_OK)
		continue;
	loop_run(r->host.loop);
}

void
fanout_room_give(struct fanout_room *r, const struct batch *like)
{
	long left = mem_fail_pause();
	struct batch *b = batch_new();

	assert_non_null(b);
	*b = *like;
	mem_fail_resume(left);
	fanout_batch(r->fanout, b);
}

void
fanout_room_open(struct fanout_room *r, size_t ring_bytes, size_t effort)
{
	const struct batch first = { .kind = BATCH_NEW_EPOCH,
		.span.epoch = FANOUT_ROOM_EPOCH,
		.key = fanout_room_key };
	struct fanout_settings settings = { .framing = FRAMING_RAW,
		.ring_bytes_max = ring_bytes,
		.effort = effort };

	memset(r, 0, sizeof(*r));
	r->fd = -1;
	r->host.framing = FRAMING_RAW;
	r->stop.fire = on_stop;
	assert_int_equal(loop_new(&r->host.loop), ERR_OK);
	settings.loop = r->host.loop;
	assert_int_equal(fanout_new(&r->fanout, &settings), ERR_OK);
	fanout_on_ask(r->fanout, on_ask, r);
	fanout_room_give(r, &first);
}

void
fanout_room_close(struct fanout_room *r)
{
	if (r->fd >= 0)
		close(r->fd);
	while (r->host.open > 0)
		fanout_room_turn(r);
	assert_int_equal(fanout_subscribers(r->fanout), 0);
	fanout_free(r->fanout);
	loop_free(r->host.loop);
}

struct frame *
fanout_room_event(
    uint64_t at, const char *topic, bool private, struct slice bytes)
{
	long left = mem_fail_pause();
	struct frame_writer w;
	struct frame *f =
	    frame_begin(&w, FRAMING_RAW, bytes.len, slice_of(topic));

	assert_non_null(f);
	frame_write(&w, bytes);
	f->at = at;
	f->rights = private ? SUBSCRIBER_PRIVATE : SUBSCRIBER_PUBLIC;
	mem_fail_resume(left);
	return f;
}

struct stream *
fanout_room_connect(struct fanout_room *r, int *fd)
{
	const int room = SOCKET_BYTES;
	struct stream *s = NULL;
	int fds[2];

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	*fd = fds[1];
	if (stream_new(&s, &r->host, fds[0], FRAME_ID, false) != ERR_OK)
		close(fds[0]);
	return s;
}

struct subscriber_opening *
fanout_room_opening(const char *head, uint64_t after)
{
	long left = mem_fail_pause();
	struct subscriber_opening *o = mem_calloc(1, sizeof(*o));

	assert_non_null(o);
	o->head = frame_new(FRAMING_RAW, slice_of(head));
	assert_non_null(o->head);
	o->epoch = FANOUT_ROOM_EPOCH;
	o->at = after;
	o->end_ms = o->life_ms = o->wait_ms = INT64_MAX;
	mem_fail_resume(left);
	return o;
}

void
fanout_room_ask_for(struct subscriber_opening *o, const char *selector)
{
	long left = mem_fail_pause();
	struct matcher *m = NULL;

	assert_int_equal(
	    matcher_new(&m, selector_topic(slice_of(selector)), NULL), ERR_OK);
	assert_int_equal(matcher_list_add(&o->matchers, m), ERR_OK);
	mem_fail_resume(left);
}

void
fanout_room_subscribe(struct fanout_room *r, struct subscriber_opening *o)
{
	struct stream *s = fanout_room_connect(r, &r->fd);

	assert_non_null(s);
	r->len = 0;
	r->ended = false;
	fanout_open(r->fanout, o, s);
}

void
fanout_room_read(struct fanout_room *r)
{
	ssize_t n = read(r->fd, r->text + r->len, sizeof(r->text) - 1 - r->len);

	if (n > 0)
		r->len += (size_t)n;
	r->text[r->len] = '\0';
	r->ended = n == 0;
}

void
fanout_room_read_all(struct fanout_room *r)
{
	r->ended = false;
	while (!r->ended) {
		fanout_room_turn(r);
		fanout_room_read(r);
	}
}
