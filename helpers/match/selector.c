/* SPDX-License-Identifier: MIT */
/* selector.c - joins selectors of different kinds and takes them apart. */
#include "match/selector.h"

#include <stdlib.h>

#include "match/topic_list.h"

#define KIND_MAX 31 /* a control character */

bool
selector_eq(struct selector a, struct selector b)
{
	return a.kind == b.kind && slice_eq(a.text, b.text);
}

bool
selector_list_next(struct slice *rest, struct selector *s)
{
	struct slice text;
	unsigned char first;

	if (rest->len == 0 || !topic_list_next(rest, &text))
		return false;
	*s = selector_topic(text);
	first = text.len > 0 ? (unsigned char)text.base[0] : ' ';
	if (first <= KIND_MAX) {
		s->kind = (enum selector_kind)first;
		s->text = slice_after(text, 1);
	}
	return true;
}

void
selector_list_add(struct buf *out, struct selector s)
{
	if (out->len > 0)
		buf_byte(out, '\n');
	if (s.kind != SELECTOR_TOPIC)
		buf_byte(out, (char)s.kind);
	buf_slice(out, s.text);
}

bool
selector_list_has(struct slice list, struct selector wanted)
{
	struct selector s;

	while (selector_list_next(&list, &s))
		if (selector_eq(s, wanted))
			return true;
	return false;
}

static int
compare(const void *a, const void *b)
{
	const struct selector *x = a, *y = b;
	const size_t n = x->text.len < y->text.len ? x->text.len : y->text.len;
	int order = n > 0 ? memcmp(x->text.base, y->text.base, n) : 0;

	if (order == 0)
		order =
		    (x->text.len > y->text.len) - (x->text.len < y->text.len);
	return order != 0 ? order : (x->kind > y->kind) - (x->kind < y->kind);
}

void
selector_list_add_set(struct buf *out, struct selector *v, size_t n)
{
	if (n > 0)
		qsort(v, n, sizeof(*v), compare);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || !selector_eq(v[i], v[i - 1]))
			selector_list_add(out, v[i]);
}

/* Add the selectors of `list` that are neither in `less` nor in `out`. */
static size_t
add_others(struct buf *out, struct slice list, struct slice less)
{
	struct selector s;
	size_t n = 0;

	while (selector_list_next(&list, &s)) {
		if (selector_list_has(less, s) ||
		    selector_list_has(buf_view(out), s))
			continue;
		selector_list_add(out, s);
		n++;
	}
	return n;
}

size_t
selector_list_join(struct buf *out, struct slice list, struct slice more)
{
	const struct slice none = { NULL, 0 };
	size_t n = add_others(out, list, none);

	return n + add_others(out, more, none);
}

size_t
selector_list_without(struct buf *out, struct slice list, struct slice less)
{
	return add_others(out, list, less);
}
