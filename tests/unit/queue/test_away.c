/* SPDX-License-Identifier: MIT */
/* test_away.c - subscribers between two polls end when their right ends. */
#include "unit/unit.h"

#include "base/clock.h"
#include "queue/sessions.h"
#include "unit/mem_fail.h"
#include "unit/presence_room.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MINUTE_MS 60000
#define SIGNER 77

static const struct session_key key = { "s" }, other = { "o" }, token = { "t" };

/* A subscriber to `topic` whose right comes from `signer`.  If that is a
 * session, it is `other` for the topic "o", and `key` for all others. */
static struct presence *
somebody(const char *topic, uint64_t signer, const char *payload)
{
	const struct session_key *of = signer >= PRESENCE_BY_KEY ? &token
				       : strcmp(topic, "o") == 0 ? &other
								 : &key;
	struct matcher_list l = { NULL, 0 };
	const struct presence_parts parts = { .matchers = &l,
		.payload = slice_of(payload),
		.token = signer != PRESENCE_BY_NOBODY ? of->digest : NULL,
		.signer = signer };
	struct matcher *m = NULL;
	struct presence *p = NULL;

	assert_int_equal(
	    matcher_new(&m, selector_topic(slice_of(topic)), NULL), ERR_OK);
	assert_int_equal(matcher_list_add(&l, m), ERR_OK);
	assert_int_equal(presence_new(&p, &parts), ERR_OK);
	matcher_list_free(&l);
	return p;
}

static void
change(struct queue *q, const char *topic, enum presence_state to,
    uint64_t signer, const char *payload)
{
	struct presence *p = somebody(topic, signer, payload);

	assert_int_equal(
	    presence_room_change(q, to, p, clock_real_ms() + MINUTE_MS),
	    ERR_OK);
	presence_free(p);
}

static void
grant(struct queue *q, const struct session_key *k, const char *payload,
    int64_t lifetime_ms, bool replace)
{
	const int64_t now_ms = clock_real_ms();
	const struct session_wish w = { .key = *k,
		.topics = slice_of("a"),
		.payload = slice_of(payload),
		.now_ms = now_ms,
		.until_ms = now_ms + lifetime_ms,
		.extend_ms = now_ms + lifetime_ms,
		.topics_max = 9,
		.replace = replace };

	assert_int_equal(queue_session_grant(q, &w, NULL), ERR_OK);
}

enum step { GRANTS, PAYLOAD, SHORTER, TAKES_SOME, TAKES_ALL, MOVES };

static void
do_step(struct queue *q, enum step step)
{
	const int64_t now_ms = clock_real_ms();

	switch (step) {
	case GRANTS:
		grant(q, &key, NULL, 90 * MINUTE_MS, false);
		break;
	case PAYLOAD:
		grant(q, &key, "{\"n\":2}", 90 * MINUTE_MS, false);
		break;
	case SHORTER:
		grant(q, &key, "{\"n\":1}", MINUTE_MS / 2, true);
		break;
	case TAKES_SOME:
		queue_session_revoke(q, &key, slice_of("b"), now_ms, NULL);
		break;
	case TAKES_ALL:
		queue_session_revoke(q, &key, slice_of(NULL), now_ms, NULL);
		break;
	case MOVES:
		queue_session_move(
		    q, &key, &(struct session_key){ "n" }, now_ms, 9, NULL);
		break;
	}
}

static const struct {
	const char *name;
	enum step step;
	bool known; /* it had a grant before */
	bool ends;
} steps[] = {
	{ "a longer grant", GRANTS, true, false },
	{ "another payload", PAYLOAD, true, true },
	{ "a shorter grant", SHORTER, true, true },
	{ "less, but not what it has", TAKES_SOME, true, false },
	{ "all is taken", TAKES_ALL, true, true },
	{ "another id", MOVES, true, true },
	{ "a first grant", GRANTS, false, false },
	{ "a first grant with a payload", PAYLOAD, false, true },
	{ "another id of an unknown one", MOVES, false, true },
};

/* Three subscribers are away: one of the session, one of another session, one
 * with a token.  One subscriber of the session has a stream. */
static void
check_step(size_t i)
{
	const uint64_t signer =
	    steps[i].known ? PRESENCE_BY_SESSION : PRESENCE_BY_EMPTY_SESSION;
	const char *payload = steps[i].known ? "{\"n\":1}" : NULL;
	const bool ends = steps[i].ends;
	struct queue *q;
	void *room = NULL;
	size_t before;

	assert_int_equal(queue_room_make(&room), 0);
	q = presence_room_open(room, 7);
	grant(q, &other, "{\"n\":1}", 90 * MINUTE_MS, false);
	if (steps[i].known)
		grant(q, &key, payload, 60 * MINUTE_MS, false);
	change(q, "s", PRESENCE_AWAY, signer, payload);
	change(q, "o", PRESENCE_AWAY, PRESENCE_BY_SESSION, "{\"n\":1}");
	change(q, "token", PRESENCE_AWAY, SIGNER, NULL);
	change(q, "there", PRESENCE_THERE, signer, payload);
	before = strlen(presence_room_published(q));
	do_step(q, steps[i].step);
	if (strcmp(presence_room_published(q) + before, ends ? "-s " : "") !=
		0 ||
	    strcmp(presence_room_listed(q, "s", NULL), ends ? "" : "s ") != 0)
		fail_msg("%s: published %s, listed %s", steps[i].name,
		    presence_room_published(q) + before,
		    presence_room_listed(q, "s", NULL));
	assert_string_equal(presence_room_listed(q, "o", NULL), "o ");
	assert_string_equal(presence_room_listed(q, "there", NULL), "there ");
	queue_close(q);
	queue_room_remove(&room);
}

static void
test_sessions(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++)
		check_step(i);
}

/* The response ends before the change, and the row is written after the
 * change. */
static void
test_too_late_to_wait(void **state)
{
	struct queue *q = presence_room_open(*state, 7);

	grant(q, &key, "{\"n\":1}", 60 * MINUTE_MS, false);
	change(q, "s", PRESENCE_AWAY, PRESENCE_BY_SESSION, "{\"n\":1}");
	assert_string_equal(presence_room_listed(q, NULL, NULL), "s ");
	change(q, "t", PRESENCE_AWAY, PRESENCE_BY_SESSION, "{\"n\":9}");
	assert_string_equal(presence_room_listed(q, NULL, NULL), "s ");
	do_step(q, TAKES_ALL);
	change(q, "s", PRESENCE_AWAY, PRESENCE_BY_SESSION, "{\"n\":1}");
	assert_string_equal(presence_room_listed(q, NULL, NULL), "");
	assert_string_equal(presence_room_published(q), "+s -s ");

	change(q, "e", PRESENCE_AWAY, PRESENCE_BY_EMPTY_SESSION, NULL);
	assert_string_equal(presence_room_listed(q, NULL, NULL), "e ");
	do_step(q, PAYLOAD);
	change(q, "f", PRESENCE_AWAY, PRESENCE_BY_EMPTY_SESSION, NULL);
	assert_string_equal(presence_room_listed(q, NULL, NULL), "");
	queue_close(q);
}

static const char *
left(struct queue *q, const uint64_t *signers, size_t n)
{
	bool more = true;

	while (more)
		assert_int_equal(
		    queue_end_away(q, signers, n, &more, NULL), ERR_OK);
	return presence_room_listed(q, NULL, NULL);
}

/* Only subscribers that are away end; others end with their streams. */
static void
test_signers(void **state)
{
	const uint64_t all[] = { PRESENCE_BY_NOBODY, PRESENCE_BY_SESSION,
		PRESENCE_BY_EMPTY_SESSION, SIGNER, UINT64_MAX };
	const uint64_t some[] = { PRESENCE_BY_SESSION, UINT64_MAX };
	struct queue *q = presence_room_open(*state, 7);

	grant(q, &key, NULL, 60 * MINUTE_MS, false);
	change(q, "anybody", PRESENCE_AWAY, PRESENCE_BY_NOBODY, NULL);
	change(q, "session", PRESENCE_AWAY, PRESENCE_BY_SESSION, NULL);
	change(q, "one", PRESENCE_AWAY, SIGNER, NULL);
	change(q, "there", PRESENCE_THERE, SIGNER, NULL);
	change(q, "two", PRESENCE_AWAY, UINT64_MAX, NULL);
	assert_string_equal(
	    left(q, all, COUNT(all)), "anybody one session there two ");
	assert_string_equal(left(q, some, COUNT(some)), "session there two ");
	assert_string_equal(left(q, NULL, 0), "there ");
	queue_close(q);
}

/* More subscribers than one transaction ends. */
static void
test_many(void **state)
{
	struct queue *q = presence_room_open(*state, 7);

	grant(q, &key, "{\"n\":1}", 60 * MINUTE_MS, false);
	for (int i = 0; i < PRESENCE_CHANGES_MAX + 9; i++) {
		change(q, "s", PRESENCE_AWAY, PRESENCE_BY_SESSION, "{\"n\":1}");
		change(q, "t", PRESENCE_AWAY, SIGNER, NULL);
	}
	do_step(q, TAKES_ALL);
	assert_string_equal(presence_room_listed(q, "s", NULL), "");
	assert_string_equal(left(q, NULL, 0), "");
	queue_close(q);
}

/* After a failure a subscriber is there completely or not at all. */
static void
test_memory(void **state)
{
	struct queue_room *room = *state;
	struct queue *q = presence_room_open(room, 7);
	bool failed = true;

	for (long n = 1; failed; n++) {
		struct queue *w = NULL;
		bool more = true;
		enum err e;

		change(q, "s", PRESENCE_AWAY, SIGNER, NULL);
		mem_fail_at(n);
		e = queue_open(&w, &room->settings, QUEUE_WRITE, NULL);
		while (e == ERR_OK && more)
			e = queue_end_away(w, NULL, 0, &more, NULL);
		failed = mem_failed();
		mem_fail_at(0);
		assert_true(e == ERR_OK || (failed && e == ERR_NOMEM));
		if (e == ERR_OK)
			assert_string_equal(
			    presence_room_listed(q, NULL, NULL), "");
		queue_close(w);
	}
	queue_close(q);
}

static int
run(const char *backend)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sessions),
		QUEUE_ROOM_TEST(test_too_late_to_wait),
		QUEUE_ROOM_TEST(test_signers),
		QUEUE_ROOM_TEST(test_many),
		QUEUE_ROOM_TEST(test_memory),
	};

	return cmocka_run_group_tests_name(backend, tests, NULL, NULL);
}

int
main(void)
{
	return queue_room_each(run);
}
