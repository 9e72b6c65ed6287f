/* SPDX-License-Identifier: MIT */
/* queue.h - the queue that a configuration describes. */
#ifndef CONFIG_QUEUE_H
#define CONFIG_QUEUE_H

#include "config/config.h"
#include "queue/sessions.h"

/* For queue_open(); texts are borrowed from the configuration. */
struct queue_settings config_queue(const struct config *c);

/* How the hub extends the grants of sessions. */
struct session_extension config_session_extension(const struct config *c);

#endif
