/* SPDX-License-Identifier: MIT */
/* cors.c - Cross-Origin Resource Sharing for listed origins only. */
#include "cors.h"

#include <stdio.h>

#include "log.h"

#define ORIGIN_MAX 512

static bool
listed(const struct request *rq, const struct settings *s)
{
	return rq->origin.len > 0 && rq->origin.len < ORIGIN_MAX &&
	       config_list_has(s->config->cors_allowed_origins, rq->origin);
}

void
cors_answer(
    struct response *r, const struct request *rq, const struct settings *s)
{
	response_header(r, "Vary", "Origin");
	if (!listed(rq, s))
		return;
	response_header(
	    r, "Access-Control-Allow-Origin", "%.*s", SLICE_ARG(rq->origin));
	response_header(r, "Access-Control-Allow-Credentials", "true");
	response_header(
	    r, "Access-Control-Expose-Headers", "Last-Event-ID, Link");
}

void
cors_preflight(struct response *r, const struct request *rq,
    const struct settings *s, const char *methods)
{
	if (!listed(rq, s)) {
		if (rq->origin.len > 0)
			log_info("preflight refused: its origin is not in "
				 "MERCURE_CORS_ALLOWED_ORIGINS");
		return;
	}
	response_header(r, "Access-Control-Allow-Methods", "%s", methods);
	response_header(r, "Access-Control-Allow-Headers",
	    "Authorization, Cache-Control, Content-Type, Last-Event-ID");
	response_header(r, "Access-Control-Max-Age", "86400");
}

/* The origin of a URL: all before the first '/' behind "://". */
static struct slice
origin_of(struct slice url)
{
	size_t i = 0;

	while (i + 2 < url.len && memcmp(url.base + i, "://", 3) != 0)
		i++;
	for (i += 3; i < url.len; i++)
		if (memchr("/?#", url.base[i], 3) != NULL)
			break;
	return (struct slice){ url.base, i < url.len ? i : url.len };
}

static bool
is_own(struct slice origin, const struct request *rq, const struct settings *s)
{
	char own[ORIGIN_MAX];
	int n;

	if (s->config->public_hub_url != NULL)
		return slice_eq(
		    origin, origin_of(slice_of(s->config->public_hub_url)));
	if (rq->host.len == 0)
		return false;
	n = snprintf(own, sizeof(own), "http%s://%.*s", rq->https ? "s" : "",
	    SLICE_ARG(rq->host));
	return n > 0 && (size_t)n < sizeof(own) && slice_is(origin, own);
}

bool
cors_may_publish(const struct request *rq, const struct settings *s)
{
	struct slice origin = rq->origin;

	if (origin.len == 0)
		origin = origin_of(rq->referer);
	if (origin.len == 0)
		return false;
	return is_own(origin, rq, s) ||
	       config_list_has(s->config->publish_allowed_origins, origin);
}
