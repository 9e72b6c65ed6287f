/* SPDX-License-Identifier: MIT */
/* publish.c - checks an update that a request publishes. */
#include "endpoint/publish.h"

#include <strings.h>

#include "endpoint/authorize.h"
#include "text/form.h"

/* Besides its topics a publish has five fields.  Other fields are ignored, but
 * their number is limited. */
#define OTHER_FIELDS_MAX 100

#define FORM_TYPE "application/x-www-form-urlencoded"

static bool
is_form(struct slice content_type)
{
	struct slice type = { NULL, 0 };

	slice_cut(&content_type, ';', &type);
	type = slice_trim(type);
	return type.len == sizeof(FORM_TYPE) - 1 &&
	       strncasecmp(type.base, FORM_TYPE, type.len) == 0;
}

/* The status of the answer about an update that breaks a rule. */
static int
status_of(enum err e)
{
	switch (e) {
	case ERR_DENIED:
		return 403;
	case ERR_SYNTAX:
	case ERR_LIMIT:
		return 400;
	default:
		return 503;
	}
}

/* True: the request can be read.  False: the answer says why not. */
static bool
readable(struct answer *a, const struct request *rq, const struct config *c)
{
	if (rq->body_cut)
		answer_problem(
		    a, 408, "The request's body did not arrive in whole.");
	else if (rq->body_too_long)
		answer_problem(a, 413,
		    "The update is longer than %llu bytes "
		    "(MERCURE_MAX_BODY).",
		    (unsigned long long)c->body_max);
	else if (rq->content_encoding.len > 0 &&
		 !slice_is(rq->content_encoding, "identity"))
		answer_problem(a, 415,
		    "The body must not be compressed: leave Content-Encoding "
		    "out.");
	else if (!is_form(rq->content_type))
		answer_problem(
		    a, 415, "The Content-Type must be " FORM_TYPE ".");
	else
		return true;
	return false;
}

static enum err
read_update(struct update_box **out, const struct request *rq,
    const struct config *c, struct problem *p)
{
	const struct update_limits limits = {
		.topics_max = c->topics_max,
		.topic_length_max = c->topic_length_max,
	};
	struct form *form = NULL;
	enum err e;

	e = form_parse(&form, rq->body, c->topics_max + OTHER_FIELDS_MAX);
	if (e == ERR_LIMIT)
		problem_set(p, e,
		    "The form has more than %llu fields (MERCURE_MAX_TOPICS "
		    "and a few).",
		    (unsigned long long)c->topics_max + OTHER_FIELDS_MAX);
	else if (e == ERR_OK)
		e = update_from_form(out, form, &limits, p);
	form_free(form);
	return e;
}

/* Does the request have a token with the right to publish?  Draft 7,
 * "Publishers". */
static bool
is_publisher(struct grant **g, struct answer *a, const struct request *rq,
    const struct form *query, struct context *c)
{
	authorize_choose_dialect(a, rq, query, c);
	if (authorize(g, a, rq, query, slice_of(NULL), c,
		AUTHORIZE_PUBLISHER) != ERR_OK)
		return false;
	if (*g != NULL && grant_has_publish(*g))
		return true;
	answer_refuse(a,
	    *g == NULL ? REFUSAL_PUBLISH_TOKEN : REFUSAL_PUBLISH_RIGHT, NULL,
	    rq, c->settings);
	return false;
}

static bool
admit(struct grant **out, struct answer *a, const struct request *rq,
    struct context *c)
{
	struct form *query = NULL;
	struct grant *g = NULL;
	bool admitted = false;
	enum err e;

	e = form_parse(&query, rq->query, OTHER_FIELDS_MAX);
	if (e == ERR_LIMIT)
		answer_problem(a, 400,
		    "The query string has more than %d parameters.",
		    OTHER_FIELDS_MAX);
	else if (e != ERR_OK)
		answer_unavailable(a, e);
	else
		admitted = is_publisher(&g, a, rq, query, c);

	form_free(query);
	if (admitted)
		*out = g;
	else
		grant_unref(g);
	return admitted;
}

static void
accept_update(struct answer *a, struct update_box *box)
{
	a->response.type = RESPONSE_TEXT;
	a->response.caching = "private, no-store";
	buf_slice(&a->response.body, update_view(box)->id);
	a->kind = ANSWER_PUBLISH;
	a->update = box;
}

void
publish_handle(struct answer *a, const struct request *rq, struct context *c)
{
	const struct config *config = c->settings->config;
	struct update_box *box = NULL;
	struct grant *g = NULL;
	struct problem p = { "" };
	enum err e;

	if (!admit(&g, a, rq, c) || !readable(a, rq, config))
		goto out;
	if ((e = read_update(&box, rq, config, &p)) != ERR_OK)
		answer_problem(a, status_of(e), "%s",
		    p.text[0] != '\0' ? p.text : err_text(e));
	else if (!grant_may_publish(g, update_view(box)->topics))
		answer_refuse(a, REFUSAL_TOPIC_RIGHT, NULL, rq, c->settings);
	else {
		accept_update(a, box);
		box = NULL;
	}
out:
	update_free(box);
	grant_unref(g);
}
