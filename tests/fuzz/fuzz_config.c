/* SPDX-License-Identifier: MIT */
/* fuzz_config.c - any bytes as a file; what loads, dumps and loads again. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"

#define DUMP_MAX (4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum err
load(struct config **out, struct slice text, struct problem *p)
{
	int fd = memfd_create("pushcgi.conf", 0);
	char path[64];
	struct config_sources src = { .path = path };
	enum err e;

	if (fd < 0 || fchmod(fd, 0600) != 0 ||
	    write(fd, text.base, text.len) != (ssize_t)text.len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	e = config_load(out, &src, p);
	close(fd);
	return e;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct config *first = NULL, *again = NULL;
	struct buf one, two;
	struct problem p = { "" };

	if (load(&first, text, &p) != ERR_OK) {
		if (p.text[0] == '\0' || first != NULL)
			abort();
		return 0;
	}
	buf_init(&one, DUMP_MAX);
	buf_init(&two, DUMP_MAX);
	config_dump(&one, first, true);
	if (load(&again, buf_view(&one), &p) != ERR_OK)
		abort();
	config_dump(&two, again, true);
	if (one.err != ERR_OK || !slice_eq(buf_view(&one), buf_view(&two)))
		abort();
	config_unref(first);
	config_unref(again);
	buf_free(&one);
	buf_free(&two);
	return 0;
}
