/* SPDX-License-Identifier: MIT */
/* jwt.c - pushcgi subscriber-jwt and publisher-jwt: access tokens. */
#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/list.h"
#include "lib/token.h"

#define SUBSCRIBER_LIFETIME_S 3600
#define PUBLISHER_LIFETIME_S 0

static const struct cmd_option subscriber_options[] = {
	{ .name = "topic",
	    .letter = 't',
	    .value = "TOPIC",
	    .repeats = true,
	    .help = "allow private updates of TOPIC; default: none" },
	{ .name = "lifetime",
	    .value = "S",
	    .number_max = CMD_LIFETIME_MAX_S,
	    .help = "expire in S seconds, 0: never; default: 3600" },
	{ .name = "payload",
	    .value = "JSON",
	    .help = "what the hub shows with the subscription" },
	{ .name = NULL },
};

static const struct cmd_option publisher_options[] = {
	{ .name = "topic",
	    .letter = 't',
	    .value = "TOPIC",
	    .repeats = true,
	    .help = "allow publishing to TOPIC; default: *" },
	{ .name = "lifetime",
	    .value = "S",
	    .number_max = CMD_LIFETIME_MAX_S,
	    .help = "expire in S seconds, 0: never; default: 0" },
	{ .name = NULL },
};

static enum err
subscriber_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	struct slice *selectors = NULL;
	size_t n = 0;
	enum err e = cmd_line_list(&selectors, &n, l, "topic");

	if (e == ERR_OK)
		e = handle_subscriber_token(h, out, selectors, n,
		    cmd_line_text(l, "payload"),
		    (int64_t)cmd_line_number(
			l, "lifetime", SUBSCRIBER_LIFETIME_S),
		    p);
	buf_byte(out, '\n');
	mem_free(selectors);
	return e;
}

/* Without --topic it may publish to all. */
static enum err
publisher_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	const struct slice any = slice_of("*");
	struct slice *selectors = NULL;
	size_t n = 0;
	enum err e = cmd_line_list(&selectors, &n, l, "topic");

	if (e == ERR_OK)
		e = handle_publisher_token(h, out, n > 0 ? selectors : &any,
		    n > 0 ? n : 1,
		    (int64_t)cmd_line_number(
			l, "lifetime", PUBLISHER_LIFETIME_S),
		    p);
	buf_byte(out, '\n');
	mem_free(selectors);
	return e;
}

const struct cmd cmd_subscriber_jwt = {
	.name = "subscriber-jwt",
	.operands = "",
	.help = "Print an access token for subscribers.",
	.options = subscriber_options,
	.configured = true,
	.answers = true,
	.run = subscriber_run,
};

const struct cmd cmd_publisher_jwt = {
	.name = "publisher-jwt",
	.operands = "",
	.help = "Print an access token for publishers.",
	.options = publisher_options,
	.configured = true,
	.answers = true,
	.run = publisher_run,
};
