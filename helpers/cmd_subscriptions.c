/* SPDX-License-Identifier: MIT */
/* cmd_subscriptions.c - pushcgi subscriptions: who subscribes, to what. */
#include "cmd.h"
#include "subscription.h"

#define ID_MAX 4096

static const struct cmd_option options[] = {
	{ .name = "json", .help = "print the document of the hub's API" },
	{ .name = NULL },
};

struct printing {
	struct buf *out;
	struct slice topic; /* base NULL: any */
	struct buf last_id;
	bool json;
	size_t n;
};

static void
add_line(struct buf *out, const struct subscription_view *v)
{
	buf_slice(out, v->topic);
	buf_byte(out, '\t');
	buf_slice(out, v->subscriber);
	buf_byte(out, '\t');
	buf_slice(out, v->payload.base != NULL ? v->payload : slice_of("-"));
	buf_byte(out, '\n');
}

static void
begin(struct printing *p)
{
	if (p->json && p->n == 0)
		subscription_list_begin(
		    p->out, p->topic, buf_view(&p->last_id));
}

static void
add(void *arg, const struct subscription_view *v)
{
	struct printing *p = arg;

	begin(p);
	if (p->json)
		subscription_list_add(p->out, p->n == 0, v);
	else
		add_line(p->out, v);
	p->n++;
}

static void
end(struct printing *p)
{
	if (!p->json)
		return;
	begin(p);
	subscription_list_end(p->out);
	buf_byte(p->out, '\n');
}

static enum err
subscriptions_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct fault *f)
{
	struct printing p = { .out = out, .json = cmd_line_has(l, "json") };
	enum err e;

	buf_init(&p.last_id, ID_MAX);
	if (l->operands_n > 0)
		p.topic = l->operands[0];
	if ((e = cmd_list_subscriptions(h, p.topic, add, &p, &p.last_id, f)) !=
	    ERR_OK)
		goto out;
	end(&p);
	if ((e = out->err) == ERR_LIMIT)
		e = fault_set(f, e,
		    "There are more subscriptions than can be printed; ask "
		    "for those of one topic.");
out:
	buf_free(&p.last_id);
	return e;
}

const struct cmd cmd_subscriptions = {
	.name = "subscriptions",
	.operands = "[TOPIC]",
	.operands_max = 1,
	.help = "Print who subscribes: to anything, or to TOPIC.",
	.options = options,
	.configured = true,
	.run = subscriptions_run,
};
