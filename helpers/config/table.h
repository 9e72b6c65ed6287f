/* SPDX-License-Identifier: MIT */
/* table.h - the table of options, for the files of this folder. */
#ifndef CONFIG_TABLE_H
#define CONFIG_TABLE_H

#include <sys/types.h>

#include "config/config.h"

enum config_kind { CONFIG_TEXT, CONFIG_BOOL, CONFIG_NUMBER, CONFIG_CHOICE };

#define CONFIG_NAMES_MAX 4
#define CONFIG_NAME_MAX 64 /* bytes of a name that are compared */
#define CONFIG_FILE_MAX (1024 * 1024)
#define CONFIG_VALUE_MAX 16256 /* bytes; with its name it fits into a line */

struct config_option {
	const char *names[CONFIG_NAMES_MAX]; /* canonical first, NULL last */
	enum config_kind kind;
	bool secret;
	bool is_lenient; /* the default has exceptions; the same number has
			  * none when a source sets it */
	bool key;        /* its value may be PEM or JSON of several lines */
	size_t offset;   /* of its field in struct config */
	const char *standard; /* the default; NULL: not set */
	uint64_t min, max;    /* of a number */
	const char *choices;  /* blank-separated */
	/* The rule that a text breaks, as "must ..."; NULL: none.
	 * err_text(ERR_NOMEM): unknown. */
	const char *(*check)(struct slice value);
	const char *help;
};

/* All options, in the order of the dump; names[0] of the last is NULL.
 * There are at most 64, so that a set of options is a uint64_t. */
extern const struct config_option config_options[];

/* The option with this name (as config_has_key()), or NULL. */
const struct config_option *config_option_find(struct slice name);

/* The known name that is most similar to `name`. */
const char *config_option_nearest(struct slice name);

/* An option's field. */
char **config_option_text(
    const struct config *c, const struct config_option *o);
bool *config_option_bool(const struct config *c, const struct config_option *o);
uint64_t *config_option_number(
    const struct config *c, const struct config_option *o);

/*
 * Give the option a value, which is trimmed.  An empty one removes a text that
 * has no default.  The problem begins with `where` the value was found.
 * ERR_SYNTAX, ERR_LIMIT, ERR_NOMEM: the field keeps its value.
 */
enum err config_option_set(struct config *c, const struct config_option *o,
    struct slice value, const char *where, struct problem *p);

/* Has some source set it, so that it is not the default? */
bool config_option_is_given(
    const struct config *c, const struct config_option *o);

/*
 * Give the option called `name` a value.  *seen is the set of options that
 * this source has set so far: it may set each one once.  Errors as
 * config_option_set(), and ERR_SYNTAX for a name that is not known, or not any
 * more (renamed.h).
 */
enum err config_option_set_named(struct config *c, struct slice name,
    struct slice value, uint64_t *seen, const char *where, struct problem *p);

/* Does the set hold an option that is secret? */
bool config_seen_secret(uint64_t seen);

/* Does the value name the place of the key, "@/path" or "@https://..."? */
bool config_key_is_place(const char *value);

/* Does the text hold PEM, other than in JSON? */
bool config_is_pem(struct slice text);

/* ERR_DENIED: users other than the owner may write this regular file, whose
 * content decides on keys and rights. */
enum err config_check_writers(mode_t mode, const char *path, struct problem *p);

/* Say how to close a file to others, which holds secrets, and return
 * ERR_DENIED.  `what`: "a secret". */
enum err config_too_open(const char *path, const char *what, struct problem *p);

/* Append a whole file; *mode is its type and its permissions.  ERR_NOTFOUND,
 * ERR_IO, ERR_LIMIT, ERR_NOMEM. */
enum err config_read_text(
    struct buf *out, mode_t *mode, const char *path, struct problem *p);

/* Read settings from a file.  ERR_NOTFOUND: there is none.  Else as
 * config_load(). */
enum err config_read_file(
    struct config *c, const char *path, struct problem *p);

#endif
