/* SPDX-License-Identifier: MIT */
/* cmd_publish.c - pushcgi publish: appends an update to the local queue. */
#include <errno.h>
#include <unistd.h>

#include "cmd.h"
#include "mem.h"
#include "queue.h"
#include "topic.h"
#include "update.h"

#define RETRY_MAX_MS 999999999

static const struct cmd_option options[] = {
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
	{ .name = NULL },
};

/* All topics as one slice, the canonical one first; see topic.h. */
static enum err
join_topics(struct buf *out, const struct cmd_line *l, const struct config *c,
    struct fault *f)
{
	struct slice *alternates = NULL;
	size_t n = 0;
	enum err e;

	/* A line break in one of them would count as a further topic. */
	e = topic_check(l->operands[0], c->topic_length_max, f);
	if (e != ERR_OK)
		goto out;
	buf_slice(out, l->operands[0]);
	if ((e = cmd_line_list(&alternates, &n, l, "alternate")) != ERR_OK)
		goto out;
	for (size_t i = 0; i < n; i++) {
		e = topic_check(alternates[i], c->topic_length_max, f);
		if (e != ERR_OK)
			goto out;
		buf_byte(out, '\n');
		buf_slice(out, alternates[i]);
	}
	e = out->err;
out:
	mem_free(alternates);
	return e;
}

static enum err
data_too_long(const struct config *c, struct fault *f)
{
	return fault_set(f, ERR_LIMIT,
	    "The data is longer than MERCURE_MAX_BODY allows (%llu bytes).",
	    (unsigned long long)c->body_max);
}

static enum err
read_input(struct buf *out, const struct config *c, struct fault *f)
{
	char part[16384];
	ssize_t n;

	do {
		n = read(STDIN_FILENO, part, sizeof(part));
		if (n > 0)
			buf_add(out, part, (size_t)n);
	} while ((n > 0 && out->err == ERR_OK) || (n < 0 && errno == EINTR));

	if (n < 0)
		return fault_set(
		    f, ERR_IO, "The data cannot be read from standard input.");
	return out->err == ERR_LIMIT ? data_too_long(c, f) : out->err;
}

static enum err
take_data(struct buf *out, const struct cmd_line *l, const struct config *c,
    struct fault *f)
{
	if (l->operands_n < 2)
		return ERR_OK;
	if (slice_is(l->operands[1], "-"))
		return read_input(out, c, f);
	buf_slice(out, l->operands[1]);
	return out->err == ERR_LIMIT ? data_too_long(c, f) : out->err;
}

static enum err
append(const struct update *u, const struct config *c, struct fault *f)
{
	const struct queue_settings settings = { .url = c->transport_url,
		.rows_max = c->history_rows_max,
		.age_max_s = c->history_age_max_s,
		.bytes_max = c->history_bytes_max,
		.lock_timeout_ms = CMD_LOCK_TIMEOUT_MS,
		.full = strcmp(c->durability, "full") == 0 };
	struct queue *q = NULL;
	enum err e;

	if ((e = queue_open(&q, &settings, QUEUE_WRITE, f)) != ERR_OK)
		return e;
	if ((e = queue_append(q, &u, 1, f)) == ERR_OK)
		queue_wake(q);
	queue_close(q);
	return e;
}

static struct update
options_of(const struct cmd_line *l)
{
	return (struct update){ .id = cmd_line_text(l, "id"),
		.type = cmd_line_text(l, "type"),
		.retry_ms = (uint32_t)cmd_line_number(l, "retry", 0),
		.has_retry = cmd_line_has(l, "retry"),
		.private = cmd_line_has(l, "private"),
		.kind = UPDATE_APPLICATION };
}

static enum err
publish_run(struct buf *out, const struct cmd_line *l, const struct config *c,
    struct fault *f)
{
	const struct update_limits limits = { .topics_max = c->topics_max,
		.topic_length_max = c->topic_length_max };
	struct update u = options_of(l);
	struct update_box *box = NULL;
	struct buf topics, data;
	enum err e;

	buf_init(&topics, SIZE_MAX - 1);
	buf_init(&data, c->body_max);
	if (cmd_hub_is_elsewhere(c)) {
		e = fault_set(f, ERR_UNSUPPORTED,
		    "Publishing to an external hub (MERCURE_HUB_URL) comes in "
		    "a later version; unset it, or make it equal to "
		    "MERCURE_PUBLIC_HUB_URL, to publish on this machine.");
		goto out;
	}
	if ((e = join_topics(&topics, l, c, f)) != ERR_OK)
		goto out;
	if ((e = take_data(&data, l, c, f)) != ERR_OK)
		goto out;

	u.topics = buf_view(&topics);
	u.data = buf_view(&data);
	if (c->type_is_topic && u.type.len == 0)
		u.type = l->operands[0];
	if ((e = update_new(&box, &u, &limits, f)) != ERR_OK)
		goto out;
	if ((e = append(update_view(box), c, f)) != ERR_OK)
		goto out;
	buf_slice(out, update_view(box)->id);
	buf_byte(out, '\n');
out:
	update_free(box);
	buf_free(&topics);
	buf_free(&data);
	return e;
}

const struct cmd cmd_publish = {
	.name = "publish",
	.operands = "TOPIC [DATA | -]",
	.operands_min = 1,
	.operands_max = 2,
	.help = "Publish DATA (-: standard input) and print its id.",
	.options = options,
	.configured = true,
	.run = publish_run,
};
