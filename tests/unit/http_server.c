/* SPDX-License-Identifier: MIT */
/* http_server.c - answers by path; see http_server.h. */
#include "unit/http_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define REQUEST_MAX 65536
#define DRIP_MS 10

static bool
put(int fd, const char *text)
{
	return send(fd, text, strlen(text), MSG_NOSIGNAL) > 0;
}

static void
put_forever(int fd, const char *text)
{
	while (put(fd, text))
		continue;
}

static void
drip(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };

	while (poll(&p, 1, DRIP_MS) == 0 && put(fd, "x"))
		continue;
}

static void
wait_for_end(int fd)
{
	char c;

	while (read(fd, &c, 1) > 0)
		continue;
}

static void
answer(int fd, const char *path, const char *request)
{
	static const char ok[] = "HTTP/1.1 200 OK\r\n";
	static const char headers[] = "Cache-Control: max-age=60\r\n"
				      "X-One: 1\r\nCache-Control: private\r\n"
				      "Content-Length: 5\r\n\r\nhello";
	static const char hub[] = "Content-Type: text/event-stream\r\n"
				  "Server: Apache/2.4 (x)\r\n"
				  "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
				  "Set-Cookie: other=1\r\n"
				  "Set-Cookie: mercureAuthorization=x\r\n"
				  "\r\n:\n\nretry: 1\n\nid: #a\n\n";
	static const char closed[] = "HTTP/1.1 401 Unauthorized\r\n"
				     "Content-Type: text/plain\r\n"
				     "WWW-Authenticate: Bearer\r\n"
				     "Content-Length: 2\r\n\r\nno";

	if (strcmp(path, "/echo") == 0) {
		put(fd, ok);
		put(fd, "\r\n");
		put(fd, request);
	} else if (strcmp(path, "/big") == 0) {
		put(fd, ok);
		put(fd, "\r\n");
		put_forever(fd, "0123456789abcdef");
	} else if (strcmp(path, "/heads") == 0) {
		put(fd, ok);
		put_forever(fd, "X-Many: 0123456789abcdef\r\n");
	} else if (strcmp(path, "/silent") == 0) {
		wait_for_end(fd);
	} else if (strcmp(path, "/drip") == 0) {
		put(fd, ok);
		put(fd, "\r\n");
		drip(fd);
	} else if (strcmp(path, "/short") == 0) {
		put(fd, ok);
		put(fd, "Content-Length: 10\r\n\r\nhello");
	} else if (strcmp(path, "/garbage") == 0) {
		put(fd, "\x15\x03\x01 what is this?\n\n");
	} else if (strcmp(path, "/moved") == 0) {
		put(fd, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n"
			"Location: http://other.example/x\x07y\r\n\r\n");
	} else if (strcmp(path, "/moved-with-key") == 0) {
		put(fd, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n"
			"Location: https://me:secret@other.example:81/x?key="
			"secret#secret\r\n\r\n");
	} else if (strcmp(path, "/moved-on-here") == 0) {
		put(fd, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n"
			"Location: ?key=secret\r\n\r\n");
	} else if (strcmp(path, "/moved-away") == 0) {
		put(fd, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n"
			"Location: other://:secret@a@b#secret\r\n\r\n");
	} else if (strcmp(path, "/gone") == 0) {
		put(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n"
			"\r\nno");
	} else if (strcmp(path, "/hub") == 0) {
		put(fd, ok);
		put(fd, hub);
	} else if (strcmp(path, "/closed") == 0) {
		put(fd, closed);
	} else if (strcmp(path, "/nothing") != 0) {
		put(fd, ok);
		put(fd, headers);
	}
}

/* Is the request whole?  Bodies say how long they are. */
static bool
is_whole(const char *request, size_t n)
{
	const char *end = strstr(request, "\r\n\r\n");
	const char *length = strstr(request, "Content-Length: ");

	if (end == NULL)
		return false;
	if (length == NULL || length > end)
		return true;
	return (size_t)(request + n - end) - 4 >=
	       strtoul(length + strlen("Content-Length: "), NULL, 10);
}

static void
serve_one(int fd)
{
	static char request[REQUEST_MAX];
	char path[256] = "";
	size_t n = 0;
	ssize_t got;

	do {
		got = read(fd, request + n, sizeof(request) - 1 - n);
		if (got <= 0)
			return;
		n += (size_t)got;
		request[n] = '\0';
	} while (!is_whole(request, n));
	if (sscanf(request, "%*s %255[^ ?]", path) == 1)
		answer(fd, path, request);
}

int
http_server_listen(int *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)(void *)&a, len) != 0 ||
	    listen(fd, 16) != 0 ||
	    getsockname(fd, (struct sockaddr *)(void *)&a, &len) != 0)
		abort();
	*port = ntohs(a.sin_port);
	return fd;
}

void
http_server_start(struct http_server *s)
{
	int listener = http_server_listen(&s->port);

	if ((s->pid = fork()) < 0)
		abort();
	while (s->pid == 0) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			_exit(1);
		serve_one(fd);
		close(fd);
	}
	close(listener);
}

void
http_server_stop(struct http_server *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
}
