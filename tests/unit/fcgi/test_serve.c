/* SPDX-License-Identifier: MIT */
/* test_serve.c - a whole responder whose every allocation fails once. */
#include "unit/unit.h"

#include <stdatomic.h>
#include <stdlib.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "request/request_fcgi.h"
#include "serve.h"
#include "unit/fcgi_bytes.h"
#include "unit/jws_forge.h"
#include "unit/mem_fail.h"
#include "unit/queue_room.h"

#define HUB "/.well-known/mercure"
#define ALL "{\"mercure\":{\"publish\":[\"*\"],\"subscribe\":[\"*\"]}}"
#define REQUEST_MAX 65536
#define READ_MAX ((size_t)1 << 19)
#define PUBLISHES_MAX 1000
#define ANSWER_S 60 /* a hub that takes longer hangs */

struct site {
	struct queue_room *room;
	struct sockaddr_un address;
	char listen[160], transport[256];
	const char *environ[6];
	struct config_sources sources;
	struct listener_settings listener;
	struct buf token;

	/* serve_run() runs in this thread. */
	pthread_t thread;
	_Atomic bool over;
	struct settings *settings;
	struct problem problem;
	enum err e;
};

static int
site_open(void **state)
{
	struct site *s = calloc(1, sizeof(*s));
	void *room = NULL;

	if (s == NULL || queue_room_make(&room) != 0)
		return -1;
	s->room = room;
	s->address.sun_family = AF_UNIX;
	if ((size_t)snprintf(s->address.sun_path, sizeof(s->address.sun_path),
		"%s/s", s->room->dir) >= sizeof(s->address.sun_path))
		return -1;
	snprintf(s->listen, sizeof(s->listen), "unix:%s/s", s->room->dir);
	snprintf(s->transport, sizeof(s->transport), "MERCURE_TRANSPORT_URL=%s",
	    s->room->url);
	s->listener.listen = s->listen;
	s->environ[0] = s->transport;
	s->environ[1] = "SECRET_KEY=" SECRET;
	s->environ[2] = "MERCURE_HUB_ALLOW_PUBLISH=true";
	s->environ[3] = "MERCURE_WORKERS=2";
	s->sources.environ = (char *const *)(uintptr_t)s->environ;
	buf_init(&s->token, FORGE_MAX);
	forge(&s->token, slice_of(HONEST), slice_of(ALL), slice_of(SECRET),
	    EVP_sha256());
	*state = s;
	return 0;
}

static int
site_close(void **state)
{
	struct site *s = *state;
	void *room = s->room;

	buf_free(&s->token);
	free(s);
	return queue_room_remove(&room);
}

static struct settings *
settings(struct site *s)
{
	struct settings *made = NULL;
	struct config *c = NULL;

	assert_int_equal(config_load(&c, &s->sources, NULL), ERR_OK);
	assert_int_equal(settings_new(&made, c, NULL), ERR_OK);
	config_unref(c);
	return made;
}

static void *
run(void *arg)
{
	struct site *s = arg;

	s->e = serve_run(s->settings, &s->sources, &s->listener, &s->problem);
	atomic_store(&s->over, true);
	return NULL;
}

/* Open a connection; -1: it was refused. */
static int
dial(struct site *s)
{
	const struct timeval patience = { .tv_sec = ANSWER_S };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)(void *)&s->address,
		sizeof(s->address)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Wait until a connection is accepted, or until serve_run() ends. */
static bool
connects(struct site *s)
{
	int fd = -1;
	char c;

	while (!atomic_load(&s->over) && (fd = dial(s)) < 0)
		sched_yield();
	if (fd < 0)
		return false;
	shutdown(fd, SHUT_WR);
	assert_true(read(fd, &c, 1) == 0 || errno == ECONNRESET);
	close(fd);
	return true;
}

/* Start while the n-th allocation fails: does it serve? */
static bool
start(struct site *s, long n)
{
	s->over = false;
	s->problem.text[0] = '\0';
	s->settings = settings(s);
	mem_fail_at(n);
	assert_int_equal(pthread_create(&s->thread, NULL, run, s), 0);
	/* A hub whose start fails may end only after a connection waits. */
	if (connects(s) && connects(s))
		return true;
	pthread_join(s->thread, NULL);
	return false;
}

static void
stop(struct site *s)
{
	kill(getpid(), SIGTERM);
	pthread_join(s->thread, NULL);
	if (s->e != ERR_OK)
		fail_msg("%s", s->problem.text);
}

/* A request, and the part of its answer that has been read. */
struct peer {
	int fd;
	size_t n;
	char bytes[READ_MAX];
	struct bytes_response r; /* parsed from those bytes */
};

static void
peer_close(struct peer *p)
{
	close(p->fd);
	buf_free(&p->r.out);
	p->r.out.len = 0;
}

static void
add_request(struct buf *out, struct site *s, const char *method,
    const char *query, const char *body)
{
	struct buf pairs;
	char uri[1024];

	buf_init(&pairs, 65535);
	snprintf(uri, sizeof(uri), HUB "?authorization=%.*s&%s",
	    SLICE_ARG(buf_view(&s->token)), query);
	bytes_pair(&pairs, "REQUEST_METHOD", slice_of(method));
	bytes_pair(&pairs, "REQUEST_URI", slice_of(uri));
	bytes_pair(&pairs, "CONTENT_TYPE",
	    slice_of("application/x-www-form-urlencoded"));
	bytes_begin(out, 1, 1);
	bytes_record(out, BYTES_PARAMS, 1, buf_view(&pairs), 0);
	bytes_record(out, BYTES_PARAMS, 1, slice_of(""), 0);
	if (*body != '\0')
		bytes_record(out, BYTES_STDIN, 1, slice_of(body), 0);
	bytes_record(out, BYTES_STDIN, 1, slice_of(""), 0);
	buf_free(&pairs);
}

/* Connect and send a request; the n-th allocation from then on fails. */
static void
ask(struct site *s, struct peer *p, long n, const char *method,
    const char *query, const char *body)
{
	struct buf out;

	buf_init(&out, REQUEST_MAX);
	add_request(&out, s, method, query, body);
	p->n = 0;
	buf_init(&p->r.out, READ_MAX);
	mem_fail_at(n);
	p->fd = dial(s);
	assert_true(p->fd >= 0);
	/* The hub may have closed the connection already. */
	send(p->fd, out.base, out.len, MSG_NOSIGNAL);
	buf_free(&out);
}

/* Read some more, without an allocation.  False: the answer has ended. */
static bool
peer_reads(struct peer *p)
{
	ssize_t n = read(p->fd, p->bytes + p->n, READ_MAX - p->n);

	if (n < 0 && errno == EAGAIN)
		fail_msg("no answer for %d seconds", ANSWER_S);
	if (n > 0)
		p->n += (size_t)n;
	assert_true(p->n < READ_MAX);
	return n > 0;
}

static struct slice
peer_text(struct peer *p)
{
	buf_free(&p->r.out);
	bytes_decode(&p->r, (struct slice){ p->bytes, p->n });
	return buf_view(&p->r.out);
}

/* The status of a complete answer; 0: the hub closed without an answer. */
static int
status(struct peer *p)
{
	struct slice text = peer_text(p);

	if (!slice_starts(text, "Status: "))
		return 0;
	return (int)strtol(text.base + strlen("Status: "), NULL, 10);
}

/* Publish update number `k`; returns the status of the answer. */
static int
publish(struct site *s, int k, long n, bool *failed)
{
	static struct peer p;
	char body[64];
	int got;

	snprintf(body, sizeof(body), "topic=t&data=d&id=p%d", k);
	ask(s, &p, n, "POST", "", body);
	while (peer_reads(&p))
		continue;
	*failed = mem_failed();
	mem_fail_at(0);
	got = status(&p);
	peer_close(&p);
	return got;
}

/* Has the hub sent the first position, which follows all headers? */
static bool
has_opened(const struct peer *p)
{
	return memmem(p->bytes, p->n, "\nid: ", 5) != NULL;
}

/* Open a stream while the n-th allocation fails.  True: it opened. */
static bool
subscribe(struct site *s, long n, bool *failed)
{
	static struct peer p;
	bool opened;

	ask(s, &p, n, "GET", "topic=t", "");
	while (!has_opened(&p) && peer_reads(&p))
		continue;
	*failed = mem_failed();
	mem_fail_at(0);
	opened = has_opened(&p);
	if (!opened && status(&p) != 503 && status(&p) != 0)
		fail_msg("%ld: status %d", n, status(&p));
	peer_close(&p);
	return opened;
}

/* A subscriber that holds a stream and reconnects as browsers do. */
static struct witness {
	struct peer peer;
	size_t looked; /* bytes of its text that were examined */
	char last[64]; /* the last event id */
	long number;   /* of the last update it saw */
	bool seen[PUBLISHES_MAX];
} witness;

static void
witness_comes(struct site *s)
{
	struct witness *w = &witness;
	char query[128] = "topic=t";

	if (w->last[0] != '\0')
		snprintf(query, sizeof(query), "topic=t&lastEventID=%s%s",
		    w->last[0] == '#' ? "%23" : "",
		    w->last + (w->last[0] == '#'));
	w->looked = 0;
	ask(s, &w->peer, 0, "GET", query, "");
}

static void
witness_line(struct slice line)
{
	struct witness *w = &witness;
	long number;

	if (!slice_starts(line, "id: "))
		return;
	line = slice_after(line, 4);
	snprintf(w->last, sizeof(w->last), "%.*s", SLICE_ARG(line));
	if (w->last[0] == '#')
		return;
	number = strtol(w->last + 1, NULL, 10);
	if (number <= w->number || number >= PUBLISHES_MAX)
		fail_msg("%s behind p%ld", w->last, w->number);
	w->number = number;
	w->seen[w->number] = true;
}

static void
witness_reads(struct site *s)
{
	struct witness *w = &witness;
	struct slice rest, line;

	if (!peer_reads(&w->peer)) {
		peer_close(&w->peer);
		witness_comes(s);
		return;
	}
	rest = slice_after(peer_text(&w->peer), w->looked);
	while (memchr(rest.base, '\n', rest.len) != NULL) {
		slice_cut(&rest, '\n', &line);
		w->looked += line.len + 1;
		witness_line(line);
	}
}

static void
answers_or_refuses_without_memory(void **state)
{
	static bool acked[PUBLISHES_MAX];
	struct site *s = *state;
	bool failed = true, ignored;
	int k = 0;

	assert_true(start(s, 0));
	witness.number = -1;
	witness_comes(s);
	while (witness.last[0] == '\0')
		witness_reads(s);
	for (long n = 1; failed; n++) {
		int got = publish(s, k, n, &failed);

		if (got != 200 && got != 503 && got != 0)
			fail_msg("%ld: status %d", n, got);
		acked[k++] = got == 200;
		assert_int_equal(publish(s, k, 0, &ignored), 200);
		acked[k++] = true;
		while (witness.number < k - 1)
			witness_reads(s);
	}
	failed = true;
	for (long n = 1; failed; n++) {
		subscribe(s, n, &failed);
		assert_true(subscribe(s, 0, &ignored));
	}
	peer_close(&witness.peer);
	stop(s);
	for (int i = 0; i < k; i++)
		if (acked[i] && !witness.seen[i])
			fail_msg("p%d was acknowledged and got lost", i);
}

static void
starts_or_fails_without_memory(void **state)
{
	struct site *s = *state;
	bool failed = true;

	for (long n = 1; failed; n++) {
		bool serves = start(s, n);

		failed = mem_failed();
		mem_fail_at(0);
		if (!serves) {
			assert_true(failed);
			assert_int_equal(s->e, ERR_NOMEM);
			assert_string_not_equal(s->problem.text, "");
			assert_true(start(s, 0));
		}
		stop(s);
	}
}

static void
ends_without_memory(void **state)
{
	static struct peer p;
	struct site *s = *state;
	bool failed = true;

	for (long n = 1; failed; n++) {
		assert_true(start(s, 0));
		ask(s, &p, 0, "GET", "topic=t", "");
		while (!has_opened(&p))
			assert_true(peer_reads(&p));
		mem_fail_at(n);
		kill(getpid(), SIGTERM);
		while (peer_reads(&p))
			continue;
		peer_close(&p);
		pthread_join(s->thread, NULL);
		failed = mem_failed();
		mem_fail_at(0);
		assert_int_equal(s->e, ERR_OK);
	}
}

/* How many allocations the reading of the configuration takes. */
static long
count_allocations(struct site *s)
{
	const long many = 1000000;

	mem_fail_at(many);
	settings_unref(settings(s));
	return many - mem_fail_pause();
}

static void
reloads_without_memory(void **state)
{
	struct site *s = *state;
	long allocations = count_allocations(s);
	bool ignored;

	assert_true(start(s, 0));
	for (long n = 1; n <= allocations; n++) {
		mem_fail_at(n);
		kill(getpid(), SIGHUP);
		while (!mem_failed())
			sched_yield();
		mem_fail_at(0);
		assert_int_equal(publish(s, (int)n, 0, &ignored), 200);
	}
	stop(s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, site_open, site_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers_or_refuses_without_memory),
		TEST(starts_or_fails_without_memory),
		TEST(ends_without_memory),
		TEST(reloads_without_memory),
	};
	sigset_t set;

	/* The hub receives these signals by its signalfd. */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	log_open("test", LOG_LEVEL_ERR);
	if (request_fcgi_init() != ERR_OK)
		return EXIT_FAILURE;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
