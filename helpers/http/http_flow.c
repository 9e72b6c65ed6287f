/* SPDX-License-Identifier: MIT */
/* http_flow.c - libcurl's multi interface, with a clock beside it. */
#include "http/http_flow.h"

#include "base/clock.h"
#include "base/mem.h"
#include "http/http.h"
#include "http/http_easy.h"

#define TURN_MS \
	200 /* the longest wait for bytes: `enough` may look at a clock */
#define DETAIL_MAX 160

struct exchange {
	struct http_seen seen;
	struct http_flow *flow;
	CURL *curl; /* NULL: over */
	struct curl_slist *headers;
	char detail[CURL_ERROR_SIZE];
	struct exchange *next;
};

struct http_flow {
	struct http_library lib;
	const char *ca_file;
	CURLM *multi;
	struct exchange *exchanges;
};

static enum err
no_memory(struct problem *p)
{
	return problem_set(p, ERR_NOMEM, "Out of memory.");
}

enum err
http_flow_new(struct http_flow **out, const char *ca_file, struct problem *p)
{
	struct http_library lib;
	struct http_flow *w;
	enum err e = http_library_load(&lib, p);

	if (e != ERR_OK)
		return e;
	if ((w = mem_calloc(1, sizeof(*w))) == NULL)
		return no_memory(p);
	w->lib = lib;
	w->ca_file = ca_file;
	if (lib.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		mem_free(w);
		return no_memory(p);
	}
	if ((w->multi = lib.multi_init()) == NULL) {
		http_flow_free(w);
		return no_memory(p);
	}
	*out = w;
	return ERR_OK;
}

static void
mark(struct http_seen *s)
{
	if (s->marks_n < HTTP_FLOW_MARKS_MAX)
		s->marks_n++;
	s->marks[s->marks_n - 1] =
	    (struct http_mark){ clock_mono_ms(), s->body.len };
}

static size_t
take_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;

	buf_add(&x->seen.body, bytes, size * n);
	if (x->seen.body.err != ERR_OK)
		return 0;
	mark(&x->seen);
	return size * n;
}

/* What libcurl knows once there is a head. */
static void
note_head(struct exchange *x)
{
	const struct http_library *lib = &x->flow->lib;
	static const int versions[] = {
		[CURL_HTTP_VERSION_1_0] = 10,
		[CURL_HTTP_VERSION_1_1] = 11,
		[CURL_HTTP_VERSION_2_0] = 20,
		[CURL_HTTP_VERSION_3] = 30,
	};
	long status = 0, version = 0, port = 0;

	lib->easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status);
	lib->easy_getinfo(x->curl, CURLINFO_HTTP_VERSION, &version);
	lib->easy_getinfo(x->curl, CURLINFO_LOCAL_PORT, &port);
	x->seen.status = (int)status;
	x->seen.port = (unsigned)port;
	if (version > 0 &&
	    (size_t)version < sizeof(versions) / sizeof(versions[0]))
		x->seen.version = versions[version];
	x->seen.head_ms = clock_mono_ms();
}

static size_t
take_header(char *bytes, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;
	const struct slice line = { bytes, size * n };

	/* A 100 may come before the head that counts. */
	if (slice_starts(line, "HTTP/"))
		buf_clear(&x->seen.head);
	buf_slice(&x->seen.head, line);
	if (x->seen.head.err != ERR_OK)
		return 0;
	if (line.len > 0 && (line.base[0] == '\r' || line.base[0] == '\n'))
		note_head(x);
	return line.len;
}

static CURLcode
add_header(struct exchange *x, const char *line)
{
	struct curl_slist *more = x->flow->lib.slist_append(x->headers, line);

	if (more == NULL)
		return CURLE_OUT_OF_MEMORY;
	x->headers = more;
	return CURLE_OK;
}

static CURLcode
add_headers(struct exchange *x, const char *const *headers)
{
	/* See http.c. */
	CURLcode rc = add_header(x, "Expect:");

	for (; headers != NULL && *headers != NULL && rc == CURLE_OK; headers++)
		rc = add_header(x, *headers);
	return rc;
}

static CURLcode
set_taking(struct exchange *x)
{
	const struct http_library *lib = &x->flow->lib;
	CURLcode rc;

	if ((rc = lib->easy_setopt(
		 x->curl, CURLOPT_WRITEFUNCTION, take_body)) != CURLE_OK ||
	    (rc = lib->easy_setopt(x->curl, CURLOPT_WRITEDATA, x)) !=
		CURLE_OK ||
	    (rc = lib->easy_setopt(
		 x->curl, CURLOPT_HEADERFUNCTION, take_header)) != CURLE_OK ||
	    (rc = lib->easy_setopt(x->curl, CURLOPT_HEADERDATA, x)) !=
		CURLE_OK ||
	    (rc = lib->easy_setopt(x->curl, CURLOPT_PRIVATE, x)) != CURLE_OK)
		return rc;
	return lib->easy_setopt(x->curl, CURLOPT_ERRORBUFFER, x->detail);
}

/* HEAD has its own option: after any other, libcurl would wait for a body. */
static CURLcode
set_method(struct exchange *x, const struct http_ask *ask)
{
	const struct http_library *lib = &x->flow->lib;
	CURLcode rc = CURLE_OK;

	if (ask->body.base != NULL &&
	    (rc = lib->easy_setopt(x->curl, CURLOPT_POSTFIELDSIZE_LARGE,
		 (curl_off_t)ask->body.len)) == CURLE_OK)
		rc = lib->easy_setopt(
		    x->curl, CURLOPT_POSTFIELDS, ask->body.base);
	if (rc != CURLE_OK || ask->method == NULL)
		return rc;
	if (strcmp(ask->method, "HEAD") == 0)
		return lib->easy_setopt(x->curl, CURLOPT_NOBODY, 1L);
	return lib->easy_setopt(x->curl, CURLOPT_CUSTOMREQUEST, ask->method);
}

static CURLcode
set_connection(struct exchange *x, const struct http_ask *ask)
{
	const struct http_library *lib = &x->flow->lib;
	CURLcode rc;

	if ((rc = lib->easy_setopt(x->curl, CURLOPT_PIPEWAIT,
		 ask->shares ? 1L : 0L)) != CURLE_OK ||
	    (rc = lib->easy_setopt(x->curl, CURLOPT_FRESH_CONNECT,
		 ask->shares ? 0L : 1L)) != CURLE_OK ||
	    (rc = lib->easy_setopt(x->curl, CURLOPT_FORBID_REUSE,
		 ask->shares ? 0L : 1L)) != CURLE_OK)
		return rc;
	if (x->flow->ca_file == NULL)
		return CURLE_OK;
	return lib->easy_setopt(x->curl, CURLOPT_CAINFO, x->flow->ca_file);
}

static CURLcode
prepare(struct exchange *x, const struct http_ask *ask)
{
	const struct http_library *lib = &x->flow->lib;
	CURLcode rc;

	if ((x->curl = lib->easy_init()) == NULL)
		return CURLE_OUT_OF_MEMORY;
	if ((rc = http_easy_prepare(lib, x->curl)) != CURLE_OK ||
	    (rc = set_taking(x)) != CURLE_OK ||
	    (rc = set_method(x, ask)) != CURLE_OK ||
	    (rc = set_connection(x, ask)) != CURLE_OK ||
	    (rc = add_headers(x, ask->headers)) != CURLE_OK ||
	    (rc = lib->easy_setopt(x->curl, CURLOPT_HTTPHEADER, x->headers)) !=
		CURLE_OK)
		return rc;
	return lib->easy_setopt(x->curl, CURLOPT_URL, ask->url);
}

static void
release(struct exchange *x)
{
	const struct http_library *lib = &x->flow->lib;

	if (x->curl == NULL)
		return;
	lib->multi_remove_handle(x->flow->multi, x->curl);
	lib->easy_cleanup(x->curl);
	lib->slist_free_all(x->headers);
	x->curl = NULL;
	x->headers = NULL;
	x->seen.end_ms = clock_mono_ms();
}

static void
exchange_free(struct exchange *x)
{
	release(x);
	buf_free(&x->seen.head);
	buf_free(&x->seen.body);
	mem_free(x);
}

enum err
http_flow_ask(struct http_flow *w, const struct http_seen **seen,
    const struct http_ask *ask, struct problem *p)
{
	enum err e = http_check_url(ask->url, false, p);
	struct exchange *x;

	if (e != ERR_OK)
		return e;
	if ((x = mem_calloc(1, sizeof(*x))) == NULL)
		return no_memory(p);
	x->flow = w;
	buf_init(&x->seen.head, HTTP_HEAD_MAX);
	buf_init(&x->seen.body, HTTP_FLOW_BODY_MAX);
	x->seen.asked_ms = clock_mono_ms();
	if (prepare(x, ask) != CURLE_OK ||
	    w->lib.multi_add_handle(w->multi, x->curl) != CURLM_OK) {
		exchange_free(x);
		return no_memory(p);
	}
	x->next = w->exchanges;
	w->exchanges = x;
	*seen = &x->seen;
	return ERR_OK;
}

static void
note_failure(struct exchange *x, CURLcode rc)
{
	struct http_seen *s = &x->seen;
	char detail[DETAIL_MAX];
	bool has_detail;
	const char *why = http_easy_reason(rc, &has_detail);

	s->err = s->body.err != ERR_OK       ? s->body.err
		 : s->head.err != ERR_OK     ? s->head.err
		 : rc == CURLE_OUT_OF_MEMORY ? ERR_NOMEM
					     : ERR_IO;
	http_show(detail, sizeof(detail),
	    slice_of(x->detail[0] != '\0' ? x->detail
					  : x->flow->lib.easy_strerror(rc)));
	if (s->err != ERR_IO)
		problem_set(
		    &s->problem, s->err, "the answer: %s", err_text(s->err));
	else if (has_detail)
		problem_set(&s->problem, s->err, "%s (%s)", why, detail);
	else
		problem_set(&s->problem, s->err, "%s", why);
}

/* Who has ended? */
static void
reap(struct http_flow *w)
{
	struct CURLMsg *m;
	int left;

	while ((m = w->lib.multi_info_read(w->multi, &left)) != NULL) {
		CURLcode rc = m->data.result;
		char *found = NULL;
		struct exchange *x;

		if (m->msg != CURLMSG_DONE)
			continue;
		w->lib.easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &found);
		for (x = w->exchanges; (char *)x != found; x = x->next)
			;
		x->seen.whole = rc == CURLE_OK;
		if (rc != CURLE_OK)
			note_failure(x, rc);
		release(x);
	}
}

bool
http_flow_wait(
    struct http_flow *w, bool (*enough)(void *arg), void *arg, int64_t until_ms)
{
	for (;;) {
		int64_t left_ms = until_ms - clock_mono_ms();
		int running;

		w->lib.multi_perform(w->multi, &running);
		reap(w);
		if (enough != NULL && enough(arg))
			return true;
		if (left_ms <= 0)
			return false;
		w->lib.multi_poll(w->multi, NULL, 0,
		    left_ms < TURN_MS ? (int)left_ms : TURN_MS, NULL);
	}
}

void
http_flow_stop(struct http_flow *w, const struct http_seen *seen)
{
	for (struct exchange *x = w->exchanges; x != NULL; x = x->next)
		if (&x->seen == seen)
			release(x);
}

bool
http_flow_is_starved(const struct http_flow *w)
{
	for (const struct exchange *x = w->exchanges; x != NULL; x = x->next)
		if (x->seen.err == ERR_NOMEM)
			return true;
	return false;
}

void
http_flow_free(struct http_flow *w)
{
	if (w == NULL)
		return;
	while (w->exchanges != NULL) {
		struct exchange *x = w->exchanges;

		w->exchanges = x->next;
		exchange_free(x);
	}
	if (w->multi != NULL)
		w->lib.multi_cleanup(w->multi);
	w->lib.global_cleanup();
	mem_free(w);
}

int64_t
http_seen_at(const struct http_seen *s, size_t end)
{
	for (size_t i = 0; i < s->marks_n; i++)
		if (s->marks[i].end >= end)
			return s->marks[i].ms;
	return 0;
}
