/* SPDX-License-Identifier: MIT */
/* remote.h - how the library asks the hub that MERCURE_HUB_URL names. */
#ifndef LIB_REMOTE_H
#define LIB_REMOTE_H

#include "http/send.h"
#include "lib/handle.h"

/* A token that was made for one request. */
#define HANDLE_TOKEN_LIFETIME_S 60

#define HANDLE_STATUS_MAX 999

/* What an answer's status means, and what may mend it, without a full stop at its end:
 * the first row that fits; the last goes up to HANDLE_STATUS_MAX. */
struct handle_meaning {
	int least, most;
	enum err e;
	const char *mend;
};

/*
 * Send `rq`, in which this sets whom to trust and how long to wait: for an
 * answer that somebody takes bit by bit, only for the connection.  The
 * caller frees *out in any case.  ERR_...: as http_send(), or of the row that
 * an answer but 2xx has in `meanings`.  The problem names the URL, the answer
 * and the setting or mend.
 */
enum err handle_send(struct pushcgi *h, struct http_answer *out,
    struct http_request *rq, const struct handle_meaning *meanings);

#define HANDLE_URL_SHOWN_MAX 100 /* bytes of a sentence */

/* A URL without its query, which may hold a secret, for a sentence. */
void handle_show_url(char out[HANDLE_URL_SHOWN_MAX], const char *url);

#endif
