/* SPDX-License-Identifier: MIT */
/* forwarded.c - parses the headers of proxies. */
#include "text/forwarded.h"

#include <strings.h>

#include "text/digits.h"

static const struct slice none = { NULL, 0 };

bool
forwarded_last(struct slice *list, struct slice *element)
{
	size_t from = list->len;

	if (list->base == NULL)
		return false;
	while (from > 0 && list->base[from - 1] != ',')
		from--;
	*element = slice_trim(slice_after(*list, from));
	*list = from > 0 ? (struct slice){ list->base, from - 1 } : none;
	return true;
}

struct slice
forwarded_nth(struct slice list, size_t n)
{
	struct slice element = none;

	while (n-- > 0 && forwarded_last(&list, &element))
		continue;
	return element;
}

static bool
is_port(struct slice text)
{
	uint64_t port;

	return text.len <= 5 && digits_parse(&port, text, UINT64_MAX);
}

/* "[address]" and ":port", or nothing, behind it. */
static enum err
read_bracketed(struct ip *out, struct slice node)
{
	struct slice rest = slice_after(node, 1), address = none;

	slice_cut(&rest, ']', &address);
	if (rest.base == NULL ||
	    (rest.len > 0 &&
		(rest.base[0] != ':' || !is_port(slice_after(rest, 1)))))
		return ERR_SYNTAX;
	return ip_parse(out, address);
}

/* With a port the colon is the only one: IPv6 has more, or brackets. */
static enum err
read_node(struct ip *out, struct slice node)
{
	struct slice rest = node, address = none;

	if (node.len > 0 && node.base[0] == '[')
		return read_bracketed(out, node);
	slice_cut(&rest, ':', &address);
	if (rest.base == NULL)
		return ip_parse(out, node);
	if (memchr(rest.base, ':', rest.len) != NULL)
		return ip_parse(out, node);
	return is_port(rest) ? ip_parse(out, address) : ERR_SYNTAX;
}

enum err
forwarded_read_for(struct forwarded *out, struct slice element)
{
	struct forwarded f = { .has_address = true };

	if (read_node(&f.address, element) != ERR_OK)
		return ERR_SYNTAX;
	*out = f;
	return ERR_OK;
}

/* Without its quotes.  None of the values that are used needs an escape. */
static enum err
unquote(struct slice *value)
{
	if (value->len > 0 && value->base[0] == '"') {
		if (value->len < 2 || value->base[value->len - 1] != '"')
			return ERR_SYNTAX;
		*value = (struct slice){ value->base + 1, value->len - 2 };
	}
	if (value->len > 0 &&
	    (memchr(value->base, '"', value->len) != NULL ||
		memchr(value->base, '\\', value->len) != NULL))
		return ERR_SYNTAX;
	return ERR_OK;
}

static bool
is_name(struct slice name, const char *known)
{
	return name.len == strlen(known) &&
	       strncasecmp(name.base, known, name.len) == 0;
}

/* "unknown" and "_name" hide the address, with a port or without. */
static bool
is_hidden(struct slice node)
{
	struct slice name = none;

	slice_cut(&node, ':', &name);
	return is_name(name, "unknown") || slice_starts(name, "_");
}

static enum err
read_for(struct forwarded *out, struct slice value)
{
	if (is_hidden(value))
		return ERR_OK;
	out->has_address = true;
	return read_node(&out->address, value);
}

static enum err
read_pair(struct forwarded *out, struct slice *address, struct slice pair)
{
	struct slice name = none, value = pair, *to = NULL;

	slice_cut(&value, '=', &name);
	if (value.base == NULL || name.len == 0 || unquote(&value) != ERR_OK)
		return ERR_SYNTAX;
	if (is_name(name, "for"))
		to = address;
	else if (is_name(name, "proto"))
		to = &out->proto;
	else if (is_name(name, "host"))
		to = &out->host;
	if (to == NULL)
		return ERR_OK;
	if (to->base != NULL || value.len == 0)
		return ERR_SYNTAX;
	*to = value;
	return ERR_OK;
}

enum err
forwarded_read(struct forwarded *out, struct slice element)
{
	struct forwarded f = { .has_address = false };
	struct slice address = none, pair;
	enum err e;

	while (slice_cut(&element, ';', &pair))
		if ((e = read_pair(&f, &address, slice_trim(pair))) != ERR_OK)
			return e;
	if (address.base != NULL && (e = read_for(&f, address)) != ERR_OK)
		return e;
	*out = f;
	return ERR_OK;
}
