/* SPDX-License-Identifier: MIT */
/* request.c - copies the parameters of one request. */
#include "request/request.h"

#include <strings.h>

#include "base/mem.h"
#include "base/utf8.h"

struct param {
	const char *name;
	size_t offset; /* of the slice in struct request */
};

#define PARAM(name, field)                            \
	{                                             \
		name, offsetof(struct request, field) \
	}

/* REQUEST_URI is copied to `path`; split_target() splits it. */
static const struct param params[] = {
	PARAM("REQUEST_METHOD", method),
	PARAM("REQUEST_URI", path),
	PARAM("CONTENT_TYPE", content_type),
	PARAM("HTTP_CONTENT_ENCODING", content_encoding),
	PARAM("HTTP_AUTHORIZATION", authorization),
	PARAM("HTTP_COOKIE", cookie),
	PARAM("HTTP_ORIGIN", origin),
	PARAM("HTTP_REFERER", referer),
	PARAM("HTTP_HOST", host),
	PARAM("HTTP_LAST_EVENT_ID", last_event_id),
	PARAM("HTTP_IF_NONE_MATCH", if_none_match),
	PARAM("REMOTE_ADDR", address),
	PARAM("HTTP_X_FORWARDED_FOR", forwarded_for),
	PARAM("HTTP_X_FORWARDED_PROTO", forwarded_proto),
	PARAM("HTTP_X_FORWARDED_HOST", forwarded_host),
	PARAM("HTTP_FORWARDED", forwarded),
};

#define PARAMS_N (sizeof(params) / sizeof(params[0]))

static struct slice *
field(struct request *r, const struct param *p)
{
	return (struct slice *)(void *)((char *)r + p->offset);
}

/* An absolute-form target ("http://host/path", RFC 9112, 3.2.2) arrives
 * unchanged through mod_proxy_fcgi. */
static struct slice
target_path(struct slice uri)
{
	size_t i;

	if (uri.len > 0 && uri.base[0] == '/')
		return uri;
	for (i = 0; i < uri.len && memchr(":/?", uri.base[i], 3) == NULL; i++)
		continue;
	if (!slice_starts(slice_after(uri, i), "://"))
		return uri;
	for (i += 3; i < uri.len && memchr("/?", uri.base[i], 2) == NULL; i++)
		continue;
	return slice_after(uri, i);
}

static void
split_target(struct request *r)
{
	struct slice rest = target_path(r->path);
	struct slice path;

	slice_cut(&rest, '?', &path);
	r->path = path;
	r->query = rest;
}

static bool
param_is_on(const char *value)
{
	return value != NULL && *value != '\0' && strcasecmp(value, "off") != 0;
}

/* The value of the first parameter with this name; NULL: there is none.  *next
 * is where to look for another. */
static const char *
find(char *const **next, const char *name)
{
	size_t n = strlen(name);

	for (char *const *p = *next; *p != NULL; p++) {
		if (strncmp(*p, name, n) != 0 || (*p)[n] != '=')
			continue;
		*next = p + 1;
		return *p + n + 1;
	}
	return NULL;
}

static const char *
value_of(char *const *list, const char *name)
{
	return find(&list, name);
}

/* Servers turn "-" and "_" in a header's name into the same character, and two
 * headers of that name into one parameter or two.  With two parameters, the one
 * that the proxy has written cannot be recognised. */
static bool
is_forwarded_twice(char *const *list)
{
	for (size_t i = 0; i < PARAMS_N; i++) {
		const char *name = params[i].name;
		char *const *next = list;

		if (strstr(name, "FORWARDED") != NULL &&
		    find(&next, name) != NULL && find(&next, name) != NULL)
			return true;
	}
	return false;
}

/* Libraries that use fetch() or the like instead of an EventSource send an id
 * as ISO 8859-1, where each byte is a character. */
static bool
is_latin1(const struct param *p, struct slice value)
{
	return p->offset == offsetof(struct request, last_event_id) &&
	       !utf8_valid(value);
}

static char *
put_as_utf8(char *to, struct slice latin1)
{
	for (size_t i = 0; i < latin1.len; i++) {
		const uint8_t c = (uint8_t)latin1.base[i];

		if (c >= 0x80)
			*to++ = (char)(0xc0 | c >> 6);
		*to++ = (char)(c < 0x80 ? c : 0x80 | (c & 0x3f));
	}
	return to;
}

static char *
put(char *to, const struct param *p, struct slice value)
{
	if (is_latin1(p, value))
		return put_as_utf8(to, value);
	memcpy(to, value.base, value.len);
	return to + value.len;
}

enum err
request_new(struct request **out, char *const *list)
{
	struct slice found[PARAMS_N];
	struct request *r;
	size_t i, total = 0;
	char *to;

	for (i = 0; i < PARAMS_N; i++) {
		found[i] = slice_of(value_of(list, params[i].name));
		total += found[i].len;
		/* A character has two bytes at most. */
		if (is_latin1(&params[i], found[i]))
			total += found[i].len;
	}
	if (found[0].len == 0 || found[1].len == 0)
		return ERR_SYNTAX;
	if ((r = mem_calloc(1, sizeof(*r) + total)) == NULL)
		return ERR_NOMEM;

	to = (char *)(r + 1);
	for (i = 0; i < PARAMS_N; i++) {
		struct slice *s = field(r, &params[i]);

		if (found[i].base == NULL)
			continue;
		s->base = to;
		to = put(to, &params[i], found[i]);
		s->len = (size_t)(to - s->base);
	}
	split_target(r);
	r->https = param_is_on(value_of(list, "HTTPS"));
	r->forwarded_twice = is_forwarded_twice(list);
	*out = r;
	return ERR_OK;
}

enum err
request_move_body(struct request *r, struct buf *body)
{
	const size_t len = body->len;
	char *bytes = buf_steal(body);

	if (bytes == NULL)
		return ERR_NOMEM;
	mem_free((char *)(uintptr_t)r->body.base);
	r->body = (struct slice){ bytes, len };
	return ERR_OK;
}

void
request_free(struct request *r)
{
	if (r == NULL)
		return;
	mem_free((char *)(uintptr_t)r->body.base);
	mem_free(r);
}
