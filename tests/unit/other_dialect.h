/* SPDX-License-Identifier: MIT */
/* other_dialect.h - a made-up second generation of the protocol, which differs
 * from 0.x wherever a dialect may. */
#ifndef UNIT_OTHER_DIALECT_H
#define UNIT_OTHER_DIALECT_H

#include "mercure/dialect.h"

/*
 * Its requests to subscribe have parameters whose names begin with "match".
 * Its tokens have the type "other+jwt", an expiry, and one array of exact
 * topics (claim `topics`) for both rights; the cookie is that of
 * MERCURE_SESSION_COOKIE.  It writes problems as JSON, and its challenge names
 * the hub's URL.
 */
extern const struct dialect other_dialect;

#endif
