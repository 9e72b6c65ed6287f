/* SPDX-License-Identifier: MIT */
/* log_line.h - makes the text of a line: `event key=value key="a value"`. */
#ifndef BASE_LOG_LINE_H
#define BASE_LOG_LINE_H

#include <stddef.h>

#include "base/log.h"

#define LOG_LINE_MAX 1024

struct log_line {
	char text[LOG_LINE_MAX];
	size_t len;
};

/*
 * Append the event and its pairs, LOG_END last, so that the line is at most
 * `max` bytes long (line->len + 16 <= max <= LOG_LINE_MAX).
 *
 * The line is printable ASCII, and its pairs can be told apart whatever the
 * values are: other bytes and the backslash are written as \xHH; a value that
 * is empty, or holds a blank or '"', stands in '"', with \" inside.  Where the
 * line is cut it reads "...", and the last '"' is not missing.
 */
void log_line_event(struct log_line *line, size_t max, const char *event,
    const struct log_pair *pairs);

/* Append printable text that fits. */
void log_line_add(struct log_line *line, const char *text);

#endif
