/* SPDX-License-Identifier: MIT */
/* fuzz_form.c - a form of any bytes; nothing decoded is longer than it was. */
#include <stdint.h>
#include <stdlib.h>

#include "text/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIELDS_MAX 64

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct form *form = NULL;
	size_t total = 0;

	if (form_parse(&form, text, FIELDS_MAX) != ERR_OK)
		return 0;
	if (form_count(form) > FIELDS_MAX)
		abort();
	for (size_t i = 0; i < form_count(form); i++) {
		struct form_field field = form_at(form, i);

		if (field.name.base == NULL || field.value.base == NULL)
			abort();
		total += field.name.len + field.value.len;
	}
	if (total > size)
		abort();
	form_free(form);
	return 0;
}
