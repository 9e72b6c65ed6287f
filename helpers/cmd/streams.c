/* SPDX-License-Identifier: MIT */
/* streams.c - standard input and output, also those of a question. */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "cmd/cmd.h"

#define PART_BYTES 65536

/* At most `most` bytes; none: the end. */
static enum err
read_part(char *part, size_t most, size_t *n, struct problem *p)
{
	ssize_t got;

	do
		got = read(STDIN_FILENO, part, most);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return problem_set(p, ERR_IO,
		    "Standard input cannot be read: %s.", strerror(errno));
	*n = (size_t)got;
	return ERR_OK;
}

enum err
cmd_read_plain(struct buf *out, bool *over, struct problem *p)
{
	char part[PART_BYTES];
	size_t n = 0;
	enum err e;

	if ((e = read_part(part, sizeof(part), &n, p)) != ERR_OK)
		return e;
	*over = n == 0;
	buf_add(out, part, n);
	explicit_bzero(part, sizeof(part));
	return out->err;
}

/* What was read ahead comes first; nothing behind the input is read. */
static enum err
read_asked(struct cmd_asked *a, struct buf *out, bool *over, struct problem *p)
{
	char part[PART_BYTES];
	size_t most = sizeof(part), n = a->ahead.len;
	enum err e;

	if (most > a->left)
		most = (size_t)a->left;
	if (n > most)
		n = most;
	if (n > 0) {
		buf_add(out, a->ahead.base, n);
		a->ahead = slice_after(a->ahead, n);
	} else if (most > 0) {
		if ((e = read_part(part, most, &n, p)) != ERR_OK)
			return e;
		if (n == 0)
			return problem_set(
			    p, ERR_IO, "The question's input is cut off.");
		buf_add(out, part, n);
		explicit_bzero(part, sizeof(part));
	}
	a->left -= n;
	*over = a->left == 0;
	return out->err;
}

enum err
cmd_read(
    const struct cmd_line *l, struct buf *out, bool *over, struct problem *p)
{
	return l->asked != NULL ? read_asked(l->asked, out, over, p)
				: cmd_read_plain(out, over, p);
}

enum err
cmd_read_all(const struct cmd_line *l, struct buf *out, struct problem *p)
{
	bool over = false;
	enum err e = ERR_OK;

	while (e == ERR_OK && !over)
		e = cmd_read(l, out, &over, p);
	return e;
}

bool
cmd_more_waits(const struct cmd_line *l)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

	return l->asked != NULL ? l->asked->left > 0 : poll(&in, 1, 0) > 0;
}

static enum err
write_all(struct slice text, struct problem *p)
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

enum err
cmd_print(const struct cmd_line *l, struct slice text, struct problem *p)
{
	if (l == NULL || l->asked == NULL)
		return write_all(text, p);
	buf_slice(l->asked->printed, text);
	return l->asked->printed->err;
}
