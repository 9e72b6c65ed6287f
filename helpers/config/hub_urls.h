/* SPDX-License-Identifier: MIT */
/* hub_urls.h - the list of MERCURE_PUBLIC_HUB_URL, and which of it fits. */
#ifndef CONFIG_HUB_URLS_H
#define CONFIG_HUB_URLS_H

#include <stdbool.h>

#include "base/slice.h"

#define HUB_URLS_MAX 8

/*
 * A list has 1 to HUB_URLS_MAX http or https URLs with blanks between them, and
 * NULL is an empty one.  What is returned is borrowed from it.  Pure; any
 * thread.
 */

/* NULL, or what is wrong with it: the end of a sentence about the setting.
 * err_text(ERR_NOMEM): there was no memory to look. */
const char *hub_urls_check(struct slice list);

/* The same of a single URL. */
const char *hub_urls_check_one(struct slice url);

/* Cut off the next URL; false: there is none. */
bool hub_urls_next(struct slice *rest, struct slice *url);

/* Base NULL: the list is empty. */
struct slice hub_urls_first(const char *list);

/* Is `url` one of them, byte for byte? */
bool hub_urls_have(const char *list, const char *url);

/* Does one of them have this origin, as browsers write it? */
bool hub_urls_have_origin(const char *list, struct slice origin);

/* For a request with this host and port: the URL that has them, of several the
 * one with the request's scheme; else the first. */
struct slice hub_urls_for_request(
    const char *list, struct slice host, bool https);

/*
 * What a page should ask, by its origin as browsers write it (base NULL:
 * unknown): the URL of that origin; the path of one that differs from it in the
 * scheme only; the first URL, if the page is unknown, its host is an address
 * or has no dot, so that it may be an inner one, or `crosses`: pages of other
 * origins are let in; else the path of the first, on the page's own host.
 * *plain: it is asked by http, as far as is known.
 */
struct slice hub_urls_for_page(
    bool *plain, const char *list, struct slice page, bool crosses);

#endif
