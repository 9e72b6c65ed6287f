/* SPDX-License-Identifier: MIT */
/* bench_lane.c - publishes over a socket, or by a program for each update. */
#include "bench_lane.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "bench_spec.h"

#define ANSWER_S 15     /* longest wait for an answer */
#define FINISH_S 60     /* to have the last updates acknowledged */
#define AFTER_FAIL_MS 5 /* then try again */

#define FORM "application/x-www-form-urlencoded"

/* In the child. */
struct publisher {
	const struct lane *lane;
	const struct site *site;
	const struct ledger *ledger;
	int fd; /* HTTP: kept alive */
	struct buf body, uri, request;
};

bool
lane_parse(struct lane *out, struct slice spec)
{
	static const char *const words[] = { "socket", "helper", "cgi",
		"other" };
	struct slice how = spec_text(spec, "how");
	struct lane l = { .how = LANE_SOCKET };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (slice_is(how, words[i]))
			l.how = (enum lane_how)i;
	if (l.how == LANE_SOCKET &&
	    !address_parse(&l.address, spec_text(spec, "at")))
		return false;
	spec_range(spec, "topics", &l.topic_from, &l.topic_to);
	l.bytes = (uint32_t)spec_number(spec, "bytes", 200);
	l.rate = spec_number(spec, "rate", 0);
	l.count = spec_number(spec, "count", 0);
	l.seconds = spec_number(spec, "seconds", 0);
	l.last = spec_number(spec, "last", 0) != 0;
	if (l.topic_to < l.topic_from || (l.count == 0 && l.seconds == 0))
		return false;
	*out = l;
	return true;
}

static void
data_write(struct buf *out, const struct stamp *s, uint32_t bytes)
{
	char text[STAMP_SIZE];
	size_t len;
	void *padding;

	stamp_write(text, s);
	len = strlen(text);
	buf_text(out, text);
	if (bytes > len && (padding = buf_grow(out, bytes - len)) != NULL)
		memset(padding, 'x', bytes - len);
}

static bool
send_all(int fd, struct slice bytes)
{
	while (bytes.len > 0) {
		ssize_t n = send(fd, bytes.base, bytes.len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		bytes = slice_after(bytes, (size_t)n);
	}
	return true;
}

static void
ignore_body(void *arg, struct slice part)
{
	(void)arg;
	(void)part;
}

/* Did it say yes? */
static bool
read_answer(int fd, bool http)
{
	struct wire w = { .http = http };
	char bytes[4096];

	while (!w.done) {
		ssize_t n = recv(fd, bytes, sizeof(bytes), 0);

		if (n <= 0 || !wire_feed(&w, (struct slice){ bytes, (size_t)n },
				  ignore_body, NULL))
			return false;
	}
	return w.has_head && w.status / 100 == 2;
}

static bool
publish_socket(struct publisher *p, const struct stamp *s)
{
	const struct address *a = &p->lane->address;
	const struct timeval wait = { .tv_sec = ANSWER_S };
	struct wire_request r = { .method = "POST",
		.token = p->site->token,
		.last_id = "",
		.body = buf_view(&p->body),
		.type = FORM };
	bool good;

	buf_clear(&p->uri);
	site_fill(&p->uri, p->site->publish, s->topic);
	r.uri = buf_view(&p->uri);
	buf_clear(&p->request);
	wire_request(&p->request, a, &r);
	if (p->fd < 0) {
		if ((p->fd = address_dial(a, true)) < 0)
			return false;
		setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	}
	good = send_all(p->fd, buf_view(&p->request)) &&
	       read_answer(p->fd, a->http);
	if (!good || !a->http) {
		close(p->fd);
		p->fd = -1;
	}
	return good;
}

/* Run a program with `in` as its standard input and its output in `out`
 * (what fits); true if it exits with 0. */
static bool
run(char *const *argv, char *const *env, struct slice in, char *out,
    size_t out_size)
{
	posix_spawn_file_actions_t actions;
	int to[2], from[2], status = -1;
	size_t have = 0;
	ssize_t n = 0;
	pid_t pid;
	bool started;

	if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0)
		return false;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, to[0], 0);
	posix_spawn_file_actions_adddup2(&actions, from[1], 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	started = posix_spawn(&pid, argv[0], &actions, NULL, argv, env) == 0;
	posix_spawn_file_actions_destroy(&actions);
	close(to[0]);
	close(from[1]);
	if (started && in.len > 0)
		n = write(to[1], in.base, in.len);
	close(to[1]);
	while (started && n >= 0 && have < out_size - 1 &&
	       (n = read(from[0], out + have, out_size - 1 - have)) > 0)
		have += (size_t)n;
	out[have] = '\0';
	close(from[0]);
	return started && waitpid(pid, &status, 0) == pid && status == 0;
}

static bool
publish_helper(struct publisher *p, const struct stamp *s)
{
	char topic[32], data[STAMP_SIZE], out[256];
	char *argv[] = { (char *)(uintptr_t)p->site->pushcgi, "--config",
		(char *)(uintptr_t)p->site->config, "publish", topic, data,
		NULL };
	char *env[] = { NULL };

	snprintf(topic, sizeof(topic), "bench-%u", s->topic);
	stamp_write(data, s);
	return run(argv, env, slice_of(""), out, sizeof(out));
}

static bool
publish_cgi(struct publisher *p, const struct stamp *s)
{
	char length[48], uri[128], script[128], auth[1200], out[4096];
	char *argv[] = { (char *)(uintptr_t)p->site->responder, "--config",
		(char *)(uintptr_t)p->site->config, NULL };
	char *env[] = { "GATEWAY_INTERFACE=CGI/1.1", "SERVER_PROTOCOL=HTTP/1.1",
		"SERVER_NAME=bench.example", "REQUEST_METHOD=POST",
		"CONTENT_TYPE=" FORM, "QUERY_STRING=", length, uri, script,
		auth, NULL };

	(void)s;
	snprintf(length, sizeof(length), "CONTENT_LENGTH=%zu", p->body.len);
	snprintf(uri, sizeof(uri), "REQUEST_URI=%s", p->site->publish);
	snprintf(script, sizeof(script), "SCRIPT_NAME=%s", p->site->publish);
	snprintf(
	    auth, sizeof(auth), "HTTP_AUTHORIZATION=Bearer %s", p->site->token);
	return run(argv, env, buf_view(&p->body), out, sizeof(out)) &&
	       strstr(out, "Status: 200") == out;
}

static bool
publish(struct publisher *p, uint32_t topic)
{
	struct ledger_cell *c = ledger_cell(p->ledger, p->lane->id, topic);
	struct stamp s = { p->lane->id, topic, atomic_load(&c->sent) + 1,
		bench_now_ns() };
	bool good;

	if (s.number >= LEDGER_NUMBERS)
		return false;
	buf_clear(&p->body);
	if (!p->site->raw)
		buf_printf(&p->body, "topic=bench-%u&data=", topic);
	data_write(&p->body, &s, p->lane->bytes);
	atomic_store(&c->sent, s.number);
	good = p->lane->how == LANE_HELPER ? publish_helper(p, &s)
	       : p->lane->how == LANE_CGI  ? publish_cgi(p, &s)
					   : publish_socket(p, &s);
	if (good)
		ledger_ack(c, s.number);
	else
		usleep(AFTER_FAIL_MS * 1000);
	return good;
}

static void
sleep_until(uint64_t ns)
{
	const struct timespec t = { (time_t)(ns / 1000000000u),
		(long)(ns % 1000000000u) };

	while (
	    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

static void
publish_all(struct publisher *p)
{
	const struct lane *l = p->lane;
	uint64_t start = bench_now_ns(), tries = 0, acked = 0;
	uint32_t topics = l->topic_to - l->topic_from + 1;

	while (l->count == 0 || acked < l->count) {
		if (l->rate > 0)
			sleep_until(start + tries * 1000000000u / l->rate);
		if (l->seconds > 0 &&
		    bench_now_ns() - start > l->seconds * 1000000000u)
			break;
		acked +=
		    publish(p, l->topic_from + (uint32_t)(tries++ % topics));
		if (tries == LEDGER_NUMBERS)
			break;
	}
}

/* Only an acknowledged last one tells a stream that it has them all. */
static bool
publish_last(struct publisher *p)
{
	uint64_t end = bench_now_ns() + FINISH_S * 1000000000ull;
	uint32_t t;

	for (t = p->lane->topic_from; t <= p->lane->topic_to; t++) {
		struct ledger_cell *c = ledger_cell(p->ledger, p->lane->id, t);

		while (atomic_load(&c->sent) != atomic_load(&c->acked) &&
		       !publish(p, t))
			if (bench_now_ns() > end)
				return false;
	}
	return true;
}

static void
expect(const struct lane *l, const struct ledger *b)
{
	uint32_t n;

	for (n = 1; n <= l->count && n < LEDGER_NUMBERS; n++) {
		struct ledger_cell *c = ledger_cell(b, l->id, l->topic_from);

		atomic_store(&c->sent, n);
		ledger_ack(c, n);
	}
}

bool
lane_start(struct lane *l, const struct site *s, const struct ledger *b)
{
	struct publisher p = { .lane = l, .site = s, .ledger = b, .fd = -1 };

	if (l->how == LANE_OTHER) {
		expect(l, b);
		return true;
	}
	if ((l->pid = fork()) != 0)
		return l->pid > 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The streams are not this process's to keep open. */
	close_range(3, ~0u, 0);
	signal(SIGPIPE, SIG_IGN);
	buf_init(&p.body, (size_t)64 << 20);
	buf_init(&p.uri, 65536);
	buf_init(&p.request, (size_t)65 << 20);
	publish_all(&p);
	_exit(publish_last(&p) ? 0 : 1);
}

bool
lane_ended(struct lane *l)
{
	int status;

	if (l->pid > 0 && waitpid(l->pid, &status, WNOHANG) == l->pid) {
		if (status != 0)
			fprintf(
			    stderr, "lane %u: not all acknowledged\n", l->id);
		l->pid = 0;
	}
	return l->pid == 0;
}

void
lane_kill(struct lane *l)
{
	if (l->pid > 0)
		kill(l->pid, SIGKILL);
}
