/* SPDX-License-Identifier: MIT */
/* test_hub.c - a hub that is out of memory still ends, and still accepts. */
#include "unit/unit.h"

#include <stdlib.h>

#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "hub/acceptor.h"
#include "unit/dialect.h"
#include "unit/mem_fail.h"
#include "unit/queue_room.h"

/* With the hub's own they fill the loop's first heap of timers. */
#define FILLERS 61

/* Streams of a hub; as many milliseconds is its window. */
#define PEERS 100

struct desk {
	struct queue_room *room;
	struct config config;
	struct settings settings;
	struct settings_slot *slot;
	struct exchange_parts parts;
	struct loop_timer fillers[FILLERS];
	int peer[PEERS];
	int peers;
	int drains; /* how often the mode was told to */
};

static void
drain(void *arg)
{
	struct desk *d = arg;

	d->drains++;
}

static enum err
open_hub(struct desk *d)
{
	const struct hub_hooks hooks = { .drain = drain, .arg = d };

	return hub_open(&d->parts.hub, d->slot, FRAMING_FCGI, &hooks, NULL);
}

static int
desk_open(void **state)
{
	static char durability[] = "normal";
	struct desk *d = calloc(1, sizeof(*d));
	void *room = NULL;

	if (d == NULL || queue_room_make(&room) != 0)
		return -1;
	log_open("test", LOG_LEVEL_ERR);
	d->room = room;
	d->config.transport_url = d->room->url;
	d->config.durability = durability;
	d->config.drain_window_s = 3600;
	d->settings.config = &d->config;
	d->settings.dialects = unit_dialects();
	d->settings.refs = 1;
	*state = d;
	if (settings_slot_new(&d->slot, &d->settings) != ERR_OK)
		return -1;
	return open_hub(d) == ERR_OK ? 0 : -1;
}

static int
desk_close(void **state)
{
	struct desk *d = *state;
	void *room = d->room;

	hub_close(d->parts.hub);
	settings_slot_free(d->slot);
	while (d->peers > 0)
		close(d->peer[--d->peers]);
	free(d);
	return queue_room_remove(&room);
}

static void
wait_for_failure(void)
{
	while (!mem_failed())
		usleep(1000);
}

/* The next allocation fails, and is the loop's: the tailer has just had its
 * turn, and has another one a second later. */
static void
fail_in_loop(void)
{
	mem_fail_at(1);
	wait_for_failure();
	mem_fail_at(1);
}

/* Something is under way that never ends: the hub's own deadline does. */
static void
ends_in_time(void **state)
{
	struct desk *d = *state;

	hub_hold(d->parts.hub);
	fail_in_loop();
	hub_drain(d->parts.hub);
	hub_run(d->parts.hub);
	mem_fail_at(0);
}

/* A stream of this hub; its peer does not read. */
static void
open_stream(struct desk *d)
{
	struct subscriber_opening *o = mem_calloc(1, sizeof(*o));
	struct stream *s = NULL;
	int fds[2];

	assert_non_null(o);
	o->head = frame_new(FRAMING_FCGI, slice_of(":\n\n"));
	o->end_ms = INT64_MAX;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	assert_int_equal(
	    stream_new(&s, hub_host(d->parts.hub), fds[0], FRAME_ID, false),
	    ERR_OK);
	fanout_open(hub_fanout(d->parts.hub), o, s);
	assert_true(d->peers < PEERS);
	d->peer[d->peers++] = fds[1];
}

static size_t
streams(struct desk *d)
{
	return fanout_subscribers(hub_fanout(d->parts.hub));
}

/* All but the first live on, and so they do without memory. */
static void
ends_one_after_the_other(void **state)
{
	struct desk *d = *state;

	for (int i = 0; i < PEERS; i++)
		open_stream(d);
	hub_drain(d->parts.hub);
	assert_int_equal(d->drains, 1);
	assert_int_equal(streams(d), PEERS - 1);
	fail_in_loop();
	hub_run(d->parts.hub);
	mem_fail_at(0);
	assert_int_equal(streams(d), 0);
}

static void
ends_at_once_when_told_again(void **state)
{
	struct desk *d = *state;

	for (int i = 0; i < PEERS; i++)
		open_stream(d);
	hub_drain(d->parts.hub);
	assert_int_equal(streams(d), PEERS - 1);
	hub_drain(d->parts.hub);
	assert_int_equal(streams(d), 0);
	hub_drain(d->parts.hub);
	assert_int_equal(d->drains, 1);
	hub_run(d->parts.hub);
}

/* A window of no length. */
static void
ends_at_once_when_set_so(void **state)
{
	struct desk *d = *state;

	hub_close(d->parts.hub);
	d->config.drain_window_s = 0;
	assert_int_equal(open_hub(d), ERR_OK);
	for (int i = 0; i < PEERS; i++)
		open_stream(d);
	hub_drain(d->parts.hub);
	assert_int_equal(streams(d), 0);
	hub_run(d->parts.hub);
}

/* A peer that is not taken, and what must happen until it is. */
struct caller {
	struct hub *hub;
	struct loop_mail over;
	struct rlimit limit;
	int fd;
	ssize_t heard;
};

static void
stop(struct loop_mail *m)
{
	loop_stop(hub_loop(CONTAINER(struct caller, over, m)->hub));
}

/* Descriptors are there again once memory has failed, too. */
static void *
call(void *arg)
{
	struct caller *c = arg;
	char byte;

	wait_for_failure();
	setrlimit(RLIMIT_NOFILE, &c->limit);
	/* It sent nothing and will not: whoever takes it drops it. */
	c->heard = read(c->fd, &byte, 1);
	c->over.open = stop;
	loop_post(hub_loop(c->hub), &c->over);
	return NULL;
}

static int
listen_at(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	assert_int_equal(
	    bind(fd, (const struct sockaddr *)(const void *)address,
		sizeof(*address)),
	    0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

static void
accepts_again(void **state)
{
	struct desk *d = *state;
	struct caller c = { .hub = d->parts.hub };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct rlimit none = { 0 };
	struct acceptor *in = NULL;
	pthread_t thread;
	int fd;

	/* An abstract address: nothing to remove. */
	memcpy(address.sun_path + 1, d->room->dir,
	    strlen(d->room->dir) % (sizeof(address.sun_path) - 1));
	fd = listen_at(&address);
	for (size_t i = 0; i < FILLERS; i++)
		assert_int_equal(loop_timer_set(hub_loop(d->parts.hub),
				     &d->fillers[i], INT64_MAX),
		    ERR_OK);
	assert_int_equal(acceptor_new(&in, fd, &d->parts), ERR_OK);
	c.fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(
	    connect(c.fd, (struct sockaddr *)(void *)&address, sizeof(address)),
	    0);
	shutdown(c.fd, SHUT_WR);

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &c.limit), 0);
	none.rlim_max = c.limit.rlim_max;
	fail_in_loop();
	setrlimit(RLIMIT_NOFILE, &none);
	assert_int_equal(pthread_create(&thread, NULL, call, &c), 0);
	hub_run(d->parts.hub);
	mem_fail_at(0);
	pthread_join(thread, NULL);
	assert_int_equal(c.heard, 0);
	close(c.fd);
	acceptor_stop(in);
	acceptor_free(in);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, desk_open, desk_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ends_in_time),
		TEST(ends_one_after_the_other),
		TEST(ends_at_once_when_told_again),
		TEST(ends_at_once_when_set_so),
		TEST(accepts_again),
	};

	/* What does not end would hang. */
	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
