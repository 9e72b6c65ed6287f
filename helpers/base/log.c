/* SPDX-License-Identifier: MIT */
/* log.c - one printable line per event, in one write(2), without waiting. */
#include "base/log.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define LOG_LINE_MAX 1024
/* Formats that are counted within a second, and what is kept of the last
 * line of each. */
#define SEEN_MAX 32
#define SEEN_TEXT_MAX 200

/* One format in this second. */
struct seen {
	const char *fmt;
	enum log_level level;
	unsigned lines, left_out;
	char last[SEEN_TEXT_MAX];
};

/* The first three are set once, before any thread. */
static struct {
	const char *name;
	enum log_level least;
	bool bounded;

	pthread_mutex_t mutex; /* of all below; only if bounded */
	int fd;                /* standard error, or the same file opened again
				* so that not to wait is our own business */
	bool is_socket, is_file;
	bool torn; /* a line was written in part */
	int64_t since_ms;
	unsigned lines; /* since then */
	struct seen seen[SEEN_MAX];
	size_t seen_n;
	uint64_t dropped;
	bool told;
	void (*pending)(void *arg);
	void *arg;
} sink = { .name = "pushcgi",
	.least = LOG_LEVEL_WARN,
	.mutex = PTHREAD_MUTEX_INITIALIZER,
	.fd = STDERR_FILENO };

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

/* `cut`: not all of the text is there.  `tail` stands behind it in any case. */
static void
line_make(struct line *l, enum log_level level, const char *text, bool cut,
    const char *tail)
{
	const size_t max =
	    LOG_LINE_MAX - sizeof("...\n") - (tail == NULL ? 0 : 32);

	l->len = 0;
	line_add(l, sink.name, 64);
	line_add(l, ": ", max);
	line_add(l, level_names[level], max);
	line_add(l, ": ", max);
	if (!line_add(l, text, max) || cut)
		line_add(l, "...", max + 3);
	if (tail != NULL)
		line_add(l, tail, LOG_LINE_MAX - 1);
	l->text[l->len++] = '\n';
}

/* If the log cannot be written, there is no other place to report that. */
static void
write_all(const struct line *l)
{
	while (write(STDERR_FILENO, l->text, l->len) < 0 && errno == EINTR)
		;
}

/* Room for a line?  Asked first where the descriptor may be one that waits;
 * a pipe with room takes PIPE_BUF bytes at least. */
static bool
has_room(void)
{
	struct pollfd p = { .fd = sink.fd, .events = POLLOUT };

	return sink.is_file ||
	       (poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0);
}

static ssize_t
write_some(const char *bytes, size_t n)
{
	if (sink.is_socket)
		return send(sink.fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	return has_room() ? write(sink.fd, bytes, n) : -1;
}

/* Write a line if that needs no waiting. */
static bool
write_now(const struct line *l)
{
	ssize_t n;

	if (sink.torn && write_some("\n", 1) != 1)
		return false;
	sink.torn = false;
	n = write_some(l->text, l->len);
	sink.torn = n > 0 && (size_t)n < l->len;
	return n == (ssize_t)l->len;
}

static struct seen *
seen_find(enum log_level level, const char *fmt)
{
	struct seen *s;

	for (size_t i = 0; i < sink.seen_n; i++)
		if (sink.seen[i].fmt == fmt)
			return &sink.seen[i];
	if (sink.seen_n == SEEN_MAX)
		return NULL;
	s = &sink.seen[sink.seen_n++];
	s->fmt = fmt;
	s->level = level;
	s->lines = s->left_out = 0;
	return s;
}

/* Is this line one too many of its format?  Then it is counted. */
static bool
seen_enough(enum log_level level, const char *fmt, const char *text)
{
	struct seen *s = seen_find(level, fmt);

	if (s == NULL || s->lines++ < LOG_BURST)
		return false;
	s->left_out++;
	snprintf(s->last, sizeof(s->last), "%.*s", SEEN_TEXT_MAX - 1, text);
	return true;
}

static void
report_seen(const struct seen *s)
{
	char tail[32];
	struct line l;

	if (s->left_out == 0)
		return;
	snprintf(tail, sizeof(tail), " repeated=%u", s->left_out);
	line_make(
	    &l, s->level, s->last, strlen(s->last) >= SEEN_TEXT_MAX - 1, tail);
	if (!write_now(&l))
		sink.dropped += s->left_out;
}

static void
report_dropped(void)
{
	char text[64];
	struct line l;

	if (sink.dropped == 0)
		return;
	snprintf(text, sizeof(text), "log lines dropped=%llu",
	    (unsigned long long)sink.dropped);
	line_make(&l, LOG_LEVEL_WARN, text, false, NULL);
	if (write_now(&l))
		sink.dropped = 0;
}

/* A second is over: report its lines that were left out, and count again. */
static void
report(int64_t now_ms)
{
	for (size_t i = 0; i < sink.seen_n; i++)
		report_seen(&sink.seen[i]);
	report_dropped();
	sink.seen_n = 0;
	sink.lines = 0;
	sink.since_ms = now_ms;
}

static bool
is_pending(void)
{
	for (size_t i = 0; i < sink.seen_n; i++)
		if (sink.seen[i].left_out > 0)
			return true;
	return sink.dropped > 0;
}

/* Write it, or note that it was left out. */
static void
write_or_count(
    enum log_level level, const char *fmt, const char *text, bool cut)
{
	const unsigned max =
	    level == LOG_LEVEL_ERR ? 2 * LOG_SECOND : LOG_SECOND;
	const int64_t now_ms = clock_mono_ms();
	struct line l;

	if (now_ms - sink.since_ms >= 1000)
		report(now_ms);
	if (sink.least < LOG_LEVEL_DEBUG && seen_enough(level, fmt, text))
		return;
	line_make(&l, level, text, cut, NULL);
	if ((sink.least < LOG_LEVEL_DEBUG && sink.lines >= max) ||
	    !write_now(&l))
		sink.dropped++;
	else
		sink.lines++;
}

static void
write_bounded(enum log_level level, const char *fmt, const char *text, bool cut)
{
	bool tell;

	pthread_mutex_lock(&sink.mutex);
	write_or_count(level, fmt, text, cut);
	tell = !sink.told && sink.pending != NULL && is_pending();
	sink.told |= tell;
	pthread_mutex_unlock(&sink.mutex);
	if (tell)
		sink.pending(sink.arg);
}

static void __attribute__((format(printf, 2, 0)))
log_write(enum log_level level, const char *fmt, va_list ap)
{
	char text[LOG_LINE_MAX];
	int saved = errno;
	struct line l;
	bool cut;
	int n;

	if (level > sink.least)
		return;

	n = vsnprintf(text, sizeof(text), fmt, ap);
	if (n < 0)
		text[0] = '\0';
	cut = n >= (int)sizeof(text);
	if (sink.bounded)
		write_bounded(level, fmt, text, cut);
	else {
		line_make(&l, level, text, cut, NULL);
		write_all(&l);
	}
	errno = saved;
}

/*
 * Standard error is shared with whoever started us, so O_NONBLOCK is not ours
 * to set on it.  A pipe or a terminal can be opened again, which makes a
 * description of our own; without the right to do so we ask for room first.
 */
static void
open_again(void)
{
	struct stat st;
	int fd;

	sink.fd = STDERR_FILENO;
	sink.is_socket = sink.is_file = false;
	if (fstat(STDERR_FILENO, &st) != 0)
		return;
	sink.is_socket = S_ISSOCK(st.st_mode);
	sink.is_file = S_ISREG(st.st_mode);
	if (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode))
		return;
	fd = open(
	    "/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0)
		sink.fd = fd;
}

void
log_bound(void (*pending)(void *arg), void *arg)
{
	log_unbound();
	open_again();
	sink.pending = pending;
	sink.arg = arg;
	sink.since_ms = clock_mono_ms();
	sink.bounded = true;
}

bool
log_flush(void)
{
	const int64_t now_ms = clock_mono_ms();
	bool pending;

	pthread_mutex_lock(&sink.mutex);
	if (now_ms - sink.since_ms >= 1000)
		report(now_ms);
	pending = sink.told = is_pending();
	pthread_mutex_unlock(&sink.mutex);
	return !pending;
}

void
log_unbound(void)
{
	if (!sink.bounded)
		return;
	report(clock_mono_ms());
	if (sink.fd != STDERR_FILENO)
		close(sink.fd);
	sink.fd = STDERR_FILENO;
	sink.dropped = 0;
	sink.pending = NULL;
	sink.bounded = sink.told = sink.torn = false;
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
