/* SPDX-License-Identifier: MIT */
/* dialect_0x.c - the table of protocol 0.x (draft 7). */
#include "mercure/dialect_0x.h"

/* The beginning of all matcher parameters of 1.0. */
#define NEWER "match"

static bool
owns_query(const struct form *query)
{
	return form_get(query, "topic").base != NULL;
}

/* Refuse parameters of 1.0, so that a request of 1.0 is never read by the rules
 * of 0.x. */
static enum err
check_query(const struct form *query, struct problem *p)
{
	for (size_t i = 0; i < form_count(query); i++)
		if (slice_starts(form_at(query, i).name, NEWER))
			return problem_set(p, ERR_SYNTAX,
			    "The parameters match… belong to protocol 1.0, "
			    "which this hub does not serve; use topic.");
	return ERR_OK;
}

const struct dialect dialect_0x = {
	.version = DIALECT_0X_VERSION,
	.matcher_params = { { "topic", SELECTOR_TOPIC } },
	.last_id_params = { "lastEventID", "lastEventId", "Last-Event-ID",
	    "last_event_id", "evs_last_event_id", NULL },
	.last_id_response = "Last-Event-ID",
	.last_id_link = "last-event-id",
	.owns_query = owns_query,
	.check_query = check_query,
	.token_param = "authorization",
	.cookie_setting = "MERCURE_AUTHZ_COOKIE_NAME",
	.token_typ = "jwt",
	.needs_expiry = false,
	.read_grant = dialect_0x_read_grant,
	.write_claims = dialect_0x_write_claims,
	.problem_type = "text/plain; charset=utf-8",
	.write_problem = dialect_0x_write_problem,
	.refuse = dialect_0x_refuse,
	.subscriptions = &dialect_0x_subscriptions,
};
