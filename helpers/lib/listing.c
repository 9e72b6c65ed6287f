/* SPDX-License-Identifier: MIT */
/* listing.c - lists and counts the subscriptions of the hub. */
#include "lib/listing.h"

#include "base/mem.h"
#include "lib/remote.h"
#include "match/topic.h"
#include "text/json.h"

#define ID_MAX 4096
#define DOCUMENT_MAX (UINT32_C(64) << 20)

static enum err
list_here(struct pushcgi *h, struct slice topic, queue_subscription_fn *each,
    void *arg, struct buf *last_id, struct problem *p)
{
	struct queue *q;
	enum err e;

	if (!h->config->subscriptions)
		return problem_set(p, ERR_UNSUPPORTED,
		    "Active subscriptions are switched off "
		    "(MERCURE_HUB_SUBSCRIPTIONS).");
	if ((e = handle_queue(h, &q, p)) != ERR_OK)
		return e;
	e = queue_subscriptions(
	    q, selector_topic(topic), slice_of(NULL), each, arg, last_id);
	if (e != ERR_OK)
		problem_set(p, e,
		    "The subscriptions cannot be read from the queue "
		    "(MERCURE_TRANSPORT_URL): %s.",
		    err_text(e));
	return e;
}

enum err
handle_list(struct pushcgi *h, struct slice topic, queue_subscription_fn *each,
    void *arg, struct buf *last_id, struct problem *p)
{
	enum err e = ERR_OK;

	if (topic.base != NULL)
		e = topic_check_selector(topic, h->config->topic_length_max, p);
	if (e != ERR_OK)
		return e;
	return handle_is_remote(h)
		   ? remote_subscriptions(h, topic, each, arg, last_id, p)
		   : list_here(h, topic, each, arg, last_id, p);
}

/* The document in the making; its beginning needs the last id. */
struct writing {
	const struct subscription_form *form;
	struct buf list;
	size_t n;
};

static void
add(void *arg, const struct subscription_view *v)
{
	struct writing *w = arg;

	subscription_add(&w->list, w->form, w->n == 0, v);
	w->n++;
}

enum err
handle_list_document(
    struct pushcgi *h, struct buf *out, struct slice topic, struct problem *p)
{
	const struct subscription_place at = { .selector =
						   selector_topic(topic) };
	struct writing w = { .form = handle_dialect(h)->subscriptions };
	struct buf last_id;
	enum err e;

	buf_init(&w.list, DOCUMENT_MAX);
	buf_init(&last_id, ID_MAX);
	if ((e = handle_list(h, topic, add, &w, &last_id, p)) == ERR_OK)
		e = w.list.err;
	if (e == ERR_OK) {
		/* Not every remote hub has one. */
		w.form->begin(out, &at,
		    last_id.len > 0 ? buf_view(&last_id) : slice_of(NULL));
		buf_slice(out, buf_view(&w.list));
		w.form->end(out);
		e = out->err;
	}
	if (e == ERR_LIMIT)
		e = problem_set(p, e,
		    "There are too many subscriptions for one document; ask "
		    "for those of one topic.");
	buf_free(&w.list);
	buf_free(&last_id);
	return e;
}

/* A member that the payload must have. */
struct member {
	struct slice name, text;
	json_t *json; /* `text` as JSON; NULL: it is not JSON */
};

struct asking {
	struct member *members;
	size_t members_n;
	uint64_t found;
	enum err err;
};

static enum err
read_member(struct member *m, struct slice given, struct problem *p)
{
	enum err e;

	m->text = given;
	if (given.base != NULL)
		slice_cut(&m->text, '=', &m->name);
	if (m->text.base == NULL)
		return problem_set(p, ERR_SYNTAX,
		    "What the payload must have is written KEY=VALUE, "
		    "after a topic.");
	e = json_parse(&m->json, m->text);
	return e == ERR_SYNTAX ? ERR_OK : e;
}

static enum err
read_members(
    struct asking *a, const struct slice *given, size_t n, struct problem *p)
{
	enum err e = ERR_OK;

	if ((a->members = mem_calloc(n, sizeof(*a->members))) == NULL)
		return ERR_NOMEM;
	while (e == ERR_OK && a->members_n < n) {
		struct member *m = &a->members[a->members_n];

		e = read_member(m, given[a->members_n++], p);
	}
	return e;
}

/* A text as it is, anything else as JSON. */
static bool
is_value(const json_t *value, const struct member *m)
{
	const struct slice text = json_slice(value);

	return json_is_string(value) ? slice_eq(text, m->text)
				     : json_equal(value, m->json);
}

static bool
has_member(json_t *payload, const struct member *m)
{
	void *at = json_object_iter(payload);

	for (; at != NULL; at = json_object_iter_next(payload, at))
		if (slice_is(m->name, json_object_iter_key(at)))
			return is_value(json_object_iter_value(at), m);
	return false;
}

static bool
has_all(json_t *payload, const struct asking *a)
{
	for (size_t i = 0; i < a->members_n; i++)
		if (!has_member(payload, &a->members[i]))
			return false;
	return true;
}

static void
count_view(void *arg, const struct subscription_view *v)
{
	struct asking *a = arg;
	json_t *payload = NULL;
	enum err e;

	if (a->members_n == 0) {
		a->found++;
		return;
	}
	if ((e = json_parse(&payload, v->payload)) == ERR_NOMEM)
		a->err = e;
	if (e != ERR_OK)
		return;
	if (has_all(payload, a))
		a->found++;
	json_decref(payload);
}

enum err
handle_connected(struct pushcgi *h, uint64_t *found, struct slice topic,
    const struct slice *members, size_t n, struct problem *p)
{
	struct asking a = { .err = ERR_OK };
	struct buf last_id;
	enum err e;

	if (topic.base == NULL)
		return problem_set(p, ERR_SYNTAX, "A topic is missing.");
	buf_init(&last_id, ID_MAX);
	if ((e = read_members(&a, members, n, p)) == ERR_OK)
		e = handle_list(h, topic, count_view, &a, &last_id, p);
	if (e == ERR_OK)
		e = a.err;
	if (e == ERR_OK)
		*found = a.found;
	for (size_t i = 0; i < a.members_n; i++)
		json_decref(a.members[i].json);
	mem_free(a.members);
	buf_free(&last_id);
	return e;
}
