/* SPDX-License-Identifier: MIT */
/* http.c - asks other servers by libcurl. */
#include "http/http.h"

#include "base/mem.h"
#include "http/http_easy.h"
#include "url/url.h"

#define SHOWN_MAX 120  /* bytes of a URL in a sentence */
#define DETAIL_MAX 100 /* of what libcurl says */
#define HEADER_MAX 4096

struct transfer {
	const struct http_request *rq;
	struct http_library lib;
	CURL *curl;
	struct curl_slist *headers;
	struct url url;
	char *href;            /* what of it is sent: all but the fragment */
	char shown[SHOWN_MAX]; /* the URL, for sentences */
	char detail[CURL_ERROR_SIZE];
	struct http_answer answer;
	size_t head_len;
	enum err taken; /* what rq->take ended with */
};

/* Without the query, which may hold what others must not see. */
static void
show_url(struct transfer *t)
{
	const struct slice *path = &t->url.part[URL_PATH];

	http_show(t->shown, sizeof(t->shown),
	    (struct slice){ t->url.href.base,
		(size_t)(path->base + path->len - t->url.href.base) });
}

static enum err
url_read(struct url *out, const char *text, bool https_only, struct problem *p)
{
	struct slice scheme;
	enum err e = url_parse(out, slice_of(text), NULL, 0);

	/* Whatever it is, it may hold a password. */
	if (e == ERR_NOMEM)
		return problem_set(p, e, "Out of memory.");
	if (e != ERR_OK)
		return problem_set(p, e,
		    "The URL cannot be read: write it as in "
		    "https://example.com/path.");
	scheme = out->part[URL_SCHEME];
	if (!slice_is(scheme, "https") &&
	    (https_only || !slice_is(scheme, "http")))
		return problem_set(p, ERR_UNSUPPORTED,
		    "The URL must begin with https://%s.",
		    https_only ? "" : " or http://");
	if (out->part[URL_USERNAME].len > 0 || out->part[URL_PASSWORD].len > 0)
		return problem_set(p, ERR_SYNTAX,
		    "The URL must not hold a name or a password: take out "
		    "what stands before the @.");
	return ERR_OK;
}

enum err
http_check_url(const char *url, bool https_only, struct problem *p)
{
	struct url u = { .part = { { NULL, 0 } } };
	enum err e = url_read(&u, url, https_only, p);

	url_free(&u);
	return e;
}

static enum err
url_keep(struct transfer *t, struct problem *p)
{
	struct slice all = buf_view(&t->url.href);
	struct slice fragment = t->url.part[URL_FRAGMENT];

	if (fragment.base != NULL)
		all.len = (size_t)(fragment.base - all.base) - 1;
	if ((t->href = mem_text(all)) == NULL)
		return problem_set(p, ERR_NOMEM, "Out of memory.");
	show_url(t);
	return ERR_OK;
}

/* Is the body for somebody else to take? */
static bool
is_taken(struct transfer *t)
{
	long status = 0;

	return t->rq->take != NULL &&
	       t->lib.easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status) ==
		   CURLE_OK &&
	       status == 200;
}

static enum err
hand_on(struct transfer *t, struct slice bytes)
{
	char *type = NULL;

	if (t->lib.easy_getinfo(t->curl, CURLINFO_CONTENT_TYPE, &type) !=
	    CURLE_OK)
		type = NULL;
	return t->rq->take(t->rq->arg, type, bytes);
}

static size_t
take_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	if (is_taken(t)) {
		t->taken = hand_on(t, (struct slice){ bytes, size * n });
		return t->taken == ERR_OK ? size * n : 0;
	}
	buf_add(&t->answer.body, bytes, size * n);
	return t->answer.body.err == ERR_OK ? size * n : 0;
}

/* They are only counted: libcurl keeps them, as many as there are.  A blank
 * line ends them. */
static size_t
take_header(char *bytes, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	t->head_len += size * n;
	if (t->head_len > HTTP_HEAD_MAX)
		t->answer.body.err = ERR_LIMIT;
	else if (bytes[0] == '\r' && is_taken(t))
		t->taken = hand_on(t, slice_of(""));
	return t->answer.body.err == ERR_OK && t->taken == ERR_OK ? size * n
								  : 0;
}

static int
look_up(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct transfer *t = arg;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return t->rq->stop != NULL && atomic_load(t->rq->stop);
}

static CURLcode
set_limits(struct transfer *t)
{
	CURL *curl = t->curl;
	CURLcode rc;

	if ((rc = t->lib.easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
		 (long)t->rq->connect_ms)) != CURLE_OK ||
	    (rc = t->lib.easy_setopt(curl, CURLOPT_TIMEOUT_MS,
		 (long)t->rq->total_ms)) != CURLE_OK ||
	    (rc = t->lib.easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body)) !=
		CURLE_OK ||
	    (rc = t->lib.easy_setopt(curl, CURLOPT_WRITEDATA, t)) != CURLE_OK ||
	    (rc = t->lib.easy_setopt(
		 curl, CURLOPT_HEADERFUNCTION, take_header)) != CURLE_OK ||
	    (rc = t->lib.easy_setopt(curl, CURLOPT_HEADERDATA, t)) !=
		CURLE_OK ||
	    (rc = t->lib.easy_setopt(curl, CURLOPT_NOPROGRESS, 0L)) !=
		CURLE_OK ||
	    (rc = t->lib.easy_setopt(
		 curl, CURLOPT_XFERINFOFUNCTION, look_up)) != CURLE_OK ||
	    (rc = t->lib.easy_setopt(curl, CURLOPT_XFERINFODATA, t)) !=
		CURLE_OK)
		return rc;
	return t->lib.easy_setopt(curl, CURLOPT_ERRORBUFFER, t->detail);
}

static CURLcode
add_header(struct transfer *t, const char *line)
{
	struct curl_slist *more = t->lib.slist_append(t->headers, line);

	if (more == NULL)
		return CURLE_OUT_OF_MEMORY;
	t->headers = more;
	return CURLE_OK;
}

static CURLcode
set_request(struct transfer *t)
{
	const struct http_request *rq = t->rq;
	CURL *curl = t->curl;
	/* Without it, a long body would wait for a word that few servers say. */
	CURLcode rc = add_header(t, "Expect:");

	for (const char *const *h = rq->headers; h != NULL && *h != NULL; h++)
		if (rc == CURLE_OK)
			rc = add_header(t, *h);
	if (rc == CURLE_OK)
		rc = t->lib.easy_setopt(curl, CURLOPT_HTTPHEADER, t->headers);
	if (rc == CURLE_OK)
		rc = t->lib.easy_setopt(curl, CURLOPT_URL, t->href);
	if (rc == CURLE_OK && rq->ca_file != NULL)
		rc = t->lib.easy_setopt(curl, CURLOPT_CAINFO, rq->ca_file);
	if (rc == CURLE_OK && rq->body.base != NULL)
		rc = t->lib.easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)rq->body.len);
	if (rc == CURLE_OK && rq->body.base != NULL)
		rc =
		    t->lib.easy_setopt(curl, CURLOPT_POSTFIELDS, rq->body.base);
	return rc;
}

static enum err
failure(const struct transfer *t, CURLcode rc, struct problem *p)
{
	char detail[DETAIL_MAX];
	bool has_detail;
	const char *why = http_easy_reason(rc, &has_detail);

	if (rc == CURLE_OUT_OF_MEMORY || t->answer.body.err == ERR_NOMEM)
		return problem_set(p, ERR_NOMEM, "Out of memory.");
	if (t->answer.body.err == ERR_LIMIT)
		return problem_set(p, ERR_LIMIT,
		    "%s: the answer has more than %zu bytes.", t->shown,
		    t->head_len > HTTP_HEAD_MAX ? (size_t)HTTP_HEAD_MAX
						: t->rq->body_max);
	if (!has_detail)
		return problem_set(p, ERR_IO, "%s: %s", t->shown, why);
	http_show(detail, sizeof(detail),
	    slice_of(
		t->detail[0] != '\0' ? t->detail : t->lib.easy_strerror(rc)));
	return problem_set(p, ERR_IO, "%s: %s (%s)", t->shown, why, detail);
}

/* Where a redirect leads, in the server's words, without what others must not
 * see: a query, a fragment, a name and a password. */
static void
show_target(char *out, size_t size, const char *to)
{
	const char *host = strstr(to, "://");
	size_t n = strcspn(to, "?#"), head = 0, at, end;

	if (host != NULL && (size_t)(host - to) < n)
		head = (size_t)(host - to) + 3;
	end = head > 0 ? head + strcspn(to + head, "/?#") : n;
	for (at = end; at > head && to[at - 1] != '@'; at--)
		;
	if (head >= size)
		head = size - 1;
	http_show(out, head + 1, (struct slice){ to, head });
	http_show(out + head, size - head, (struct slice){ to + at, n - at });
}

static enum err
refuse_redirect(const struct transfer *t, struct problem *p)
{
	char *to = NULL, shown[SHOWN_MAX];

	if (t->lib.easy_getinfo(t->curl, CURLINFO_REDIRECT_URL, &to) !=
		CURLE_OK ||
	    to == NULL)
		return ERR_OK;
	show_target(shown, sizeof(shown), to);
	return problem_set(p, ERR_UNSUPPORTED,
	    "%s: it leads on to %s, which is not followed: if that is right, "
	    "name it instead.",
	    t->shown, shown);
}

/* The values of a header, joined; NULL also for "there is none". */
static enum err
keep_header(char **out, const struct transfer *t, const char *name)
{
	struct curl_header *h = NULL;
	struct buf value;
	enum err e;

	if (t->lib.easy_header(t->curl, name, 0, CURLH_HEADER, -1, &h) !=
	    CURLHE_OK)
		return ERR_OK;
	buf_init(&value, HEADER_MAX);
	buf_text(&value, h->value);
	for (size_t i = 1, n = h->amount; i < n; i++) {
		if (t->lib.easy_header(
			t->curl, name, i, CURLH_HEADER, -1, &h) != CURLHE_OK)
			break;
		buf_text(&value, ", ");
		buf_text(&value, h->value);
	}
	e = value.err;
	if (e == ERR_OK && (*out = buf_steal(&value)) == NULL)
		e = ERR_NOMEM;
	buf_free(&value);
	return e;
}

static enum err
keep_answer(struct transfer *t, struct problem *p)
{
	const char *const *wanted = t->rq->wanted;
	long status = 0;
	enum err e;

	if (t->lib.easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status) !=
	    CURLE_OK)
		status = 0;
	t->answer.status = (int)status;
	for (size_t i = 0; wanted != NULL && i < HTTP_WANTED_MAX; i++) {
		if (wanted[i] == NULL)
			break;
		e = keep_header(&t->answer.header[i], t, wanted[i]);
		if (e != ERR_OK)
			return problem_set(p, e, "%s: the header %s: %s.",
			    t->shown, wanted[i], err_text(e));
	}
	return ERR_OK;
}

static enum err
perform(struct transfer *t, struct problem *p)
{
	CURLcode rc;
	enum err e;

	if ((t->curl = t->lib.easy_init()) == NULL)
		return failure(t, CURLE_OUT_OF_MEMORY, p);
	if ((rc = http_easy_prepare(&t->lib, t->curl)) == CURLE_OK &&
	    (rc = set_limits(t)) == CURLE_OK &&
	    (rc = set_request(t)) == CURLE_OK)
		rc = t->lib.easy_perform(t->curl);
	/* A name that nobody answers for is not waited for at the end. */
	if (rc == CURLE_ABORTED_BY_CALLBACK)
		t->lib.easy_setopt(t->curl, CURLOPT_QUICK_EXIT, 1L);
	if (t->taken != ERR_OK)
		return t->taken;
	if (rc != CURLE_OK)
		return failure(t, rc, p);
	if ((e = refuse_redirect(t, p)) != ERR_OK)
		return e;
	return keep_answer(t, p);
}

/* libcurl counts its users by itself, in any thread. */
static enum err
with_library(struct transfer *t, struct problem *p)
{
	enum err e = http_library_load(&t->lib, p);

	if (e != ERR_OK)
		return e;
	if (t->lib.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return problem_set(p, ERR_NOMEM, "libcurl does not start.");
	e = perform(t, p);
	t->lib.slist_free_all(t->headers);
	t->lib.easy_cleanup(t->curl);
	t->lib.global_cleanup();
	return e;
}

enum err
http_send(
    struct http_answer *out, const struct http_request *rq, struct problem *p)
{
	struct transfer t = { .rq = rq };
	enum err e;

	buf_init(&t.answer.body, rq->body_max);
	if ((e = url_read(&t.url, rq->url, rq->https_only, p)) != ERR_OK ||
	    (e = url_keep(&t, p)) != ERR_OK ||
	    (e = with_library(&t, p)) != ERR_OK)
		goto out;

	*out = t.answer;
	t.answer = (struct http_answer){ 0 };
out:
	http_answer_free(&t.answer);
	mem_free(t.href);
	url_free(&t.url);
	return e;
}

void
http_answer_free(struct http_answer *a)
{
	for (size_t i = 0; i < HTTP_WANTED_MAX; i++)
		mem_free(a->header[i]);
	buf_free(&a->body);
}
