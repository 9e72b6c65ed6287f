/* SPDX-License-Identifier: MIT */
/* test_connection.c - several readers use one descriptor in turn. */
#include "unit/unit.h"

#include <stdlib.h>

#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "hub/connection.h"
#include "unit/mem_fail.h"
#include "unit/queue_room.h"

struct desk {
	struct queue_room *room;
	struct config config;
	struct settings settings;
	struct settings_slot *slot;
	struct hub *hub;
	int peer;
	struct connection *c;
};

static int
desk_open(void **state)
{
	static char durability[] = "normal";
	const struct hub_hooks hooks = { .arg = NULL };
	struct desk *d = calloc(1, sizeof(*d));
	void *room = NULL;
	int fds[2];

	if (d == NULL || queue_room_make(&room) != 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0)
		return -1;
	d->room = room;
	d->config.transport_url = d->room->url;
	d->config.durability = durability;
	d->settings.config = &d->config;
	d->settings.refs = 1;
	if (settings_slot_new(&d->slot, &d->settings) != ERR_OK ||
	    hub_open(&d->hub, d->slot, FRAMING_FCGI, &hooks, NULL) != ERR_OK)
		return -1;
	d->peer = fds[1];
	d->c = connection_new(d->hub, fds[0]);
	*state = d;
	return d->c != NULL ? 0 : -1;
}

static int
desk_close(void **state)
{
	struct desk *d = *state;
	void *room = d->room;

	hub_close(d->hub);
	settings_slot_free(d->slot);
	close(d->peer);
	free(d);
	return queue_room_remove(&room);
}

/* A reader that lets the loop run until it has read so often. */
struct reader {
	struct loop *loop;
	int reads;
};

static void
ready(struct loop_watch *w, uint32_t events)
{
	struct connection *c = (struct connection *)(void *)w;
	struct reader *r = c->reader;
	char byte;

	(void)events;
	assert_int_equal(read(w->fd, &byte, 1), 1);
	r->reads++;
	loop_stop(r->loop);
}

static void
send_byte(struct desk *d)
{
	assert_int_equal(write(d->peer, "x", 1), 1);
}

static void
serves_readers_one_after_the_other(void **state)
{
	struct desk *d = *state;
	struct reader first = { hub_loop(d->hub), 0 }, second = first;

	assert_int_equal(connection_watch(d->c, ready, &first), ERR_OK);
	send_byte(d);
	hub_run(d->hub);
	assert_int_equal(first.reads, 1);

	connection_rest(d->c);
	assert_int_equal(connection_watch(d->c, ready, &second), ERR_OK);
	send_byte(d);
	hub_run(d->hub);
	assert_int_equal(first.reads, 1);
	assert_int_equal(second.reads, 1);
	connection_close(d->c);
}

/* The hub waits for what is left of a connection before it ends. */
static void
keeps_the_hub_until_it_is_closed(void **state)
{
	struct desk *d = *state;
	struct reader r = { hub_loop(d->hub), 0 };

	assert_int_equal(connection_watch(d->c, ready, &r), ERR_OK);
	hub_drain(d->hub);
	send_byte(d);
	hub_run(d->hub);
	/* The reader has stopped the loop, and not the hub's end. */
	assert_int_equal(r.reads, 1);
	connection_close(d->c);
	hub_run(d->hub);
}

/* The tailer has just had its turn and has another one a second later: the next
 * allocation that fails is the loop's. */
static void
wait_for_tailer(void)
{
	mem_fail_at(1);
	while (!mem_failed())
		usleep(1000);
}

static void
becomes_a_stream_or_is_closed_without_memory(void **state)
{
	struct desk *d = *state;
	struct reader r = { hub_loop(d->hub), 0 };
	int fds[2];
	char byte;

	assert_int_equal(connection_watch(d->c, ready, &r), ERR_OK);
	assert_non_null(connection_stream(d->c, FRAME_ID));
	assert_int_equal(hub_host(d->hub)->open, 1);
	hub_cut(d->hub);
	assert_int_equal(read(d->peer, &byte, 1), 0);

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	wait_for_tailer();
	mem_fail_at(1);
	assert_null(connection_new(d->hub, fds[0]));
	mem_fail_at(0);
	assert_non_null(d->c = connection_new(d->hub, fds[0]));
	mem_fail_at(1);
	assert_null(connection_stream(d->c, FRAME_ID));
	mem_fail_at(0);
	assert_int_equal(read(fds[1], &byte, 1), 0);
	close(fds[1]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, desk_open, desk_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(serves_readers_one_after_the_other),
		TEST(keeps_the_hub_until_it_is_closed),
		TEST(becomes_a_stream_or_is_closed_without_memory),
	};

	log_open("test", LOG_LEVEL_ERR);
	/* What does not end would hang. */
	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
