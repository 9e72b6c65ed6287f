/* SPDX-License-Identifier: MIT */
/* settings.c - binds a configuration to the keys made from it. */
#include "endpoint/settings.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/counts.h"
#include "config/hub_urls.h"
#include "config/key_sets.h"
#include "config/queue.h"
#include "mercure/discovery.h"
#include "request/client.h"

#define NOTICE_MS (INT64_C(3600) * 1000)

/* A role may have no key. */
static enum err
read_role(struct settings_role *out, const struct config *c,
    enum config_role role, struct problem *p)
{
	enum err e = config_keys_url(&out->url, c, role, p);

	if (e == ERR_OK && out->url == NULL)
		e = config_keys_new(&out->keys, c, role, p);
	return e == ERR_NOTFOUND ? ERR_OK : e;
}

static enum err
read_dialects(struct dialects *out, const struct config *c, struct problem *p)
{
	const char *wrong = dialects_read(out, slice_of(c->protocol_versions));

	if (wrong == NULL)
		return ERR_OK;
	return problem_set(
	    p, ERR_SYNTAX, "MERCURE_PROTOCOL_VERSIONS %s.", wrong);
}

/* Make settings without keys. */
static enum err
make(struct settings **out, struct config *config, struct problem *p)
{
	const size_t times = CONFIG_ROLES + SETTINGS_NOTICES;
	struct settings *s =
	    mem_calloc(1, sizeof(*s) + times * sizeof(s->wanted_ms[0]));
	enum err e;

	if (s == NULL)
		return problem_set(p, ERR_NOMEM, "Out of memory.");
	atomic_init(&s->refs, 1);
	s->wanted_ms = (_Atomic int64_t *)(void *)(s + 1);
	s->reported_ms = s->wanted_ms + CONFIG_ROLES;
	for (size_t i = 0; i < times; i++)
		atomic_init(&s->wanted_ms[i], 0);
	s->config = config_ref(config);
	e = read_dialects(&s->dialects, config, p);
	if (e == ERR_OK && (e = counts_read(&s->counts,
				slice_of(config->counts), NULL)) != ERR_OK)
		problem_set(p, e, "MERCURE_COUNTS: %s.", err_text(e));
	if (e == ERR_OK && (e = ip_networks_new(&s->trusted,
				slice_of(config->trusted_proxies))) != ERR_OK)
		problem_set(p, e, "MERCURE_TRUSTED_PROXIES: %s.", err_text(e));
	if (e != ERR_OK)
		settings_unref(s);
	else
		*out = s;
	return e;
}

enum err
settings_new(struct settings **out, struct config *config, struct problem *p)
{
	struct settings *s = NULL;
	enum err e = make(&s, config, p);

	for (int i = 0; e == ERR_OK && i < CONFIG_ROLES; i++)
		e = read_role(&s->role[i], config, (enum config_role)i, p);
	if (e != ERR_OK)
		settings_unref(s);
	else
		*out = s;
	return e;
}

bool
settings_is_report_due(const struct settings *s, enum settings_notice notice)
{
	const int64_t now = clock_mono_ms();
	int64_t reported;

	if (s->reported_ms == NULL)
		return true;
	reported = atomic_load(&s->reported_ms[notice]);
	return (reported == 0 || now - reported >= NOTICE_MS) &&
	       atomic_compare_exchange_strong(
		   &s->reported_ms[notice], &reported, now);
}

bool
settings_have_urls(const struct settings *s)
{
	for (size_t i = 0; i < CONFIG_ROLES; i++)
		if (s->role[i].url != NULL)
			return true;
	return false;
}

static const char *
alg_of(const struct settings *s, enum config_role role)
{
	return role == CONFIG_PUBLISHERS ? s->config->publisher_alg
					 : s->config->subscriber_alg;
}

enum err
settings_keys_of_set(struct jws_keys **out, const struct settings *s,
    enum config_role role, struct slice text, struct problem *p)
{
	return jws_keys_fetched(out, text, alg_of(s, role), p);
}

/* Use the keys of a fetched set.  *out stays NULL if the set has no key of the
 * configured algorithm. */
static enum err
use_set(struct jws_keys **out, const struct settings *s, enum config_role role,
    struct slice text)
{
	struct problem why = { "" };
	enum err e = settings_keys_of_set(out, s, role, text, &why);

	if (e == ERR_NOMEM)
		return e;
	if (e != ERR_OK)
		log_err("fetched keys not used",
		    LOG_TEXT("setting", config_keys_setting(s->config, role)),
		    LOG_TEXT("reason", why.text));
	return ERR_OK;
}

/* Set *out to the keys that the role has now, if they have changed. */
static enum err
refresh_role(struct settings_role *out, bool *changed, const struct settings *s,
    enum config_role role, struct queue *q, int64_t now_ms)
{
	const struct settings_role *old = &s->role[role];
	const struct slice url = slice_of(old->url);
	struct queue_keys k = { 0 };
	struct buf text;
	enum err e;

	buf_init(&text, QUEUE_KEYS_MAX);
	e = queue_keys_read(q, url, &k, NULL);
	/* A new database holds no keys yet: the present ones stay in use. */
	if (e == ERR_NOTFOUND || (e == ERR_OK && k.changed_ms == 0))
		return ERR_OK;
	if (e == ERR_OK && !jwks_is_usable(&k, now_ms)) {
		*changed = old->keys != NULL;
		if (*changed)
			log_err("fetched keys too old",
			    LOG_TEXT("setting",
				config_keys_setting(s->config, role)),
			    LOG_TEXT("hint", "earlier lines say why they are "
					     "not fetched again"));
		out->url = old->url;
		return ERR_OK;
	}
	if (e != ERR_OK || k.changed_ms == old->changed_ms)
		return e;
	if ((e = queue_keys_read(q, url, &k, &text)) == ERR_OK)
		e = use_set(&out->keys, s, role, buf_view(&text));
	buf_free(&text);
	if (e != ERR_OK)
		return e;
	out->url = old->url;
	out->changed_ms = k.changed_ms;
	*changed = true;
	return ERR_OK;
}

enum err
settings_refresh(
    struct settings **out, struct settings *s, struct queue *q, int64_t now_ms)
{
	struct settings *fresh = NULL;
	bool any = false;
	enum err e = make(&fresh, s->config, NULL);

	for (int i = 0; e == ERR_OK && i < CONFIG_ROLES; i++) {
		bool changed = false;

		if (s->role[i].url != NULL)
			e = refresh_role(&fresh->role[i], &changed, s,
			    (enum config_role)i, q, now_ms);
		if (!changed) {
			fresh->role[i] = s->role[i];
			jws_keys_ref(fresh->role[i].keys);
		}
		any |= changed;
	}
	if (e == ERR_OK)
		*out = any ? fresh : NULL;
	if (e != ERR_OK || !any)
		settings_unref(fresh);
	return e;
}

void
settings_inherit(struct settings *s, const struct settings *old)
{
	for (int i = 0; i < CONFIG_ROLES; i++) {
		const enum config_role role = (enum config_role)i;
		const struct settings_role *from = &old->role[i];

		if (from->keys == NULL || from->url == NULL ||
		    !slice_eq(slice_of(from->url), slice_of(s->role[i].url)) ||
		    !slice_eq(
			slice_of(alg_of(old, role)), slice_of(alg_of(s, role))))
			continue;
		jws_keys_free(s->role[i].keys);
		s->role[i].keys = jws_keys_ref(from->keys);
		s->role[i].changed_ms = from->changed_ms;
	}
}

void
settings_load_keys(struct settings **s)
{
	struct queue_settings qs = config_queue((*s)->config);
	struct settings *fresh = NULL;
	struct queue *q = NULL;
	struct problem p = { "" };

	/* A queue that cannot be opened is logged later, when it is needed. */
	if (!settings_have_urls(*s) ||
	    queue_open(&q, &qs, QUEUE_READ, &p) != ERR_OK)
		return;
	if (settings_refresh(&fresh, *s, q, clock_real_ms()) == ERR_OK &&
	    fresh != NULL) {
		settings_unref(*s);
		*s = fresh;
	}
	queue_close(q);
}

bool
settings_admit(const struct settings *s, const struct grant *g)
{
	if (g == NULL)
		return s->config->allow_anonymous;
	if (grant_is_session(g))
		return s->config->session_cookie != NULL &&
		       (s->config->allow_anonymous || !grant_is_empty(g));
	return s->role[CONFIG_SUBSCRIBERS].keys != NULL &&
	       jws_keys_have(s->role[CONFIG_SUBSCRIBERS].keys, grant_key(g));
}

/* Without issuer and audience, which protocol 0.x does not have. */
struct verifier
settings_verifier(
    const struct settings *s, const struct dialect *d, enum config_role role)
{
	return (struct verifier){ .dialect = d, .keys = s->role[role].keys };
}

struct slice
settings_hub_url(const struct settings *s, const struct request *rq)
{
	const char *list = s->config->public_hub_url;
	struct client c;

	if (list == NULL)
		return slice_of(DISCOVERY_PATH);
	client_find(&c, rq, s->trusted);
	return hub_urls_for_request(list, c.host, c.https);
}

struct settings *
settings_ref(struct settings *s)
{
	atomic_fetch_add(&s->refs, 1);
	return s;
}

void
settings_unref(struct settings *s)
{
	if (s == NULL || atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	for (size_t i = 0; i < CONFIG_ROLES; i++)
		jws_keys_free(s->role[i].keys);
	matcher_list_free(&s->counts);
	mem_free(s->trusted);
	config_unref(s->config);
	mem_free(s);
}
