/* SPDX-License-Identifier: MIT */
/* nfa_build.c - a stack of expressions, each as its first and last states. */
#include "match/nfa_build.h"

#include <string.h>

#include "base/mem.h"
#include "match/nfa_internal.h"

/*
 * One expression: states from `from` up to the next one's, by which of them
 * it begins and ends, and whether the empty text will do.  What follows what
 * within it stands in `follow` (Glushkov's construction).
 */
struct part {
	size_t from;
	bool empty;
	struct nfa_bits first, last;
};

/* Its arrays grow: most expressions are small, and they are many. */
struct nfa_build {
	enum err err;
	size_t parts_n, parts_room;
	size_t sets_n, sets_room;
	size_t states, states_room;
	struct part *parts;
	struct nfa_set *sets;
	struct nfa_bits *follow;        /* by state */
	uint8_t set_of[NFA_STATES_MAX]; /* by state */
};

enum err
nfa_build_new(struct nfa_build **out)
{
	struct nfa_build *b = mem_calloc(1, sizeof(*b));

	if (b == NULL)
		return ERR_NOMEM;
	*out = b;
	return ERR_OK;
}

static void
fail(struct nfa_build *b, enum err e)
{
	if (b->err == ERR_OK)
		b->err = e;
}

/* Are there `n` expressions to work on? */
static bool
has_parts(struct nfa_build *b, size_t n)
{
	if (b->parts_n < n)
		fail(b, ERR_SYNTAX);
	return b->err == ERR_OK;
}

/* An array of at least `n` items of `size` bytes in place of `v`, whose room
 * was *room; the old one, and the error, if there is no memory. */
static void *
grown(struct nfa_build *b, void *v, size_t *room, size_t n, size_t size)
{
	size_t wide = *room == 0 ? 8 : *room;
	void *new;

	if (n <= *room)
		return v;
	while (wide < n)
		wide *= 2;
	if ((new = mem_realloc(v, wide * size)) == NULL) {
		fail(b, ERR_NOMEM);
		return v;
	}
	*room = wide;
	return new;
}

/* Make room for `n` more states. */
static bool
reserve(struct nfa_build *b, size_t n)
{
	if (n > NFA_STATES_MAX - b->states)
		fail(b, ERR_LIMIT);
	if (b->err == ERR_OK)
		b->follow = grown(b, b->follow, &b->states_room, b->states + n,
		    sizeof(*b->follow));
	return b->err == ERR_OK;
}

static struct part *
push(struct nfa_build *b, bool empty)
{
	struct part *p;

	if (b->parts_n == NFA_BUILD_DEPTH_MAX)
		fail(b, ERR_LIMIT);
	if (b->err == ERR_OK)
		b->parts = grown(b, b->parts, &b->parts_room, b->parts_n + 1,
		    sizeof(*b->parts));
	if (b->err != ERR_OK)
		return NULL;
	p = &b->parts[b->parts_n++];
	*p = (struct part){ .from = b->states, .empty = empty };
	return p;
}

/* The number of `set`, which is new or known. */
static bool
number_set(struct nfa_build *b, const struct nfa_set *set, uint8_t *number)
{
	size_t i;

	for (i = 0; i < b->sets_n; i++)
		if (memcmp(&b->sets[i], set, sizeof(*set)) == 0)
			break;
	if (i == NFA_BUILD_SETS_MAX)
		fail(b, ERR_LIMIT);
	if (b->err == ERR_OK)
		b->sets =
		    grown(b, b->sets, &b->sets_room, i + 1, sizeof(*b->sets));
	if (b->err != ERR_OK)
		return false;
	if (i == b->sets_n)
		b->sets[b->sets_n++] = *set;
	*number = (uint8_t)i;
	return true;
}

void
nfa_build_set(struct nfa_build *b, const struct nfa_set *set)
{
	struct part *p;
	uint8_t number;

	if (!reserve(b, 1) || !number_set(b, set, &number) ||
	    (p = push(b, false)) == NULL)
		return;
	nfa_bits_add(&p->first, b->states);
	nfa_bits_add(&p->last, b->states);
	b->set_of[b->states] = number;
	b->follow[b->states++] = (struct nfa_bits){ { 0 } };
}

void
nfa_build_text(struct nfa_build *b, struct slice text)
{
	push(b, true);
	for (size_t i = 0; i < text.len && b->err == ERR_OK; i++) {
		struct nfa_set set = { { 0 } };

		nfa_set_add(&set, (unsigned char)text.base[i]);
		nfa_build_set(b, &set);
		nfa_build_join(b);
	}
}

/* Whatever ends `left` may be followed by whatever begins `right`. */
static void
link_parts(struct nfa_build *b, const struct nfa_bits *left,
    const struct nfa_bits *right)
{
	size_t i = nfa_bits_from(left, 0);

	for (; i < NFA_STATES_MAX; i = nfa_bits_from(left, i + 1))
		nfa_bits_or(&b->follow[i], right);
}

/* Make `left` of both in turn. */
static void
append(struct nfa_build *b, struct part *left, const struct part *right)
{
	link_parts(b, &left->last, &right->first);
	if (left->empty)
		nfa_bits_or(&left->first, &right->first);
	if (right->empty)
		nfa_bits_or(&left->last, &right->last);
	else
		left->last = right->last;
	left->empty = left->empty && right->empty;
}

void
nfa_build_join(struct nfa_build *b)
{
	if (!has_parts(b, 2))
		return;
	b->parts_n--;
	append(b, &b->parts[b->parts_n - 1], &b->parts[b->parts_n]);
}

void
nfa_build_either(struct nfa_build *b)
{
	struct part *left, *right;

	if (!has_parts(b, 2))
		return;
	right = &b->parts[--b->parts_n];
	left = right - 1;
	nfa_bits_or(&left->first, &right->first);
	nfa_bits_or(&left->last, &right->last);
	left->empty = left->empty || right->empty;
}

/* Add copies of the states [from, from + n), which end the list. */
static void
copy_states(struct nfa_build *b, size_t from, size_t n, size_t copies)
{
	for (size_t i = 0; i < n * copies; i++, b->states++) {
		size_t by = i / n * n + n, old = from + i % n;

		b->set_of[b->states] = b->set_of[old];
		b->follow[b->states] = nfa_bits_moved(&b->follow[old], by);
	}
}

/* Join `copies` of the part on top, whose states are there by now, `n` each;
 * those beyond `min` may be left out, and the last may come again. */
static void
chain(struct nfa_build *b, size_t n, size_t copies, size_t min, bool again)
{
	struct part *p = &b->parts[b->parts_n - 1], one = *p, next = *p;

	p->empty = one.empty || min == 0;
	for (size_t k = 1; k < copies; k++) {
		next.empty = one.empty || k >= min;
		next.first = nfa_bits_moved(&one.first, k * n);
		next.last = nfa_bits_moved(&one.last, k * n);
		append(b, p, &next);
	}
	if (again)
		link_parts(b, &next.last, &next.first);
}

void
nfa_build_repeat(struct nfa_build *b, size_t min, size_t max)
{
	size_t n, copies = max != NFA_UNBOUNDED ? max : min > 0 ? min : 1;
	struct part *p;

	if (min > max)
		fail(b, ERR_SYNTAX);
	if (!has_parts(b, 1))
		return;
	p = &b->parts[b->parts_n - 1];
	n = b->states - p->from;
	if (copies == 0 || n == 0) {
		bool empty = p->empty || min == 0;

		b->states = p->from;
		*p = (struct part){ .from = p->from, .empty = empty };
		return;
	}
	/* Division, since the product may overflow. */
	if (copies - 1 > NFA_STATES_MAX / n || !reserve(b, n * (copies - 1))) {
		fail(b, ERR_LIMIT);
		return;
	}
	copy_states(b, p->from, n, copies - 1);
	chain(b, n, copies, min, max == NFA_UNBOUNDED);
}

enum err
nfa_build_end(struct nfa **out, struct nfa_build *b)
{
	static const struct nfa_set none = { { 0 } };
	struct nfa_plan plan = { 0 };

	nfa_build_set(b, &none);
	nfa_build_join(b);
	if (has_parts(b, 1) && b->parts_n != 1)
		fail(b, ERR_SYNTAX);
	if (b->err != ERR_OK)
		return b->err;
	b->parts_n = 0;
	plan.start = b->parts[0].first;
	plan.states = b->states;
	plan.set_of = b->set_of;
	plan.follow = b->follow;
	plan.sets = b->sets;
	plan.sets_n = b->sets_n;
	return nfa_compile(out, &plan);
}

void
nfa_build_free(struct nfa_build *b)
{
	if (b == NULL)
		return;
	mem_free(b->parts);
	mem_free(b->sets);
	mem_free(b->follow);
	mem_free(b);
}
