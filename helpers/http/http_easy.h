/* SPDX-License-Identifier: MIT */
/* http_easy.h - what all our requests by libcurl have in common. */
#ifndef HTTP_HTTP_EASY_H
#define HTTP_HTTP_EASY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "http/library.h"

/* Set what holds for every request: no proxy, no redirect, no .netrc, no
 * signal, certificates verified. */
CURLcode http_easy_prepare(const struct http_library *lib, CURL *curl);

/*
 * What a failure is like, for the person who can mend it; static.
 * *has_detail: libcurl's own words tell more than how long it took, which
 * would make each failure another one.
 */
const char *http_easy_reason(CURLcode rc, bool *has_detail);

/* Write foreign text for a sentence: cut at `size` - 1, and printable. */
void http_show(char *out, size_t size, struct slice text);

#endif
