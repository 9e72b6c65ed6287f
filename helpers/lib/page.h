/* SPDX-License-Identifier: MIT */
/* page.h - the page that a program was started for. */
#ifndef LIB_PAGE_H
#define LIB_PAGE_H

#include <stdbool.h>

#include "base/slice.h"

#define PAGE_ORIGIN_MAX 512

/* Does the environment say that the CGI request came by https? */
bool page_came_by_https(void);

/*
 * The origin of the page at `url` as browsers write it, or with base NULL of
 * the CGI request in the environment: NUL-terminated in `out`.  Base NULL:
 * there is none, or it is not an origin.  Its host comes from the client: use
 * it to choose, and never print it.  Not while another thread writes to the
 * environment.
 */
struct slice page_origin(char out[PAGE_ORIGIN_MAX], struct slice url);

#endif
