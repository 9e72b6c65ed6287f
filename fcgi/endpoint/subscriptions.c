/* SPDX-License-Identifier: MIT */
/* subscriptions.c - lists active subscriptions if the token grants it. */
#include "endpoint/subscriptions.h"

#include <stdio.h>

#include "base/digest.h"
#include "endpoint/authorize.h"
#include "mercure/discovery.h"
#include "mercure/subscription.h"
#include "text/form.h"

#define PARAMS_MAX 100
#define ID_MAX 4096
#define LIST_MAX ((size_t)64 << 20)

/* One request: the place that it names, and the document of its answer. */
struct asking {
	struct subscription_place at; /* its texts are in `decoded` */
	struct buf decoded;
	struct buf path; /* of the place, as the hub writes it */
	struct buf last_id;
	size_t n; /* subscriptions in the document */
	struct answer *answer;
	const struct subscription_form *form;
};

static bool
problem(struct answer *a, int status, const char *sentence)
{
	answer_problem(a, status, "%s", sentence);
	return false;
}

static bool
read_path(struct asking *q, const struct request *rq)
{
	struct problem p = { "" };
	enum err e;

	e = q->form->read_path(&q->at, &q->decoded, rq->path, &p);
	if (e == ERR_NOTFOUND)
		return problem(q->answer, 404, p.text);
	if (e == ERR_OK) {
		q->form->path(&q->path, &q->at);
		e = q->path.err;
	}
	if (e != ERR_OK)
		answer_unavailable(q->answer, e);
	return e == ERR_OK;
}

/* Draft 7: one of the token's selectors must match the URL, which is also the
 * topic of the events about these subscriptions. */
static bool
may_list(struct asking *q, const struct request *rq, const struct form *query,
    struct context *c)
{
	struct answer *a = q->answer;
	struct grant *g = NULL;
	bool may = false;

	if (authorize(&g, a, rq, query, buf_view(&q->path), c,
		AUTHORIZE_SUBSCRIBER) != ERR_OK)
		return false;
	if (g == NULL || (grant_is_session(g) && grant_is_empty(g)))
		answer_refuse(a, REFUSAL_LIST_TOKEN, NULL, rq, c->settings);
	else if (!grant_may_receive(g, buf_view(&q->path), NULL))
		answer_refuse(a, REFUSAL_LIST_RIGHT, NULL, rq, c->settings);
	else
		may = true;
	grant_unref(g);
	return may;
}

static void
begin_list(struct asking *q)
{
	q->form->begin(
	    &q->answer->response.body, &q->at, buf_view(&q->last_id));
}

static bool
is_list(const struct asking *q)
{
	return q->at.subscriber.base == NULL;
}

static void
add(void *arg, const struct subscription_view *v)
{
	struct asking *q = arg;
	struct buf *body = &q->answer->response.body;

	if (is_list(q)) {
		if (q->n == 0)
			begin_list(q);
		subscription_add(body, q->form, q->n == 0, v);
	} else if (q->n == 0) {
		q->form->write(body, v, buf_view(&q->last_id));
	}
	q->n++;
}

/* Make the ETag from the document itself, since it may change without an update
 * in the log. */
static void
write_tag(struct response *r, const struct request *rq)
{
	uint8_t digest[DIGEST_SIZE];
	char tag[2 * 16 + 3] = "\"";
	enum err e = digest_sha256(digest, buf_view(&r->body));

	if (e != ERR_OK) {
		r->body.err = e;
		return;
	}
	for (size_t i = 0; i < 16; i++)
		snprintf(tag + 1 + 2 * i, 3, "%02x", digest[i]);
	tag[sizeof(tag) - 2] = '"';
	response_header(r, "ETag", "%s", tag);
	if (slice_is(rq->if_none_match, tag)) {
		r->status = 304;
		r->type = NULL;
		buf_clear(&r->body);
	}
}

static void
write_answer(
    struct asking *q, const struct request *rq, const struct settings *s)
{
	struct response *r = &q->answer->response;
	struct buf link;

	r->type = q->form->type;
	r->caching = "private, must-revalidate, max-age=0";
	buf_init(&link, ID_MAX);
	discovery_link(
	    &link, q->answer->dialect, settings_hub_url(s, rq), slice_of(NULL));
	if (link.err != ERR_OK)
		r->head.err = link.err;
	response_header(r, "Link", "%.*s", SLICE_ARG(buf_view(&link)));
	buf_free(&link);

	if (is_list(q) && q->n == 0)
		begin_list(q);
	if (is_list(q))
		q->form->end(&r->body);
	write_tag(r, rq);
}

static void
write_document(struct asking *q, const struct request *rq, struct context *c)
{
	struct queue *queue;
	enum err e;

	if ((e = context_queue(c, &queue)) == ERR_OK)
		e = queue_subscriptions(queue, q->at.selector, q->at.subscriber,
		    add, q, &q->last_id);
	if (e == ERR_OK)
		e = q->answer->response.body.err;
	if (e == ERR_LIMIT)
		problem(q->answer, 503,
		    "There are more subscriptions than one answer can hold; "
		    "ask for those of one topic.");
	else if (e != ERR_OK)
		answer_unavailable(q->answer, e);
	else if (!is_list(q) && q->n == 0)
		problem(q->answer, 404, "There is no such subscription now.");
	else
		write_answer(q, rq, c->settings);
}

/* The token decides the dialect, which decides how the path is read. */
static void
answer_place(struct answer *a, const struct request *rq,
    const struct form *query, struct context *c)
{
	struct asking q = { .answer = a };

	authorize_choose_dialect(a, rq, query, c);
	q.form = a->dialect->subscriptions;
	buf_init(&q.decoded, rq->path.len + 2);
	buf_init(&q.path, 3 * rq->path.len + sizeof(SUBSCRIPTION_PATH));
	buf_init(&q.last_id, ID_MAX);
	if (read_path(&q, rq) && may_list(&q, rq, query, c))
		write_document(&q, rq, c);
	buf_free(&q.decoded);
	buf_free(&q.path);
	buf_free(&q.last_id);
}

void
subscriptions_handle(
    struct answer *a, const struct request *rq, struct context *c)
{
	struct form *query = NULL;
	enum err e;

	response_allow(&a->response, c->list_max > 0 ? c->list_max : LIST_MAX);
	if (!c->settings->config->subscriptions)
		problem(a, 404,
		    "Active subscriptions are switched off "
		    "(MERCURE_HUB_SUBSCRIPTIONS).");
	else if ((e = form_parse(&query, rq->query, PARAMS_MAX)) == ERR_LIMIT)
		problem(a, 400, "The query string has too many parameters.");
	else if (e != ERR_OK)
		answer_unavailable(a, e);
	else
		answer_place(a, rq, query, c);
	form_free(query);
}
