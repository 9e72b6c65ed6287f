/* SPDX-License-Identifier: MIT */
/* discovery.c - writes the hub's URL with parameters, and Link values. */
#include "mercure/discovery.h"

#include "text/percent.h"

static void
add_param(
    struct buf *out, char *separator, const char *name, struct slice value)
{
	buf_byte(out, *separator);
	*separator = '&';
	buf_text(out, name);
	buf_byte(out, '=');
	percent_encode(out, value);
}

void
discovery_url(struct buf *out, const struct dialect *d, struct slice hub_url,
    const struct selector *selectors, size_t n, struct slice last_event_id)
{
	char separator = '?';
	size_t i;

	if (hub_url.len > 0 && memchr(hub_url.base, '?', hub_url.len) != NULL)
		separator = '&';
	buf_slice(out, hub_url);
	for (i = 0; i < n; i++)
		add_param(out, &separator,
		    dialect_param_name(d, selectors[i].kind),
		    selectors[i].text);
	if (last_event_id.base != NULL)
		add_param(out, &separator, d->last_id_params[0], last_event_id);
}

/* The URL may be made from a Host header, so whatever could end the <...>,
 * or the header, is encoded. */
static void
add_url(struct buf *out, struct slice url)
{
	size_t i;

	for (i = 0; i < url.len; i++) {
		char c = url.base[i];

		if (c <= ' ' || c > '~' || c == '<' || c == '>' || c == '"')
			buf_printf(out, "%%%02X", (unsigned)(unsigned char)c);
		else
			buf_byte(out, c);
	}
}

static void
add_quoted(struct buf *out, struct slice text)
{
	size_t i;

	buf_byte(out, '"');
	for (i = 0; i < text.len; i++) {
		if (text.base[i] == '"' || text.base[i] == '\\')
			buf_byte(out, '\\');
		buf_byte(out, text.base[i]);
	}
	buf_byte(out, '"');
}

void
discovery_link(struct buf *out, const struct dialect *d, struct slice hub_url,
    struct slice last_event_id)
{
	buf_byte(out, '<');
	add_url(out, hub_url);
	buf_text(out, ">; rel=\"mercure\"");
	if (last_event_id.base == NULL)
		return;
	buf_printf(out, "; %s=", d->last_id_link);
	add_quoted(out, last_event_id);
}
