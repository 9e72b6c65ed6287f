/* SPDX-License-Identifier: MIT */
/* handle.h - what stands behind a handle of libpushcgi, between its files. */
#ifndef LIB_HANDLE_H
#define LIB_HANDLE_H

#include <stdbool.h>

#include "base/buf.h"
#include "config/config.h"
#include "lib/pushcgi.h"
#include "mercure/dialect.h"
#include "queue/queue.h"

struct pushcgi {
	struct config *config;  /* NULL: it could not be read */
	struct queue *queue;    /* NULL until something needs it */
	struct problem problem; /* of the last call */
	bool warned_of_http;    /* a token went to another machine by http */
	bool is_program;        /* it may give up root's identity, for good */
};

/* Longest life of a token or cookie that can be asked for: 100 years. */
#define HANDLE_LIFETIME_MAX_S INT64_C(3155760000)

/* Begin a call: forget the last problem.  ERR_NOTFOUND: no configuration, and
 * the problem is still the one that tells why. */
enum err handle_begin(struct pushcgi *h);

/* End a call: what the library gives back for `e`, with a sentence in any
 * case of failure. */
enum pushcgi_result handle_end(struct pushcgi *h, enum err e);

/* End a call that makes a text, which moves from `text` to *out on success.
 * Wipes the buffer. */
enum pushcgi_result handle_end_text(
    struct pushcgi *h, char **out, struct buf *text, enum err e);

/*
 * Slices over `n` texts; free with mem_free().  ERR_SYNTAX: one of them is
 * NULL.  ERR_NOMEM.
 */
enum err handle_slices(
    struct slice **out, const char *const *texts, size_t n, struct problem *p);

/* May a subscriber or a token ask for these?  As topic_check_selector(), and
 * ERR_LIMIT: more than the hub takes. */
enum err handle_check_selectors(
    struct pushcgi *h, const struct slice *selectors, size_t n);

/* Add a token for these; `lifetime_s` 0: it never expires. */
enum err handle_subscriber_token(struct pushcgi *h, struct buf *out,
    const char *const *topics, size_t n, const char *payload,
    int64_t lifetime_s);
enum err handle_publisher_token(struct pushcgi *h, struct buf *out,
    const char *const *topics, size_t n, int64_t lifetime_s);

/* The texts as selectors of 0.x's kind; free with mem_free().  ERR_NOMEM. */
enum err handle_selectors(
    struct selector **out, const struct slice *texts, size_t n);

/* The dialect of tokens and URLs that the program makes by itself. */
const struct dialect *handle_dialect(const struct pushcgi *h);

/* The hub's URL as browsers see it; just its path if nothing is configured. */
struct slice handle_hub_url(const struct pushcgi *h);

/* Is the hub elsewhere?  (MERCURE_HUB_URL, and not by its public name.) */
bool handle_is_elsewhere(const struct pushcgi *h);

/*
 * Publish to the hub that MERCURE_HUB_URL names and add the id it gave.
 * `id_wanted` is empty if that is the hub's choice.  ERR_SYNTAX, ERR_LIMIT,
 * ERR_DENIED, ERR_UNSUPPORTED, ERR_BUSY, ERR_IO: by its answer, or lack of
 * one; the problem names the URL.  ERR_NOMEM.
 */
enum err handle_publish_elsewhere(struct pushcgi *h, struct buf *id,
    const struct update *u, struct slice id_wanted);

/* The settings to open its queue with.  A program that runs as root gives up
 * that identity here (queue_take_identity()). */
enum err handle_queue_settings(
    struct pushcgi *h, struct queue_settings *out, struct problem *p);

/* The queue, opened if it is not yet. */
enum err handle_queue(struct pushcgi *h, struct queue **out);

#endif
