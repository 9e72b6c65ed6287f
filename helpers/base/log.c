/* SPDX-License-Identifier: MIT */
/* log.c - writes each line at once, in one write(2), and never too many. */
#include "base/log.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log_line.h"

/* A line has room for the program's name, the level, and " repeated=N". */
#define NAME_MAX_SHOWN 64
#define BODY_MAX (LOG_LINE_MAX - 48)
/* Events that are counted within a second, and what is kept of the last
 * line of each. */
#define SEEN_MAX 32
#define SEEN_TEXT_MAX 200

/* One event in this second. */
struct seen {
	const char *event;
	enum log_level level;
	unsigned lines, left_out;
	size_t len;
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
	bool notified;
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

static void
begin(struct log_line *l, enum log_level level)
{
	l->len = (size_t)snprintf(l->text, sizeof(l->text),
	    "%.*s: %s: ", NAME_MAX_SHOWN, sink.name, level_names[level]);
}

/* If the log cannot be written, there is no other place to report that. */
static void
write_all(const struct log_line *l)
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
write_now(const struct log_line *l)
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
seen_find(enum log_level level, const char *event)
{
	struct seen *s;

	for (size_t i = 0; i < sink.seen_n; i++)
		if (strcmp(sink.seen[i].event, event) == 0)
			return &sink.seen[i];
	if (sink.seen_n == SEEN_MAX)
		return NULL;
	s = &sink.seen[sink.seen_n++];
	*s = (struct seen){ .event = event, .level = level };
	return s;
}

static void
copy_last(struct seen *s, const struct log_pair *pairs)
{
	struct log_line l = { .len = 0 };

	log_line_event(&l, sizeof(s->last), s->event, pairs);
	memcpy(s->last, l.text, l.len);
	s->len = l.len;
}

/* Is this line one too many of its event?  Then it is counted. */
static bool
seen_enough(
    enum log_level level, const char *event, const struct log_pair *pairs)
{
	struct seen *s = seen_find(level, event);

	if (s == NULL || s->lines++ < LOG_BURST)
		return false;
	s->left_out++;
	copy_last(s, pairs);
	return true;
}

static void
report_seen(const struct seen *s)
{
	char tail[32];
	struct log_line l;

	if (s->left_out == 0)
		return;
	begin(&l, s->level);
	memcpy(l.text + l.len, s->last, s->len);
	l.len += s->len;
	snprintf(tail, sizeof(tail), " repeated=%u\n", s->left_out);
	log_line_add(&l, tail);
	if (!write_now(&l))
		sink.dropped += s->left_out;
}

static void
make_line(struct log_line *l, enum log_level level, const char *event,
    const struct log_pair *pairs)
{
	begin(l, level);
	log_line_event(l, BODY_MAX, event, pairs);
	log_line_add(l, "\n");
}

static void
report_dropped(void)
{
	const struct log_pair pairs[] = { LOG_UINT("dropped", sink.dropped),
		LOG_END };
	struct log_line l;

	if (sink.dropped == 0)
		return;
	make_line(&l, LOG_LEVEL_WARN, "log lines", pairs);
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
    enum log_level level, const char *event, const struct log_pair *pairs)
{
	const unsigned max =
	    level == LOG_LEVEL_ERR ? 2 * LOG_SECOND : LOG_SECOND;
	const int64_t now_ms = clock_mono_ms();
	struct log_line l;

	if (now_ms - sink.since_ms >= 1000)
		report(now_ms);
	if (sink.least < LOG_LEVEL_DEBUG && seen_enough(level, event, pairs))
		return;
	make_line(&l, level, event, pairs);
	if ((sink.least < LOG_LEVEL_DEBUG && sink.lines >= max) ||
	    !write_now(&l))
		sink.dropped++;
	else
		sink.lines++;
}

static void
write_bounded(
    enum log_level level, const char *event, const struct log_pair *pairs)
{
	bool notify;

	pthread_mutex_lock(&sink.mutex);
	write_or_count(level, event, pairs);
	notify = !sink.notified && sink.pending != NULL && is_pending();
	sink.notified |= notify;
	pthread_mutex_unlock(&sink.mutex);
	if (notify)
		sink.pending(sink.arg);
}

void
log_event(enum log_level level, const char *event, const struct log_pair *pairs)
{
	int saved = errno;
	struct log_line l;

	if (level > sink.least)
		return;
	if (sink.bounded)
		write_bounded(level, event, pairs);
	else {
		make_line(&l, level, event, pairs);
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
	pending = sink.notified = is_pending();
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
	sink.bounded = sink.notified = sink.torn = false;
}

void
log_open(const char *name, enum log_level least)
{
	sink.name = name;
	sink.least = least;
}
