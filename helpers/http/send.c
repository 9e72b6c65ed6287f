/* SPDX-License-Identifier: MIT */
/* send.c - waits for the one answer of a client. */
#include "http/send.h"

#include "http/client.h"
#include "text/shown.h"

struct waiting {
	const struct http_answer *answer;
	const _Atomic bool *stop;
};

static bool
is_stopped(const struct waiting *w)
{
	return w->stop != NULL && atomic_load(w->stop);
}

static bool
is_enough(void *arg)
{
	const struct waiting *w = arg;

	return w->answer->end_ms != 0 || is_stopped(w);
}

/* ERR_OK: it is whole, and not a redirect. */
static enum err
judge(const struct http_answer *a, const char *url, struct problem *p)
{
	char shown[HTTP_SHOWN_MAX];

	shown_copy(shown, sizeof(shown), shown_url(url));
	if (a->end_ms == 0)
		return problem_set(p, ERR_IO,
		    "%s: not waited for, as this program ends", shown);
	if (a->err == ERR_NOMEM && a->problem.text[0] != '\0')
		return problem_set(p, a->err, "Out of memory.");
	if (a->err != ERR_OK)
		return a->problem.text[0] == '\0'
			   ? a->err
			   : problem_set(
				 p, a->err, "%s: %s", shown, a->problem.text);
	if (a->redirect[0] == '\0')
		return ERR_OK;
	return problem_set(p, ERR_UNSUPPORTED,
	    "%s: it redirects to %s, which is not followed: if that is right, "
	    "use that URL instead.",
	    shown, a->redirect);
}

enum err
http_send(
    struct http_answer *out, const struct http_request *rq, struct problem *p)
{
	struct waiting w = { .stop = rq->stop };
	struct http_client *c = NULL;
	enum err e;

	if ((e = http_client_new(&c, p)) == ERR_OK &&
	    (e = http_client_ask(c, &w.answer, rq, p)) == ERR_OK) {
		(void)http_client_wait(c, is_enough, &w, INT64_MAX);
		e = judge(w.answer, rq->url, p);
		if (e == ERR_OK)
			http_client_move(c, w.answer, out);
		else
			http_client_stop(c, w.answer);
	}
	http_client_free(c);
	return e;
}
