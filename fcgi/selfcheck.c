/* SPDX-License-Identifier: MIT */
/* selfcheck.c - checks everything that the hub needs to start. */
#include "selfcheck.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "base/rights.h"
#include "config/key_sets.h"
#include "config/queue.h"

static void
report(void *arg, bool good, const char *text)
{
	bool *all = arg;

	printf("%-7s %s\n", good ? "ok" : "PROBLEM", text);
	*all = *all && good;
}

enum err
selfcheck_become(const char *name, struct problem *p)
{
	struct passwd user, *found = NULL;
	char room[4096];

	if (getpwnam_r(name, &user, room, sizeof(room), &found) != 0 ||
	    found == NULL)
		return problem_set(p, ERR_NOTFOUND,
		    "--user %.60s: there is no user of this name.", name);
	if (geteuid() == user.pw_uid)
		return ERR_OK;
	if (geteuid() != 0)
		return problem_set(p, ERR_DENIED,
		    "--user needs root: sudo -u %.60s pushcgi.fcgi --check",
		    name);
	if (initgroups(name, user.pw_gid) != 0 ||
	    setresgid(user.pw_gid, user.pw_gid, user.pw_gid) != 0 ||
	    setresuid(user.pw_uid, user.pw_uid, user.pw_uid) != 0)
		return problem_set(p, ERR_IO,
		    "--user %.60s: %s: sudo -u %.60s pushcgi.fcgi --check",
		    name, strerror(errno), name);
	return ERR_OK;
}

/* Root may read a configuration that the hub may not. */
static void
report_rights(const struct config_sources *sources, const char *name, bool *all)
{
	struct config *c = NULL;
	struct problem p = { "" };

	if (config_load(&c, sources, &p) != ERR_OK) {
		printf("%-7s as the user %s: %s\n", "PROBLEM", name, p.text);
		*all = false;
	}
	config_unref(c);
}

static void
report_user(const struct config_sources *sources, bool was_root, bool *all)
{
	struct rights_who who;
	const char *name = who.user;

	rights_of_process(&who);
	if (geteuid() == 0) {
		printf("%-7s checked as %s, who may do everything: the hub may "
		       "be another user's, and fail; --user NAME checks as "
		       "that one\n",
		    "note", name);
		return;
	}
	printf("%-7s checked as the user %s%s\n", was_root ? "note" : "ok",
	    name,
	    was_root ? ", as others than root may write in the queue's "
		       "folder; --user NAME checks as another one"
		     : "");
	if (was_root)
		report_rights(sources, name, all);
}

/* Is one setting the key of both roles?  Then it is named once. */
static bool
is_for_both(const struct settings *s)
{
	return strcmp(config_keys_setting(s->config, CONFIG_PUBLISHERS),
		   config_keys_setting(s->config, CONFIG_SUBSCRIBERS)) == 0 &&
	       s->role[CONFIG_PUBLISHERS].url == NULL &&
	       s->role[CONFIG_SUBSCRIBERS].url == NULL;
}

/* A short secret is only a note, since sites use such secrets today. */
static void
show_keys(const struct settings *s, enum config_role role,
    const struct jws_keys *keys)
{
	const char *setting = config_keys_setting(s->config, role);
	const bool is_shared = is_for_both(s);

	if (is_shared && role == CONFIG_SUBSCRIBERS)
		return;
	for (size_t i = 0; i < jws_keys_count(keys); i++) {
		const bool is_secret = jws_keys_secret_len(keys, i) > 0;
		const size_t wanted = jws_keys_secret_wanted(keys, i);

		printf("%-7s %s is set%s: a %s for %s",
		    wanted > 0 ? "note" : "ok", setting,
		    is_shared ? " for publishers and subscribers" : "",
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
selfcheck_run(const struct settings *s, const struct config_sources *sources,
    bool was_root)
{
	const struct queue_settings queue = config_queue(s->config);
	bool all = true;

	report_user(sources, was_root, &all);
	report(&all, true, "the configuration can be read");
	report_keys(s, &all);
	queue_check(&queue, report, &all);
	return all;
}
