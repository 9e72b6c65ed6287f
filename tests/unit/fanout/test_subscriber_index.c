/* SPDX-License-Identifier: MIT */
/* test_subscriber_index.c - the index against asking every matcher. */
#include "unit/unit.h"

#include <stdlib.h>

#include "base/mem.h"
#include "fanout/event_frame.h"
#include "fanout/subscriber_index.h"
#include "match/topic.h"
#include "unit/mem_fail.h"

#define SUBSCRIBERS 300
#define TOPICS 40

/* A subscriber that counts how often it is found. */
struct member {
	struct matcher_list matchers;
	struct subscriber *s; /* NULL: not in the list */
	int found;
};

/* Reached from the callback, which has no argument for it. */
static struct member members[SUBSCRIBERS];

static void
found(struct subscriber *s, struct frame *f)
{
	size_t i;

	(void)f;
	for (i = 0; i < SUBSCRIBERS; i++)
		if (members[i].s == s)
			members[i].found++;
}

/* Around the number, which also names which of them it is: an exact topic
 * or a template of few topics or of many. */
static const char *const around[][2] = { { "/topics/", "" },
	{ "/topics/", "{x}" }, { "/{topics}/", "" },
	{ "{/a,b,c}{/d,e,f}{/g,h,i}{/j,k,l}{/m,n,o}{/p,q,r}{/s,t,u}{/v,w,x}"
	  "{/y,z,a}{/b,c,d}{/e,f,g}{/h,i,j}/",
	    "" } };

static void
add_matcher(struct matcher_list *l, int number)
{
	struct matcher *m = NULL;
	char text[128];

	if (number >= 0)
		snprintf(text, sizeof(text), "%s%d%s", around[number % 4][0],
		    number, around[number % 4][1]);
	assert_int_equal(
	    matcher_new(
		&m, selector_topic(slice_of(number < 0 ? "*" : text)), NULL),
	    ERR_OK);
	assert_int_equal(matcher_list_add(l, m), ERR_OK);
}

static struct subscriber *
bare_subscriber(size_t n)
{
	struct subscriber *s;

	s = mem_calloc(1, sizeof(*s) + n * sizeof(s->subscriptions[0]));
	assert_non_null(s);
	s->n = n;
	return s;
}

static void
join(struct subscriber_index *l, struct member *m)
{
	int n = rand() % 6;

	/* Some ask for the same topic twice, or for everything as well. */
	for (; n >= 0; n--)
		add_matcher(
		    &m->matchers, rand() % 30 == 0 ? -1 : rand() % TOPICS);
	m->s = bare_subscriber(m->matchers.n);
	assert_int_equal(subscriber_index_add(l, m->s, &m->matchers), ERR_OK);
}

static void
leave(struct subscriber_index *l, struct member *m)
{
	subscriber_index_remove(l, m->s);
	/* One that is out already may be taken out again. */
	subscriber_index_remove(l, m->s);
	subscriber_free(m->s);
	m->s = NULL;
	matcher_list_free(&m->matchers);
	m->matchers = (struct matcher_list){ NULL, 0 };
}

static struct frame *
event(const char *topics)
{
	const struct update u = { .topics = slice_of(topics) };
	static uint64_t position;
	struct frame *f;

	f = event_frame(FRAMING_RAW, ++position, &u);
	assert_non_null(f);
	return f;
}

/* In parts of as few steps as can be, or in one. */
static void
find(struct subscriber_index *l, struct frame *f)
{
	const size_t most = rand() % 2 ? 1 : SIZE_MAX;
	size_t steps = 0;

	subscriber_search_begin(l, f);
	while (!subscriber_search_go_on(l, found, &steps, most))
		steps = 0;
}

/* A remembered answer is the same as a fresh one. */
static bool
asked(const struct subscriber *s, const struct frame *f)
{
	size_t steps = 0;
	const bool first = subscriber_asked(s, f, &steps);

	assert_int_equal(subscriber_asked(s, f, &steps), first);
	return first;
}

static void
publish(struct subscriber_index *l)
{
	char topics[200] = "";
	size_t i, at = 0;
	struct frame *f;
	int n;

	for (n = rand() % 5; n >= 0; n--)
		at += (size_t)snprintf(topics + at, sizeof(topics) - at,
		    "%s/topics/%d", at > 0 ? "\n" : "", rand() % (TOPICS + 5));
	f = event(topics);
	find(l, f);
	for (i = 0; i < SUBSCRIBERS; i++) {
		struct member *m = &members[i];
		bool want;

		if (m->s == NULL)
			continue;
		want = matcher_list_any(&m->matchers, f->topics, NULL);
		if (m->found != want)
			fail_msg("%s: found %d times", topics, m->found);
		assert_int_equal(asked(m->s, f), want);
		m->found = 0;
	}
	frame_unref(f);
}

static void
finds_each_once(void **state)
{
	struct subscriber_index *l = NULL;
	size_t i;
	int round;

	(void)state;
	srand(1);
	assert_int_equal(subscriber_index_new(&l), ERR_OK);
	publish(l);
	for (round = 0; round < 2000; round++) {
		struct member *m = &members[rand() % SUBSCRIBERS];

		if (m->s == NULL)
			join(l, m);
		else
			leave(l, m);
		publish(l);
	}
	for (i = 0; i < SUBSCRIBERS; i++)
		if (members[i].s != NULL)
			leave(l, &members[i]);
	publish(l);
	subscriber_index_free(l);
	subscriber_index_free(NULL);
}

/* More distinct topics than the table begins with. */
static void
grows(void **state)
{
	struct subscriber_index *l = NULL;
	struct member *m = &members[0];
	struct frame *f;
	int i;

	(void)state;
	assert_int_equal(subscriber_index_new(&l), ERR_OK);
	for (i = 0; i < 3000; i++)
		add_matcher(&m->matchers, i);
	m->s = bare_subscriber(m->matchers.n);
	assert_int_equal(subscriber_index_add(l, m->s, &m->matchers), ERR_OK);
	for (i = 0; i <= 3000; i += 100) {
		char topic[32];

		snprintf(topic, sizeof(topic), "/topics/%d", i);
		f = event(topic);
		find(l, f);
		assert_int_equal(m->found, i < 3000);
		m->found = 0;
		frame_unref(f);
	}
	leave(l, m);
	subscriber_index_free(l);
}

/* A text of `n` times "x" and `end`. */
static const char *
long_text(char *out, size_t n, const char *end)
{
	memset(out, 'x', n);
	memcpy(out + n, end, strlen(end) + 1);
	return out;
}

/* Templates are looked up by the first bytes of the topic. */
static void
finds_by_beginning(void **state)
{
	static const struct {
		size_t head, topic; /* lengths before the brace, of "x" */
		const char *end;    /* of the topic */
		int found;
	} rows[] = {
		{ 0, 0, "a", 1 },
		{ 0, 300, "", 1 },
		{ 3, 3, "", 1 },
		{ 3, 2, "", 0 },
		{ 3, 3, "{a}", 1 },
		{ 254, 254, "y", 1 },
		{ 255, 255, "", 1 },
		{ 256, 256, "y", 1 },
		{ 256, 255, "y", 0 },
		{ 1000, 1000, "", 1 },
		{ 1000, 999, "", 0 },
	};
	struct subscriber_index *l = NULL;
	struct member *m = &members[0];
	char text[1100];

	(void)state;
	assert_int_equal(subscriber_index_new(&l), ERR_OK);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct matcher *matcher = NULL;
		struct frame *f;

		long_text(text, rows[i].head, "{a}");
		assert_int_equal(
		    matcher_new(&matcher, selector_topic(slice_of(text)), NULL),
		    ERR_OK);
		assert_int_equal(
		    matcher_list_add(&m->matchers, matcher), ERR_OK);
		m->s = bare_subscriber(1);
		assert_int_equal(
		    subscriber_index_add(l, m->s, &m->matchers), ERR_OK);
		f = event(long_text(text, rows[i].topic, rows[i].end));
		find(l, f);
		if (m->found != rows[i].found)
			fail_msg("row %zu: found %d", i, m->found);
		m->found = 0;
		frame_unref(f);
		leave(l, m);
	}
	subscriber_index_free(l);
}

/* A grant for `selector`; NULL: for nothing. */
static struct grant *
grant_of(const char *selector)
{
	struct grant_parts parts = { .expires_ms = INT64_MAX };
	struct matcher *m = NULL;
	struct grant *g = NULL;

	if (selector != NULL) {
		assert_int_equal(
		    matcher_new(&m, selector_topic(slice_of(selector)), NULL),
		    ERR_OK);
		assert_int_equal(matcher_list_add(&parts.subscribe, m), ERR_OK);
	}
	assert_int_equal(grant_new(&g, &parts), ERR_OK);
	return g;
}

static size_t
steps_of(struct subscriber_index *l, bool private, enum update_kind kind)
{
	const struct update u = { .topics = slice_of(
				      "/.well-known/mercure/subscriptions/x"),
		.private = private,
		.kind = kind };
	struct frame *f = event_frame(FRAMING_RAW, 1, &u);
	size_t steps = 0;

	assert_non_null(f);
	subscriber_search_begin(l, f);
	assert_true(subscriber_search_go_on(l, found, &steps, SIZE_MAX));
	frame_unref(f);
	return steps;
}

#define STRANGERS 200
#define HUB_PATH "/.well-known/mercure/subscriptions/"

/* Selectors of grants, and the updates that their patterns are tried on. */
static void
asks_for_rights_first(void **state)
{
	static const struct {
		const char *grant;
		bool private, hub;
	} rows[] = {
		{ NULL, false, false },
		{ "/news", true, false },
		{ "/{x}", true, true },
		{ "*", true, true },
		{ HUB_PATH "{topic}", true, true },
		{ "/.well-known/mercure/other", true, false },
	};
	struct subscriber_index *l = NULL;

	(void)state;
	assert_int_equal(subscriber_index_new(&l), ERR_OK);
	for (size_t i = 0; i < STRANGERS; i++) {
		members[i].s = bare_subscriber(1);
		add_matcher(&members[i].matchers, (int)i * 4 + 2);
		assert_int_equal(
		    subscriber_index_add(l, members[i].s, &members[i].matchers),
		    ERR_OK);
	}
	assert_int_equal(subscriber_index_patterns(l), STRANGERS);
	assert_true(steps_of(l, false, UPDATE_APPLICATION) > STRANGERS * 5);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct subscriber *s = members[i].s;
		size_t of_private, of_hub;

		s->grant = grant_of(rows[i].grant);
		subscriber_index_set_rights(s, subscriber_rights(s->grant));
		of_private = steps_of(l, true, UPDATE_APPLICATION);
		of_hub = steps_of(l, true, UPDATE_HUB);
		grant_unref(s->grant);
		s->grant = NULL;
		subscriber_index_set_rights(s, subscriber_rights(s->grant));
		if ((of_private > steps_of(l, true, UPDATE_APPLICATION)) !=
			rows[i].private ||
		    (of_hub > steps_of(l, true, UPDATE_HUB)) != rows[i].hub)
			fail_msg("row %zu", i);
	}
	for (size_t i = 0; i < STRANGERS; i++) {
		members[i].found = 0;
		leave(l, &members[i]);
	}
	assert_int_equal(subscriber_index_weight(l), 0);
	subscriber_index_free(l);
}

/* It is in for all its matchers or for none. */
static void
without_memory(void **state)
{
	struct subscriber_index *l = NULL;
	struct member *m = &members[0];
	struct frame *f = event("/topics/0\n/topics/1");
	enum err e = ERR_NOMEM;
	long n;

	(void)state;
	for (n = 1; e == ERR_NOMEM; n++) {
		mem_fail_at(n);
		e = subscriber_index_new(&l);
		assert_int_equal(e == ERR_NOMEM, mem_failed());
		assert_int_equal(l == NULL, e == ERR_NOMEM);
	}
	mem_fail_at(0);
	for (n = 0; n < 3; n++)
		add_matcher(&m->matchers, (int)n);
	m->s = bare_subscriber(m->matchers.n);
	for (n = 1; n <= 3; n++) {
		mem_fail_at(n);
		assert_int_equal(
		    subscriber_index_add(l, m->s, &m->matchers), ERR_NOMEM);
		mem_fail_at(0);
		find(l, f);
		assert_int_equal(m->found, 0);
	}
	assert_int_equal(subscriber_index_add(l, m->s, &m->matchers), ERR_OK);
	find(l, f);
	assert_int_equal(m->found, 1);
	m->found = 0;
	leave(l, m);
	subscriber_index_free(l);
	frame_unref(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_each_once),
		cmocka_unit_test(grows),
		cmocka_unit_test(finds_by_beginning),
		cmocka_unit_test(asks_for_rights_first),
		cmocka_unit_test(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
