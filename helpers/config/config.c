/* SPDX-License-Identifier: MIT */
/* config.c - loads defaults, file, environment and command line. */
#include "config/config.h"

#include "base/log.h"
#include "base/mem.h"
#include "config/renamed.h"
#include "config/table.h"

static enum err
load_defaults(struct config *c, struct problem *p)
{
	const struct config_option *o;
	enum err e;

	for (o = config_options; o->names[0] != NULL; o++) {
		if (o->standard == NULL)
			continue;
		e = config_option_set(
		    c, o, slice_of(o->standard), "defaults", p);
		if (e != ERR_OK)
			return e;
	}
	c->given = 0;
	return ERR_OK;
}

static enum err
load_file(struct config *c, const char *path, struct problem *p)
{
	enum err e;

	if (path != NULL)
		e = config_read_file(c, path, p);
	else if ((e = config_read_file(c, CONFIG_PATH_DEFAULT, p)) ==
		 ERR_NOTFOUND) {
		c->no_file = true;
		return ERR_OK;
	}
	if (e == ERR_NOTFOUND)
		return problem_set(p, ERR_IO,
		    "%.180s does not exist: name the configuration file with "
		    "--config, or make it with a line SECRET_KEY = (pushcgi "
		    "gen-secret-key prints one).",
		    path);
	return e;
}

/* The variable's value; base NULL if it is not set or empty. */
static struct slice
variable(char *const *environ, const char *name)
{
	size_t n = strlen(name);

	for (; *environ != NULL; environ++)
		if (strncmp(*environ, name, n) == 0 && (*environ)[n] == '=' &&
		    (*environ)[n + 1] != '\0')
			return slice_of(*environ + n + 1);
	return (struct slice){ NULL, 0 };
}

static void
warn_of_unknown(char *const *environ)
{
	for (; *environ != NULL; environ++) {
		struct slice rest = slice_of(*environ), name;

		slice_cut(&rest, '=', &name);
		if (slice_starts(name, "MERCURE_") &&
		    name.len <= CONFIG_NAME_MAX &&
		    config_option_find(name) == NULL)
			log_warn("unknown setting in the environment",
			    LOG_SLICE("name", name),
			    LOG_TEXT("nearest", config_option_nearest(name)));
	}
}

static enum err
refuse_renamed(char *const *environ, struct problem *p)
{
	const char *new_name;

	for (; *environ != NULL; environ++) {
		struct slice value = slice_of(*environ), name;

		slice_cut(&value, '=', &name);
		if (!slice_starts(name, "MERCURE_") ||
		    slice_trim(value).len == 0)
			continue;
		new_name = config_new_name(name);
		if (new_name != NULL)
			return problem_set(p, ERR_SYNTAX,
			    "environment: %.*s is called %s now.",
			    SLICE_ARG(name), new_name);
	}
	return ERR_OK;
}

static enum err
load_environ(struct config *c, char *const *environ, struct problem *p)
{
	const struct config_option *o;
	struct slice value;
	enum err e;

	if (environ == NULL)
		return ERR_OK;
	if ((e = refuse_renamed(environ, p)) != ERR_OK)
		return e;
	for (o = config_options; o->names[0] != NULL; o++) {
		for (size_t i = 0; o->names[i] != NULL; i++) {
			value = variable(environ, o->names[i]);
			if (slice_trim(value).len == 0)
				continue;
			e = config_option_set(c, o, value, "environment", p);
			if (e != ERR_OK)
				return e;
			break;
		}
	}
	warn_of_unknown(environ);
	return ERR_OK;
}

static enum err
load_args(struct config *c, const struct config_sources *src, struct problem *p)
{
	uint64_t seen = 0;
	enum err e;

	for (size_t i = 0; i < src->args_n; i++) {
		struct slice value = slice_of(src->args[i]), name;
		const struct config_option *o;

		slice_cut(&value, '=', &name);
		o = config_option_find(name);
		if (o != NULL && o->secret)
			return problem_set(p, ERR_DENIED,
			    "command line: everybody on this machine could "
			    "read %s here; put it into the configuration "
			    "file or the environment.",
			    o->names[0]);
		if (o != NULL && value.base == NULL)
			return problem_set(p, ERR_SYNTAX,
			    "command line: --%.*s needs a value: --%.*s=...",
			    SLICE_ARG(name), SLICE_ARG(name));
		e = config_option_set_named(
		    c, name, value, &seen, "command line", p);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

static enum err
fall_back(char **key, const char *secret_key)
{
	if (*key == NULL && secret_key != NULL &&
	    (*key = mem_text(slice_of(secret_key))) == NULL)
		return ERR_NOMEM;
	return ERR_OK;
}

static enum err
complete(struct config *c, struct problem *p)
{
	enum err e;

	c->per_address_given = config_option_is_given(
	    c, config_option_find(
		   slice_of("MERCURE_MAX_CONNECTIONS_PER_ADDRESS")));
	if (c->pending_bytes_max < c->body_max)
		return problem_set(p, ERR_SYNTAX,
		    "MERCURE_MAX_PENDING_BYTES must not be smaller than "
		    "MERCURE_MAX_BODY.");
	if ((e = fall_back(&c->publisher_key, c->secret_key)) != ERR_OK)
		return e;
	return fall_back(&c->subscriber_key, c->secret_key);
}

enum err
config_load(
    struct config **out, const struct config_sources *src, struct problem *p)
{
	struct config *c = mem_calloc(1, sizeof(*c));
	enum err e = ERR_NOMEM;

	if (c == NULL)
		goto out;
	atomic_init(&c->refs, 1);
	if ((e = load_defaults(c, p)) != ERR_OK ||
	    (e = load_file(c, src->path, p)) != ERR_OK ||
	    (e = load_environ(c, src->environ, p)) != ERR_OK ||
	    (e = load_args(c, src, p)) != ERR_OK ||
	    (e = complete(c, p)) != ERR_OK)
		goto out;
	*out = c;
	c = NULL;
out:
	if (e == ERR_NOMEM)
		problem_set(p, e, "Out of memory.");
	config_unref(c);
	return e;
}

const char *
config_text_of(const struct config *c, const char *name)
{
	return *config_option_text(c, config_option_find(slice_of(name)));
}

bool
config_list_has(const char *list, struct slice item)
{
	struct slice rest = slice_of(list), word;

	while (slice_cut(&rest, ' ', &word))
		if (word.len > 0 && slice_eq(word, item))
			return true;
	return false;
}

struct config *
config_ref(struct config *c)
{
	atomic_fetch_add(&c->refs, 1);
	return c;
}

void
config_unref(struct config *c)
{
	const struct config_option *o;

	if (c == NULL || atomic_fetch_sub(&c->refs, 1) != 1)
		return;
	for (o = config_options; o->names[0] != NULL; o++) {
		char *text;

		if (o->kind != CONFIG_TEXT && o->kind != CONFIG_CHOICE)
			continue;
		if ((text = *config_option_text(c, o)) != NULL)
			mem_wipe_free(text, strlen(text));
	}
	mem_free(c);
}
