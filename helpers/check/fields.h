/* SPDX-License-Identifier: MIT */
/* fields.h - what a front end has made of the head of a stream. */
#ifndef CHECK_FIELDS_H
#define CHECK_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "check/fix.h"

#define CHECK_CHANGES_MAX 8
#define CHECK_CHANGE_MAX 240

struct check_change {
	enum check_problem problem;
	bool is_bad;                 /* a browser fails; else only a note */
	char text[CHECK_CHANGE_MAX]; /* the end of a sentence about a server */
};

/*
 * Compare `head`, the lines of an answer 200 to a subscriber that sent no
 * Origin, with what the hub sends.  `cookies` are the names that the hub reads
 * (the last NULL).  Returns how many changes are in `out`, at most
 * CHECK_CHANGES_MAX.  Server, Date and other fields that a web server adds by
 * itself are not changes; neither is X-Accel-Buffering, which nginx removes.
 */
size_t check_fields(struct check_change out[CHECK_CHANGES_MAX],
    struct slice head, const char *const *cookies);

#endif
