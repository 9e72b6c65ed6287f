/* SPDX-License-Identifier: MIT */
/* question.h - the first line of a question to pushcgi answer. */
#ifndef CMD_QUESTION_H
#define CMD_QUESTION_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define QUESTION_ARGS_MAX 4096
#define QUESTION_LINE_MAX ((size_t)64 << 10)
#define QUESTION_BYTES_MAX (UINT64_C(1) << 40) /* of one number */

/* The lengths of what follows the line, in bytes. */
struct question {
	size_t n; /* arguments, at least one */
	uint64_t lengths[QUESTION_ARGS_MAX];
	uint64_t args_bytes; /* of all arguments together */
	uint64_t input;      /* of the standard input */
};

/*
 * Read a line without its line break: the length of each argument and, last,
 * that of the input, as decimal numbers separated by one space.  ERR_SYNTAX:
 * anything else.  ERR_LIMIT: more arguments than there may be.  The problem is
 * a sentence.
 */
enum err question_parse(
    struct question *out, struct slice line, struct problem *p);

#endif
