/* SPDX-License-Identifier: MIT */
/* value.c - parses the value of one option and stores it. */
#include <inttypes.h>
#include <strings.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "config/renamed.h"
#include "config/table.h"
#include "text/digits.h"

static void *
field(const struct config *c, const struct config_option *o)
{
	return (char *)(uintptr_t)c + o->offset;
}

char **
config_option_text(const struct config *c, const struct config_option *o)
{
	return field(c, o);
}

bool *
config_option_bool(const struct config *c, const struct config_option *o)
{
	return field(c, o);
}

uint64_t *
config_option_number(const struct config *c, const struct config_option *o)
{
	return field(c, o);
}

static enum err
set_text(struct config *c, const struct config_option *o, struct slice value)
{
	char **at = config_option_text(c, o), *text = NULL;

	if (value.len > 0 && (text = mem_text(value)) == NULL)
		return ERR_NOMEM;
	if (*at != NULL)
		mem_wipe_free(*at, strlen(*at));
	*at = text;
	return ERR_OK;
}

static bool
same_word(struct slice a, struct slice b)
{
	return a.len == b.len && strncasecmp(a.base, b.base, a.len) == 0;
}

/* The word of the blank-separated `list` that equals `value` in any case. */
static struct slice
choice_of(const char *list, struct slice value)
{
	struct slice rest = slice_of(list), word;

	while (slice_cut(&rest, ' ', &word))
		if (same_word(word, value))
			return word;
	return (struct slice){ NULL, 0 };
}

static bool
read_bool(bool *out, struct slice value)
{
	if (choice_of("true 1 yes on", value).base != NULL)
		*out = true;
	else if (choice_of("false 0 no off", value).base != NULL)
		*out = false;
	else
		return false;
	return true;
}

static bool
read_number(uint64_t *out, const struct config_option *o, struct slice value)
{
	uint64_t n;

	if (!digits_parse(&n, value, o->max) || n < o->min)
		return false;
	*out = n;
	return true;
}

static enum err
set_trimmed(struct config *c, const struct config_option *o, struct slice value,
    const char *where, struct problem *p)
{
	const char *name = o->names[0], *wrong;
	struct slice choice;

	switch (o->kind) {
	case CONFIG_BOOL:
		if (read_bool(config_option_bool(c, o), value))
			return ERR_OK;
		return problem_set(p, ERR_SYNTAX,
		    "%.180s: %s must be true or false.", where, name);
	case CONFIG_NUMBER:
		if (read_number(config_option_number(c, o), o, value))
			return ERR_OK;
		return problem_set(p, ERR_SYNTAX,
		    "%.180s: %s must be a number from %" PRIu64 " to %" PRIu64
		    ".",
		    where, name, o->min, o->max);
	case CONFIG_CHOICE:
		choice = choice_of(o->choices, value);
		if (choice.base != NULL)
			return set_text(c, o, choice);
		wrong = config_new_value(name, value);
		if (wrong != NULL)
			return problem_set(p, ERR_SYNTAX,
			    "%.180s: %s = %.*s is called %s now.", where, name,
			    SLICE_ARG(value), wrong);
		return problem_set(p, ERR_SYNTAX,
		    "%.180s: %s must be one of: %s.", where, name, o->choices);
	case CONFIG_TEXT:
		break;
	}
	wrong = o->check != NULL ? o->check(value) : NULL;
	if (wrong == err_text(ERR_NOMEM))
		return ERR_NOMEM;
	if (wrong != NULL)
		return problem_set(
		    p, ERR_SYNTAX, "%.180s: %s %s.", where, name, wrong);
	return set_text(c, o, value);
}

bool
config_is_pem(struct slice text)
{
	static const char begin[] = "-----BEGIN ";

	return text.base != NULL && !slice_starts(text, "{") &&
	       memmem(text.base, text.len, begin, strlen(begin)) != NULL;
}

/* Skip leading blanks and line breaks. */
static struct slice
from_first_line(struct slice value)
{
	while (value.len > 0 && value.base[0] != '\0' &&
	       strchr(" \t\r\n", value.base[0]) != NULL)
		value = slice_after(value, 1);
	return value;
}

/*
 * The environment can hold PEM and JSON of several lines, a line of the file
 * cannot.  A key is kept as it would stand there: the lines of PEM with \n
 * between them, those of JSON with blanks.
 */
static void
join_lines(struct buf *out, struct slice value)
{
	const char *between = config_is_pem(value) ? "\\n" : " ";
	struct slice line;

	while (slice_cut(&value, '\n', &line)) {
		if (line.len > 0 && line.base[line.len - 1] == '\r')
			line.len--;
		line = slice_trim(line);
		if (line.len > 0 && out->len > 0)
			buf_text(out, between);
		buf_slice(out, line);
	}
}

static bool
is_of_lines(const struct config_option *o, struct slice value)
{
	return o->key && memchr(value.base, '\n', value.len) != NULL &&
	       (config_is_pem(value) || slice_starts(value, "{"));
}

static enum err
set_line(struct config *c, const struct config_option *o, struct slice value,
    const char *where, struct problem *p)
{
	const char *name = o->names[0];

	value = slice_trim(value);
	if (value.len > CONFIG_VALUE_MAX)
		return problem_set(p, ERR_LIMIT,
		    "%.180s: %s must not be longer than %d bytes.", where, name,
		    CONFIG_VALUE_MAX);
	if (utf8_has_control(value))
		return problem_set(p, ERR_SYNTAX,
		    "%.180s: %s must not hold control characters.", where,
		    name);
	if (value.len > 0)
		return set_trimmed(c, o, value, where, p);
	if (o->standard != NULL)
		return problem_set(
		    p, ERR_SYNTAX, "%.180s: %s has no value.", where, name);
	return set_text(c, o, value);
}

static uint64_t
bit_of(const struct config_option *o)
{
	return UINT64_C(1) << (o - config_options);
}

static enum err
note_given(struct config *c, const struct config_option *o, enum err e)
{
	if (e == ERR_OK)
		c->given |= bit_of(o);
	return e;
}

bool
config_option_is_given(const struct config *c, const struct config_option *o)
{
	return (c->given & bit_of(o)) != 0;
}

enum err
config_option_set(struct config *c, const struct config_option *o,
    struct slice value, const char *where, struct problem *p)
{
	struct slice rest = from_first_line(value);
	struct buf line;
	enum err e;

	if (rest.len == 0 || !is_of_lines(o, rest))
		return note_given(c, o, set_line(c, o, value, where, p));
	buf_init(&line, CONFIG_FILE_MAX);
	join_lines(&line, rest);
	e = line.err == ERR_OK ? set_line(c, o, buf_view(&line), where, p)
			       : line.err;
	buf_wipe(&line);
	return note_given(c, o, e);
}

/* A name that can be shown: it may come from anywhere. */
static bool
is_name(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = (char)(s.base[i] | 0x20);

		if ((c < 'a' || c > 'z') &&
		    strchr("0123456789-_", s.base[i]) == NULL)
			return false;
	}
	return s.len > 0 && s.len <= CONFIG_NAME_MAX;
}

enum err
config_option_set_named(struct config *c, struct slice name, struct slice value,
    uint64_t *seen, const char *where, struct problem *p)
{
	const struct config_option *o = config_option_find(name);
	const char *new_name = config_new_name(name);
	uint64_t bit;
	enum err e;

	if (!is_name(name))
		return problem_set(p, ERR_SYNTAX,
		    "%.180s: the name of a setting is letters, digits and _.",
		    where);
	if (o == NULL && new_name != NULL)
		return problem_set(p, ERR_SYNTAX,
		    "%.180s: %.*s is called %s now.", where, SLICE_ARG(name),
		    new_name);
	if (o == NULL)
		return problem_set(p, ERR_SYNTAX,
		    "%.180s: there is no setting %.*s; the nearest is %s.",
		    where, SLICE_ARG(name), config_option_nearest(name));
	bit = bit_of(o);
	if ((*seen & bit) != 0)
		return problem_set(p, ERR_SYNTAX, "%.180s: %s is set twice.",
		    where, o->names[0]);
	if ((e = config_option_set(c, o, value, where, p)) == ERR_OK)
		*seen |= bit;
	return e;
}

bool
config_seen_secret(uint64_t seen)
{
	const struct config_option *o;

	for (o = config_options; o->names[0] != NULL; o++)
		if (o->secret && (seen & bit_of(o)) != 0)
			return true;
	return false;
}
