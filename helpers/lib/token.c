/* SPDX-License-Identifier: MIT */
/* token.c - access tokens for subscribers and publishers. */
#include "lib/token.h"

#include "base/clock.h"
#include "base/mem.h"
#include "config/keys.h"
#include "mercure/token.h"

static enum err
mint(struct pushcgi *h, struct buf *out, const struct token_rights *rights,
    enum config_role role, struct problem *p)
{
	const char *setting = config_keys_setting(h->config, role);
	struct jws_keys *keys = NULL;
	enum err e;

	e = config_keys_new(&keys, h->config, role, p);
	if (e == ERR_NOTFOUND && h->config->no_file)
		return problem_set(p, e,
		    "No key to sign with, and there is no " CONFIG_PATH_DEFAULT
		    ": make it, or name another file with --config, and set %s "
		    "or SECRET_KEY; pushcgi gen-secret-key makes one.",
		    setting);
	if (e == ERR_NOTFOUND)
		return problem_set(p, e,
		    "No key to sign with: set %s or SECRET_KEY in the "
		    "configuration file; pushcgi gen-secret-key makes one.",
		    setting);
	if (e == ERR_OK && !jws_keys_have_secret(keys))
		e = problem_set(p, ERR_UNSUPPORTED,
		    "%s is a public key, which cannot sign tokens: make the "
		    "token where the private key is, or set a secret in its "
		    "place (pushcgi gen-secret-key makes one) and %s = HS256.",
		    setting,
		    role == CONFIG_PUBLISHERS ? "MERCURE_PUBLISHER_JWT_ALG"
					      : "MERCURE_SUBSCRIBER_JWT_ALG");
	if (e == ERR_OK)
		e = token_mint(out, rights, handle_dialect(h), keys, p);
	jws_keys_free(keys);
	return e != ERR_OK ? e : out->err;
}

/* Add a token with these rights of one role. */
static enum err
mint_for(struct pushcgi *h, struct buf *out, enum config_role role,
    const struct slice *selectors, size_t n, struct slice payload,
    int64_t lifetime_s, struct problem *p)
{
	struct token_rights rights = { .payload = payload };
	struct selector *list = NULL;
	enum err e;

	if (lifetime_s < 0 || lifetime_s > HANDLE_LIFETIME_MAX_S)
		return problem_set(p, ERR_SYNTAX,
		    "The lifetime is not between 0 and 3155760000 seconds.");
	if ((e = handle_check_selectors(h, selectors, n, p)) != ERR_OK)
		return e;
	if ((e = handle_selectors(&list, selectors, n)) != ERR_OK)
		return e;
	if (role == CONFIG_PUBLISHERS) {
		rights.publish = list;
		rights.publish_n = n;
	} else {
		rights.subscribe = list;
		rights.subscribe_n = n;
	}
	if (lifetime_s > 0)
		rights.expires_s = clock_real_ms() / 1000 + lifetime_s;
	e = mint(h, out, &rights, role, p);
	mem_free(list);
	return e;
}

enum err
handle_subscriber_token(struct pushcgi *h, struct buf *out,
    const struct slice *selectors, size_t n, struct slice payload,
    int64_t lifetime_s, struct problem *p)
{
	return mint_for(
	    h, out, CONFIG_SUBSCRIBERS, selectors, n, payload, lifetime_s, p);
}

enum err
handle_publisher_token(struct pushcgi *h, struct buf *out,
    const struct slice *selectors, size_t n, int64_t lifetime_s,
    struct problem *p)
{
	return mint_for(h, out, CONFIG_PUBLISHERS, selectors, n, slice_of(NULL),
	    lifetime_s, p);
}
