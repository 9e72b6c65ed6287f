/* SPDX-License-Identifier: MIT */
/* check.c - looks at what a start would need. */
#include "check.h"

#include <stdio.h>

#define SHORT_KEY 32

static void
report(void *arg, bool good, const char *text)
{
	bool *all = arg;

	printf("%-6s %s\n", good ? "ok" : "FAULT", text);
	*all = *all && good;
}

/* RFC 7518, 3.2: a key is to be as long as the hash.  Shorter ones are in the
 * field, so this is no fault. */
static void
check_key(const char *setting, const char *secret)
{
	printf("%-6s %s is set%s\n", strlen(secret) < SHORT_KEY ? "note" : "ok",
	    setting,
	    strlen(secret) < SHORT_KEY
		? ", but shorter than 32 bytes: pushcgi gen-secret-key makes "
		  "a better one"
		: "");
}

static void
check_keys(const struct settings *s, bool *all)
{
	const struct config *c = s->config;

	if (s->publisher_keys != NULL)
		check_key("MERCURE_PUBLISHER_SECRET_KEY", c->publisher_key);
	else
		report(all, !c->allow_publish,
		    c->allow_publish
			? "MERCURE_HUB_ALLOW_PUBLISH is on, but no token can "
			  "be verified: set MERCURE_PUBLISHER_SECRET_KEY "
			  "(pushcgi gen-secret-key makes one)"
			: "MERCURE_PUBLISHER_SECRET_KEY is not set: only "
			  "programs on this machine publish");
	if (s->subscriber_keys != NULL)
		check_key("MERCURE_SUBSCRIBER_SECRET_KEY", c->subscriber_key);
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
