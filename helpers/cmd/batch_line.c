/* SPDX-License-Identifier: MIT */
/* batch_line.c - from fields of JSON to those of an update. */
#include "cmd/batch_line.h"

#include "base/mem.h"

#define RETRY_MAX_MS 999999999

/* NULL: not a text, or one that C would cut at a NUL. */
static const char *
text_of(const json_t *value)
{
	const struct slice text = json_slice(value);

	return text.base != NULL && memchr(text.base, '\0', text.len) == NULL
		   ? text.base
		   : NULL;
}

static enum err
read_topic(struct batch_line *l, json_t *value)
{
	size_t n = json_is_array(value) ? json_array_size(value) : 1;

	if (n == 0 || (l->topics = mem_calloc(n, sizeof(*l->topics))) == NULL)
		return n == 0 ? ERR_SYNTAX : ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		json_t *one =
		    json_is_array(value) ? json_array_get(value, i) : value;

		if ((l->topics[i] = text_of(one)) == NULL)
			return ERR_SYNTAX;
	}
	l->update.topics = l->topics;
	l->update.topics_n = n;
	return ERR_OK;
}

static enum err
read_data(struct batch_line *l, json_t *value)
{
	l->update.data = text_of(value);
	l->update.data_len = json_string_length(value);
	return l->update.data != NULL ? ERR_OK : ERR_SYNTAX;
}

static enum err
read_id(struct batch_line *l, json_t *value)
{
	l->update.id = text_of(value);
	return l->update.id != NULL ? ERR_OK : ERR_SYNTAX;
}

static enum err
read_type(struct batch_line *l, json_t *value)
{
	l->update.type = text_of(value);
	return l->update.type != NULL ? ERR_OK : ERR_SYNTAX;
}

static enum err
read_private(struct batch_line *l, json_t *value)
{
	if (json_is_true(value))
		l->update.flags |= PUSHCGI_PRIVATE;
	return json_is_boolean(value) ? ERR_OK : ERR_SYNTAX;
}

static enum err
read_retry(struct batch_line *l, json_t *value)
{
	json_int_t ms = json_integer_value(value);

	if (!json_is_integer(value) || ms < 0 || ms > RETRY_MAX_MS)
		return ERR_SYNTAX;
	l->update.retry_ms = (uint32_t)ms;
	l->update.flags |= PUSHCGI_RETRY;
	return ERR_OK;
}

static const struct {
	const char *name;
	enum err (*read)(struct batch_line *l, json_t *value);
	const char *must;
} fields[] = {
	{ "topic", read_topic, "a text without NUL, or a list of such texts" },
	{ "data", read_data, "a text without NUL" },
	{ "id", read_id, "a text without NUL" },
	{ "type", read_type, "a text without NUL" },
	{ "private", read_private, "true or false" },
	{ "retry", read_retry, "a whole number of milliseconds" },
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static enum err
read_field(
    struct batch_line *l, const char *name, json_t *value, struct problem *p)
{
	size_t i = 0;
	enum err e;

	while (i < FIELDS && strcmp(fields[i].name, name) != 0)
		i++;
	if (i == FIELDS)
		return problem_set(p, ERR_SYNTAX,
		    "there is no field \"%.60s\", but topic, data, id, type, "
		    "private and retry.",
		    name);
	e = fields[i].read(l, value);
	return e != ERR_SYNTAX ? e
			       : problem_set(p, e, "\"%s\" must be %s.",
				     fields[i].name, fields[i].must);
}

enum err
batch_line_parse(struct batch_line *out, struct slice text, struct problem *p)
{
	struct batch_line l = { .json = NULL };
	enum err e = json_parse(&l.json, text);
	void *at;

	if (e == ERR_SYNTAX || (e == ERR_OK && !json_is_object(l.json))) {
		e = problem_set(p, ERR_SYNTAX,
		    "it is not a JSON object with each name once, such as "
		    "{\"topic\":\"t\",\"data\":\"x\"}.");
		goto out;
	}
	if (e != ERR_OK)
		goto out;
	for (at = json_object_iter(l.json); e == ERR_OK && at != NULL;
	     at = json_object_iter_next(l.json, at))
		e = read_field(&l, json_object_iter_key(at),
		    json_object_iter_value(at), p);
	if (e == ERR_OK && l.topics == NULL)
		e = problem_set(p, ERR_SYNTAX, "\"topic\" is missing.");
	if (e != ERR_OK)
		goto out;

	*out = l;
	l = (struct batch_line){ .json = NULL };
out:
	batch_line_free(&l);
	return e;
}

void
batch_line_free(struct batch_line *l)
{
	mem_free(l->topics);
	json_decref(l->json);
}
