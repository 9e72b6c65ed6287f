/* SPDX-License-Identifier: MIT */
/* fcgi_bytes.h - FastCGI records as a web server sends them, for tests. */
#ifndef FCGI_BYTES_H
#define FCGI_BYTES_H

#include <stdint.h>

#include "base/buf.h"

/* Written and read without the code under test. */
enum {
	BYTES_BEGIN = 1,
	BYTES_ABORT = 2,
	BYTES_END = 3,
	BYTES_PARAMS = 4,
	BYTES_STDIN = 5,
	BYTES_STDOUT = 6
};

/* One record with `pad` bytes of padding. */
void bytes_record(
    struct buf *out, int type, uint16_t id, struct slice body, uint8_t pad);

/* BEGIN_REQUEST with this role and no flags. */
void bytes_begin(struct buf *out, uint16_t id, uint8_t role);

/* A name-value pair, lengths above 127 in four bytes. */
void bytes_pair(struct buf *out, const char *name, struct slice value);

/* A PARAMS record of one pair each for REQUEST_METHOD and REQUEST_URI. */
void bytes_params(
    struct buf *out, uint16_t id, const char *method, const char *uri);

/* Begin to end of a request with these parameters and this body. */
void bytes_request(struct buf *out, uint16_t id, const char *method,
    const char *uri, const char *body);

/* What a response consists of. */
struct bytes_response {
	struct buf out;   /* all STDOUT together */
	uint16_t id;      /* of every record */
	size_t records;   /* STDOUT ones with content */
	bool out_ended;   /* an empty STDOUT came */
	bool ended;       /* and END_REQUEST with status 0, as the last */
	const char *flaw; /* NULL: none */
};

/* Decode all of `bytes`; the caller frees r->out. */
void bytes_decode(struct bytes_response *r, struct slice bytes);

#endif
