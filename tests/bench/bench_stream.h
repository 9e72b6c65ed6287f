/* SPDX-License-Identifier: MIT */
/* bench_stream.h - many event streams in one thread, and what each received. */
#ifndef BENCH_STREAM_H
#define BENCH_STREAM_H

#include "bench_histogram.h"
#include "bench_ledger.h"
#include "bench_site.h"
#include "bench_wire.h"

#define GROUP_ADDRESSES 4

/* Streams of one kind. */
struct group {
	uint32_t n, topic_from, topic_to;
	uint32_t each; /* topics of one stream */
	bool stuck;    /* once open, they read nothing until told to */
	struct address addresses[GROUP_ADDRESSES]; /* taken in turn */
	uint32_t addresses_n;

	uint64_t received, interrupted, refused;
	uint64_t forgotten; /* the hub did not know the last id */
	uint64_t lost, duplicate, disordered;
	uint64_t disagree; /* streams whose order differs from others' */
	struct histogram latency;
};

/* n=,topics=A-B,each=,stuck=,at=ADDRESS|ADDRESS: false if that is no group. */
bool group_parse(struct group *out, struct slice spec);

struct streams;

/* Groups stay the caller's.  NULL: no memory. */
struct streams *streams_new(const struct site *s, const struct ledger *b,
    struct group *groups, uint32_t groups_n);

/* Let events happen for up to `ms`. */
void streams_run(struct streams *s, int ms);

/* How many there are, and how many are open. */
uint32_t streams_count(const struct streams *s);
uint32_t streams_live(const struct streams *s);

/* A number that grows with everything that arrives. */
uint64_t streams_progress(const struct streams *s);

/* Has every stream that reads got the last acknowledged update of each
 * lane and topic? */
bool streams_complete(struct streams *s);

/* From now on all read. */
void streams_unstick(struct streams *s);

/* Leave all that are open, and connect none until streams_back(): then all,
 * with their last ids or as if they came for the first time. */
void streams_cut(struct streams *s);
void streams_back(struct streams *s, bool resume);

/* Count what is lost or in another order; once, at the end. */
void streams_judge(struct streams *s);

void streams_free(struct streams *s);

#endif
