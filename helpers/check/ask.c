/* SPDX-License-Identifier: MIT */
/* ask.c - how the checks ask the hub, and what they see in an answer. */
#include <stdio.h>
#include <strings.h>

#include "base/clock.h"
#include "check/state.h"
#include "lib/handle.h"

#define HEADERS_MAX 8

/* The longest run takes less than TOKEN_S.  A configured hub may be another
 * machine with a clock that is wrong; check_clock() reports that, so the tokens
 * of the other checks must be valid there nevertheless. */
#define TOKEN_S 300
#define OWN_TOKEN_S 3600

void
check_announce(const struct check *k, const char *what, int64_t ms)
{
	char text[160];

	if (k->options->announce == NULL)
		return;
	snprintf(text, sizeof(text), "%s (up to %lld s) ...", what,
	    (long long)(ms + 999) / 1000);
	k->options->announce(text);
}

/* For http_client_wait(), like check_has_head(). */
static bool
is_over(void *answer)
{
	const struct http_answer *const *s = answer;

	return (*s)->end_ms != 0;
}

bool
check_has_head(void *answer)
{
	const struct http_answer *const *s = answer;

	return (*s)->head_ms != 0 || (*s)->end_ms != 0;
}

static enum err
begin(struct check *k, const struct http_answer **answer,
    const struct http_request *rq, struct problem *p)
{
	struct http_request with_ca = *rq;

	with_ca.ca_file = k->h->config->ca_file;
	return http_client_ask(k->client, answer, &with_ca, p);
}

enum err
check_ask(struct check *k, const struct http_answer **answer,
    const struct http_request *rq, struct problem *p)
{
	enum err e = begin(k, answer, rq, p);

	if (e != ERR_OK)
		return e;
	http_client_wait(
	    k->client, is_over, answer, clock_mono_ms() + CHECK_ANSWER_MS);
	http_client_stop(k->client, *answer);
	if (strncmp(rq->url, k->report->url, strlen(k->report->url)) == 0)
		check_note_limit(k, *answer);
	return ERR_OK;
}

/* Before the hub has answered once, it may be down. */
void
check_note_limit(struct check *k, const struct http_answer *s)
{
	if (k->has_answered && k->limited == 0 && !check_is_sentence(s) &&
	    (s->status == 429 || s->status == 503))
		k->limited = s->status;
}

enum err
check_ask_fresh(struct check *k, const struct http_answer **answer,
    const char *const *headers, struct problem *p)
{
	struct http_request rq = { .method = "HEAD", .headers = headers };
	struct buf url;
	enum err e;

	buf_init(&url, HTTP_BODY_MAX);
	buf_printf(&url, "%s&pad=%u", k->stream_url, ++k->fresh);
	buf_byte(&url, '\0');
	if ((e = url.err) == ERR_OK) {
		rq.url = url.base;
		e = check_ask(k, answer, &rq, p);
	}
	buf_free(&url);
	return e;
}

static enum err
open_stream(struct check *k, const struct http_answer **answer, const char *url,
    const char *const *headers, bool shares, struct problem *p)
{
	const char *all[HEADERS_MAX] = { "Accept: text/event-stream" };
	const struct http_request rq = {
		.url = url, .headers = all, .shares = shares
	};
	size_t n = 1;

	if (k->entry != NULL)
		all[n++] = k->entry;
	for (; headers != NULL && *headers != NULL && n + 1 < HEADERS_MAX;
	     headers++)
		all[n++] = *headers;
	return begin(k, answer, &rq, p);
}

enum err
check_open(struct check *k, const struct http_answer **answer, const char *url,
    const char *const *headers, struct problem *p)
{
	return open_stream(k, answer, url, headers, false, p);
}

enum err
check_open_shared(
    struct check *k, const struct http_answer **answer, struct problem *p)
{
	return open_stream(k, answer, k->stream_url, NULL, true, p);
}

bool
check_has_type(const struct http_answer *s, const char *type)
{
	struct slice value = http_field(s, "Content-Type", 0);
	struct slice essence;

	return slice_cut(&value, ';', &essence) &&
	       slice_is(slice_trim(essence), type);
}

bool
check_is_hub(const struct http_answer *s)
{
	struct slice asks = http_field(s, "WWW-Authenticate", 0);

	if (s->status == 200)
		return check_has_type(s, "text/event-stream");
	return s->status == 401 && asks.len >= 6 &&
	       strncasecmp(asks.base, "Bearer", 6) == 0;
}

bool
check_is_sentence(const struct http_answer *s)
{
	return s->status >= 400 && check_has_type(s, "text/plain");
}

void
check_outcome(char *out, size_t size, const struct http_answer *s)
{
	if (s->status != 0)
		snprintf(out, size, "the answer is %d", s->status);
	else if (s->err != ERR_OK)
		snprintf(out, size, "%.200s", s->problem.text);
	else
		snprintf(out, size, "there is no answer within %d s",
		    CHECK_ANSWER_MS / 1000);
}

int64_t
check_token_s(const struct check *k)
{
	return k->trust == CHECK_OWN ? OWN_TOKEN_S : TOKEN_S;
}
