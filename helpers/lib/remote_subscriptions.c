/* SPDX-License-Identifier: MIT */
/* remote_subscriptions.c - asks a remote hub who subscribes. */
#include "lib/remote.h"

#include "jose/jws.h"
#include "lib/listing.h"
#include "text/json.h"
#include "text/shown.h"

#define DOCUMENT_MAX ((size_t)64 << 20)
#define URL_MAX (UINT32_C(1) << 20)
#define PAYLOAD_MAX 65536

/* ERR_SYNTAX: this is not a subscription. */
static enum err
emit(const json_t *json, struct slice topic, queue_subscription_fn *each,
    void *arg)
{
	struct subscription_view v = {
		.selector =
		    selector_topic(json_slice(json_object_get(json, "topic"))),
		.subscriber = json_slice(json_object_get(json, "subscriber")),
		.active = !json_is_false(json_object_get(json, "active")),
	};
	const json_t *payload = json_object_get(json, "payload");
	struct buf text;
	enum err e = ERR_OK;

	if (v.selector.text.base == NULL || v.subscriber.base == NULL)
		return ERR_SYNTAX;
	if (!v.active ||
	    (topic.base != NULL && !slice_eq(topic, v.selector.text)))
		return ERR_OK;
	buf_init(&text, PAYLOAD_MAX);
	if (payload != NULL && !json_is_null(payload)) {
		e = json_write(&text, payload);
		v.payload = buf_view(&text);
	}
	if (e == ERR_OK)
		each(arg, &v);
	buf_free(&text);
	return e;
}

static enum err
read_document(const json_t *json, struct slice topic,
    queue_subscription_fn *each, void *arg, struct buf *last_id)
{
	const json_t *list = json_object_get(json, "subscriptions");
	struct slice id = json_slice(json_object_get(json, "lastEventID"));
	enum err e = json_is_array(list) ? ERR_OK : ERR_SYNTAX;

	for (size_t i = 0; e == ERR_OK && i < json_array_size(list); i++)
		e = emit(json_array_get(list, i), topic, each, arg);
	if (e == ERR_OK && id.base != NULL) {
		buf_slice(last_id, id);
		e = last_id->err;
	}
	return e;
}

static enum err
read_answer(const struct http_answer *a, const char *url, struct slice topic,
    queue_subscription_fn *each, void *arg, struct buf *last_id,
    struct problem *p)
{
	char shown[HTTP_SHOWN_MAX];
	json_t *json = NULL;
	enum err e = json_parse_within(
	    &json, buf_view(&a->body), HANDLE_LISTING_DEPTH_MAX);

	if (e == ERR_OK)
		e = read_document(json, topic, each, arg, last_id);
	json_decref(json);
	if (e != ERR_SYNTAX)
		return e;
	shown_copy(shown, sizeof(shown), shown_url(url));
	return problem_set(p, ERR_UNSUPPORTED,
	    "%s answers %d, but not with a list of subscriptions: it is not "
	    "a hub; MERCURE_HUB_URL usually ends in /.well-known/mercure.",
	    shown, a->status);
}

enum err
remote_subscriptions(struct pushcgi *h, struct slice topic,
    queue_subscription_fn *each, void *arg, struct buf *last_id,
    struct problem *p)
{
	struct http_answer answer = { 0 };
	const char *headers[] = { NULL, "Accept: application/ld+json", NULL };
	const struct subscription_place at = { .selector =
						   selector_topic(topic) };
	struct http_request rq = { .body_max = DOCUMENT_MAX,
		.headers = headers };
	struct buf path, url, authorization;
	enum err e;

	buf_init(&path, URL_MAX);
	buf_init(&url, URL_MAX);
	buf_init(&authorization, JWS_TOKEN_MAX + 64);
	handle_dialect(h)->subscriptions->path(&path, &at);
	if ((e = path.err) != ERR_OK)
		goto out;
	remote_url(&url, h, buf_view(&path));
	if ((e = url.err) != ERR_OK)
		goto out;
	if ((e = remote_authorization(h, &authorization, p)) != ERR_OK)
		goto out;
	rq.url = url.base;
	headers[0] = authorization.base;
	if ((e = remote_send(h, &answer, &rq, REMOTE_LIST, p)) == ERR_OK)
		e = read_answer(&answer, rq.url, topic, each, arg, last_id, p);
out:
	http_answer_free(&answer);
	buf_free(&path);
	buf_free(&url);
	buf_wipe(&authorization);
	return e;
}
