/* SPDX-License-Identifier: MIT */
/* follow.h - pushcgi subscribe: from where its updates come to its output. */
#ifndef CMD_FOLLOW_H
#define CMD_FOLLOW_H

#include "cmd/cmd.h"
#include "cmd/signals.h"
#include "mercure/update.h"

struct cmd_follow {
	struct pushcgi *h;
	const struct slice *selectors;
	size_t selectors_n;
	struct slice last_id; /* base NULL: only updates from now on */
	bool private;         /* private updates, too */
	bool json;
	uint64_t left;   /* updates to print; UINT64_MAX: no limit */
	struct buf text; /* what is to be printed */
};

/* Follow the queue on this machine, or the hub that MERCURE_HUB_URL names,
 * until `left` is 0 or a signal has come; both are ERR_OK.  Else the problem
 * says what is wrong. */
enum err cmd_follow_here(struct cmd_follow *fo, struct problem *p);
enum err cmd_follow_remote(struct cmd_follow *fo, struct problem *p);

/* Add an update to the text, unless enough were; topics with base NULL are
 * not known.  It may be called with a statement open, the other one not. */
void cmd_follow_add(struct cmd_follow *fo, const struct update *u);

/* How long to wait for the next stream of a hub that wants `wanted_ms`, after
 * `empty` streams in a row without an update.  More than the hub wants, since
 * one that ends its streams at once would be asked without a pause. */
uint32_t cmd_follow_wait_ms(uint32_t wanted_ms, unsigned empty);

/* Print the text.  ERR_IO, ERR_LIMIT, ERR_NOMEM. */
enum err cmd_follow_print(struct cmd_follow *fo, struct problem *p);

#endif
