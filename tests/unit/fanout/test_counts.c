/* SPDX-License-Identifier: MIT */
/* test_counts.c - numbers come at once, then once a second, and to all. */
#include "unit/unit.h"

#include <signal.h>
#include <string.h>

#include <unistd.h>

#include "base/mem.h"
#include "unit/fanout_room.h"
#include "unit/mem_fail.h"

#define MANY 30

struct numbers {
	uint64_t n; /* of every topic */
	bool failing;
	int asked;     /* how often, */
	size_t topics; /* and for how many the last time */
};

static enum err
count(void *arg, struct crowd_count *v, size_t n)
{
	struct numbers *m = arg;

	m->asked++;
	m->topics = n;
	for (size_t i = 0; i < n; i++)
		v[i].n = m->n + v[i].topic;
	return m->failing ? ERR_MOVED : ERR_OK;
}

static struct fanout_room *
room(struct numbers *m)
{
	struct fanout_room *r = malloc(sizeof(*r));

	assert_non_null(r);
	fanout_room_open(r, 1 << 16, 0);
	fanout_on_count(r->fanout, count, m);
	return r;
}

static void
leave(struct fanout_room *r)
{
	fanout_end(r->fanout, NULL, NULL);
	fanout_room_close(r);
	free(r);
}

/* It asks for the numbers of these topics, each a letter. */
static struct subscriber_opening *
opening(const char *topics)
{
	struct subscriber_opening *o = fanout_room_opening("", 0);
	const long left = mem_fail_pause();

	o->counts = mem_calloc(strlen(topics), sizeof(*o->counts));
	assert_non_null(o->counts);
	for (const char *t = topics; *t != '\0'; t++)
		o->counts[o->counts_n++] =
		    (struct count_wish){ mem_text((struct slice){ t, 1 }),
			    (uint64_t)(*t - 'a') };
	mem_fail_resume(left);
	return o;
}

/* Wait until the peer has read `want`, and nothing else but comments. */
static void
reads(struct fanout_room *r, const char *want)
{
	while (strlen(r->text) < strlen(want)) {
		fanout_room_turn(r);
		fanout_room_read(r);
	}
	assert_string_equal(r->text, want);
	r->len = 0;
	memset(r->text, 0, sizeof(r->text));
}

#define EVENT(topic, n)                                                     \
	"event: pushcgi-count\ndata: {\"topic\":\"" topic "\",\"count\":" n \
	"}\n\n"

static void
comes_at_once_and_when_it_changes(void **state)
{
	struct numbers m = { .n = 5 };
	struct fanout_room *r = room(&m);

	(void)state;
	fanout_room_subscribe(r, opening("ab"));
	reads(r, EVENT("a", "5") EVENT("b", "6"));
	assert_int_equal(m.asked, 1);
	m.n = 6;
	reads(r, EVENT("a", "6") EVENT("b", "7"));
	assert_int_equal(m.topics, 2);
	/* Failures change nothing. */
	m.failing = true;
	m.n = 7;
	for (const int asked = m.asked; m.asked < asked + 2;)
		fanout_room_turn(r);
	fanout_room_read(r);
	assert_string_equal(r->text, "");
	m.failing = false;
	while (r->len < 2 * strlen(EVENT("a", "7"))) {
		fanout_room_turn(r);
		fanout_room_read(r);
	}
	leave(r);
}

/* Nobody is asked for a number when nobody listens any more. */
static void
stops(void **state)
{
	struct numbers m = { .n = 5 };
	struct fanout_room *r = room(&m);
	const int64_t start = loop_now(r->host.loop);
	int asked;

	(void)state;
	fanout_room_subscribe(r, opening("a"));
	reads(r, EVENT("a", "5"));
	close(r->fd);
	r->fd = -1;
	while (fanout_subscribers(r->fanout) > 0)
		fanout_room_turn(r);
	asked = m.asked;
	while (loop_now(r->host.loop) < start + 2500)
		fanout_room_turn(r);
	assert_int_equal(m.asked, asked);
	/* And it starts again. */
	fanout_room_subscribe(r, opening("a"));
	reads(r, EVENT("a", "5"));
	m.n = 6;
	reads(r, EVENT("a", "6"));
	leave(r);
}

/* A number that was counted a moment ago serves all who come. */
static void
counts_once_for_many(void **state)
{
	struct numbers m = { .n = 5 };
	struct fanout_room *r = room(&m);
	int fds[MANY];
	int64_t start;

	(void)state;
	start = loop_now(r->host.loop);
	for (int i = 0; i < MANY; i++) {
		fanout_room_subscribe(r, opening("a"));
		fds[i] = r->fd;
		reads(r, EVENT("a", "5"));
	}
	/* On a busy machine that took longer. */
	if (loop_now(r->host.loop) - start < 200)
		assert_int_equal(m.asked, 1);
	m.n = 6;
	for (int i = 0; i < MANY; i++) {
		r->fd = fds[i];
		reads(r, EVENT("a", "6"));
	}
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
	r->fd = -1;
	leave(r);
}

/* A first poll has the number and ends; another ends with a new number. */
static void
ends_polls(void **state)
{
	struct numbers m = { .n = 5 };
	struct fanout_room *r = room(&m);
	struct subscriber_opening *o = opening("a");

	(void)state;
	o->poll = o->first = true;
	o->wait_ms = INT64_MAX;
	fanout_room_subscribe(r, o);
	fanout_room_read_all(r);
	assert_non_null(strstr(r->text, EVENT("a", "5")));

	o = opening("a");
	o->poll = true;
	o->wait_ms = INT64_MAX;
	fanout_room_subscribe(r, o);
	fanout_room_turn(r);
	fanout_room_read(r);
	assert_string_equal(r->text, EVENT("a", "5"));
	m.n = 6;
	fanout_room_read_all(r);
	assert_non_null(strstr(r->text, EVENT("a", "6")));
	leave(r);
}

/* Without memory a stream is cut, or gets its number later. */
static void
without_memory(void **state)
{
	struct numbers m = { .n = 5 };
	bool failed = true;

	(void)state;
	for (long n = 1; failed; n++) {
		struct fanout_room *r = room(&m);
		struct subscriber_opening *o = opening("ab");
		struct stream *s;

		s = fanout_room_connect(r, &r->fd);
		assert_non_null(s);
		mem_fail_at(n);
		fanout_open(r->fanout, o, s);
		failed = mem_failed();
		mem_fail_at(0);
		leave(r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_at_once_and_when_it_changes),
		cmocka_unit_test(stops),
		cmocka_unit_test(counts_once_for_many),
		cmocka_unit_test(ends_polls),
		cmocka_unit_test(without_memory),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
