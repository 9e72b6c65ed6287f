/* SPDX-License-Identifier: MIT */
/* session.c - pushcgi session: rights of the application's own sessions. */
#include "lib/session.h"
#include "base/clock.h"
#include "cmd/cmd.h"
#include "cmd/list.h"
#include "config/queue.h"
#include "match/selector.h"
#include "queue/sessions.h"
#include "text/json.h"

#define INPUT_MAX (2 * (SESSION_ID_MAX + 2))

static const struct cmd_option options[] = {
	{ .name = "lifetime",
	    .value = "SECONDS",
	    .number_max = CMD_LIFETIME_MAX_S,
	    .help = "grant: for how long, at least; it is never extended" },
	{ .name = "payload",
	    .value = "JSON",
	    .help = "grant: what the hub shows with its subscriptions" },
	{ .name = "replace",
	    .help = "grant: revoke all earlier rights of the session" },
	{ .name = "of",
	    .help = "list: only the session whose id is on standard input" },
	{ .name = "json", .help = "list: a line of JSON for each" },
	{ .name = NULL },
};

/* The ids on standard input, a line each: others would see them on a command
 * line. */
struct ids {
	struct buf text;
	struct slice line[2];
};

static enum err
split_ids(struct ids *ids, size_t n, struct problem *p)
{
	struct slice rest = buf_view(&ids->text);

	for (size_t i = 0; i < n; i++) {
		struct slice *line = &ids->line[i];

		*line = slice_of("");
		(void)slice_cut(&rest, '\n', line);
		if (line->len > 0 && line->base[line->len - 1] == '\r')
			line->len--;
		if (line->len == 0)
			return problem_set(p, ERR_SYNTAX,
			    n == 1 ? "Write the session id to standard input."
				   : "Write the old session id and the new "
				     "one to standard input, a line each.");
	}
	return rest.len == 0 ? ERR_OK : ERR_LIMIT;
}

/* Free with buf_wipe(&ids->text). */
static enum err
read_ids(struct ids *ids, const struct cmd_line *l, size_t n, struct problem *p)
{
	enum err e;

	buf_init(&ids->text, INPUT_MAX);
	if ((e = cmd_read_all(l, &ids->text, p)) == ERR_OK)
		e = split_ids(ids, n, p);
	if (e == ERR_LIMIT)
		return problem_set(
		    p, ERR_SYNTAX, "There is too much on standard input.");
	return e;
}

static enum err
grant_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	const struct handle_session_rights rights = {
		.selectors = l->operands + 1,
		.n = l->operands_n - 1,
		.payload = cmd_line_text(l, "payload"),
		.lifetime_s = (int64_t)cmd_line_number(l, "lifetime", 0),
		.replace = cmd_line_has(l, "replace"),
	};
	struct ids ids;
	enum err e;

	(void)out;
	/* To the function it means that none is given. */
	if (cmd_line_has(l, "lifetime") && rights.lifetime_s == 0)
		return problem_set(p, ERR_SYNTAX,
		    "The lifetime is not between 1 and %llu seconds.",
		    (unsigned long long)CMD_LIFETIME_MAX_S);
	if ((e = read_ids(&ids, l, 1, p)) == ERR_OK)
		e = handle_session_grant(h, ids.line[0], &rights, p);
	buf_wipe(&ids.text);
	return e;
}

static enum err
move_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	struct ids ids;
	enum err e;

	(void)out;
	if ((e = read_ids(&ids, l, 2, p)) == ERR_OK)
		e = handle_session_move(h, ids.line[0], ids.line[1], p);
	buf_wipe(&ids.text);
	return e;
}

static enum err
revoke_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	struct ids ids;
	enum err e;

	(void)out;
	if ((e = read_ids(&ids, l, 1, p)) == ERR_OK)
		e = handle_session_revoke(
		    h, ids.line[0], l->operands + 1, l->operands_n - 1, p);
	buf_wipe(&ids.text);
	return e;
}

struct listing {
	const struct cmd_line *l;
	struct buf *out;
	int64_t now_ms;
};

static void
write_key(struct buf *out, const struct session_key *key)
{
	for (size_t i = 0; i < sizeof(key->digest); i++)
		buf_printf(out, "%02x", key->digest[i]);
}

/* Key, seconds left, topics. */
static void
write_line(void *arg, const struct session *s, uint64_t number)
{
	const struct listing *l = arg;
	struct slice rest = s->topics;
	struct selector topic;

	(void)number;
	if (s->topics.len == 0)
		return; /* it was moved away */
	write_key(l->out, &s->key);
	buf_printf(
	    l->out, "\t%lld", (long long)(s->until_ms - l->now_ms) / 1000);
	while (selector_list_next(&rest, &topic)) {
		buf_byte(l->out, '\t');
		buf_slice(l->out, topic.text);
	}
	buf_byte(l->out, '\n');
}

static void
write_json(void *arg, const struct session *s, uint64_t number)
{
	const struct listing *l = arg;
	struct slice rest = s->topics;
	struct selector topic;
	const char *between = "";

	(void)number;
	if (s->topics.len == 0)
		return;
	buf_text(l->out, "{\"session\":\"");
	write_key(l->out, &s->key);
	buf_printf(l->out, "\",\"expires\":%lld,\"topics\":[",
	    (long long)s->until_ms / 1000);
	while (selector_list_next(&rest, &topic)) {
		buf_text(l->out, between);
		json_write_text(l->out, topic.text);
		between = ",";
	}
	buf_byte(l->out, ']');
	if (s->payload.base != NULL) {
		buf_text(l->out, ",\"payload\":");
		buf_slice(l->out, s->payload);
	}
	buf_text(l->out, "}\n");
}

static enum err
list_one(struct queue *q, queue_session_fn *each, struct listing *listing,
    struct problem *p)
{
	struct session_key key;
	struct ids ids;
	uint64_t number;
	enum err e;

	if ((e = read_ids(&ids, listing->l, 1, p)) == ERR_OK &&
	    (e = session_key(&key, ids.line[0], p)) == ERR_OK)
		e = queue_session_find(
		    q, &key, listing->now_ms, each, listing, &number);
	buf_wipe(&ids.text);
	return e;
}

static enum err
list_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	struct queue_settings settings;
	struct listing listing = { l, out, clock_real_ms() };
	queue_session_fn *each =
	    cmd_line_has(l, "json") ? write_json : write_line;
	struct queue *q = NULL;
	enum err e;

	if ((e = handle_has_sessions(h, p)) != ERR_OK)
		return e;
	if ((e = handle_queue_settings(h, &settings, p)) != ERR_OK ||
	    (e = queue_open(&q, &settings, QUEUE_READ, p)) != ERR_OK)
		return handle_queue_failed(h, e, p);
	e = cmd_line_has(l, "of")
		? list_one(q, each, &listing, p)
		: queue_sessions(q, listing.now_ms, each, &listing);
	queue_close(q);
	return e;
}

static const struct action {
	const char *name;
	size_t topics_min, topics_max;
	cmd_run *run;
} actions[] = {
	{ "grant", 1, SIZE_MAX - 1, grant_run },
	{ "move", 0, 0, move_run },
	{ "revoke", 0, SIZE_MAX - 1, revoke_run },
	{ "list", 0, 0, list_run },
};

static const struct action *
find_action(struct slice name)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (slice_is(name, actions[i].name))
			return &actions[i];
	return NULL;
}

/* "grant: for how long" belongs to grant. */
static bool
belongs(const struct cmd_option *o, const struct action *action)
{
	struct slice help = slice_of(o->help), owner;

	return slice_cut(&help, ':', &owner) && slice_is(owner, action->name);
}

static enum err
check_session(const struct cmd_line *l, struct problem *p)
{
	const struct action *action = find_action(l->operands[0]);

	if (action == NULL)
		return problem_set(p, ERR_SYNTAX,
		    "The first argument is grant, move, revoke or list.");
	if (l->operands_n - 1 < action->topics_min)
		return problem_set(p, ERR_SYNTAX,
		    "A topic is missing: pushcgi session grant TOPIC ...");
	if (l->operands_n - 1 > action->topics_max)
		return problem_set(p, ERR_SYNTAX,
		    "pushcgi session %s takes no topic.", action->name);
	for (const struct cmd_option *o = options; o->name != NULL; o++)
		if (cmd_line_has(l, o->name) && !belongs(o, action))
			return problem_set(p, ERR_SYNTAX,
			    "--%s does not belong to pushcgi session %s.",
			    o->name, action->name);
	return ERR_OK;
}

static enum err
session_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	return find_action(l->operands[0])->run(out, l, h, p);
}

const struct cmd cmd_session = {
	.name = "session",
	.operands = "grant|move|revoke|list [TOPIC ...]",
	.operands_min = 1,
	.operands_max = SIZE_MAX,
	.help = "Change what the session on standard input may receive.",
	.options = options,
	.configured = true,
	.answers = true,
	.check = check_session,
	.run = session_run,
};
