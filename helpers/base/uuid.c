/* SPDX-License-Identifier: MIT */
/* uuid.c - random identifiers from the system's random bytes. */
#include "base/uuid.h"

#include "base/random.h"

static const char shape[] = "urn:uuid:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
static const char hex[] = "0123456789abcdef";

/* Where the digits of the version and of the variant are. */
#define VERSION_AT 23
#define VARIANT_AT 28

void
uuid_urn(char out[UUID_URN_SIZE])
{
	unsigned char bytes[16];
	size_t digit = 0;

	_Static_assert(sizeof(shape) == UUID_URN_SIZE, "the shape has a NUL");
	random_bytes(bytes, sizeof(bytes));
	bytes[6] = (bytes[6] & 0x0f) | 0x40; /* version 4 */
	bytes[8] = (bytes[8] & 0x3f) | 0x80; /* variant 1 */

	memcpy(out, shape, sizeof(shape));
	for (char *p = out + strlen("urn:uuid:"); *p != '\0'; p++) {
		if (*p != 'x')
			continue;
		*p = hex[digit % 2 == 0 ? bytes[digit / 2] >> 4
					: bytes[digit / 2] & 15];
		digit++;
	}
}

bool
uuid_urn_is(struct slice id)
{
	bool fits = id.len == UUID_URN_SIZE - 1;

	for (size_t i = 0; fits && i < id.len; i++) {
		const char *allowed = i == VERSION_AT   ? "4"
				      : i == VARIANT_AT ? "89ab"
							: hex;

		fits = shape[i] != 'x' ? id.base[i] == shape[i]
				       : memchr(allowed, id.base[i],
					     strlen(allowed)) != NULL;
	}
	return fits;
}
