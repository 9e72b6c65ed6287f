/* SPDX-License-Identifier: MIT */
/* err.c - the texts of the error values, and the sentence about a failure. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const texts[] = {
#define X(name, text) [ERR_##name] = (text),
	ERR_LIST(X)
#undef X
};

const char *
err_text(enum err e)
{
	size_t i = (size_t)e;

	return i < sizeof(texts) / sizeof(texts[0]) ? texts[i]
						    : "unknown error";
}

enum err
problem_set(struct problem *p, enum err e, const char *fmt, ...)
{
	char text[PROBLEM_MAX];
	va_list ap;

	if (p == NULL)
		return e;

	/* Not straight into *f: its old text may be one of the arguments. */
	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	memcpy(p->text, text, strlen(text) + 1);
	return e;
}
