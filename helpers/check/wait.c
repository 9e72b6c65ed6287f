/* SPDX-License-Identifier: MIT */
/* wait.c - checks of streams: compressed, many at once, silent. */
#include <stdio.h>

#include "base/clock.h"
#include "check/judge.h"
#include "check/state.h"
#include "text/shown.h"

#define STREAMS 12       /* twice as many as the fewest that servers allow */
#define STREAM_MS 1500   /* behind the last one that was answered */
#define SILENCE_MS 65000 /* the longest keep-alive that one waits for */
#define KEEPALIVES 2     /* one could be an accident */
#define TOGETHER_MS 500  /* a hub's last word and its end */
#define CLOSE_MS 30000   /* keep-alives this far apart meet limits of 30 s */

enum err
check_compression(struct check *k, struct problem *p)
{
	static const char *const headers[] = {
		"Accept-Encoding: gzip, deflate, br", NULL
	};
	struct check_report *r = k->report;
	const struct http_answer *s;
	struct slice coding;
	char shown[24];
	enum err e;

	if (k->hub != CHECK_HUB_LIVE)
		return ERR_OK;
	if ((e = check_open(k, &s, k->stream_url, headers, p)) != ERR_OK)
		return e;
	http_client_wait(
	    k->client, check_has_head, &s, clock_mono_ms() + CHECK_ANSWER_MS);
	http_client_stop(k->client, s);
	check_note_limit(k, s);
	coding = http_field(s, "Content-Encoding", 0);
	shown_copy(shown, sizeof(shown), coding);
	if (s->status == 0)
		check_report_add(r, "compression", CHECK_BAD, CHECK_COMPRESSED,
		    "%s buffers the stream of a client that accepts "
		    "compression, as browsers do",
		    r->shown);
	else if (shown[0] != '\0' && !slice_is(coding, "identity"))
		check_report_add(r, "compression", CHECK_BAD, CHECK_COMPRESSED,
		    "%s compresses the stream (%s), which may delay updates "
		    "and takes memory for each",
		    r->shown, shown);
	else
		check_report_add(r, "compression", CHECK_GOOD, CHECK_NONE,
		    "streams are not compressed");
	return ERR_OK;
}

struct crowd {
	const struct http_answer *streams[STREAMS];
	const struct http_answer *silent;
	size_t answered;
};

/* How many are open on the first one's connection?  libcurl may have let them
 * join the silent one's. */
static size_t
count(const struct crowd *c)
{
	const struct http_answer *silent = c->silent;
	size_t n = silent->end_ms == 0 && silent->port == c->streams[0]->port;

	for (size_t i = 0; i < STREAMS; i++)
		n += c->streams[i]->status == 200 &&
		     c->streams[i]->port == c->streams[0]->port;
	return n;
}

static bool
has_more(void *arg)
{
	struct crowd *c = arg;

	return count(c) > c->answered;
}

static enum err
open_crowd(struct check *k, struct crowd *c, struct problem *p)
{
	for (size_t i = 0; i < STREAMS; i++) {
		enum err e = check_open_shared(k, &c->streams[i], p);

		if (e != ERR_OK)
			return e;
	}
	while (c->answered < STREAMS && http_client_wait(k->client, has_more, c,
					    clock_mono_ms() + STREAM_MS))
		c->answered = count(c);
	for (size_t i = 0; i < STREAMS; i++) {
		http_client_stop(k->client, c->streams[i]);
		check_note_limit(k, c->streams[i]);
	}
	return ERR_OK;
}

static void
report_streams(struct check *k, const struct crowd *c)
{
	struct check_report *r = k->report;

	if (c->streams[0]->version < 20)
		check_report_add(r, "streams", CHECK_NOTED, CHECK_STREAMS,
		    "6 at once to a host, as by HTTP/1.1: let a page ask for "
		    "all its topics in one, shared by its tabs");
	else if (c->answered < STREAMS)
		check_report_add(r, "streams", CHECK_NOTED, CHECK_NONE,
		    "%zu at once on a connection, by HTTP/2: let a page ask "
		    "for all its topics in one, shared by its tabs",
		    c->answered);
	else
		check_report_add(r, "streams", CHECK_GOOD, CHECK_NONE,
		    "%d or more at once on a connection, by HTTP/2", STREAMS);
}

/* Without TLS browsers speak HTTP/1.1 only, and their limit is known. */
enum err
check_streams(struct check *k, struct problem *p)
{
	struct crowd c = { .silent = k->silent };
	enum err e;

	if (k->hub != CHECK_HUB_LIVE ||
	    !slice_is(k->url.part[URL_SCHEME], "https"))
		return ERR_OK;
	check_announce(k, "opening streams", STREAM_MS);
	if ((e = open_crowd(k, &c, p)) == ERR_OK)
		report_streams(k, &c);
	return e;
}

static bool
has_heard(void *arg)
{
	const struct check *k = arg;
	const struct http_answer *s = k->silent;

	return s->end_ms != 0 ||
	       check_silence_read(buf_view(&s->body)).keepalives >= KEEPALIVES;
}

/* When the last byte before the end came; or the question. */
static int64_t
last_ms(const struct http_answer *s)
{
	return s->marks_n > 0 ? s->marks[s->marks_n - 1].ms : s->asked_ms;
}

static void
report_end(struct check *k, const struct check_silence *silence)
{
	const struct http_answer *s = k->silent;
	struct check_report *r = k->report;
	double after_s = (double)(s->end_ms - last_ms(s)) / 1000;

	if (silence->has_page) {
		/* The page is its last byte. */
		r->server.is_fcgid = r->server.kind == CHECK_APACHE;
		check_report_add(r, "keep-alive", CHECK_BAD, CHECK_CUT,
		    "%s cut a silent stream after %.1f s, with a page of its "
		    "own in it",
		    r->shown, (double)(s->end_ms - s->asked_ms) / 1000);
	} else if (s->whole && silence->said_farewell &&
		   s->end_ms - last_ms(s) < TOGETHER_MS) {
		check_report_add(r, "keep-alive", CHECK_NOTED, CHECK_NONE,
		    "the hub ended a silent stream after %.1f s (long polling, "
		    "or "
		    "MERCURE_WRITE_TIMEOUT)",
		    (double)(s->end_ms - s->asked_ms) / 1000);
	} else {
		check_report_add(r, "keep-alive", CHECK_BAD, CHECK_CUT,
		    "%s cut a silent stream %.1f s after its last byte",
		    r->shown, after_s);
	}
}

static void
report_interval(struct check *k, const struct check_silence *silence)
{
	const struct http_answer *s = k->silent;
	struct check_report *r = k->report;
	int64_t interval_ms = http_answer_ms(s, silence->last_end) - s->head_ms;

	interval_ms /= (int64_t)silence->keepalives;
	if (interval_ms > CLOSE_MS)
		check_report_add(r, "keep-alive", CHECK_NOTED, CHECK_SILENT,
		    "every %.0f s; some proxies cut a stream that is silent "
		    "for 30 s",
		    (double)interval_ms / 1000);
	else
		check_report_add(r, "keep-alive", CHECK_GOOD, CHECK_NONE,
		    "every %.0f s", (double)interval_ms / 1000);
}

/* It was opened before all other checks. */
enum err
check_silence(struct check *k, struct problem *p)
{
	const struct http_answer *s = k->silent;
	struct check_silence silence;

	(void)p;
	check_announce(k, "waiting for keep-alives", SILENCE_MS);
	http_client_wait(k->client, has_heard, k, s->asked_ms + SILENCE_MS);
	http_client_stop(k->client, s);
	silence = check_silence_read(buf_view(&s->body));
	if (s->err != ERR_OK || s->whole)
		report_end(k, &silence);
	else if (silence.keepalives > 0)
		report_interval(k, &silence);
	else if (s->marks_n > 0)
		check_report_add(k->report, "keep-alive", CHECK_BAD,
		    CHECK_SILENT, "none within %d s", SILENCE_MS / 1000);
	return ERR_OK;
}
