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
#include "wire/frame_queue.h"
#include "wire/record.h"

/* A peer that takes nothing of what is left for so long gets no more of it. */
#define STALL_MS 10000
/* How long a peer may take to close after it could read all. */
#define LINGER_MS 1000

#define EVENTS_IDLE (EPOLLIN | EPOLLRDHUP | EPOLLET)
/* Only a blocked stream asks for EPOLLOUT: else each read of the peer would
 * wake the loop. */
#define EVENTS_BLOCKED (EVENTS_IDLE | EPOLLOUT)

/* Behind the feeder's frames there may be a last position and the end. */
_Static_assert(STREAM_FRAMES_MAX + 2 == FRAME_QUEUE_MAX, "room for the end");

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
	struct frame_queue queue;
	struct record_skip skip;
	uint16_t id;
	enum {
		STATE_OPEN,   /* its feeder pushes frames */
		STATE_ENDING, /* no more frames; some are not written yet */
		STATE_SHUT,   /* all is written; its peer may read it */
		STATE_FAILED  /* it is over; the loop reports it */
	} state : 8;
	bool blocked;     /* it is in `stalls` */
	bool peer_closed; /* no more input */
	bool unwatchable; /* a file */
	bool keep;        /* see stream_keep() */
};

#define STREAM_OF(w) ((struct stream *)(void *)(w))

/* How long the end of a stream may wait for its peer to read on. */
static int64_t
stall_ms(const struct stream *s)
{
	return s->host->hurried ? LINGER_MS : STALL_MS;
}

/* Free the stream.  Its descriptor is closed, or given back to the host. */
static void
stream_free(struct stream *s, bool keep)
{
	struct stream_host *h = s->host;
	const int fd = s->watch.fd;

	loop_timer_stop(h->loop, &s->patience);
	if (!s->unwatchable)
		loop_unwatch(h->loop, &s->watch);
	frame_queue_free(&s->queue, &h->queued);
	if (s->blocked)
		TAILQ_REMOVE(&h->stalls, s, stalls);
	LIST_REMOVE(s, links);
	mem_free(s);
	h->open--;
	if (keep)
		h->kept(h, fd);
	else
		close(fd);
	if (h->closed != NULL)
		h->closed(h);
}

void
stream_cut(struct stream *s)
{
	stream_free(s, false);
}

/* The peer is gone: notify the feeder to stop using the stream. */
static void
stream_lost(struct stream *s)
{
	const struct stream_events *events = s->events;
	void *feeder = s->feeder;

	stream_free(s, false);
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

/* Without effect before stream_end(), which reports whether there is memory for
 * it: moving it takes none. */
static void
stream_extend(struct stream *s, int64_t ms)
{
	struct loop *l = s->host->loop;

	if (s->state == STATE_ENDING || s->state == STATE_SHUT)
		loop_timer_set(l, &s->patience, loop_now(l) + ms);
}

/* All is written: let the peer read it before the descriptor is closed. */
static void
stream_shut(struct stream *s)
{
	if (s->keep && !s->peer_closed) {
		stream_free(s, true);
		return;
	}
	s->state = STATE_SHUT;
	stream_extend(s, LINGER_MS);
	/* The peer has closed already, or this is not a socket (plain CGI). */
	if (s->peer_closed || shutdown(s->watch.fd, SHUT_WR) != 0)
		stream_free(s, false);
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
 * Writing or memory failed.  The stream does not disappear while its feeder
 * uses it: the loop will report it as gone.
 */
static void
stream_fail(struct stream *s)
{
	s->state = STATE_FAILED;
	if (shutdown(s->watch.fd, SHUT_RDWR) != 0)
		loop_timer_set(
		    s->host->loop, &s->patience, loop_now(s->host->loop));
}

/* One write(2) for one frame, the most frequent case: writev(2) costs a tenth
 * of a delivery more in the kernel. */
static ssize_t
write_queued(const struct stream *s)
{
	struct iovec iov[FRAME_QUEUE_MAX];
	int n = frame_queue_iov(&s->queue, iov);

	return n == 1 ? write(s->watch.fd, iov[0].iov_base, iov[0].iov_len)
		      : writev(s->watch.fd, iov, n);
}

/* The peer took something, so its stall begins now, if it has one. */
static void
stream_moved(struct stream *s, size_t n)
{
	struct stream_stalls *stalls = &s->host->stalls;

	frame_queue_written(&s->queue, n, &s->host->queued);
	stream_extend(s, stall_ms(s));
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

/* A peer that has received a part of a long frame does not get the rest: its
 * connection ends, as if the hub was killed. */
static void
stream_shed(struct stream *s)
{
	uint64_t first = frame_queue_cut(&s->queue, &s->host->queued);

	if (s->events == NULL || s->events->shed == NULL ||
	    s->queue.bytes > LITTLE)
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
		if (s->queue.bytes <= least)
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
		log_warn("slow readers closed", LOG_UINT("streams", n),
		    LOG_UINT("bytes", held), LOG_UINT("max", h->queued_max),
		    LOG_TEXT("setting", "MERCURE_MAX_QUEUED_BYTES"));
}

/* This runs in another turn of the loop, since the caller that filled a queue
 * may be walking along a list of streams. */
static void
relieve(struct loop_mail *m)
{
	struct stream_host *h = CONTAINER(struct stream_host, relief, m);

	stream_host_relieve(h);
}

static void
ask_relief(struct stream_host *h)
{
	if (!is_crowded(h))
		return;
	h->relief.open = relieve;
	loop_post_once(h->loop, &h->relief);
}

/* False: the loop will go on with it. */
static bool
stream_write(struct stream *s)
{
	while (s->queue.n > 0 && s->state != STATE_FAILED) {
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
	return s->state != STATE_FAILED;
}

bool
stream_flush(struct stream *s)
{
	/* A feeder that got "false" waits for `writable`, which is called even
	 * if all was written in the meantime: only the loop ends the blocked
	 * state. */
	return stream_write(s) && !s->blocked;
}

/*
 * Read and drop what still comes; false when the peer has closed.  A CGI's
 * output may be the socket its body came by, and Apache's mod_cgid closes that
 * side behind the body: it reads on.
 */
static bool
discard_input(struct stream *s)
{
	uint8_t bytes[4096];

	for (;;) {
		ssize_t n =
		    recv(s->watch.fd, bytes, sizeof(bytes), MSG_DONTWAIT);

		/* The next request could not be separated from it. */
		if (n > 0)
			s->keep = false;
		if (n > 0 && s->host->framing == FRAMING_FCGI) {
			if (record_skip(&s->skip, s->id, bytes, (size_t)n))
				return false;
		} else if (n == 0)
			return s->host->framing == FRAMING_RAW &&
			       s->state != STATE_SHUT;
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
	if (s->state == STATE_ENDING)
		stream_shut(s);
	else if (s->events != NULL)
		s->events->writable(s->feeder);
}

/* The loop hears of room only once most of the socket's buffer is free, and a
 * slow reader may take long to get there. */
static void
patience_over(struct loop_timer *t)
{
	struct stream *s = CONTAINER(struct stream, patience, t);
	const size_t left = s->queue.bytes - s->queue.sent;

	if (s->state == STATE_ENDING)
		stream_write(s);
	if (s->state != STATE_ENDING || s->queue.bytes - s->queue.sent == left)
		stream_lost(s);
	else if (s->queue.n == 0)
		stream_go_on(s);
}

/*
 * The peer sends no more.  If it waits for an answer, it may still read it; an
 * event stream is over, and lighttpd wants even that confirmed by END_REQUEST.
 */
static void
stream_hung_up(struct stream *s)
{
	const struct stream_events *events = s->events;

	s->peer_closed = true;
	if (s->state == STATE_SHUT)
		stream_free(s, false);
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
		 !discard_input(s))
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
	return s->queue.n < STREAM_FRAMES_MAX &&
	       s->queue.bytes < STREAM_BYTES_MAX;
}

void
stream_push(struct stream *s, struct frame *f)
{
	struct frame *mine;

	if (s->state == STATE_FAILED || f->len == 0)
		return;
	mine = frame_for(f, s->id);
	if (mine == NULL ||
	    !frame_queue_push(&s->queue, mine, &s->host->queued)) {
		log_err("stream dropped", LOG_TEXT("reason", "memory"));
		frame_unref(mine);
		stream_fail(s);
	}
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
stream_keep(struct stream *s)
{
	s->keep = s->host->kept != NULL && !s->unwatchable;
}

void
stream_end(struct stream *s)
{
	struct loop *l = s->host->loop;

	s->events = NULL;
	push_end(s);
	if (s->state == STATE_FAILED ||
	    loop_timer_set(l, &s->patience, loop_now(l) + stall_ms(s)) !=
		ERR_OK) {
		stream_free(s, false);
		return;
	}
	s->state = STATE_ENDING;
	stream_go_on(s);
}
