/* SPDX-License-Identifier: MIT */
/* extender.c - extends the grants of sessions whose streams are open. */
#include "presence/extender.h"

#include "base/clock.h"
#include "base/log.h"

#define RETRY_MS 1000

void
extender_init(struct extender *x, struct queue *q, struct roster *r)
{
	*x = (struct extender){ .queue = q, .roster = r };
}

static bool
extend(struct extender *x, int64_t now)
{
	uint8_t tokens[EXTENSIONS_MAX][GRANT_TOKEN_SIZE];
	struct session_extension how;
	struct problem p = { "" };
	const size_t n =
	    roster_take_extensions(x->roster, tokens, EXTENSIONS_MAX, &how);
	enum err e;

	if (n == 0)
		return false;
	e = queue_sessions_extend(
	    x->queue, tokens, n, clock_real_ms(), &how, &p);
	if (e != ERR_OK && !x->failing)
		log_err("sessions not extended", LOG_TEXT("reason", p.text));
	x->failing = e != ERR_OK;
	x->next_ms = now + (e == ERR_OK ? EXTENSIONS_PAUSE_MS : RETRY_MS);
	return true;
}

int64_t
extender_run(struct extender *x, bool *wrote)
{
	const int64_t now = clock_mono_ms();

	if (now >= x->next_ms && extend(x, now))
		*wrote = true;
	return roster_extends(x->roster) ? x->next_ms : INT64_MAX;
}
