/* SPDX-License-Identifier: MIT */
/* update.c - checks an update and copies it into one block of memory. */
#include "mercure/update.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "base/uuid.h"
#include "match/topic.h"
#include "match/topic_list.h"
#include "mercure/count.h"
#include "text/digits.h"

#define FIELD_MAX 1024
#define RETRY_DIGITS_MAX 9
#define RETRY_MS_MAX 999999999

struct update_box {
	struct update view; /* its slices lie in `text` */
	size_t size;
	char text[];
};

static bool
has_byte(struct slice s, char c)
{
	return s.len > 0 && memchr(s.base, c, s.len) != NULL;
}

static enum err
check_id(struct slice id, struct problem *p)
{
	if (id.len > FIELD_MAX)
		return problem_set(p, ERR_LIMIT,
		    "The id must not be longer than %d bytes.", FIELD_MAX);
	if (!utf8_valid(id))
		return problem_set(p, ERR_SYNTAX, "The id must be UTF-8.");
	if (utf8_has_control(id))
		return problem_set(
		    p, ERR_SYNTAX, "The id must not hold control characters.");
	if (slice_trim(id).len != id.len)
		return problem_set(p, ERR_SYNTAX,
		    "The id must not start or end with a blank: clients send "
		    "it back without.");
	if (slice_starts(id, "#"))
		return problem_set(p, ERR_SYNTAX,
		    "The id must not start with #: "
		    "such ids are reserved for the hub.");
	if (slice_is(id, "earliest"))
		return problem_set(
		    p, ERR_SYNTAX, "The id \"earliest\" is reserved.");
	return ERR_OK;
}

static enum err
check_type(struct slice type, struct problem *p)
{
	if (type.len > FIELD_MAX)
		return problem_set(p, ERR_LIMIT,
		    "The type must not be longer than %d bytes.", FIELD_MAX);
	if (!utf8_valid(type))
		return problem_set(p, ERR_SYNTAX, "The type must be UTF-8.");
	if (has_byte(type, '\r') || has_byte(type, '\n') ||
	    has_byte(type, '\0'))
		return problem_set(p, ERR_SYNTAX,
		    "The type must not hold line breaks or NUL.");
	if (slice_is(type, "mercure") || slice_is(type, COUNT_EVENT))
		return problem_set(p, ERR_DENIED,
		    "The type \"%.*s\" is reserved for the hub.",
		    SLICE_ARG(type));
	return ERR_OK;
}

static enum err
check_data(struct slice data, struct problem *p)
{
	if (!utf8_valid(data))
		return problem_set(p, ERR_SYNTAX, "The data must be UTF-8.");
	if (has_byte(data, '\0'))
		return problem_set(
		    p, ERR_SYNTAX, "The data must not hold NUL.");
	return ERR_OK;
}

static enum err
check_topic_count(size_t n, size_t max, struct problem *p)
{
	if (n == 0)
		return problem_set(
		    p, ERR_SYNTAX, "At least one topic is needed.");
	if (n > max)
		return problem_set(p, ERR_LIMIT,
		    "An update must not have more than %zu topics "
		    "(MERCURE_MAX_TOPICS).",
		    max);
	return ERR_OK;
}

static struct slice
put(struct update_box *box, struct slice s)
{
	char *at = box->text + box->size;

	if (s.len > 0)
		memcpy(at, s.base, s.len);
	box->size += s.len;
	return (struct slice){ s.base != NULL ? at : NULL, s.len };
}

/* Check all but the topics, which the caller has checked, and copy them. */
static enum err
box_new(struct update_box **out, const struct update *u, struct problem *p)
{
	static const struct slice absent = { NULL, 0 };
	struct update_box *box;
	char urn[UUID_URN_SIZE];
	struct slice id = u->id;
	enum err e;

	if ((e = check_id(id, p)) != ERR_OK ||
	    (e = check_type(u->type, p)) != ERR_OK ||
	    (e = check_data(u->data, p)) != ERR_OK)
		return e;
	if (u->has_retry && u->retry_ms > RETRY_MS_MAX)
		return problem_set(p, ERR_SYNTAX,
		    "The retry must not be more than %d ms.", RETRY_MS_MAX);
	if (id.len == 0) {
		uuid_urn(urn);
		id = slice_of(urn);
	}

	box = mem_calloc(1,
	    sizeof(*box) + u->topics.len + id.len + u->type.len + u->data.len);
	if (box == NULL)
		return problem_set(p, ERR_NOMEM, "Out of memory.");
	box->view = *u;
	box->view.topics = put(box, u->topics);
	box->view.id = put(box, id);
	box->view.type = put(box, u->type.len > 0 ? u->type : absent);
	box->view.data = put(box, u->data);
	*out = box;
	return ERR_OK;
}

enum err
update_new(struct update_box **out, const struct update *u,
    const struct update_limits *limits, struct problem *p)
{
	struct slice rest = u->topics, topic;
	size_t n = 0;
	enum err e;

	while (topic_list_next(&rest, &topic)) {
		e = topic_check(topic, limits->topic_length_max, p);
		if (e != ERR_OK)
			return e;
		n++;
	}
	if ((e = check_topic_count(n, limits->topics_max, p)) != ERR_OK)
		return e;
	return box_new(out, u, p);
}

/*
 * The form's topics as one list: borrowed if there is one, else in *joined,
 * which the caller frees.  Each is checked before it is joined, or a line
 * break in one would make two of it.
 */
static enum err
form_topics(struct slice *out, char **joined, const struct form *form,
    const struct update_limits *limits, struct problem *p)
{
	struct slice first = { NULL, 0 };
	size_t i, n = 0, len = 0;
	enum err e;
	char *at;

	for (i = 0; i < form_count(form); i++) {
		struct form_field field = form_at(form, i);

		if (!slice_is(field.name, "topic"))
			continue;
		e = topic_check(field.value, limits->topic_length_max, p);
		if (e != ERR_OK)
			return e;
		if (n++ == 0)
			first = field.value;
		len += field.value.len + 1;
	}
	if (n == 0 && form_has_list(form, "topic"))
		return problem_set(p, ERR_SYNTAX,
		    "Write topic=A&topic=B: a field named topic[] is not a "
		    "topic.");
	if ((e = check_topic_count(n, limits->topics_max, p)) != ERR_OK)
		return e;
	if (n == 1) {
		*out = first;
		return ERR_OK;
	}

	if ((at = *joined = mem_calloc(1, len)) == NULL)
		return problem_set(p, ERR_NOMEM, "Out of memory.");
	for (i = 0; i < form_count(form); i++) {
		struct form_field field = form_at(form, i);

		if (!slice_is(field.name, "topic"))
			continue;
		memcpy(at, field.value.base, field.value.len);
		at[field.value.len] = '\n';
		at += field.value.len + 1;
	}
	*out = (struct slice){ *joined, len - 1 };
	return ERR_OK;
}

static enum err
parse_retry(struct update *u, struct slice text, struct problem *p)
{
	uint64_t ms;

	if (text.len == 0)
		return ERR_OK;
	if (text.len > RETRY_DIGITS_MAX || !digits_parse(&ms, text, UINT32_MAX))
		return problem_set(p, ERR_SYNTAX,
		    "The retry must be 1 to %d digits: milliseconds.",
		    RETRY_DIGITS_MAX);
	u->retry_ms = (uint32_t)ms;
	u->has_retry = true;
	return ERR_OK;
}

enum err
update_from_form(struct update_box **out, const struct form *form,
    const struct update_limits *limits, struct problem *p)
{
	struct update u = { .kind = UPDATE_APPLICATION };
	char *joined = NULL;
	enum err e;

	e = form_topics(&u.topics, &joined, form, limits, p);
	if (e != ERR_OK)
		goto out;
	if ((e = parse_retry(&u, form_get(form, "retry"), p)) != ERR_OK)
		goto out;
	u.id = form_get(form, "id");
	u.type = form_get(form, "type");
	u.data = form_get(form, "data");
	u.private = form_get(form, "private").base != NULL;
	e = box_new(out, &u, p);
out:
	mem_free(joined);
	return e;
}

const struct update *
update_view(const struct update_box *box)
{
	return &box->view;
}

size_t
update_bytes(const struct update_box *box)
{
	return sizeof(*box) + box->size;
}

void
update_free(struct update_box *box)
{
	mem_free(box);
}
