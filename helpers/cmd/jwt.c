/* SPDX-License-Identifier: MIT */
/* jwt.c - pushcgi subscriber-jwt and publisher-jwt: access tokens. */
#include "base/mem.h"
#include "cmd/cmd.h"

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

/* No topic given: none for a subscriber, all for a publisher. */
static enum pushcgi_result
mint_subscriber(struct pushcgi *h, char **out, const char *const *topics,
    size_t n, const char *payload, int64_t lifetime_s)
{
	return pushcgi_subscriber_token(h, out, topics, n, payload, lifetime_s);
}

static enum pushcgi_result
mint_publisher(struct pushcgi *h, char **out, const char *const *topics,
    size_t n, const char *payload, int64_t lifetime_s)
{
	static const char *const any = "*";

	(void)payload;
	return n > 0 ? pushcgi_publisher_token(h, out, topics, n, lifetime_s)
		     : pushcgi_publisher_token(h, out, &any, 1, lifetime_s);
}

typedef enum pushcgi_result mint_fn(struct pushcgi *h, char **out,
    const char *const *topics, size_t n, const char *payload,
    int64_t lifetime_s);

static enum err
jwt_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    mint_fn *mint, uint64_t lifetime_absent_s, struct problem *p)
{
	int64_t lifetime_s =
	    (int64_t)cmd_line_number(l, "lifetime", lifetime_absent_s);
	const char *payload = cmd_line_text(l, "payload").base;
	struct slice *selectors = NULL;
	const char **topics = NULL;
	char *token = NULL;
	size_t n = 0;
	enum err e;

	if ((e = cmd_line_list(&selectors, &n, l, "topic")) != ERR_OK) {
		e = problem_set(p, e, "Out of memory.");
		goto out;
	}
	if ((e = cmd_texts(&topics, selectors, n, p)) != ERR_OK)
		goto out;
	e = cmd_end(h, mint(h, &token, topics, n, payload, lifetime_s), p);
	if (e == ERR_OK)
		cmd_add_line(out, token);
out:
	mem_free(topics);
	mem_free(selectors);
	return e;
}

static enum err
subscriber_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	return jwt_run(out, l, h, mint_subscriber, SUBSCRIBER_LIFETIME_S, p);
}

static enum err
publisher_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	return jwt_run(out, l, h, mint_publisher, PUBLISHER_LIFETIME_S, p);
}

const struct cmd cmd_subscriber_jwt = {
	.name = "subscriber-jwt",
	.operands = "",
	.help = "Print an access token for subscribers.",
	.options = subscriber_options,
	.configured = true,
	.run = subscriber_run,
};

const struct cmd cmd_publisher_jwt = {
	.name = "publisher-jwt",
	.operands = "",
	.help = "Print an access token for publishers.",
	.options = publisher_options,
	.configured = true,
	.run = publisher_run,
};
