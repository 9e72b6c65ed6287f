/* SPDX-License-Identifier: MIT */
/* fields.c - compares the head of a stream with what a hub sends. */
#include "check/fields.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include "check/cookie.h"
#include "text/digits.h"
#include "text/http_fields.h"
#include "text/shown.h"

#define SHOWN_MAX 60

struct changes {
	struct check_change *out;
	size_t n;
	struct slice head;
	const char *const *cookies;
};

static void __attribute__((format(printf, 4, 5))) add(struct changes *c,
    enum check_problem problem, bool is_bad, const char *fmt, ...)
{
	struct check_change *change = &c->out[c->n];
	va_list args;

	if (c->n == CHECK_CHANGES_MAX)
		return;
	c->n++;
	change->problem = problem;
	change->is_bad = is_bad;
	va_start(args, fmt);
	vsnprintf(change->text, sizeof(change->text), fmt, args);
	va_end(args);
}

static bool
is_word(struct slice a, const char *word)
{
	return a.len == strlen(word) && strncasecmp(a.base, word, a.len) == 0;
}

/* The value of `charset` among the parameters; base NULL: it has none. */
static struct slice
charset_of(struct slice type)
{
	struct slice parameter, name;

	slice_cut(&type, ';', &parameter);
	while (slice_cut(&type, ';', &parameter)) {
		parameter = slice_trim(parameter);
		slice_cut(&parameter, '=', &name);
		if (!is_word(name, "charset") || parameter.base == NULL)
			continue;
		if (parameter.len > 1 && parameter.base[0] == '"')
			parameter = (struct slice){ parameter.base + 1,
				parameter.len - 2 };
		return parameter;
	}
	return (struct slice){ NULL, 0 };
}

/* Chromium ends a stream of another charset than UTF-8. */
static void
compare_type(struct changes *c)
{
	const struct slice charset =
	    charset_of(http_fields_value(c->head, "Content-Type", 0));
	char shown[SHOWN_MAX];

	if (http_fields_value(c->head, "Content-Type", 1).base != NULL)
		add(c, CHECK_CHARSET, true,
		    "sends a second Content-Type with streams, so browsers "
		    "may refuse them");
	if (charset.base == NULL || is_word(charset, "utf-8"))
		return;
	shown_copy(shown, sizeof(shown), charset);
	add(c, CHECK_CHARSET, true,
	    "says that streams have the charset %s, so Chromium ends them: "
	    "they are in UTF-8",
	    shown);
}

/* Is the directive in one of the fields?  *any: there is such a field. */
static bool
has_directive(bool *any, struct slice head, const char *directive)
{
	struct slice value, word;

	for (size_t i = 0;; i++) {
		value = http_fields_value(head, "Cache-Control", i);
		if (value.base == NULL)
			return false;
		*any = true;
		while (slice_cut(&value, ',', &word))
			if (is_word(slice_trim(word), directive))
				return true;
	}
}

static void
compare_caching(struct changes *c)
{
	char shown[SHOWN_MAX];
	bool any = false;

	if (has_directive(&any, c->head, "no-store") ||
	    has_directive(&any, c->head, "no-cache") ||
	    has_directive(&any, c->head, "private"))
		return;
	shown_copy(shown, sizeof(shown),
	    http_fields_value(c->head, "Cache-Control", 0));
	add(c, CHECK_CACHING, true,
	    "replaces the hub's Cache-Control (private, no-store) by %s%s%s, "
	    "so "
	    "a cache may give one visitor's stream to another",
	    any ? "\"" : "", any ? shown : "none", any ? "\"" : "");
}

/* The URL is of this run alone, so even a young answer is an old one. */
static void
compare_age(struct changes *c)
{
	const struct slice age = http_fields_value(c->head, "Age", 0);
	uint64_t seconds;

	if (digits_parse(&seconds, age, UINT32_MAX) && seconds > 0)
		add(c, CHECK_CACHED, true,
		    "answers out of a cache (Age: %llu), and not from the hub",
		    (unsigned long long)seconds);
}

static bool
is_ours(const struct changes *c, struct slice name)
{
	for (size_t i = 0; c->cookies[i] != NULL; i++)
		if (slice_is(name, c->cookies[i]))
			return true;
	return false;
}

/* The hub never sets one. */
static void
compare_cookies(struct changes *c)
{
	char shown[SHOWN_MAX];

	for (size_t i = 0;; i++) {
		const struct slice value =
		    http_fields_value(c->head, "Set-Cookie", i);
		struct check_cookie cookie;

		if (value.base == NULL)
			return;
		if (!check_cookie_read(&cookie, value))
			continue;
		shown_copy(shown, sizeof(shown), cookie.name);
		if (is_ours(c, cookie.name))
			add(c, CHECK_SET_COOKIE, true,
			    "sets the cookie %s with each stream, which takes "
			    "from visitors what that cookie allowed them",
			    shown);
		else
			add(c, CHECK_NONE, false,
			    "sets the cookie %s with each stream, which the "
			    "hub does not",
			    shown);
	}
}

/* The hub sends it to origins that are listed, and never without an Origin. */
static void
compare_cors(struct changes *c)
{
	static const char name[] = "Access-Control-Allow-Origin";
	const struct slice value = http_fields_value(c->head, name, 0);
	char shown[SHOWN_MAX];

	if (value.base == NULL)
		return;
	shown_copy(shown, sizeof(shown), value);
	add(c, CHECK_FIELD_ADDED, false,
	    "adds %s: %s, which the hub does not: with two of them browsers "
	    "refuse streams of other origins",
	    name, shown);
}

static bool
has_vary_origin(struct slice head)
{
	struct slice value, word;

	for (size_t i = 0;; i++) {
		value = http_fields_value(head, "Vary", i);
		if (value.base == NULL)
			return false;
		while (slice_cut(&value, ',', &word))
			if (is_word(slice_trim(word), "Origin") ||
			    slice_is(slice_trim(word), "*"))
				return true;
	}
}

static void
compare_removed(struct changes *c)
{
	if (http_fields_value(c->head, "Link", 0).base == NULL)
		add(c, CHECK_NONE, false,
		    "removes the header Link, in which programs find the hub");
	if (!has_vary_origin(c->head))
		add(c, CHECK_NONE, false,
		    "removes the header Vary, without which caches mix up the "
		    "answers to pages of several origins");
}

size_t
check_fields(struct check_change out[CHECK_CHANGES_MAX], struct slice head,
    const char *const *cookies)
{
	struct changes c = { out, 0, head, cookies };

	compare_type(&c);
	compare_caching(&c);
	compare_age(&c);
	compare_cookies(&c);
	compare_cors(&c);
	compare_removed(&c);
	return c.n;
}
