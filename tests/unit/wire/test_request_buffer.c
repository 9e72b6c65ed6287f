/* SPDX-License-Identifier: MIT */
/* test_request_buffer.c - requests that are read in pieces. */
#include "unit/unit.h"

#include <sys/socket.h>
#include <unistd.h>

#include "unit/fcgi_bytes.h"
#include "unit/mem_fail.h"
#include "wire/request_buffer.h"

#define REQUEST_MAX 100000
#define ROOM_MAX 300000

enum { OURS, PEER };

struct meeting {
	int fds[2];
	struct request_buffer_room room;
	struct request_buffer *buffer;
	struct buf request;
};

static void
meet(struct meeting *m, const char *body, size_t bytes_max)
{
	*m = (struct meeting){ .room = { 0, ROOM_MAX } };
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, m->fds), 0);
	assert_non_null(m->buffer = request_buffer_new(&m->room, bytes_max));
	buf_init(&m->request, REQUEST_MAX * 4);
	bytes_request(&m->request, 7, "POST", "/a", body);
	assert_int_equal(m->request.err, ERR_OK);
}

static void
part(struct meeting *m)
{
	request_buffer_free(m->buffer);
	assert_int_equal(m->room.used, 0);
	buf_free(&m->request);
	close(m->fds[OURS]);
	close(m->fds[PEER]);
}

static enum request_buffer_state
after(struct meeting *m, size_t from, size_t n)
{
	struct problem p = { "" };
	enum request_buffer_state state;

	if (n > 0)
		assert_int_equal(
		    write(m->fds[PEER], m->request.base + from, n), (ssize_t)n);
	state = request_buffer_read(m->buffer, m->fds[OURS], &p);
	assert_int_equal(state == REQUEST_BUFFER_BROKEN, p.text[0] != '\0');
	return state;
}

static void
whole_with_the_last_byte(void **state)
{
	struct meeting m;
	size_t i;

	(void)state;
	meet(&m, "topic=a", REQUEST_MAX);
	assert_int_equal(after(&m, 0, 0), REQUEST_BUFFER_MORE);
	for (i = 0; i < m.request.len; i++) {
		enum request_buffer_state want = i + 1 < m.request.len
						     ? REQUEST_BUFFER_MORE
						     : REQUEST_BUFFER_WHOLE;

		assert_int_equal(after(&m, i, 1), want);
		assert_int_equal(m.room.used, i + 1);
	}
	assert_true(
	    slice_eq(request_buffer_bytes(m.buffer), buf_view(&m.request)));
	part(&m);
}

/* [the flags of BEGIN_REQUEST, what comes behind the request, kept] */
static const struct {
	char flags;
	const char *behind;
	bool keep;
} keeps[] = {
	{ 0, "", false },
	{ 1, "", true },
	{ 1, "x", false },
	{ 0, "x", false },
};

static void
tells_whether_its_connection_can_be_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(keeps) / sizeof(keeps[0]); i++) {
		struct meeting m;

		meet(&m, "topic=a", REQUEST_MAX);
		/* Behind a header and the role. */
		m.request.base[10] = keeps[i].flags;
		buf_text(&m.request, keeps[i].behind);
		assert_int_equal(
		    after(&m, 0, m.request.len), REQUEST_BUFFER_WHOLE);
		assert_int_equal(request_buffer_keep(m.buffer), keeps[i].keep);
		part(&m);
	}
}

/* [what, its request's length at most, the room taken by others, how much of
 * the request is sent, whether its sender then closes] */
static const struct {
	const char *name;
	size_t bytes_max, others, cut;
	bool closes;
	enum request_buffer_state want;
} ends[] = {
	{ "all of it", REQUEST_MAX, 0, 0, false, REQUEST_BUFFER_WHOLE },
	{ "all of it, and closed", REQUEST_MAX, 0, 0, true,
	    REQUEST_BUFFER_WHOLE },
	{ "not yet", REQUEST_MAX, 0, 1, false, REQUEST_BUFFER_MORE },
	{ "never", REQUEST_MAX, 0, 1, true, REQUEST_BUFFER_ENDED },
	{ "more than it may be", 20, 0, 0, false, REQUEST_BUFFER_TOO_LONG },
	{ "no room", REQUEST_MAX, ROOM_MAX - 20, 0, false,
	    REQUEST_BUFFER_NO_ROOM },
	{ "just room", REQUEST_MAX, ROOM_MAX - 90, 0, false,
	    REQUEST_BUFFER_WHOLE },
	{ "no room at all", REQUEST_MAX, ROOM_MAX, 1, false,
	    REQUEST_BUFFER_NO_ROOM },
};

static void
comes_to_an_end(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct meeting m;
		enum request_buffer_state got;

		meet(&m, "topic=a", ends[i].bytes_max);
		m.room.used = ends[i].others;
		if (ends[i].closes)
			assert_int_equal(write(m.fds[PEER], m.request.base,
					     m.request.len - ends[i].cut),
			    (ssize_t)(m.request.len - ends[i].cut));
		if (ends[i].closes)
			shutdown(m.fds[PEER], SHUT_WR);
		got = after(
		    &m, 0, ends[i].closes ? 0 : m.request.len - ends[i].cut);
		if (got != ends[i].want)
			fail_msg("%s: %d", ends[i].name, got);
		m.room.used -= ends[i].others;
		part(&m);
	}
}

/* Once another has given way, not a byte is missing. */
static void
goes_on_with_new_room(void **state)
{
	const size_t others = ROOM_MAX - 20;
	struct meeting m;

	(void)state;
	meet(&m, "topic=a", REQUEST_MAX);
	m.room.used = others;
	assert_int_equal(after(&m, 0, m.request.len), REQUEST_BUFFER_NO_ROOM);
	assert_int_equal(after(&m, 0, 0), REQUEST_BUFFER_NO_ROOM);
	assert_int_equal(m.room.used, ROOM_MAX);
	m.room.used -= others;
	assert_int_equal(after(&m, 0, 0), REQUEST_BUFFER_WHOLE);
	assert_true(
	    slice_eq(request_buffer_bytes(m.buffer), buf_view(&m.request)));
	part(&m);
}

/* Bytes that libfcgi must never see are not kept. */
static void
broken_is_told(void **state)
{
	struct meeting m;

	(void)state;
	meet(&m, "topic=a", REQUEST_MAX);
	m.request.base[0] = 2;
	assert_int_equal(after(&m, 0, m.request.len), REQUEST_BUFFER_BROKEN);
	part(&m);
}

static void
without_memory(void **state)
{
	struct request_buffer_room room = { 0, ROOM_MAX };
	struct meeting m;

	(void)state;
	mem_fail_at(1);
	assert_null(request_buffer_new(&room, REQUEST_MAX));
	meet(&m, "topic=a", REQUEST_MAX);
	mem_fail_at(1);
	assert_int_equal(after(&m, 0, m.request.len), REQUEST_BUFFER_BROKEN);
	assert_true(mem_failed());
	mem_fail_at(0);
	part(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_with_the_last_byte),
		cmocka_unit_test(tells_whether_its_connection_can_be_kept),
		cmocka_unit_test(comes_to_an_end),
		cmocka_unit_test(goes_on_with_new_room),
		cmocka_unit_test(broken_is_told),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
