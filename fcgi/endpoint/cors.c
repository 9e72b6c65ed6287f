/* SPDX-License-Identifier: MIT */
/* cors.c - Cross-Origin Resource Sharing for listed origins only. */
#include "endpoint/cors.h"

#include <stdio.h>

#include "base/log.h"
#include "config/hub_urls.h"
#include "endpoint/endpoint.h"
#include "request/client.h"
#include "text/origin.h"

#define ORIGIN_MAX 512

static bool
listed(const struct request *rq, const struct settings *s)
{
	return rq->origin.len < ORIGIN_MAX && origin_is_written(rq->origin) &&
	       config_list_has(s->config->cors_allowed_origins, rq->origin);
}

static bool
is_own(struct slice origin, const struct request *rq, const struct settings *s)
{
	char url[ORIGIN_MAX];
	struct slice own = { url, 0 };
	struct client c;
	int n;

	if (s->config->public_hub_url != NULL)
		return hub_urls_have_origin(s->config->public_hub_url, origin);
	client_find(&c, rq, s->trusted);
	n = snprintf(url, sizeof(url), "http%s://%.*s", c.https ? "s" : "",
	    SLICE_ARG(c.host));
	if (n < 0 || (size_t)n >= sizeof(url))
		return false;
	own.len = (size_t)n;
	/* A Host header that holds more than a host and port (a path, say) is
	 * not an origin. */
	return origin_of_url(own).len == own.len && origin_is_of(origin, own);
}

/* Log the origin and the setting that would allow it.  An origin that no list
 * can hold is not logged. */
static void
log_refused(const struct request *rq, struct slice origin,
    const struct settings *s, const char *setting)
{
	char client[IP_TEXT_MAX];

	if (origin.len >= ORIGIN_MAX || !origin_is_written(origin))
		return;
	client_name(client, rq, s->trusted);
	log_info("origin refused", LOG_SLICE("origin", origin),
	    LOG_TEXT("client", client), LOG_TEXT("setting", setting));
}

/* Let scripts read the headers that each dialect adds to an answer. */
static void
expose_headers(struct response *r, const struct dialects *in_force)
{
	char names[256];
	size_t n = 0;

	for (size_t i = 0; i < in_force->n && n < sizeof(names); i++)
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s, ",
		    in_force->v[i]->last_id_response);
	response_header(r, "Access-Control-Expose-Headers",
	    "%sLink, " SUBSCRIBER_HEADER, names);
}

void
cors_answer(
    struct response *r, const struct request *rq, const struct settings *s)
{
	response_header(r, "Vary", "Origin");
	if (!listed(rq, s)) {
		if (!is_own(rq->origin, rq, s))
			log_refused(
			    rq, rq->origin, s, "MERCURE_CORS_ALLOWED_ORIGINS");
		return;
	}
	response_header(
	    r, "Access-Control-Allow-Origin", "%.*s", SLICE_ARG(rq->origin));
	response_header(r, "Access-Control-Allow-Credentials", "true");
	expose_headers(r, &s->dialects);
}

void
cors_preflight(struct response *r, const struct request *rq,
    const struct settings *s, const char *methods)
{
	if (!listed(rq, s))
		return;
	response_header(r, "Access-Control-Allow-Methods", "%s", methods);
	/* The last six are what libraries add to every request of a page. */
	response_header(r, "Access-Control-Allow-Headers",
	    "Authorization, Cache-Control, Content-Type, Last-Event-ID, "
	    "Baggage, Pragma, Sentry-Trace, Traceparent, Tracestate, "
	    "X-Requested-With");
	response_header(r, "Access-Control-Max-Age", "86400");
}

bool
cors_may_publish(const struct request *rq, const struct settings *s)
{
	struct slice origin = rq->origin;

	if (origin.len == 0)
		origin = origin_of_url(rq->referer);
	if (!origin_is_written(origin))
		return false;
	if (is_own(origin, rq, s) ||
	    config_list_has(s->config->publish_allowed_origins, origin))
		return true;
	log_refused(rq, origin, s, "MERCURE_PUBLISH_ALLOWED_ORIGINS");
	return false;
}
