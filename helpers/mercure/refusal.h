/* SPDX-License-Identifier: MIT */
/* refusal.h - why a request is refused for its token or its lack of one. */
#ifndef MERCURE_REFUSAL_H
#define MERCURE_REFUSAL_H

#include "base/slice.h"

/* Each dialect has its sentences for these. */
enum refusal_reason {
	REFUSAL_PUBLISH_TOKEN,   /* to publish needs a token */
	REFUSAL_SUBSCRIBE_TOKEN, /* to subscribe needs one here */
	REFUSAL_LIST_TOKEN,      /* to list subscriptions needs one */
	REFUSAL_BAD_TOKEN,       /* the log says why */
	REFUSAL_TOKEN_LIMIT,     /* a bad token: `detail` says why */
	REFUSAL_PUBLISH_RIGHT,   /* the token has no right to publish */
	REFUSAL_TOPIC_RIGHT,     /* none for one of the topics */
	REFUSAL_LIST_RIGHT,      /* none for this list of subscriptions */
	REFUSAL_REASONS
};

struct refusal {
	enum refusal_reason reason;
	const char *detail;   /* a sentence; NULL: none */
	struct slice hub_url; /* as browsers see it */
};

#define REFUSAL_TEXT_MAX 1024

/* The answer to the peer: the status, a sentence for the body, and the value of
 * the header WWW-Authenticate ("": none). */
struct refusal_answer {
	int status;
	char sentence[REFUSAL_TEXT_MAX];
	char challenge[REFUSAL_TEXT_MAX];
};

#endif
