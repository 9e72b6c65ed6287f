/* SPDX-License-Identifier: MIT */
/* pushcgi_token.c - access tokens for subscribers and publishers. */
#include "base/clock.h"
#include "base/mem.h"
#include "config/keys.h"
#include "lib/handle.h"
#include "mercure/token.h"

static enum err
mint(struct pushcgi *h, struct buf *out, const struct token_rights *rights,
    enum config_role role)
{
	const char *setting = config_keys_setting(h->config, role);
	struct jws_keys *keys = NULL;
	struct problem *p = &h->problem;
	enum err e;

	e = config_keys_new(&keys, h->config, role, p);
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
	return e;
}

/* Add a token with these rights of one role. */
static enum err
mint_for(struct pushcgi *h, struct buf *out, enum config_role role,
    const char *const *topics, size_t n, const char *payload,
    int64_t lifetime_s)
{
	struct token_rights rights = { .payload = slice_of(payload) };
	struct selector *selectors = NULL;
	struct slice *texts = NULL;
	enum err e;

	if (lifetime_s < 0 || lifetime_s > HANDLE_LIFETIME_MAX_S)
		return problem_set(&h->problem, ERR_SYNTAX,
		    "The lifetime is not between 0 and 3155760000 seconds.");
	e = handle_slices(&texts, topics, n, &h->problem);
	if (e != ERR_OK)
		return e;
	if ((e = handle_check_selectors(h, texts, n)) != ERR_OK)
		goto out;
	if ((e = handle_selectors(&selectors, texts, n)) != ERR_OK)
		goto out;
	if (role == CONFIG_PUBLISHERS) {
		rights.publish = selectors;
		rights.publish_n = n;
	} else {
		rights.subscribe = selectors;
		rights.subscribe_n = n;
	}
	if (lifetime_s > 0)
		rights.expires_s = clock_real_ms() / 1000 + lifetime_s;
	e = mint(h, out, &rights, role);
out:
	mem_free(texts);
	mem_free(selectors);
	return e;
}

enum err
handle_subscriber_token(struct pushcgi *h, struct buf *out,
    const char *const *topics, size_t n, const char *payload,
    int64_t lifetime_s)
{
	return mint_for(
	    h, out, CONFIG_SUBSCRIBERS, topics, n, payload, lifetime_s);
}

enum err
handle_publisher_token(struct pushcgi *h, struct buf *out,
    const char *const *topics, size_t n, int64_t lifetime_s)
{
	return mint_for(h, out, CONFIG_PUBLISHERS, topics, n, NULL, lifetime_s);
}

enum pushcgi_result
pushcgi_subscriber_token(struct pushcgi *h, char **out,
    const char *const *topics, size_t n, const char *payload,
    int64_t lifetime_s)
{
	struct buf token;
	enum err e;

	buf_init(&token, JWS_TOKEN_MAX);
	if ((e = handle_begin(h)) == ERR_OK)
		e = handle_subscriber_token(
		    h, &token, topics, n, payload, lifetime_s);
	return handle_end_text(h, out, &token, e);
}

enum pushcgi_result
pushcgi_publisher_token(struct pushcgi *h, char **out,
    const char *const *topics, size_t n, int64_t lifetime_s)
{
	struct buf token;
	enum err e;

	buf_init(&token, JWS_TOKEN_MAX);
	if ((e = handle_begin(h)) == ERR_OK)
		e = handle_publisher_token(h, &token, topics, n, lifetime_s);
	return handle_end_text(h, out, &token, e);
}
