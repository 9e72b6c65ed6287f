/* SPDX-License-Identifier: MIT */
/* request_fcgi.c - uses private fields of libfcgi; a test guards them. */
#include "request/request_fcgi.h"

#include <fcgiapp.h>

#include <sys/mman.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "text/digits.h"

#define CHUNK 8192 /* bytes of a body read by one call */

enum err
request_fcgi_init(void)
{
	return FCGX_Init() == 0 ? ERR_OK : ERR_IO;
}

/* Read up to the body's maximum straight into `body`. */
static void
fill_body(struct buf *body, FCGX_Stream *in)
{
	while (body->len < body->max) {
		const size_t left = body->max - body->len;
		const int room = left < CHUNK ? (int)left : CHUNK;
		char *at = buf_grow(body, (size_t)room);
		int n;

		if (at == NULL)
			return;
		n = FCGX_GetStr(at, room, in);
		buf_truncate(body, body->len - (size_t)(room - n));
		if (n < room)
			return;
	}
}

/* Returns true if there was something left to discard. */
static bool
discard_rest(FCGX_Stream *in)
{
	char bytes[CHUNK];
	bool any = false;

	while (FCGX_GetStr(bytes, sizeof(bytes), in) > 0)
		any = true;
	return any;
}

/* 0 if the web server does not say it, or nothing that can be read. */
static uint64_t
stated_length(char **envp)
{
	const char *text = FCGX_GetParam("CONTENT_LENGTH", envp);
	uint64_t length = 0;

	if (text == NULL ||
	    !digits_parse_at_most(&length, slice_of(text), UINT64_MAX))
		return 0;
	return length;
}

/*
 * STDIN is always read to its end: CONTENT_LENGTH may be missing or lie, and
 * libfcgi may already hold a part of the next header.  A server that refuses
 * a body may still ask for an answer without it, as mod_fcgid does.
 */
static enum err
read_body(struct request *rq, const FCGX_Request *r, size_t body_max)
{
	const uint64_t stated = stated_length(r->envp);
	struct buf body;
	enum err e;

	buf_init(&body, body_max);
	fill_body(&body, r->in);
	rq->body_too_long =
	    (discard_rest(r->in) && body.err == ERR_OK) || stated > body_max;
	rq->body_cut = FCGX_GetError(r->in) != 0 ||
		       (!rq->body_too_long && stated > body.len);
	if (rq->body_too_long)
		buf_clear(&body);
	e = body.err == ERR_OK ? request_move_body(rq, &body) : body.err;
	buf_free(&body);
	return e;
}

enum err
request_fcgi_parse(struct request **out, int fd, size_t body_max)
{
	struct request *rq = NULL;
	FCGX_Request r;
	enum err e = ERR_IO;

	if (FCGX_InitRequest(&r, -1, 0) != 0)
		return ERR_IO;
	if ((r.ipcFd = fcntl(fd, F_DUPFD_CLOEXEC, 3)) < 0)
		return ERR_IO;
	/* libfcgi closes a connection that it cannot parse.  If it is
	 * "detached", libfcgi does not also shut it down, which would affect
	 * `fd` too. */
	FCGX_Detach(&r);
	/* libfcgi takes it for an open, kept-alive connection: it reads from it
	 * and, without a listening socket, can never accept another one. */
	r.keepConnection = 1;
	if (FCGX_Accept_r(&r) < 0)
		return ERR_SYNTAX; /* it has closed the duplicate */
	r.keepConnection = 0;

	if ((e = request_new(&rq, r.envp)) != ERR_OK ||
	    (e = read_body(rq, &r, body_max)) != ERR_OK)
		goto out;
	rq->id = (uint16_t)r.requestId;

	*out = rq;
	rq = NULL;
out:
	request_free(rq);
	close(r.ipcFd);
	FCGX_Free(&r, 0);
	return e;
}

static enum err
write_all(int fd, struct slice bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.base, bytes.len);

		if (n < 0)
			return errno == ENOSPC || errno == ENOMEM ? ERR_NOMEM
								  : ERR_IO;
		bytes = slice_after(bytes, (size_t)n);
	}
	return lseek(fd, 0, SEEK_SET) == 0 ? ERR_OK : ERR_IO;
}

/* libfcgi reads from descriptors only. */
enum err
request_fcgi_parse_bytes(
    struct request **out, struct slice bytes, size_t body_max)
{
	int fd = memfd_create("request", MFD_CLOEXEC);
	enum err e;

	if (fd < 0)
		return ERR_IO;
	if ((e = write_all(fd, bytes)) == ERR_OK)
		e = request_fcgi_parse(out, fd, body_max);
	close(fd);
	return e;
}

enum err
request_fcgi_parse_exactly(
    struct request **out, int fd, size_t len, size_t body_max)
{
	char *bytes = mem_calloc(1, len);
	enum err e = ERR_NOMEM;

	if (bytes == NULL)
		return e;
	if (recv(fd, bytes, len, MSG_DONTWAIT) == (ssize_t)len)
		e = request_fcgi_parse_bytes(
		    out, (struct slice){ bytes, len }, body_max);
	else
		e = ERR_IO;
	mem_free(bytes);
	return e;
}
