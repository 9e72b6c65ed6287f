/* SPDX-License-Identifier: MIT */
/* endpoint.c - what endpoints share. */
#include "endpoint/endpoint.h"

#include "base/log.h"
#include "config/queue.h"

enum err
context_queue(struct context *c, struct queue **out)
{
	struct queue_settings s = config_queue(c->settings->config);
	struct problem p = { "" };
	enum err e = ERR_OK;

	if (c->queue == NULL &&
	    (e = queue_open(&c->queue, &s, QUEUE_READ, &p)) != ERR_OK)
		log_err("queue not opened", LOG_TEXT("reason", p.text));
	else
		*out = c->queue;
	return e;
}

void
answer_unavailable(struct answer *a, enum err e)
{
	log_warn("request failed", LOG_TEXT("reason", err_text(e)));
	a->kind = ANSWER_RESPONSE;
	response_header(&a->response, "Retry-After", "1");
	response_problem(&a->response, 503,
	    "The hub cannot use its queue right now (%s); try again.",
	    err_text(e));
}

void
answer_free(struct answer *a)
{
	response_free(&a->response);
	subscriber_opening_free(a->opening);
	update_free(a->update);
}
