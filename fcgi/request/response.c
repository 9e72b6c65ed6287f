/* SPDX-License-Identifier: MIT */
/* response.c - writes the head and body of an HTTP response. */
#include "request/response.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"

#define BODY_MAX 65536

static const struct {
	int status;
	const char *text;
} statuses[] = {
	{ 200, "OK" },
	{ 204, "No Content" },
	{ 304, "Not Modified" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 408, "Request Timeout" },
	{ 413, "Content Too Large" },
	{ 415, "Unsupported Media Type" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 503, "Service Unavailable" },
};

static const char *
status_text(int status)
{
	size_t i;

	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].status == status)
			return statuses[i].text;
	return "Unknown";
}

void
response_init(struct response *r)
{
	r->status = 200;
	r->type = NULL;
	r->caching = NULL;
	r->goes_on = false;
	buf_init(&r->head, RESPONSE_HEAD_MAX);
	buf_init(&r->body, BODY_MAX);
}

void
response_allow(struct response *r, size_t body_max)
{
	r->body.max = body_max;
}

static bool
breaks_line(const char *value)
{
	return strpbrk(value, "\r\n") != NULL;
}

void
response_header(struct response *r, const char *name, const char *fmt, ...)
{
	char value[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(value) || breaks_line(value)) {
		log_err("header refused", LOG_TEXT("name", name));
		response_problem(r, 500, "The hub could not write its answer.");
		return;
	}
	buf_printf(&r->head, "%s: %s\r\n", name, value);
}

void
response_fail(struct response *r, int status, const char *type)
{
	r->status = status;
	buf_clear(&r->body);
	r->type = type;
	r->caching = "no-store";
	r->goes_on = false;
}

void
response_problem(struct response *r, int status, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	response_fail(r, status, RESPONSE_TEXT);
	buf_printf(&r->body, "%s\n", text);
}

enum err
response_error(const struct response *r)
{
	return r->head.err != ERR_OK ? r->head.err : r->body.err;
}

/* RFC 9110, 8.6: HEAD tells what GET would, 204 nothing, and a 304 not what
 * is in its own body. */
static bool
has_length(const struct response *r)
{
	return !r->goes_on && r->status != 204 && r->status != 304;
}

void
response_write(const struct response *r, bool head_only, struct buf *out)
{
	buf_printf(out, "Status: %d %s\r\n", r->status, status_text(r->status));
	if (r->type != NULL)
		buf_printf(out, "Content-Type: %s\r\n", r->type);
	if (r->caching != NULL)
		buf_printf(out, "Cache-Control: %s\r\n", r->caching);
	if (has_length(r))
		buf_printf(out, "Content-Length: %zu\r\n", r->body.len);
	buf_slice(out, buf_view(&r->head));
	buf_text(out, "\r\n");
	if (!head_only)
		buf_slice(out, buf_view(&r->body));
	if (out->err == ERR_OK)
		out->err = response_error(r);
}

size_t
response_room(const struct response *r)
{
	return RESPONSE_HEAD_MAX + 1024 + r->body.len;
}

void
response_free(struct response *r)
{
	buf_free(&r->head);
	buf_free(&r->body);
}
