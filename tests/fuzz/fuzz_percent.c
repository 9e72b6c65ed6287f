/* SPDX-License-Identifier: MIT */
/* fuzz_percent.c - encoding and decoding gives the same bytes. */
#include <stdint.h>
#include <stdlib.h>

#include "text/percent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct buf there, back;

	buf_init(&there, size * 3);
	buf_init(&back, size * 3);
	percent_encode(&there, text);
	percent_decode(&back, buf_view(&there));
	if (back.err != ERR_OK || !slice_eq(buf_view(&back), text))
		abort();

	buf_clear(&back);
	percent_decode(&back, text);
	if (back.err != ERR_OK || back.len > size)
		abort();
	buf_free(&there);
	buf_free(&back);
	return 0;
}
