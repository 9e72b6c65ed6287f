/* SPDX-License-Identifier: MIT */
/* subscriptions.c - answers who subscribes, to those who may know. */
#include "endpoint/subscriptions.h"

#include <stdio.h>

#include "base/digest.h"
#include "base/utf8.h"
#include "endpoint/authorize.h"
#include "mercure/dialect.h"
#include "mercure/discovery.h"
#include "mercure/subscription.h"
#include "text/percent.h"

#define PARAMS_MAX 100
#define ID_MAX 4096
#define LIST_MAX ((size_t)64 << 20)

/* One request: what it asks for, decoded, and the document in the making. */
struct asking {
	struct buf topic, subscriber; /* of the path; see has_… */
	bool has_topic, has_subscriber;
	struct buf path; /* encoded as the hub does it */
	struct buf last_id;
	size_t n; /* subscriptions in the document */
	struct answer *answer;
};

static struct slice
given(bool has, const struct buf *b)
{
	return has ? buf_view(b) : slice_of(NULL);
}

static bool
problem(struct answer *a, int status, const char *sentence)
{
	response_problem(&a->response, status, "%s", sentence);
	return false;
}

/* One segment of the path, decoded once; a slash in it came as %2F. */
static bool
read_segment(struct buf *out, bool *has, struct slice *rest)
{
	struct slice segment;

	if (!slice_cut(rest, '/', &segment))
		return true;
	percent_decode(out, segment);
	*has = true;
	return out->len > 0 && utf8_valid(buf_view(out)) &&
	       !utf8_has_control(buf_view(out));
}

static bool
read_path(struct asking *q, const struct request *rq)
{
	struct slice rest = slice_after(rq->path, strlen(SUBSCRIPTION_PATH));
	enum err e;
	bool fits;

	if (rest.len == 0)
		rest = slice_of(NULL);
	else
		rest = slice_after(rest, 1); /* route.c: a slash */
	fits = read_segment(&q->topic, &q->has_topic, &rest) &&
	       read_segment(&q->subscriber, &q->has_subscriber, &rest) &&
	       rest.base == NULL;
	if (fits)
		subscription_path(&q->path, given(q->has_topic, &q->topic),
		    given(q->has_subscriber, &q->subscriber));
	if ((e = q->topic.err) != ERR_OK || (e = q->subscriber.err) != ERR_OK ||
	    (e = q->path.err) != ERR_OK) {
		answer_unavailable(q->answer, e);
		return false;
	}
	if (!fits)
		return problem(q->answer, 404,
		    "Subscriptions are at " SUBSCRIPTION_PATH
		    "{/topic}{/subscriber}, each percent-encoded once.");
	return true;
}

/* Draft 7: one of the token's selectors matches the URL, which is the topic
 * of the events about the same. */
static bool
admit(struct asking *q, const struct request *rq, struct context *c)
{
	struct answer *a = q->answer;
	struct form *query = NULL;
	struct grant *g = NULL;
	bool admitted = false;
	enum err e;

	if ((e = form_parse(&query, rq->query, PARAMS_MAX)) == ERR_LIMIT)
		problem(a, 400, "The query string has too many parameters.");
	else if (e != ERR_OK)
		answer_unavailable(a, e);
	else if (authorize(&g, a, rq, query, &dialect_0x, c,
		     AUTHORIZE_SUBSCRIBER) != ERR_OK)
		; /* it has made the answer */
	else if (g == NULL || (grant_is_session(g) && grant_is_empty(g)))
		authorize_ask(a,
		    "The subscription API needs an access token whose claim "
		    "mercure.subscribe has a selector for this URL.");
	else if (!grant_may_receive(g, buf_view(&q->path), NULL))
		problem(a, 403,
		    "The access token does not grant this URL: its claim "
		    "mercure.subscribe has no selector that matches it, such "
		    "as " SUBSCRIPTION_PATH "{/topic}{/subscriber}.");
	else
		admitted = true;
	form_free(query);
	grant_unref(g);
	return admitted;
}

static void
begin_list(struct asking *q)
{
	subscription_list_begin(&q->answer->response.body,
	    given(q->has_topic, &q->topic), buf_view(&q->last_id));
}

static void
add(void *arg, const struct subscription_view *v)
{
	struct asking *q = arg;
	struct buf *body = &q->answer->response.body;

	if (q->has_subscriber) {
		if (q->n == 0)
			subscription_write(body, v, buf_view(&q->last_id));
	} else {
		if (q->n == 0)
			begin_list(q);
		subscription_list_add(body, q->n == 0, v);
	}
	q->n++;
}

/* Of the document itself: it may change without a word in the log. */
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

	r->type = SUBSCRIPTION_TYPE;
	r->caching = "private, must-revalidate, max-age=0";
	buf_init(&link, ID_MAX);
	discovery_link(&link, settings_hub_url(s), slice_of(NULL));
	if (link.err != ERR_OK)
		r->head.err = link.err;
	response_header(r, "Link", "%.*s", SLICE_ARG(buf_view(&link)));
	buf_free(&link);

	if (!q->has_subscriber && q->n == 0)
		begin_list(q);
	if (!q->has_subscriber)
		subscription_list_end(&r->body);
	write_tag(r, rq);
}

static void
answer(struct asking *q, const struct request *rq, struct context *c)
{
	struct queue *queue;
	enum err e;

	if ((e = context_queue(c, &queue)) == ERR_OK)
		e = queue_subscriptions(queue,
		    selector_topic(given(q->has_topic, &q->topic)),
		    given(q->has_subscriber, &q->subscriber), add, q,
		    &q->last_id);
	if (e == ERR_OK)
		e = q->answer->response.body.err;
	if (e == ERR_LIMIT)
		problem(q->answer, 503,
		    "There are more subscriptions than one answer can hold; "
		    "ask for those of one topic.");
	else if (e != ERR_OK)
		answer_unavailable(q->answer, e);
	else if (q->has_subscriber && q->n == 0)
		problem(q->answer, 404, "There is no such subscription now.");
	else
		write_answer(q, rq, c->settings);
}

void
subscriptions_handle(
    struct answer *a, const struct request *rq, struct context *c)
{
	struct asking q = { .answer = a };

	buf_init(&q.topic, rq->path.len + 1);
	buf_init(&q.subscriber, rq->path.len + 1);
	buf_init(&q.path, 3 * rq->path.len + sizeof(SUBSCRIPTION_PATH));
	buf_init(&q.last_id, ID_MAX);
	response_allow(&a->response, c->list_max > 0 ? c->list_max : LIST_MAX);
	if (!c->settings->config->subscriptions)
		problem(a, 404,
		    "Active subscriptions are switched off "
		    "(MERCURE_HUB_SUBSCRIPTIONS).");
	else if (read_path(&q, rq) && admit(&q, rq, c))
		answer(&q, rq, c);
	buf_free(&q.topic);
	buf_free(&q.subscriber);
	buf_free(&q.path);
	buf_free(&q.last_id);
}
