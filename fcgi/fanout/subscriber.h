/* SPDX-License-Identifier: MIT */
/* subscriber.h - one open event stream: its topics, rights and position. */
#ifndef FANOUT_SUBSCRIBER_H
#define FANOUT_SUBSCRIBER_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include "fanout/count_topic.h"
#include "fanout/patterns.h"
#include "fanout/position_frame.h"
#include "match/matcher.h"
#include "mercure/grant.h"
#include "presence/roster.h"
#include "queue/sessions.h"
#include "wire/frame.h"
#include "wire/loop.h"
#include "wire/stream.h"

struct subscriber_entry;
struct subscriber_host;
struct subscriber_index;

/* A topic whose number of viewers a subscriber wants. */
struct count_wish {
	char *topic;  /* owned */
	uint64_t key; /* crowd_key_topic() */
};

/* The result of a worker's look at a subscribe request; slices and lists
 * belong to the opening. */
struct subscriber_opening {
	struct matcher_list matchers;
	struct grant *grant;        /* NULL: anonymous, public updates only */
	struct frame *head;         /* response headers and the first lines */
	struct roster_entry *entry; /* NULL: nobody counts it */
	struct pattern_claim *patterns; /* NULL: none, or not bounded */
	uint64_t epoch;                 /* of `at` */
	uint64_t at;                    /* it has seen everything up to here */
	bool from_start;                /* it takes whatever there still is */
	int64_t end_ms;                 /* clock_mono_ms(); INT64_MAX: never */
	int64_t life_ms;                /* the same, for any grant */
	uint32_t keepalive_ms;          /* 0: none */
	uint32_t retry_ms;              /* as in `head` */
	bool poll;                 /* end it once what is pending is sent, */
	int64_t wait_ms;           /* or by then, when there was nothing; */
	uint32_t away_ms;          /* so long it stays there without one */
	bool first;                /* it polls for the first time */
	struct count_wish *counts; /* NULL: none */
	size_t counts_n;
	struct session_extension extension; /* of a session's grant */
};

/* NULL is allowed. */
void subscriber_opening_free(struct subscriber_opening *o);

/* The updates that a grant can allow; each includes the ones before. */
enum subscriber_rights {
	SUBSCRIBER_PUBLIC,  /* no private update at all */
	SUBSCRIBER_PRIVATE, /* some, but none of the hub's own */
	SUBSCRIBER_HUB,     /* also the hub's own, about subscriptions */
	SUBSCRIBER_RIGHTS
};

/* Of a grant; NULL: there is none. */
enum subscriber_rights subscriber_rights(const struct grant *g);

/* One matcher of one subscriber, as a link of the index. */
struct subscription {
	LIST_ENTRY(subscription) links;
	struct subscriber_entry *entry;
	struct subscriber *subscriber;
};

/*
 * How it gets its next event: from the loop as it comes; from the ring or
 * the database once its socket takes more; from a batch it has asked for.
 */
enum subscriber_state {
	SUBSCRIBER_LIVE,
	SUBSCRIBER_LAGGING,
	SUBSCRIBER_WAITING
};

/* The reason why it waits; the host has a list for each. */
enum wait_list {
	WAIT_NONE,
	WAIT_FLUSH,     /* it got something in this turn of the loop */
	WAIT_WRITABLE,  /* it lags until its socket takes more */
	WAIT_BATCH,     /* for a batch from the database */
	WAIT_PART,      /* it is to get the present part of a batch */
	WAIT_NEXT_PART, /* it got that part */
	WAIT_RING,      /* it has more to take from the ring */
	WAIT_LISTS
};

TAILQ_HEAD(subscriber_list, subscriber);

/* Owner: loop thread.  The fields are for this floor's modules. */
struct subscriber {
	TAILQ_ENTRY(subscriber) links;
	TAILQ_ENTRY(subscriber) waits;
	enum wait_list wait; /* the list that `waits` links */
	enum subscriber_state state;
	struct subscriber_host *host;
	struct stream *stream;
	struct grant *grant;
	enum subscriber_rights rights; /* of `grant` */
	struct roster_entry *entry;
	struct pattern_claim *patterns;
	struct loop_timer timer; /* next keep-alive or the end */
	int64_t end_ms, life_ms, wrote_ms, wait_ms;
	struct session_extension extension;
	int64_t extend_ms; /* when to ask for it; INT64_MAX: never */
	uint32_t keepalive_ms, away_ms, retry_ms;
	uint32_t delivered;     /* events, at most UINT32_MAX */
	uint64_t at;            /* everything up to here is queued or written */
	uint64_t sent_position; /* the last one its peer was sent */
	uint64_t mark; /* last event it was found for: once is enough */
	bool from_start;
	bool poll; /* it ends once it is up to date and got something */
	struct count_listener *counts; /* NULL: none */
	size_t counts_n;
	size_t n;
	struct subscription subscriptions[];
};

/* Shared by all subscribers of a process; owner: loop thread. */
struct subscriber_host {
	struct loop *loop;
	struct subscriber_index *index;
	struct position_frames positions;
	struct subscriber_list all; /* in the order of their opening */
	size_t n;
	struct subscriber_list waits[WAIT_LISTS];
	uint64_t tail; /* live subscribers have everything up to here */
};

/* ERR_NOMEM; ERR_IO: the system gives no random bytes. */
enum err subscriber_host_init(
    struct subscriber_host *h, struct loop *loop, enum framing framing);
void subscriber_host_free(struct subscriber_host *h); /* without subscribers */

/* Takes `o` apart on success.  The stream is still the caller's on failure.
 * ERR_NOMEM. */
enum err subscriber_new(struct subscriber **out, struct subscriber_opening *o,
    struct stream *stream);

/*
 * Enter it into the index, and among the timers: a stream without one would
 * outlive its token.  ERR_NOMEM: subscriber_free() is due.
 */
enum err subscriber_enter(struct subscriber *s, struct subscriber_host *h,
    const struct matcher_list *l);

/* Frees the subscriber, not its stream; it is not entered. */
void subscriber_free(struct subscriber *s);

/* May this event go to this subscriber, if it asked for one of its topics?
 * Draft 7, "Subscribers": a private one only by the grant.  *steps as of
 * matcher.h. */
bool subscriber_may_have(
    const struct subscriber *s, const struct frame *f, size_t *steps);

/* Move it to the end of a list; a subscriber is in one at a time. */
void subscriber_wait(struct subscriber *s, enum wait_list list);
void subscriber_stop_waiting(struct subscriber *s);

/* Everything up to here is queued or written. */
uint64_t subscriber_position(const struct subscriber *s);

/* Queue a frame, room or not; an event moves the position. */
void subscriber_queue(struct subscriber *s, struct frame *frame);

/* Queue a frame.  False: its socket takes no more; subscriber_lag() is due. */
bool subscriber_push(struct subscriber *s, struct frame *frame);

/* From now on it keeps nothing but its position. */
void subscriber_lag(struct subscriber *s);

/* Take it out of everything; its stream is left to the caller. */
void subscriber_forget(struct subscriber *s);

/* End it, with its position. */
void subscriber_close(struct subscriber *s);

/* End the response of one that will be back: others do not hear of it.  One
 * that does not poll is just closed. */
void subscriber_pause(struct subscriber *s, uint32_t retry_ms);

/* It has all there is now.  One that polls ends here, if there was anything
 * for it; else what is queued is written. */
void subscriber_caught_up(struct subscriber *s);

/* Do this for all that wait in WAIT_FLUSH. */
void subscriber_host_flush(struct subscriber_host *h);

/* Was something pruned that it has not got yet? */
bool subscriber_is_lost(const struct subscriber *s, uint64_t floor);

/* End such a one: without a position, so that its next request is answered
 * with "earliest". */
void subscriber_end_lost(struct subscriber *s);

/* Is its time up by the clock that grants go by? */
bool subscriber_is_expired(const struct subscriber *s);

/* Give it another grant, by which it may have to end sooner or later.  False:
 * it must end now. */
bool subscriber_regrant(struct subscriber *s, struct grant *g);

#endif
