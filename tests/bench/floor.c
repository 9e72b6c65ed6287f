/* SPDX-License-Identifier: MIT */
/* floor.c - the least a hub could do: one write(2) a socket for each update. */
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench_ledger.h"

#define STREAMS_MAX 20000
#define EVENTS 256

static const char head[] =
    "Status: 200\r\nContent-Type: text/event-stream\r\n\r\n:\n";

struct floor {
	int listen_fd, epoll_fd;
	int fds[STREAMS_MAX];
	size_t n;
	uint64_t count, rate, bytes, unsent;
	uint8_t frame[65536];
};

/* One record around `len` bytes that stand behind its header. */
static size_t
frame_close(struct floor *f, size_t len)
{
	const uint8_t h[8] = { 1, 6, 0, 1, (uint8_t)(len >> 8), (uint8_t)len };

	memcpy(f->frame, h, sizeof(h));
	return len + sizeof(h);
}

/* An event as long as a hub's, in its record. */
static size_t
frame_event(struct floor *f, uint32_t number)
{
	char *at = (char *)f->frame + 8, text[STAMP_SIZE];
	const struct stamp s = { 0, 0, number, bench_now_ns() };
	const size_t room = sizeof(f->frame) - 8;
	size_t n, len;

	stamp_write(text, &s);
	n = (size_t)snprintf(at, room,
	    "id: urn:uuid:00000000-0000-0000-0000-%012" PRIu32 "\ndata: %s",
	    number, text);
	len = n - strlen(text) + f->bytes;
	while (n < len && n < room - 2)
		at[n++] = 'x';
	memcpy(at + n, "\n\n", 2);
	return frame_close(f, n + 2);
}

static bool
floor_listen(struct floor *f, const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	unlink(path);
	f->listen_fd =
	    socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return f->listen_fd >= 0 &&
	       bind(f->listen_fd, (struct sockaddr *)&un, sizeof(un)) == 0 &&
	       listen(f->listen_fd, 4096) == 0;
}

static void
accept_all(struct floor *f)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET };
	size_t len;
	int fd;

	while (f->n < STREAMS_MAX && (fd = accept4(f->listen_fd, NULL, NULL,
					  SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		ev.data.fd = fd;
		epoll_ctl(f->epoll_fd, EPOLL_CTL_ADD, fd, &ev);
		f->fds[f->n++] = fd;
		memcpy(f->frame + 8, head, sizeof(head) - 1);
		len = frame_close(f, sizeof(head) - 1);
		if (write(fd, f->frame, len) < 0)
			f->unsent++;
	}
}

static void
send_event(struct floor *f, uint32_t number)
{
	size_t i, len = frame_event(f, number);

	for (i = 0; i < f->n; i++)
		if (write(f->fds[i], f->frame, len) != (ssize_t)len)
			f->unsent++;
}

/* Requests are read and forgotten; the others' end ends this program. */
static void
wait_until(struct floor *f, uint64_t due_ns)
{
	struct epoll_event events[EVENTS];
	char bytes[4096];
	int i, n;

	do {
		uint64_t now = bench_now_ns();
		uint64_t left = due_ns > now ? due_ns - now : 0;
		struct timespec t = { (time_t)(left / 1000000000u),
			(long)(left % 1000000000u) };

		n = epoll_pwait2(f->epoll_fd, events, EVENTS, &t, NULL);
		for (i = 0; i < n; i++)
			if (events[i].data.fd == f->listen_fd)
				accept_all(f);
			else
				while (recv(events[i].data.fd, bytes,
					   sizeof(bytes), 0) > 0)
					;
	} while (bench_now_ns() < due_ns);
}

static bool
line_came(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	char c;

	return poll(&p, 1, 0) > 0 && read(STDIN_FILENO, &c, 1) <= 1;
}

static void
run(struct floor *f)
{
	uint64_t start, i;

	while (!line_came())
		wait_until(f, bench_now_ns() + 5000000);
	start = bench_now_ns();
	for (i = 0; i < f->count; i++) {
		wait_until(f, start + i * 1000000000u / f->rate);
		send_event(f, (uint32_t)i + 1);
	}
	while (!line_came())
		wait_until(f, bench_now_ns() + 5000000);
	printf("unsent=%" PRIu64 "\n", f->unsent);
}

int
main(int argc, char **argv)
{
	static struct floor f;
	struct epoll_event ev = { .events = EPOLLIN };
	struct rlimit limit;

	if (argc != 5) {
		fputs("usage: floor SOCKET COUNT RATE BYTES\n"
		      "A line on its standard input starts it, another ends "
		      "it.\n",
		    stderr);
		return 2;
	}
	f.count = strtoull(argv[2], NULL, 10);
	f.rate = strtoull(argv[3], NULL, 10);
	f.bytes = strtoull(argv[4], NULL, 10);
	signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	f.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!floor_listen(&f, argv[1]) || f.rate == 0) {
		fprintf(stderr, "floor: %s\n", strerror(errno));
		return 1;
	}
	ev.data.fd = f.listen_fd;
	epoll_ctl(f.epoll_fd, EPOLL_CTL_ADD, f.listen_fd, &ev);
	run(&f);
	return f.unsent != 0;
}
