/* SPDX-License-Identifier: MIT */
/* decision.h - logs how a request was decided, and why. */
#ifndef ENDPOINT_DECISION_H
#define ENDPOINT_DECISION_H

#include <stddef.h>

#include "match/matcher.h"
#include "mercure/dialect.h"

/* The steps of an answer fill it in; a word that is NULL is logged as "none".
 * None of the words comes from the request. */
struct decision {
	const char *route;    /* "subscribe", "publish", … */
	const char *token;    /* where the token was: "header", "query", … */
	const char *refused;  /* the check that failed (token_check_name()) */
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
