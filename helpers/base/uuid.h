/* SPDX-License-Identifier: MIT */
/* uuid.h - random identifiers: "urn:uuid:" and a version-4 UUID (RFC 4122). */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include "base/err.h"

#define UUID_URN_SIZE 46 /* with the NUL */

/* Write a new random identifier. */
void uuid_urn(char out[UUID_URN_SIZE]);

#endif
