/* SPDX-License-Identifier: MIT */
/* bench_site.h - what all streams and lanes of a run have in common. */
#ifndef BENCH_SITE_H
#define BENCH_SITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct site {
	const char *subscribe; /* URI; "{}" becomes the topic's number */
	const char *publish;   /* likewise */
	const char *token;     /* for publishing; NULL: none */
	const char *pushcgi, *responder, *config; /* for lanes of programs */
	bool raw;             /* the body is the data, not a form */
	uint32_t pending_max; /* requests that wait for their answer's head */
	uint32_t retry_ms;    /* before connecting again */
	uint32_t patience_s;  /* how long nothing may arrive at the end */
};

/* Add `format` with its "{}" replaced. */
void site_fill(struct buf *out, const char *format, uint32_t number);

#endif
