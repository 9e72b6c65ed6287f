/* SPDX-License-Identifier: MIT */
/* streams.c - standard input and output. */
#include <errno.h>
#include <unistd.h>

#include "cmd/cmd.h"

enum err
cmd_read(struct buf *out, bool *over, struct problem *p)
{
	char part[65536];
	ssize_t n;

	do
		n = read(STDIN_FILENO, part, sizeof(part));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return problem_set(p, ERR_IO,
		    "Standard input cannot be read: %s.", strerror(errno));
	*over = n == 0;
	buf_add(out, part, (size_t)n);
	explicit_bzero(part, sizeof(part));
	return out->err;
}

enum err
cmd_read_all(struct buf *out, struct problem *p)
{
	bool over = false;
	enum err e = ERR_OK;

	while (e == ERR_OK && !over)
		e = cmd_read(out, &over, p);
	return e;
}

enum err
cmd_print(struct slice text, struct problem *p)
{
	while (text.len > 0) {
		ssize_t n = write(STDOUT_FILENO, text.base, text.len);

		if (n < 0 && errno != EINTR)
			return problem_set(p, ERR_IO,
			    "The result cannot be written to standard output: "
			    "%s.",
			    strerror(errno));
		if (n > 0)
			text = slice_after(text, (size_t)n);
	}
	return ERR_OK;
}
