/* SPDX-License-Identifier: MIT */
/* test_cgi.c - one request, one process, one allocation that fails. */
#include "unit/unit.h"

#include <errno.h>
#include <stdlib.h>

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/log.h"
#include "cgi.h"
#include "unit/jws_forge.h"
#include "unit/mem_fail.h"
#include "unit/queue_room.h"

#define HUB "/.well-known/mercure"
#define ALL "{\"mercure\":{\"publish\":[\"*\"],\"subscribe\":[\"*\"]}}"
#define READ_MAX ((size_t)1 << 16)
#define RING_MS 20

enum { READ_END, WRITE_END };

/* Exit codes by which the child reports whether its allocation failed; any
 * other code is a crash or a leak. */
enum { ALL_WENT_WELL = 0, ONE_FAILED = 3 };

struct visit {
	pid_t pid;
	int in, out; /* this process's ends of its standard input and output */
	size_t n;
	char bytes[READ_MAX];
};

static void
set_environ(const struct queue_room *room, const char *method, size_t length)
{
	char uri[1024], text[32];
	struct buf token;

	buf_init(&token, FORGE_MAX);
	forge(&token, slice_of(HONEST), slice_of(ALL), slice_of(SECRET),
	    EVP_sha256());
	snprintf(uri, sizeof(uri), HUB "?topic=t&authorization=%.*s",
	    SLICE_ARG(buf_view(&token)));
	snprintf(text, sizeof(text), "%zu", length);
	buf_free(&token);
	setenv("REQUEST_METHOD", method, 1);
	setenv("REQUEST_URI", uri, 1);
	setenv("CONTENT_TYPE", "application/x-www-form-urlencoded", 1);
	setenv("CONTENT_LENGTH", text, 1);
	setenv("MERCURE_TRANSPORT_URL", room->url, 1);
	setenv("SECRET_KEY", SECRET, 1);
	setenv("MERCURE_HUB_ALLOW_PUBLISH", "true", 1);
}

/* Runs in the child.  It ends by exit(3), so that a sanitizer searches for
 * leaks. */
static void
serve(long n)
{
	const struct config_sources sources = { .environ = environ };
	struct settings *s = NULL;
	struct config *c = NULL;

	if (config_load(&c, &sources, NULL) != ERR_OK ||
	    settings_new(&s, c, NULL) != ERR_OK)
		abort();
	config_unref(c);
	mem_fail_at(n);
	cgi_run(s);
	exit(mem_failed() ? ONE_FAILED : ALL_WENT_WELL);
}

static void
visit_begin(struct visit *v, const struct queue_room *room, const char *method,
    const char *body, long n)
{
	int in[2], out[2];

	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	fflush(NULL);
	v->n = 0;
	v->in = in[WRITE_END];
	v->out = out[READ_END];
	if ((v->pid = fork()) == 0) {
		dup2(in[READ_END], STDIN_FILENO);
		dup2(out[WRITE_END], STDOUT_FILENO);
		close(v->in);
		close(v->out);
		close(out[WRITE_END]);
		set_environ(room, method, strlen(body));
		serve(n);
	}
	assert_true(v->pid > 0);
	close(in[READ_END]);
	close(out[WRITE_END]);
	/* A child whose allocation failed may have ended already. */
	if (write(v->in, body, strlen(body)) != (ssize_t)strlen(body))
		assert_int_equal(errno, EPIPE);
}

/* Read some more of the output.  False: it has ended. */
static bool
visit_reads(struct visit *v)
{
	ssize_t n = read(v->out, v->bytes + v->n, READ_MAX - v->n);

	if (n > 0)
		v->n += (size_t)n;
	return n > 0;
}

static bool
visit_has(const struct visit *v, const char *text)
{
	return memmem(v->bytes, v->n, text, strlen(text)) != NULL;
}

/* Wait for the child's end.  True: its allocation failed. */
static bool
visit_end(struct visit *v, long n)
{
	int code;

	close(v->in);
	close(v->out);
	code = queue_room_wait(v->pid);
	if (code != ALL_WENT_WELL && code != ONE_FAILED)
		fail_msg("%ld: exit code %d", n, code);
	return code == ONE_FAILED;
}

/* The answer is a complete 200, a complete 503, or empty. */
static bool
is_good(const struct visit *v, long n)
{
	bool good = visit_has(v, "Status: 200 OK\r\n");

	if (v->n > 0 && !good &&
	    !visit_has(v, "Status: 503 Service Unavailable\r\n"))
		fail_msg("%ld: %.*s", n, (int)v->n, v->bytes);
	return good;
}

static bool
was_kept(struct queue_room *room, const char *id)
{
	struct queue *q = queue_room_open(room, QUEUE_READ);
	bool kept = strstr(queue_room_ids(q), id) != NULL;

	queue_close(q);
	return kept;
}

static void
publishes_or_fails(void **state)
{
	static struct visit v;
	bool failed = true, good = false;

	for (long n = 1; failed; n++) {
		char body[64], id[32];

		snprintf(id, sizeof(id), "urn:%ld", n);
		snprintf(body, sizeof(body), "topic=t&id=%s", id);
		visit_begin(&v, *state, "POST", body, n);
		while (visit_reads(&v))
			continue;
		failed = visit_end(&v, n);
		good = is_good(&v, n);
		if (good && !was_kept(*state, id))
			fail_msg("%ld: acknowledged, and lost", n);
	}
	assert_true(good);
}

/* The event arrives, or the stream ends: a process that was out of memory when
 * it was notified is notified again. */
static bool
gets_event(struct visit *v, struct queue_room *room)
{
	struct pollfd p = { .fd = v->out, .events = POLLIN };
	struct queue *q = queue_room_open(room, QUEUE_WRITE);
	bool open = true;

	assert_int_equal(queue_room_put(q, "event"), ERR_OK);
	while (open && !visit_has(v, "id: event\n")) {
		queue_wake(q);
		if (poll(&p, 1, RING_MS) > 0)
			open = visit_reads(v);
	}
	queue_close(q);
	return open;
}

static void
streams_or_fails(void **state)
{
	static struct visit v;
	bool failed = true, got = false;

	for (long n = 1; failed; n++) {
		bool open = true;

		visit_begin(&v, *state, "GET", "", n);
		while (open && !visit_has(&v, "\nid: "))
			open = visit_reads(&v);
		got = open && gets_event(&v, *state);
		failed = visit_end(&v, n);
		is_good(&v, n);
	}
	assert_true(got);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		QUEUE_ROOM_TEST(publishes_or_fails),
		QUEUE_ROOM_TEST(streams_or_fails),
	};

	signal(SIGPIPE, SIG_IGN);
	log_open("test", LOG_LEVEL_ERR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
