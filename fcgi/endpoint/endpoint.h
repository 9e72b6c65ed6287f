/* SPDX-License-Identifier: MIT */
/* endpoint.h - an endpoint's context, and the answer that it makes. */
#ifndef ENDPOINT_ENDPOINT_H
#define ENDPOINT_ENDPOINT_H

#include "endpoint/decision.h"
#include "endpoint/settings.h"
#include "fanout/patterns.h"
#include "fanout/subscriber.h"
#include "mercure/dialect.h"
#include "mercure/update.h"
#include "queue/queue.h"
#include "request/request.h"
#include "request/response.h"

/* The header of an answer to a subscriber that says whose rights it has:
 * anonymous, token or session. */
#define SUBSCRIBER_HEADER "Pushcgi-Subscriber"

/* The context of an endpoint's requests; owner: one worker thread. */
struct context {
	const struct settings *settings;
	enum framing framing;
	struct roster *roster;     /* NULL: subscribers are not counted */
	struct patterns *patterns; /* NULL: patterns are not limited */
	struct queue *queue;       /* for reading; NULL until context_queue() */
	size_t list_max; /* bytes of a list of subscriptions; 0: as usual */
};

/* The worker's own handle on the log, opened when first needed.  Errors as of
 * queue_open(); the cause is logged. */
enum err context_queue(struct context *c, struct queue **out);

enum answer_kind {
	ANSWER_RESPONSE, /* `response` is all */
	ANSWER_STREAM, /* `opening` becomes a stream, or `response` a refusal */
	ANSWER_PUBLISH /* `response`, once `update` is committed */
};

/* Zero it, then response_init(). */
struct answer {
	enum answer_kind kind;
	/* The dialect that the request speaks; until it is known, the dialect
	 * that every client knows. */
	const struct dialect *dialect;
	struct decision decision; /* for the log */
	struct response response;
	struct subscriber_opening *opening;
	struct update_box *update;
};

void answer_free(struct answer *a);

/* One HTTP method on one path. */
typedef void endpoint_fn(
    struct answer *a, const struct request *rq, struct context *c);

/* Make the answer an error: the sentence becomes its body, in the form of the
 * dialect.  Headers added before stay. */
void answer_problem(struct answer *a, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Make the answer a refusal, because of the request's token or the lack of one.
 * `detail` NULL: there is none. */
void answer_refuse(struct answer *a, enum refusal_reason reason,
    const char *detail, const struct request *rq, const struct settings *s);

/* Log why the queue failed and make the answer a 503. */
void answer_unavailable(struct answer *a, enum err e);

#endif
