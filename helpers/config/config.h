/* SPDX-License-Identifier: MIT */
/* config.h - the configuration: one table, three sources, one struct. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/*
 * Command line beats environment beats file beats default; see
 * pushcgi.conf(5).  Immutable once loaded but for its count; any thread may
 * read.  Texts are NUL-terminated and owned by the struct; NULL means not set.
 */
struct config {
	_Atomic unsigned refs;
	char *hub_url;        /* MERCURE_HUB_URL */
	char *public_hub_url; /* a list: config/hub_urls.h */
	char *secret_key;     /* SECRET_KEY */
	char *publisher_jwt;
	char *publisher_key; /* falls back to secret_key */
	char *publisher_alg;
	char *subscriber_key; /* falls back to secret_key */
	char *subscriber_alg;
	char *ca_file;                 /* MERCURE_CA_FILE */
	char *cookie_name;             /* MERCURE_AUTHZ_COOKIE_NAME */
	char *session_cookie;          /* blank-separated names */
	uint64_t session_lifetime_s;   /* MERCURE_SESSION_LIFETIME */
	uint64_t session_extension_s;  /* MERCURE_SESSION_MAX_EXTENSION */
	char *cookie_same_site;        /* MERCURE_COOKIE_SAMESITE */
	char *cookie_domain;           /* MERCURE_COOKIE_DOMAIN */
	char *transport_url;           /* MERCURE_TRANSPORT_URL */
	char *durability;              /* "normal" or "full" */
	char *protocol_versions;       /* blank-separated */
	char *cors_allowed_origins;    /* blank-separated */
	char *publish_allowed_origins; /* blank-separated */
	char *counts;                  /* MERCURE_COUNTS, blank-separated */
	char *delivery;                /* "stream" or "poll" */
	char *log_level;               /* err, warn, info, debug */
	bool cookie_partitioned;       /* MERCURE_COOKIE_PARTITIONED */
	bool allow_publish;
	bool allow_anonymous;
	bool subscriptions;         /* MERCURE_HUB_SUBSCRIPTIONS */
	uint64_t presence_delay_ms; /* MERCURE_PRESENCE_DELAY */
	uint64_t presence_rate;     /* MERCURE_PRESENCE_RATE; 0: no limit */
	bool type_is_topic;
	uint64_t publish_connect_ms; /* MERCURE_PUBLISH_CONNECT_TIMEOUT */
	uint64_t publish_timeout_ms; /* MERCURE_PUBLISH_TIMEOUT */
	uint64_t keepalive_s;        /* 0: off */
	uint64_t write_timeout_s;    /* longest life of a stream; 0: none */
	uint64_t retry_ms;
	uint64_t poll_wait_s;       /* MERCURE_POLL_WAIT */
	uint64_t drain_window_s;    /* MERCURE_DRAIN_WINDOW */
	uint64_t history_rows_max;  /* MERCURE_HUB_RECONCILIATION_LENGTH */
	uint64_t history_age_max_s; /* 0: no limit */
	uint64_t history_bytes_max; /* 0: no limit */
	uint64_t body_max;          /* MERCURE_MAX_BODY, bytes */
	uint64_t topics_max;        /* MERCURE_MAX_TOPICS per update */
	uint64_t matchers_max;      /* MERCURE_MAX_MATCHERS per request */
	uint64_t
	    pattern_weight_max; /* MERCURE_MAX_PATTERN_WEIGHT; 0: no limit */
	uint64_t pattern_weight_stream_max; /* likewise, …_PER_STREAM */
	uint64_t pattern_weight_client_max; /* likewise, …_PER_CLIENT */
	uint64_t topic_length_max;  /* MERCURE_MAX_TOPIC_LENGTH, bytes */
	uint64_t connections_max;   /* MERCURE_MAX_CONNECTIONS; 0: no limit */
	uint64_t per_token_max;     /* likewise */
	uint64_t per_address_max;   /* likewise */
	char *trusted_proxies;      /* blank-separated */
	uint64_t pending_max;       /* MERCURE_MAX_PENDING publishes */
	uint64_t pending_bytes_max; /* MERCURE_MAX_PENDING_BYTES */
	uint64_t queued_bytes_max;  /* MERCURE_MAX_QUEUED_BYTES */
	uint64_t workers;           /* MERCURE_WORKERS threads */
	uint64_t given;             /* bits of options that a source has set */
	bool per_address_given;     /* per_address_max is not the default */
	bool no_file;               /* CONFIG_PATH_DEFAULT is absent */
};

#define CONFIG_PATH_DEFAULT SYSCONFDIR "/pushcgi/pushcgi.conf"

/*
 * Where to look.  `path` NULL: CONFIG_PATH_DEFAULT, which may be absent; a
 * path that was given must exist.  `args` are NUL-terminated "key=value"
 * texts that stood on the command line behind `--`.
 */
struct config_sources {
	const char *path;
	char *const *environ; /* NULL-terminated "KEY=value" */
	const char *const *args;
	size_t args_n;
};

/*
 * One reference is the caller's.  ERR_SYNTAX: the problem names file, line and
 * setting, and for an unknown one the nearest known.  ERR_DENIED: a secret on
 * the command line, or a file with secrets that everybody may read.  ERR_IO,
 * ERR_LIMIT, ERR_NOMEM.  An unknown MERCURE_… in the environment is logged as a
 * warning.
 */
enum err config_load(
    struct config **out, const struct config_sources *src, struct problem *p);

/* Is `name` (any alias, any case, '-' as '_') a key of the table, or a former
 * name of one?  config_load() fails on a former name and names the new one. */
bool config_has_key(struct slice name);

/* Add the effective configuration as a file: reading it back gives the same
 * (with `show_secrets`; else a comment gives the length of a secret). */
void config_dump(struct buf *out, const struct config *c, bool show_secrets);

/* Add it as a JSON object of texts, numbers and booleans; without
 * `show_secrets` a secret that is set is null. */
void config_dump_json(
    struct buf *out, const struct config *c, bool show_secrets);

/* Add one line for each option: name, what it means, default. */
void config_help(struct buf *out);

/* The value of the setting `name`, which must be a text of the table; NULL: it
 * is not set. */
const char *config_text_of(const struct config *c, const char *name);

/* Is `item` in the blank-separated `list` (NULL: empty), byte for byte? */
bool config_list_has(const char *list, struct slice item);

struct config *config_ref(struct config *c);
/* The last one wipes secrets; NULL is allowed. */
void config_unref(struct config *c);

#endif
