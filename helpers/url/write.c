/* SPDX-License-Identifier: MIT */
/* write.c - a URL that is being put together, part after part. */
#include "url/write.h"

static const struct {
	const char *name, *port;
} special_schemes[] = {
	{ "https", "443" },
	{ "http", "80" },
	{ "file", "" },
	{ "ftp", "21" },
	{ "ws", "80" },
	{ "wss", "443" },
};

void
url_write_init(struct url_writer *w)
{
	*w = (struct url_writer){ .default_port = "" };
	buf_init(&w->text, URL_HREF_MAX);
}

void
url_write_begin(struct url_writer *w, enum url_part part)
{
	w->part[part].at = w->text.len;
	w->part[part].is_there = true;
}

struct slice
url_write_get(const struct url_writer *w, enum url_part part)
{
	struct slice s = slice_after(buf_view(&w->text), w->part[part].at);

	s.len = w->part[part].len;
	return s;
}

/*
 * Without a host, a path that begins with an empty segment would be taken
 * for an authority: "/." goes in front of it, and belongs to no part.
 */
static void
guard_path(struct url_writer *w)
{
	struct slice path = url_write_get(w, URL_PATH);
	char *end;

	if (w->part[URL_HOST].is_there || w->has_opaque_path ||
	    !slice_starts(path, "//") || (end = buf_grow(&w->text, 2)) == NULL)
		return;
	memmove(end - path.len + 2, end - path.len, path.len);
	memcpy(end - path.len, "/.", 2);
	w->part[URL_PATH].at += 2;
}

void
url_write_end(struct url_writer *w, enum url_part part)
{
	w->part[part].len = w->text.len - w->part[part].at;
	if (part == URL_PATH)
		guard_path(w);
}

static void
write_encoded(struct url_writer *w, enum url_part part, struct slice s,
    enum percent_set set)
{
	url_write_begin(w, part);
	percent_encode_set(&w->text, s, set);
	url_write_end(w, part);
}

void
url_write_scheme(struct url_writer *w, struct slice scheme)
{
	size_t n = sizeof(special_schemes) / sizeof(special_schemes[0]);
	struct slice name;

	url_write_begin(w, URL_SCHEME);
	for (size_t i = 0; i < scheme.len; i++) {
		char c = scheme.base[i];

		buf_byte(&w->text, c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c);
	}
	url_write_end(w, URL_SCHEME);
	buf_byte(&w->text, ':');

	name = url_write_get(w, URL_SCHEME);
	w->is_file = slice_is(name, "file");
	for (size_t i = 0; i < n && !w->is_special; i++) {
		if (!slice_is(name, special_schemes[i].name))
			continue;
		w->default_port = special_schemes[i].port;
		w->is_special = true;
	}
}

void
url_write_credentials(
    struct url_writer *w, struct slice username, struct slice password)
{
	buf_text(&w->text, "//");
	write_encoded(w, URL_USERNAME, username, PERCENT_USERINFO);
	if (password.len > 0)
		buf_byte(&w->text, ':');
	write_encoded(w, URL_PASSWORD, password, PERCENT_USERINFO);
	if (username.len > 0 || password.len > 0)
		buf_byte(&w->text, '@');
}

void
url_write_port(struct url_writer *w, struct slice digits)
{
	buf_byte(&w->text, ':');
	url_write_begin(w, URL_PORT);
	buf_slice(&w->text, digits);
	url_write_end(w, URL_PORT);
}

void
url_write_query(struct url_writer *w, struct slice query)
{
	buf_byte(&w->text, '?');
	write_encoded(w, URL_QUERY, query,
	    w->is_special ? PERCENT_SPECIAL_QUERY : PERCENT_QUERY);
}

void
url_write_fragment(struct url_writer *w, struct slice fragment)
{
	buf_byte(&w->text, '#');
	write_encoded(w, URL_FRAGMENT, fragment, PERCENT_FRAGMENT);
}

void
url_write_authority_of(struct url_writer *w, const struct url *base)
{
	if (base->part[URL_HOST].base == NULL)
		return;
	url_write_credentials(
	    w, base->part[URL_USERNAME], base->part[URL_PASSWORD]);
	url_write_begin(w, URL_HOST);
	buf_slice(&w->text, base->part[URL_HOST]);
	url_write_end(w, URL_HOST);
	if (base->part[URL_PORT].base != NULL)
		url_write_port(w, base->part[URL_PORT]);
}

enum err
url_write_finish(struct url_writer *w, struct url *out)
{
	if (w->text.err != ERR_OK)
		return w->text.err;
	*out = (struct url){ .href = w->text,
		.is_special = w->is_special,
		.has_opaque_path = w->has_opaque_path };
	for (enum url_part i = 0; i < URL_PARTS; i++)
		if (w->part[i].is_there)
			out->part[i] = url_write_get(w, i);
	w->text.base = NULL;
	return ERR_OK;
}

void
url_write_free(struct url_writer *w)
{
	buf_free(&w->text);
}
