/* SPDX-License-Identifier: MIT */
/* bench_site.c - puts topics into URIs. */
#include "bench_site.h"

#include <string.h>

void
site_fill(struct buf *out, const char *format, uint32_t number)
{
	const char *hole;

	while ((hole = strstr(format, "{}")) != NULL) {
		buf_add(out, format, (size_t)(hole - format));
		buf_printf(out, "%u", number);
		format = hole + 2;
	}
	buf_text(out, format);
}
