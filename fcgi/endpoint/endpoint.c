/* SPDX-License-Identifier: MIT */
/* endpoint.c - functions that all endpoints share. */
#include "endpoint/endpoint.h"

#include <stdarg.h>
#include <stdio.h>

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
answer_problem(struct answer *a, int status, const char *fmt, ...)
{
	struct response *r = &a->response;
	char sentence[REFUSAL_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(sentence, sizeof(sentence), fmt, ap);
	va_end(ap);
	response_fail(r, status, a->dialect->problem_type);
	a->dialect->write_problem(&r->body, status, sentence);
}

void
answer_refuse(struct answer *a, enum refusal_reason reason, const char *detail,
    const struct request *rq, const struct settings *s)
{
	const struct refusal r = { .reason = reason,
		.detail = detail,
		.hub_url = settings_hub_url(s, rq) };
	struct refusal_answer words;

	a->dialect->refuse(&words, &r);
	if (words.challenge[0] != '\0')
		response_header(
		    &a->response, "WWW-Authenticate", "%s", words.challenge);
	answer_problem(a, words.status, "%s", words.sentence);
}

void
answer_unavailable(struct answer *a, enum err e)
{
	log_warn("request failed", LOG_TEXT("reason", err_text(e)));
	a->kind = ANSWER_RESPONSE;
	response_header(&a->response, "Retry-After", "1");
	answer_problem(a, 503,
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
