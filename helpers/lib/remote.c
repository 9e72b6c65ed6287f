/* SPDX-License-Identifier: MIT */
/* remote.c - asks a hub elsewhere, and finds words for what comes back. */
#include "lib/remote.h"

#include "base/clock.h"
#include "base/log.h"
#include "url/url.h"

#define ANSWER_SHOWN_MAX 80

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

void
handle_show_url(char out[HANDLE_URL_SHOWN_MAX], const char *url)
{
	struct slice rest = slice_of(url), shown;

	(void)slice_cut(&rest, '?', &shown);
	show(out, HANDLE_URL_SHOWN_MAX, shown);
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
    const struct handle_meaning *m, struct problem *p)
{
	char said[ANSWER_SHOWN_MAX], shown[HANDLE_URL_SHOWN_MAX];

	if (a->status >= 200 && a->status <= 299)
		return ERR_OK;
	show(said, sizeof(said), words_of(buf_view(&a->body)));
	while (m->most < HANDLE_STATUS_MAX &&
	       (a->status < m->least || a->status > m->most))
		m++;
	handle_show_url(shown, url);
	return problem_set(p, m->e, "%s answers %d%s%s%s: %s%s", shown,
	    a->status, said[0] != '\0' ? " (" : "", said,
	    said[0] != '\0' ? ")" : "", m->mend,
	    m->mend[strlen(m->mend) - 1] == '?' ? "" : ".");
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
	/* Where it leads or what it holds has no other name. */
	return problem_set(p, e, "MERCURE_HUB_URL: %s", p->text);
}

/* Networks between machines may be private, which we cannot know: so the token
 * goes, but not without a word. */
static void
warn_of_clear(struct pushcgi *h, const struct http_request *rq)
{
	struct url u = { .part = { { NULL, 0 } } };
	char shown[HANDLE_URL_SHOWN_MAX];

	if (h->warned_of_http || rq->headers == NULL || rq->headers[0] == NULL)
		return;
	if (url_parse(&u, slice_of(rq->url), NULL, 0) == ERR_OK &&
	    slice_is(u.part[URL_SCHEME], "http") && !url_is_loopback(&u)) {
		handle_show_url(shown, rq->url);
		log_warn("token sent in clear", LOG_TEXT("url", shown),
		    LOG_TEXT("setting", "MERCURE_HUB_URL"),
		    LOG_TEXT(
			"hint", "use https, unless the network is private"));
		h->warned_of_http = true;
	}
	url_free(&u);
}

enum err
handle_send(struct pushcgi *h, struct http_answer *out, struct http_request *rq,
    const struct handle_meaning *meanings)
{
	const struct config *c = h->config;
	const int64_t start_ms = clock_mono_ms();
	enum err e;

	warn_of_clear(h, rq);
	rq->ca_file = c->ca_file;
	rq->connect_ms = (unsigned)c->publish_connect_ms;
	/* A stream has all the time it wants. */
	rq->total_ms =
	    rq->receive == NULL ? (unsigned)c->publish_timeout_ms : 0;
	if ((e = http_send(out, rq, &h->problem)) == ERR_OK)
		return judge_status(out, rq->url, meanings, &h->problem);
	if (rq->receive != NULL && h->problem.text[0] == '\0')
		return e;
	return judge_failure(e, c,
	    rq->receive == NULL ? clock_mono_ms() - start_ms : 0, &h->problem);
}
