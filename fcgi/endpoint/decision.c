/* SPDX-License-Identifier: MIT */
/* decision.c - writes the decisions about a request to the log. */
#include "endpoint/decision.h"

#include "base/log.h"

void
decision_add_matcher(struct decision *d, const struct matcher *m)
{
	switch (matcher_kind(m)) {
	case MATCHER_ANY:
		d->matchers.any++;
		break;
	case MATCHER_EXACT:
		d->matchers.exact++;
		break;
	case MATCHER_TEMPLATE:
		d->matchers.templates++;
		break;
	}
}

static const char *
word(const char *text)
{
	return text != NULL ? text : "none";
}

void
decision_log(
    const struct decision *d, const struct dialect *dialect, int status)
{
	log_debug("request decided", LOG_TEXT("route", word(d->route)),
	    LOG_TEXT("dialect", dialect->version),
	    LOG_UINT("status", (uint64_t)status),
	    LOG_TEXT("token", word(d->token)),
	    LOG_TEXT("refused", word(d->refused)),
	    LOG_UINT("any", d->matchers.any),
	    LOG_UINT("exact", d->matchers.exact),
	    LOG_UINT("templates", d->matchers.templates),
	    LOG_TEXT("position", word(d->position)));
}
