/* SPDX-License-Identifier: MIT */
/* count.c - answers with the number of viewers of a topic. */
#include "endpoint/count.h"

#include "config/counts.h"
#include "endpoint/authorize.h"
#include "mercure/count.h"
#include "text/form.h"

#define PARAMS_MAX 100

bool
count_find_topic(struct buf *topic, struct answer *a, struct slice path,
    int status, const struct settings *s)
{
	struct problem p = { "" };
	enum err e = count_read_path(topic, path, &p);

	if (e == ERR_NOTFOUND) {
		answer_problem(a, status, "%s", p.text);
		return false;
	}
	if (e != ERR_OK) {
		answer_unavailable(a, e);
		return false;
	}
	if (counts_have(&s->counts, buf_view(topic)))
		return true;
	a->decision.refused = "counts";
	answer_problem(a, 403,
	    "The number of viewers of this topic is not public: no selector "
	    "of MERCURE_COUNTS matches it.");
	return false;
}

static bool
may_subscribe(struct answer *a, const struct request *rq,
    const struct form *query, struct slice topic, struct context *c)
{
	struct grant *g = NULL;
	bool may;

	authorize_choose_dialect(a, rq, query, c);
	if (authorize(&g, a, rq, query, topic, c, AUTHORIZE_SUBSCRIBER) !=
	    ERR_OK)
		return false;
	may = settings_admit(c->settings, g);
	grant_unref(g);
	if (!may)
		answer_refuse(
		    a, REFUSAL_SUBSCRIBE_TOKEN, NULL, rq, c->settings);
	return may;
}

static void
write_number(struct answer *a, struct slice topic, struct context *c)
{
	struct crowd_count count = { .topic = crowd_key_topic(topic) };
	enum err e = ERR_UNSUPPORTED;

	if (c->roster != NULL)
		e = roster_count_views(c->roster, &count, 1);
	if (e != ERR_OK) {
		answer_unavailable(a, e);
		return;
	}
	a->response.type = "application/json";
	a->response.caching = "private, no-store";
	count_document(&a->response.body, topic, count.n);
}

void
count_handle(struct answer *a, const struct request *rq, struct context *c)
{
	struct form *query = NULL;
	struct buf topic;
	enum err e = form_parse(&query, rq->query, PARAMS_MAX);

	buf_init(&topic, rq->path.len + 1);
	if (e == ERR_LIMIT)
		answer_problem(
		    a, 400, "The query string has too many parameters.");
	else if (e != ERR_OK)
		answer_unavailable(a, e);
	else if (may_subscribe(a, rq, query, buf_view(&topic), c) &&
		 count_find_topic(&topic, a, rq->path, 404, c->settings))
		write_number(a, buf_view(&topic), c);
	buf_free(&topic);
	form_free(query);
}
