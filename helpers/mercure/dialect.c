/* SPDX-License-Identifier: MIT */
/* dialect.c - finds the dialect (generation of the protocol) of a request. */
#include "mercure/dialect.h"

#include "jose/jws.h"
#include "mercure/dialect_0x.h"

/* All dialects of this program, the newest first. */
#define BUILT(X) X(dialect_0x, DIALECT_0X_VERSION)

#define TABLE(dialect, version) &(dialect),
#define NAME(dialect, version) " " version

static const struct dialect *const built[] = { BUILT(TABLE) };

#define BUILT_N (sizeof(built) / sizeof(built[0]))

_Static_assert(BUILT_N <= DIALECTS_MAX, "all dialects may be in force at once");

static bool
is_listed(struct slice versions, const char *version)
{
	struct slice word;

	while (slice_cut(&versions, ' ', &word))
		if (slice_is(word, version))
			return true;
	return false;
}

static size_t
count_words(struct slice text)
{
	struct slice word;
	size_t n = 0;

	while (slice_cut(&text, ' ', &word))
		n += word.len > 0;
	return n;
}

const char *
dialects_read(struct dialects *out, struct slice versions)
{
	struct dialects set = { .n = 0 };

	for (size_t i = 0; i < BUILT_N; i++)
		if (is_listed(versions, built[i]->version))
			set.v[set.n++] = built[i];
	if (set.n == 0 || set.n < count_words(versions))
		return "must name versions, each once, of those that this "
		       "program has:" BUILT(NAME);
	*out = set;
	return NULL;
}

const struct dialect *
dialects_common(const struct dialects *in_force)
{
	return in_force->v[in_force->n - 1];
}

const struct dialect *
dialects_of_query(const struct dialects *in_force, const struct form *query)
{
	for (size_t i = 0; i < in_force->n; i++)
		if (in_force->v[i]->owns_query(query))
			return in_force->v[i];
	return dialects_common(in_force);
}

const struct dialect *
dialects_of_token(
    const struct dialects *in_force, dialect_token_fn *find, void *arg)
{
	for (size_t i = 0; i < in_force->n; i++) {
		const struct dialect *d = in_force->v[i];
		struct slice token;
		struct jws_peek peek;

		if (!find(arg, d, &token))
			continue;
		jws_peek(&peek, token);
		if (strcmp(peek.typ, d->token_typ) == 0)
			return d;
	}
	return dialects_common(in_force);
}

const struct dialect_param *
dialect_matcher_param(const struct dialect *d, struct slice name)
{
	for (const struct dialect_param *p = d->matcher_params; p->name; p++)
		if (slice_is(name, p->name))
			return p;
	return NULL;
}

const char *
dialect_param_name(const struct dialect *d, enum selector_kind kind)
{
	for (const struct dialect_param *p = d->matcher_params; p->name; p++)
		if (p->kind == kind)
			return p->name;
	return NULL;
}
