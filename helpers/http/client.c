/* SPDX-License-Identifier: MIT */
/* client.c - libcurl's multi interface, with a clock beside it. */
#include "http/client.h"

#include "base/clock.h"
#include "base/mem.h"
#include "http/exchange.h"

/* The longest wait for bytes: `enough` may look at a clock. */
#define WAIT_MS 200

struct exchange {
	struct http_answer answer;
	struct http_client *client;
	http_receive_fn *receive;
	void *arg;
	CURL *curl; /* NULL: over */
	char *href;
	struct curl_slist *headers;
	char detail[CURL_ERROR_SIZE];
	struct exchange *next;
};

struct http_client {
	struct http_library lib;
	CURLM *multi;
	struct exchange *exchanges;
};

static enum err
no_memory(struct problem *p)
{
	return problem_set(p, ERR_NOMEM, "Out of memory.");
}

/* libcurl counts its users itself, in any thread. */
enum err
http_client_new(struct http_client **out, struct problem *p)
{
	struct http_library lib;
	struct http_client *c;
	enum err e = http_library_load(&lib, p);

	if (e != ERR_OK)
		return e;
	if ((c = mem_calloc(1, sizeof(*c))) == NULL)
		return no_memory(p);
	c->lib = lib;
	if (lib.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		mem_free(c);
		return no_memory(p);
	}
	if ((c->multi = lib.multi_init()) == NULL) {
		http_client_free(c);
		return no_memory(p);
	}
	*out = c;
	return ERR_OK;
}

static void
mark(struct http_answer *a)
{
	if (a->marks_n < HTTP_MARKS_MAX)
		a->marks_n++;
	a->marks[a->marks_n - 1] =
	    (struct http_mark){ clock_mono_ms(), a->body.len };
}

/* The receiver gets the body of a 200 only. */
static bool
is_received(const struct exchange *x)
{
	return x->receive != NULL && x->answer.status == 200;
}

static bool
receive(struct exchange *x, struct slice bytes)
{
	x->answer.err = x->receive(x->arg, &x->answer, bytes);
	return x->answer.err == ERR_OK;
}

static size_t
on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;

	if (is_received(x))
		return receive(x, (struct slice){ bytes, size * n }) ? size * n
								     : 0;
	buf_add(&x->answer.body, bytes, size * n);
	if (x->answer.body.err != ERR_OK)
		return 0;
	mark(&x->answer);
	return size * n;
}

static void
note_head(struct exchange *x)
{
	const struct http_library *lib = &x->client->lib;
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
	x->answer.status = (int)status;
	x->answer.port = (unsigned)port;
	if (version > 0 &&
	    (size_t)version < sizeof(versions) / sizeof(versions[0]))
		x->answer.version = versions[version];
	x->answer.head_ms = clock_mono_ms();
}

static size_t
on_header(char *bytes, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;
	const struct slice line = { bytes, size * n };

	/* A 100 may come before the head that counts. */
	if (slice_starts(line, "HTTP/"))
		buf_clear(&x->answer.head);
	buf_slice(&x->answer.head, line);
	if (x->answer.head.err != ERR_OK)
		return 0;
	if (line.len == 0 || (line.base[0] != '\r' && line.base[0] != '\n'))
		return line.len;
	note_head(x);
	if (is_received(x) && !receive(x, slice_of("")))
		return 0;
	return line.len;
}

static CURLcode
set_callbacks(struct exchange *x)
{
	const struct http_library *lib = &x->client->lib;
	CURLcode rc;

	if ((rc = lib->easy_setopt(x->curl, CURLOPT_WRITEFUNCTION, on_body)) !=
		CURLE_OK ||
	    (rc = lib->easy_setopt(x->curl, CURLOPT_WRITEDATA, x)) !=
		CURLE_OK ||
	    (rc = lib->easy_setopt(
		 x->curl, CURLOPT_HEADERFUNCTION, on_header)) != CURLE_OK ||
	    (rc = lib->easy_setopt(x->curl, CURLOPT_HEADERDATA, x)) !=
		CURLE_OK ||
	    (rc = lib->easy_setopt(x->curl, CURLOPT_PRIVATE, x)) != CURLE_OK)
		return rc;
	return lib->easy_setopt(x->curl, CURLOPT_ERRORBUFFER, x->detail);
}

static void
release(struct exchange *x)
{
	const struct http_library *lib = &x->client->lib;

	if (x->curl == NULL)
		return;
	lib->multi_remove_handle(x->client->multi, x->curl);
	lib->easy_cleanup(x->curl);
	lib->slist_free_all(x->headers);
	mem_free(x->href);
	x->curl = NULL;
	x->headers = NULL;
	x->href = NULL;
	x->answer.end_ms = clock_mono_ms();
}

static void
exchange_free(struct exchange *x)
{
	release(x);
	http_answer_free(&x->answer);
	mem_free(x);
}

static enum err
start(struct exchange *x, const struct http_request *rq, struct problem *p)
{
	struct http_client *c = x->client;
	enum err e;

	if ((x->curl = c->lib.easy_init()) == NULL)
		return no_memory(p);
	e = http_request_prepare(
	    rq, &c->lib, x->curl, &x->href, &x->headers, p);
	if (e != ERR_OK)
		return e;
	if (set_callbacks(x) != CURLE_OK ||
	    c->lib.multi_add_handle(c->multi, x->curl) != CURLM_OK)
		return no_memory(p);
	return ERR_OK;
}

enum err
http_client_ask(struct http_client *c, const struct http_answer **answer,
    const struct http_request *rq, struct problem *p)
{
	struct exchange *x = mem_calloc(1, sizeof(*x));
	enum err e;

	if (x == NULL)
		return no_memory(p);
	x->client = c;
	x->receive = rq->receive;
	x->arg = rq->arg;
	buf_init(&x->answer.head, HTTP_HEAD_MAX);
	buf_init(
	    &x->answer.body, rq->body_max > 0 ? rq->body_max : HTTP_BODY_MAX);
	x->answer.asked_ms = clock_mono_ms();
	if ((e = start(x, rq, p)) != ERR_OK) {
		exchange_free(x);
		return e;
	}
	x->next = c->exchanges;
	c->exchanges = x;
	*answer = &x->answer;
	return ERR_OK;
}

static void
note_end(struct exchange *x, CURLcode rc)
{
	const struct http_library *lib = &x->client->lib;
	struct http_answer *a = &x->answer;
	char *to = NULL;

	a->whole = rc == CURLE_OK;
	if (lib->easy_getinfo(x->curl, CURLINFO_REDIRECT_URL, &to) ==
		CURLE_OK &&
	    to != NULL)
		http_answer_redirect(a, to);
	/* The receiver knows why it ended it. */
	if (a->whole || a->err != ERR_OK)
		return;
	http_answer_fail(
	    a, rc, x->detail[0] != '\0' ? x->detail : lib->easy_strerror(rc));
}

static void
reap(struct http_client *c)
{
	struct CURLMsg *m;
	int left;

	while ((m = c->lib.multi_info_read(c->multi, &left)) != NULL) {
		CURLcode rc = m->data.result;
		char *found = NULL;
		struct exchange *x;

		if (m->msg != CURLMSG_DONE)
			continue;
		c->lib.easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &found);
		for (x = c->exchanges; (char *)x != found; x = x->next)
			;
		note_end(x, rc);
		release(x);
	}
}

bool
http_client_wait(struct http_client *c, bool (*enough)(void *arg), void *arg,
    int64_t until_ms)
{
	for (;;) {
		int64_t left_ms = until_ms - clock_mono_ms();
		int running;

		c->lib.multi_perform(c->multi, &running);
		reap(c);
		if (enough != NULL && enough(arg))
			return true;
		if (left_ms <= 0)
			return false;
		c->lib.multi_poll(c->multi, NULL, 0,
		    left_ms < WAIT_MS ? (int)left_ms : WAIT_MS, NULL);
	}
}

static struct exchange *
exchange_of(struct http_client *c, const struct http_answer *answer)
{
	struct exchange *x = c->exchanges;

	while (x != NULL && &x->answer != answer)
		x = x->next;
	return x;
}

void
http_client_stop(struct http_client *c, const struct http_answer *answer)
{
	struct exchange *x = exchange_of(c, answer);

	if (x == NULL || x->curl == NULL)
		return;
	c->lib.easy_setopt(x->curl, CURLOPT_QUICK_EXIT, 1L);
	release(x);
}

void
http_client_move(struct http_client *c, const struct http_answer *answer,
    struct http_answer *out)
{
	struct exchange *x = exchange_of(c, answer);

	http_client_stop(c, answer);
	*out = x->answer;
	x->answer = (struct http_answer){ .end_ms = out->end_ms };
}

bool
http_client_is_starved(const struct http_client *c)
{
	for (const struct exchange *x = c->exchanges; x != NULL; x = x->next)
		if (x->answer.err == ERR_NOMEM)
			return true;
	return false;
}

bool
http_client_date(const struct http_client *c, int64_t *out, struct slice text)
{
	char date[64];
	int64_t s;

	if (text.len >= sizeof(date))
		return false;
	memcpy(date, text.base != NULL ? text.base : "", text.len);
	date[text.len] = '\0';
	if ((s = (int64_t)c->lib.getdate(date, NULL)) < 0)
		return false;
	*out = s;
	return true;
}

void
http_client_free(struct http_client *c)
{
	if (c == NULL)
		return;
	while (c->exchanges != NULL) {
		struct exchange *x = c->exchanges;

		c->exchanges = x->next;
		exchange_free(x);
	}
	if (c->multi != NULL)
		c->lib.multi_cleanup(c->multi);
	c->lib.global_cleanup();
	mem_free(c);
}
