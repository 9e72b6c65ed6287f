/* SPDX-License-Identifier: MIT */
/* fuzz_count_path.c - the path of a topic's number of viewers. */
#include <stdint.h>
#include <stdlib.h>

#include "mercure/count.h"

#define PATH_MAX_LEN (UINT32_C(1) << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The topic that a path names is not longer, and has that path. */
static void
check_path(struct slice path)
{
	struct problem p = { "" };
	struct buf topic, again, same;
	enum err e;

	buf_init(&topic, PATH_MAX_LEN);
	buf_init(&again, PATH_MAX_LEN);
	buf_init(&same, PATH_MAX_LEN);
	e = count_read_path(&topic, path, &p);
	if (e == ERR_OK) {
		count_path(&again, buf_view(&topic));
		if (topic.len > path.len || !count_is_path(buf_view(&again)) ||
		    count_read_path(&same, buf_view(&again), &p) != ERR_OK ||
		    !slice_eq(buf_view(&same), buf_view(&topic)))
			abort();
	} else if (e == ERR_NOTFOUND && p.text[0] == '\0') {
		abort();
	}
	buf_free(&topic);
	buf_free(&again);
	buf_free(&same);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice path = { (const char *)data, size };

	if (count_is_path(path))
		check_path(path);
	return 0;
}
