/* SPDX-License-Identifier: MIT */
/* connection.c - hands a descriptor from one reader to the next. */
#include "hub/connection.h"

#include <sys/epoll.h>

#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define EVENTS (EPOLLIN | EPOLLRDHUP | EPOLLET)

/* What happens to the descriptor shows when it is written to, or when a stream
 * watches it. */
static void
ignore(struct loop_watch *w, uint32_t events)
{
	(void)w;
	(void)events;
}

struct connection *
connection_new(struct hub *hub, int fd)
{
	struct connection *c = mem_calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->watch.fd = fd;
	c->watch.ready = ignore;
	c->hub = hub;
	hub_hold(hub);
	return c;
}

enum err
connection_watch(struct connection *c,
    void (*ready)(struct loop_watch *w, uint32_t events), void *reader)
{
	enum err e = ERR_OK;

	c->watch.ready = ready;
	c->reader = reader;
	if (!c->watched)
		e = loop_watch(hub_loop(c->hub), &c->watch, EVENTS);
	c->watched = e == ERR_OK;
	return e;
}

void
connection_rest(struct connection *c)
{
	c->watch.ready = ignore;
	c->reader = NULL;
}

void
connection_unwatch(struct connection *c)
{
	if (c->watched)
		loop_unwatch(hub_loop(c->hub), &c->watch);
	c->watched = false;
}

static void
connection_free(struct connection *c)
{
	struct hub *hub = c->hub;

	mem_free(c);
	hub_release(hub);
}

struct stream *
connection_stream(struct connection *c, uint16_t id)
{
	struct stream *s = NULL;

	if (stream_new(&s, hub_host(c->hub), c->watch.fd, id, c->watched) !=
	    ERR_OK) {
		log_err("request dropped", LOG_TEXT("reason", "memory"));
		connection_close(c);
		return NULL;
	}
	connection_free(c);
	return s;
}

void
connection_close(struct connection *c)
{
	connection_unwatch(c);
	close(c->watch.fd);
	connection_free(c);
}
