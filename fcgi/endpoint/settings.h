/* SPDX-License-Identifier: MIT */
/* settings.h - configuration and keys in force; a reload replaces both. */
#ifndef ENDPOINT_SETTINGS_H
#define ENDPOINT_SETTINGS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "config/keys.h"
#include "jose/jws_keys.h"
#include "match/matcher.h"
#include "mercure/grant.h"
#include "mercure/token.h"
#include "queue/queue.h"
#include "request/request.h"
#include "text/ip.h"

/* The keys that verify a role's tokens. */
struct settings_role {
	struct jws_keys *keys; /* NULL: none, or none yet from `url` */
	const char *url;       /* where they are fetched; NULL: nowhere */
	int64_t changed_ms;    /* when the set last changed; 0: no set yet */
};

/* Immutable but for its count, `wanted_ms` and `reported_ms`; any thread may
 * read it. */
struct settings {
	_Atomic unsigned refs;
	struct config *config;
	struct settings_role role[CONFIG_ROLES];
	struct dialects dialects;    /* MERCURE_PROTOCOL_VERSIONS */
	struct matcher_list counts;  /* MERCURE_COUNTS */
	struct ip_networks *trusted; /* MERCURE_TRUSTED_PROXIES; NULL: none */
	/* The time at which a token named a key that the set does not have. */
	_Atomic int64_t *wanted_ms;   /* of CONFIG_ROLES */
	_Atomic int64_t *reported_ms; /* of SETTINGS_NOTICES; NULL: never */
};

/* Log lines that any request may cause, so the rate of each is limited. */
enum settings_notice {
	SETTINGS_NO_ADDRESS,
	SETTINGS_NOT_BELIEVED,
	SETTINGS_GARBLED,
	SETTINGS_REFUSED,
	SETTINGS_NOTICES
};

/* Read the keys that `config` names; takes a reference to it.  One reference to
 * *out is the caller's.  Errors as config_keys_new(), but a role may have no
 * key; keys at a URL are not there yet. */
enum err settings_new(
    struct settings **out, struct config *config, struct problem *p);

/* May this line be logged now?  True once an hour, for one caller only. */
bool settings_is_report_due(
    const struct settings *s, enum settings_notice notice);

/* Are keys of some role at a URL? */
bool settings_have_urls(const struct settings *s);

/*
 * Make new settings with the fetched keys that the queue holds at `now_ms`
 * (real clock).  *out is NULL if nothing has changed.  Keys that cannot be
 * read, or are too old, are left out, and the log says why.  ERR_NOMEM, or as
 * queue_read(): the present settings stay valid.
 */
enum err settings_refresh(
    struct settings **out, struct settings *s, struct queue *q, int64_t now_ms);

/* Make the role's keys from the text of a fetched set.  Errors as
 * jws_keys_fetched(). */
enum err settings_keys_of_set(struct jws_keys **out, const struct settings *s,
    enum config_role role, struct slice text, struct problem *p);

/*
 * Use the fetched keys of `old` for each role whose URL and algorithm are the
 * same: the queue may hold none now.  Call it before other threads know `s`,
 * and before settings_load_keys().
 */
void settings_inherit(struct settings *s, const struct settings *old);

/* Replace *s by settings with the fetched keys that the queue holds now. */
void settings_load_keys(struct settings **s);

/* Do these settings allow a stream with this grant (NULL: without a token), by
 * its key or as anonymous? */
bool settings_admit(const struct settings *s, const struct grant *g);

/* The verifier for a token of this role in a request that speaks `d`.  Its keys
 * are NULL if the role has none. */
struct verifier settings_verifier(
    const struct settings *s, const struct dialect *d, enum config_role role);

/* The hub's URL as the browser of this request sees it, borrowed from the
 * settings; without MERCURE_PUBLIC_HUB_URL its path, which every page of the
 * same origin can resolve. */
struct slice settings_hub_url(
    const struct settings *s, const struct request *rq);

struct settings *settings_ref(struct settings *s);
void settings_unref(struct settings *s); /* NULL is allowed */

#endif
