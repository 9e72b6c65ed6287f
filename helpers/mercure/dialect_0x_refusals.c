/* SPDX-License-Identifier: MIT */
/* dialect_0x_refusals.c - statuses and sentences of 0.x for refusals. */
#include <stdio.h>

#include "mercure/dialect_0x.h"

static const struct {
	int status;
	const char *challenge; /* RFC 6750, section 3; "": none */
	const char *sentence;
} refusals[REFUSAL_REASONS] = {
	[REFUSAL_PUBLISH_TOKEN] = { 401, "Bearer",
	    "Publishing needs an access token, best in an "
	    "\"Authorization: Bearer\" header (Apache passes that header on "
	    "with CGIPassAuth On)." },
	[REFUSAL_SUBSCRIBE_TOKEN] = { 401, "Bearer",
	    "Subscribing needs an access token (MERCURE_HUB_ALLOW_ANONYMOUS "
	    "is off)." },
	[REFUSAL_LIST_TOKEN] = { 401, "Bearer",
	    "The subscription API needs an access token whose claim "
	    "mercure.subscribe has a selector for this URL." },
	[REFUSAL_BAD_TOKEN] = { 401, "Bearer error=\"invalid_token\"",
	    "The access token is not valid; the hub's log says why." },
	[REFUSAL_TOKEN_LIMIT] = { 401, "Bearer error=\"invalid_token\"",
	    "The access token is not valid." },
	[REFUSAL_PUBLISH_RIGHT] = { 403, "",
	    "The access token grants no right to publish (claim "
	    "mercure.publish)." },
	[REFUSAL_TOPIC_RIGHT] = { 403, "",
	    "The access token does not grant the right to publish to every "
	    "topic of this update (claim mercure.publish)." },
	[REFUSAL_LIST_RIGHT] = { 403, "",
	    "The access token does not grant this URL: its claim "
	    "mercure.subscribe has no selector that matches it, such "
	    "as " SUBSCRIPTION_PATH "{/topic}{/subscriber}." },
};

void
dialect_0x_refuse(struct refusal_answer *out, const struct refusal *r)
{
	out->status = refusals[r->reason].status;
	(void)snprintf(out->challenge, sizeof(out->challenge), "%s",
	    refusals[r->reason].challenge);
	(void)snprintf(out->sentence, sizeof(out->sentence), "%s%s%s",
	    refusals[r->reason].sentence, r->detail != NULL ? " " : "",
	    r->detail != NULL ? r->detail : "");
}

void
dialect_0x_write_problem(struct buf *out, int status, const char *sentence)
{
	(void)status;
	buf_printf(out, "%s\n", sentence);
}
