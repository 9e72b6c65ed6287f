/* SPDX-License-Identifier: MIT */
/* handle_elsewhere.c - publishes to a hub on another machine by its own protocol. */
#include <stdio.h>

#include "clock.h"
#include "handle.h"
#include "http.h"
#include "jws.h"
#include "percent.h"
#include "topic.h"

/* A token that was made for one request. */
#define TOKEN_LIFETIME_S 60

#define ANSWER_MAX 65536  /* an id, or a page that says what is wrong */
#define ID_MAX 1024       /* longest id that a hub may give */
#define URL_SHOWN_MAX 100 /* bytes of a sentence */
#define ANSWER_SHOWN_MAX 80

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

	while (topic_next(&rest, &topic))
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
		    h, out, &any, 1, TOKEN_LIFETIME_S);
	return out->err;
}

/* What an answer means, and what may mend it; the first row that fits. */
static const struct {
	int least, most;
	enum err e;
	const char *mend;
} answers[] = {
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

/* As much of a text as a sentence holds, in printable ASCII. */
static void
show(char *out, size_t size, struct slice text)
{
	size_t n = text.len < size - 1 ? text.len : size - 1;

	for (size_t i = 0; i < n; i++) {
		char c = text.base[i];

		out[i] = ' ';
		if (c > ' ' && c <= '~')
			out[i] = c;
		else if (c < 0)
			out[i] = '?';
	}
	out[n] = '\0';
}

/* The hub's URL without its query, which may hold a secret. */
static void
show_url(char *out, size_t size, const struct config *c)
{
	struct slice rest = slice_of(c->hub_url), url;

	(void)slice_cut(&rest, '?', &url);
	show(out, size, url);
}

/* A page for people has nothing that fits into a sentence. */
static struct slice
words_of(struct slice body)
{
	body = slice_trim(body);
	if (slice_starts(body, "<"))
		return slice_of("a page");
	return body;
}

static enum err
judge_status(const struct http_answer *a, const char *url, struct fault *f)
{
	char said[ANSWER_SHOWN_MAX];
	size_t i = 0;

	if (a->status >= 200 && a->status <= 299)
		return ERR_OK;
	show(said, sizeof(said), words_of(buf_view(&a->body)));
	while (i < sizeof(answers) / sizeof(answers[0]) - 1 &&
	       (a->status < answers[i].least || a->status > answers[i].most))
		i++;
	return fault_set(f, answers[i].e, "%s answers %d%s%s%s: %s.", url,
	    a->status, said[0] != '\0' ? " (" : "", said,
	    said[0] != '\0' ? ")" : "", answers[i].mend);
}

/* The id in a good answer, which other servers' pages are not. */
static enum err
take_id(struct buf *out, const struct http_answer *a, const char *url,
    struct fault *f)
{
	struct slice id = buf_view(&a->body);
	bool good;

	/* Some hubs end it with a line break. */
	while (id.len > 0 &&
	       (id.base[id.len - 1] == '\n' || id.base[id.len - 1] == '\r'))
		id.len--;
	good = id.len > 0 && id.len <= ID_MAX && id.base[0] != '<';
	for (size_t i = 0; good && i < id.len; i++)
		good = (unsigned char)id.base[i] >= ' ' && id.base[i] != 0x7f;
	if (!good)
		return fault_set(f, ERR_UNSUPPORTED,
		    "%s answers %d, but not with an update's id: it is no hub; "
		    "MERCURE_HUB_URL mostly ends in /.well-known/mercure.",
		    url, a->status);
	buf_slice(out, id);
	return out->err;
}

/* A failure of the way there, in the words of the settings. */
static enum err
judge_failure(
    enum err e, const struct config *c, int64_t spent_ms, struct fault *f)
{
	bool late = spent_ms >= (int64_t)c->publish_connect_ms ||
		    spent_ms >= (int64_t)c->publish_timeout_ms;

	if (e == ERR_NOMEM)
		return e;
	if (e == ERR_IO && late)
		return fault_set(f, e,
		    "%.190s MERCURE_PUBLISH_CONNECT_TIMEOUT and "
		    "MERCURE_PUBLISH_TIMEOUT say how long to wait.",
		    f->text);
	/* Where it leads or what it holds has no other name. */
	return fault_set(f, e, "MERCURE_HUB_URL: %s", f->text);
}

static enum err
send_form(struct pushcgi *h, struct http_answer *answer, struct slice form,
    const char *authorization)
{
	const struct config *c = h->config;
	const char *const headers[] = { authorization, NULL };
	const struct http_request rq = { .url = c->hub_url,
		.body = form,
		.ca_file = c->ca_file,
		.connect_ms = (unsigned)c->publish_connect_ms,
		.total_ms = (unsigned)c->publish_timeout_ms,
		.body_max = ANSWER_MAX,
		.headers = headers };
	int64_t start_ms = clock_mono_ms();
	enum err e = http_send(answer, &rq, &h->fault);

	return e == ERR_OK
		   ? e
		   : judge_failure(e, c, clock_mono_ms() - start_ms, &h->fault);
}

enum err
handle_publish_elsewhere(struct pushcgi *h, struct buf *id,
    const struct update *u, struct slice id_wanted)
{
	struct http_answer answer = { 0 };
	char url[URL_SHOWN_MAX];
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
	e = send_form(h, &answer, buf_view(&form), authorization.base);
	if (e != ERR_OK)
		goto out;
	show_url(url, sizeof(url), h->config);
	if ((e = judge_status(&answer, url, &h->fault)) != ERR_OK)
		goto out;
	e = take_id(id, &answer, url, &h->fault);
out:
	http_answer_free(&answer);
	buf_free(&form);
	buf_wipe(&authorization);
	return e;
}
