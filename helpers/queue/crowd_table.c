/* SPDX-License-Identifier: MIT */
/* crowd_table.c - claims, counts and frees slots without a lock. */
#include "queue/crowd_table.h"

#include "base/clock.h"

#define OWNER_END ((uint64_t)1 << 61)
#define VIEW ((uint64_t)1 << 61)
#define AWAY_BEGIN ((uint64_t)1 << 62)
#define HIGHEST ((uint64_t)1 << 63)

/* After so many claims, search for free slots from the first one on: other
 * processes free some below `hint`. */
#define TAKES_UNTIL_FIRST 256

/* A key to count when the token or client has no limit.  Slots that hold it by
 * chance do not matter then. */
#define NO_KEY UINT64_MAX

/* Other processes raise it as well, each time a little. */
#define RAISE_TRIES 64

/* In one count, at most so many processes are checked for being alive, for at
 * most so long: each check walks all locks of the file.  The other processes
 * count as alive. */
#define QUESTIONS_MAX 4096
#define QUESTIONS_MS 10
#define ANSWERS 64

#define SWEEP_MS 1000

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && sizeof(struct crowd_slot) == 32,
    "slots in shared memory are words of 64 bits without a lock");

static bool
is_owned(uint64_t who)
{
	return who > 0 && who < OWNER_END;
}

static bool
is_away(uint64_t who)
{
	return who >= AWAY_BEGIN && who < HIGHEST;
}

/* A view of a process. */
static bool
is_view(uint64_t who)
{
	return who < AWAY_BEGIN && is_owned(who ^ VIEW);
}

static bool
is_away_view(uint64_t who)
{
	return (who & HIGHEST) != 0 && is_away(who ^ HIGHEST);
}

/* The process that has this slot for a stream or a view; 0: none has. */
static uint64_t
owner_of(uint64_t who)
{
	return is_owned(who) ? who : is_view(who) ? who ^ VIEW : 0;
}

/* A time that no hub would have written counts as expired. */
static bool
is_over(uint64_t when, int64_t now_ms)
{
	const int64_t until_ms = (int64_t)(when & ~HIGHEST);

	return (when & HIGHEST) != 0 &&
	       (until_ms <= now_ms || until_ms - now_ms > CROWD_AWAY_MAX_MS);
}

static bool
is_free(const struct crowd_slot *s, uint64_t who, int64_t now_ms)
{
	if (is_away(who) || is_away_view(who))
		return is_over(atomic_load(&s->when), now_ms);
	return owner_of(who) == 0;
}

static bool
swap(struct crowd_slot *s, uint64_t from, uint64_t to)
{
	return atomic_compare_exchange_strong(&s->who, &from, to);
}

static size_t
slots_used(const struct crowd_table *t)
{
	const uint64_t top = atomic_load(&t->head->top);

	return top < t->n ? (size_t)top : t->n;
}

static void
raise_top(struct crowd_table *t, uint64_t to)
{
	uint64_t top = atomic_load(&t->head->top);

	for (int i = 0; top < to && i < RAISE_TRIES; i++)
		if (atomic_compare_exchange_weak(&t->head->top, &top, to))
			return;
}

/* The slot is claimed and counts for all processes; now it gets its ticket:
 * streams with later tickets count it, and it does not count them. */
static void
fill(struct crowd_table *t, const struct crowd_keys *k, struct crowd_seat *seat,
    size_t at)
{
	struct crowd_slot *s = &t->slots[at];

	atomic_store(&s->token, k->token);
	atomic_store(&s->address, k->address);
	raise_top(t, at + 1);
	seat->at = at;
	seat->ticket = (atomic_fetch_add(&t->head->ticket, 1) + 1) & ~HIGHEST;
	atomic_store(&s->when, seat->ticket);
}

static bool
claim_between(struct crowd_table *t, uint64_t as, size_t begin, size_t end,
    int64_t now_ms, size_t *at)
{
	for (size_t i = begin; i < end; i++) {
		struct crowd_slot *s = &t->slots[i];
		const uint64_t who = atomic_load(&s->who);

		if (is_free(s, who, now_ms) && swap(s, who, as)) {
			*at = i;
			return true;
		}
	}
	return false;
}

/* Claim one of the first `n` slots. */
static bool
claim(struct crowd_table *t, uint64_t as, size_t n, int64_t now_ms, size_t *at)
{
	if (t->takes++ % TAKES_UNTIL_FIRST == 0 || t->hint > t->n)
		t->hint = 0;
	if (!claim_between(t, as, t->hint, n, now_ms, at) &&
	    !claim_between(t, as, 0, t->hint < n ? t->hint : n, now_ms, at))
		return false;
	t->hint = *at + 1;
	return true;
}

enum err
crowd_table_take(struct crowd_table *t, const struct crowd_keys *k,
    int64_t now_ms, struct crowd_seat *out)
{
	struct crowd_seat seat = { 0 };
	size_t at;

	if (!claim(t, t->owner, t->n, now_ms, &at))
		return ERR_FULL;
	fill(t, k, &seat, at);
	*out = seat;
	return ERR_OK;
}

enum err
crowd_table_resume(struct crowd_table *t, uint64_t away_key,
    const struct crowd_keys *k, int64_t now_ms, struct crowd_seat *out)
{
	struct crowd_seat seat = { .away_key = away_key };
	const size_t n = slots_used(t);

	if (!is_away(away_key))
		return ERR_NOTFOUND;
	for (size_t i = 0; i < n; i++) {
		struct crowd_slot *s = &t->slots[i];
		uint64_t when;

		if (atomic_load(&s->who) != away_key)
			continue;
		when = atomic_load(&s->when);
		if (is_over(when, now_ms) ||
		    atomic_load(&s->token) != k->token ||
		    !swap(s, away_key, t->owner))
			continue;
		seat.until_ms = (int64_t)(when & ~HIGHEST);
		seat.address = atomic_load(&s->address);
		fill(t, k, &seat, i);
		*out = seat;
		return ERR_OK;
	}
	return ERR_NOTFOUND;
}

/* The slot is claimed as `as`; the next stream finds it like a new one. */
static void
empty(struct crowd_table *t, uint64_t as, size_t at)
{
	struct crowd_slot *s = &t->slots[at];

	atomic_store(&s->token, CROWD_NOBODY);
	atomic_store(&s->address, CROWD_NOBODY);
	atomic_store(&s->when, 0);
	swap(s, as, 0);
	if (at < t->hint)
		t->hint = at;
}

size_t
crowd_table_own(const struct crowd_table *t)
{
	const size_t used = slots_used(t);
	size_t n = 0;

	for (size_t i = 0; i < used; i++)
		n += owner_of(atomic_load(&t->slots[i].who)) == t->owner;
	return n;
}

bool
crowd_table_has(const struct crowd_table *t, const struct crowd_seat *s)
{
	return s->at < t->n && atomic_load(&t->slots[s->at].who) == t->owner;
}

void
crowd_table_leave(struct crowd_table *t, const struct crowd_seat *s)
{
	if (crowd_table_has(t, s))
		empty(t, t->owner, s->at);
}

void
crowd_table_reserve(struct crowd_table *t, const struct crowd_seat *s,
    uint64_t away_key, int64_t until_ms)
{
	if (!crowd_table_has(t, s))
		return;
	if (!is_away(away_key) || until_ms < 0) {
		empty(t, t->owner, s->at);
		return;
	}
	atomic_store(&t->slots[s->at].when, (uint64_t)until_ms | HIGHEST);
	swap(&t->slots[s->at], t->owner, away_key);
}

void
crowd_table_give_back(struct crowd_table *t, const struct crowd_seat *s)
{
	if (s->away_key != 0 && crowd_table_has(t, s))
		atomic_store(&t->slots[s->at].address, s->address);
	crowd_table_reserve(t, s, s->away_key, s->until_ms);
}

/* The results of the checks of one count. */
struct answers {
	uint64_t owner[ANSWERS];
	bool lives[ANSWERS];
	unsigned left;
	int64_t until_ms; /* clock_mono_ms() */
};

static struct answers
answers(void)
{
	return (struct answers){ .left = QUESTIONS_MAX,
		.until_ms = clock_mono_ms() + QUESTIONS_MS };
}

static bool
lives(const struct crowd_table *t, struct answers *a, uint64_t owner)
{
	const size_t at = owner % ANSWERS;

	if (owner == t->owner)
		return true;
	if (a->owner[at] != owner) {
		if (a->left == 0 || clock_mono_ms() > a->until_ms)
			return true;
		a->left--;
		a->owner[at] = owner;
		a->lives[at] = t->lives(t->arg, owner);
	}
	return a->lives[at];
}

/* A slot of a dead process is claimed first, so that no other process empties
 * it afterwards. */
static void
bury(struct crowd_table *t, size_t at, uint64_t who)
{
	if (swap(&t->slots[at], who, t->owner))
		empty(t, t->owner, at);
}

void
crowd_table_sweep(struct crowd_table *t)
{
	struct answers a = answers();
	const size_t n = slots_used(t);

	for (size_t i = 0; i < n; i++) {
		const uint64_t who = atomic_load(&t->slots[i].who);
		const uint64_t owner = owner_of(who);

		if (owner != 0 && !lives(t, &a, owner))
			bury(t, i, who);
	}
}

void
crowd_table_sweep_for_counts(struct crowd_table *t, int64_t now_ms)
{
	uint64_t swept = atomic_load(&t->head->swept);
	const uint64_t now = (uint64_t)now_ms;

	/* A time that is still to come is not one of a sweep. */
	if ((swept <= now && now - swept < SWEEP_MS) ||
	    !atomic_compare_exchange_strong(&t->head->swept, &swept, now))
		return;
	crowd_table_sweep(t);
}

enum err
crowd_table_add_view(
    struct crowd_table *t, uint64_t topic, int64_t now_ms, size_t *at)
{
	const size_t n = t->n < CROWD_VIEW_SLOTS ? t->n : CROWD_VIEW_SLOTS;
	struct crowd_slot *s;
	size_t found;

	if (!claim(t, VIEW | t->owner, n, now_ms, &found))
		return ERR_FULL;
	s = &t->slots[found];
	atomic_store(&s->token, topic);
	atomic_store(&s->address, CROWD_NOBODY);
	atomic_store(&s->when, 0);
	raise_top(t, found + 1);
	*at = found;
	return ERR_OK;
}

bool
crowd_table_has_view(const struct crowd_table *t, size_t at)
{
	return at < t->n && atomic_load(&t->slots[at].who) == (VIEW | t->owner);
}

void
crowd_table_reserve_view(
    struct crowd_table *t, size_t at, uint64_t away_key, int64_t until_ms)
{
	if (!crowd_table_has_view(t, at))
		return;
	if (!is_away(away_key) || until_ms < 0 || at >= CROWD_AWAY_VIEW_SLOTS) {
		empty(t, VIEW | t->owner, at);
		return;
	}
	atomic_store(&t->slots[at].when, (uint64_t)until_ms | HIGHEST);
	swap(&t->slots[at], VIEW | t->owner, away_key | HIGHEST);
}

void
crowd_table_return_views(struct crowd_table *t, uint64_t away_key)
{
	const size_t n = slots_used(t);

	if (!is_away(away_key))
		return;
	for (size_t i = 0; i < n; i++)
		if (atomic_load(&t->slots[i].who) == (away_key | HIGHEST))
			bury(t, i, away_key | HIGHEST);
}

void
crowd_table_views(
    const struct crowd_table *t, int64_t now_ms, crowd_view_fn *each, void *arg)
{
	const size_t n = slots_used(t);

	for (size_t i = 0; i < n; i++) {
		const struct crowd_slot *s = &t->slots[i];
		const uint64_t who = atomic_load(&s->who);

		if (is_view(who) ||
		    (is_away_view(who) &&
			!is_over(atomic_load(&s->when), now_ms)))
			each(arg, atomic_load(&s->token));
	}
}

/* Was this slot claimed before `seat`? */
static bool
counts(const struct crowd_slot *s, uint64_t who, const struct crowd_seat *seat,
    int64_t now_ms)
{
	const uint64_t when = atomic_load(&s->when);

	if (is_owned(who))
		return when < seat->ticket || (when & HIGHEST) != 0;
	return is_away(who) && !is_over(when, now_ms);
}

/* Free the slots of dead processes; `a` NULL: all processes count as alive. */
static bool
is_dead(struct crowd_table *t, size_t at, uint64_t who, struct answers *a)
{
	if (a == NULL || !is_owned(who) || lives(t, a, who))
		return false;
	bury(t, at, who);
	return true;
}

/* Counts open streams only: a slot that is reserved between two polls uses no
 * descriptor. */
static uint64_t
count_all(struct crowd_table *t, int64_t now_ms, const struct crowd_seat *seat,
    struct answers *a)
{
	const size_t used = slots_used(t);
	uint64_t n = 1;

	for (size_t i = 0; i < used; i++) {
		const struct crowd_slot *s = &t->slots[i];
		const uint64_t who = atomic_load(&s->who);

		if (is_owned(who) && i != seat->at &&
		    counts(s, who, seat, now_ms) && !is_dead(t, i, who, a))
			n++;
	}
	return n;
}

/* Compare the keys first: most of them differ, so the rest of the slot need not
 * be read. */
static void
count_same(struct crowd_table *t, const struct crowd_keys *k, int64_t now_ms,
    const struct crowd_seat *seat, struct answers *a, struct crowd_limits *n)
{
	const uint64_t token = k->token != CROWD_NOBODY ? k->token : NO_KEY;
	const uint64_t address =
	    k->address != CROWD_NOBODY ? k->address : NO_KEY;
	const size_t used = slots_used(t);

	for (size_t i = 0; i < used; i++) {
		const struct crowd_slot *s = &t->slots[i];
		const bool same_token = atomic_load(&s->token) == token;
		const bool same_address = atomic_load(&s->address) == address;
		uint64_t who;

		if ((!same_token && !same_address) || i == seat->at)
			continue;
		who = atomic_load(&s->who);
		if (!counts(s, who, seat, now_ms) || is_dead(t, i, who, a))
			continue;
		n->per_token += same_token;
		n->per_address += same_address;
	}
}

static struct crowd_limits
count(struct crowd_table *t, const struct crowd_keys *k, int64_t now_ms,
    const struct crowd_seat *seat, bool total, struct answers *a)
{
	struct crowd_limits n = { 1, 1, 1 };

	if (total)
		n.total = count_all(t, now_ms, seat, a);
	if (k->token != CROWD_NOBODY || k->address != CROWD_NOBODY)
		count_same(t, k, now_ms, seat, a, &n);
	return n;
}

static bool
is_beyond(uint64_t n, uint64_t limit)
{
	return limit > 0 && n > limit;
}

static enum crowd_limit
compare(const struct crowd_limits *n, const struct crowd_limits *limits,
    const struct crowd_keys *k)
{
	if (is_beyond(n->total, limits->total))
		return CROWD_TOTAL;
	if (k->token != CROWD_NOBODY &&
	    is_beyond(n->per_token, limits->per_token))
		return CROWD_PER_TOKEN;
	if (k->address != CROWD_NOBODY &&
	    is_beyond(n->per_address, limits->per_address))
		return CROWD_PER_ADDRESS;
	return CROWD_WITHIN;
}

enum crowd_limit
crowd_table_check(struct crowd_table *t, const struct crowd_keys *k,
    const struct crowd_limits *limits, int64_t now_ms,
    const struct crowd_seat *seat)
{
	const struct crowd_keys wanted = {
		limits->per_token > 0 ? k->token : CROWD_NOBODY,
		limits->per_address > 0 ? k->address : CROWD_NOBODY,
	};
	const bool total = limits->total > 0;
	struct answers a = answers();
	struct crowd_limits n;

	if (!total && wanted.token == CROWD_NOBODY &&
	    wanted.address == CROWD_NOBODY)
		return CROWD_WITHIN;
	n = count(t, &wanted, now_ms, seat, total, NULL);
	if (compare(&n, limits, &wanted) == CROWD_WITHIN)
		return CROWD_WITHIN;
	n = count(t, &wanted, now_ms, seat, total, &a);
	return compare(&n, limits, &wanted);
}
