/* SPDX-License-Identifier: MIT */
/* wait.c - streams that are compressed, many at once, or say nothing. */
#include <stdio.h>

#include "base/clock.h"
#include "check/judge.h"
#include "check/state.h"
#include "http/http_easy.h"
#include "text/http_fields.h"

#define STREAMS 12       /* twice as many as the fewest that servers allow */
#define STREAM_MS 1500   /* behind the last one that was answered */
#define SILENCE_MS 65000 /* the longest keep-alive that one waits for */
#define KEEPALIVES 2     /* one could be an accident */
#define TOGETHER_MS 500  /* a hub's last word and its end */
#define CLOSE_MS 30000   /* keep-alives this far apart meet limits of 30 s */

enum err
doctor_check_compression(struct doctor *d, struct problem *p)
{
	static const char *const headers[] = {
		"Accept-Encoding: gzip, deflate, br", NULL
	};
	struct doctor_report *r = d->report;
	const struct http_seen *s;
	struct slice coding;
	char shown[24];
	enum err e;

	if (!d->is_live)
		return ERR_OK;
	if ((e = doctor_open(d, &s, d->stream_url, headers, p)) != ERR_OK)
		return e;
	http_flow_wait(
	    d->flow, doctor_has_head, &s, clock_mono_ms() + DOCTOR_ANSWER_MS);
	http_flow_stop(d->flow, s);
	coding = http_head_value(buf_view(&s->head), "Content-Encoding", 0);
	http_show(shown, sizeof(shown), coding);
	if (s->status == 0)
		doctor_report_add(r, "compression", DOCTOR_BAD,
		    DOCTOR_COMPRESSED,
		    "%s holds a stream back from who takes compressed ones, "
		    "as browsers do",
		    r->shown);
	else if (shown[0] != '\0' && !slice_is(coding, "identity"))
		doctor_report_add(r, "compression", DOCTOR_BAD,
		    DOCTOR_COMPRESSED,
		    "%s compresses the stream (%s), which may hold updates "
		    "back and takes memory for each",
		    r->shown, shown);
	else
		doctor_report_add(r, "compression", DOCTOR_GOOD, DOCTOR_NONE,
		    "streams are not compressed");
	return ERR_OK;
}

struct crowd {
	const struct http_seen *streams[STREAMS];
	const struct http_seen *silent;
	size_t answered;
};

/* How many are open on the first one's connection?  libcurl may have let them
 * join the silent one's. */
static size_t
count(const struct crowd *c)
{
	const struct http_seen *silent = c->silent;
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
open_crowd(struct doctor *d, struct crowd *c, struct problem *p)
{
	for (size_t i = 0; i < STREAMS; i++) {
		enum err e = doctor_open_shared(d, &c->streams[i], p);

		if (e != ERR_OK)
			return e;
	}
	while (c->answered < STREAMS && http_flow_wait(d->flow, has_more, c,
					    clock_mono_ms() + STREAM_MS))
		c->answered = count(c);
	for (size_t i = 0; i < STREAMS; i++)
		http_flow_stop(d->flow, c->streams[i]);
	return ERR_OK;
}

static void
say_streams(struct doctor *d, const struct crowd *c)
{
	struct doctor_report *r = d->report;

	if (c->streams[0]->version < 20)
		doctor_report_add(r, "streams", DOCTOR_NOTED, DOCTOR_STREAMS,
		    "6 at once to a host, as by HTTP/1.1: let a page ask for "
		    "all its topics in one, shared by its tabs");
	else if (c->answered < STREAMS)
		doctor_report_add(r, "streams", DOCTOR_NOTED, DOCTOR_NONE,
		    "%zu at once on a connection, by HTTP/2: let a page ask "
		    "for all its topics in one, shared by its tabs",
		    c->answered);
	else
		doctor_report_add(r, "streams", DOCTOR_GOOD, DOCTOR_NONE,
		    "%d or more at once on a connection, by HTTP/2", STREAMS);
}

/* Without TLS browsers speak HTTP/1.1 only, and their limit is known. */
enum err
doctor_check_streams(struct doctor *d, struct problem *p)
{
	struct crowd c = { .silent = d->silent };
	enum err e;

	if (!d->is_live || !slice_is(d->url.part[URL_SCHEME], "https"))
		return ERR_OK;
	doctor_tell(d, "opening streams", STREAM_MS);
	if ((e = open_crowd(d, &c, p)) == ERR_OK)
		say_streams(d, &c);
	return e;
}

static bool
has_heard(void *arg)
{
	const struct doctor *d = arg;
	const struct http_seen *s = d->silent;

	return s->end_ms != 0 ||
	       doctor_silence_read(buf_view(&s->body)).keepalives >= KEEPALIVES;
}

/* When the last byte before the end came; or the question. */
static int64_t
last_ms(const struct http_seen *s)
{
	return s->marks_n > 0 ? s->marks[s->marks_n - 1].ms : s->asked_ms;
}

static void
say_end(struct doctor *d, const struct doctor_silence *silence)
{
	const struct http_seen *s = d->silent;
	struct doctor_report *r = d->report;
	double after_s = (double)(s->end_ms - last_ms(s)) / 1000;

	if (silence->has_page) {
		/* The page is its last byte. */
		r->server.is_fcgid = r->server.kind == DOCTOR_APACHE;
		doctor_report_add(r, "keep-alive", DOCTOR_BAD, DOCTOR_CUT,
		    "%s cut a silent stream after %.1f s, with a page of its "
		    "own in it",
		    r->shown, (double)(s->end_ms - s->asked_ms) / 1000);
	} else if (s->whole && silence->said_farewell &&
		   s->end_ms - last_ms(s) < TOGETHER_MS) {
		doctor_report_add(r, "keep-alive", DOCTOR_NOTED, DOCTOR_NONE,
		    "the hub ended a silent stream after %.1f s (long polling, "
		    "or "
		    "MERCURE_WRITE_TIMEOUT)",
		    (double)(s->end_ms - s->asked_ms) / 1000);
	} else {
		doctor_report_add(r, "keep-alive", DOCTOR_BAD, DOCTOR_CUT,
		    "%s cut a silent stream %.1f s after its last byte",
		    r->shown, after_s);
	}
}

static void
say_interval(struct doctor *d, const struct doctor_silence *silence)
{
	const struct http_seen *s = d->silent;
	struct doctor_report *r = d->report;
	int64_t interval_ms = http_seen_at(s, silence->last_end) - s->head_ms;

	interval_ms /= (int64_t)silence->keepalives;
	if (interval_ms > CLOSE_MS)
		doctor_report_add(r, "keep-alive", DOCTOR_NOTED, DOCTOR_SILENT,
		    "every %.0f s; some proxies cut a stream that is silent "
		    "for 30 s",
		    (double)interval_ms / 1000);
	else
		doctor_report_add(r, "keep-alive", DOCTOR_GOOD, DOCTOR_NONE,
		    "every %.0f s", (double)interval_ms / 1000);
}

/* It was opened before all other checks. */
enum err
doctor_check_silence(struct doctor *d, struct problem *p)
{
	const struct http_seen *s = d->silent;
	struct doctor_silence silence;

	(void)p;
	doctor_tell(d, "waiting for keep-alives", SILENCE_MS);
	http_flow_wait(d->flow, has_heard, d, s->asked_ms + SILENCE_MS);
	http_flow_stop(d->flow, s);
	silence = doctor_silence_read(buf_view(&s->body));
	if (s->err != ERR_OK || s->whole)
		say_end(d, &silence);
	else if (silence.keepalives > 0)
		say_interval(d, &silence);
	else if (s->marks_n > 0)
		doctor_report_add(d->report, "keep-alive", DOCTOR_BAD,
		    DOCTOR_SILENT, "none within %d s", SILENCE_MS / 1000);
	return ERR_OK;
}
