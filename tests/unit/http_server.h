/* SPDX-License-Identifier: MIT */
/* http_server.h - a server on loopback that gives bad answers on demand. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <sys/types.h>

/*
 * A child that takes one connection after the other and answers by the
 * request's path:
 *   /echo      200 with the request, as it came, for a body
 *   /big       200 with endless bytes
 *   /heads     200 with endless headers
 *   /silent    nothing, until the peer leaves
 *   /drip      a byte of an answer now and then
 *   /short     less than the length it tells
 *   /nothing   closes
 *   /garbage   what is no HTTP
 *   /moved     302 to http://other.example/x, with a control character
 *   /gone      404
 *   /hub       200 with what opens a stream of updates, and closes
 *   /closed    401, as a hub that wants a token
 * and 200 with some headers for anything else.
 */
struct http_server {
	pid_t pid;
	int port;
};

void http_server_start(struct http_server *s);
void http_server_stop(struct http_server *s);

/* A socket on loopback that listens, and its port. */
int http_server_listen(int *port);

#endif
