/* SPDX-License-Identifier: MIT */
/* fuzz_batch_line.c - each line gives an update, or one problem. */
#include <stdint.h>
#include <stdlib.h>

#include "cmd/batch_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct batch_line l = { .json = NULL };
	struct problem p = { "" };
	enum err e = batch_line_parse(&l, text, &p);

	if (e == ERR_SYNTAX && (p.text[0] == '\0' || l.json != NULL))
		abort();
	if (e != ERR_OK)
		return 0;
	if (l.update.topics_n == 0)
		abort();
	for (size_t i = 0; i < l.update.topics_n; i++)
		if (l.update.topics[i] == NULL)
			abort();
	if (l.update.data != NULL && strlen(l.update.data) != l.update.data_len)
		abort();
	batch_line_free(&l);
	return 0;
}
