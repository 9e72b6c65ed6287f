/* SPDX-License-Identifier: MIT */
/* session.h - what an application's own session may receive. */
#ifndef LIB_SESSION_H
#define LIB_SESSION_H

#include "lib/handle.h"

/* What a session is granted; see pushcgi_session_grant(). */
struct handle_session_rights {
	const struct slice *selectors;
	size_t n;
	struct slice payload; /* base NULL: as it was */
	int64_t lifetime_s;   /* 0: MERCURE_SESSION_LIFETIME, and longer
			       * while a stream of the session is open */
	bool replace;         /* what the session had before is forgotten */
};

/* ERR_UNSUPPORTED: the hub is remote, so this machine knows no sessions. */
enum err handle_has_sessions(const struct pushcgi *h, struct problem *p);

/* Change the rights of the session with this id.  ERR_SYNTAX, ERR_LIMIT: an
 * argument.  ERR_UNSUPPORTED: the hub is remote, or uses no sessions.  Else as
 * queue_open() and queue_session_grant(). */
enum err handle_session_grant(struct pushcgi *h, struct slice id,
    const struct handle_session_rights *r, struct problem *p);

/* All rights of `from` belong to `to` from now on. */
enum err handle_session_move(
    struct pushcgi *h, struct slice from, struct slice to, struct problem *p);

/* Take these selectors from it; with `n` 0 all it has. */
enum err handle_session_revoke(struct pushcgi *h, struct slice id,
    const struct slice *selectors, size_t n, struct problem *p);

#endif
