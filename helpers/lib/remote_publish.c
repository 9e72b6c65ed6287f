/* SPDX-License-Identifier: MIT */
/* remote_publish.c - publishes to a remote hub. */
#include "lib/remote.h"

#include <stdio.h>

#include "jose/jws.h"
#include "lib/token.h"
#include "match/topic_list.h"
#include "text/percent.h"
#include "text/shown.h"

#define ANSWER_MAX 65536 /* an id, or a page that says what is wrong */
#define ID_MAX 1024      /* longest id that a hub may give */

static void
add_field(struct buf *out, const char *name, struct slice value)
{
	buf_text(out, out->len > 0 ? "&" : "");
	buf_text(out, name);
	buf_byte(out, '=');
	percent_encode(out, value);
}

/* The form of draft 7, "Publication". */
static void
add_form(struct buf *out, const struct update *u, struct slice id)
{
	struct slice rest = u->topics, topic;
	char retry[16];

	while (topic_list_next(&rest, &topic))
		add_field(out, "topic", topic);
	add_field(out, "data", u->data);
	if (u->private)
		add_field(out, "private", slice_of("on"));
	if (id.len > 0)
		add_field(out, "id", id);
	if (u->type.len > 0)
		add_field(out, "type", u->type);
	if (u->has_retry) {
		(void)snprintf(retry, sizeof(retry), "%u", u->retry_ms);
		add_field(out, "retry", slice_of(retry));
	}
}

static enum err
add_authorization(struct pushcgi *h, struct buf *out, struct problem *p)
{
	const struct slice any = slice_of("*");

	buf_text(out, "Authorization: Bearer ");
	if (h->config->publisher_jwt != NULL)
		buf_text(out, h->config->publisher_jwt);
	else
		return handle_publisher_token(
		    h, out, &any, 1, REMOTE_TOKEN_LIFETIME_S, p);
	return out->err;
}

/* The id in a good answer, which other servers' pages are not. */
static enum err
read_id(struct buf *out, const struct http_answer *a, const char *url,
    struct problem *p)
{
	char shown[HTTP_SHOWN_MAX];
	struct slice id = buf_view(&a->body);
	bool good;

	/* Some hubs end it with a line break. */
	while (id.len > 0 &&
	       (id.base[id.len - 1] == '\n' || id.base[id.len - 1] == '\r'))
		id.len--;
	good = id.len > 0 && id.len <= ID_MAX && id.base[0] != '<';
	for (size_t i = 0; good && i < id.len; i++)
		good = (unsigned char)id.base[i] >= ' ' && id.base[i] != 0x7f;
	if (!good) {
		shown_copy(shown, sizeof(shown), shown_url(url));
		return problem_set(p, ERR_UNSUPPORTED,
		    "%s answers %d, but not with an update's id: it is not a "
		    "hub; "
		    "MERCURE_HUB_URL usually ends in /.well-known/mercure.",
		    shown, a->status);
	}
	buf_slice(out, id);
	return out->err;
}

enum err
remote_publish(struct pushcgi *h, struct buf *id, const struct update *u,
    struct slice id_wanted, struct problem *p)
{
	struct http_answer answer = { 0 };
	const char *headers[] = { NULL, NULL };
	struct http_request rq = { .url = h->config->hub_url,
		.body_max = ANSWER_MAX,
		.headers = headers };
	struct buf form, authorization;
	enum err e;

	buf_init(&form, SIZE_MAX - 1);
	buf_init(&authorization, JWS_TOKEN_MAX + 64);
	if ((e = add_authorization(h, &authorization, p)) != ERR_OK)
		goto out;
	buf_byte(&authorization, '\0');
	if ((e = authorization.err) != ERR_OK)
		goto out;
	add_form(&form, u, id_wanted);
	if ((e = form.err) != ERR_OK)
		goto out;
	headers[0] = authorization.base;
	rq.body = buf_view(&form);
	if ((e = remote_send(h, &answer, &rq, REMOTE_PUBLISH, p)) != ERR_OK)
		goto out;
	e = read_id(id, &answer, h->config->hub_url, p);
out:
	http_answer_free(&answer);
	buf_free(&form);
	buf_wipe(&authorization);
	return e;
}
