/* SPDX-License-Identifier: MIT */
/* cmd_jwt.c - pushcgi subscriber-jwt and publisher-jwt: access tokens. */
#include "clock.h"
#include "cmd.h"
#include "config_keys.h"
#include "mem.h"
#include "token.h"

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
mint(struct buf *out, const struct token_rights *rights, const struct config *c,
    enum config_role role, struct fault *f)
{
	const char *setting = config_keys_setting(c, role);
	struct jws_keys *keys = NULL;
	enum err e;

	e = config_keys_new(&keys, c, role, f);
	if (e == ERR_NOTFOUND)
		return fault_set(f, e,
		    "No key to sign with: set %s or SECRET_KEY in the "
		    "configuration file; pushcgi gen-secret-key makes one.",
		    setting);
	if (e == ERR_OK && !jws_keys_have_secret(keys))
		e = fault_set(f, ERR_UNSUPPORTED,
		    "%s is a public key, which cannot sign tokens: make the "
		    "token where the private key is, or set a secret in its "
		    "place (pushcgi gen-secret-key makes one) and %s = HS256.",
		    setting,
		    role == CONFIG_PUBLISHERS ? "MERCURE_PUBLISHER_JWT_ALG"
					      : "MERCURE_SUBSCRIBER_JWT_ALG");
	if (e == ERR_OK)
		e = token_mint(out, rights, keys, f);
	jws_keys_free(keys);
	return e;
}

enum err
cmd_mint_subscriber(struct buf *out, const struct slice *selectors, size_t n,
    int64_t expires_s, const struct config *c, struct fault *f)
{
	const struct token_rights rights = {
		.subscribe = selectors, .subscribe_n = n, .expires_s = expires_s
	};
	enum err e = cmd_check_selectors(selectors, n, c, f);

	return e != ERR_OK ? e : mint(out, &rights, c, CONFIG_SUBSCRIBERS, f);
}

static enum err
mint_publisher(struct buf *out, const struct slice *selectors, size_t n,
    int64_t expires_s, const struct config *c, struct fault *f)
{
	static const struct slice any = { "*", 1 };
	const struct token_rights rights = { .publish =
						 n > 0 ? selectors : &any,
		.publish_n = n > 0 ? n : 1,
		.expires_s = expires_s };
	enum err e = cmd_check_selectors(selectors, n, c, f);

	return e != ERR_OK ? e : mint(out, &rights, c, CONFIG_PUBLISHERS, f);
}

typedef enum err mint_fn(struct buf *out, const struct slice *selectors,
    size_t n, int64_t expires_s, const struct config *c, struct fault *f);

static enum err
jwt_run(struct buf *out, const struct cmd_line *l, const struct config *c,
    mint_fn *mint_kind, uint64_t lifetime_absent_s, struct fault *f)
{
	uint64_t lifetime_s = cmd_line_number(l, "lifetime", lifetime_absent_s);
	int64_t expires_s =
	    lifetime_s > 0 ? clock_real_ms() / 1000 + (int64_t)lifetime_s : 0;
	struct slice *selectors;
	size_t n;
	enum err e;

	if ((e = cmd_line_list(&selectors, &n, l, "topic")) != ERR_OK)
		return fault_set(f, e, "Out of memory.");
	e = mint_kind(out, selectors, n, expires_s, c, f);
	buf_byte(out, '\n');
	mem_free(selectors);
	return e;
}

static enum err
subscriber_run(struct buf *out, const struct cmd_line *l,
    const struct config *c, struct fault *f)
{
	return jwt_run(
	    out, l, c, cmd_mint_subscriber, SUBSCRIBER_LIFETIME_S, f);
}

static enum err
publisher_run(struct buf *out, const struct cmd_line *l, const struct config *c,
    struct fault *f)
{
	return jwt_run(out, l, c, mint_publisher, PUBLISHER_LIFETIME_S, f);
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
