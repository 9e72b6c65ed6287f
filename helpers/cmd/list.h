/* SPDX-License-Identifier: MIT */
/* list.h - the subcommands, each defined in a file of its name. */
#ifndef CMD_LIST_H
#define CMD_LIST_H

#include "cmd/cmd.h"

extern const struct cmd cmd_url;
extern const struct cmd cmd_link;
extern const struct cmd cmd_last_event_id;
extern const struct cmd cmd_cookie;
extern const struct cmd cmd_clear_cookie;
extern const struct cmd cmd_subscriber_jwt;
extern const struct cmd cmd_publisher_jwt;
extern const struct cmd cmd_token_explain;
extern const struct cmd cmd_publish;
extern const struct cmd cmd_subscribe;
extern const struct cmd cmd_subscriptions;
extern const struct cmd cmd_connected;
extern const struct cmd cmd_count;
extern const struct cmd cmd_session;
extern const struct cmd cmd_answer;
extern const struct cmd cmd_backup;
extern const struct cmd cmd_gen_secret_key;
extern const struct cmd cmd_config;
extern const struct cmd cmd_snippet;
extern const struct cmd cmd_check;

#endif
