/* SPDX-License-Identifier: MIT */
/* question.c - parses the first line of a question. */
#include "cmd/question.h"

#include "text/digits.h"

enum err
question_parse(struct question *out, struct slice line, struct problem *p)
{
	struct slice rest = line, part;
	uint64_t last = 0, sum = 0, number;
	size_t n = 0;

	while (slice_cut(&rest, ' ', &part)) {
		if (!digits_parse(&number, part, QUESTION_BYTES_MAX))
			return problem_set(p, ERR_SYNTAX,
			    "A question begins with a line of lengths, such "
			    "as \"3 1 0\".");
		if (n > QUESTION_ARGS_MAX)
			return problem_set(p, ERR_LIMIT,
			    "A question has at most %d arguments.",
			    QUESTION_ARGS_MAX);
		if (n > 0) {
			out->lengths[n - 1] = last;
			sum += last;
		}
		last = number;
		n++;
	}
	if (n < 2)
		return problem_set(p, ERR_SYNTAX,
		    "A question has at least two lengths: of a subcommand "
		    "and of its input.");
	out->n = n - 1;
	out->args_bytes = sum;
	out->input = last;
	return ERR_OK;
}
