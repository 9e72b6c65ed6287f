/* SPDX-License-Identifier: MIT */
/* answer.c - answers, and sentences about those that did not come. */
#include "http/answer.h"

#include "http/exchange.h"
#include "text/http_fields.h"
#include "text/shown.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define DETAIL_MAX 100 /* bytes of libcurl's own words */

struct slice
http_field(const struct http_answer *a, const char *name, size_t nth)
{
	return http_fields_value(buf_view(&a->head), name, nth);
}

int64_t
http_answer_ms(const struct http_answer *a, size_t end)
{
	for (size_t i = 0; i < a->marks_n; i++)
		if (a->marks[i].end >= end)
			return a->marks[i].ms;
	return 0;
}

void
http_answer_free(struct http_answer *a)
{
	buf_free(&a->head);
	buf_free(&a->body);
}

/* In the server's words. */
void
http_answer_redirect(struct http_answer *a, const char *to)
{
	const char *host = strstr(to, "://");
	size_t n = strcspn(to, "?#"), head = 0, at, end;

	if (host != NULL && (size_t)(host - to) < n)
		head = (size_t)(host - to) + 3;
	end = head > 0 ? head + strcspn(to + head, "/?#") : n;
	for (at = end; at > head && to[at - 1] != '@'; at--)
		;
	if (head >= sizeof(a->redirect))
		head = sizeof(a->redirect) - 1;
	shown_copy(a->redirect, head + 1, (struct slice){ to, head });
	shown_copy(a->redirect + head, sizeof(a->redirect) - head,
	    (struct slice){ to + at, n - at });
}

/* How each failure is described to the person who can fix it. */
static const struct reason {
	CURLcode rc;
	const char *why;
	/* libcurl's own words say more than how long it took, which would
	 * make each failure another one. */
	bool has_detail;
} reasons[] = {
	{ CURLE_COULDNT_RESOLVE_HOST,
	    "the host's name is not found: is it spelled correctly, and can "
	    "this machine reach a name server?",
	    false },
	{ CURLE_COULDNT_CONNECT,
	    "there is no connection: does the server run, and does a firewall "
	    "let this machine through?",
	    false },
	{ CURLE_OPERATION_TIMEDOUT,
	    "no whole answer came in time: is the server slow, or cut off?",
	    false },
	{ CURLE_PEER_FAILED_VERIFICATION,
	    "its certificate is not trusted: fix it, or name the file of its "
	    "authority in MERCURE_CA_FILE",
	    true },
	{ CURLE_SSL_CACERT_BADFILE,
	    "the certificates to trust cannot be read: check MERCURE_CA_FILE",
	    true },
	{ CURLE_SSL_CONNECT_ERROR,
	    "the server does not speak TLS: is the port right?", true },
	{ CURLE_UNSUPPORTED_PROTOCOL,
	    "the server does not speak HTTP: is the port right?", false },
	{ CURLE_WEIRD_SERVER_REPLY,
	    "the server does not speak HTTP: is the port right?", false },
	{ CURLE_GOT_NOTHING, "the server hung up without an answer", false },
	{ CURLE_PARTIAL_FILE, "the server hung up within its answer", false },
	{ CURLE_RECV_ERROR, "the connection broke off", false },
	{ CURLE_SEND_ERROR, "the connection broke off", false },
};

static struct reason
reason_of(CURLcode rc)
{
	for (size_t i = 0; i < COUNT(reasons); i++)
		if (reasons[i].rc == rc)
			return reasons[i];
	return (struct reason){ rc, "the request failed", true };
}

void
http_answer_fail(struct http_answer *a, CURLcode rc, const char *detail)
{
	const struct reason reason = reason_of(rc);
	const bool head = a->head.err == ERR_LIMIT;
	char shown[DETAIL_MAX];

	shown_copy(shown, sizeof(shown), slice_of(detail));
	if (rc == CURLE_OUT_OF_MEMORY || a->body.err == ERR_NOMEM ||
	    a->head.err == ERR_NOMEM)
		a->err = problem_set(&a->problem, ERR_NOMEM, "out of memory");
	else if (head || a->body.err == ERR_LIMIT)
		a->err = problem_set(&a->problem, ERR_LIMIT,
		    "the answer has more than %zu bytes",
		    head ? a->head.max : a->body.max);
	else if (reason.has_detail)
		a->err = problem_set(
		    &a->problem, ERR_IO, "%s (%s)", reason.why, shown);
	else
		a->err = problem_set(&a->problem, ERR_IO, "%s", reason.why);
}
