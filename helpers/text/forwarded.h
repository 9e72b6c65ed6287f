/* SPDX-License-Identifier: MIT */
/* forwarded.h - reads X-Forwarded-For, and Forwarded (RFC 7239), of proxies. */
#ifndef TEXT_FORWARDED_H
#define TEXT_FORWARDED_H

#include <stdbool.h>

#include "base/err.h"
#include "base/slice.h"
#include "text/ip.h"

/* The statement of one proxy about its peer. */
struct forwarded {
	bool has_address; /* false: it is missing or hidden */
	struct ip address;
	struct slice proto, host; /* base NULL: nothing; borrowed */
};

/*
 * Take the last element of a list, the one that was added last, off *list,
 * without blanks at its ends.  False: none is left.  Text that a stranger wrote
 * in front of it, quoted or not, never becomes a part of it.
 */
bool forwarded_last(struct slice *list, struct slice *element);

/* The `n`th element from the end (1: the last), or the first if there are
 * fewer; base NULL if there is none. */
struct slice forwarded_nth(struct slice list, size_t n);

/* Read an element of X-Forwarded-For: an address, with a port or without.
 * ERR_SYNTAX. */
enum err forwarded_read_for(struct forwarded *out, struct slice element);

/* Read an element of Forwarded (RFC 7239, section 4).  ERR_SYNTAX, also for a
 * name that is there twice and for an escape in a quoted value. */
enum err forwarded_read(struct forwarded *out, struct slice element);

#endif
