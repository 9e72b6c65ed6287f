/* SPDX-License-Identifier: MIT */
/* token.h - pushcgi token-explain: what was found, and how it is printed. */
#ifndef CMD_TOKEN_H
#define CMD_TOKEN_H

#include "cmd/cmd.h"
#include "config/keys.h"
#include "mercure/token.h"

/* Would the hub accept a token for one role, and why not? */
struct cmd_token {
	enum config_role role;
	const char *setting;     /* that the key is in, or would be */
	size_t bytes;            /* of the token */
	struct jws_peek peek;    /* what it says of itself */
	struct jws_keys *keys;   /* NULL: none is set */
	enum token_check failed; /* TOKEN_CHECKS: none */
	struct problem why;
	struct grant *grant; /* NULL: it is refused */
	int64_t now_ms;      /* when that was; real clock */
};

/* Add what there is to say of it, for people or as a JSON object. */
void cmd_token_text(struct buf *out, const struct cmd_token *t);
void cmd_token_json(struct buf *out, const struct cmd_token *t);

#endif
