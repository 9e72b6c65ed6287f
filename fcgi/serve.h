/* SPDX-License-Identifier: MIT */
/* serve.h - the FastCGI responder: a hub, its acceptor and its threads. */
#ifndef SERVE_H
#define SERVE_H

#include "config/config.h"
#include "endpoint/settings.h"
#include "wire/listener.h"

/* Serve until a signal ends it.  `sources` are read again on SIGHUP; takes
 * over one reference to `s`.  The problem says why it could not start. */
enum err serve_run(struct settings *s, const struct config_sources *sources,
    const struct listener_settings *listener, struct problem *p);

#endif
