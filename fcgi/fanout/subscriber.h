/* SPDX-License-Identifier: MIT */
/* subscriber.h - one open event stream: what it asked for, may have, and has got. */
#ifndef FANOUT_SUBSCRIBER_H
#define FANOUT_SUBSCRIBER_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include "fanout/patterns.h"
#include "match/matcher.h"
#include "mercure/grant.h"
#include "presence/roster.h"
#include "queue/queue.h"
#include "wire/frame.h"
#include "wire/loop.h"
#include "wire/stream.h"

struct fanout;
struct subscriber_entry;

/* What a worker found out about a subscribe request; slices and lists are
 * the opening's own. */
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
	int64_t life_ms;                /* the same, whatever its grant says */
	uint32_t keepalive_ms;          /* 0: none */
	uint32_t retry_ms;              /* as `head` says */
	bool drain;       /* end it once what is pending is sent, */
	int64_t wait_ms;  /* or by then, when there was nothing; */
	uint32_t park_ms; /* so long it stays there without one */
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

/* What it waits for its turn to do; the fan-out has a list for each. */
enum fanout_turn {
	FANOUT_TURN_NONE,
	FANOUT_TURN_WRITE,   /* it got something in this round */
	FANOUT_TURN_BLOCKED, /* it lags until its socket takes more */
	FANOUT_TURN_BATCH,   /* for a batch from the database */
	FANOUT_TURN_SERVE,   /* it is to get the present part of a batch */
	FANOUT_TURN_SERVED,  /* it got that part, and waits for the next */
	FANOUT_TURN_RING,    /* it has more to take from the ring */
	FANOUT_TURNS
};

/* Owner: loop thread.  The fields are for this floor's modules. */
struct subscriber {
	TAILQ_ENTRY(subscriber) links;
	TAILQ_ENTRY(subscriber) turns;
	enum fanout_turn turn; /* the list that `turns` links */
	struct fanout *fanout;
	struct stream *stream;
	struct grant *grant;
	enum subscriber_rights rights; /* of `grant` */
	struct roster_entry *entry;
	struct pattern_claim *patterns;
	struct loop_timer timer; /* next keep-alive or the end */
	int64_t end_ms, life_ms, wrote_ms, wait_ms;
	uint32_t keepalive_ms, park_ms, retry_ms;
	uint64_t at;   /* everything up to here is queued or written */
	uint64_t told; /* the position last named to its peer */
	uint64_t mark; /* last event it was found for: once is enough */
	enum subscriber_state state;
	bool from_start;
	bool drain; /* it ends with the first round that had something */
	bool got;   /* there was an event for it */
	size_t n;
	struct subscription subscriptions[];
};

/* Takes `o` apart on success.  The stream is still the caller's on failure.
 * ERR_NOMEM. */
enum err subscriber_new(struct subscriber **out, struct subscriber_opening *o,
    struct stream *stream);

/* May this event go to this subscriber, if it asked for one of its topics?
 * Draft 7, "Subscribers": a private one only by the grant.  *steps as of
 * matcher.h. */
bool subscriber_may_have(
    const struct subscriber *s, const struct frame *f, size_t *steps);

/* Frees the subscriber, not its stream. */
void subscriber_free(struct subscriber *s);

#endif
