/* SPDX-License-Identifier: MIT */
/* decision.h - reports in the log what was decided about a request, and why. */
#ifndef ENDPOINT_DECISION_H
#define ENDPOINT_DECISION_H

#include <stddef.h>

#include "match/matcher.h"
#include "mercure/dialect.h"

/* Filled in by the steps of an answer; a word that is NULL is not logged.  None
 * of them comes from the request. */
struct decision {
	const char *route; /* "subscribe", "publish", … */
	const char *token; /* where the token was: "header", "query", … */
	const char
	    *refused; /* the check that refused it (token_check_name()) */
	const char *position; /* where the stream begins */
	struct {
		size_t any, exact, templates;
	} matchers;
};

/* Count one matcher. */
void decision_add_matcher(struct decision *d, const struct matcher *m);

/* Log the decision, at the level debug. */
void decision_log(
    const struct decision *d, const struct dialect *dialect, int status);

#endif
