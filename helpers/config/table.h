/* SPDX-License-Identifier: MIT */
/* table.h - the table of options, between the files of config. */
#ifndef CONFIG_TABLE_H
#define CONFIG_TABLE_H

#include <sys/types.h>

#include "config/config.h"

enum config_kind { CONFIG_TEXT, CONFIG_BOOL, CONFIG_NUMBER, CONFIG_CHOICE };

#define CONFIG_NAMES_MAX 4
#define CONFIG_NAME_MAX 64 /* bytes of a name, as far as they are read */
#define CONFIG_FILE_MAX (1024 * 1024)
#define CONFIG_VALUE_MAX 16256 /* bytes; with its name it fits into a line */

struct config_option {
	const char *names[CONFIG_NAMES_MAX]; /* canonical first, NULL last */
	enum config_kind kind;
	bool secret;
	bool is_lenient; /* the default has exceptions that the same number
			  * does not have when it is set */
	bool key;        /* its value may be PEM or JSON of several lines */
	size_t offset;   /* of its field in struct config */
	const char *standard; /* the default; NULL: not set */
	uint64_t min, max;    /* of a number */
	const char *choices;  /* blank-separated */
	/* What is wrong with a text, as "must ..."; NULL: nothing. */
	const char *(*check)(struct slice value);
	const char *help;
};

/* All options, in the order of the dump; names[0] of the last is NULL.
 * There are at most 64, so that a set of them is a uint64_t. */
extern const struct config_option config_options[];

/* The option with this name (as config_has_key()), or NULL. */
const struct config_option *config_option_find(struct slice name);

/* The known name that `name` is most like. */
const char *config_option_nearest(struct slice name);

/* An option's field. */
char **config_text(const struct config *c, const struct config_option *o);
bool *config_bool(const struct config *c, const struct config_option *o);
uint64_t *config_number(const struct config *c, const struct config_option *o);

/*
 * Give the option a value, which is trimmed.  An empty one takes a text away
 * that has no default.  `where` it stood is put in front of the problem.
 * ERR_SYNTAX, ERR_LIMIT, ERR_NOMEM: the field keeps what it had.
 */
enum err config_set(struct config *c, const struct config_option *o,
    struct slice value, const char *where, struct problem *p);

/* Has some source set it, so that it is not the default? */
bool config_is_given(const struct config *c, const struct config_option *o);

/*
 * Give the option called `name` a value.  *seen is the set of options that
 * had one from this source: each may have one only.  Errors as config_set(),
 * and ERR_SYNTAX for a name that is not known, or not any more (renamed.h).
 */
enum err config_set_named(struct config *c, struct slice name,
    struct slice value, uint64_t *seen, const char *where, struct problem *p);

/* Does the set hold an option that is secret? */
bool config_seen_secret(uint64_t seen);

/* Does the value of a key tell where it is, "@/path" or "@https://..."? */
bool config_key_is_place(const char *value);

/* Does the text hold PEM, other than in JSON? */
bool config_is_pem(struct slice text);

/* ERR_DENIED: others than the owner may write this regular file, whose content
 * decides on keys and rights. */
enum err config_check_writers(mode_t mode, const char *path, struct problem *p);

/* Append a whole file; *mode is its type and its permissions.  ERR_NOTFOUND,
 * ERR_IO, ERR_LIMIT, ERR_NOMEM. */
enum err config_read_text(
    struct buf *out, mode_t *mode, const char *path, struct problem *p);

/* Read settings from a file.  ERR_NOTFOUND: there is none.  Else as
 * config_load(). */
enum err config_read_file(
    struct config *c, const char *path, struct problem *p);

#endif
