/* SPDX-License-Identifier: MIT */
/* list.c - all subcommands, in the order of --help. */
#include "cmd/list.h"

const struct cmd *const cmd_all[] = {
	&cmd_url,
	&cmd_link,
	&cmd_last_event_id,
	&cmd_cookie,
	&cmd_clear_cookie,
	&cmd_subscriber_jwt,
	&cmd_publisher_jwt,
	&cmd_token_explain,
	&cmd_publish,
	&cmd_subscribe,
	&cmd_subscriptions,
	&cmd_connected,
	&cmd_count,
	&cmd_session,
	&cmd_answer,
	&cmd_backup,
	&cmd_gen_secret_key,
	&cmd_config,
	&cmd_snippet,
	&cmd_check,
	NULL,
};
