/* SPDX-License-Identifier: MIT */
/* request.h - an HTTP request as a web server passed it on. */
#ifndef REQUEST_REQUEST_H
#define REQUEST_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/*
 * A plain value that owns its storage: all slices live as long as the
 * request.  Absent headers have base NULL.  Immutable once made.  A last event
 * id that is not UTF-8 was ISO 8859-1, and is UTF-8 here.
 */
struct request {
	struct slice method;
	struct slice path;  /* raw, from REQUEST_URI; without the query */
	struct slice query; /* raw; base NULL: there was no '?' */
	struct slice content_type;
	struct slice content_encoding;
	struct slice authorization;
	struct slice cookie;
	struct slice origin;
	struct slice referer;
	struct slice host;
	struct slice last_event_id;
	struct slice if_none_match;
	struct slice address; /* of the web server's peer */
	/* Headers of proxies about their peers, see client.h; not checked. */
	struct slice forwarded_for, forwarded_proto, forwarded_host;
	struct slice forwarded; /* RFC 7239 */
	struct slice body;
	bool https;
	bool forwarded_twice; /* one of those four occurs twice */
	bool body_too_long;   /* then `body` is empty */
	bool body_cut;        /* not all of it arrived */
	uint16_t id;          /* of the FastCGI request */
};

/*
 * Copy the parameters that the hub uses from the server's list of
 * "NAME=value", which ends with NULL.  PATH_INFO, SCRIPT_NAME and QUERY_STRING
 * are never used: each server decodes and merges them in its own way; only
 * REQUEST_URI is raw.  ERR_SYNTAX: no REQUEST_METHOD or REQUEST_URI.
 * ERR_NOMEM.  The caller frees with request_free().
 */
enum err request_new(struct request **out, char *const *list);

/* Move the content of `body` to the request without a copy; `body` is empty
 * afterwards.  ERR_NOMEM. */
enum err request_move_body(struct request *r, struct buf *body);

void request_free(struct request *r); /* NULL is allowed */

#endif
