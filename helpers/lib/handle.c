/* SPDX-License-Identifier: MIT */
/* handle.c - the configuration in force, and the queue it names. */
#include "lib/handle.h"

#include "base/mem.h"
#include "config/hub_urls.h"
#include "config/queue.h"
#include "lib/page.h"
#include "match/topic.h"
#include "mercure/discovery.h"

extern char **environ;

static size_t
count(const char *const *settings)
{
	size_t n = 0;

	while (settings != NULL && settings[n] != NULL)
		n++;
	return n;
}

enum err
handle_load(struct pushcgi *h, const char *file, const char *const *settings,
    struct problem *p)
{
	const struct config_sources sources = {
		.path = file,
		.environ = environ,
		.args = settings,
		.args_n = count(settings),
	};

	enum err e = config_load(&h->config, &sources, p);

	/* A file that may be absent leaves its sentence behind. */
	if (e == ERR_OK)
		p->text[0] = '\0';
	return e;
}

void
handle_unload(struct pushcgi *h)
{
	queue_close(h->queue);
	config_unref(h->config);
	h->queue = NULL;
	h->config = NULL;
}

enum err
handle_explain(enum err e, struct problem *p)
{
	if (e == ERR_NOMEM)
		return problem_set(p, e, "Out of memory.");
	if (e != ERR_OK && p->text[0] == '\0')
		return problem_set(p, e, "It failed: %s.", err_text(e));
	return e;
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
handle_check_selectors(struct pushcgi *h, const struct slice *selectors,
    size_t n, struct problem *p)
{
	const struct config *c = h->config;
	enum err e;

	/* The hub would refuse the request, or the token, later. */
	if (n > c->matchers_max)
		return problem_set(p, ERR_LIMIT,
		    "These are more topics than MERCURE_MAX_MATCHERS allows "
		    "(%llu).",
		    (unsigned long long)c->matchers_max);
	for (size_t i = 0; i < n; i++) {
		e = topic_check_selector(selectors[i], c->topic_length_max, p);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

static struct slice
find_hub_url(bool *plain, const struct pushcgi *h)
{
	const struct config *c = h->config;
	char page[PAGE_ORIGIN_MAX];

	if (c->public_hub_url != NULL)
		return hub_urls_for_page(plain, c->public_hub_url,
		    page_origin(page, h->page),
		    c->cors_allowed_origins != NULL);
	*plain =
	    c->hub_url != NULL && slice_starts(slice_of(c->hub_url), "http://");
	return slice_of(c->hub_url != NULL ? c->hub_url : DISCOVERY_PATH);
}

struct slice
handle_hub_url(const struct pushcgi *h)
{
	bool plain;

	return find_hub_url(&plain, h);
}

bool
handle_hub_is_plain(const struct pushcgi *h)
{
	bool plain;

	(void)find_hub_url(&plain, h);
	return plain;
}

bool
handle_is_remote(const struct pushcgi *h)
{
	const struct config *c = h->config;

	return c->hub_url != NULL &&
	       !hub_urls_have(c->public_hub_url, c->hub_url);
}

enum err
handle_queue_settings(
    struct pushcgi *h, struct queue_settings *out, struct problem *p)
{
	*out = config_queue(h->config);
	return h->is_program ? queue_take_identity(out, p) : ERR_OK;
}

/* A queue at its default place may be another than the hub's. */
enum err
handle_queue_failed(const struct pushcgi *h, enum err e, struct problem *p)
{
	const struct problem why = *p;

	if (!h->config->no_file)
		return e;
	return problem_set(p, e,
	    "%.300s.  There is no " CONFIG_PATH_DEFAULT
	    ", so the defaults are in force: name another file with --config",
	    why.text);
}

enum err
handle_queue(struct pushcgi *h, struct queue **out, struct problem *p)
{
	struct queue_settings settings;
	enum err e;

	if (h->queue == NULL) {
		e = handle_queue_settings(h, &settings, p);
		if (e == ERR_OK)
			e = queue_open(&h->queue, &settings, QUEUE_WRITE, p);
		if (e != ERR_OK)
			return handle_queue_failed(h, e, p);
	}
	*out = h->queue;
	return ERR_OK;
}
