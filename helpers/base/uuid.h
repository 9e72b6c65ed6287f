/* SPDX-License-Identifier: MIT */
/* uuid.h - random identifiers: "urn:uuid:" and a version-4 UUID (RFC 4122). */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include "base/slice.h"

#define UUID_URN_SIZE 46 /* with the NUL */

/* Write a new random identifier. */
void uuid_urn(char out[UUID_URN_SIZE]);

/* Does it look like what uuid_urn() writes?  Then nobody can guess it, unless
 * its maker did not take it from random bytes, or shows it. */
bool uuid_urn_is(struct slice id);

#endif
