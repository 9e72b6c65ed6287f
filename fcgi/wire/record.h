/* SPDX-License-Identifier: MIT */
/* record.h - FastCGI records as bytes (FastCGI 1.0, sections 3 to 6). */
#ifndef WIRE_RECORD_H
#define WIRE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

enum record_type {
	RECORD_BEGIN = 1,
	RECORD_ABORT = 2,
	RECORD_END = 3,
	RECORD_PARAMS = 4,
	RECORD_STDIN = 5,
	RECORD_STDOUT = 6
};

#define RECORD_HEADER_SIZE 8
#define RECORD_CONTENT_MAX 65528 /* a multiple of 8: never needs padding */
#define RECORD_PARAMS_MAX 65536  /* all names and values of one request */

void record_header(uint8_t out[RECORD_HEADER_SIZE], enum record_type type,
    uint16_t id, uint16_t len);

/* How many bytes STDOUT records with `len` bytes of content have. */
size_t record_stdout_size(size_t len);

/* Writes the content of STDOUT records piece by piece. */
struct record_writer {
	uint8_t *at; /* where the next byte goes */
	size_t left; /* content that is still to come */
	size_t room; /* of it in the present record */
	uint16_t id; /* of the request */
};

/* Begin to write `len` bytes of content; `out` has room for
 * record_stdout_size(). */
void record_begin(
    struct record_writer *w, uint8_t *out, uint16_t id, size_t len);

/* Write the next of them; headers are written where they are due. */
void record_write(struct record_writer *w, struct slice bytes);

/* Add the end of request `id`: an empty STDOUT and END_REQUEST, status 0. */
void record_end(struct buf *out, uint16_t id);

/* Write `id` into the header of each record in `bytes`, which
 * record_write() made. */
void record_readdress(uint8_t *bytes, size_t len, uint16_t id);

enum record_progress {
	RECORD_MORE,    /* wait for more bytes */
	RECORD_BODY,    /* the parameters are complete, the body is not */
	RECORD_COMPLETE /* a parser will not have to wait */
};

/*
 * Where a scan is in the name-value pairs of the PARAMS stream, which may be
 * cut into records anywhere (section 3.4).
 */
struct record_pairs {
	uint64_t total; /* of all names and values so far */
	uint64_t skip;  /* bytes of the present name and value still to come */
	uint64_t sum;   /* length of the present name */
	uint32_t acc;   /* the length being read */
	uint8_t need;   /* bytes of it still to come */
	bool value;     /* it is the value's length */
};

/* Zero it before the first scan of a request. */
struct record_scan {
	enum record_progress progress;
	uint16_t id; /* of the request; 0 while unknown */
	bool keep;   /* the peer would use the connection again */

	size_t at; /* where the last whole record ends */

	/* record.c's own. */
	size_t params_bytes;
	uint16_t request; /* its id, once BEGIN_REQUEST is whole */
	struct record_pairs pairs;
	bool params_done, stdin_done;
};

/*
 * Look at the first `len` bytes that a web server sent on a connection; when
 * there are more, call it again with all of them, and it goes on behind the
 * last whole record.  Everything that libfcgi would trust is checked here:
 * versions, types, one request at a time, lengths of names and values against
 * what PARAMS really carries.  ERR_SYNTAX: not a FastCGI request (the problem
 * names the reason, for the log).  ERR_LIMIT: more than RECORD_PARAMS_MAX bytes
 * of parameters; s->id is set then, so that an answer can be sent.
 */
enum err record_scan(
    struct record_scan *s, const uint8_t *bytes, size_t len, struct problem *p);

/* Reads past what still arrives behind a request; zero it first. */
struct record_skip {
	uint8_t header[RECORD_HEADER_SIZE];
	uint8_t have;  /* bytes of the header seen */
	uint32_t left; /* content and padding still to pass over */
};

/* Pass over `len` bytes; true if an ABORT_REQUEST for `id` was among them. */
bool record_skip(
    struct record_skip *s, uint16_t id, const uint8_t *bytes, size_t len);

#endif
