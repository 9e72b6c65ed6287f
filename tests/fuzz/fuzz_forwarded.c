/* SPDX-License-Identifier: MIT */
/* fuzz_forwarded.c - finds the client in five lines of header values. */
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "request/client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The words of a peer that is not believed change nothing. */
static void
check_stranger(const struct request *rq, const struct client *c)
{
	const struct request alone = {
		.address = rq->address, .host = rq->host, .https = rq->https
	};
	struct client without;

	client_find(&without, &alone, NULL);
	if (without.kind != c->kind || c->https != rq->https ||
	    !slice_eq(c->host, rq->host) ||
	    (c->kind != CLIENT_UNKNOWN &&
		memcmp(&without.address, &c->address, sizeof(c->address)) != 0))
		abort();
}

/* A stranger's address in front of what a proxy wrote is nobody's. */
static void
check_last(const struct request *rq, const struct ip_networks *trusted,
    const struct client *c)
{
	static const char stranger[] = "192.0.2.99,";
	const size_t n = sizeof(stranger) - 1;
	struct request longer = *rq;
	struct client again;
	char text[1024];

	if (c->kind != CLIENT_OUTER || rq->forwarded_for.len == 0 ||
	    rq->forwarded_for.len > sizeof(text) - n)
		return;
	memcpy(text, stranger, n);
	memcpy(text + n, rq->forwarded_for.base, rq->forwarded_for.len);
	longer.forwarded_for =
	    (struct slice){ text, n + rq->forwarded_for.len };
	client_find(&again, &longer, trusted);
	if (again.kind != CLIENT_OUTER ||
	    memcmp(&again.address, &c->address, sizeof(c->address)) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size }, line[5];
	struct ip_networks *trusted = NULL;
	struct client c;

	for (size_t i = 0; i < 5; i++) {
		line[i] = (struct slice){ NULL, 0 };
		slice_cut(&rest, '\n', &line[i]);
	}
	const struct request rq = { .address = line[0],
		.forwarded_for = line[1],
		.forwarded = line[2],
		.forwarded_proto = line[3],
		.forwarded_host = line[4],
		.host = slice_of("h"),
		.https = rest.len > 0 };

	client_find(&c, &rq, NULL);
	check_stranger(&rq, &c);
	if (ip_networks_new(&trusted, slice_of("127.0.0.0/8 ::1")) != ERR_OK)
		return 0;
	client_find(&c, &rq, trusted);
	if (c.kind == CLIENT_OUTER && ip_networks_have(trusted, &c.address))
		abort();
	if (c.kind == CLIENT_PROXY && !ip_networks_have(trusted, &c.address))
		abort();
	check_last(&rq, trusted, &c);
	mem_free(trusted);
	return 0;
}
