/* SPDX-License-Identifier: MIT */
/* fix.h - which line of which server's configuration mends which fault. */
#ifndef CHECK_FIX_H
#define CHECK_FIX_H

#include <stdbool.h>

#include "base/slice.h"

/* What can be wrong, and its name for programs. */
#define DOCTOR_FAULTS(X)                       \
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
	X(CORS_TWICE, "cors-twice")

enum doctor_fault {
#define X(name, text) DOCTOR_##name,
	DOCTOR_FAULTS(X)
#undef X
};

const char *doctor_fault_name(enum doctor_fault problem);

enum doctor_kind {
	DOCTOR_APACHE,
	DOCTOR_LIGHTTPD,
	DOCTOR_NGINX,
	DOCTOR_ELSE,
	DOCTOR_ANY /* in mends only */
};

/* The web server, by its header Server and by how it fails. */
struct doctor_server {
	enum doctor_kind kind;
	bool is_fcgid; /* it did what only Apache's mod_fcgid does */
};

/* By the value of the header Server (base NULL: there was none). */
enum doctor_kind doctor_kind_of(struct slice server);

struct doctor_mend {
	enum doctor_fault problem;
	enum doctor_kind kind;
	const char *with;  /* the module or server, for people */
	const char *where; /* where the line belongs */
	const char *line;
	bool is_shipped; /* it stands in templates/servers/ */
};

/* The mend behind `after` (NULL: the first); NULL: there is none. */
const struct doctor_mend *doctor_mend_next(const struct doctor_mend *after,
    enum doctor_fault problem, const struct doctor_server *s);

#endif
