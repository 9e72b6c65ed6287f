/* SPDX-License-Identifier: MIT */
/* test_hub.c - a hub that is out of memory still ends, and still accepts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "container.h"
#include "intake.h"
#include "log.h"
#include "mem_fail.h"
#include "queue_room.h"

/* With the hub's own they fill the loop's first heap of timers. */
#define FILLERS 62

struct desk {
	struct queue_room *room;
	struct config config;
	struct settings settings;
	struct exchange_parts parts;
	struct loop_timer fillers[FILLERS];
};

static int
desk_open(void **state)
{
	static char durability[] = "normal";
	const struct hub_hooks hooks = { 0 };
	struct desk *d = calloc(1, sizeof(*d));
	void *room = NULL;

	if (d == NULL || queue_room_make(&room) != 0)
		return -1;
	log_open("test", LOG_LEVEL_ERR);
	d->room = room;
	d->config.transport_url = d->room->url;
	d->config.durability = durability;
	d->settings.config = &d->config;
	*state = d;
	return hub_open(&d->parts.hub, &d->settings, FRAMING_FCGI, &hooks,
		   NULL) == ERR_OK
		   ? 0
		   : -1;
}

static int
desk_close(void **state)
{
	struct desk *d = *state;
	void *room = d->room;

	hub_close(d->parts.hub);
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
	struct intake *in = NULL;
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
	assert_int_equal(intake_new(&in, fd, &d->parts), ERR_OK);
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
	intake_stop(in);
	intake_free(in);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, desk_open, desk_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ends_in_time),
		TEST(accepts_again),
	};

	/* What does not end would hang. */
	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
