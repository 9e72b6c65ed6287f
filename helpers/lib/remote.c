/* SPDX-License-Identifier: MIT */
/* remote.c - asks a remote hub, and explains its answers. */
#include "lib/remote.h"

#include "base/clock.h"
#include "base/log.h"
#include "lib/token.h"
#include "mercure/discovery.h"
#include "text/shown.h"
#include "url/url.h"

#define ANSWER_SHOWN_MAX 80

#define SAME(text)                     \
	{                              \
		text, text, text, text \
	}

/* What a status means, and how to fix it: the first row that has the status and
 * a text for the purpose. */
static const struct meaning {
	int least, most;
	enum err e;
	const char *fix[REMOTE_PURPOSES]; /* without a full stop */
} meanings[] = {
	{ 400, 400, ERR_SYNTAX,
	    { [REMOTE_PUBLISH] = "the hub considers the update malformed",
		[REMOTE_LIST] = "the hub considers the topic malformed",
		[REMOTE_SUBSCRIBE] = "the hub considers the topics malformed",
		[REMOTE_COUNT] = "the hub considers the topic malformed" } },
	{ 401, 401, ERR_DENIED,
	    { [REMOTE_PUBLISH] =
		    "the hub does not accept the token: MERCURE_PUBLISHER_JWT "
		    "may have expired, or MERCURE_PUBLISHER_SECRET_KEY is not "
		    "the hub's",
		[REMOTE_LIST] = "the hub does not accept the token: "
				"MERCURE_SUBSCRIBER_SECRET_KEY is not the "
				"hub's",
		[REMOTE_SUBSCRIBE] =
		    "the hub does not accept the token, or requires one: use "
		    "--private, and check that MERCURE_SUBSCRIBER_SECRET_KEY "
		    "is the hub's",
		[REMOTE_COUNT] = "the hub does not accept the token, or "
				 "requires one: MERCURE_SUBSCRIBER_SECRET_KEY "
				 "is not the hub's" } },
	{ 403, 403, ERR_DENIED,
	    { [REMOTE_PUBLISH] =
		    "the token does not allow these topics: "
		    "MERCURE_PUBLISHER_JWT needs them, or *, in its "
		    "mercure.publish",
		[REMOTE_LIST] = "the hub does not list subscriptions for a "
				"token made with "
				"MERCURE_SUBSCRIBER_SECRET_KEY",
		[REMOTE_SUBSCRIBE] = "the hub does not accept the token: is "
				     "MERCURE_SUBSCRIBER_SECRET_KEY the "
				     "hub's?",
		[REMOTE_COUNT] = "MERCURE_COUNTS of that hub does not list "
				 "the topic" } },
	{ 405, 405, ERR_UNSUPPORTED,
	    { [REMOTE_PUBLISH] =
		    "it does not accept updates: is MERCURE_HUB_URL right, and "
		    "does the hub allow publishing "
		    "(MERCURE_HUB_ALLOW_PUBLISH)?" } },
	{ 404, 405, ERR_UNSUPPORTED,
	    { [REMOTE_PUBLISH] = "there is no hub: MERCURE_HUB_URL usually "
				 "ends in /.well-known/mercure",
		[REMOTE_LIST] =
		    "there is no list of subscriptions: is MERCURE_HUB_URL "
		    "right, and does the hub have one "
		    "(MERCURE_HUB_SUBSCRIPTIONS)?",
		[REMOTE_SUBSCRIBE] = "there is no hub: MERCURE_HUB_URL "
				     "usually ends in /.well-known/mercure",
		[REMOTE_COUNT] = "there is no hub that counts: "
				 "MERCURE_HUB_URL usually ends in "
				 "/.well-known/mercure" } },
	{ 413, 413, ERR_LIMIT,
	    { [REMOTE_PUBLISH] = "the update is too long for the hub, or for "
				 "a server in front of it" } },
	{ 429, 429, ERR_BUSY,
	    { [REMOTE_PUBLISH] = "the hub is overloaded: try again later",
		[REMOTE_LIST] = "the hub is overloaded: try again later",
		[REMOTE_SUBSCRIBE] =
		    "the hub has too many subscribers: try again later",
		[REMOTE_COUNT] = "the hub is overloaded: try again later" } },
	{ 501, 501, ERR_UNSUPPORTED,
	    { [REMOTE_LIST] = "the hub has no such list" } },
	{ 502, 504, ERR_BUSY,
	    SAME("the hub does not run, or is overloaded: try again later") },
	{ 500, 599, ERR_IO, SAME("the hub fails: its log says why") },
};

static const struct meaning otherwise = { 0, 0, ERR_UNSUPPORTED,
	SAME("this is not the answer of a hub: is MERCURE_HUB_URL right?") };

static const struct meaning *
meaning_of(int status, enum remote_purpose purpose)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (status >= meanings[i].least && status <= meanings[i].most &&
		    meanings[i].fix[purpose] != NULL)
			return &meanings[i];
	return &otherwise;
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
judge_status(const struct http_answer *a, const char *url,
    enum remote_purpose purpose, struct problem *p)
{
	const struct meaning *m = meaning_of(a->status, purpose);
	const char *fix = m->fix[purpose];
	char said[ANSWER_SHOWN_MAX], shown[HTTP_SHOWN_MAX];

	if (a->status >= 200 && a->status <= 299)
		return ERR_OK;
	shown_copy(said, sizeof(said), words_of(buf_view(&a->body)));
	shown_copy(shown, sizeof(shown), shown_url(url));
	return problem_set(p, m->e, "%s answers %d%s%s%s: %s%s", shown,
	    a->status, said[0] != '\0' ? " (" : "", said,
	    said[0] != '\0' ? ")" : "", fix,
	    fix[strlen(fix) - 1] == '?' ? "" : ".");
}

/* A failure of the way there, in the words of the settings. */
static enum err
judge_failure(
    enum err e, const struct config *c, int64_t spent_ms, struct problem *p)
{
	bool late = spent_ms >= (int64_t)c->publish_connect_ms ||
		    spent_ms >= (int64_t)c->publish_timeout_ms;

	if (e == ERR_NOMEM)
		return e;
	if (e == ERR_IO && late)
		return problem_set(p, e,
		    "%.190s MERCURE_PUBLISH_CONNECT_TIMEOUT and "
		    "MERCURE_PUBLISH_TIMEOUT say how long to wait.",
		    p->text);
	/* The other sentences do not name the setting. */
	return problem_set(p, e, "MERCURE_HUB_URL: %s", p->text);
}

/* Networks between machines may be private, which we cannot know: so the token
 * is sent, but with a warning. */
static void
warn_of_clear(struct pushcgi *h, const struct http_request *rq)
{
	struct url u = { .part = { { NULL, 0 } } };
	char shown[HTTP_SHOWN_MAX];

	if (h->warned_of_http || rq->headers == NULL || rq->headers[0] == NULL)
		return;
	if (url_parse(&u, slice_of(rq->url), NULL, 0) == ERR_OK &&
	    slice_is(u.part[URL_SCHEME], "http") && !url_is_loopback(&u)) {
		shown_copy(shown, sizeof(shown), shown_url(rq->url));
		log_warn("token sent in clear", LOG_TEXT("url", shown),
		    LOG_TEXT("setting", "MERCURE_HUB_URL"),
		    LOG_TEXT(
			"hint", "use https, unless the network is private"));
		h->warned_of_http = true;
	}
	url_free(&u);
}

enum err
remote_send(struct pushcgi *h, struct http_answer *out, struct http_request *rq,
    enum remote_purpose purpose, struct problem *p)
{
	const struct config *c = h->config;
	const int64_t start_ms = clock_mono_ms();
	const bool is_stream = rq->receive != NULL;
	enum err e;

	warn_of_clear(h, rq);
	rq->ca_file = c->ca_file;
	rq->connect_ms = (unsigned)c->publish_connect_ms;
	/* A stream may last as long as it likes. */
	rq->total_ms = is_stream ? 0 : (unsigned)c->publish_timeout_ms;
	if ((e = http_send(out, rq, p)) == ERR_OK)
		return judge_status(out, rq->url, purpose, p);
	if (is_stream && p->text[0] == '\0')
		return e;
	return judge_failure(
	    e, c, is_stream ? 0 : clock_mono_ms() - start_ms, p);
}

/* The path below the hub's own, whatever that is. */
void
remote_url(struct buf *out, struct pushcgi *h, struct slice path)
{
	struct slice url = shown_url(h->config->hub_url);

	while (url.len > 0 && url.base[url.len - 1] == '/')
		url.len--;
	buf_slice(out, url);
	buf_slice(out, slice_after(path, strlen(DISCOVERY_PATH)));
	buf_byte(out, '\0');
}

/* Draft 7 asks for the path, other hubs for the topics that are listed. */
enum err
remote_authorization(struct pushcgi *h, struct buf *out, struct problem *p)
{
	const struct slice any = slice_of("*");
	enum err e;

	buf_text(out, "Authorization: Bearer ");
	e = handle_subscriber_token(
	    h, out, &any, 1, slice_of(NULL), REMOTE_TOKEN_LIFETIME_S, p);
	buf_byte(out, '\0');
	return e == ERR_OK ? out->err : e;
}
