/* SPDX-License-Identifier: MIT */
/* listener.h - where web servers connect: inherited or own sockets. */
#ifndef WIRE_LISTENER_H
#define WIRE_LISTENER_H

#include <stdbool.h>

#include "base/err.h"

struct listener_settings {
	const char *listen; /* "unix:PATH", "tcp:ADDRESS:PORT"; NULL: none */
	const char *group;  /* of a unix socket; NULL: the process's */
	bool remote;        /* a TCP address other than loopback is meant */
};

/*
 * Open or find the listening socket: `listen` if given, else systemd's
 * (LISTEN_FDS, sd_listen_fds(3)), else descriptor 0.  Non-blocking and
 * close-on-exec.  A stale unix socket nobody listens on is replaced.  The
 * problem names what to change.
 */
enum err listener_open(
    int *out, const struct listener_settings *s, struct problem *p);

/* Take the path of a unix socket of our own away, before it is closed:
 * afterwards it could be a successor's. */
void listener_withdraw(const struct listener_settings *s);

/* Is descriptor 0 a listening socket? */
bool listener_inherited(void);

/* Peers of a TCP listener that FCGI_WEB_SERVER_ADDRS does not name are
 * turned away, as the FastCGI specification asks. */
bool listener_trusts(int fd);

#endif
