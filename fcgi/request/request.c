/* SPDX-License-Identifier: MIT */
/* request.c - copies the parameters of one request. */
#include "request/request.h"

#include <strings.h>

#include "base/mem.h"

struct param {
	const char *name;
	size_t offset; /* of the slice in struct request */
};

#define PARAM(name, field)                            \
	{                                             \
		name, offsetof(struct request, field) \
	}

/* REQUEST_URI lands in `path` and is split there. */
static const struct param params[] = {
	PARAM("REQUEST_METHOD", method),
	PARAM("REQUEST_URI", path),
	PARAM("CONTENT_TYPE", content_type),
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

/* An absolute-form target ("http://host/path", RFC 9112, 3.2.2) reaches us
 * whole through mod_proxy_fcgi. */
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

/* Servers make the same name of "-" and "_" in a header, and one parameter or
 * two of two headers.  So the proxy's own header cannot be recognised then. */
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
		memcpy(to, found[i].base, found[i].len);
		*s = (struct slice){ to, found[i].len };
		to += found[i].len;
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
