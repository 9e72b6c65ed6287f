/* SPDX-License-Identifier: MIT */
/* live.c - publishes updates, and measures when they arrive. */
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "check/judge.h"
#include "check/state.h"
#include "lib/publish.h"
#include "lib/token.h"

#define FIRST_MS 3000 /* the longest wait for what opens a stream */
#define HOLD_MS 5000  /* and, behind the last update, for all of them */
#define HEADER_MAX 9000

/* How an update gets to the hub. */
enum way { WAY_QUEUE, WAY_HTTP, WAY_NONE };

struct round {
	struct check *k;
	const struct http_answer *stream;
	const struct http_answer *posts[CHECK_UPDATES];
	char *authorization; /* a header; a secret */
	enum way way;
	char why[PROBLEM_MAX]; /* nothing could be published */
	struct check_timing timing;
	size_t published;
	bool changed; /* an update arrived, but not as it was sent */
};

/* What filters of web servers change: a page's end, and addresses. */
#define MARKS " <head></head><body></body> http://localhost/"

/* Where the bytes of an update end in the stream; 0: they are not there. */
static size_t
end_of_update(bool *changed, struct slice body, size_t n)
{
	char text[40];
	struct slice rest = body, line;

	snprintf(text, sizeof(text), "data: check-%zu ", n);
	while (slice_cut(&rest, '\n', &line)) {
		if (!slice_starts(line, text))
			continue;
		if (rest.base == NULL)
			return 0;
		line = slice_after(line, strlen(text) - 1);
		*changed = *changed || !slice_is(line, MARKS);
		return (size_t)(rest.base - body.base);
	}
	return 0;
}

static void
read_timing(struct round *r)
{
	struct check_timing *t = &r->timing;
	const struct http_answer *s = r->stream;

	t->first_ms = s->marks_n > 0 ? s->marks[0].ms : 0;
	t->end_ms = s->end_ms;
	for (size_t i = 0; i < r->published; i++) {
		size_t end = end_of_update(&r->changed, buf_view(&s->body), i);

		t->arrived_ms[i] = end > 0 ? http_answer_ms(s, end) : 0;
	}
}

static bool
has_all(void *arg)
{
	struct round *r = arg;

	read_timing(r);
	for (size_t i = 0; i < r->published; i++)
		if (r->timing.arrived_ms[i] == 0)
			return r->timing.end_ms != 0;
	return true;
}

static bool
has_begun(void *arg)
{
	struct round *r = arg;

	read_timing(r);
	return r->timing.first_ms != 0 || r->timing.end_ms != 0;
}

/* Nothing can be published, for this reason. */
static enum err
give_up(struct round *r, const char *why)
{
	snprintf(r->why, sizeof(r->why), "%s", why);
	r->way = WAY_NONE;
	return ERR_OK;
}

/* The token that was given to us, if it is for this hub, or one we make. */
static enum err
write_authorization(struct round *round)
{
	struct pushcgi *h = round->k->h;
	const struct slice topic = slice_of(round->k->topic);
	const char *const given =
	    round->k->trust == CHECK_OWN ? h->config->publisher_jwt : NULL;
	struct problem why = { "" };
	struct buf line;
	enum err e = ERR_OK;

	if (round->k->trust == CHECK_STRANGER) {
		check_advise_url(round->k, round->k->report->url, false);
		return give_up(round, CHECK_NOT_OURS);
	}
	buf_init(&line, HEADER_MAX);
	buf_text(&line, "Authorization: Bearer ");
	if (given != NULL)
		buf_text(&line, given);
	else
		e = handle_explain(handle_publisher_token(h, &line, &topic, 1,
				       check_token_s(round->k), &why),
		    &why);
	if (e != ERR_OK) {
		buf_wipe(&line);
		return e == ERR_NOMEM ? e : give_up(round, why.text);
	}
	if ((e = line.err) == ERR_OK &&
	    (round->authorization = buf_steal(&line)) == NULL)
		e = ERR_NOMEM;
	buf_wipe(&line);
	return e;
}

static enum err
post(struct round *r, const char *data, struct problem *p)
{
	char body[192];
	const char *const headers[] = { r->authorization, NULL };
	struct http_request rq = { .url = r->k->report->url,
		.headers = headers };
	enum err e;

	snprintf(body, sizeof(body), "topic=%s&data=%s", r->k->topic, data);
	rq.body = slice_of(body);
	e = check_ask(r->k, &r->posts[r->published], &rq, p);
	if (e != ERR_OK)
		return e;
	if (r->posts[r->published]->status == 200)
		return ERR_OK;
	check_outcome(r->why, sizeof(r->why), r->posts[r->published]);
	r->way = WAY_NONE;
	return ERR_OK;
}

static enum err
append(struct round *r, const char *data)
{
	const char *const topic = r->k->topic;
	const struct pushcgi_update u = { .topics = &topic,
		.topics_n = 1,
		.data = data,
		.data_len = strlen(data) };
	struct problem why = { "" };
	size_t at;
	const enum err e = handle_explain(
	    handle_publish(r->k->h, NULL, &u, 1, &at, &why), &why);

	return e == ERR_OK || e == ERR_NOMEM ? e : give_up(r, why.text);
}

static enum err
publish(struct round *r, struct problem *p)
{
	char data[80];
	enum err e;

	snprintf(data, sizeof(data), "check-%zu" MARKS, r->published);
	r->timing.published_ms[r->published] = clock_mono_ms();
	e = r->way == WAY_QUEUE ? append(r, data) : post(r, data, p);
	if (e == ERR_OK && r->way != WAY_NONE)
		r->published++;
	return e;
}

/* Open a stream and publish to it. */
static enum err
run_round(struct round *r, struct problem *p)
{
	struct check *k = r->k;
	enum err e = check_open(k, &r->stream, k->stream_url, NULL, p);

	if (e == ERR_OK && r->way == WAY_HTTP)
		e = write_authorization(r);
	if (e != ERR_OK)
		return e;
	http_client_wait(k->client, has_begun, r, clock_mono_ms() + FIRST_MS);
	while (e == ERR_OK && r->way != WAY_NONE &&
	       r->published < CHECK_UPDATES && r->timing.end_ms == 0) {
		e = publish(r, p);
		http_client_wait(
		    k->client, NULL, NULL, clock_mono_ms() + CHECK_SPACING_MS);
		read_timing(r);
	}
	if (e == ERR_OK && r->published > 0)
		http_client_wait(
		    k->client, has_all, r, clock_mono_ms() + HOLD_MS);
	read_timing(r);
	http_client_stop(k->client, r->stream);
	check_note_limit(k, r->stream);
	check_note_limit(k, k->silent);
	return e;
}

static void
round_free(struct round *r)
{
	if (r->authorization != NULL)
		mem_wipe_free(r->authorization, strlen(r->authorization));
}

static enum err
try(struct round *r, struct check *k, enum way way, struct problem *p)
{
	*r = (struct round){ .k = k, .way = way };
	check_announce(k, "publishing to itself", FIRST_MS + HOLD_MS);
	return run_round(r, p);
}

static void
report_live(struct round *r)
{
	struct check_report *report = r->k->report;
	const struct check_timing *t = &r->timing;
	int64_t least_ms, most_ms;

	check_delays(&least_ms, &most_ms, t);
	r->k->hub = CHECK_HUB_LIVE;
	check_report_add(report, "live", CHECK_GOOD, CHECK_NONE,
	    "first byte after %lld ms, updates after %lld to %lld ms",
	    (long long)(t->first_ms - r->stream->asked_ms), (long long)least_ms,
	    (long long)most_ms);
}

/* Without an update of ours, only how a stream begins can be seen. */
static void
report_unpublished(struct round *r)
{
	struct check_report *report = r->k->report;

	if (r->timing.first_ms == 0) {
		check_report_add(report, "live", CHECK_BAD, CHECK_HELD,
		    "%s buffers streams: nothing arrived within %d s",
		    report->shown, FIRST_MS / 1000);
		return;
	}
	r->k->hub = CHECK_HUB_LIVE;
	check_report_add(report, "live", CHECK_NOTED, CHECK_NONE,
	    "first byte after %lld ms; nothing could be published from here: "
	    "%.160s",
	    (long long)(r->timing.first_ms - r->stream->asked_ms), r->why);
}

/* What a server does, and for how long: as measured, or as long as the check
 * waited. */
static const struct {
	enum check_problem problem;
	const char *text;
	bool is_wait;
} verdicts[] = {
	[CHECK_IS_BATCHED] = { CHECK_BATCHED,
	    "collects updates: the first arrived with the last, after", false },
	[CHECK_IS_SLOW] = { CHECK_SLOW,
	    "delivers updates late, or not all of them: after", false },
	[CHECK_IS_HELD] = { CHECK_HELD,
	    "buffers streams: nothing arrived, with updates waiting for",
	    true },
	[CHECK_IS_DEAF] = { CHECK_HELD,
	    "buffers streams: one began, but no update arrived within", true },
};

static void
report_end(struct round *r, bool had_updates, int64_t most_ms)
{
	struct check_report *report = r->k->report;

	if (had_updates)
		check_report_add(report, "live", CHECK_NOTED, CHECK_NONE,
		    "each response ends with its first updates (long "
		    "polling), after %lld ms",
		    (long long)most_ms);
	else if (r->stream->status == 200)
		check_report_add(report, "live", CHECK_BAD, CHECK_CUT,
		    "%s ended a stream before an update could arrive",
		    report->shown);
	else
		check_report_add(report, "live", CHECK_BAD, CHECK_NONE,
		    "%s answers with %d, and no stream", report->shown,
		    r->stream->status);
}

static void
report_verdict(struct round *r)
{
	const enum check_verdict v = check_judge(&r->timing);
	struct check_report *report = r->k->report;
	int64_t least_ms, most_ms;

	check_delays(&least_ms, &most_ms, &r->timing);
	if (v == CHECK_IS_LIVE)
		report_live(r);
	else if (v == CHECK_IS_POLLED || v == CHECK_IS_CUT)
		report_end(r, v == CHECK_IS_POLLED, most_ms);
	else
		check_report_add(report, "live", CHECK_BAD, verdicts[v].problem,
		    "%s %s %lld ms", report->shown, verdicts[v].text,
		    (long long)(verdicts[v].is_wait ? HOLD_MS : most_ms));
}

/* If an update arrives that was sent by HTTP, but not one from this machine's
 * queue, the hub reads another queue. */
static enum err
compare(struct round *first, struct problem *p)
{
	struct check *k = first->k;
	struct round second;
	enum err e = try(&second, k, WAY_HTTP, p);

	if (e == ERR_OK && second.way == WAY_HTTP &&
	    check_judge(&second.timing) != CHECK_IS_LIVE)
		report_verdict(&second);
	else if (e == ERR_OK)
		check_report_add(k->report, "live", CHECK_BAD, CHECK_QUEUE,
		    "what is published into this machine's queue does not "
		    "reach the hub at that URL%s: is its database another "
		    "one (MERCURE_TRANSPORT_URL)?",
		    second.way == WAY_HTTP ? ", what is sent by HTTP does"
					   : "");
	round_free(&second);
	return e;
}

static enum err
conclude(struct round *r, enum way way, struct problem *p)
{
	if (r->published == 0 && r->timing.end_ms == 0)
		report_unpublished(r);
	else if (check_judge(&r->timing) == CHECK_IS_DEAF && way == WAY_QUEUE)
		return compare(r, p);
	else
		report_verdict(r);
	return ERR_OK;
}

/* Rare verdicts are checked twice: this machine may have stood still. */
static bool
is_doubtful(const struct round *r)
{
	enum check_verdict v = check_judge(&r->timing);

	return v == CHECK_IS_BATCHED || v == CHECK_IS_SLOW;
}

#define FAREWELLS 2
#define FAREWELL_MS 200

/*
 * Some web servers notice only at the second write that a browser has left, and
 * would keep the streams until the next keep-alives.  So write.  What cannot be
 * published from here has to wait.
 */
enum err
check_leave(struct check *k)
{
	char silent[UUID_URN_SIZE + sizeof(CHECK_QUIET_END)];
	const char *const topics[] = { k->topic, silent };
	const struct pushcgi_update u = {
		.topics = topics, .topics_n = 2, .data = "bye", .data_len = 3
	};
	struct problem why = { "" };
	enum err e = ERR_OK;
	size_t at;

	snprintf(silent, sizeof(silent), "%s" CHECK_QUIET_END, k->topic);
	http_client_stop(k->client, k->silent);
	for (int i = 0; i < FAREWELLS && k->is_local && e == ERR_OK; i++) {
		http_client_wait(
		    k->client, NULL, NULL, clock_mono_ms() + FAREWELL_MS);
		e = handle_publish(k->h, NULL, &u, 1, &at, &why);
	}
	return e == ERR_NOMEM ? e : ERR_OK;
}

enum err
check_live(struct check *k, struct problem *p)
{
	enum way way = handle_is_remote(k->h) ? WAY_HTTP : WAY_QUEUE;
	struct round r;
	enum err e;

	if ((e = check_open(k, &k->silent, k->silent_url, NULL, p)) != ERR_OK)
		return e;
	e = try(&r, k, way, p);
	if (e == ERR_OK && r.way == WAY_NONE && way == WAY_QUEUE) {
		round_free(&r);
		e = try(&r, k, way = WAY_HTTP, p);
	}
	if (e == ERR_OK && r.published > 0 && is_doubtful(&r)) {
		round_free(&r);
		e = try(&r, k, way, p);
	}
	k->is_local = way == WAY_QUEUE && r.published > 0;
	if (e == ERR_OK)
		e = conclude(&r, way, p);
	if (e == ERR_OK && r.changed)
		check_report_add(k->report, "live", CHECK_BAD, CHECK_CHANGED,
		    "%s changes what is in an update: a filter for pages works "
		    "on streams, too",
		    k->report->shown);
	round_free(&r);
	return e;
}
