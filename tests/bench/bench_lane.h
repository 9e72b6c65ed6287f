/* SPDX-License-Identifier: MIT */
/* bench_lane.h - a process that publishes, one update after the other. */
#ifndef BENCH_LANE_H
#define BENCH_LANE_H

#include <sys/types.h>

#include "bench_ledger.h"
#include "bench_site.h"
#include "bench_wire.h"

enum lane_how {
	LANE_SOCKET, /* to an address: FastCGI or HTTP */
	LANE_HELPER, /* `pushcgi publish` */
	LANE_CGI,    /* the responder as a plain CGI */
	LANE_OTHER   /* somebody else does; just expect `count` */
};

struct lane {
	uint32_t id;
	enum lane_how how;
	struct address address;
	uint32_t topic_from, topic_to;
	uint32_t bytes;   /* of data, at least */
	uint64_t rate;    /* a second; 0: as fast as answers come */
	uint64_t count;   /* acknowledged; 0: no limit */
	uint64_t seconds; /* 0: no limit */
	bool last;        /* begins when those that are not have ended */
	pid_t pid;
};

/*
 * how=socket|helper|cgi|other,at=ADDRESS,topics=A-B,bytes=,rate=,count=,
 * seconds=,last=.  False: that makes no sense.
 */
bool lane_parse(struct lane *out, struct slice spec);

/* Start its process; it ends by itself.  The last update of each of its
 * topics is tried until it is acknowledged. */
bool lane_start(struct lane *l, const struct site *s, const struct ledger *b);

/* Has it ended? */
bool lane_ended(struct lane *l);

void lane_kill(struct lane *l);

#endif
