/* SPDX-License-Identifier: MIT */
/* digest.h - SHA-256 of a text, where one stands for another. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define DIGEST_SIZE 32

/* ERR_NOMEM. */
enum err digest_sha256(uint8_t out[DIGEST_SIZE], struct slice text);

#endif
