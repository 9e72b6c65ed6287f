/* SPDX-License-Identifier: MIT */
/* bench_stream.c - opens, reads and resumes streams; counts exactly. */
#include "bench_stream.h"

#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "bench_spec.h"
#include "bench_sse.h"

#define EVENTS 512
#define READ_SIZE 262144
#define GAPS_MAX 1000000

enum stream_state { DOWN, PENDING, LIVE };

struct stream {
	STAILQ_ENTRY(stream) links; /* while down */
	struct group *group;
	struct streams *all;
	int fd;
	uint32_t topic, address;
	enum stream_state state;
	bool stuck, resuming;
	uint64_t due_ns; /* when to connect */
	uint64_t hash;   /* of what came, in its order */
	struct wire wire;
	struct sse sse;
	uint32_t *last; /* number, for each lane and topic of its own */
};

/* Numbers that a stream has jumped over: late, lost, or never stored. */
struct gap {
	struct stream *stream;
	uint32_t lane, topic, number;
	bool filled;
};

struct streams {
	const struct site *site;
	const struct ledger *ledger;
	struct group *groups;
	uint32_t groups_n, n, live, pending, complete;
	int epoll_fd;
	struct stream *v;
	STAILQ_HEAD(, stream) down;
	struct gap *gaps;
	uint32_t gaps_n;
	uint64_t progress, now_ns;
	bool away; /* none connects */
	char bytes[READ_SIZE];
};

bool
group_parse(struct group *out, struct slice spec)
{
	struct slice at = spec_text(spec, "at"), one;
	struct group g = { .each = (uint32_t)spec_number(spec, "each", 1),
		.n = (uint32_t)spec_number(spec, "n", 1),
		.stuck = spec_number(spec, "stuck", 0) != 0 };

	spec_range(spec, "topics", &g.topic_from, &g.topic_to);
	while (g.addresses_n < GROUP_ADDRESSES && slice_cut(&at, '|', &one))
		if (!address_parse(&g.addresses[g.addresses_n++], one))
			return false;
	if (g.addresses_n == 0 || g.n == 0 || g.topic_to < g.topic_from ||
	    g.each == 0 || g.each > g.topic_to - g.topic_from + 1)
		return false;
	*out = g;
	return true;
}

static uint32_t
topic_of(const struct stream *st, uint32_t i)
{
	const struct group *g = st->group;
	uint32_t range = g->topic_to - g->topic_from + 1;

	return g->topic_from + (st->topic - g->topic_from + i) % range;
}

static uint32_t *
last_of(const struct stream *st, uint32_t lane, uint32_t i)
{
	return &st->last[lane * st->group->each + i];
}

struct streams *
streams_new(const struct site *site, const struct ledger *b,
    struct group *groups, uint32_t groups_n)
{
	struct streams *s = mem_calloc(1, sizeof(*s));
	uint32_t g, i, k = 0;

	if (s == NULL)
		return NULL;
	s->site = site;
	s->ledger = b;
	s->groups = groups;
	s->groups_n = groups_n;
	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	STAILQ_INIT(&s->down);
	for (g = 0; g < groups_n; g++)
		s->n += groups[g].n;
	s->v = mem_calloc(s->n, sizeof(*s->v));
	s->gaps = mem_calloc(GAPS_MAX, sizeof(*s->gaps));
	for (g = 0; g < groups_n; g++)
		for (i = 0; i < groups[g].n; i++) {
			struct group *group = &groups[g];
			struct stream *st = &s->v[k++];

			st->group = group;
			st->all = s;
			st->fd = -1;
			st->topic =
			    group->topic_from +
			    i % (group->topic_to - group->topic_from + 1);
			st->address = i % group->addresses_n;
			st->stuck = group->stuck;
			st->last = mem_calloc(
			    b->lanes * group->each + 1, sizeof(*st->last));
			STAILQ_INSERT_TAIL(&s->down, st, links);
		}
	return s;
}

static void
stream_down(struct stream *st)
{
	struct streams *s = st->all;

	if (st->state == LIVE) {
		s->live--;
		st->group->interrupted++;
		st->address = (st->address + 1) % st->group->addresses_n;
	} else if (st->state == PENDING)
		s->pending--;
	if (st->fd >= 0)
		close(st->fd);
	st->fd = -1;
	st->state = DOWN;
	sse_restart(&st->sse);
	st->due_ns = s->now_ns + s->site->retry_ms * 1000000ull;
	STAILQ_INSERT_TAIL(&s->down, st, links);
}

static void
subscribe_uri(struct buf *out, const struct stream *st)
{
	const char *format = st->all->site->subscribe;
	const char *query = strchr(format, '?');
	uint32_t i;

	site_fill(out, format, st->topic);
	for (i = 1; i < st->group->each && query != NULL; i++) {
		buf_byte(out, '&');
		site_fill(out, query + 1, topic_of(st, i));
	}
}

static bool
send_request(struct stream *st, const struct address *a)
{
	struct wire_request r = { .method = "GET", .last_id = st->sse.last_id };
	struct buf uri, bytes;
	bool good;

	buf_init(&uri, 65536);
	buf_init(&bytes, 131072);
	subscribe_uri(&uri, st);
	r.uri = buf_view(&uri);
	wire_request(&bytes, a, &r);
	good = bytes.err == ERR_OK && send(st->fd, bytes.base, bytes.len,
					  MSG_NOSIGNAL) == (ssize_t)bytes.len;
	buf_free(&uri);
	buf_free(&bytes);
	return good;
}

/* False: the hub is not there, or has no room: later. */
static bool
stream_connect(struct stream *st)
{
	const struct address *a = &st->group->addresses[st->address];
	struct streams *s = st->all;
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = st };

	if ((st->fd = address_dial(a, false)) < 0) {
		if (errno != EAGAIN)
			st->address =
			    (st->address + 1) % st->group->addresses_n;
		return false;
	}
	STAILQ_REMOVE_HEAD(&s->down, links);
	memset(&st->wire, 0, sizeof(st->wire));
	st->wire.http = a->http;
	st->resuming = st->sse.last_id[0] != '\0';
	st->state = PENDING;
	s->pending++;
	if (!send_request(st, a) ||
	    epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, st->fd, &ev) != 0)
		stream_down(st);
	return true;
}

static void
connect_due(struct streams *s)
{
	struct stream *st;

	while ((st = STAILQ_FIRST(&s->down)) != NULL &&
	       st->due_ns <= s->now_ns && s->pending < s->site->pending_max)
		if (!stream_connect(st)) {
			/* One refusal speaks for the others. */
			if (errno != EAGAIN)
				st->due_ns = s->now_ns + 5000000;
			break;
		}
}

static void
note_gap(struct stream *st, const struct stamp *t, uint32_t number)
{
	struct streams *s = st->all;

	if (s->gaps_n < GAPS_MAX)
		s->gaps[s->gaps_n++] = (struct gap){ .stream = st,
			.lane = t->lane,
			.topic = t->topic,
			.number = number };
	else
		st->group->lost++;
}

/* A number that is not higher than the last one: a second time, or late? */
static void
count_again(struct stream *st, const struct stamp *t)
{
	struct streams *s = st->all;
	uint32_t i;

	for (i = 0; i < s->gaps_n; i++) {
		struct gap *g = &s->gaps[i];

		if (g->stream == st && g->lane == t->lane &&
		    g->topic == t->topic && g->number == t->number &&
		    !g->filled) {
			g->filled = true;
			st->group->disordered++;
			return;
		}
	}
	st->group->duplicate++;
}

static void
event_came(void *arg, struct slice data)
{
	struct stream *st = arg;
	struct group *g = st->group;
	struct stamp t;
	uint32_t i = 0, *last, n;

	st->all->progress++;
	if (!stamp_read(&t, data) || t.lane >= st->all->ledger->lanes)
		return;
	while (i < g->each && topic_of(st, i) != t.topic)
		i++;
	if (i == g->each) {
		fprintf(stderr, "topic %u came to a stream of topic %u\n",
		    t.topic, st->topic);
		g->disordered++;
		return;
	}
	g->received++;
	histogram_add(&g->latency, (st->all->now_ns - t.sent_ns) / 1000);
	st->hash = (st->hash ^ t.lane ^ (uint64_t)t.topic << 16 ^
		       (uint64_t)t.number << 32) *
		   0x9e3779b97f4a7c15;
	last = last_of(st, t.lane, i);
	if (t.number <= *last) {
		count_again(st, &t);
		return;
	}
	for (n = *last + 1; n < t.number; n++)
		note_gap(st, &t, n);
	*last = t.number;
}

static void
body_came(void *arg, struct slice part)
{
	struct stream *st = arg;

	/* Only an answer that is a stream counts. */
	if (st->wire.status == 200)
		sse_feed(&st->sse, part, event_came, st);
}

/* The head is there: is it what was asked for? */
static void
stream_answered(struct stream *st)
{
	struct streams *s = st->all;

	s->progress++;
	if (st->wire.status != 200) {
		st->group->refused++;
		stream_down(st);
		return;
	}
	if (st->resuming &&
	    slice_is(wire_header(&st->wire, "Last-Event-ID"), "earliest"))
		st->group->forgotten++;
	st->state = LIVE;
	s->pending--;
	s->live++;
	if (st->stuck)
		epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, st->fd, NULL);
}

static void
stream_read(struct stream *st)
{
	struct streams *s = st->all;
	ssize_t n = recv(st->fd, s->bytes, READ_SIZE, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	s->now_ns = bench_now_ns();
	if (n <= 0) {
		stream_down(st);
		return;
	}
	if (!wire_feed(&st->wire, (struct slice){ s->bytes, (size_t)n },
		body_came, st)) {
		fprintf(stderr, "bytes that are no answer\n");
		st->group->disordered++;
		stream_down(st);
		return;
	}
	if (st->wire.has_head && st->state == PENDING)
		stream_answered(st);
	if (st->wire.done && st->state != DOWN)
		stream_down(st);
}

void
streams_run(struct streams *s, int ms)
{
	struct epoll_event events[EVENTS];
	int i, n;

	if (!s->away && !STAILQ_EMPTY(&s->down))
		ms = 1;
	n = epoll_wait(s->epoll_fd, events, EVENTS, ms);
	s->now_ns = bench_now_ns();
	for (i = 0; i < n; i++) {
		struct stream *st = events[i].data.ptr;

		if (st->fd >= 0)
			stream_read(st);
	}
	if (!s->away)
		connect_due(s);
}

uint32_t
streams_count(const struct streams *s)
{
	return s->n;
}

uint32_t
streams_live(const struct streams *s)
{
	return s->live;
}

uint64_t
streams_progress(const struct streams *s)
{
	return s->progress;
}

static bool
stream_complete(const struct stream *st)
{
	const struct ledger *b = st->all->ledger;
	uint32_t lane, i;

	for (lane = 0; lane < b->lanes; lane++)
		for (i = 0; i < st->group->each; i++)
			if (*last_of(st, lane, i) <
			    atomic_load(
				&ledger_cell(b, lane, topic_of(st, i))->acked))
				return false;
	return true;
}

bool
streams_complete(struct streams *s)
{
	while (s->complete < s->n &&
	       (s->v[s->complete].stuck || stream_complete(&s->v[s->complete])))
		s->complete++;
	return s->complete == s->n;
}

void
streams_unstick(struct streams *s)
{
	struct epoll_event ev = { .events = EPOLLIN };
	uint32_t i;

	s->complete = 0;
	for (i = 0; i < s->n; i++) {
		struct stream *st = &s->v[i];

		if (st->stuck && st->state == LIVE) {
			ev.data.ptr = st;
			epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, st->fd, &ev);
		}
		st->stuck = false;
	}
}

void
streams_cut(struct streams *s)
{
	uint32_t i;

	s->away = true;
	s->now_ns = bench_now_ns();
	for (i = 0; i < s->n; i++)
		if (s->v[i].state != DOWN)
			stream_down(&s->v[i]);
}

void
streams_back(struct streams *s, bool resume)
{
	struct stream *st;

	s->away = false;
	STAILQ_FOREACH (st, &s->down, links) {
		st->due_ns = 0;
		if (!resume)
			st->sse.last_id[0] = '\0';
	}
}

/* What lies behind a stream's last number and was acknowledged. */
static void
count_missing_end(struct stream *st)
{
	const struct ledger *b = st->all->ledger;
	uint32_t lane, i, n;

	for (lane = 0; lane < b->lanes; lane++)
		for (i = 0; i < st->group->each; i++) {
			struct ledger_cell *c =
			    ledger_cell(b, lane, topic_of(st, i));

			for (n = *last_of(st, lane, i) + 1;
			     n <= atomic_load(&c->acked); n++)
				if (ledger_acked(c, n))
					st->group->lost++;
		}
}

/* All streams with the same topics were open before the first update: they
 * must have seen the very same. */
static void
compare_orders(struct streams *s)
{
	uint32_t i, k;

	for (i = 0; i < s->n; i++)
		for (k = 0; k < i; k++) {
			struct stream *a = &s->v[k], *b = &s->v[i];

			if (a->topic != b->topic ||
			    a->group->each != b->group->each ||
			    (a->group->each > 1 && a->group != b->group))
				continue;
			if (a->hash != b->hash)
				b->group->disagree++;
			break;
		}
}

void
streams_judge(struct streams *s)
{
	uint32_t i;

	for (i = 0; i < s->gaps_n; i++) {
		struct gap *g = &s->gaps[i];

		if (!g->filled &&
		    ledger_acked(
			ledger_cell(s->ledger, g->lane, g->topic), g->number))
			g->stream->group->lost++;
	}
	for (i = 0; i < s->n; i++)
		count_missing_end(&s->v[i]);
	compare_orders(s);
}

void
streams_free(struct streams *s)
{
	uint32_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->n; i++) {
		if (s->v[i].fd >= 0)
			close(s->v[i].fd);
		mem_free(s->v[i].last);
	}
	close(s->epoll_fd);
	mem_free(s->v);
	mem_free(s->gaps);
	mem_free(s);
}
