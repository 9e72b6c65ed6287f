/* SPDX-License-Identifier: MIT */
/* uritemplate_grammar.c - parses literals and expressions. */
#include "match/uritemplate_grammar.h"

#include <stdint.h>

#include "base/utf8.h"
#include "text/digits.h"
#include "text/percent.h"

/* RFC 6570, 2.1, and what its errata add (the apostrophe). */
static const char literals[] = "!#$&'()*+,-./0123456789:;=?@"
			       "ABCDEFGHIJKLMNOPQRSTUVWXYZ[]_"
			       "abcdefghijklmnopqrstuvwxyz~";

/* RFC 6570, 1.5: ucschar and iprivate. */
static bool
is_literal_point(uint32_t c)
{
	static const struct {
		uint32_t from, to;
	} ranges[] = {
		{ 0xa0, 0xd7ff },
		{ 0xe000, 0xfdcf },
		{ 0xfdf0, 0xffef },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return true;
	return c >= 0x10000 && (c & 0xffff) <= 0xfffd &&
	       !(c >= 0xe0000 && c <= 0xe0fff);
}

bool
uritemplate_is_literal(struct slice s)
{
	uint32_t c;

	while (s.len > 0) {
		if (percent_byte(s) >= 0) {
			s = slice_after(s, 3);
			continue;
		}
		if (!utf8_next(&s, &c))
			return false;
		if (c < 0x80 ? c == 0 || strchr(literals, (int)c) == NULL
			     : !is_literal_point(c))
			return false;
	}
	return true;
}

static bool
is_varchar(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_';
}

/* varname = varchar *( ["."] varchar ) */
static bool
is_name(struct slice s)
{
	bool after_char = false;

	while (s.len > 0) {
		bool escape = percent_byte(s) >= 0;

		if (s.base[0] == '.' ? !after_char
				     : !escape && !is_varchar(s.base[0]))
			return false;
		after_char = s.base[0] != '.';
		s = slice_after(s, escape ? 3 : 1);
	}
	return after_char;
}

/* max-length = %x31-39 0*3DIGIT */
static bool
is_prefix_length(struct slice s)
{
	uint64_t n;

	return s.len > 0 && s.base[0] != '0' && digits_parse(&n, s, 9999);
}

/* One variable of a list; *explode: it has the modifier "*". */
static bool
is_varspec(struct slice s, bool *explode)
{
	struct slice name;

	*explode = s.len > 0 && s.base[s.len - 1] == '*';
	if (*explode)
		s.len--;
	else if (memchr(s.base, ':', s.len) != NULL) {
		(void)slice_cut(&s, ':', &name);
		return is_name(name) && is_prefix_length(s);
	}
	return is_name(s);
}

static const struct uritemplate_op ops[] = {
	{ '+', '\0', ',', true, true },
	{ '#', '#', ',', true, true },
	{ '.', '.', '.', false, false },
	{ '/', '/', '/', false, false },
	{ ';', ';', ';', false, true },
	{ '?', '?', '&', false, true },
	{ '&', '&', '&', false, true },
};
static const struct uritemplate_op simple = { '\0', '\0', ',', false, false };

bool
uritemplate_read(struct uritemplate_expression *out, struct slice s)
{
	struct uritemplate_expression e = { .op = &simple };
	struct slice varspec;
	bool explode;

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (s.len > 0 && s.base[0] == ops[i].name)
			e.op = &ops[i];
	if (e.op != &simple)
		s = slice_after(s, 1);
	while (slice_cut(&s, ',', &varspec)) {
		if (!is_varspec(varspec, &explode))
			return false;
		e.first_explodes |= explode && e.n == 0;
		e.any_explodes |= explode;
		e.n++;
	}
	*out = e;
	return true;
}
