/* SPDX-License-Identifier: MIT */
/* fuzz_cookie.c - finds the cookie named on the first line in the rest. */
#include <stdint.h>
#include <stdlib.h>

#include "text/cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice header = { (const char *)data, size }, name, value;

	if (!slice_cut(&header, '\n', &name))
		return 0;
	value = cookie_find(header, name);
	if (value.base != NULL &&
	    (value.base < header.base ||
		value.base + value.len > header.base + header.len))
		abort();
	return 0;
}
