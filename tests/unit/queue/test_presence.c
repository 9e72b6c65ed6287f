/* SPDX-License-Identifier: MIT */
/* test_presence.c - rows of subscribers: written, published, listed. */
#include "unit/unit.h"

#include "base/clock.h"
#include "unit/mem_fail.h"
#include "unit/presence_room.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define FOREVER INT64_MAX

/* The changes of one subscriber: '+' it begins, '~' it is away, '-' it ends. */
static const struct {
	const char *name, *steps, *published, *listed;
} steps[] = {
	{ "begins", "+", "+a +b ", "a b " },
	{ "begins again", "++", "+a +b ", "a b " },
	{ "begins and ends", "+-", "+a +b -a -b ", "" },
	{ "ends twice", "+--", "+a +b -a -b ", "" },
	{ "ends without a begin", "-", "", "" },
	{ "is away", "+~", "+a +b ", "a b " },
	{ "is away twice", "+~~", "+a +b ", "a b " },
	{ "is away at once", "~", "+a +b ", "a b " },
	{ "is away and comes back", "+~+", "+a +b ", "a b " },
	{ "is away and ends", "+~-", "+a +b -a -b ", "" },
	{ "comes back and ends", "+~+-", "+a +b -a -b ", "" },
	{ "begins again after its end", "+-+", "+a +b -a -b +a +b ", "a b " },
};

static void
check_steps(size_t i, bool at_once)
{
	struct presence *p = presence_room_somebody("b a b", 1);
	struct queue *q;
	void *room = NULL;

	assert_int_equal(queue_room_make(&room), 0);
	q = presence_room_open(room, 7);
	assert_int_equal(
	    presence_room_steps(q, steps[i].steps, at_once, p), ERR_OK);
	if (strcmp(presence_room_published(q), steps[i].published) != 0)
		fail_msg("%s: published %s", steps[i].name,
		    presence_room_published(q));
	if (strcmp(presence_room_listed(q, NULL, NULL), steps[i].listed) != 0)
		fail_msg("%s: listed %s", steps[i].name,
		    presence_room_listed(q, NULL, NULL));
	queue_close(q);
	presence_free(p);
	queue_room_remove(&room);
}

static void
test_steps(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		check_steps(i, false);
		check_steps(i, true);
	}
}

/* All rows of the log, one a line. */
static void
add_row(void *arg, uint64_t at, const struct update *u)
{
	char *text = arg;
	const size_t len = strlen(text);

	(void)at;
	snprintf(text + len, 4096 - len, "%d %d %.1s %.*s %.*s\n", u->kind,
	    u->private, u->id.base, SLICE_ARG(u->topics), SLICE_ARG(u->data));
}

static void
test_events(void **state)
{
	struct queue *q = presence_room_open(*state, 7);
	struct presence *p = presence_room_somebody("b/{c}\"", 1);
	struct queue_span span = { 0 };
	char got[4096] = "", want[4096] = "";

	assert_int_equal(presence_room_steps(q, "+-", false, p), ERR_OK);
	for (int i = 0; i < 2; i++)
		assert_int_equal(queue_read(q, 0, span.epoch, 9, 1 << 20,
				     add_row, got, &span),
		    ERR_OK);
	for (int i = 0; i < 2; i++) {
		char path[256];
		const size_t len = strlen(want);

		snprintf(path, sizeof(path),
		    SUBSCRIPTION_PATH "/b%%2F%%7Bc%%7D%%22/urn%%3Auuid%%3A%s",
		    p->subscriber + strlen("urn:uuid:"));
		snprintf(want + len, sizeof(want) - len,
		    "1 1 # %s {\"@context\":\"https://mercure.rocks/\","
		    "\"id\":\"%s\",\"type\":\"Subscription\","
		    "\"topic\":\"b/{c}\\\"\",\"subscriber\":\"%s\","
		    "\"active\":%s,\"payload\":{\"n\":1}}\n",
		    path, path, p->subscriber, i == 0 ? "true" : "false");
	}
	assert_string_equal(got, want);
	queue_close(q);
	presence_free(p);
}

static void
test_no_events(void **state)
{
	struct queue_room *room = *state;
	struct presence *p = presence_room_somebody("a", 1);
	uint64_t tail;
	struct queue *q;

	room->settings.owner = 7;
	q = queue_room_open(room, QUEUE_WRITE);
	assert_int_equal(presence_room_steps(q, "+", false, p), ERR_OK);
	assert_string_equal(presence_room_listed(q, NULL, NULL), "a ");
	assert_int_equal(presence_room_steps(q, "-", false, p), ERR_OK);
	assert_string_equal(presence_room_listed(q, NULL, NULL), "");
	assert_int_equal(queue_room_tail(q, &tail), ERR_OK);
	assert_int_equal(tail, 0);
	queue_close(q);
	presence_free(p);
}

static void
expect_last_id(struct queue *q, const char *want)
{
	struct buf id;
	size_t n = strlen(want);

	buf_init(&id, 100);
	assert_int_equal(
	    queue_subscriptions(q, selector_topic(slice_of("nobody's")),
		slice_of(NULL), NULL, NULL, &id),
	    ERR_OK);
	if (id.len < n || memcmp(id.base, want, n) != 0)
		fail_msg("%.*s instead of %s", (int)id.len, id.base, want);
	buf_free(&id);
}

static void
test_listing(void **state)
{
	struct queue *q = presence_room_open(*state, 7);
	struct presence *p = presence_room_somebody("a b", 1);
	struct presence *other = presence_room_somebody("b", 0);
	const struct {
		const char *name, *topic, *subscriber, *want;
	} rows[] = {
		{ "all", NULL, NULL, "a b b " },
		{ "a topic of one", "a", NULL, "a " },
		{ "a topic of both", "b", NULL, "b b " },
		{ "a topic of nobody", "c", NULL, "" },
		{ "one", "b", p->subscriber, "b " },
		{ "the other one", "b", other->subscriber, "b " },
		{ "not of that topic", "a", other->subscriber, "" },
		{ "no such subscriber", "a", "urn:x", "" },
	};

	expect_last_id(q, "earliest");
	assert_int_equal(presence_room_steps(q, "+", false, p), ERR_OK);
	assert_int_equal(presence_room_steps(q, "+", false, other), ERR_OK);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *got =
		    presence_room_listed(q, rows[i].topic, rows[i].subscriber);

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].name, got);
	}
	expect_last_id(q, "#");
	assert_int_equal(queue_room_put(q, "last"), ERR_OK);
	expect_last_id(q, "last");
	queue_close(q);
	presence_free(p);
	presence_free(other);
}

static void
test_read_only(void **state)
{
	struct queue *w = presence_room_open(*state, 7);
	struct queue *r = queue_room_open(*state, QUEUE_READ);
	struct presence *p = presence_room_somebody("a", 1);

	assert_int_equal(presence_room_steps(r, "+", false, p), ERR_READONLY);
	assert_string_equal(presence_room_listed(w, NULL, NULL), "");
	queue_close(w);
	queue_close(r);
	presence_free(p);
}

/* Another queue has none of the rows, and another epoch. */
static void
test_another_queue(void **state)
{
	struct queue *q = presence_room_open(*state, 7);
	struct presence *p = presence_room_somebody("a", 1);
	struct presence *later = presence_room_somebody("b", 1);
	struct presence_change c = { PRESENCE_THERE, p, 0, NULL };
	uint64_t first = 0, again = 0, second = 0;

	assert_int_equal(queue_present(q, &c, 1, &first, NULL), ERR_OK);
	assert_int_equal(queue_present(q, &c, 1, &again, NULL), ERR_OK);
	assert_true(first == again && first != 0);
	queue_room_lose(*state);
	c.presence = later;
	assert_int_equal(queue_present(q, &c, 1, &second, NULL), ERR_OK);
	assert_true(second != first && second != 0);
	assert_string_equal(presence_room_listed(q, NULL, NULL), "b ");
	queue_close(q);
	presence_free(p);
	presence_free(later);
}

/* The change is noticed without a publish or a subscriber. */
static void
test_another_queue_in_silence(void **state)
{
	struct queue *q = presence_room_open(*state, 7);
	struct presence *p = presence_room_somebody("a", 1);
	const struct presence_change c = { PRESENCE_THERE, p, 0, NULL };
	uint64_t first = 0, reaped = 0;
	bool more;

	assert_int_equal(queue_present(q, &c, 1, &first, NULL), ERR_OK);
	assert_int_equal(queue_reap(q, &reaped, &more, NULL), ERR_OK);
	assert_true(reaped == first && !more);
	queue_room_lose(*state);
	assert_int_equal(queue_reap(q, &reaped, &more, NULL), ERR_OK);
	assert_true(reaped != first && !more);
	queue_close(q);
	presence_free(p);
}

/* Two processes have the same position: the first one gets the row. */
static void
test_taken_by_another(void **state)
{
	struct queue *one = presence_room_open(*state, 1);
	struct queue *two = presence_room_open(*state, 2);
	struct presence *p = presence_room_somebody("a", 1);
	bool refused = false;
	const struct presence_change c = { PRESENCE_THERE, p, 0, &refused };
	const int64_t later = clock_real_ms() + 60000;
	uint64_t epoch;

	assert_int_equal(
	    presence_room_change(one, PRESENCE_AWAY, p, later), ERR_OK);
	assert_int_equal(queue_present(one, &c, 1, &epoch, NULL), ERR_OK);
	assert_false(refused);
	assert_int_equal(queue_present(two, &c, 1, &epoch, NULL), ERR_OK);
	assert_true(refused);
	assert_int_equal(queue_present(one, &c, 1, &epoch, NULL), ERR_OK);
	assert_false(refused);
	assert_string_equal(presence_room_published(one), "+a ");
	queue_close(one);
	queue_close(two);
	presence_free(p);
}

/* Selectors with the same text and different kinds are different. */
static void
test_kinds(void **state)
{
	struct queue *q = presence_room_open(*state, 7);
	struct presence *p = presence_room_somebody("a =a =b", 1);
	struct presence *other = presence_room_somebody("=a", 1);
	struct presence *back = NULL;
	char id[QUEUE_AWAY_ID_SIZE];
	struct queue_cursor_key k;
	uint64_t key;

	assert_int_equal(presence_room_steps(q, "+", false, p), ERR_OK);
	assert_int_equal(presence_room_steps(q, "+", false, other), ERR_OK);
	assert_string_equal(presence_room_listed(q, NULL, NULL), "=a =a =b a ");
	assert_string_equal(presence_room_listed(q, "a", NULL), "a ");
	assert_string_equal(presence_room_listed(q, "=a", NULL), "=a =a ");
	assert_string_equal(
	    presence_room_listed(q, "=a", other->subscriber), "=a ");
	assert_string_equal(presence_room_listed(q, "b", NULL), "");

	/* The kinds are the same when a subscriber that was away returns. */
	assert_int_equal(presence_room_steps(q, "~", false, p), ERR_OK);
	assert_int_equal(queue_room_key(q, &k), ERR_OK);
	assert_int_equal(queue_away_id(&k, 1, p->key, id), ERR_OK);
	assert_int_equal(queue_room_away(q, slice_of(id), &back, &key), ERR_OK);
	assert_non_null(back);
	assert_true(presence_is_like(back, p));
	presence_free(back);

	assert_int_equal(presence_room_steps(q, "-", false, p), ERR_OK);
	assert_string_equal(presence_room_listed(q, NULL, NULL), "=a ");
	queue_close(q);
	presence_free(p);
	presence_free(other);
}

/* Makes each kind of call once with a new handle. */
static enum err
use(struct queue_room *room, const struct presence *p, bool *begun, bool *ended)
{
	struct queue *q = NULL;
	struct buf last_id;
	uint64_t epoch = 0;
	bool more;
	enum err e;

	*begun = *ended = false;
	buf_init(&last_id, 4096);
	e = queue_open(&q, &room->settings, QUEUE_WRITE, NULL);
	if (e == ERR_OK)
		e = presence_room_change(q, PRESENCE_THERE, p, 0);
	*begun = e == ERR_OK;
	if (e == ERR_OK)
		e = queue_reap(q, &epoch, &more, NULL);
	if (e == ERR_OK)
		e = queue_subscriptions(q, selector_topic(slice_of("nobody's")),
		    slice_of(NULL), NULL, NULL, &last_id);
	if (e == ERR_OK)
		e = presence_room_change(q, PRESENCE_GONE, p, 0);
	*ended = e == ERR_OK;
	buf_free(&last_id);
	queue_close(q);
	return e;
}

static void
test_memory(void **state)
{
	struct queue_room *room = *state;
	struct queue *q = presence_room_open(room, 7);
	bool failed = true;

	room->settings.owner = 8;
	for (long n = 1; failed; n++) {
		struct presence *p = presence_room_somebody("a b", 1);
		const size_t before = strlen(presence_room_published(q));
		bool begun, ended;
		enum err e;

		mem_fail_at(n);
		e = use(room, p, &begun, &ended);
		failed = mem_failed();
		mem_fail_at(0);
		/* Shrinking a block may fail without harm. */
		assert_true(e == ERR_OK || (failed && e == ERR_NOMEM));
		assert_string_equal(
		    presence_room_published(q) + before, ended ? "+a +b -a -b "
							 : begun ? "+a +b "
								 : "");
		presence_free(p);
	}
	queue_close(q);
}

static int
run(const char *backend)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		QUEUE_ROOM_TEST(test_events),
		QUEUE_ROOM_TEST(test_no_events),
		QUEUE_ROOM_TEST(test_listing),
		QUEUE_ROOM_TEST(test_read_only),
		QUEUE_ROOM_TEST(test_another_queue),
		QUEUE_ROOM_TEST(test_another_queue_in_silence),
		QUEUE_ROOM_TEST(test_taken_by_another),
		QUEUE_ROOM_TEST(test_kinds),
		QUEUE_ROOM_TEST(test_memory),
	};

	return cmocka_run_group_tests_name(backend, tests, NULL, NULL);
}

int
main(void)
{
	return queue_room_each(run);
}
