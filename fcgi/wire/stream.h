/* SPDX-License-Identifier: MIT */
/* stream.h - the way out to one peer: a short queue of frames, and an end. */
#ifndef WIRE_STREAM_H
#define WIRE_STREAM_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/frame.h"
#include "wire/loop.h"

/*
 * Owner: loop thread.  Short answers and event streams leave alike.  A stream
 * holds at most STREAM_FRAMES_MAX frames, and beyond STREAM_BYTES_MAX bytes no
 * further one: its feeder stops when it has no room and goes on when `writable`
 * is called.
 */
struct stream;

#define STREAM_FRAMES_MAX 64
#define STREAM_BYTES_MAX 65536

/*
 * The state that all streams of a process share; zero it, then set `loop`,
 * `framing` and, if wanted, `closed`, `kept` and `queued_max`.
 *
 * `queued` is the memory of all frames in queues (frame_queue.h), each of which
 * counts once.  Beyond `queued_max` the streams that made no progress for the
 * longest time are closed, from the loop, until the rest fits or one blocked
 * stream is left.
 */
struct stream_host {
	struct loop *loop;
	enum framing framing;
	bool hurried;      /* it ends: no peer is waited for long */
	size_t open;       /* not closed yet, lingering ones included */
	size_t queued;     /* bytes */
	size_t queued_max; /* MERCURE_MAX_QUEUED_BYTES; 0: no limit */
	LIST_HEAD(, stream) streams; /* all that are open */
	/* Those that wait for their peer; the longest wait comes first. */
	TAILQ_HEAD(stream_stalls, stream) stalls;
	struct loop_mail relief;
	void (*closed)(struct stream_host *h); /* one of `streams` was */
	/* A response with stream_keep() is written.  The descriptor belongs to
	 * the callee, and the loop does not watch it any more. */
	void (*kept)(struct stream_host *h, int fd);
};

/* Close all at once; feeders hear that they are gone. */
void stream_host_close(struct stream_host *h);

/*
 * Close now what the loop would close in its next turn: many long answers can
 * be ready in one turn.  Do not call it while walking along a list of streams
 * or of their feeders.
 */
void stream_host_relieve(struct stream_host *h);

/* A stream's reports to its feeder, which may end or cut it then. */
struct stream_events {
	void (*writable)(void *feeder); /* all is written after it was not */
	void (*gone)(void *feeder);     /* the peer left: forget the stream */
	/* The process holds too much for slow peers, and this stream dropped
	 * what was queued: end it.  `first` is the place of the first event
	 * that was dropped; 0: no event was.  NULL: as `gone`. */
	void (*shed)(void *feeder, uint64_t first);
};

/*
 * Take over the non-blocking `fd` of request `id`.  `watched`: the
 * loop watches it already, through another struct.  ERR_NOMEM, ERR_IO: `fd`
 * is still the caller's.
 */
enum err stream_new(struct stream **out, struct stream_host *h, int fd,
    uint16_t id, bool watched);

/* From now on `events` are reported to `feeder`. */
void stream_feed(
    struct stream *s, const struct stream_events *events, void *feeder);

bool stream_has_room(const struct stream *s);

/* Queue a frame behind the others; takes another reference.  Room may
 * be exceeded by one.  Out of memory the stream fails: `gone` will be called,
 * from the loop. */
void stream_push(struct stream *s, struct frame *f);

/*
 * Write what the socket takes, several frames in one call.  True: all is
 * written.  False: `writable` or `gone` will be called, from the loop.
 */
bool stream_flush(struct stream *s);

/*
 * No more frames: END_REQUEST goes behind what is queued, for as long as the
 * peer takes some of it every ten seconds; then it gets a moment to close, and
 * the stream frees itself.  The feeder hears nothing any more.
 */
void stream_end(struct stream *s);

/*
 * The peer wants to use its connection again (FCGI_KEEP_CONN), and all bytes of
 * its request have been read: once END_REQUEST is written, host->kept() gets
 * the descriptor, and the stream frees itself.  It is closed all the same if
 * the peer has closed or sent anything meanwhile, reads too slowly, or writing
 * fails.  Without host->kept() the call has no effect.  Before stream_end().
 */
void stream_keep(struct stream *s);

/* Close at once. */
void stream_cut(struct stream *s);

#endif
