/* SPDX-License-Identifier: MIT */
/* handle.c - what the calls of the library have in common. */
#include "lib/handle.h"

#include "base/mem.h"
#include "config/queue.h"
#include "match/topic.h"
#include "mercure/discovery.h"

enum err
handle_begin(struct pushcgi *h)
{
	if (h->config == NULL)
		return ERR_NOTFOUND;
	h->problem.text[0] = '\0';
	return ERR_OK;
}

/* What a caller can do about it. */
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

enum pushcgi_result
handle_end(struct pushcgi *h, enum err e)
{
	if (e == ERR_OK)
		h->problem.text[0] = '\0';
	else if (e == ERR_NOMEM)
		(void)problem_set(&h->problem, e, "Out of memory.");
	else if (h->problem.text[0] == '\0')
		(void)problem_set(
		    &h->problem, e, "It failed: %s.", err_text(e));
	return results[e];
}

enum pushcgi_result
handle_end_text(struct pushcgi *h, char **out, struct buf *text, enum err e)
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
	return handle_end(h, e);
}

enum err
handle_slices(
    struct slice **out, const char *const *texts, size_t n, struct problem *p)
{
	struct slice *list = mem_calloc(n, sizeof(*list));

	if (list == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		if (texts != NULL)
			list[i] = slice_of(texts[i]);
		if (list[i].base == NULL) {
			mem_free(list);
			return problem_set(
			    p, ERR_SYNTAX, "A topic is missing.");
		}
	}
	*out = list;
	return ERR_OK;
}

enum err
handle_selectors(struct selector **out, const struct slice *texts, size_t n)
{
	struct selector *list = mem_calloc(n + 1, sizeof(*list));

	if (list == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		list[i] = selector_topic(texts[i]);
	*out = list;
	return ERR_OK;
}

/* The setting was checked when it was read. */
const struct dialect *
handle_dialect(const struct pushcgi *h)
{
	struct dialects in_force;

	if (dialects_read(&in_force, slice_of(h->config->protocol_versions)) !=
	    NULL)
		return NULL;
	return dialects_common(&in_force);
}

enum err
handle_check_selectors(
    struct pushcgi *h, const struct slice *selectors, size_t n)
{
	const struct config *c = h->config;
	enum err e;

	/* The hub would refuse the request, or the token, later. */
	if (n > c->matchers_max)
		return problem_set(&h->problem, ERR_LIMIT,
		    "These are more topics than MERCURE_MAX_MATCHERS allows "
		    "(%llu).",
		    (unsigned long long)c->matchers_max);
	for (size_t i = 0; i < n; i++) {
		e = topic_check_selector(
		    selectors[i], c->topic_length_max, &h->problem);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

struct slice
handle_hub_url(const struct pushcgi *h)
{
	const struct config *c = h->config;

	if (c->public_hub_url != NULL)
		return slice_of(c->public_hub_url);
	if (c->hub_url != NULL)
		return slice_of(c->hub_url);
	return slice_of(DISCOVERY_PATH);
}

bool
handle_is_elsewhere(const struct pushcgi *h)
{
	const struct config *c = h->config;

	return c->hub_url != NULL &&
	       (c->public_hub_url == NULL ||
		   strcmp(c->hub_url, c->public_hub_url) != 0);
}

enum err
handle_queue_settings(
    struct pushcgi *h, struct queue_settings *out, struct problem *p)
{
	*out = config_queue(h->config);
	return h->is_program ? queue_take_identity(out, p) : ERR_OK;
}

enum err
handle_queue(struct pushcgi *h, struct queue **out)
{
	struct queue_settings settings;
	enum err e;

	if (h->queue == NULL) {
		e = handle_queue_settings(h, &settings, &h->problem);
		if (e == ERR_OK)
			e = queue_open(
			    &h->queue, &settings, QUEUE_WRITE, &h->problem);
		if (e != ERR_OK)
			return e;
	}
	*out = h->queue;
	return ERR_OK;
}
