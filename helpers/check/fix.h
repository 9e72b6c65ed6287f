/* SPDX-License-Identifier: MIT */
/* fix.h - which line of which server's configuration fixes which problem. */
#ifndef CHECK_FIX_H
#define CHECK_FIX_H

#include <stdbool.h>

#include "base/slice.h"

/* All problems, and their names for programs. */
#define CHECK_PROBLEMS(X)                      \
	X(NONE, "none")                        \
	X(UNREACHABLE, "unreachable")          \
	X(REDIRECT, "redirect")                \
	X(NO_HUB, "no-hub")                    \
	X(HUB_DOWN, "hub-down")                \
	X(CLOCK, "clock")                      \
	X(AUTHORIZATION, "authorization-lost") \
	X(SLASHES, "encoded-slashes")          \
	X(BODY, "body-limit")                  \
	X(HEAD, "head-limit")                  \
	X(TAKEN, "pages-taken")                \
	X(HUB_FAILS, "hub-fails")              \
	X(PAGE, "page-instead")                \
	X(METHODS, "methods")                  \
	X(PASSWORD, "password")                \
	X(DENIED, "denied")                    \
	X(LIMITED, "rate-limit")               \
	X(REFUSALS, "refusals-replaced")       \
	X(CHARSET, "charset")                  \
	X(CACHING, "cache-control")            \
	X(CACHED, "cached")                    \
	X(CHANGED, "updates-changed")          \
	X(SET_COOKIE, "cookie-overwritten")    \
	X(FIELD_ADDED, "field-added")          \
	X(HELD, "held-back")                   \
	X(BATCHED, "batched")                  \
	X(SLOW, "slow")                        \
	X(QUEUE, "other-queue")                \
	X(COMPRESSED, "compressed")            \
	X(CUT, "cut")                          \
	X(SILENT, "no-keep-alive")             \
	X(STREAMS, "few-streams")              \
	X(COOKIE, "cookie-not-returned")       \
	X(TOKEN, "token-refused")              \
	X(CORS, "cors")                        \
	X(CORS_TWICE, "cors-twice")            \
	X(CORS_REPLACED, "cors-replaced")

enum check_problem {
#define X(name, text) CHECK_##name,
	CHECK_PROBLEMS(X)
#undef X
};

const char *check_problem_name(enum check_problem problem);

enum check_kind {
	CHECK_APACHE,
	CHECK_LIGHTTPD,
	CHECK_NGINX,
	CHECK_ELSE,
	CHECK_ANY /* in fixes only */
};

/* The web server, by its header Server and by how it fails. */
struct check_server {
	enum check_kind kind;
	bool is_fcgid; /* it did what only Apache's mod_fcgid does */
};

/* By the value of the header Server (base NULL: there was none). */
enum check_kind check_kind_of(struct slice server);

struct check_fix {
	enum check_problem problem;
	enum check_kind kind;
	const char *with;  /* the module or server, for people */
	const char *where; /* where the line belongs */
	const char *line;
	bool is_shipped; /* it is in templates/servers/ */
};

/* The fix after `after` (NULL: the first); NULL: there is none. */
const struct check_fix *check_fix_next(const struct check_fix *after,
    enum check_problem problem, const struct check_server *s);

#endif
