/* SPDX-License-Identifier: MIT */
/* remote_count.c - asks a remote hub how many have a topic open. */
#include "jose/jws.h"
#include "lib/remote.h"
#include "mercure/count.h"
#include "text/json.h"
#include "text/shown.h"

#define URL_MAX (UINT32_C(1) << 20)
#define DOCUMENT_MAX ((size_t)1 << 20)

static enum err
read_answer(uint64_t *n, const struct http_answer *a, const char *url,
    struct problem *p)
{
	char shown[HTTP_SHOWN_MAX];
	const json_t *count;
	json_t *json = NULL;
	enum err e = json_parse(&json, buf_view(&a->body));

	count = json_object_get(json, "count");
	if (e == ERR_OK &&
	    (!json_is_integer(count) || json_integer_value(count) < 0))
		e = ERR_SYNTAX;
	if (e == ERR_OK)
		*n = (uint64_t)json_integer_value(count);
	json_decref(json);
	if (e != ERR_SYNTAX)
		return e;
	shown_copy(shown, sizeof(shown), shown_url(url));
	return problem_set(p, ERR_UNSUPPORTED,
	    "%s answers %d, but not with a number: it is not a pushcgi hub "
	    "that counts.",
	    shown, a->status);
}

enum err
remote_count(
    struct pushcgi *h, uint64_t *n, struct slice topic, struct problem *p)
{
	const bool has_key = h->config->subscriber_key != NULL;
	struct http_answer answer = { 0 };
	const char *headers[] = { "Accept: application/json", NULL, NULL };
	struct http_request rq = { .body_max = DOCUMENT_MAX,
		.headers = headers };
	struct buf path, url, authorization;
	enum err e;

	buf_init(&path, URL_MAX);
	buf_init(&url, URL_MAX);
	buf_init(&authorization, JWS_TOKEN_MAX + 64);
	count_path(&path, topic);
	if ((e = path.err) != ERR_OK)
		goto out;
	remote_url(&url, h, buf_view(&path));
	if ((e = url.err) != ERR_OK)
		goto out;
	/* A hub that anybody may subscribe to needs no token. */
	if (has_key &&
	    (e = remote_authorization(h, &authorization, p)) != ERR_OK)
		goto out;
	rq.url = url.base;
	headers[1] = authorization.base;
	if ((e = remote_send(h, &answer, &rq, REMOTE_COUNT, p)) == ERR_OK)
		e = read_answer(n, &answer, rq.url, p);
out:
	http_answer_free(&answer);
	buf_free(&path);
	buf_free(&url);
	buf_wipe(&authorization);
	return e;
}
