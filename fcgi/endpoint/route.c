/* SPDX-License-Identifier: MIT */
/* route.c - the table of routes, and the search in it. */
#include "endpoint/route.h"

#include <stdio.h>

#include "endpoint/cors.h"
#include "endpoint/count.h"
#include "endpoint/publish.h"
#include "endpoint/subscribe.h"
#include "endpoint/subscriptions.h"
#include "mercure/count.h"
#include "mercure/discovery.h"
#include "mercure/subscription.h"

static void options_handle(
    struct answer *a, const struct request *rq, struct context *c);

struct route {
	const char *name; /* for the log */
	const char *method, *path;
	endpoint_fn *handle;
	bool publishes; /* only with MERCURE_HUB_ALLOW_PUBLISH */
	bool below;     /* also for all paths below this one */
};

static const struct route routes[] = {
	{ "subscribe", "GET", DISCOVERY_PATH, subscribe_handle, false, false },
	{ "look", "HEAD", DISCOVERY_PATH, subscribe_head, false, false },
	{ "options", "OPTIONS", DISCOVERY_PATH, options_handle, false, false },
	{ "publish", "POST", DISCOVERY_PATH, publish_handle, true, false },
	{ "subscriptions", "GET", SUBSCRIPTION_PATH, subscriptions_handle,
	    false, true },
	{ "subscriptions", "HEAD", SUBSCRIPTION_PATH, subscriptions_handle,
	    false, true },
	{ "options", "OPTIONS", SUBSCRIPTION_PATH, options_handle, false,
	    true },
	{ "count", "GET", COUNT_PATH, count_handle, false, true },
	{ "count", "HEAD", COUNT_PATH, count_handle, false, true },
	{ "options", "OPTIONS", COUNT_PATH, options_handle, false, true },
};

#define ROUTES_N (sizeof(routes) / sizeof(routes[0]))

static bool
route_leads_to(const struct route *r, struct slice path)
{
	const size_t n = strlen(r->path);

	return slice_starts(path, r->path) &&
	       (path.len == n || (r->below && path.base[n] == '/'));
}

static bool
route_open(const struct route *r, const struct context *c)
{
	return !r->publishes || c->settings->config->allow_publish;
}

/* Write the methods of `path`, as "GET, HEAD, …". */
static void
allowed(char *out, size_t size, struct slice path, const struct context *c)
{
	size_t i, n = 0;

	out[0] = '\0';
	for (i = 0; i < ROUTES_N && n < size; i++)
		if (route_leads_to(&routes[i], path) &&
		    route_open(&routes[i], c))
			n += (size_t)snprintf(out + n, size - n, "%s%s",
			    n > 0 ? ", " : "", routes[i].method);
}

static void
options_handle(struct answer *a, const struct request *rq, struct context *c)
{
	char methods[128];

	allowed(methods, sizeof(methods), rq->path, c);
	a->response.status = 204;
	response_header(&a->response, "Allow", "%s", methods);
	cors_preflight(&a->response, rq, c->settings, methods);
}

static bool
is_publish(const struct request *rq)
{
	for (size_t i = 0; i < ROUTES_N; i++)
		if (routes[i].publishes &&
		    slice_is(rq->method, routes[i].method) &&
		    route_leads_to(&routes[i], rq->path))
			return true;
	return false;
}

static void
refuse_method(
    struct answer *a, const struct request *rq, const struct context *c)
{
	char methods[128];

	allowed(methods, sizeof(methods), rq->path, c);
	response_header(&a->response, "Allow", "%s", methods);
	if (is_publish(rq))
		answer_problem(a, 405,
		    "Publishing over HTTP is switched off; set "
		    "MERCURE_HUB_ALLOW_PUBLISH = true, or publish with the "
		    "pushcgi program on the hub's machine.");
	else
		answer_problem(
		    a, 405, "This method is not served here; use %s.", methods);
}

static void
dispatch(struct answer *a, const struct request *rq, struct context *c)
{
	bool found = false;

	for (size_t i = 0; i < ROUTES_N; i++) {
		const struct route *r = &routes[i];

		if (!route_leads_to(r, rq->path))
			continue;
		found = true;
		if (slice_is(rq->method, r->method) && route_open(r, c)) {
			a->decision.route = r->name;
			r->handle(a, rq, c);
			return;
		}
	}
	if (found)
		refuse_method(a, rq, c);
	else
		answer_problem(a, 404, "The hub is at " DISCOVERY_PATH ".");
}

/*
 * Replace an answer for which memory did not suffice: it could lack the header
 * that lets a browser read it, or the id of an update that is then committed.
 */
static void
refuse_incomplete(struct answer *a, const struct request *rq, struct context *c)
{
	enum err e = response_error(&a->response);

	if (e == ERR_OK)
		return;
	response_free(&a->response);
	response_init(&a->response);
	cors_answer(&a->response, rq, c->settings);
	answer_unavailable(a, e);
}

void
route_request(struct answer *a, const struct request *rq, struct context *c)
{
	a->dialect = dialects_common(&c->settings->dialects);
	cors_answer(&a->response, rq, c->settings);
	dispatch(a, rq, c);
	refuse_incomplete(a, rq, c);
	decision_log(&a->decision, a->dialect, a->response.status);
}
