/* SPDX-License-Identifier: MIT */
/* main.c - the FastCGI responder's program. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/sigbus.h"
#include "cgi.h"
#include "config/queue.h"
#include "hub/footprint.h"
#include "hub/hub.h"
#include "options.h"
#include "request/request_fcgi.h"
#include "selfcheck.h"
#include "serve.h"

/* The words of MERCURE_LOG_LEVEL, in the order of enum log_level. */
static enum log_level
level_of(const char *word)
{
	static const char *const words[] = { "err", "warn", "info", "debug" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (slice_is(slice_of(word), words[i]))
			return (enum log_level)i;
	return LOG_LEVEL_INFO;
}

static enum err
load(struct settings **out, const struct config_sources *sources,
    struct problem *p)
{
	struct config *c = NULL;
	enum err e;

	if ((e = config_load(&c, sources, p)) != ERR_OK)
		return e;
	log_open("pushcgi.fcgi", level_of(c->log_level));
	e = settings_new(out, c, p);
	config_unref(c);
	return e;
}

static enum err
check(const struct settings *s, const struct config_sources *sources,
    struct problem *p)
{
	const struct queue_settings queue = config_queue(s->config);
	const bool was_root = geteuid() == 0;
	enum err e = queue_take_identity(&queue, p);

	if (e == ERR_OK && !selfcheck_run(s, sources, was_root))
		e = problem_set(p, ERR_IO, "Fix the problems above.");
	return e;
}

static enum err
run(const struct options *o, struct problem *p)
{
	const struct config_sources sources = { o->config, environ, o->keys,
		o->keys_n };
	struct settings *s = NULL;
	enum err e;

	if (o->user != NULL && !o->check)
		return problem_set(p, ERR_SYNTAX,
		    "--user goes with --check only: a hub gets its user from "
		    "the web server or from its service.");
	if (o->user != NULL && (e = selfcheck_become(o->user, p)) != ERR_OK)
		return e;
	if ((e = load(&s, &sources, p)) != ERR_OK)
		return e;
	if (o->check) {
		e = check(s, &sources, p);
		settings_unref(s);
		return e;
	}
	/* A responder opens its socket first, so serve_run() calls it. */
	if (cgi_is_wanted()) {
		const struct queue_settings queue = config_queue(s->config);

		if ((e = queue_take_identity(&queue, p)) != ERR_OK) {
			settings_unref(s);
			return e;
		}
	}
	if (s->config->workers == 1 || cgi_is_wanted())
		footprint_alone();
	if (cgi_is_wanted()) {
		cgi_run(s);
		return ERR_OK;
	}
	hub_block_signals();
	if ((e = request_fcgi_init()) != ERR_OK) {
		settings_unref(s);
		return problem_set(p, e, "libfcgi cannot be used.");
	}
	return serve_run(s, &sources, &o->listener, p);
}

/* --help, --version and --check are for people, who may write them to a file
 * on a full disk. */
static int
printed(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_SUCCESS;
	fputs("pushcgi.fcgi: Standard output cannot be written.\n", stderr);
	return EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	struct options o;
	struct problem p = { "" };

	/* The process must survive a peer or log reader that goes away. */
	signal(SIGPIPE, SIG_IGN);
	/* A limit on the size of files is an error like a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	mem_keep_from_disk();
	sigbus_guard();
	footprint_begin();
	log_open("pushcgi.fcgi", LOG_LEVEL_INFO);
	if (options_parse(&o, argc, argv, &p) != ERR_OK) {
		fprintf(stderr, "pushcgi.fcgi: %s\n", p.text);
		return 2;
	}
	if (o.help)
		options_help();
	else if (o.version)
		puts("pushcgi.fcgi " PACKAGE_VERSION);
	else if (run(&o, &p) != ERR_OK) {
		log_err("not started", LOG_TEXT("reason", p.text));
		return EXIT_FAILURE;
	}
	return printed();
}
