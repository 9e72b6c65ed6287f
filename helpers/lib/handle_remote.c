/* SPDX-License-Identifier: MIT */
/* handle_remote.c - publishes to a hub on another machine by its own protocol. */
#include <stdio.h>

#include "jose/jws.h"
#include "lib/remote.h"
#include "match/topic_list.h"
#include "text/percent.h"

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
add_authorization(struct pushcgi *h, struct buf *out)
{
	static const char *const any = "*";

	buf_text(out, "Authorization: Bearer ");
	if (h->config->publisher_jwt != NULL)
		buf_text(out, h->config->publisher_jwt);
	else
		return handle_publisher_token(
		    h, out, &any, 1, HANDLE_TOKEN_LIFETIME_S);
	return out->err;
}

static const struct handle_meaning meanings[] = {
	{ 400, 400, ERR_SYNTAX, "the hub finds the update malformed" },
	{ 401, 401, ERR_DENIED,
	    "the hub does not accept the token: MERCURE_PUBLISHER_JWT may have "
	    "expired, or MERCURE_PUBLISHER_SECRET_KEY is not the hub's" },
	{ 403, 403, ERR_DENIED,
	    "the token does not allow these topics: MERCURE_PUBLISHER_JWT "
	    "needs them, or *, in its mercure.publish" },
	{ 404, 404, ERR_UNSUPPORTED,
	    "there is no hub: MERCURE_HUB_URL mostly ends in "
	    "/.well-known/mercure" },
	{ 405, 405, ERR_UNSUPPORTED,
	    "it takes no updates: is MERCURE_HUB_URL right, and does the hub "
	    "allow publishing (MERCURE_HUB_ALLOW_PUBLISH)?" },
	{ 413, 413, ERR_LIMIT,
	    "the update is too long for the hub, or for a server in front" },
	{ 429, 429, ERR_BUSY, "the hub has too much to do: try again later" },
	{ 502, 504, ERR_BUSY,
	    "the hub is not there, or has too much to do: try again later" },
	{ 500, 599, ERR_IO, "the hub fails: its log says why" },
	{ 100, 999, ERR_UNSUPPORTED,
	    "no hub answers so: is MERCURE_HUB_URL right?" },
};

/* The id in a good answer, which other servers' pages are not. */
static enum err
take_id(struct buf *out, const struct http_answer *a, const char *url,
    struct problem *p)
{
	char shown[HANDLE_URL_SHOWN_MAX];
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
		handle_show_url(shown, url);
		return problem_set(p, ERR_UNSUPPORTED,
		    "%s answers %d, but not with an update's id: it is no hub; "
		    "MERCURE_HUB_URL mostly ends in /.well-known/mercure.",
		    shown, a->status);
	}
	buf_slice(out, id);
	return out->err;
}

enum err
handle_publish_elsewhere(struct pushcgi *h, struct buf *id,
    const struct update *u, struct slice id_wanted)
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
	if ((e = add_authorization(h, &authorization)) != ERR_OK)
		goto out;
	buf_byte(&authorization, '\0');
	if ((e = authorization.err) != ERR_OK)
		goto out;
	add_form(&form, u, id_wanted);
	if ((e = form.err) != ERR_OK)
		goto out;
	headers[0] = authorization.base;
	rq.body = buf_view(&form);
	if ((e = handle_send(h, &answer, &rq, meanings)) != ERR_OK)
		goto out;
	e = take_id(id, &answer, h->config->hub_url, &h->problem);
out:
	http_answer_free(&answer);
	buf_free(&form);
	buf_wipe(&authorization);
	return e;
}
