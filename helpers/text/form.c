/* SPDX-License-Identifier: MIT */
/* form.c - parses application/x-www-form-urlencoded into one block. */
#include "text/form.h"

#include "base/mem.h"
#include "text/percent.h"

/* The decoded bytes lie behind the fields; they are never more than the
 * encoded ones were. */
struct form {
	size_t count;
	struct form_field fields[];
};

static size_t
count_fields(struct slice text)
{
	struct slice piece;
	size_t n = 0;

	while (slice_cut(&text, '&', &piece))
		if (piece.len > 0)
			n++;
	return n;
}

/* Decode `s` to *to, move *to behind it, and give the decoded bytes. */
static struct slice
decode(char **to, struct slice s)
{
	char *start = *to, *at = start;
	int byte;

	while (s.len > 0) {
		if (s.base[0] == '%' && (byte = percent_byte(s)) >= 0) {
			*at++ = (char)byte;
			s = slice_after(s, 3);
			continue;
		}
		*at++ = s.base[0] == '+' ? ' ' : s.base[0];
		s = slice_after(s, 1);
	}
	*to = at;
	return (struct slice){ start, (size_t)(at - start) };
}

enum err
form_parse(struct form **out, struct slice text, size_t fields_max)
{
	struct slice piece, name, value;
	size_t count = count_fields(text);
	struct form *form;
	char *to;

	if (count > fields_max)
		return ERR_LIMIT;
	form = mem_calloc(
	    1, sizeof(*form) + count * sizeof(form->fields[0]) + text.len);
	if (form == NULL)
		return ERR_NOMEM;

	to = (char *)&form->fields[count];
	while (slice_cut(&text, '&', &piece)) {
		if (piece.len == 0)
			continue;
		value = piece;
		slice_cut(&value, '=', &name);
		form->fields[form->count].name = decode(&to, name);
		form->fields[form->count].value = decode(&to, value);
		form->count++;
	}
	*out = form;
	return ERR_OK;
}

size_t
form_count(const struct form *f)
{
	return f->count;
}

struct form_field
form_at(const struct form *f, size_t i)
{
	return f->fields[i];
}

struct slice
form_get(const struct form *f, const char *name)
{
	for (size_t i = 0; i < f->count; i++)
		if (slice_is(f->fields[i].name, name))
			return f->fields[i].value;
	return (struct slice){ NULL, 0 };
}

bool
form_has_list(const struct form *f, const char *name)
{
	const size_t n = strlen(name);

	for (size_t i = 0; i < form_count(f); i++) {
		const struct slice given = form_at(f, i).name;

		if (slice_starts(given, name) && given.len > n &&
		    given.base[n] == '[')
			return true;
	}
	return false;
}

void
form_free(struct form *f)
{
	mem_free(f);
}
