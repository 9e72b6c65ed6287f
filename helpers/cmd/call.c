/* SPDX-License-Identifier: MIT */
/* call.c - between subcommands and the library. */
#include <errno.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "lib/handle.h"

static const enum err errors[] = {
	[PUSHCGI_OK] = ERR_OK,
	[PUSHCGI_MEMORY] = ERR_NOMEM,
	[PUSHCGI_ARGUMENT] = ERR_SYNTAX,
	[PUSHCGI_CONFIG] = ERR_NOTFOUND,
	[PUSHCGI_DENIED] = ERR_DENIED,
	[PUSHCGI_UNAVAILABLE] = ERR_IO,
};

enum err
cmd_end(const struct pushcgi *h, enum pushcgi_result r, struct problem *p)
{
	if (r == PUSHCGI_OK)
		return ERR_OK;
	return problem_set(p, errors[r], "%s", pushcgi_error(h));
}

enum err
cmd_open(struct pushcgi **h, const char *file, const char *const *settings,
    struct problem *p)
{
	enum pushcgi_result r = pushcgi_open(h, file, settings);

	if (*h != NULL)
		(*h)->is_program = true;
	return cmd_end(*h, r, p);
}

void
cmd_add_line(struct buf *out, char *text)
{
	buf_text(out, text);
	buf_byte(out, '\n');
	pushcgi_free(text);
}

/* How many bytes the control character has that the text begins with; 0: it
 * begins with another one.  Terminals obey U+0080 to U+009F as well. */
static size_t
control_at(struct slice text)
{
	const unsigned char c = (unsigned char)text.base[0];

	if (c < ' ' || c == 0x7f)
		return 1;
	return c == 0xc2 && text.len > 1 && (unsigned char)text.base[1] < 0xa0
		   ? 2
		   : 0;
}

void
cmd_add_shown(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		const size_t n = control_at(slice_after(text, i));

		buf_byte(out, n > 0 ? '?' : text.base[i]);
		i += n > 0 ? n - 1 : 0;
	}
}

enum err
cmd_texts(
    const char ***out, const struct slice *list, size_t n, struct problem *p)
{
	const char **texts = mem_calloc(n, sizeof(*texts));

	if (texts == NULL)
		return problem_set(p, ERR_NOMEM, "Out of memory.");
	for (size_t i = 0; i < n; i++)
		texts[i] = list[i].base;
	*out = texts;
	return ERR_OK;
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
