/* SPDX-License-Identifier: MIT */
/* fuzz_record.c - scans bytes as a request, in one piece and in two. */
#include <stdint.h>
#include <stdlib.h>

#include "wire/management.h"
#include "wire/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Results for a part must hold for the whole. */
static void
scan(const uint8_t *data, size_t size)
{
	struct record_scan part = { .at = 0 }, whole = { .at = 0 }, on;
	struct problem p;
	enum err e_part, e_whole;

	e_whole = record_scan(&whole, data, size, &p);
	e_part = record_scan(&part, data, size / 2, NULL);
	if (part.progress > whole.progress)
		abort();
	/* Continuing after a part gives the same as one scan of the whole. */
	on = part;
	if (e_part == ERR_OK &&
	    (record_scan(&on, data, size, NULL) != e_whole ||
		on.id != whole.id || on.progress != whole.progress))
		abort();
	if (e_part != ERR_OK && part.progress != RECORD_COMPLETE &&
	    e_whole == ERR_OK)
		abort();
	if (e_whole == ERR_LIMIT && whole.id == 0)
		abort();
	if (e_whole == ERR_OK && whole.progress != RECORD_MORE && whole.id == 0)
		abort();
}

/* Cuts make no difference. */
static void
skip(const uint8_t *data, size_t size)
{
	struct record_skip once = { .have = 0 }, bytewise = { .have = 0 };
	bool aborted = record_skip(&once, 1, data, size), seen = false;
	size_t i;

	for (i = 0; i < size; i++)
		seen |= record_skip(&bytewise, 1, data + i, 1);
	if (seen != aborted || once.have != bytewise.have ||
	    once.left != bytewise.left)
		abort();
}

/* Its answer has a bound, whatever is asked. */
static void
manage(const uint8_t *data, size_t size)
{
	struct slice record = { (const char *)data, size };
	struct buf out;

	if (management_scan(record, &record.len) != MANAGEMENT_WHOLE)
		return;
	if (record.len > size)
		abort();
	buf_init(&out, MANAGEMENT_MAX);
	management_answer(&out, record, SIZE_MAX);
	if (out.err != ERR_OK && out.err != ERR_NOMEM)
		abort();
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scan(data, size);
	skip(data, size);
	manage(data, size);
	return 0;
}
