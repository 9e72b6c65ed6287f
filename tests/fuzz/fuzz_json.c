/* SPDX-License-Identifier: MIT */
/* fuzz_json.c - what parses, prints and parses again as the same. */
#include <stdint.h>
#include <stdlib.h>

#include "text/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	json_t *json = NULL, *again = NULL;
	char *dump;

	if (json_parse(&json, text) != ERR_OK)
		return 0;
	dump = json_dumps(json, JSON_ENCODE_ANY);
	if (dump == NULL || json_parse(&again, slice_of(dump)) != ERR_OK ||
	    !json_equal(json, again))
		abort();
	free(dump);
	json_decref(again);
	json_decref(json);
	return 0;
}
