/* SPDX-License-Identifier: MIT */
/* topic.c - the rules a topic has to keep, and which topics are the hub's. */
#include "topic.h"

#include <strings.h>

#include "percent.h"
#include "utf8.h"

/*
 * Where a path leads, as far as the hub's own path is concerned: how deep,
 * and whether the first two segments are those of /.well-known/mercure.
 */
struct place {
	size_t depth;
	bool well_known, hub;
};

/* Is the segment `text`, also with some of its characters as %XX?  `text`
 * holds only unreserved characters, so that %2F stays what it is. */
static bool
segment_is(struct slice s, const char *text)
{
	while (s.len > 0 && *text != '\0') {
		int byte = percent_byte(s);
		char c = byte >= 0 ? (char)byte : s.base[0];

		if (c != *text)
			return false;
		s = slice_after(s, byte >= 0 ? 3 : 1);
		text++;
	}
	return s.len == 0 && *text == '\0';
}

static void
place_enter(struct place *p, struct slice segment)
{
	if (segment_is(segment, "."))
		return;
	if (segment_is(segment, "..")) {
		p->depth -= p->depth > 0;
		return;
	}
	if (p->depth == 0)
		p->well_known = segment_is(segment, ".well-known");
	else if (p->depth == 1)
		p->hub = segment_is(segment, "mercure");
	p->depth++;
}

static size_t
length_until(struct slice s, const char *stops)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (strchr(stops, s.base[i]) != NULL)
			break;
	return i;
}

/* Does `path`, up to its query or fragment, lead to the hub?  Browsers take
 * a backslash for a slash, so it is one here. */
static bool
path_is_hub(struct slice path, struct place p)
{
	path.len = length_until(path, "?#");
	for (;;) {
		size_t n = length_until(path, "/\\");

		place_enter(&p, (struct slice){ path.base, n });
		if (n == path.len)
			break;
		path = slice_after(path, n + 1);
	}
	return p.depth >= 2 && p.well_known && p.hub;
}

static bool
is_letter(char c)
{
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'z';
}

/* The length of "scheme:" at the start; 0 if there is none. */
static size_t
scheme_length(struct slice s)
{
	size_t i;

	if (s.len == 0 || !is_letter(s.base[0]))
		return 0;
	for (i = 1; i < s.len; i++) {
		char c = s.base[i];

		if (c == ':')
			return i + 1;
		if (!is_letter(c) && !(c >= '0' && c <= '9') && c != '+' &&
		    c != '-' && c != '.')
			return 0;
	}
	return 0;
}

static bool
is_web(struct slice scheme)
{
	return scheme.len == 0 ||
	       (scheme.len == 5 && strncasecmp(scheme.base, "http:", 5) == 0) ||
	       (scheme.len == 6 && strncasecmp(scheme.base, "https:", 6) == 0);
}

/*
 * Would the topic, resolved against the hub's URL, be the hub's path or lie
 * below it?  Scheme and host do not matter.  A topic without a slash in
 * front is relative to the hub's folder: "mercure" is the hub itself.  One
 * that has nothing but a query or fragment is left to protocol 1.0.
 */
static bool
is_reserved(struct slice s)
{
	static const struct place root = { 0, false, false };
	static const struct place folder = { 1, true, false };
	size_t scheme = scheme_length(s), slashes = 0;
	bool web = is_web((struct slice){ s.base, scheme });

	s = slice_after(s, scheme);
	while (slashes < s.len && strchr("/\\", s.base[slashes]) != NULL)
		slashes++;

	if (slashes == 0 && web && path_is_hub(s, folder))
		return true;
	if (slashes < 2 && path_is_hub(slice_after(s, slashes), root))
		return true;
	if (slashes < 2 && (scheme == 0 || !web))
		return false;

	/* An authority.  Web schemes take any number of slashes before it. */
	s = slice_after(s, web ? slashes : 2);
	s = slice_after(s, length_until(s, "/\\?#"));
	if (s.len == 0 || s.base[0] == '?' || s.base[0] == '#')
		return false;
	return path_is_hub(slice_after(s, 1), root);
}

enum err
topic_check_selector(struct slice selector, size_t length_max, struct fault *f)
{
	if (selector.len == 0)
		return fault_set(f, ERR_SYNTAX, "A topic must not be empty.");
	if (selector.len > length_max)
		return fault_set(f, ERR_LIMIT,
		    "A topic must not be longer than %zu bytes.", length_max);
	if (!utf8_valid(selector))
		return fault_set(f, ERR_SYNTAX, "A topic must be UTF-8.");
	if (utf8_has_control(selector))
		return fault_set(
		    f, ERR_SYNTAX, "A topic must not hold control characters.");
	return ERR_OK;
}

enum err
topic_check(struct slice topic, size_t length_max, struct fault *f)
{
	enum err e = topic_check_selector(topic, length_max, f);

	if (e != ERR_OK)
		return e;
	if (slice_is(topic, "*"))
		return fault_set(f, ERR_DENIED,
		    "The topic * means every topic: "
		    "it can be subscribed to, not published to.");
	if (is_reserved(slice_trim(topic)))
		return fault_set(f, ERR_DENIED,
		    "Topics at or below /.well-known/mercure are reserved "
		    "for the hub.");
	return ERR_OK;
}
