/* SPDX-License-Identifier: MIT */
/* state.h - what the checks share, between their files. */
#ifndef CHECK_STATE_H
#define CHECK_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/uuid.h"
#include "check/report.h"
#include "check/trust.h"
#include "http/client.h"
#include "mercure/token.h"
#include "url/url.h"

/* The longest wait for an answer that ends. */
#define CHECK_ANSWER_MS 10000

/* A token that no hub accepts: its answer shows that the header arrived. */
#define CHECK_BAD_TOKEN "Authorization: Bearer " TOKEN_OF_CHECK

/* The end of the topic that nobody publishes to. */
#define CHECK_QUIET_END "-silent"

/* Why nothing secret is sent. */
#define CHECK_NOT_OURS                                              \
	"tokens go only to the scheme, host and port that "         \
	"MERCURE_PUBLIC_HUB_URL or MERCURE_HUB_URL has: set it if " \
	"this hub is yours"

struct check;

/* Add, once, the line of pushcgi.conf that names the hub's URL `url` (a query
 * is left out) behind the ones that are there, or before them.  It is left out
 * if there is no room for the whole list. */
void check_advise_url(struct check *k, const char *url, bool first);

struct check {
	struct pushcgi *h;
	const struct check_options *options;
	struct http_client *client;
	struct check_report *report;
	struct url url;            /* the hub's */
	struct url origin;         /* of the pages that open streams */
	char topic[UUID_URN_SIZE]; /* of this run alone */
	char *stream_url;          /* that topic's */
	char *silent_url;          /* that of a topic nobody publishes to */
	char *entry;               /* "Cookie: ..." where strangers get no
				      * stream; NULL: they do.  A secret. */
	const struct http_answer *silent; /* a stream that is left alone */
	enum check_trust trust;           /* which tokens it may get */
	bool advised;                     /* check_advise_url() */
	bool is_local;                    /* updates go through its queue */
	bool has_answered;                /* the hub, once */
	bool refusals_arrive;             /* with the hub's own words */
	/* The first answer by which the web server, and not the hub, limits
	 * how often one asks; 0: none. */
	int limited;
	unsigned fresh; /* URLs that were asked once */
	enum {
		CHECK_HUB_UNKNOWN,
		CHECK_HUB_GONE, /* there is nothing more to ask */
		CHECK_HUB_LIVE  /* streams arrive as they should */
	} hub;
};

/*
 * One check: adds its findings.  ERR_NOMEM and ERR_IO are problems of this
 * machine, never of the hub.
 */
typedef enum err check_fn(struct check *k, struct problem *p);

check_fn check_answer;
check_fn check_clock;
check_fn check_authorization;
check_fn check_slashes;
check_fn check_body;
check_fn check_head;
check_fn check_pages;
check_fn check_cors;
check_fn check_cookie;
check_fn check_live;
check_fn check_head_fields;
check_fn check_refusals;
check_fn check_compression;
check_fn check_streams;
check_fn check_silence;

/* Hang up, so that the web server and the hub notice it. */
enum err check_leave(struct check *k);

/* Ask and wait for the end of the answer, CHECK_ANSWER_MS at most; then hang
 * up. */
enum err check_ask(struct check *k, const struct http_answer **answer,
    const struct http_request *rq, struct problem *p);

/* Ask by HEAD for a stream at a URL that no cache has an answer for. */
enum err check_ask_fresh(struct check *k, const struct http_answer **answer,
    const char *const *headers, struct problem *p);

/* Ask for a stream, with these headers beside what lets us in (the last NULL;
 * NULL: none; 5 at most). */
enum err check_open(struct check *k, const struct http_answer **answer,
    const char *url, const char *const *headers, struct problem *p);

/* The same for `k->stream_url`, on a connection with others, as browsers do. */
enum err check_open_shared(
    struct check *k, const struct http_answer **answer, struct problem *p);

/* For how many seconds a token that is made for this run is valid. */
int64_t check_token_s(const struct check *k);

/* Does this answer of the hub's URL come of a limit of the web server?  Then
 * the checks after it have no meaning. */
void check_note_limit(struct check *k, const struct http_answer *s);

/* Say what is waited for, with the longest time. */
void check_announce(const struct check *k, const char *what, int64_t ms);

/* Is there a head, or is it over?  For http_client_wait(). */
bool check_has_head(void *answer);

/* Is this what a hub answers to a subscriber, and not the web server? */
bool check_is_hub(const struct http_answer *s);

/* Is this the Content-Type, with whatever parameters? */
bool check_has_type(const struct http_answer *s, const char *type);

/* Is the answer one of the hub's sentences about what was wrong? */
bool check_is_sentence(const struct http_answer *s);

/* The outcome of a request, as in "answers with 404" or why there was no
 * answer. */
void check_outcome(char *out, size_t size, const struct http_answer *s);

#endif
