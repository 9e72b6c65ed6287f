/* SPDX-License-Identifier: MIT */
/* other_dialect.c - a made-up second generation of the protocol. */
#include "unit/other_dialect.h"

#include <stdio.h>

#include "mercure/token.h"
#include "text/percent.h"

static bool
owns_query(const struct form *query)
{
	for (size_t i = 0; i < form_count(query); i++)
		if (slice_starts(form_at(query, i).name, "match"))
			return true;
	return false;
}

static enum err
check_query(const struct form *query, struct problem *p)
{
	if (form_get(query, "topic").base == NULL)
		return ERR_OK;
	return problem_set(p, ERR_SYNTAX, "Use match, not topic.");
}

static enum err
read_topics(struct matcher_list *out, const json_t *topics, struct problem *p)
{
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < json_array_size(topics); i++) {
		const char *text = json_string_value(json_array_get(topics, i));
		struct matcher *m = NULL;

		e = matcher_new(
		    &m, (struct selector){ SELECTOR_EXACT, slice_of(text) }, p);
		if (e == ERR_OK && (e = matcher_list_add(out, m)) != ERR_OK)
			matcher_unref(m);
	}
	return e;
}

static enum err
read_grant(struct grant **out, const json_t *claims, uint64_t key,
    int64_t expires_ms, size_t matchers_max, struct problem *p)
{
	const json_t *topics = json_object_get(claims, "topics");
	struct grant_parts parts = { .key = key, .expires_ms = expires_ms };
	enum err e;

	(void)matchers_max;
	if ((e = read_topics(&parts.publish, topics, p)) == ERR_OK &&
	    (e = read_topics(&parts.subscribe, topics, p)) == ERR_OK)
		e = grant_new(out, &parts);
	matcher_list_free(&parts.publish);
	matcher_list_free(&parts.subscribe);
	return e;
}

static enum err
write_claims(json_t *claims, const struct token_rights *r, struct problem *p)
{
	json_t *topics = json_array();

	(void)p;
	if (json_object_set_new(claims, "topics", topics) != 0)
		return ERR_NOMEM;
	for (size_t i = 0; i < r->publish_n; i++)
		if (json_array_append_new(
			topics, json_stringn(r->publish[i].text.base,
				    r->publish[i].text.len)) != 0)
			return ERR_NOMEM;
	return ERR_OK;
}

static void
write_problem(struct buf *out, int status, const char *sentence)
{
	buf_printf(out, "{\"status\":%d,\"detail\":", status);
	json_write_text(out, slice_of(sentence));
	buf_byte(out, '}');
}

static void
refuse(struct refusal_answer *out, const struct refusal *r)
{
	out->status = r->reason <= REFUSAL_TOKEN_LIMIT ? 401 : 403;
	(void)snprintf(out->challenge, sizeof(out->challenge),
	    "Other hub=\"%.*s\"", SLICE_ARG(r->hub_url));
	(void)snprintf(
	    out->sentence, sizeof(out->sentence), "Reason %d.", r->reason);
}

/* The kind stands in front of the topic. */
static void
write_path(struct buf *out, const struct subscription_place *at)
{
	buf_text(out, SUBSCRIPTION_PATH);
	if (at->selector.text.base == NULL)
		return;
	buf_printf(out, "/kind%d/", at->selector.kind);
	percent_encode(out, at->selector.text);
	if (at->subscriber.base != NULL) {
		buf_byte(out, '/');
		percent_encode(out, at->subscriber);
	}
}

/* It has only the list of all. */
static enum err
read_path(struct subscription_place *out, struct buf *text, struct slice path,
    struct problem *p)
{
	(void)text;
	if (!slice_is(path, SUBSCRIPTION_PATH))
		return problem_set(p, ERR_NOTFOUND, "There is one list.");
	*out = (struct subscription_place){ .subscriber = slice_of(NULL) };
	return ERR_OK;
}

static void
write_one(
    struct buf *out, const struct subscription_view *v, struct slice last_id)
{
	(void)last_id;
	buf_text(out, "{\"match\":");
	json_write_text(out, v->selector.text);
	buf_printf(out, ",\"kind\":%d}", v->selector.kind);
}

static void
begin(
    struct buf *out, const struct subscription_place *at, struct slice last_id)
{
	(void)at;
	(void)last_id;
	buf_byte(out, '[');
}

static void
end(struct buf *out)
{
	buf_byte(out, ']');
}

static const struct subscription_form subscriptions = {
	.type = "application/json",
	.path = write_path,
	.read_path = read_path,
	.write = write_one,
	.begin = begin,
	.end = end,
};

const struct dialect other_dialect = {
	.version = "other",
	.matcher_params = { { "match", SELECTOR_EXACT } },
	.last_id_params = { "last", NULL },
	.last_id_response = "Other-Last-Event-ID",
	.last_id_link = "last",
	.owns_query = owns_query,
	.check_query = check_query,
	.token_param = NULL,
	.cookie_setting = "MERCURE_SESSION_COOKIE",
	.token_typ = "other+jwt",
	.needs_expiry = true,
	.read_grant = read_grant,
	.write_claims = write_claims,
	.problem_type = "application/problem+json",
	.write_problem = write_problem,
	.refuse = refuse,
	.subscriptions = &subscriptions,
};
