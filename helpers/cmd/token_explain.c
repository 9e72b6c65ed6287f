/* SPDX-License-Identifier: MIT */
/* token_explain.c - pushcgi token-explain: why a token is valid or not. */
#include "base/clock.h"
#include "cmd/list.h"
#include "cmd/token.h"
#include "config/key_sets.h"
#include "lib/handle.h"
#include "queue/keys.h"

#define INPUT_MAX 65536 /* many times what a token may have */

static const struct cmd_option options[] = {
	{ .name = "role",
	    .value = "ROLE",
	    .help = "as a subscriber, or a publisher; default: both" },
	{ .name = "json", .help = "print it as JSON" },
	{ .name = NULL },
};

static const char *const roles[CONFIG_ROLES] = {
	[CONFIG_PUBLISHERS] = "publisher",
	[CONFIG_SUBSCRIBERS] = "subscriber",
};

static enum err
check_role(const struct cmd_line *l, struct problem *p)
{
	const struct slice given = cmd_line_text(l, "role");

	if (!cmd_line_has(l, "role"))
		return ERR_OK;
	for (size_t i = 0; i < CONFIG_ROLES; i++)
		if (slice_is(given, roles[i]))
			return ERR_OK;
	return problem_set(
	    p, ERR_SYNTAX, "--role needs subscriber or publisher.");
}

static struct slice
without_ends(struct slice text)
{
	static const char blanks[] = " \t\r\n";

	while (text.len > 0 && strchr(blanks, text.base[text.len - 1]) != NULL)
		text.len--;
	while (text.len > 0 && strchr(blanks, text.base[0]) != NULL)
		text = slice_after(text, 1);
	return text;
}

static enum err
read_token(struct buf *out, const struct cmd_line *l, struct problem *p)
{
	enum err e = cmd_read_all(l, out, p);

	if (e == ERR_LIMIT)
		return problem_set(p, e,
		    "Standard input has more bytes than any token: give the "
		    "token alone.");
	if (e == ERR_OK && without_ends(buf_view(out)).len == 0)
		return problem_set(
		    p, ERR_SYNTAX, "There is no token on standard input.");
	return e;
}

/* The keys at a URL, as the hub has fetched them last. */
static enum err
load_fetched(
    struct cmd_token *t, struct pushcgi *h, const char *url, struct problem *p)
{
	const struct config *c = h->config;
	struct queue_keys known = { 0 };
	struct queue *q;
	struct buf text;
	enum err e;

	buf_init(&text, QUEUE_KEYS_MAX);
	if ((e = handle_queue(h, &q, p)) != ERR_OK)
		goto out;
	e = queue_keys_read(q, slice_of(url), &known, &text);
	if (e == ERR_NOTFOUND ||
	    (e == ERR_OK && !jwks_is_usable(&known, clock_real_ms()))) {
		e = problem_set(p, ERR_UNSUPPORTED,
		    "%s: the hub has not fetched these keys yet, or not for "
		    "too long: its log says why.",
		    t->setting);
		goto out;
	}
	if (e == ERR_OK)
		e = jws_keys_fetched(&t->keys, buf_view(&text),
		    t->role == CONFIG_PUBLISHERS ? c->publisher_alg
						 : c->subscriber_alg,
		    p);
out:
	buf_free(&text);
	return e;
}

/* That no key is set is an answer. */
static enum err
load_keys(struct cmd_token *t, struct pushcgi *h, struct problem *p)
{
	const char *url = NULL;
	enum err e;

	if ((e = config_keys_url(&url, h->config, t->role, p)) != ERR_OK)
		return e;
	if (url != NULL)
		return load_fetched(t, h, url, p);
	e = config_keys_new(&t->keys, h->config, t->role, &t->why);
	if (e == ERR_NOTFOUND)
		return ERR_OK;
	return e == ERR_OK ? e : problem_set(p, e, "%s", t->why.text);
}

static bool
get_token(void *arg, const struct dialect *d, struct slice *token)
{
	(void)d;
	*token = *(struct slice *)arg;
	return true;
}

/* As the hub does it: authorize.c. */
static const struct dialect *
dialect_of(const struct pushcgi *h, struct slice token)
{
	struct dialects in_force;

	if (dialects_read(&in_force, slice_of(h->config->protocol_versions)) !=
	    NULL)
		return NULL;
	return dialects_of_token(&in_force, get_token, &token);
}

static enum err
examine(struct cmd_token *t, struct pushcgi *h, struct slice token,
    struct problem *p)
{
	struct verifier v;
	enum err e;

	t->setting = config_keys_setting(h->config, t->role);
	t->bytes = token.len;
	t->now_ms = clock_real_ms();
	t->failed = TOKEN_KEY;
	jws_peek(&t->peek, token);
	if ((e = load_keys(t, h, p)) != ERR_OK || t->keys == NULL)
		return e;
	v = (struct verifier){ .dialect = dialect_of(h, token),
		.keys = t->keys };
	e = token_verify(&t->grant, &t->failed, token, &v, t->now_ms,
	    h->config->matchers_max, &t->why);
	if (e == ERR_NOMEM)
		return problem_set(p, e, "Out of memory.");
	return ERR_OK;
}

static enum err
explain(struct buf *out, bool *accepted, const struct cmd_line *l,
    struct pushcgi *h, enum config_role role, struct slice token,
    struct problem *p)
{
	struct cmd_token t = { .role = role };
	enum err e = examine(&t, h, token, p);

	if (e == ERR_OK && cmd_line_has(l, "json"))
		cmd_token_json(out, &t);
	else if (e == ERR_OK)
		cmd_token_text(out, &t);
	*accepted |= t.grant != NULL;
	grant_unref(t.grant);
	jws_keys_free(t.keys);
	return e;
}

/* Subscribers first: their tokens are many, and made in more places. */
static enum err
explain_all(struct buf *out, bool *accepted, const struct cmd_line *l,
    struct pushcgi *h, struct slice token, struct problem *p)
{
	static const enum config_role order[] = { CONFIG_SUBSCRIBERS,
		CONFIG_PUBLISHERS };
	const struct slice wanted = cmd_line_text(l, "role");
	const size_t start = out->len;
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < CONFIG_ROLES; i++) {
		if (cmd_line_has(l, "role") &&
		    !slice_is(wanted, roles[order[i]]))
			continue;
		if (out->len > start)
			buf_text(out, cmd_line_has(l, "json") ? "," : "\n");
		e = explain(out, accepted, l, h, order[i], token, p);
	}
	return e;
}

static enum err
token_explain_run(struct buf *out, const struct cmd_line *l, struct pushcgi *h,
    struct problem *p)
{
	const bool json = cmd_line_has(l, "json");
	bool accepted = false;
	struct buf input;
	enum err e;

	buf_init(&input, INPUT_MAX);
	if ((e = read_token(&input, l, p)) != ERR_OK)
		goto out;
	buf_text(out, json ? "[" : "");
	e = explain_all(
	    out, &accepted, l, h, without_ends(buf_view(&input)), p);
	buf_text(out, json ? "]\n" : "");
	if (e == ERR_OK && !accepted)
		e = ERR_NOTFOUND;
out:
	buf_wipe(&input);
	return e;
}

const struct cmd cmd_token_explain = {
	.name = "token-explain",
	.operands = "",
	.help = "Explain whether the hub accepts the token on standard input.",
	.options = options,
	.configured = true,
	.asks = true,
	.check = check_role,
	.run = token_explain_run,
};
