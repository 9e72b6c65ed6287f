/* SPDX-License-Identifier: MIT */
/* handle.h - a configuration and its queue: what libpushcgi's handle and the
 * program stand on. */
#ifndef LIB_HANDLE_H
#define LIB_HANDLE_H

#include <stdbool.h>

#include "base/buf.h"
#include "config/config.h"
#include "lib/pushcgi.h"
#include "mercure/dialect.h"
#include "queue/queue.h"

/* Begin with zeroes; read the rest with handle_load(). */
struct pushcgi {
	struct config *config;  /* NULL: it could not be read */
	struct queue *queue;    /* NULL until something needs it */
	struct problem problem; /* of the last call of pushcgi.h */
	/* The URL of the page that this call is for; base NULL: as the CGI
	 * environment says; empty: unknown. */
	struct slice page;
	bool warned_of_http; /* a token went to a remote hub by http */
	bool is_program;     /* it may give up root's identity, for good */
};

/* Read the configuration; see pushcgi_open().  Errors as of config_load(). */
enum err handle_load(struct pushcgi *h, const char *file,
    const char *const *settings, struct problem *p);

/* Close the queue and free what is in *h. */
void handle_unload(struct pushcgi *h);

/* A sentence for the failure `e` if there is none yet, and `e`. */
enum err handle_explain(enum err e, struct problem *p);

/* May a subscriber or a token ask for these?  As topic_check_selector(), and
 * ERR_LIMIT: more than the hub allows. */
enum err handle_check_selectors(struct pushcgi *h,
    const struct slice *selectors, size_t n, struct problem *p);

/* The texts as selectors of 0.x's kind; free with mem_free().  ERR_NOMEM. */
enum err handle_selectors(
    struct selector **out, const struct slice *texts, size_t n);

/* The dialect of tokens and URLs that the program makes by itself. */
const struct dialect *handle_dialect(const struct pushcgi *h);

/* The hub's URL as the browser of this call's page sees it; just its path if
 * nothing is configured. */
struct slice handle_hub_url(const struct pushcgi *h);

/* Does that page ask it by http, so that a Secure cookie does not arrive? */
bool handle_hub_is_plain(const struct pushcgi *h);

/* Is the hub remote?  (MERCURE_HUB_URL, and none of its public names.) */
bool handle_is_remote(const struct pushcgi *h);

/* The settings to open its queue with.  A program that runs as root gives up
 * that identity here (queue_take_identity()). */
enum err handle_queue_settings(
    struct pushcgi *h, struct queue_settings *out, struct problem *p);

/* Say behind the problem if no configuration was found, and return `e`. */
enum err handle_queue_failed(
    const struct pushcgi *h, enum err e, struct problem *p);

/* The queue, opened if it is not yet. */
enum err handle_queue(struct pushcgi *h, struct queue **out, struct problem *p);

#endif
