/* SPDX-License-Identifier: MIT */
/* check.c - looks at what a start would need. */
#include "check.h"

#include <stdio.h>

#include "config_keys.h"

#define SHORT_KEY 32

static void
report(void *arg, bool good, const char *text)
{
	bool *all = arg;

	printf("%-6s %s\n", good ? "ok" : "FAULT", text);
	*all = *all && good;
}

/* RFC 7518, 3.2: a secret is to be as long as the hash.  Shorter ones are in
 * the field, so this is no fault. */
static void
check_role(const struct settings *s, enum config_role role,
    const struct jws_keys *keys)
{
	const char *setting = config_keys_setting(s->config, role);

	for (size_t i = 0; i < jws_keys_count(keys); i++) {
		size_t len = jws_keys_secret_len(keys, i);
		bool is_short = len > 0 && len < SHORT_KEY;

		printf("%-6s %s is set: a %s for %s%s\n",
		    is_short ? "note" : "ok", setting,
		    len > 0 ? "secret" : "public key", jws_keys_alg(keys, i),
		    is_short ? ", but shorter than 32 bytes: pushcgi "
			       "gen-secret-key makes a better one"
			     : "");
	}
}

static void
check_keys(const struct settings *s, bool *all)
{
	const struct config *c = s->config;

	if (s->publisher_keys != NULL)
		check_role(s, CONFIG_PUBLISHERS, s->publisher_keys);
	else
		report(all, !c->allow_publish,
		    c->allow_publish
			? "MERCURE_HUB_ALLOW_PUBLISH is on, but no token can "
			  "be verified: set MERCURE_PUBLISHER_SECRET_KEY "
			  "(pushcgi gen-secret-key makes one)"
			: "MERCURE_PUBLISHER_SECRET_KEY is not set: only "
			  "programs on this machine publish");
	if (s->subscriber_keys != NULL)
		check_role(s, CONFIG_SUBSCRIBERS, s->subscriber_keys);
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
check_run(const struct settings *s)
{
	const struct queue_settings queue = settings_queue(s->config);
	bool all = true;

	report(&all, true, "the configuration can be read");
	check_keys(s, &all);
	queue_check(&queue, report, &all);
	return all;
}
