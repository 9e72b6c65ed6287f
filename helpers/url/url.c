/* SPDX-License-Identifier: MIT */
/* url.c - the basic URL parser, a function for each state of section 4.4. */
#include "url/url.h"

#include "url/authority.h"
#include "url/path.h"
#include "url/write.h"

/*
 * The standard's machine looks at one character after the other.  Here a
 * state takes its part off the front of the rest, as a few characters tell
 * where a part ends, and hands the rest on.
 */
struct parser {
	struct url_writer w;
	const struct url *base; /* NULL: none */
	unsigned flags;
};

static const struct slice none = { "", 0 };

/* Is s[i] a slash?  Backslashes are, in special URLs. */
static bool
has_slash(const struct parser *p, struct slice s, size_t i)
{
	return i < s.len &&
	       (s.base[i] == '/' || (s.base[i] == '\\' && p->w.is_special));
}

/* How much of `s` lies before the query and the fragment. */
static size_t
path_length(struct slice s)
{
	size_t n = 0;

	while (n < s.len && s.base[n] != '?' && s.base[n] != '#')
		n++;
	return n;
}

static size_t
authority_length(const struct parser *p, struct slice s)
{
	size_t n = 0, end = path_length(s);

	while (n < end && !has_slash(p, s, n))
		n++;
	return n;
}

/* "Query state" and "fragment state"; `s` is empty or begins with ? or #. */
static void
parse_tail(struct parser *p, struct slice s)
{
	if (slice_starts(s, "?")) {
		struct slice query = slice_after(s, 1);
		const char *hash = memchr(query.base, '#', query.len);

		if (hash != NULL)
			query.len = (size_t)(hash - query.base);
		url_write_query(&p->w, query);
		s = slice_after(s, 1 + query.len);
	}
	if (s.len > 0)
		url_write_fragment(&p->w, slice_after(s, 1));
}

/* "Path state": the segments of `s` behind those of `kept`, and the tail. */
static void
parse_path(struct parser *p, struct slice kept, struct slice s)
{
	struct url_path path = { &p->w.text, p->w.text.len, p->w.is_special,
		p->w.is_file };
	size_t n = path_length(s);

	url_write_begin(&p->w, URL_PATH);
	buf_slice(&p->w.text, kept);
	url_path_add(&path, (struct slice){ s.base, n });
	url_write_end(&p->w, URL_PATH);
	parse_tail(p, slice_after(s, n));
}

/* "Path start state", behind an authority: a special URL has a path in any
 * case. */
static void
parse_path_start(struct parser *p, struct slice s)
{
	if (has_slash(p, s, 0)) {
		parse_path(p, none, slice_after(s, 1));
	} else if (p->w.is_special) {
		parse_path(p, none, s);
	} else {
		url_write_begin(&p->w, URL_PATH);
		url_write_end(&p->w, URL_PATH);
		parse_tail(p, s);
	}
}

/* "Opaque path state". */
static void
parse_opaque_path(struct parser *p, struct slice s)
{
	size_t n = path_length(s);

	p->w.has_opaque_path = true;
	url_write_begin(&p->w, URL_PATH);
	url_path_add_opaque(
	    &p->w.text, (struct slice){ s.base, n }, n == s.len);
	url_write_end(&p->w, URL_PATH);
	parse_tail(p, slice_after(s, n));
}

/* "Authority state" and what follows it; the slashes are taken off. */
static enum err
parse_authority(struct parser *p, struct slice s)
{
	size_t n = authority_length(p, s);
	enum err e = ERR_OK;

	if (p->flags & URL_SKIP_AUTHORITY)
		url_authority_write_empty(&p->w);
	else
		e = url_authority_write(&p->w, (struct slice){ s.base, n });
	if (e == ERR_OK)
		parse_path_start(p, slice_after(s, n));
	return e;
}

/* "Special authority ignore slashes state". */
static enum err
parse_special_authority(struct parser *p, struct slice s)
{
	while (has_slash(p, s, 0))
		s = slice_after(s, 1);
	return parse_authority(p, s);
}

/* A URL without a path has the base's, and without a query that, too. */
static void
parse_same_path(struct parser *p, struct slice s)
{
	const struct url *base = p->base;

	url_write_begin(&p->w, URL_PATH);
	buf_slice(&p->w.text, base->part[URL_PATH]);
	url_write_end(&p->w, URL_PATH);
	if (!slice_starts(s, "?") && base->part[URL_QUERY].base != NULL)
		url_write_query(&p->w, base->part[URL_QUERY]);
	parse_tail(p, s);
}

/* The path of a reference that does not begin with a slash. */
static void
parse_relative_path(struct parser *p, struct slice s)
{
	struct slice path = p->base->part[URL_PATH];

	if (path_length(s) == 0)
		parse_same_path(p, s);
	else if (p->w.is_file && url_path_starts_with_drive(s))
		parse_path(p, none, s);
	else
		parse_path(p, url_path_shorten(path, p->w.is_file), s);
}

/* "Relative state" and "relative slash state", the scheme being written. */
static enum err
parse_relative(struct parser *p, struct slice s)
{
	if (has_slash(p, s, 0) && has_slash(p, s, 1))
		return p->w.is_special ? parse_special_authority(p, s)
				       : parse_authority(p, slice_after(s, 2));

	url_write_authority_of(&p->w, p->base);
	if (has_slash(p, s, 0))
		parse_path(p, none, slice_after(s, 1));
	else
		parse_relative_path(p, s);
	return ERR_OK;
}

/* "File host state".  "file://C:/x" has a drive and no host. */
static enum err
parse_file_host(struct parser *p, struct slice s)
{
	struct slice host = { s.base, authority_length(p, s) };
	enum err e = ERR_OK;

	if (url_path_is_drive(host)) {
		url_authority_write_empty(&p->w);
		parse_path(p, none, s);
		return ERR_OK;
	}
	if (p->flags & URL_SKIP_AUTHORITY)
		url_authority_write_empty(&p->w);
	else
		e = url_authority_write_file(&p->w, host);
	if (e == ERR_OK)
		parse_path_start(p, slice_after(s, host.len));
	return e;
}

/* "File state" and "file slash state"; only another file's URL is a base. */
static enum err
parse_file(struct parser *p, struct slice s)
{
	const struct url *base = p->base;
	struct slice drive = none;

	if (base != NULL && !slice_is(base->part[URL_SCHEME], "file"))
		base = NULL;
	if (has_slash(p, s, 0) && has_slash(p, s, 1))
		return parse_file_host(p, slice_after(s, 2));

	if (base != NULL)
		url_write_authority_of(&p->w, base);
	else
		url_authority_write_empty(&p->w);
	if (has_slash(p, s, 0)) {
		s = slice_after(s, 1);
		if (base != NULL && !url_path_starts_with_drive(s))
			drive = url_path_drive(base->part[URL_PATH]);
		parse_path(p, drive, s);
	} else if (base != NULL) {
		parse_relative_path(p, s);
	} else {
		parse_path(p, none, s);
	}
	return ERR_OK;
}

/* The part after a scheme that differs from the base's. */
static enum err
parse_absolute(struct parser *p, struct slice scheme, struct slice s)
{
	url_write_scheme(&p->w, scheme);
	if (p->w.is_file)
		return parse_file(p, s);
	if (p->w.is_special && p->base != NULL &&
	    slice_eq(
		url_write_get(&p->w, URL_SCHEME), p->base->part[URL_SCHEME]))
		return parse_relative(p, s);
	if (p->w.is_special)
		return parse_special_authority(p, s);
	if (slice_starts(s, "//"))
		return parse_authority(p, slice_after(s, 2));
	if (slice_starts(s, "/"))
		parse_path(p, none, slice_after(s, 1));
	else
		parse_opaque_path(p, s);
	return ERR_OK;
}

static enum err
parse_reference(struct parser *p, struct slice s)
{
	const struct url *base = p->base;

	if (base == NULL || (base->has_opaque_path && !slice_starts(s, "#")))
		return ERR_SYNTAX;
	url_write_scheme(&p->w, base->part[URL_SCHEME]);
	if (p->w.is_file)
		return parse_file(p, s);
	if (!base->has_opaque_path)
		return parse_relative(p, s);
	p->w.has_opaque_path = true;
	parse_same_path(p, s);
	return ERR_OK;
}

static bool
is_letter(char c)
{
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'z';
}

/* "Scheme state": the length of what stands before the colon; 0 if there is
 * no scheme. */
static size_t
scheme_length(struct slice s)
{
	if (s.len == 0 || !is_letter(s.base[0]))
		return 0;
	for (size_t i = 1; i < s.len; i++) {
		char c = s.base[i];

		if (c == ':')
			return i;
		if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '+' &&
		    c != '-' && c != '.')
			return 0;
	}
	return 0;
}

/* Without control characters and blanks at both ends. */
static struct slice
trim(struct slice s)
{
	while (s.len > 0 && (unsigned char)s.base[0] <= ' ')
		s = slice_after(s, 1);
	while (s.len > 0 && (unsigned char)s.base[s.len - 1] <= ' ')
		s.len--;
	return s;
}

static bool
is_dropped(char c)
{
	return c == '\t' || c == '\n' || c == '\r';
}

/* `s` without tabs and line breaks; a copy in `room`, if there are any. */
static struct slice
drop_breaks(struct slice s, struct buf *room)
{
	size_t n;

	for (n = 0; n < s.len && !is_dropped(s.base[n]);)
		n++;
	if (n == s.len)
		return s;
	for (size_t i = 0; i < s.len; i++)
		if (!is_dropped(s.base[i]))
			buf_byte(room, s.base[i]);
	return buf_view(room);
}

enum err
url_parse(
    struct url *out, struct slice input, const struct url *base, unsigned flags)
{
	struct parser p = { .base = base, .flags = flags };
	struct buf room;
	struct slice s;
	size_t n;
	enum err e;

	if (input.len > URL_INPUT_MAX)
		return ERR_LIMIT;
	url_write_init(&p.w);
	buf_init(&room, URL_INPUT_MAX);
	s = drop_breaks(trim(input.base != NULL ? input : none), &room);
	if ((e = room.err) != ERR_OK)
		goto out;
	if ((n = scheme_length(s)) > 0)
		e = parse_absolute(
		    &p, (struct slice){ s.base, n }, slice_after(s, n + 1));
	else
		e = parse_reference(&p, s);
	/* A text that was cut short may look wrong, so that comes first. */
	if (e == ERR_OK || p.w.text.err != ERR_OK)
		e = url_write_finish(&p.w, out);
out:
	url_write_free(&p.w);
	buf_free(&room);
	return e;
}

void
url_free(struct url *u)
{
	buf_free(&u->href);
}

bool
url_is_loopback(const struct url *u)
{
	const struct slice host = u->part[URL_HOST];

	if (slice_is(host, "localhost") || slice_is(host, "[::1]"))
		return true;
	if (!slice_starts(host, "127."))
		return false;
	/* The parser has written addresses in full; the rest are names. */
	for (size_t i = 0; i < host.len; i++)
		if (host.base[i] != '.' &&
		    (host.base[i] < '0' || host.base[i] > '9'))
			return false;
	return true;
}
