/* SPDX-License-Identifier: MIT */
/* batch_line.h - a line of JSON that says what to publish. */
#ifndef CMD_BATCH_LINE_H
#define CMD_BATCH_LINE_H

#include "base/err.h"
#include "base/slice.h"
#include "lib/pushcgi.h"
#include "text/json.h"

/* All that the update points to belongs to this. */
struct batch_line {
	json_t *json;
	const char **topics;
	struct pushcgi_update update;
};

/*
 * Read an object with the fields of draft 7, "Publication": `topic` (a text,
 * or an array of them), `data`, `id`, `type` (texts), `private` (true or
 * false), `retry` (milliseconds).  ERR_SYNTAX: anything else; the problem names
 * the field.  ERR_NOMEM.  Free with batch_line_free().
 */
enum err batch_line_parse(
    struct batch_line *out, struct slice text, struct problem *p);

void batch_line_free(struct batch_line *l); /* a zeroed one is allowed */

#endif
