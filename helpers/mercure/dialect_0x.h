/* SPDX-License-Identifier: MIT */
/* dialect_0x.h - the parts of protocol 0.x (draft 7), for its table. */
#ifndef MERCURE_DIALECT_0X_H
#define MERCURE_DIALECT_0X_H

#include "mercure/dialect.h"

#define DIALECT_0X_VERSION "0.x"

extern const struct dialect dialect_0x;

/* dialect_0x_claims.c: see struct dialect. */
enum err dialect_0x_read_grant(struct grant **out, const json_t *claims,
    uint64_t key, int64_t expires_ms, size_t matchers_max, struct problem *p);
enum err dialect_0x_write_claims(
    json_t *claims, const struct token_rights *r, struct problem *p);

/* dialect_0x_refusals.c */
void dialect_0x_write_problem(
    struct buf *out, int status, const char *sentence);
void dialect_0x_refuse(struct refusal_answer *out, const struct refusal *r);

/* dialect_0x_subscriptions.c */
extern const struct subscription_form dialect_0x_subscriptions;

#endif
