/* SPDX-License-Identifier: MIT */
/* selfcheck.c - checks everything that the hub needs to start. */
#include "selfcheck.h"

#include <stdio.h>

#include "config/key_sets.h"
#include "config/queue.h"

static void
report(void *arg, bool good, const char *text)
{
	bool *all = arg;

	printf("%-7s %s\n", good ? "ok" : "PROBLEM", text);
	*all = *all && good;
}

/* A short secret is only a note, since sites use such secrets today. */
static void
show_keys(const struct settings *s, enum config_role role,
    const struct jws_keys *keys)
{
	const char *setting = config_keys_setting(s->config, role);

	for (size_t i = 0; i < jws_keys_count(keys); i++) {
		const bool is_secret = jws_keys_secret_len(keys, i) > 0;
		const size_t wanted = jws_keys_secret_wanted(keys, i);

		printf("%-7s %s is set: a %s for %s",
		    wanted > 0 ? "note" : "ok", setting,
		    is_secret ? "secret" : "public key", jws_keys_alg(keys, i));
		if (wanted > 0)
			printf(", but shorter than %zu bytes: pushcgi "
			       "gen-secret-key makes a better one",
			    wanted);
		putchar('\n');
	}
}

/* Fetch the keys as a hub does, but do not store them: the set that a running
 * hub has fetched stays as it is. */
static void
report_fetched(const struct settings *s, enum config_role role, bool *all)
{
	const char *setting = config_keys_setting(s->config, role);
	const struct jwks_source src = { s->role[role].url,
		s->config->ca_file };
	struct jws_keys *keys = NULL;
	struct problem p = { "" };
	int64_t life_ms = 0;
	struct buf text;

	buf_init(&text, QUEUE_KEYS_MAX);
	if (jwks_fetch(&text, &life_ms, &src, NULL, &p) == ERR_OK &&
	    settings_keys_of_set(&keys, s, role, buf_view(&text), &p) ==
		ERR_OK) {
		printf("%-7s %s: fetched from %s, and again every %lld s\n",
		    "ok", setting, src.url, (long long)(life_ms / 1000));
		show_keys(s, role, keys);
	} else {
		printf("%-7s %s: %s\n", "PROBLEM", setting, p.text);
		*all = false;
	}
	jws_keys_free(keys);
	buf_free(&text);
}

static bool
has_keys(const struct settings *s, enum config_role role)
{
	return s->role[role].keys != NULL || s->role[role].url != NULL;
}

static void
report_role(const struct settings *s, enum config_role role, bool *all)
{
	if (s->role[role].url != NULL)
		report_fetched(s, role, all);
	else
		show_keys(s, role, s->role[role].keys);
}

static void
report_keys(const struct settings *s, bool *all)
{
	const struct config *c = s->config;

	if (has_keys(s, CONFIG_PUBLISHERS))
		report_role(s, CONFIG_PUBLISHERS, all);
	else
		report(all, !c->allow_publish,
		    c->allow_publish
			? "MERCURE_HUB_ALLOW_PUBLISH is on, but no token can "
			  "be verified: set MERCURE_PUBLISHER_SECRET_KEY "
			  "(pushcgi gen-secret-key makes one)"
			: "MERCURE_PUBLISHER_SECRET_KEY is not set: only "
			  "programs on this machine publish");
	if (has_keys(s, CONFIG_SUBSCRIBERS))
		report_role(s, CONFIG_SUBSCRIBERS, all);
	else
		report(all, c->allow_anonymous,
		    c->allow_anonymous
			? "MERCURE_SUBSCRIBER_SECRET_KEY is not set: private "
			  "updates reach nobody"
			: "nobody can subscribe: set "
			  "MERCURE_SUBSCRIBER_SECRET_KEY, or "
			  "MERCURE_HUB_ALLOW_ANONYMOUS = true");
}

bool
selfcheck_run(const struct settings *s)
{
	const struct queue_settings queue = config_queue(s->config);
	bool all = true;

	report(&all, true, "the configuration can be read");
	report_keys(s, &all);
	queue_check(&queue, report, &all);
	return all;
}
