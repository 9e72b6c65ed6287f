/* SPDX-License-Identifier: MIT */
/* settings.c - binds a configuration to the keys made from it. */
#include "settings.h"

#include <stdatomic.h>

#include "config_keys.h"
#include "discovery.h"
#include "mem.h"

/* Longest wait for the write lock before a publisher is told to try again. */
#define LOCK_TIMEOUT_MS 5000

/* A role may have no key. */
static enum err
keys_of(struct jws_keys **out, const struct config *c, enum config_role role,
    struct fault *f)
{
	enum err e = config_keys_new(out, c, role, f);

	return e == ERR_NOTFOUND ? ERR_OK : e;
}

enum err
settings_new(struct settings **out, struct config *config, struct fault *f)
{
	struct settings *s = mem_calloc(1, sizeof(*s));
	enum err e;

	if (s == NULL)
		return fault_set(f, ERR_NOMEM, "Out of memory.");
	atomic_init(&s->refs, 1);
	if ((e = keys_of(&s->publisher_keys, config, CONFIG_PUBLISHERS, f)) !=
		ERR_OK ||
	    (e = keys_of(&s->subscriber_keys, config, CONFIG_SUBSCRIBERS, f)) !=
		ERR_OK)
		goto out;

	s->config = config;
	*out = s;
	s = NULL;
out:
	settings_unref(s);
	return e;
}

bool
settings_admit(const struct settings *s, const struct grant *g)
{
	if (g == NULL)
		return s->config->allow_anonymous;
	return s->subscriber_keys != NULL &&
	       jws_keys_have(s->subscriber_keys, grant_key(g));
}

struct queue_settings
settings_queue(const struct config *c)
{
	return (struct queue_settings){
		.url = c->transport_url,
		.rows_max = c->history_rows_max,
		.age_max_s = c->history_age_max_s,
		.bytes_max = c->history_bytes_max,
		.lock_timeout_ms = LOCK_TIMEOUT_MS,
		.full = strcmp(c->durability, "full") == 0,
		.presence_events = c->subscriptions,
	};
}

struct slice
settings_hub_url(const struct settings *s)
{
	const char *url = s->config->public_hub_url;

	return slice_of(url != NULL ? url : DISCOVERY_PATH);
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
	jws_keys_free(s->publisher_keys);
	jws_keys_free(s->subscriber_keys);
	config_free(s->config);
	mem_free(s);
}
