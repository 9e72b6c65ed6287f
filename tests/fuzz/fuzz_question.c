/* SPDX-License-Identifier: MIT */
/* fuzz_question.c - each line gives the lengths of a question, or a problem. */
#include <stdint.h>
#include <stdlib.h>

#include "cmd/question.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice line = { (const char *)data, size };
	struct problem p = { "" };
	struct question q;
	uint64_t sum = 0;

	if (question_parse(&q, line, &p) != ERR_OK) {
		if (p.text[0] == '\0')
			abort();
		return 0;
	}
	if (q.n == 0 || q.n > QUESTION_ARGS_MAX)
		abort();
	for (size_t i = 0; i < q.n; i++)
		sum += q.lengths[i];
	if (sum != q.args_bytes || q.input > QUESTION_BYTES_MAX)
		abort();
	return 0;
}
