/* SPDX-License-Identifier: MIT */
/* authority.c - credentials, host and port of a URL. */
#include "url/authority.h"

#include <stdio.h>

#include "text/digits.h"
#include "url/host.h"

#define PORT_MAX 65535

static const struct slice none = { "", 0 };

static enum err
write_host(struct url_writer *w, struct slice text)
{
	size_t start = w->text.len;
	struct slice host;
	enum err e;

	url_write_begin(w, URL_HOST);
	e = url_host_add(&w->text, text, !w->is_special);
	host = slice_after(buf_view(&w->text), start);
	if (w->is_file && slice_is(host, "localhost"))
		buf_truncate(&w->text, start);
	url_write_end(w, URL_HOST);
	return e;
}

/* "Port state". */
static enum err
write_port(struct url_writer *w, struct slice text)
{
	char digits[sizeof("65535")];
	uint64_t port;

	if (text.len == 0)
		return ERR_OK;
	if (!digits_parse(&port, text, PORT_MAX))
		return ERR_SYNTAX;
	snprintf(digits, sizeof(digits), "%u", (unsigned)port);
	if (strcmp(digits, w->default_port) != 0)
		url_write_port(w, slice_of(digits));
	return ERR_OK;
}

/* Where the port's colon is: not within the brackets of an address. */
static size_t
host_length(struct slice text)
{
	bool in_brackets = false;
	size_t n;

	for (n = 0; n < text.len; n++) {
		char c = text.base[n];

		if (c == ':' && !in_brackets)
			break;
		if (c == '[' || c == ']')
			in_brackets = c == '[';
	}
	return n;
}

enum err
url_authority_write(struct url_writer *w, struct slice text)
{
	const char *at = memrchr(text.base, '@', text.len);
	struct slice username = none, password = none, host = text;
	enum err e;

	if (at != NULL) {
		password.base = text.base;
		password.len = (size_t)(at - text.base);
		host = slice_after(text, password.len + 1);
		slice_cut(&password, ':', &username);
	}
	url_write_credentials(w, username, password);

	text = host;
	host.len = host_length(text);
	/* Only a URL that is not special may have none: "foo:///". */
	if (host.len == 0 && (w->is_special || at != NULL || text.len > 0))
		return ERR_SYNTAX;
	if ((e = write_host(w, host)) != ERR_OK || host.len == text.len)
		return e;
	return write_port(w, slice_after(text, host.len + 1));
}

enum err
url_authority_write_file(struct url_writer *w, struct slice text)
{
	if (text.len == 0) {
		url_authority_write_empty(w);
		return ERR_OK;
	}
	url_write_credentials(w, none, none);
	return write_host(w, text);
}

void
url_authority_write_empty(struct url_writer *w)
{
	url_write_credentials(w, none, none);
	url_write_begin(w, URL_HOST);
	url_write_end(w, URL_HOST);
}
