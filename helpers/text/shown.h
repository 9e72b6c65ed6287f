/* SPDX-License-Identifier: MIT */
/* shown.h - foreign text, made fit to be read in a sentence or a terminal. */
#ifndef TEXT_SHOWN_H
#define TEXT_SHOWN_H

#include "base/buf.h"

/* Copy the text for a sentence: printable ASCII, with a blank for each tab and
 * line break, and '?' for each other byte and for '"'; cut to `size` - 1
 * bytes. */
void shown_copy(char *out, size_t size, struct slice text);

/* Add the text for a terminal: UTF-8 stays as it is, and a control character,
 * be it of one byte or U+0080 to U+009F, is '?'. */
void shown_add(struct buf *out, struct slice text);

/* The beginning of a URL that everybody may see: without query and fragment,
 * which may hold a token. */
struct slice shown_url(const char *url);

#endif
