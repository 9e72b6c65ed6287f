/* SPDX-License-Identifier: MIT */
/* fuzz_base64url.c - what decodes is exactly what encoding gives back. */
#include <stdint.h>
#include <stdlib.h>

#include "text/base64url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct buf bytes, back;

	buf_init(&bytes, size * 2 + 4);
	buf_init(&back, size * 2 + 4);
	if (base64url_decode(&bytes, text) == ERR_OK) {
		base64url_encode(&back, (const uint8_t *)bytes.base, bytes.len);
		if (!slice_eq(buf_view(&back), text))
			abort();
	}

	buf_clear(&bytes);
	buf_clear(&back);
	base64url_encode(&bytes, data, size);
	if (base64url_decode(&back, buf_view(&bytes)) != ERR_OK ||
	    !slice_eq(buf_view(&back), text))
		abort();
	buf_free(&bytes);
	buf_free(&back);
	return 0;
}
