/* SPDX-License-Identifier: MIT */
/* keys.h - reads the keys that a configuration names. */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include "config/config.h"
#include "jose/jws_keys.h"

enum config_role { CONFIG_PUBLISHERS, CONFIG_SUBSCRIBERS, CONFIG_ROLES };

/*
 * Make the keys of a role's tokens from its setting, or from the file that a
 * value such as "@/path" names; see pushcgi.conf(5).  ERR_NOTFOUND: no key is
 * configured.  ERR_UNSUPPORTED: they are at a URL.  ERR_IO: the file cannot be
 * read.  ERR_DENIED: it holds a secret and everybody may read it.
 * ERR_UNSUPPORTED, ERR_SYNTAX, ERR_LIMIT: as jws_keys_new().  ERR_NOMEM.  The
 * problem names the setting.
 */
enum err config_keys_new(struct jws_keys **out, const struct config *c,
    enum config_role role, struct problem *p);

/*
 * The URL that a value such as "@https://example.com/jwks.json" names, for
 * key_sets.h; NULL: the keys are not at a URL.  It belongs to the
 * configuration.  ERR_SYNTAX, ERR_UNSUPPORTED: not one to fetch keys from.
 * ERR_NOMEM.
 */
enum err config_keys_url(const char **out, const struct config *c,
    enum config_role role, struct problem *p);

/* The name of the setting that holds the role's key, or would hold it. */
const char *config_keys_setting(const struct config *c, enum config_role role);

#endif
