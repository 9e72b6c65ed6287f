/* SPDX-License-Identifier: MIT */
/* test_crowd_table.c - slots are claimed, counted and freed. */
#include "unit/unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "queue/crowd_table.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SLOTS 64
#define NOW 1700000000000
#define ROW(n) ((uint64_t)1 << 62 | (n))

/* Memory that several tables share, each as one process sees it. */
struct memory {
	struct crowd_head head;
	struct crowd_slot slots[SLOTS];
	uint64_t dead; /* the process with this owner number is alive */
	_Atomic int asked;
	unsigned wait_us; /* the time that each answer takes */
};

static bool
lives(void *arg, uint64_t owner)
{
	struct memory *m = arg;

	m->asked++;
	if (m->wait_us > 0)
		usleep(m->wait_us);
	return owner != m->dead;
}

static struct crowd_table
table(struct memory *m, uint64_t owner)
{
	return (struct crowd_table){ .head = &m->head,
		.slots = m->slots,
		.n = SLOTS,
		.owner = owner,
		.lives = lives,
		.arg = m };
}

static int
memory_make(void **state)
{
	*state = calloc(1, sizeof(struct memory));
	return *state != NULL ? 0 : -1;
}

static int
memory_free(void **state)
{
	free(*state);
	return 0;
}

static struct crowd_seat
claim(struct crowd_table *t, uint64_t token, uint64_t address)
{
	const struct crowd_keys k = { token, address };
	struct crowd_seat seat = { 0 };

	assert_int_equal(crowd_table_take(t, &k, NOW, &seat), ERR_OK);
	return seat;
}

/* May one more stream come?  It keeps its slot only if it may. */
static enum crowd_limit
come(struct crowd_table *t, uint64_t token, uint64_t address,
    const struct crowd_limits *limits)
{
	const struct crowd_keys k = { token, address };
	const struct crowd_seat seat = claim(t, token, address);
	enum crowd_limit which = crowd_table_check(t, &k, limits, NOW, &seat);

	if (which != CROWD_WITHIN)
		crowd_table_give_back(t, &seat);
	return which;
}

/* Process 1 has the tokens 1, 1, 2 and addresses 5, 5, 6; process 2 the token 1
 * and address 6; away: token 2, address 5. */
static const struct {
	const char *name;
	struct crowd_limits limits;
	uint64_t token, address;
	enum crowd_limit want;
} limits[] = {
	{ "no limits", { 0, 0, 0 }, 1, 5, CROWD_WITHIN },
	{ "total", { 4, 0, 0 }, 9, 9, CROWD_TOTAL },
	{ "the total without those that are away", { 5, 0, 0 }, 9, 9,
	    CROWD_WITHIN },
	{ "token", { 0, 3, 0 }, 1, 9, CROWD_PER_TOKEN },
	{ "below the token's", { 0, 4, 0 }, 1, 9, CROWD_WITHIN },
	{ "away with the token", { 0, 2, 0 }, 2, 9, CROWD_PER_TOKEN },
	{ "another token", { 0, 1, 0 }, 9, 5, CROWD_WITHIN },
	{ "no token", { 0, 1, 0 }, CROWD_NOBODY, 5, CROWD_WITHIN },
	{ "address", { 0, 0, 3 }, 9, 5, CROWD_PER_ADDRESS },
	{ "below the address's", { 0, 0, 4 }, 9, 5, CROWD_WITHIN },
	{ "another address", { 0, 0, 1 }, 1, 9, CROWD_WITHIN },
	{ "a token's number is no address's", { 0, 0, 1 }, 9, 1, CROWD_WITHIN },
	{ "the first of three", { 4, 3, 3 }, 1, 5, CROWD_TOTAL },
	{ "the second of three", { 5, 3, 3 }, 1, 5, CROWD_PER_TOKEN },
};

static void
test_limits(void **state)
{
	struct memory *m = *state;
	struct crowd_table one = table(m, 1), two = table(m, 2);
	struct crowd_seat away;

	claim(&one, 1, 5);
	claim(&one, 1, 5);
	claim(&one, 2, 6);
	claim(&two, 1, 6);
	away = claim(&two, 2, 5);
	crowd_table_reserve(&two, &away, ROW(1), NOW + 1);
	for (size_t i = 0; i < COUNT(limits); i++) {
		struct crowd_table t = table(m, 3);
		const struct crowd_keys k = { limits[i].token,
			limits[i].address };
		const struct crowd_seat seat = claim(&t, k.token, k.address);

		if (crowd_table_check(&t, &k, &limits[i].limits, NOW, &seat) !=
		    limits[i].want)
			fail_msg("%s", limits[i].name);
		crowd_table_leave(&t, &seat);
	}
}

/* The slots of the process itself count like those of the others. */
static void
test_own_count(void **state)
{
	const struct crowd_limits two = { 2, 0, 0 };
	struct crowd_table t = table(*state, 1);

	assert_int_equal(come(&t, 1, 1, &two), CROWD_WITHIN);
	assert_int_equal(come(&t, 1, 1, &two), CROWD_WITHIN);
	assert_int_equal(come(&t, 1, 1, &two), CROWD_TOTAL);
	assert_int_equal(come(&t, 1, 1, &two), CROWD_TOTAL);
}

/* Two streams claim slots at once: the one with the first ticket gets in,
 * whichever counts first. */
static void
test_at_once(void **state)
{
	const struct crowd_limits limit = { 1, 0, 0 };
	const struct crowd_keys k = { 1, 1 };

	for (int first = 0; first < 2; first++) {
		struct crowd_table t[2] = { table(*state, 1),
			table(*state, 2) };
		const struct crowd_seat seats[2] = { claim(&t[0], 1, 1),
			claim(&t[1], 1, 1) };

		for (int i = first, n = 0; n < 2; i = !i, n++)
			assert_int_equal(crowd_table_check(
					     &t[i], &k, &limit, NOW, &seats[i]),
			    i == 0 ? CROWD_WITHIN : CROWD_TOTAL);
		crowd_table_leave(&t[0], &seats[0]);
		crowd_table_leave(&t[1], &seats[1]);
	}
}

/* A stream that has claimed a slot and has no ticket yet counts for all. */
static void
test_without_a_ticket(void **state)
{
	const struct crowd_limits limit = { 1, 0, 0 };
	struct memory *m = *state;
	struct crowd_table t = table(m, 1);

	claim(&t, 1, 1);
	atomic_store(&m->slots[0].when, 0);
	assert_int_equal(come(&t, 1, 1, &limit), CROWD_TOTAL);
	atomic_store(&m->slots[0].when, (uint64_t)1 << 63 | NOW);
	assert_int_equal(come(&t, 1, 1, &limit), CROWD_TOTAL);
}

static void
test_away(void **state)
{
	const struct crowd_limits one = { 1, 1, 1 };
	const struct crowd_keys k = { 1, 2 }, stranger = { 2, 2 };
	struct memory *m = *state;
	struct crowd_table here = table(m, 1), there = table(m, 2);
	struct crowd_seat seat = claim(&here, 1, 2), back = { 0 };

	crowd_table_reserve(&here, &seat, ROW(7), NOW + 10);
	assert_false(crowd_table_has(&here, &seat));
	assert_int_equal(come(&there, 1, 2, &one), CROWD_PER_TOKEN);
	assert_int_equal(
	    crowd_table_resume(&there, ROW(8), &k, NOW, &back), ERR_NOTFOUND);

	assert_int_equal(
	    crowd_table_resume(&there, ROW(7), &stranger, NOW, &back),
	    ERR_NOTFOUND);

	/* A subscriber finds its reserved slot, once. */
	assert_int_equal(
	    crowd_table_resume(&there, ROW(7), &k, NOW, &back), ERR_OK);
	assert_int_equal(back.at, seat.at);
	assert_int_equal(
	    crowd_table_check(&there, &k, &one, NOW, &back), CROWD_WITHIN);
	assert_int_equal(
	    crowd_table_resume(&here, ROW(7), &k, NOW, &seat), ERR_NOTFOUND);

	/* The stream is refused: its slot stays reserved, with the same end. */
	crowd_table_give_back(&there, &back);
	assert_int_equal(come(&there, 1, 2, &one), CROWD_PER_TOKEN);
	assert_int_equal(crowd_table_resume(&here, ROW(7), &k, NOW + 10, &seat),
	    ERR_NOTFOUND);
	assert_int_equal(
	    crowd_table_resume(&here, ROW(7), &k, NOW + 9, &seat), ERR_OK);
	crowd_table_leave(&here, &seat);
	assert_int_equal(come(&there, 1, 2, &one), CROWD_WITHIN);
}

/* A subscriber that returns from another address, and is refused, leaves the
 * slot reserved for the earlier address. */
static void
test_kept_for_its_address(void **state)
{
	const struct crowd_limits one = { 0, 0, 1 };
	const struct crowd_keys moved = { 1, 3 };
	struct crowd_table t = table(*state, 1);
	struct crowd_seat seat = claim(&t, 1, 2);

	crowd_table_reserve(&t, &seat, ROW(7), NOW + 10);
	assert_int_equal(
	    crowd_table_resume(&t, ROW(7), &moved, NOW, &seat), ERR_OK);
	assert_int_equal(come(&t, 9, 3, &one), CROWD_PER_ADDRESS);
	crowd_table_give_back(&t, &seat);
	assert_int_equal(come(&t, 9, 2, &one), CROWD_PER_ADDRESS);
	assert_int_equal(come(&t, 9, 3, &one), CROWD_WITHIN);
}

/* A reserved slot whose time is up does not count, and other streams claim
 * it. */
static void
test_over(void **state)
{
	static const struct {
		const char *name;
		int64_t until_ms;
		bool counts;
	} rows[] = {
		{ "later", NOW + 1, true },
		{ "now", NOW, false },
		{ "before", NOW - 1, false },
		{ "a day", NOW + CROWD_AWAY_MAX_MS, true },
		{ "longer than any hub lets it be", NOW + CROWD_AWAY_MAX_MS + 1,
		    false },
		{ "the last there is", INT64_MAX, false },
		{ "before all time", -1, false },
	};
	const struct crowd_limits one = { 0, 1, 0 };

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct memory m = { .dead = 0 };
		struct crowd_table t = table(&m, 1);
		struct crowd_seat seat = claim(&t, 1, 1);

		crowd_table_reserve(&t, &seat, ROW(1), rows[i].until_ms);
		if ((come(&t, 1, 1, &one) == CROWD_PER_TOKEN) != rows[i].counts)
			fail_msg("%s", rows[i].name);
	}
	(void)state;
}

/* A number that is not the key of a row frees the slot. */
static void
test_no_row(void **state)
{
	static const uint64_t keys[] = { 0, 1, ((uint64_t)1 << 62) - 1,
		(uint64_t)1 << 63, UINT64_MAX };
	const struct crowd_limits one = { 1, 0, 0 };
	const struct crowd_keys k = { 1, 1 };

	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++) {
		struct memory m = { .dead = 0 };
		struct crowd_table t = table(&m, 1);
		struct crowd_seat seat = claim(&t, 1, 1);

		crowd_table_reserve(&t, &seat, keys[i], NOW + 1000);
		assert_int_equal(
		    crowd_table_resume(&t, keys[i], &k, NOW, &seat),
		    ERR_NOTFOUND);
		assert_int_equal(come(&t, 1, 1, &one), CROWD_WITHIN);
	}
}

/* Dead processes count until a stream would be refused because of them; each is
 * checked once. */
static void
test_dead(void **state)
{
	const struct crowd_limits limit = { 10, 0, 0 };
	struct memory *m = *state;
	struct crowd_table one = table(m, 1), two = table(m, 2);

	for (int i = 0; i < 10; i++)
		claim(&two, 1, 1);
	assert_int_equal(come(&one, 1, 1, &limit), CROWD_TOTAL);
	assert_int_equal(m->asked, 1);
	m->dead = 2;
	assert_int_equal(come(&one, 1, 1, &limit), CROWD_WITHIN);
	assert_int_equal(m->asked, 2);
	for (int i = 0; i < 9; i++)
		assert_int_equal(come(&one, 1, 1, &limit), CROWD_WITHIN);
	assert_int_equal(m->asked, 2);
	assert_int_equal(come(&one, 1, 1, &limit), CROWD_TOTAL);
}

static void
test_full(void **state)
{
	const struct crowd_keys k = { 1, 1 };
	struct memory *m = *state;
	struct crowd_table one = table(m, 1), two = table(m, 2);
	struct crowd_seat seats[SLOTS], more = { .at = 7 };

	for (size_t i = 0; i < SLOTS; i++)
		seats[i] = claim(i % 2 == 0 ? &one : &two, 1, 1);
	assert_int_equal(crowd_table_take(&one, &k, NOW, &more), ERR_FULL);
	assert_int_equal(more.at, 7);

	/* A slot that any process reserved is found. */
	crowd_table_leave(&two, &seats[9]);
	assert_int_equal(crowd_table_take(&one, &k, NOW, &more), ERR_OK);
	assert_int_equal(more.at, 9);
	crowd_table_leave(&one, &more);
	assert_int_equal(crowd_table_take(&one, &k, NOW, &more), ERR_OK);
	m->dead = 2;
	crowd_table_sweep(&one);
	for (size_t i = 0; i < SLOTS / 2 - 1; i++)
		claim(&one, 1, 1);
	assert_int_equal(crowd_table_take(&one, &k, NOW, &more), ERR_FULL);
}

/* A seat beyond the last slot, or one that belongs to another process by now,
 * is not changed. */
static void
test_lost(void **state)
{
	struct memory *m = *state;
	struct crowd_table one = table(m, 1);
	struct crowd_seat seat = claim(&one, 1, 1);
	const struct crowd_seat beyond = { .at = SLOTS },
				far = { .at = SIZE_MAX };

	assert_true(crowd_table_has(&one, &seat));
	assert_int_equal(crowd_table_own(&one), 1);
	assert_false(crowd_table_has(&one, &beyond));
	crowd_table_leave(&one, &beyond);
	crowd_table_reserve(&one, &far, ROW(1), NOW + 1);
	crowd_table_give_back(&one, &far);
	atomic_store(&m->slots[seat.at].who, 5);
	crowd_table_leave(&one, &seat);
	crowd_table_reserve(&one, &seat, ROW(1), NOW + 1);
	assert_true(atomic_load(&m->slots[seat.at].who) == 5);
	assert_int_equal(crowd_table_own(&one), 0);
	one.n = 0;
	assert_false(crowd_table_has(&one, &seat));
}

/* More owners than may be checked: the others count as alive. */
static void
many_owners(struct memory *m, int asked_max)
{
	enum { MANY = 6000 };
	const struct crowd_limits limit = { 10, 0, 0 };
	const struct crowd_keys k = { 1, 1 };
	struct crowd_slot *slots = calloc(MANY + 1, sizeof(*slots));
	struct crowd_table t = table(m, 1);
	struct crowd_seat seat;

	assert_non_null(slots);
	t.slots = slots;
	t.n = MANY + 1;
	for (uint64_t i = 0; i < MANY; i++)
		atomic_store(&slots[i].who, 100 + i);
	assert_int_equal(crowd_table_take(&t, &k, NOW, &seat), ERR_OK);
	assert_int_equal(
	    crowd_table_check(&t, &k, &limit, NOW, &seat), CROWD_TOTAL);
	assert_in_range(m->asked, 1, asked_max);
	free(slots);
}

static void
test_many_owners(void **state)
{
	many_owners(*state, 4096);
}

/* A file with many locks: checking stops when its time is up. */
static void
test_slow_answers(void **state)
{
	struct memory *m = *state;

	m->wait_us = 1000;
	many_owners(m, 100);
}

/* Threads claim and free slots like processes: never more than allowed are
 * in. */
struct racer {
	pthread_t thread;
	struct crowd_table table;
	pthread_barrier_t *start;
	_Atomic int *in, *most, *entered;
};

#define RACERS 8
#define ROUNDS 2000
#define MAY 3

static void *
race(void *arg)
{
	const struct crowd_limits limit = { 0, MAY, 0 };
	const struct crowd_keys k = { 1, CROWD_NOBODY };
	struct racer *r = arg;

	pthread_barrier_wait(r->start);
	for (int i = 0; i < ROUNDS; i++) {
		struct crowd_seat seat;

		if (crowd_table_take(&r->table, &k, NOW, &seat) != ERR_OK)
			continue;
		if (crowd_table_check(&r->table, &k, &limit, NOW, &seat) ==
		    CROWD_WITHIN) {
			const int n = atomic_fetch_add(r->in, 1) + 1;
			int most = atomic_load(r->most);

			while (n > most &&
			       !atomic_compare_exchange_weak(r->most, &most, n))
				continue;
			atomic_fetch_add(r->entered, 1);
			atomic_fetch_sub(r->in, 1);
		}
		crowd_table_leave(&r->table, &seat);
	}
	return NULL;
}

static void
test_race(void **state)
{
	_Atomic int in = 0, most = 0, entered = 0;
	struct racer racers[RACERS];
	pthread_barrier_t start;

	pthread_barrier_init(&start, NULL, RACERS);
	for (uint64_t i = 0; i < RACERS; i++) {
		racers[i] = (struct racer){ .table = table(*state, i + 1),
			.start = &start,
			.in = &in,
			.most = &most,
			.entered = &entered };
		assert_int_equal(
		    pthread_create(&racers[i].thread, NULL, race, &racers[i]),
		    0);
	}
	for (size_t i = 0; i < RACERS; i++)
		pthread_join(racers[i].thread, NULL);
	pthread_barrier_destroy(&start);
	assert_in_range(atomic_load(&most), 1, MAY);
	assert_true(atomic_load(&entered) > 0);
}

/* The streams come at once and stay. */
struct guest {
	pthread_t thread;
	struct crowd_table table;
	pthread_barrier_t *start;
	enum crowd_limit which;
};

static void *
stay(void *arg)
{
	const struct crowd_limits limit = { MAY, 0, 0 };
	struct guest *g = arg;

	pthread_barrier_wait(g->start);
	g->which = come(&g->table, 1, 1, &limit);
	return NULL;
}

static void
test_all_at_once(void **state)
{
	(void)state;
	for (int round = 0; round < 200; round++) {
		struct memory m = { .dead = 0 };
		struct guest guests[RACERS];
		pthread_barrier_t start;
		int in = 0;

		pthread_barrier_init(&start, NULL, RACERS);
		for (uint64_t i = 0; i < RACERS; i++) {
			guests[i] = (struct guest){ .table = table(&m, i + 1),
				.start = &start };
			assert_int_equal(pthread_create(&guests[i].thread, NULL,
					     stay, &guests[i]),
			    0);
		}
		for (size_t i = 0; i < RACERS; i++) {
			pthread_join(guests[i].thread, NULL);
			in += guests[i].which == CROWD_WITHIN;
		}
		pthread_barrier_destroy(&start);
		assert_in_range(in, 0, MAY);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, memory_make, memory_free)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_limits),
		TEST(test_own_count),
		TEST(test_at_once),
		TEST(test_without_a_ticket),
		TEST(test_away),
		TEST(test_kept_for_its_address),
		TEST(test_over),
		TEST(test_no_row),
		TEST(test_dead),
		TEST(test_full),
		TEST(test_lost),
		TEST(test_many_owners),
		TEST(test_slow_answers),
		TEST(test_race),
		TEST(test_all_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
