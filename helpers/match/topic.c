/* SPDX-License-Identifier: MIT */
/* topic.c - the rules a topic has to keep, and which topics are the hub's. */
#include "match/topic.h"

#include "base/utf8.h"
#include "url/url.h"

#define HUB_FOLDER "/.well-known/"
#define HUB_PATH HUB_FOLDER "mercure"

static bool
is_at_hub(struct slice path)
{
	size_t n = strlen(HUB_PATH);

	return slice_starts(path, HUB_PATH) &&
	       (path.len == n || path.base[n] == '/');
}

/*
 * Is the topic, for a hub with a URL of that scheme, the hub's path or below
 * it, on whatever host?  Since any host will do, none is looked at: one that
 * is wrong for us may be right for others, say a name that is not ASCII.  So
 * every topic has a path, and only a lack of memory or room is a failure.
 *
 * The base is the hub's folder and not the hub, which is the same for all
 * topics but those that have no path of their own ("?x", "#x"): they are left
 * to protocol 1.0.
 */
static enum err
find_reserved(bool *reserved, struct slice topic, struct slice scheme)
{
	const struct url base = { .part = { [URL_SCHEME] = scheme,
				      [URL_HOST] = slice_of(""),
				      [URL_PATH] = slice_of(HUB_FOLDER) },
		.is_special = true };
	struct url u = { .is_special = false };
	struct slice path;
	struct buf normal;
	enum err e;

	buf_init(&normal, URL_HREF_MAX);
	if ((e = url_parse(&u, topic, &base, URL_SKIP_AUTHORITY)) != ERR_OK)
		goto out;
	path = u.part[URL_PATH];
	if (!u.has_opaque_path && memchr(path.base, '%', path.len) != NULL) {
		url_normalize_path(&normal, path);
		path = buf_view(&normal);
		if ((e = normal.err) != ERR_OK)
			goto out;
	}
	*reserved = is_at_hub(path);
out:
	buf_free(&normal);
	url_free(&u);
	return e;
}

enum err
topic_check_selector(
    struct slice selector, size_t length_max, struct problem *p)
{
	if (selector.len == 0)
		return problem_set(p, ERR_SYNTAX, "A topic must not be empty.");
	if (selector.len > length_max)
		return problem_set(p, ERR_LIMIT,
		    "A topic must not be longer than %zu bytes "
		    "(MERCURE_MAX_TOPIC_LENGTH).",
		    length_max);
	if (!utf8_valid(selector))
		return problem_set(p, ERR_SYNTAX, "A topic must be UTF-8.");
	if (utf8_has_control(selector))
		return problem_set(
		    p, ERR_SYNTAX, "A topic must not hold control characters.");
	return ERR_OK;
}

/* "http:x" is relative to a hub of the same scheme only, and x a host for
 * another.  All else means the same for both. */
static bool
depends_on_scheme(struct slice topic)
{
	struct slice rest = topic, scheme;

	slice_cut(&rest, ':', &scheme);
	return rest.base != NULL && !slice_starts(rest, "//");
}

enum err
topic_check(struct slice topic, size_t length_max, struct problem *p)
{
	enum err e = topic_check_selector(topic, length_max, p);
	bool reserved = false;

	if (e != ERR_OK)
		return e;
	if (slice_is(topic, "*"))
		return problem_set(p, ERR_DENIED,
		    "The topic * means every topic: "
		    "it can be subscribed to, not published to.");
	e = find_reserved(&reserved, topic, slice_of("https"));
	if (e == ERR_OK && !reserved && depends_on_scheme(topic))
		e = find_reserved(&reserved, topic, slice_of("http"));
	if (e != ERR_OK)
		return problem_set(
		    p, e, "The topic cannot be checked: %s.", err_text(e));
	if (reserved)
		return problem_set(p, ERR_DENIED,
		    "Topics at or below /.well-known/mercure are reserved "
		    "for the hub.");
	return ERR_OK;
}
