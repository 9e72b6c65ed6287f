/* SPDX-License-Identifier: MIT */
/* percent.h - percent-encoding of one URL component. */
#ifndef TEXT_PERCENT_H
#define TEXT_PERCENT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* The percent-encode sets of the URL Standard, section 1.3. */
enum percent_set {
	PERCENT_CONTROL, /* the "C0 control percent-encode set" */
	PERCENT_FRAGMENT,
	PERCENT_QUERY,
	PERCENT_SPECIAL_QUERY,
	PERCENT_PATH,
	PERCENT_USERINFO,
};

/* Is `c` a letter, a digit or one of -._~ (RFC 3986, section 2.3)? */
bool percent_is_unreserved(char c);

/* Add `s` with every byte that is not unreserved as %XX. */
void percent_encode(struct buf *out, struct slice s);

/*
 * Add `s` with every byte of `set` as %XX.  Bytes above 0x7e are in each of
 * them, % is in none: what is encoded stays as it is.
 */
void percent_encode_set(struct buf *out, struct slice s, enum percent_set set);

/* Add `s` with each %XX as its byte; a stray % is itself (WHATWG). */
void percent_decode(struct buf *out, struct slice s);

/* The byte that the %XX at the start of `s` stands for, -1 if there is none. */
int percent_byte(struct slice s);

#endif
