/* SPDX-License-Identifier: MIT */
/* mem.c - memory from the C library. */
#include "base/mem.h"

#include <sys/resource.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *
mem_calloc(size_t count, size_t size)
{
	/* calloc(0) may give NULL, which would read as a failure. */
	if (count == 0 || size == 0)
		count = size = 1;
	/* calloc() looks, too, but sanitizers abort where it gives NULL. */
	if (count > SIZE_MAX / size)
		return NULL;
	return calloc(count, size);
}

void *
mem_realloc(void *p, size_t size)
{
	return realloc(p, size);
}

char *
mem_text(struct slice s)
{
	char *text = mem_calloc(1, s.len + 1);

	if (text != NULL && s.len > 0)
		memcpy(text, s.base, s.len);
	return text;
}

void
mem_free(void *p)
{
	free(p);
}

void
mem_wipe_free(void *p, size_t size)
{
	if (p == NULL)
		return;
	explicit_bzero(p, size);
	free(p);
}

void
mem_keep_from_disk(void)
{
	const struct rlimit none = { 0, 0 };

	/* Not PR_SET_DUMPABLE: it would take /proc/self from us as well. */
	(void)setrlimit(RLIMIT_CORE, &none);
}
