/* SPDX-License-Identifier: MIT */
/* fuzz_http_fields.c - finds each header of a head. */
#include <stdint.h>
#include <stdlib.h>

#include "text/http_fields.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "Date", "Set-Cookie", "x" };
	struct slice head = { (const char *)data, size };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (size_t nth = 0;; nth++) {
			struct slice value =
			    http_fields_value(head, names[i], nth);

			if (value.base == NULL)
				break;
			if (value.base < head.base ||
			    value.base + value.len > head.base + head.len)
				abort();
		}
	return 0;
}
