/* SPDX-License-Identifier: MIT */
/* check.h - looks at a hub from outside and reports problems. */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "lib/pushcgi.h"

struct check_report;

/* All is borrowed for the length of the call. */
struct check_options {
	const char *url;    /* the hub's; NULL: MERCURE_PUBLIC_HUB_URL */
	const char *origin; /* of pages that open streams; NULL: the hub's */
	const char *page;   /* a URL that sets the cookie; NULL: the program */
	bool quick;         /* without what takes a keep-alive's time */
	void (*announce)(
	    const char *sentence); /* before each wait; NULL: nobody */
};

/*
 * Ask the hub like a browser, and what the configuration in `h` has for it: an
 * update published into this machine's queue, or over HTTP with its token; a
 * cookie.  The updates have a topic of their own, and are a few bytes; whatever
 * else is sent is refused by a hub.  Takes up to a minute or two, with `quick`
 * a few seconds where all is well.
 *
 * A hub that cannot be asked is a report, too.  ERR_SYNTAX: the URL, origin or
 * page is not a URL.  ERR_NOTFOUND: no URL was given or configured.
 * ERR_UNSUPPORTED: no libcurl.  ERR_NOMEM.  Free *out with check_report_free().
 */
enum err check_run(struct check_report **out, struct pushcgi *h,
    const struct check_options *o, struct problem *p);

/* How many problems were found. */
size_t check_report_problems(const struct check_report *r);

/* Add it for people, with the lines that fix them; or as JSON. */
void check_report_write(struct buf *out, const struct check_report *r);
void check_report_write_json(struct buf *out, const struct check_report *r);

void check_report_free(struct check_report *r); /* NULL is allowed */

#endif
