/* SPDX-License-Identifier: MIT */
/* state.h - what the checks share, between their files. */
#ifndef CHECK_STATE_H
#define CHECK_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/uuid.h"
#include "check/report.h"
#include "check/trust.h"
#include "http/http_flow.h"
#include "url/url.h"

/* The longest wait for an answer that ends. */
#define DOCTOR_ANSWER_MS 10000

/* A token that no hub takes: its answer shows that the header arrived. */
#define DOCTOR_BAD_TOKEN "Authorization: Bearer pushcgi-check"

/* Why nothing secret is sent. */
#define DOCTOR_NOT_OURS                                             \
	"tokens go only to the scheme, host and port that "         \
	"MERCURE_PUBLIC_HUB_URL or MERCURE_HUB_URL has: set it if " \
	"this hub is yours"

struct doctor {
	struct pushcgi *h;
	const struct doctor_options *options;
	struct http_flow *flow;
	struct doctor_report *report;
	struct url url;            /* the hub's */
	struct url origin;         /* of the pages that open streams */
	char topic[UUID_URN_SIZE]; /* of this run alone */
	char *stream_url;          /* that topic's */
	char *silent_url;          /* that of a topic nobody publishes to */
	char *entry;               /* "Cookie: ..." where strangers get no
				      * stream; NULL: they do.  A secret. */
	const struct http_seen *silent; /* a stream that is left alone */
	enum doctor_trust trust;        /* which tokens it may get */
	bool is_gone;                   /* there is no hub to go on with */
	bool is_live; /* streams come through as they should */
};

/*
 * One check: adds its findings.  ERR_NOMEM and ERR_IO are faults of this
 * machine, never of the hub.
 */
typedef enum err doctor_check_fn(struct doctor *d, struct problem *p);

doctor_check_fn doctor_check_answer;
doctor_check_fn doctor_check_clock;
doctor_check_fn doctor_check_authorization;
doctor_check_fn doctor_check_slashes;
doctor_check_fn doctor_check_body;
doctor_check_fn doctor_check_head;
doctor_check_fn doctor_check_pages;
doctor_check_fn doctor_check_cors;
doctor_check_fn doctor_check_cookie;
doctor_check_fn doctor_check_live;
doctor_check_fn doctor_check_compression;
doctor_check_fn doctor_check_streams;
doctor_check_fn doctor_check_silence;

/* Ask and wait for the end of the answer, DOCTOR_ANSWER_MS at most; then hang
 * up. */
enum err doctor_ask(struct doctor *d, const struct http_seen **seen,
    const struct http_ask *ask, struct problem *p);

/* Ask for a stream, with these headers beside what lets us in (the last NULL;
 * NULL: none; 5 at most). */
enum err doctor_open(struct doctor *d, const struct http_seen **seen,
    const char *url, const char *const *headers, struct problem *p);

/* The same for `d->stream_url`, on a connection with others, as browsers do. */
enum err doctor_open_shared(
    struct doctor *d, const struct http_seen **seen, struct problem *p);

/* For how many seconds a token that is made for this run is valid. */
int64_t doctor_token_s(const struct doctor *d);

/* Say what is waited for, with the longest time. */
void doctor_tell(const struct doctor *d, const char *what, int64_t ms);

/* Is it over, or is there a head?  For http_flow_wait(). */
bool doctor_is_over(void *seen);
bool doctor_has_head(void *seen);

/* Is this what a hub answers to a subscriber, and not the web server? */
bool doctor_is_hub(const struct http_seen *s);

/* Is the answer one of the hub's sentences about what was wrong? */
bool doctor_is_sentence(const struct http_seen *s);

/* What came of it, as in "answers with 404" or why there was no answer. */
void doctor_outcome(char *out, size_t size, const struct http_seen *s);

#endif
