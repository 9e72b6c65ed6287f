/* SPDX-License-Identifier: MIT */
/* path.h - a URL's path, segment by segment; for url.c. */
#ifndef URL_PATH_H
#define URL_PATH_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* A path that is being written at the end of `out`, from `start` on. */
struct url_path {
	struct buf *out;
	size_t start;
	bool is_special; /* a backslash is a slash */
	bool is_file;    /* the first segment may be a drive */
};

/*
 * Add the segments of `text`, which follow a slash that is not in it, by the
 * "path state" of section 4.4: dot segments are resolved, characters encoded.
 * An empty text is one empty segment.
 */
void url_path_add(struct url_path *p, struct slice text);

/* `path` without its last segment, unless that is a drive (section 4.4,
 * "shorten"). */
struct slice url_path_shorten(struct slice path, bool is_file);

/* Add a path without structure, as that of "urn:a:b".  `is_last`: neither
 * query nor fragment follows. */
void url_path_add_opaque(struct buf *out, struct slice text, bool is_last);

/* The drive at the start of a path of a file URL, "/C:"; empty if none. */
struct slice url_path_drive(struct slice path);

/* Is it two characters, "C:" or "C|"? */
bool url_path_is_drive(struct slice text);

/* Does it begin with such two and no further character of a segment? */
bool url_path_starts_with_drive(struct slice text);

#endif
