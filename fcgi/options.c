/* SPDX-License-Identifier: MIT */
/* options.c - the table of options, which parsing and --help use. */
#include "options.h"

#include <stdio.h>

#include "config/config.h"

struct option {
	const char *name, *value; /* value NULL: a switch */
	size_t offset;            /* of the text or the switch */
	const char *help;
};

#define AT(field) offsetof(struct options, field)

static const struct option options[] = {
	{ "--config", "FILE", AT(config), "read this configuration file" },
	{ "--listen", "unix:PATH|tcp:ADDRESS:PORT", AT(listener.listen),
	    "open this socket instead of an inherited one" },
	{ "--listen-group", "GROUP", AT(listener.group),
	    "let this group use the unix socket" },
	{ "--listen-remote", NULL, AT(listener.remote),
	    "allow a TCP address other than loopback" },
	{ "--check", NULL, AT(check),
	    "look for problems, print a fix for each, exit" },
	{ "--user", "NAME", AT(user),
	    "with --check, as root: look as this user" },
	{ "--help", NULL, AT(help), "show this text" },
	{ "--version", NULL, AT(version), "show the version" },
};

#define OPTIONS_N (sizeof(options) / sizeof(options[0]))

static const struct option *
find(struct slice name)
{
	size_t i;

	for (i = 0; i < OPTIONS_N; i++)
		if (slice_is(name, options[i].name))
			return &options[i];
	return NULL;
}

static enum err
add_key(
    struct options *o, const char *text, struct slice name, struct problem *p)
{
	if (!config_has_key(slice_after(name, 2)))
		return problem_set(p, ERR_SYNTAX,
		    "%.*s is neither an option nor a setting; see --help.",
		    SLICE_ARG(name));
	if (o->keys_n == OPTIONS_KEYS_MAX)
		return problem_set(p, ERR_LIMIT,
		    "More than %d settings on the command line.",
		    OPTIONS_KEYS_MAX);
	o->keys[o->keys_n++] = text + 2;
	return ERR_OK;
}

/* Parse one option.  *used is 2 if the next word is its value, else 1. */
static enum err
parse_word(struct options *o, char *const *argv, int *used, struct problem *p)
{
	const char *word = argv[0], *value;
	struct slice rest = slice_of(word), name;
	const struct option *opt;
	char *field;

	slice_cut(&rest, '=', &name);
	value = rest.base;
	*used = 1;
	if (!slice_starts(name, "--"))
		return problem_set(p, ERR_SYNTAX,
		    "%s: only options are expected; see --help.", word);
	if ((opt = find(name)) == NULL)
		return add_key(o, word, name, p);
	field = (char *)o + opt->offset;
	if (opt->value == NULL) {
		if (value != NULL)
			return problem_set(
			    p, ERR_SYNTAX, "%s takes no value.", opt->name);
		*(bool *)(void *)field = true;
		return ERR_OK;
	}
	if (value == NULL) {
		value = argv[1];
		*used = 2;
	}
	if (value == NULL || *value == '\0')
		return problem_set(p, ERR_SYNTAX, "%s needs a value: %s.",
		    opt->name, opt->value);
	*(const char **)(void *)field = value;
	return ERR_OK;
}

enum err
options_parse(
    struct options *out, int argc, char *const *argv, struct problem *p)
{
	struct options o = { 0 };
	int i = 1, used;
	enum err e;

	while (i < argc) {
		if ((e = parse_word(&o, argv + i, &used, p)) != ERR_OK)
			return e;
		i += used;
	}
	*out = o;
	return ERR_OK;
}

void
options_help(void)
{
	char left[64];
	size_t i;

	puts("usage: pushcgi.fcgi [options] [--KEY=value ...]\n"
	     "\n"
	     "Push hub, compatible with the Mercure protocol, as a FastCGI "
	     "responder.  A web server\nor systemd passes it a listening "
	     "socket.  Started for one request, it is a plain\nCGI "
	     "program.\n");
	for (i = 0; i < OPTIONS_N; i++) {
		snprintf(left, sizeof(left), "%s%s%s", options[i].name,
		    options[i].value != NULL ? " " : "",
		    options[i].value != NULL ? options[i].value : "");
		printf("  %-36s  %s\n", left, options[i].help);
	}
	puts("\nKEY is a setting of pushcgi.conf(5), except a secret.");
}
