/* SPDX-License-Identifier: MIT */
/* bench_wire.c - just enough FastCGI and HTTP for a bench. */
#include "bench_wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

enum { BEGIN = 1, END = 3, PARAMS = 4, STDIN = 5, STDOUT = 6 };

bool
address_parse(struct address *out, struct slice text)
{
	bool http = slice_starts(text, "http:");

	if (!http && !slice_starts(text, "unix:"))
		return false;
	*out = (struct address){ slice_after(text, 5), http };
	return true;
}

static int
dial_inet(struct slice text)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	const char *colon = memchr(text.base, ':', text.len);
	int fd, one = 1;

	if (colon == NULL)
		return errno = EINVAL, -1;
	in.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if ((fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&in, sizeof(in)) != 0) {
		close(fd);
		return -1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static int
dial_unix(struct slice text, bool blocking)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd, why;

	if (text.len >= sizeof(un.sun_path))
		return errno = ENAMETOOLONG, -1;
	memcpy(un.sun_path, text.base, text.len);
	fd = socket(AF_UNIX,
	    SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), 0);
	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) == 0)
		return fd;
	why = errno;
	close(fd);
	errno = why;
	return -1;
}

int
address_dial(const struct address *a, bool blocking)
{
	int fd;

	if (!a->http)
		return dial_unix(a->text, blocking);
	fd = dial_inet(a->text);
	if (fd >= 0 && !blocking)
		fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static void
record(struct buf *out, int type, struct slice content)
{
	const uint8_t h[8] = { 1, (uint8_t)type, 0, 1,
		(uint8_t)(content.len >> 8), (uint8_t)content.len, 0, 0 };

	buf_add(out, h, sizeof(h));
	buf_slice(out, content);
}

/* As records of at most 32 KiB; the empty one that ends it included. */
static void
records(struct buf *out, int type, struct slice content)
{
	while (content.len > 0) {
		struct slice part = content;

		if (part.len > 32768)
			part.len = 32768;
		record(out, type, part);
		content = slice_after(content, part.len);
	}
	record(out, type, slice_of(""));
}

static void
length(struct buf *out, size_t n)
{
	const uint8_t wide[4] = { (uint8_t)(0x80 | n >> 24), (uint8_t)(n >> 16),
		(uint8_t)(n >> 8), (uint8_t)n };

	if (n < 128)
		buf_byte(out, (char)n);
	else
		buf_add(out, wide, sizeof(wide));
}

static void
param(struct buf *out, const char *name, struct slice value)
{
	length(out, strlen(name));
	length(out, value.len);
	buf_text(out, name);
	buf_slice(out, value);
}

static void
fcgi_params(struct buf *out, const struct wire_request *r)
{
	const char *question = memchr(r->uri.base, '?', r->uri.len);
	size_t path =
	    question != NULL ? (size_t)(question - r->uri.base) : r->uri.len;
	char size[24], bearer[1024];

	snprintf(size, sizeof(size), "%zu", r->body.len);
	param(out, "GATEWAY_INTERFACE", slice_of("CGI/1.1"));
	param(out, "SERVER_PROTOCOL", slice_of("HTTP/1.1"));
	param(out, "SERVER_SOFTWARE", slice_of("bench"));
	param(out, "SERVER_NAME", slice_of("bench.example"));
	param(out, "REMOTE_ADDR", slice_of("127.0.0.1"));
	param(out, "REQUEST_SCHEME", slice_of("http"));
	param(out, "HTTP_HOST", slice_of("bench.example"));
	param(out, "REQUEST_METHOD", slice_of(r->method));
	param(out, "REQUEST_URI", r->uri);
	param(out, "SCRIPT_NAME", (struct slice){ r->uri.base, path });
	param(out, "QUERY_STRING",
	    question != NULL ? slice_after(r->uri, path + 1) : slice_of(""));
	param(out, "CONTENT_LENGTH", slice_of(size));
	if (r->body.base != NULL)
		param(out, "CONTENT_TYPE", slice_of(r->type));
	if (r->last_id[0] != '\0')
		param(out, "HTTP_LAST_EVENT_ID", slice_of(r->last_id));
	if (r->token != NULL) {
		snprintf(bearer, sizeof(bearer), "Bearer %s", r->token);
		param(out, "HTTP_AUTHORIZATION", slice_of(bearer));
	}
}

static void
fcgi_request(struct buf *out, const struct wire_request *r)
{
	static const char begin[8] = { 0, 1, 0, 0, 0, 0, 0, 0 };
	struct buf params;

	buf_init(&params, 65536);
	fcgi_params(&params, r);
	record(out, BEGIN, (struct slice){ begin, sizeof(begin) });
	records(out, PARAMS, buf_view(&params));
	records(out, STDIN, r->body.base != NULL ? r->body : slice_of(""));
	buf_free(&params);
}

static void
http_request(struct buf *out, const struct wire_request *r)
{
	buf_printf(out, "%s %.*s HTTP/1.1\r\nHost: bench.example\r\n",
	    r->method, SLICE_ARG(r->uri));
	if (r->last_id[0] != '\0')
		buf_printf(out, "Last-Event-ID: %s\r\n", r->last_id);
	if (r->token != NULL)
		buf_printf(out, "Authorization: Bearer %s\r\n", r->token);
	if (r->body.base != NULL)
		buf_printf(out, "Content-Type: %s\r\nContent-Length: %zu\r\n",
		    r->type, r->body.len);
	else
		buf_text(out, "Accept: text/event-stream\r\n");
	buf_text(out, "\r\n");
	if (r->body.base != NULL)
		buf_slice(out, r->body);
}

void
wire_request(
    struct buf *out, const struct address *a, const struct wire_request *r)
{
	if (a->http)
		http_request(out, r);
	else
		fcgi_request(out, r);
}

struct slice
wire_header(const struct wire *w, const char *name)
{
	struct slice rest = { w->head, w->head_len }, line;
	size_t n = strlen(name);

	while (slice_cut(&rest, '\n', &line))
		if (line.len > n + 1 && line.base[n] == ':' &&
		    strncasecmp(line.base, name, n) == 0) {
			line = slice_after(line, n + 1);
			if (line.base[line.len - 1] == '\r')
				line.len--;
			return slice_trim(line);
		}
	return slice_of(NULL);
}

static void
head_read(struct wire *w)
{
	struct slice v;

	w->has_head = true;
	if (!w->http) {
		v = wire_header(w, "Status");
		w->status =
		    v.base == NULL ? 200 : (int)strtol(v.base, NULL, 10);
		return;
	}
	w->status = (int)strtol(w->head + strcspn(w->head, " "), NULL, 10);
	v = wire_header(w, "Transfer-Encoding");
	w->chunked = v.len == 7 && strncasecmp(v.base, "chunked", 7) == 0;
	v = wire_header(w, "Content-Length");
	if (v.base != NULL) {
		w->measured = true;
		w->body_left = strtoull(v.base, NULL, 10);
	}
	if ((w->measured && w->body_left == 0) || w->status == 204)
		w->done = true;
}

/* Collect the head; *bytes is what lies behind it. */
static bool
head_feed(struct wire *w, struct slice *bytes)
{
	while (bytes->len > 0 && !w->has_head) {
		if (w->head_len == WIRE_HEAD_MAX)
			return false;
		w->head[w->head_len++] = bytes->base[0];
		*bytes = slice_after(*bytes, 1);
		if (w->head_len >= 4 &&
		    memcmp(w->head + w->head_len - 4, "\r\n\r\n", 4) == 0) {
			w->head[w->head_len] = '\0';
			head_read(w);
		}
	}
	return true;
}

static struct slice
take(struct slice *bytes, uint64_t max)
{
	struct slice part = *bytes;

	if (part.len > max)
		part.len = (size_t)max;
	*bytes = slice_after(*bytes, part.len);
	return part;
}

/* One step through "SIZE\r\n", the bytes, "\r\n". */
static bool
chunk_step(struct wire *w, struct slice *bytes, wire_body_fn *body, void *arg)
{
	struct slice part;
	char c;

	if (w->in_chunk && w->left > 0) {
		part = take(bytes, w->left);
		w->left -= (uint32_t)part.len;
		body(arg, part);
		return true;
	}
	c = take(bytes, 1).base[0];
	if (c == '\n' && w->in_chunk) {
		w->in_chunk = false;
		w->left = 0;
	} else if (c == '\n') {
		w->in_chunk = true;
		w->done = w->left == 0;
	} else if (c != '\r') {
		const char *digits = "0123456789abcdef";
		const char *at = strchr(digits, c | 0x20);

		if (at == NULL || w->in_chunk || w->left > UINT32_MAX >> 8)
			return false;
		w->left = w->left << 4 | (uint32_t)(at - digits);
	}
	return true;
}

static bool
http_feed(struct wire *w, struct slice bytes, wire_body_fn *body, void *arg)
{
	if (!head_feed(w, &bytes))
		return false;
	while (bytes.len > 0 && !w->done) {
		struct slice part;

		if (w->chunked) {
			if (!chunk_step(w, &bytes, body, arg))
				return false;
			continue;
		}
		part = take(&bytes, w->measured ? w->body_left : bytes.len);
		if (w->measured && (w->body_left -= part.len) == 0)
			w->done = true;
		body(arg, part);
	}
	return true;
}

static bool
record_begun(struct wire *w)
{
	w->record_have = 0;
	w->left = (uint32_t)w->record[4] << 8 | w->record[5];
	w->padding = w->record[6];
	if (w->record[0] != 1 ||
	    (w->record[1] != STDOUT && w->record[1] != END))
		return false;
	if (w->record[1] == END)
		w->done = true;
	return true;
}

static bool
fcgi_feed(struct wire *w, struct slice bytes, wire_body_fn *body, void *arg)
{
	while (bytes.len > 0) {
		if (w->left > 0) {
			struct slice part = take(&bytes, w->left);

			w->left -= (uint32_t)part.len;
			if (w->done)
				continue;
			if (!head_feed(w, &part))
				return false;
			if (part.len > 0)
				body(arg, part);
		} else if (w->padding > 0) {
			w->padding -= (uint32_t)take(&bytes, w->padding).len;
		} else {
			w->record[w->record_have++] =
			    (uint8_t)take(&bytes, 1).base[0];
			if (w->record_have == sizeof(w->record) &&
			    !record_begun(w))
				return false;
		}
	}
	return true;
}

bool
wire_feed(struct wire *w, struct slice bytes, wire_body_fn *body, void *arg)
{
	return w->http ? http_feed(w, bytes, body, arg)
		       : fcgi_feed(w, bytes, body, arg);
}
