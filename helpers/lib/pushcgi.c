/* SPDX-License-Identifier: MIT */
/* pushcgi.c - the functions that other applications call. */
#include "lib/pushcgi.h"

#include "base/mem.h"
#include "lib/count.h"
#include "lib/handle.h"
#include "lib/link.h"
#include "lib/listing.h"
#include "lib/publish.h"
#include "lib/session.h"
#include "lib/token.h"

#define TEXT_MAX (UINT32_C(64) << 20) /* a list of all subscriptions */

const char *
pushcgi_version(void)
{
	return PACKAGE_VERSION;
}

/* The results group errors by what a caller can do about them. */
static const enum pushcgi_result results[] = {
	[ERR_OK] = PUSHCGI_OK,
	[ERR_NOMEM] = PUSHCGI_MEMORY,
	[ERR_LIMIT] = PUSHCGI_ARGUMENT,
	[ERR_SYNTAX] = PUSHCGI_ARGUMENT,
	[ERR_TOKEN] = PUSHCGI_DENIED,
	[ERR_DENIED] = PUSHCGI_DENIED,
	[ERR_NOTFOUND] = PUSHCGI_CONFIG,
	[ERR_UNSUPPORTED] = PUSHCGI_CONFIG,
	[ERR_IO] = PUSHCGI_UNAVAILABLE,
	[ERR_BUSY] = PUSHCGI_UNAVAILABLE,
	[ERR_FULL] = PUSHCGI_UNAVAILABLE,
	[ERR_READONLY] = PUSHCGI_UNAVAILABLE,
	[ERR_MOVED] = PUSHCGI_UNAVAILABLE,
	[ERR_NEWER] = PUSHCGI_UNAVAILABLE,
};

/* Forget the last problem.  ERR_NOTFOUND: there is no configuration, and the
 * problem still says why. */
static enum err
begin(struct pushcgi *h)
{
	if (h->config == NULL)
		return ERR_NOTFOUND;
	h->problem.text[0] = '\0';
	return ERR_OK;
}

/* The same for a call with texts: slices of them, to be freed. */
static enum err
begin_with(
    struct pushcgi *h, struct slice **out, const char *const *texts, size_t n)
{
	enum err e = begin(h);
	struct slice *list;

	if (e != ERR_OK)
		return e;
	if ((list = mem_calloc(n, sizeof(*list))) == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		list[i] = slice_of(texts != NULL ? texts[i] : NULL);
		if (list[i].base == NULL) {
			mem_free(list);
			return problem_set(
			    &h->problem, ERR_SYNTAX, "A topic is missing.");
		}
	}
	*out = list;
	return ERR_OK;
}

static enum pushcgi_result
end(struct pushcgi *h, enum err e)
{
	if (e == ERR_OK)
		h->problem.text[0] = '\0';
	return results[handle_explain(e, &h->problem)];
}

/* The end of a call that makes a text, which moves to *out.  Wipes `text`. */
static enum pushcgi_result
end_text(struct pushcgi *h, char **out, struct buf *text, enum err e)
{
	char *stolen;

	if (e == ERR_OK)
		e = text->err;
	if (e == ERR_OK) {
		if ((stolen = buf_steal(text)) != NULL)
			*out = stolen;
		else
			e = ERR_NOMEM;
	}
	buf_wipe(text);
	return end(h, e);
}

enum pushcgi_result
pushcgi_open(
    struct pushcgi **out, const char *file, const char *const *settings)
{
	struct pushcgi *h = mem_calloc(1, sizeof(*h));
	enum err e;

	*out = h;
	if (h == NULL)
		return PUSHCGI_MEMORY;
	e = handle_load(h, file, settings, &h->problem);
	if (end(h, e) == PUSHCGI_MEMORY)
		return PUSHCGI_MEMORY;
	return e == ERR_OK ? PUSHCGI_OK : PUSHCGI_CONFIG;
}

void
pushcgi_close(struct pushcgi *h)
{
	if (h == NULL)
		return;
	handle_unload(h);
	mem_free(h);
}

const char *
pushcgi_error(const struct pushcgi *h)
{
	return h != NULL ? h->problem.text : "Out of memory.";
}

void
pushcgi_free(char *text)
{
	if (text != NULL)
		mem_wipe_free(text, strlen(text));
}

enum pushcgi_result
pushcgi_hub_url(struct pushcgi *h, char **out, const char *const *topics,
    size_t n, const char *last_event_id)
{
	struct slice *list = NULL;
	struct buf text;
	enum err e;

	buf_init(&text, TEXT_MAX);
	if ((e = begin_with(h, &list, topics, n)) == ERR_OK)
		e = handle_url(
		    h, &text, list, n, slice_of(last_event_id), &h->problem);
	mem_free(list);
	return end_text(h, out, &text, e);
}

enum pushcgi_result
pushcgi_link(struct pushcgi *h, char **out, const char *last_event_id)
{
	struct buf text;
	enum err e;

	buf_init(&text, TEXT_MAX);
	if ((e = begin(h)) == ERR_OK)
		e = handle_link(h, &text, slice_of(last_event_id), &h->problem);
	return end_text(h, out, &text, e);
}

enum pushcgi_result
pushcgi_last_event_id(struct pushcgi *h, char **out)
{
	struct buf text;
	enum err e;

	buf_init(&text, TEXT_MAX);
	if ((e = begin(h)) == ERR_OK)
		e = handle_last_event_id(h, &text, &h->problem);
	return end_text(h, out, &text, e);
}

enum pushcgi_result
pushcgi_subscriber_token(struct pushcgi *h, char **out,
    const char *const *topics, size_t n, const char *payload,
    int64_t lifetime_s)
{
	struct slice *list = NULL;
	struct buf text;
	enum err e;

	buf_init(&text, TEXT_MAX);
	if ((e = begin_with(h, &list, topics, n)) == ERR_OK)
		e = handle_subscriber_token(h, &text, list, n,
		    slice_of(payload), lifetime_s, &h->problem);
	mem_free(list);
	return end_text(h, out, &text, e);
}

enum pushcgi_result
pushcgi_publisher_token(struct pushcgi *h, char **out,
    const char *const *topics, size_t n, int64_t lifetime_s)
{
	struct slice *list = NULL;
	struct buf text;
	enum err e;

	buf_init(&text, TEXT_MAX);
	if ((e = begin_with(h, &list, topics, n)) == ERR_OK)
		e = handle_publisher_token(
		    h, &text, list, n, lifetime_s, &h->problem);
	mem_free(list);
	return end_text(h, out, &text, e);
}

enum pushcgi_result
pushcgi_cookie(struct pushcgi *h, char **out, const char *const *topics,
    size_t n, const char *payload, int64_t lifetime_s)
{
	struct slice *list = NULL;
	struct buf text;
	enum err e;

	buf_init(&text, TEXT_MAX);
	if ((e = begin_with(h, &list, topics, n)) == ERR_OK)
		e = handle_cookie(h, &text, list, n, slice_of(payload),
		    lifetime_s, &h->problem);
	mem_free(list);
	return end_text(h, out, &text, e);
}

enum pushcgi_result
pushcgi_cookie_from_token(
    struct pushcgi *h, char **out, const char *token, int64_t lifetime_s)
{
	struct buf text;
	enum err e;

	buf_init(&text, TEXT_MAX);
	if ((e = begin(h)) == ERR_OK)
		e = handle_cookie_from_token(
		    h, &text, slice_of(token), lifetime_s, &h->problem);
	return end_text(h, out, &text, e);
}

enum pushcgi_result
pushcgi_clear_cookie(struct pushcgi *h, char **out)
{
	struct buf text;
	enum err e;

	buf_init(&text, TEXT_MAX);
	if ((e = begin(h)) == ERR_OK)
		e = handle_clear_cookie(h, &text, &h->problem);
	return end_text(h, out, &text, e);
}

enum pushcgi_result
pushcgi_session_grant(struct pushcgi *h, const char *id,
    const char *const *topics, size_t n, const char *payload,
    int64_t lifetime_s, unsigned flags)
{
	struct slice *list = NULL;
	enum err e = begin_with(h, &list, topics, n);
	const struct handle_session_rights rights = { .selectors = list,
		.n = n,
		.payload = slice_of(payload),
		.lifetime_s = lifetime_s,
		.replace = (flags & PUSHCGI_SESSION_REPLACE) != 0 };

	if (e == ERR_OK)
		e = handle_session_grant(h, slice_of(id), &rights, &h->problem);
	mem_free(list);
	return end(h, e);
}

enum pushcgi_result
pushcgi_session_move(struct pushcgi *h, const char *from, const char *to)
{
	enum err e = begin(h);

	if (e == ERR_OK)
		e = handle_session_move(
		    h, slice_of(from), slice_of(to), &h->problem);
	return end(h, e);
}

enum pushcgi_result
pushcgi_session_revoke(
    struct pushcgi *h, const char *id, const char *const *topics, size_t n)
{
	struct slice *list = NULL;
	enum err e = begin_with(h, &list, topics, n);

	if (e == ERR_OK)
		e = handle_session_revoke(
		    h, slice_of(id), list, n, &h->problem);
	mem_free(list);
	return end(h, e);
}

enum pushcgi_result
pushcgi_publish_all(struct pushcgi *h, char **ids,
    const struct pushcgi_update *updates, size_t n, size_t *at)
{
	size_t problem_at = n;
	enum err e = begin(h);

	if (e == ERR_OK)
		e = handle_publish(
		    h, ids, updates, n, &problem_at, &h->problem);
	if (e != ERR_OK && at != NULL)
		*at = problem_at;
	return end(h, e);
}

enum pushcgi_result
pushcgi_publish(struct pushcgi *h, char **id, const struct pushcgi_update *u)
{
	return pushcgi_publish_all(h, id, u, 1, NULL);
}

enum pushcgi_result
pushcgi_subscriptions(struct pushcgi *h, char **out, const char *topic)
{
	struct buf text;
	enum err e;

	buf_init(&text, TEXT_MAX);
	if ((e = begin(h)) == ERR_OK)
		e = handle_list_document(
		    h, &text, slice_of(topic), &h->problem);
	return end_text(h, out, &text, e);
}

enum pushcgi_result
pushcgi_connected(struct pushcgi *h, uint64_t *found, const char *topic,
    const char *const *members, size_t n)
{
	struct slice *list = NULL;
	enum err e = begin_with(h, &list, members, n);

	if (e == ERR_OK)
		e = handle_connected(
		    h, found, slice_of(topic), list, n, &h->problem);
	mem_free(list);
	return end(h, e);
}

enum pushcgi_result
pushcgi_count(struct pushcgi *h, uint64_t *n, const char *topic)
{
	enum err e = begin(h);

	if (e == ERR_OK)
		e = handle_count(h, n, slice_of(topic), &h->problem);
	return end(h, e);
}
