/* SPDX-License-Identifier: MIT */
/* uritemplate_oracle.c - matches a template by trying all expansions. */
#include "unit/uritemplate_oracle.h"

#include <ctype.h>

static bool
is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c) != NULL;
}

static bool
is_escape(struct slice s)
{
	return s.len >= 3 && s.base[0] == '%' && s.base[1] != '\0' &&
	       s.base[2] != '\0' && isxdigit((unsigned char)s.base[1]) &&
	       isxdigit((unsigned char)s.base[2]);
}

static bool
is_alnum(char c)
{
	return isalnum((unsigned char)c) != 0;
}

/* A variable up to its "," or "}": its length, 0 if it is none. */
static size_t
variable_length(struct slice s)
{
	size_t i = 0, n;
	char before = '.';

	while (i < s.len) {
		if (is_escape(slice_after(s, i)))
			n = 3;
		else if (is_alnum(s.base[i]) || s.base[i] == '_' ||
			 (s.base[i] == '.' && before != '.'))
			n = 1;
		else
			break;
		before = s.base[i];
		i += n;
	}
	if (i == 0 || before == '.')
		return 0;
	if (i < s.len && s.base[i] == '*')
		return i + 1;
	if (i < s.len && s.base[i] == ':') {
		for (n = 1;
		     i + n < s.len && isdigit((unsigned char)s.base[i + n]);
		     n++)
			;
		return n < 2 || n > 5 || s.base[i + 1] == '0' ? 0 : i + n;
	}
	return i;
}

/* An expression from "{" to "}": its length, 0 if it is none. */
static size_t
expression_length(struct slice s, size_t *variables)
{
	size_t i = 1, n;

	if (i < s.len && is_one_of(s.base[i], "+#./;?&"))
		i++;
	for (;;) {
		if ((n = variable_length(slice_after(s, i))) == 0)
			return 0;
		++*variables;
		i += n;
		if (i == s.len)
			return 0;
		if (s.base[i] == '}')
			return i + 1;
		if (s.base[i++] != ',')
			return 0;
	}
}

bool
uritemplate_oracle_valid(struct slice s)
{
	size_t variables = 0, n;

	while (s.len > 0) {
		if (s.base[0] == '{')
			n = expression_length(s, &variables);
		else if (is_escape(s))
			n = 3;
		else
			n = is_alnum(s.base[0]) ||
			    is_one_of(s.base[0], "!#$&'()*+,-./:;=?@[]_~");
		if (n == 0)
			return false;
		s = slice_after(s, n);
	}
	return variables > 0 && variables <= 100;
}

/* Item sets of the table: 'I', 'E' for I with "=", 'J'.  The length of one
 * item at the start of `s`, or 0. */
static size_t
item_length(char set, struct slice s)
{
	if (is_escape(s))
		return 3;
	if (s.len == 0)
		return 0;
	if (is_alnum(s.base[0]) || is_one_of(s.base[0], "-._~,"))
		return 1;
	if (set == 'E')
		return s.base[0] == '=';
	return set == 'J' && is_one_of(s.base[0], "!#$&'()*+/:;=?@[]");
}

/* A row of the table for one expression, and the template behind it. */
struct row {
	char first, between; /* '\0': nothing stands first */
	char first_set, further_set;
	size_t n;
	bool group, unbounded;
	struct slice rest;
};

static struct row
row_of(struct slice s)
{
	static const struct {
		char op, first, between, set;
	} table[] = {
		{ '+', '\0', ',', 'J' },
		{ '#', '#', ',', 'J' },
		{ '.', '.', '.', '?' },
		{ '/', '/', '/', '?' },
		{ ';', ';', ';', 'E' },
		{ '?', '?', '&', 'E' },
		{ '&', '&', '&', 'E' },
	};
	struct row r = { '\0', ',', '?', '?', 1, false, false, s };
	bool first_starred = false;
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (s.base[1] == table[i].op) {
			r.first = table[i].first;
			r.between = table[i].between;
			r.first_set = r.further_set = table[i].set;
		}
	for (i = 1; s.base[i] != '}'; i++) {
		r.n += s.base[i] == ',';
		/* "*" ends a variable and is nothing else here. */
		r.unbounded |= s.base[i] == '*';
		first_starred |= s.base[i] == '*' && r.n == 1;
	}
	if (r.first_set == '?') {
		r.first_set = first_starred ? 'E' : 'I';
		r.further_set = r.unbounded ? 'E' : 'I';
	}
	r.group = r.n > 1 || first_starred;
	r.rest = slice_after(s, i + 1);
	return r;
}

/* Within an expression, behind `further` groups of further items. */
static bool
matches_items(const struct row *r, size_t further, struct slice topic)
{
	size_t n =
	    item_length(further == 0 ? r->first_set : r->further_set, topic);

	if (uritemplate_oracle_matches(r->rest, topic))
		return true;
	if (n > 0 && matches_items(r, further, slice_after(topic, n)))
		return true;
	return r->group && (r->unbounded || further + 1 < r->n) &&
	       topic.len > 0 && topic.base[0] == r->between &&
	       matches_items(r, further + 1, slice_after(topic, 1));
}

bool
uritemplate_oracle_matches(struct slice template, struct slice topic)
{
	struct row r;

	if (template.len == 0)
		return topic.len == 0;
	if (template.base[0] != '{')
		return topic.len > 0 && topic.base[0] == template.base[0] &&
		       uritemplate_oracle_matches(
			   slice_after(template, 1), slice_after(topic, 1));
	r = row_of(template);
	if (uritemplate_oracle_matches(r.rest, topic))
		return true;
	if (r.first == '\0')
		return matches_items(&r, 0, topic);
	return topic.len > 0 && topic.base[0] == r.first &&
	       matches_items(&r, 0, slice_after(topic, 1));
}
