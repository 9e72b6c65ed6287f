/* SPDX-License-Identifier: MIT */
/* cmd_connected.c - pushcgi connected: is somebody there, as an exit code. */
#include "cmd.h"
#include "json.h"
#include "mem.h"

#define ID_MAX 4096

static const struct cmd_option options[] = {
	{ .name = "count", .help = "print how many there are" },
	{ .name = NULL },
};

/* A member that the payload must have. */
struct member {
	struct slice name, text;
	json_t *json; /* `text` as JSON; NULL: it is none */
};

struct asking {
	struct member *members;
	size_t members_n;
	uint64_t found;
	enum err err;
};

static enum err
read_member(struct member *m, struct slice operand, struct fault *f)
{
	enum err e;

	m->text = operand;
	slice_cut(&m->text, '=', &m->name);
	if (m->text.base == NULL)
		return fault_set(f, ERR_SYNTAX,
		    "What the payload must have is written KEY=VALUE; a topic "
		    "stands before it.");
	e = json_parse(&m->json, m->text);
	return e == ERR_SYNTAX ? ERR_OK : e;
}

static enum err
read_members(struct asking *a, const struct cmd_line *l, struct fault *f)
{
	enum err e = ERR_OK;

	a->members = mem_calloc(l->operands_n, sizeof(*a->members));
	if (a->members == NULL)
		return ERR_NOMEM;
	while (e == ERR_OK && a->members_n + 1 < l->operands_n) {
		struct member *m = &a->members[a->members_n++];

		e = read_member(m, l->operands[a->members_n], f);
	}
	return e;
}

/* A text as it is, anything else as JSON. */
static bool
is_value(const json_t *value, const struct member *m)
{
	const struct slice text = { json_string_value(value),
		json_string_length(value) };

	return json_is_string(value) ? slice_eq(text, m->text)
				     : json_equal(value, m->json);
}

static bool
has_member(json_t *payload, const struct member *m)
{
	void *at = json_object_iter(payload);

	for (; at != NULL; at = json_object_iter_next(payload, at))
		if (slice_is(m->name, json_object_iter_key(at)))
			return is_value(json_object_iter_value(at), m);
	return false;
}

static bool
has_all(json_t *payload, const struct asking *a)
{
	for (size_t i = 0; i < a->members_n; i++)
		if (!has_member(payload, &a->members[i]))
			return false;
	return true;
}

static void
look_at(void *arg, const struct subscription_view *v)
{
	struct asking *a = arg;
	json_t *payload = NULL;
	enum err e;

	if (a->members_n == 0) {
		a->found++;
		return;
	}
	if ((e = json_parse(&payload, v->payload)) == ERR_NOMEM)
		a->err = e;
	if (e != ERR_OK)
		return;
	if (has_all(payload, a))
		a->found++;
	json_decref(payload);
}

static enum err
connected_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct fault *f)
{
	struct asking a = { .err = ERR_OK };
	struct buf last_id;
	enum err e;

	buf_init(&last_id, ID_MAX);
	if ((e = read_members(&a, l, f)) == ERR_OK)
		e = cmd_list_subscriptions(
		    h, l->operands[0], look_at, &a, &last_id, f);
	if (e == ERR_OK)
		e = a.err;
	if (e == ERR_OK && cmd_line_has(l, "count"))
		buf_printf(out, "%llu\n", (unsigned long long)a.found);
	if (e == ERR_OK && a.found == 0)
		e = ERR_NOTFOUND;
	for (size_t i = 0; i < a.members_n; i++)
		json_decref(a.members[i].json);
	mem_free(a.members);
	buf_free(&last_id);
	return e;
}

const struct cmd cmd_connected = {
	.name = "connected",
	.operands = "TOPIC [KEY=VALUE ...]",
	.operands_min = 1,
	.operands_max = SIZE_MAX,
	.help = "Exit with 0 if somebody subscribes to TOPIC, else 1.",
	.options = options,
	.configured = true,
	.asks = true,
	.run = connected_run,
};
