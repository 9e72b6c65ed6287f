/* SPDX-License-Identifier: MIT */
/* publish.c - pushcgi publish: an update from the command line. */
#include "lib/publish.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/list.h"
#include "text/json.h"

#define RETRY_MAX_MS 999999999

static const struct cmd_option options[] = {
	{ .name = "batch",
	    .help = "read updates as lines of JSON, print an id for each" },
	{ .name = "private",
	    .help = "only for subscribers whose token allows "
		    "a topic of it" },
	{ .name = "id",
	    .value = "ID",
	    .help = "its id; default: a random one" },
	{ .name = "type",
	    .value = "TYPE",
	    .help = "the event's type; default: message" },
	{ .name = "retry",
	    .value = "MS",
	    .number_max = RETRY_MAX_MS,
	    .help = "reconnection time for its receivers, milliseconds" },
	{ .name = "alternate",
	    .value = "TOPIC",
	    .repeats = true,
	    .help = "another topic of the same update" },
	{ .name = "json", .help = "print an object with the id" },
	{ .name = "quiet", .help = "do not print the id, for cron" },
	{ .name = NULL },
};

static enum err
data_too_long(const struct config *c, struct problem *p)
{
	return problem_set(p, ERR_LIMIT,
	    "The data is longer than MERCURE_MAX_BODY allows (%llu bytes).",
	    (unsigned long long)c->body_max);
}

static enum err
read_data(struct buf *out, const struct cmd_line *l, const struct config *c,
    struct problem *p)
{
	enum err e;

	if (l->operands_n < 2)
		return ERR_OK;
	if (slice_is(l->operands[1], "-")) {
		e = cmd_read_all(l, out, p);
	} else {
		buf_slice(out, l->operands[1]);
		e = out->err;
	}
	return e == ERR_LIMIT ? data_too_long(c, p) : e;
}

static unsigned
flags_of(const struct cmd_line *l)
{
	return (cmd_line_has(l, "private") ? PUSHCGI_PRIVATE : 0) |
	       (cmd_line_has(l, "retry") ? PUSHCGI_RETRY : 0);
}

/* The operand and all --alternate, to be freed. */
static enum err
join_topics(const char ***out, size_t *n, const struct cmd_line *l)
{
	struct slice *alternates = NULL;
	const char **topics = NULL;
	size_t more = 0;
	enum err e = cmd_line_list(&alternates, &more, l, "alternate");

	if (e == ERR_OK) {
		topics = mem_calloc(more + 1, sizeof(*topics));
		e = topics == NULL ? ERR_NOMEM : ERR_OK;
	}
	if (e != ERR_OK)
		goto out;
	topics[0] = l->operands[0].base;
	for (size_t i = 0; i < more; i++)
		topics[i + 1] = alternates[i].base;
	*out = topics;
	*n = more + 1;
out:
	mem_free(alternates);
	return e;
}

static enum err
publish_one(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	struct pushcgi_update u = { .id = cmd_line_text(l, "id").base,
		.type = cmd_line_text(l, "type").base,
		.retry_ms = (uint32_t)cmd_line_number(l, "retry", 0),
		.flags = flags_of(l) };
	const char **topics = NULL;
	struct buf data;
	char *id = NULL;
	size_t at;
	enum err e;

	buf_init(&data, h->config->body_max);
	if ((e = join_topics(&topics, &u.topics_n, l)) != ERR_OK)
		goto out;
	if ((e = read_data(&data, l, h->config, p)) != ERR_OK)
		goto out;
	u.topics = topics;
	u.data = data.base;
	u.data_len = data.len;
	if ((e = handle_publish(h, &id, &u, 1, &at, p)) != ERR_OK)
		goto out;
	if (cmd_line_has(l, "quiet"))
		goto out;
	if (cmd_line_has(l, "json")) {
		buf_text(out, "{\"id\":");
		json_write_text(out, slice_of(id));
		buf_text(out, "}\n");
	} else {
		buf_printf(out, "%s\n", id);
	}
out:
	mem_free(id);
	mem_free(topics);
	buf_free(&data);
	return e;
}

static enum err
check_batch(const struct cmd_line *l, struct problem *p)
{
	bool batch = cmd_line_has(l, "batch");

	if (cmd_line_has(l, "quiet") && cmd_line_has(l, "json"))
		return problem_set(
		    p, ERR_SYNTAX, "--quiet and --json exclude each other.");

	if (!batch && l->operands_n == 0)
		return problem_set(p, ERR_SYNTAX,
		    "Something is missing: pushcgi publish TOPIC [DATA | -].");
	if (!batch)
		return ERR_OK;
	for (const struct cmd_option *o = options; o->name != NULL; o++)
		if (strcmp(o->name, "batch") != 0 &&
		    strcmp(o->name, "json") != 0 && cmd_line_has(l, o->name))
			return problem_set(p, ERR_SYNTAX,
			    "--%s and --batch exclude each other: each line "
			    "says it.",
			    o->name);
	if (l->operands_n > 0)
		return problem_set(p, ERR_SYNTAX,
		    "A topic and --batch exclude each other: each line says "
		    "it.");
	return ERR_OK;
}

static enum err
publish_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	return cmd_line_has(l, "batch") ? cmd_publish_batch(l, h, p)
					: publish_one(out, l, h, p);
}

const struct cmd cmd_publish = {
	.name = "publish",
	.operands = "TOPIC [DATA | -]",
	.operands_max = 2,
	.help = "Publish DATA (-: standard input) and print its id.",
	.options = options,
	.configured = true,
	.answers = true,
	.check = check_batch,
	.run = publish_run,
};
