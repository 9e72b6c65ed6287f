/* SPDX-License-Identifier: MIT */
/* stream.c - writes frames to one peer without ever waiting for it. */
#include "wire/stream.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "wire/record.h"

/* A peer that takes nothing of what is left for so long gets no more of it. */
#define STALL_MS 10000
/* How long a peer may take to close after it could read all. */
#define LINGER_MS 1000

#define EVENTS_IDLE (EPOLLIN | EPOLLRDHUP | EPOLLET)
/* Only a blocked stream asks for EPOLLOUT: else each read of the peer would
 * wake the loop. */
#define EVENTS_BLOCKED (EVENTS_IDLE | EPOLLOUT)

/* Behind the feeder's frames there may be a last cursor and the end. */
#define QUEUE_MAX (STREAM_FRAMES_MAX + 2)

/* Closing a stream that holds no more than this frees too little to matter,
 * and a stream may keep so much for a clean end. */
#define LITTLE 4096

struct stream {
	struct loop_watch watch;
	LIST_ENTRY(stream) links;
	TAILQ_ENTRY(stream) stalls; /* while it is blocked */
	struct loop_timer patience; /* set from stream_end() on */
	struct stream_host *host;
	const struct stream_events *events;
	void *feeder;
	struct frame **queue; /* QUEUE_MAX at most */
	uint16_t head, n, room;
	uint16_t id;
	size_t sent;  /* bytes of the first frame that are written */
	size_t bytes; /* queued, the first frame counted whole */
	struct record_skip skip;
	bool blocked, ending, shut, peer_closed, unwatchable, failed;
};

#define STREAM_OF(w) ((struct stream *)(void *)(w))

/* How long the end of a stream may wait for its peer to read on. */
static int64_t
stall_ms(const struct stream *s)
{
	return s->host->hurried ? LINGER_MS : STALL_MS;
}

/* The last stream that drops a shared frame gives its memory back. */
static void
release(struct stream *s, struct frame *f)
{
	if (--f->queued == 0)
		s->host->queued -= frame_size(f);
	s->bytes -= f->len;
	frame_unref(f);
}

static void
queue_drop(struct stream *s)
{
	struct frame *f = s->queue[s->head];

	s->sent = 0;
	s->head++;
	if (--s->n == 0)
		s->head = 0;
	release(s, f);
}

static void
stream_free(struct stream *s)
{
	struct stream_host *h = s->host;

	loop_timer_stop(h->loop, &s->patience);
	if (!s->unwatchable)
		loop_unwatch(h->loop, &s->watch);
	close(s->watch.fd);
	while (s->n > 0)
		queue_drop(s);
	mem_free(s->queue);
	if (s->blocked)
		TAILQ_REMOVE(&h->stalls, s, stalls);
	LIST_REMOVE(s, links);
	mem_free(s);
	h->open--;
	if (h->closed != NULL)
		h->closed(h);
}

void
stream_cut(struct stream *s)
{
	stream_free(s);
}

/* The peer is gone: tell the feeder, who must not touch the stream again. */
static void
stream_lost(struct stream *s)
{
	const struct stream_events *events = s->events;
	void *feeder = s->feeder;

	stream_free(s);
	if (events != NULL)
		events->gone(feeder);
}

void
stream_host_close(struct stream_host *h)
{
	struct stream *s;

	while ((s = LIST_FIRST(&h->streams)) != NULL)
		stream_lost(s);
}

/* Without effect before stream_end(), which says whether there is memory for
 * it: moving it takes none. */
static void
stream_renew(struct stream *s, int64_t ms)
{
	struct loop *l = s->host->loop;

	if (s->ending && !s->failed)
		loop_timer_set(l, &s->patience, loop_now(l) + ms);
}

/* All is written: let the peer read it before the descriptor goes. */
static void
stream_shut(struct stream *s)
{
	s->shut = true;
	stream_renew(s, LINGER_MS);
	/* The peer has closed already, or this is no socket (plain CGI). */
	if (s->peer_closed || shutdown(s->watch.fd, SHUT_WR) != 0)
		stream_free(s);
}

static int
queue_iov(const struct stream *s, struct iovec *iov)
{
	uint16_t i;

	for (i = 0; i < s->n; i++) {
		struct frame *f = s->queue[s->head + i];
		size_t skip = i == 0 ? s->sent : 0;

		iov[i].iov_base = f->bytes + skip;
		iov[i].iov_len = f->len - skip;
	}
	return s->n;
}

static void
queue_written(struct stream *s, size_t n)
{
	while (n > 0) {
		size_t left = s->queue[s->head]->len - s->sent;

		if (n < left) {
			s->sent += n;
			return;
		}
		n -= left;
		queue_drop(s);
	}
}

static void
stream_block(struct stream *s, bool blocked)
{
	struct stream_host *h = s->host;

	if (s->blocked == blocked)
		return;
	s->blocked = blocked;
	if (blocked)
		TAILQ_INSERT_TAIL(&h->stalls, s, stalls);
	else
		TAILQ_REMOVE(&h->stalls, s, stalls);
	if (!s->unwatchable)
		loop_rewatch(
		    h->loop, &s->watch, blocked ? EVENTS_BLOCKED : EVENTS_IDLE);
}

/*
 * Writing or memory failed.  The stream does not disappear in its feeder's
 * hands: the loop will report it as gone.
 */
static void
stream_fail(struct stream *s)
{
	s->failed = true;
	if (shutdown(s->watch.fd, SHUT_RDWR) != 0)
		loop_timer_set(
		    s->host->loop, &s->patience, loop_now(s->host->loop));
}

/* One write(2) for one frame, the most frequent case: writev(2) costs a tenth
 * of a delivery more in the kernel. */
static ssize_t
write_queued(const struct stream *s)
{
	struct iovec iov[QUEUE_MAX];
	int n = queue_iov(s, iov);

	return n == 1 ? write(s->watch.fd, iov[0].iov_base, iov[0].iov_len)
		      : writev(s->watch.fd, iov, n);
}

/* The peer took something, so its stall begins now, if it has one. */
static void
stream_moved(struct stream *s, size_t n)
{
	struct stream_stalls *stalls = &s->host->stalls;

	queue_written(s, n);
	stream_renew(s, stall_ms(s));
	if (!s->blocked)
		return;
	TAILQ_REMOVE(stalls, s, stalls);
	TAILQ_INSERT_TAIL(stalls, s, stalls);
}

static bool
is_crowded(const struct stream_host *h)
{
	return h->queued_max > 0 && h->queued > h->queued_max &&
	       TAILQ_FIRST(&h->stalls) != TAILQ_LAST(&h->stalls, stream_stalls);
}

/* Drop all frames behind the one that the peer has received in part. */
static uint64_t
queue_cut(struct stream *s)
{
	const uint16_t keep = s->sent > 0;
	uint64_t first = 0;

	for (uint16_t i = keep; i < s->n; i++) {
		struct frame *f = s->queue[s->head + i];

		if (first == 0)
			first = f->at;
		release(s, f);
	}
	s->n = keep;
	if (keep == 0)
		s->head = 0;
	return first;
}

/* A peer that has received a part of a long frame does not get the rest: its
 * connection ends, as if the hub was killed. */
static void
stream_shed(struct stream *s)
{
	uint64_t first = queue_cut(s);

	if (s->events == NULL || s->events->shed == NULL || s->bytes > LITTLE)
		stream_lost(s);
	else
		s->events->shed(s->feeder, first);
}

/* Close blocked streams of more than `least` bytes. */
static size_t
shed_some(struct stream_host *h, size_t least)
{
	struct stream *s, *next;
	size_t n = 0;

	for (s = TAILQ_FIRST(&h->stalls); s != NULL && is_crowded(h);
	     s = next) {
		next = TAILQ_NEXT(s, stalls);
		if (s->bytes <= least)
			continue;
		stream_shed(s);
		n++;
	}
	return n;
}

void
stream_host_relieve(struct stream_host *h)
{
	const size_t held = h->queued;
	size_t n = shed_some(h, LITTLE);

	n += shed_some(h, 0);
	if (n > 0)
		log_warn("slow readers closed streams=%zu bytes=%zu "
			 "max=%zu setting=MERCURE_MAX_QUEUED_BYTES",
		    n, held, h->queued_max);
}

/* This runs in another turn of the loop, since the caller that filled a queue
 * may be walking along a list of streams. */
static void
relieve(struct loop_mail *m)
{
	struct stream_host *h = CONTAINER(struct stream_host, relief, m);

	h->relief_due = false;
	stream_host_relieve(h);
}

static void
ask_relief(struct stream_host *h)
{
	if (h->relief_due || !is_crowded(h))
		return;
	h->relief_due = true;
	h->relief.open = relieve;
	loop_post(h->loop, &h->relief);
}

/* False: the loop will go on with it. */
static bool
stream_write(struct stream *s)
{
	while (s->n > 0 && !s->failed) {
		ssize_t n = write_queued(s);

		if (n >= 0) {
			stream_moved(s, (size_t)n);
		} else if (errno == EAGAIN) {
			stream_block(s, true);
			ask_relief(s->host);
			return false;
		} else if (errno != EINTR)
			stream_fail(s);
	}
	return !s->failed;
}

bool
stream_flush(struct stream *s)
{
	/* Who was told "false" waits for `drained`, and gets it even if all
	 * went out in the meantime: only the loop ends the blocked state. */
	return stream_write(s) && !s->blocked;
}

/*
 * Read and drop what still comes; false when the peer has closed.  A CGI's
 * output may be the socket its body came by, and Apache's mod_cgid closes that
 * side behind the body: it reads on.
 */
static bool
stream_drain(struct stream *s)
{
	uint8_t bytes[4096];

	for (;;) {
		ssize_t n =
		    recv(s->watch.fd, bytes, sizeof(bytes), MSG_DONTWAIT);

		if (n > 0 && s->host->framing == FRAMING_FCGI) {
			if (record_skip(&s->skip, s->id, bytes, (size_t)n))
				return false;
		} else if (n == 0)
			return s->host->framing == FRAMING_RAW && !s->shut;
		else if (n < 0 && errno != EINTR)
			return errno == EAGAIN || errno == ENOTSOCK;
	}
}

static void
stream_go_on(struct stream *s)
{
	if (!stream_write(s))
		return;
	stream_block(s, false);
	if (s->ending)
		stream_shut(s);
	else if (s->events != NULL)
		s->events->drained(s->feeder);
}

/* The loop hears of room only once most of the socket's buffer is free, and a
 * slow reader may take long to get there. */
static void
patience_over(struct loop_timer *t)
{
	struct stream *s = CONTAINER(struct stream, patience, t);
	const size_t left = s->bytes - s->sent;

	if (!s->shut && !s->failed)
		stream_write(s);
	if (s->shut || s->failed || s->bytes - s->sent == left)
		stream_lost(s);
	else if (s->n == 0)
		stream_go_on(s);
}

/*
 * The peer sends no more.  Who waits for an answer may still read it; a
 * stream is over, and lighttpd wants even that confirmed by END_REQUEST.
 */
static void
stream_hung_up(struct stream *s)
{
	const struct stream_events *events = s->events;

	s->peer_closed = true;
	if (s->shut)
		stream_free(s);
	else if (events != NULL) {
		s->events = NULL;
		events->gone(s->feeder);
		stream_end(s);
	} else
		stream_go_on(s);
}

static void
stream_ready(struct loop_watch *w, uint32_t events)
{
	struct stream *s = STREAM_OF(w);

	if ((events & (EPOLLERR | EPOLLHUP)) != 0)
		stream_lost(s);
	else if ((events & (EPOLLIN | EPOLLRDHUP)) != 0 && !s->peer_closed &&
		 !stream_drain(s))
		stream_hung_up(s);
	else if ((events & EPOLLOUT) != 0 && s->blocked)
		stream_go_on(s);
}

enum err
stream_new(struct stream **out, struct stream_host *h, int fd, uint16_t id,
    bool watched)
{
	struct stream *s = mem_calloc(1, sizeof(*s));
	enum err e;

	if (s == NULL)
		return ERR_NOMEM;
	s->watch.fd = fd;
	s->watch.ready = stream_ready;
	s->patience.fire = patience_over;
	s->host = h;
	s->id = id;
	e = watched ? loop_rewatch(h->loop, &s->watch, EVENTS_IDLE)
		    : loop_watch(h->loop, &s->watch, EVENTS_IDLE);
	if (e == ERR_UNSUPPORTED)
		s->unwatchable = true; /* a file takes every write */
	else if (e != ERR_OK) {
		mem_free(s);
		return e;
	}
	if (h->stalls.tqh_last == NULL)
		TAILQ_INIT(&h->stalls); /* the first stream of a zeroed one */
	LIST_INSERT_HEAD(&h->streams, s, links);
	h->open++;
	*out = s;
	return ERR_OK;
}

void
stream_feed(struct stream *s, const struct stream_events *events, void *feeder)
{
	s->events = events;
	s->feeder = feeder;
}

bool
stream_has_room(const struct stream *s)
{
	return s->n < STREAM_FRAMES_MAX && s->bytes < STREAM_BYTES_MAX;
}

/* The queue is an array that starts over when it has run empty. */
static bool
queue_reserve(struct stream *s)
{
	uint16_t room = (uint16_t)(s->room == 0 ? 4 : s->room * 2);
	struct frame **queue;

	if (s->head + s->n < s->room)
		return true;
	if (s->head > 0) {
		memmove(s->queue, s->queue + s->head,
		    s->n * sizeof(struct frame *));
		s->head = 0;
		return true;
	}
	queue = mem_realloc(s->queue, room * sizeof(struct frame *));
	if (queue == NULL)
		return false;
	s->queue = queue;
	s->room = room;
	return true;
}

void
stream_push(struct stream *s, struct frame *f)
{
	struct frame *mine;

	if (s->failed || f->len == 0)
		return;
	if (!queue_reserve(s) || (mine = frame_for(f, s->id)) == NULL) {
		log_err("stream dropped reason=memory");
		stream_fail(s);
		return;
	}
	s->queue[s->head + s->n++] = mine;
	s->bytes += mine->len;
	if (mine->queued++ == 0)
		s->host->queued += frame_size(mine);
}

static void
push_end(struct stream *s)
{
	struct frame *f = NULL;
	struct buf end;

	if (s->host->framing == FRAMING_RAW)
		return;
	buf_init(&end, 64);
	record_end(&end, s->id);
	if (end.err == ERR_OK)
		f = frame_new(FRAMING_RAW, buf_view(&end));
	if (f != NULL)
		stream_push(s, f);
	else
		stream_fail(s);
	frame_unref(f);
	buf_free(&end);
}

void
stream_end(struct stream *s)
{
	struct loop *l = s->host->loop;

	s->events = NULL;
	push_end(s);
	if (s->failed || loop_timer_set(l, &s->patience,
			     loop_now(l) + stall_ms(s)) != ERR_OK) {
		stream_free(s);
		return;
	}
	s->ending = true;
	stream_go_on(s);
}
