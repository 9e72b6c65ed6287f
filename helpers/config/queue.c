/* SPDX-License-Identifier: MIT */
/* queue.c - makes the queue's settings from a configuration. */
#include "config/queue.h"

/* Longest wait for the write lock before a publish fails. */
#define LOCK_TIMEOUT_MS 5000

struct queue_settings
config_queue(const struct config *c)
{
	struct queue_settings s = {
		.url = c->transport_url,
		.rows_max = c->history_rows_max,
		.age_max_s = c->history_age_max_s,
		.bytes_max = c->history_bytes_max,
		.lock_timeout_ms = LOCK_TIMEOUT_MS,
		.full = strcmp(c->durability, "full") == 0,
		.presence_events = c->subscriptions,
		.stranger_rate = c->presence_rate,
		.small = c->workers == 1,
	};

	/* The setting was checked when it was read. */
	(void)dialects_read(&s.dialects, slice_of(c->protocol_versions));
	return s;
}

struct session_extension
config_session_extension(const struct config *c)
{
	return (struct session_extension){
		.lifetime_ms = (int64_t)c->session_lifetime_s * 1000,
		.longest_ms = (int64_t)c->session_extension_s * 1000,
	};
}
