/* SPDX-License-Identifier: MIT */
/* queue.h - the queue that a configuration describes. */
#ifndef CONFIG_QUEUE_H
#define CONFIG_QUEUE_H

#include "config/config.h"
#include "queue/queue.h"

/* For queue_open(); texts are borrowed from the configuration. */
struct queue_settings config_queue(const struct config *c);

#endif
