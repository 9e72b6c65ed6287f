/* SPDX-License-Identifier: MIT */
/* slice.h - borrowed bytes: a start and a length, never NUL-terminated. */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* base == NULL means "not there", which differs from "empty". */
struct slice {
	const char *base;
	size_t len;
};

/* For printf: printf("%.*s", SLICE_ARG(s)). */
#define SLICE_ARG(s) (int)(s).len, (s).base

/* A slice over a string literal or other NUL-terminated text (NULL allowed). */
static inline struct slice
slice_of(const char *text)
{
	return (struct slice){ text, text != NULL ? strlen(text) : 0 };
}

static inline bool
slice_eq(struct slice a, struct slice b)
{
	return a.len == b.len &&
	       (a.len == 0 || memcmp(a.base, b.base, a.len) == 0);
}

static inline bool
slice_is(struct slice s, const char *text)
{
	return slice_eq(s, slice_of(text));
}

static inline bool
slice_starts(struct slice s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.len >= n && memcmp(s.base, prefix, n) == 0;
}

/* The rest of `s` after its first `n` bytes (n <= s.len). */
static inline struct slice
slice_after(struct slice s, size_t n)
{
	return (struct slice){ s.base + n, s.len - n };
}

/*
 * Take from *rest all up to the next `stop` into *part, and that byte off
 * *rest.  After the last part *rest has base NULL; false when it had it
 * already.  An empty text is one empty part.
 */
bool slice_cut(struct slice *rest, char stop, struct slice *part);

/* `s` without blanks and tabs at both ends. */
struct slice slice_trim(struct slice s);

#endif
