/* SPDX-License-Identifier: MIT */
/* test_fanout_sessions.c - open streams follow what their session has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fanout/fanout.h"
#include "mercure/session.h"

#define EPOCH 9
#define LONG_MS 3600000

static const struct queue_cursor_key key = { .epoch = EPOCH };
static const struct session_key alice = { "alice" }, bob = { "bob" };

static struct {
	struct stream_host host;
	struct fanout *fanout;
	struct loop_timer stop;
	uint64_t tail, change;
	int fd; /* the peer, and what it has read */
	char text[65536];
	size_t len;
	bool ended;
} world;

void
tailer_ask(struct tailer *t, uint64_t after)
{
	(void)t;
	(void)after;
	fail_msg("nothing is to be replayed");
}

static void
on_stop(struct loop_timer *t)
{
	(void)t;
	loop_stop(world.host.loop);
}

static void
run_once(void)
{
	ssize_t n;

	assert_int_equal(
	    loop_timer_set(world.host.loop, &world.stop, clock_mono_ms()),
	    ERR_OK);
	loop_run(world.host.loop);
	n = read(world.fd, world.text + world.len,
	    sizeof(world.text) - 1 - world.len);
	if (n > 0)
		world.len += (size_t)n;
	world.text[world.len] = '\0';
	world.ended = n == 0;
}

/* What a session has after its next change; `topics` NULL: nothing. */
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
	    session_grant(&g, &of, topics != NULL ? &s : NULL, world.change),
	    ERR_OK);
	return g;
}

/* A peer that wants /a, with a grant which it takes over. */
static void
open_peer(struct grant *g, uint64_t epoch)
{
	struct subscriber_opening *o = mem_calloc(1, sizeof(*o));
	struct matcher *m = NULL;
	struct stream *s = NULL;
	int fds[2];

	assert_non_null(o);
	assert_int_equal(
	    matcher_new(&m, selector_topic(slice_of("/a")), NULL), ERR_OK);
	assert_int_equal(matcher_list_add(&o->matchers, m), ERR_OK);
	o->head = frame_new(FRAMING_RAW, slice_of("head\n"));
	o->grant = g;
	o->epoch = epoch;
	o->at = world.tail;
	o->life_ms = clock_mono_ms() + LONG_MS;
	o->end_ms = o->life_ms;
	o->wait_ms = INT64_MAX;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	assert_int_equal(
	    stream_new(&s, &world.host, fds[0], FRAME_ID, false), ERR_OK);
	world.fd = fds[1];
	world.len = 0;
	world.ended = false;
	fanout_open(world.fanout, o, s);
}

/* The fan-out takes a batch over. */
static void
give(const struct batch *like)
{
	struct batch *b = batch_new();

	assert_non_null(b);
	*b = *like;
	fanout_batch(world.fanout, b);
}

/* A batch: changes (each grant is taken over), then a private event. */
static void
tell(const struct session_key *of, struct grant **grants, size_t n, bool event)
{
	struct session_changes *changes = mem_calloc(1, sizeof(*changes));
	struct batch b = { .span = { .epoch = EPOCH, .sessions = world.change },
		.after = world.tail,
		.sessions = changes };
	const struct update u = { .topics = slice_of("/a"), .private = true };
	char text[32];

	assert_non_null(changes);
	changes->n = n;
	for (size_t i = 0; i < n; i++) {
		struct session_change *c = &changes->v[i];

		c->number = changes->number = world.change;
		memcpy(c->token, of[i].digest, sizeof(c->token));
		c->grant = grants[i];
	}
	if (event) {
		world.tail++;
		snprintf(text, sizeof(text), "<%d>", (int)world.tail);
		b.frames[b.n++] =
		    frame_event(FRAMING_RAW, slice_of(text), world.tail, &u);
	}
	b.span.next = world.tail;
	give(&b);
	run_once();
}

static void
change(struct session_key of, struct grant *g)
{
	tell(&of, &g, 1, true);
}

static void
publish(void)
{
	tell(NULL, NULL, 0, true);
}

static void
assert_got(const char *events)
{
	char got[256] = "";

	for (const char *p = world.text; (p = strchr(p, '<')) != NULL; p++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%.*s",
		    (int)strcspn(p, ">") + 1, p);
	assert_string_equal(got, events);
}

/* It is over, and the last that was told is its position. */
static void
assert_ended(void)
{
	const char *id;

	while (!world.ended)
		run_once();
	assert_int_equal(fanout_counts(world.fanout).subscribers, 0);
	assert_non_null(id = strstr(world.text, "id: #"));
	assert_string_equal(id + strcspn(id, "\n"), "\n\n");
}

static int
world_open(void **state)
{
	struct fanout_settings settings = { .framing = FRAMING_RAW,
		.ring_bytes_max = 1000 };
	struct batch first = {
		.new_epoch = true, .span.epoch = EPOCH, .key = key
	};

	(void)state;
	memset(&world, 0, sizeof(world));
	world.host.framing = FRAMING_RAW;
	world.stop.fire = on_stop;
	world.change = 1;
	assert_int_equal(loop_new(&world.host.loop), ERR_OK);
	settings.loop = world.host.loop;
	assert_int_equal(fanout_new(&world.fanout, &settings), ERR_OK);
	give(&first);
	return 0;
}

static int
world_close(void **state)
{
	(void)state;
	close(world.fd);
	while (world.host.open > 0)
		run_once();
	fanout_free(world.fanout);
	loop_free(world.host.loop);
	return 0;
}

static void
gains_and_loses_where_it_stands(void **state)
{
	(void)state;
	open_peer(grant_of(alice, NULL, NULL, 0), EPOCH);
	publish();
	assert_got("");
	world.change++;
	change(bob, grant_of(bob, "/a", NULL, LONG_MS));
	assert_got("");
	/* By the rights there were when it was published. */
	world.change++;
	change(alice, grant_of(alice, "/b\n/a", NULL, LONG_MS));
	assert_got("<3>");
	publish();
	assert_got("<3><4>");
	world.change++;
	change(alice, grant_of(alice, "/b", NULL, LONG_MS));
	publish();
	assert_got("<3><4>");
	assert_int_equal(fanout_counts(world.fanout).subscribers, 1);
}

static void
ends_without_rights(void **state)
{
	(void)state;
	open_peer(grant_of(alice, "/a", NULL, LONG_MS), EPOCH);
	publish();
	world.change++;
	change(bob, NULL);
	assert_got("<1><2>");
	world.change++;
	change(alice, NULL);
	assert_ended();
	assert_got("<1><2>");
}

static void
ends_with_another_payload(void **state)
{
	(void)state;
	open_peer(grant_of(alice, "/a", "{\"a\":1}", LONG_MS), EPOCH);
	world.change++;
	change(alice, grant_of(alice, "/a", "{\"a\":1}", LONG_MS));
	assert_got("<1>");
	world.change++;
	change(alice, grant_of(alice, "/a", "{\"a\":2}", LONG_MS));
	assert_ended();
	assert_got("<1>");
}

/* What it knows already changes nothing: here it would end it. */
static void
old_changes_are_none(void **state)
{
	(void)state;
	world.change = 7;
	open_peer(grant_of(alice, "/a", NULL, LONG_MS), EPOCH);
	world.change = 6;
	change(alice, NULL);
	publish();
	assert_got("<1><2>");
}

static void
ends_when_its_time_is_up(void **state)
{
	(void)state;
	open_peer(grant_of(alice, "/a", NULL, LONG_MS), EPOCH);
	world.change++;
	change(alice, grant_of(alice, "/a", NULL, 50));
	assert_ended();
	assert_got("<1>");
}

static void
has_no_time_left(void **state)
{
	(void)state;
	open_peer(grant_of(alice, "/a", NULL, LONG_MS), EPOCH);
	world.change++;
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
	world.change++;
	world.fd = dup(STDIN_FILENO);
	tell(&alice, (struct grant *[]){ NULL }, 1, false);
	close(world.fd);
	open_peer(late, EPOCH);
	assert_ended();
	assert_non_null(strstr(world.text, "head\n"));
}

static void
others_are_not(void **state)
{
	struct grant *g = grant_of(alice, "/a", NULL, LONG_MS);

	(void)state;
	world.change++;
	world.fd = dup(STDIN_FILENO);
	tell(&bob, (struct grant *[]){ NULL }, 1, false);
	close(world.fd);
	open_peer(g, EPOCH);
	publish();
	assert_got("<1>");
}

/* So many changes since that nobody knows whether it was among them. */
static void
is_much_too_late(void **state)
{
	struct grant *late = grant_of(alice, "/a", NULL, LONG_MS);

	(void)state;
	world.fd = dup(STDIN_FILENO);
	for (int i = 0; i < 100; i++) {
		world.change++;
		tell(&bob, (struct grant *[]){ NULL }, 1, false);
	}
	close(world.fd);
	open_peer(late, EPOCH);
	assert_ended();
}

static void
another_database_knows_no_session(void **state)
{
	struct batch other = { .new_epoch = true,
		.span.epoch = EPOCH + 1,
		.key = { .epoch = EPOCH + 1 } };

	(void)state;
	open_peer(grant_of(alice, "/a", NULL, LONG_MS), EPOCH);
	give(&other);
	while (!world.ended)
		run_once();
	assert_int_equal(fanout_counts(world.fanout).subscribers, 0);
}

static void
its_database_is_gone(void **state)
{
	(void)state;
	open_peer(grant_of(alice, "/a", NULL, LONG_MS), EPOCH - 1);
	assert_ended();
}

/* Its timer has not seen it yet: a loop may be busy. */
static void
gets_nothing_after_its_time(void **state)
{
	struct grant *g = grant_of(alice, "/a", NULL, 50);
	const int64_t end_ms = grant_expires_ms(g);

	(void)state;
	open_peer(g, EPOCH);
	while (clock_real_ms() < end_ms)
		usleep(1000);
	publish();
	assert_ended();
	assert_got("");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_open, world_close)

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
		TEST(is_too_late),
		TEST(others_are_not),
		TEST(is_much_too_late),
		TEST(another_database_knows_no_session),
		TEST(its_database_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
