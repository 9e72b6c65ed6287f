/* SPDX-License-Identifier: MIT */
/* test_session_follow.c - open streams follow what their session has. */
#include "unit/unit.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "mercure/session.h"
#include "unit/fanout_room.h"

#define LONG_MS 3600000

static const struct session_key alice = { "alice" }, bob = { "bob" };

static struct fanout_room room;
static uint64_t last_change;

static void
run_once(void)
{
	assert_false(room.asked);
	fanout_room_turn(&room);
	fanout_room_read(&room);
}

/* The rights of a session after its next change; `topics` NULL: none. */
static struct grant *
grant_of(
    struct session_key of, const char *topics, const char *payload, int64_t ms)
{
	const struct session s = { .key = of,
		.until_ms = clock_real_ms() + ms,
		.topics = slice_of(topics),
		.payload = slice_of(payload) };
	struct grant *g = NULL;

	assert_int_equal(
	    session_grant(&g, &of, topics != NULL ? &s : NULL, last_change),
	    ERR_OK);
	return g;
}

/* A peer that wants /a, with a grant which it takes over. */
static void
open_peer(struct grant *g, uint64_t epoch)
{
	struct subscriber_opening *o = fanout_room_opening("head\n", room.tail);

	fanout_room_ask_for(o, "/a");
	o->grant = g;
	o->epoch = epoch;
	o->life_ms = o->end_ms = clock_mono_ms() + LONG_MS;
	fanout_room_subscribe(&room, o);
}

/* A batch: changes (each grant is taken over), then a private event. */
static void
apply(const struct session_key *of, struct grant **grants, size_t n, bool event)
{
	struct session_changes *changes = mem_calloc(1, sizeof(*changes));
	struct batch b = { .span = { .epoch = FANOUT_ROOM_EPOCH,
			       .sessions = last_change },
		.after = room.tail,
		.sessions = changes };
	char text[32];

	assert_non_null(changes);
	changes->n = n;
	for (size_t i = 0; i < n; i++) {
		struct session_change *c = &changes->v[i];

		c->number = changes->number = last_change;
		memcpy(c->token, of[i].digest, sizeof(c->token));
		c->grant = grants[i];
	}
	if (event) {
		room.tail++;
		snprintf(text, sizeof(text), "<%d>", (int)room.tail);
		b.frames[b.n++] =
		    fanout_room_event(room.tail, "/a", true, slice_of(text));
	}
	b.span.next = room.tail;
	fanout_room_give(&room, &b);
	run_once();
}

static void
change(struct session_key of, struct grant *g)
{
	apply(&of, &g, 1, true);
}

static void
publish(void)
{
	apply(NULL, NULL, 0, true);
}

static void
assert_got(const char *events)
{
	char got[256] = "";

	for (const char *p = room.text; (p = strchr(p, '<')) != NULL; p++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%.*s",
		    (int)strcspn(p, ">") + 1, p);
	assert_string_equal(got, events);
}

/* It is over, and the last that was sent is its position. */
static void
assert_ended(void)
{
	const char *id;

	while (!room.ended)
		run_once();
	assert_int_equal(fanout_subscribers(room.fanout), 0);
	assert_non_null(id = strstr(room.text, "id: #"));
	assert_string_equal(id + strcspn(id, "\n"), "\n\n");
}

static int
room_open(void **state)
{
	(void)state;
	fanout_room_open(&room, 1000, 0);
	last_change = 1;
	return 0;
}

static int
room_close(void **state)
{
	(void)state;
	fanout_room_close(&room);
	return 0;
}

static void
gains_and_loses_where_it_stands(void **state)
{
	(void)state;
	open_peer(grant_of(alice, NULL, NULL, 0), FANOUT_ROOM_EPOCH);
	publish();
	assert_got("");
	last_change++;
	change(bob, grant_of(bob, "/a", NULL, LONG_MS));
	assert_got("");
	/* By the rights there were when it was published. */
	last_change++;
	change(alice, grant_of(alice, "/b\n/a", NULL, LONG_MS));
	assert_got("<3>");
	publish();
	assert_got("<3><4>");
	last_change++;
	change(alice, grant_of(alice, "/b", NULL, LONG_MS));
	publish();
	assert_got("<3><4>");
	assert_int_equal(fanout_subscribers(room.fanout), 1);
}

static void
ends_without_rights(void **state)
{
	(void)state;
	open_peer(grant_of(alice, "/a", NULL, LONG_MS), FANOUT_ROOM_EPOCH);
	publish();
	last_change++;
	change(bob, NULL);
	assert_got("<1><2>");
	last_change++;
	change(alice, NULL);
	assert_ended();
	assert_got("<1><2>");
}

static void
ends_with_another_payload(void **state)
{
	(void)state;
	open_peer(
	    grant_of(alice, "/a", "{\"a\":1}", LONG_MS), FANOUT_ROOM_EPOCH);
	last_change++;
	change(alice, grant_of(alice, "/a", "{\"a\":1}", LONG_MS));
	assert_got("<1>");
	last_change++;
	change(alice, grant_of(alice, "/a", "{\"a\":2}", LONG_MS));
	assert_ended();
	assert_got("<1>");
}

/* A change that it knows already has no effect: here it would end it. */
static void
old_changes_are_none(void **state)
{
	(void)state;
	last_change = 7;
	open_peer(grant_of(alice, "/a", NULL, LONG_MS), FANOUT_ROOM_EPOCH);
	last_change = 6;
	change(alice, NULL);
	publish();
	assert_got("<1><2>");
}

static void
ends_when_its_time_is_up(void **state)
{
	(void)state;
	open_peer(grant_of(alice, "/a", NULL, LONG_MS), FANOUT_ROOM_EPOCH);
	last_change++;
	change(alice, grant_of(alice, "/a", NULL, 50));
	assert_ended();
	assert_got("<1>");
}

static void
has_no_time_left(void **state)
{
	(void)state;
	open_peer(grant_of(alice, "/a", NULL, LONG_MS), FANOUT_ROOM_EPOCH);
	last_change++;
	change(alice, grant_of(alice, "/a", NULL, -1));
	assert_ended();
	assert_got("");
}

/* Its worker had looked before the change, which has been applied since. */
static void
is_too_late(void **state)
{
	struct grant *late = grant_of(alice, "/a", NULL, LONG_MS);

	(void)state;
	last_change++;
	room.fd = dup(STDIN_FILENO);
	apply(&alice, (struct grant *[]){ NULL }, 1, false);
	close(room.fd);
	open_peer(late, FANOUT_ROOM_EPOCH);
	assert_ended();
	assert_non_null(strstr(room.text, "head\n"));
}

static void
others_are_not(void **state)
{
	struct grant *g = grant_of(alice, "/a", NULL, LONG_MS);

	(void)state;
	last_change++;
	room.fd = dup(STDIN_FILENO);
	apply(&bob, (struct grant *[]){ NULL }, 1, false);
	close(room.fd);
	open_peer(g, FANOUT_ROOM_EPOCH);
	publish();
	assert_got("<1>");
}

/* So many changes since that nobody knows whether it was among them. */
static void
is_much_too_late(void **state)
{
	struct grant *late = grant_of(alice, "/a", NULL, LONG_MS);

	(void)state;
	room.fd = dup(STDIN_FILENO);
	for (int i = 0; i < 100; i++) {
		last_change++;
		apply(&bob, (struct grant *[]){ NULL }, 1, false);
	}
	close(room.fd);
	open_peer(late, FANOUT_ROOM_EPOCH);
	assert_ended();
}

static void
another_database_knows_no_session(void **state)
{
	struct batch other = { .kind = BATCH_NEW_EPOCH,
		.span.epoch = FANOUT_ROOM_EPOCH + 1,
		.key = { .epoch = FANOUT_ROOM_EPOCH + 1 } };

	(void)state;
	open_peer(grant_of(alice, "/a", NULL, LONG_MS), FANOUT_ROOM_EPOCH);
	fanout_room_give(&room, &other);
	while (!room.ended)
		run_once();
	assert_int_equal(fanout_subscribers(room.fanout), 0);
}

static void
its_database_is_gone(void **state)
{
	(void)state;
	open_peer(grant_of(alice, "/a", NULL, LONG_MS), FANOUT_ROOM_EPOCH - 1);
	assert_ended();
}

/* Its timer has not seen it yet: a loop may be busy. */
static void
gets_nothing_after_its_time(void **state)
{
	struct grant *g = grant_of(alice, "/a", NULL, 50);
	const int64_t end_ms = grant_expires_ms(g);

	(void)state;
	open_peer(g, FANOUT_ROOM_EPOCH);
	while (clock_real_ms() < end_ms)
		usleep(1000);
	publish();
	assert_ended();
	assert_got("");
}

/* The lifetime is an hour, and grants are extended for two. */
static void
asks_for_its_extension(void **state)
{
	static const struct {
		const char *name;
		int64_t granted_ms, left_ms; /* as of now; 0: its end stays */
		bool counted, asks;
	} rows[] = {
		{ "less than a quarter is left", -3000000, 600000, true, true },
		{ "more than half is left", -600000, 3000000, true, false },
		{ "its end is explicit", 0, 600000, true, false },
		{ "it was granted too long ago", -9000000, 600000, true,
		    false },
		{ "nobody counts it", -3000000, 600000, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const int64_t now_ms = clock_real_ms();
		const struct matcher_list none = { NULL, 0 };
		const struct presence_parts parts = { .matchers = &none,
			.token = alice.digest,
			.signer = PRESENCE_BY_SESSION };
		const struct roster_terms terms = { .away_key = 0 };
		const struct session s = { .key = alice,
			.until_ms = now_ms + rows[i].left_ms,
			.granted_ms = rows[i].granted_ms == 0
					  ? 0
					  : now_ms + rows[i].granted_ms,
			.topics = slice_of("/a") };
		struct subscriber_opening *o;
		struct presence *p = NULL;
		struct roster *r = NULL;

		o = fanout_room_opening("head\n", room.tail);
		assert_int_equal(roster_new(&r), ERR_OK);
		assert_int_equal(presence_new(&p, &parts), ERR_OK);
		if (rows[i].counted)
			assert_int_equal(
			    roster_enter(&o->entry, r, p, &terms, NULL),
			    ERR_OK);
		else
			presence_free(p);
		fanout_room_ask_for(o, "/a");
		assert_int_equal(
		    session_grant(&o->grant, &alice, &s, last_change), ERR_OK);
		o->extension =
		    (struct session_extension){ LONG_MS, 2 * LONG_MS };
		o->life_ms = o->end_ms = clock_mono_ms() + LONG_MS;
		fanout_room_subscribe(&room, o);
		run_once();
		if (roster_extends(r) != rows[i].asks)
			fail_msg("%s", rows[i].name);
		fanout_end(room.fanout, NULL, NULL);
		assert_ended();
		roster_free(r);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, room_open, room_close)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(gains_and_loses_where_it_stands),
		TEST(ends_without_rights),
		TEST(ends_with_another_payload),
		TEST(old_changes_are_none),
		TEST(ends_when_its_time_is_up),
		TEST(has_no_time_left),
		TEST(gets_nothing_after_its_time),
		TEST(asks_for_its_extension),
		TEST(is_too_late),
		TEST(others_are_not),
		TEST(is_much_too_late),
		TEST(another_database_knows_no_session),
		TEST(its_database_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
