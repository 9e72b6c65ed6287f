/* SPDX-License-Identifier: MIT */
/* log.c - one printable line per event, in one write(2). */
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#define LOG_LINE_MAX 1024

/* Set once, before any thread. */
static struct {
	const char *name;
	enum log_level least;
} sink = { "pushcgi", LOG_LEVEL_WARN };

static const char *const level_names[] = {
	[LOG_LEVEL_ERR] = "err",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

struct line {
	char text[LOG_LINE_MAX];
	size_t len;
};

/*
 * Log lines carry what strangers sent.  All but printable ASCII is escaped,
 * and so is the backslash: nothing can fake a line, move a terminal's cursor
 * or be mistaken for an escape.  False if not all of it fits below `max`.
 */
static bool
line_add(struct line *l, const char *text, size_t max)
{
	static const char hex[] = "0123456789abcdef";

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		const char escaped[] = { '\\', 'x', hex[c >> 4], hex[c & 15] };
		const char *piece = text;
		size_t n = 1;

		if (c < 0x20 || c > 0x7e || c == '\\') {
			piece = escaped;
			n = sizeof(escaped);
		}
		if (l->len + n > max)
			return false;
		for (size_t i = 0; i < n; i++)
			l->text[l->len++] = piece[i];
	}
	return true;
}

static void __attribute__((format(printf, 2, 0)))
log_write(enum log_level level, const char *fmt, va_list ap)
{
	const size_t max = LOG_LINE_MAX - sizeof("...\n");
	char text[LOG_LINE_MAX];
	struct line l = { .len = 0 };
	int saved = errno;
	int n;

	if (level > sink.least)
		return;

	n = vsnprintf(text, sizeof(text), fmt, ap);
	if (n < 0)
		text[0] = '\0';
	line_add(&l, sink.name, 64);
	line_add(&l, ": ", max);
	line_add(&l, level_names[level], max);
	line_add(&l, ": ", max);
	if (!line_add(&l, text, max) || n >= (int)sizeof(text))
		line_add(&l, "...", max + 3);
	l.text[l.len++] = '\n';

	/* A log that cannot be written has nobody left to tell. */
	while (write(STDERR_FILENO, l.text, l.len) < 0 && errno == EINTR)
		;
	errno = saved;
}

void
log_open(const char *name, enum log_level least)
{
	sink.name = name;
	sink.least = least;
}

void
log_err(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_write(LOG_LEVEL_ERR, fmt, ap);
	va_end(ap);
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_write(LOG_LEVEL_WARN, fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_write(LOG_LEVEL_INFO, fmt, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_write(LOG_LEVEL_DEBUG, fmt, ap);
	va_end(ap);
}
