/* SPDX-License-Identifier: MIT */
/* digits.h - decimal numbers in foreign text. */
#ifndef TEXT_DIGITS_H
#define TEXT_DIGITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/*
 * Set *out to the number that the text is: digits only, at least one, zeros in
 * front allowed.  False, and *out untouched: it is something else, or greater
 * than `max`.
 */
bool digits_parse(uint64_t *out, struct slice text, uint64_t max);

/* The same, but a greater number is `max`. */
bool digits_parse_at_most(uint64_t *out, struct slice text, uint64_t max);

#endif
