/* SPDX-License-Identifier: MIT */
/* uritemplate.c - turns URI Templates into automata, and asks them. */
#include "match/uritemplate.h"

#include "base/mem.h"
#include "match/nfa_build.h"
#include "match/uritemplate_grammar.h"
#include "text/percent.h"

#define CHUNK 256 /* bytes of a topic that are folded at a time */

/*
 * What a value may hold is a character or an escape of three bytes, %XX, and
 * a literal never begins or ends within an escape.  So the two digits of an
 * escape are folded into codes of their own, in the template and in the text:
 * a set of bytes can then hold escapes, and a variable is one state instead
 * of four.  Codes are control characters, which are in neither.
 */
static const char digits[] = "0123456789ABCDEFabcdef";
#define CODE_MIN 0x01
#define CODE_MAX (CODE_MIN + 21)

static char
fold_digit(char c)
{
	return (char)(CODE_MIN + (strchr(digits, c) - digits));
}

/* Move up to CHUNK bytes of *rest to `out`, folded.  False: they hold what
 * no template expands to. */
static bool
fold(char out[CHUNK], size_t *len, struct slice *rest)
{
	size_t n = 0, i = 0;

	while (i < rest->len && n + 3 <= CHUNK) {
		char c = rest->base[i];

		if ((unsigned char)c < ' ')
			return false;
		out[n++] = c;
		if (c == '%') {
			if (percent_byte(slice_after(*rest, i)) < 0)
				return false;
			out[n++] = fold_digit(rest->base[++i]);
			out[n++] = fold_digit(rest->base[++i]);
		}
		i++;
	}
	*len = n;
	*rest = slice_after(*rest, i);
	return true;
}

/* The characters of values (RFC 6570, 1.5: unreserved, reserved, escapes). */
static struct nfa_set
value_set(const struct uritemplate_op *op, bool pairs)
{
	struct nfa_set set = { { 0 } };

	nfa_set_range(&set, '0', '9');
	nfa_set_range(&set, 'A', 'Z');
	nfa_set_range(&set, 'a', 'z');
	nfa_set_text(&set, "-._~,");
	if (pairs)
		nfa_set_add(&set, '=');
	if (op->reserved)
		nfa_set_text(&set, "!#$&'()*+,/:;=?@[]");
	nfa_set_add(&set, '%');
	nfa_set_range(&set, CODE_MIN, CODE_MAX);
	return set;
}

static void
build_value(struct nfa_build *b, const struct nfa_set *set)
{
	nfa_build_set(b, set);
	nfa_build_repeat(b, 0, NFA_UNBOUNDED);
}

/*
 * (first value (between value){0,n-1})?, where a variable that explodes means
 * that there is no upper end.  Then what is between values may as well be one
 * of the bytes they hold, and if it is in any case and all values are alike,
 * the first one says it all.
 */
static void
build_expression(struct nfa_build *b, const struct uritemplate_expression *e)
{
	const struct uritemplate_op *op = e->op;
	bool first_pairs = op->pairs || e->first_explodes;
	bool pairs = op->pairs || e->any_explodes;
	bool list = e->n > 1 || e->first_explodes;
	struct nfa_set first = value_set(op, first_pairs);
	struct nfa_set further = value_set(op, pairs);

	if (e->any_explodes)
		nfa_set_add(&further, (unsigned char)op->between);
	if (list && pairs == first_pairs &&
	    nfa_set_has(&further, (unsigned char)op->between)) {
		first = further;
		list = false;
	}
	nfa_build_text(b, (struct slice){ &op->first, op->first != '\0' });
	build_value(b, &first);
	nfa_build_join(b);
	if (list) {
		nfa_build_text(b, (struct slice){ &op->between, 1 });
		build_value(b, &further);
		nfa_build_join(b);
		nfa_build_repeat(b, 0, e->any_explodes ? 1 : e->n - 1);
		nfa_build_join(b);
	}
	nfa_build_repeat(b, 0, 1);
}

static void
build_literal(struct nfa_build *b, struct slice s)
{
	char folded[CHUNK];
	size_t len;

	while (s.len > 0 && fold(folded, &len, &s)) {
		nfa_build_text(b, (struct slice){ folded, len });
		nfa_build_join(b);
	}
}

/* Read what stands from the first brace to the last, and compile it. */
static enum err
read_middle(struct nfa **out, struct slice rest)
{
	struct nfa_build *b = NULL;
	struct slice literal, inner;
	struct uritemplate_expression x;
	size_t variables = 0;
	enum err e;

	if ((e = nfa_build_new(&b)) != ERR_OK)
		return e;
	nfa_build_text(b, (struct slice){ "", 0 });
	e = ERR_SYNTAX;
	while (slice_cut(&rest, '{', &literal) && rest.base != NULL) {
		if (!uritemplate_is_literal(literal) ||
		    !slice_cut(&rest, '}', &inner) || rest.base == NULL ||
		    !uritemplate_read(&x, inner))
			goto out;
		variables += x.n;
		if (variables > URITEMPLATE_VARIABLES_MAX)
			goto out;
		build_literal(b, literal);
		build_expression(b, &x);
		nfa_build_join(b);
	}
	/* Behind the last brace there is nothing, if it closes the last one. */
	if (literal.len == 0)
		e = nfa_build_end(out, b);
out:
	nfa_build_free(b);
	return e;
}

struct uritemplate {
	struct nfa *nfa; /* for what is between the two literals */
	size_t head_len, tail_len;
	char literals[]; /* what stands before and behind all expressions */
};

static enum err
make(struct uritemplate **out, struct slice text)
{
	const char *open = memchr(text.base, '{', text.len);
	const char *close = memrchr(text.base, '}', text.len);
	struct slice head, middle, tail;
	struct uritemplate *t = NULL;
	struct nfa *nfa = NULL;
	enum err e = ERR_SYNTAX;

	if (open == NULL || close == NULL || close < open)
		return ERR_SYNTAX;
	head = (struct slice){ text.base, (size_t)(open - text.base) };
	middle = (struct slice){ open, (size_t)(close + 1 - open) };
	tail = slice_after(text, head.len + middle.len);
	if (!uritemplate_is_literal(head) || !uritemplate_is_literal(tail) ||
	    (e = read_middle(&nfa, middle)) != ERR_OK)
		goto out;
	e = ERR_NOMEM;
	t = mem_calloc(1, sizeof(*t) + head.len + tail.len);
	if (t == NULL)
		goto out;
	t->nfa = nfa;
	t->head_len = head.len;
	t->tail_len = tail.len;
	memcpy(t->literals, head.base, head.len);
	memcpy(t->literals + head.len, tail.base, tail.len);
	nfa = NULL;
	*out = t;
	e = ERR_OK;
out:
	nfa_free(nfa);
	return e;
}

enum err
uritemplate_new(struct uritemplate **out, struct slice text, struct problem *p)
{
	struct uritemplate *t = NULL;
	enum err e = make(&t, text);

	if (e == ERR_LIMIT)
		return problem_set(p, e,
		    "A URI Template is too complex: what stands between its "
		    "first and last braces takes more than %d states, or too "
		    "many separate lists.",
		    NFA_STATES_MAX);
	if (e != ERR_OK)
		return e;
	if (text.len > URITEMPLATE_LENGTH_MAX) {
		uritemplate_free(t);
		return problem_set(p, ERR_LIMIT,
		    "A URI Template must not be longer than %d bytes.",
		    URITEMPLATE_LENGTH_MAX);
	}
	*out = t;
	return ERR_OK;
}

bool
uritemplate_matches(const struct uritemplate *t, struct nfa_cache *cache,
    struct slice text, size_t *steps)
{
	char folded[CHUNK];
	struct nfa_run run;
	size_t len;
	bool alive = true;

	if (text.len < t->head_len + t->tail_len ||
	    memcmp(text.base, t->literals, t->head_len) != 0)
		return false;
	text = slice_after(text, t->head_len);
	text.len -= t->tail_len;
	if (memcmp(text.base + text.len, t->literals + t->head_len,
		t->tail_len) != 0)
		return false;

	nfa_start(&run, t->nfa, cache);
	while (alive && text.len > 0)
		alive = fold(folded, &len, &text) &&
			nfa_feed(&run, (struct slice){ folded, len });
	if (steps != NULL)
		*steps += run.steps;
	return alive && nfa_is_match(&run);
}

struct slice
uritemplate_head(const struct uritemplate *t)
{
	return (struct slice){ t->literals, t->head_len };
}

const struct nfa *
uritemplate_nfa(const struct uritemplate *t)
{
	return t->nfa;
}

void
uritemplate_free(struct uritemplate *t)
{
	if (t == NULL)
		return;
	nfa_free(t->nfa);
	mem_free(t);
}
