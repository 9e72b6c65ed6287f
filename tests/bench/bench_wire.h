/* SPDX-License-Identifier: MIT */
/* bench_wire.h - requests and answers, over FastCGI and over HTTP/1.1. */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

/* "unix:PATH" is spoken to in FastCGI, "http:HOST:PORT" in HTTP. */
struct address {
	struct slice text;
	bool http;
};

/* False: no address. */
bool address_parse(struct address *out, struct slice text);

/* A connected socket, or -1 with errno.  EAGAIN: the backlog is full (only if
 * not `blocking`). */
int address_dial(const struct address *a, bool blocking);

struct wire_request {
	const char *method;
	struct slice uri;
	const char *token;   /* NULL: none */
	const char *last_id; /* "": none */
	struct slice body;   /* base NULL: none */
	const char *type;    /* of the body */
};

void wire_request(
    struct buf *out, const struct address *a, const struct wire_request *r);

#define WIRE_HEAD_MAX 1023

/* An answer that is being read; zero it, then set `http`. */
struct wire {
	bool http, has_head, chunked, measured, done;
	int status; /* once has_head */
	uint8_t record[8];
	uint8_t record_have;
	uint32_t left, padding; /* of the record, or the chunk */
	bool in_chunk;
	uint64_t body_left; /* if measured */
	uint16_t head_len;
	char head[WIRE_HEAD_MAX + 1];
};

typedef void wire_body_fn(void *arg, struct slice part);

/* False: these are no records, no chunks, or too long a head. */
bool wire_feed(
    struct wire *w, struct slice bytes, wire_body_fn *body, void *arg);

/* A header's value out of w->head; base NULL: not there. */
struct slice wire_header(const struct wire *w, const char *name);

#endif
