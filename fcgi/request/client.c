/* SPDX-License-Identifier: MIT */
/* client.c - finds the first untrusted address, from the server's on. */
#include "request/client.h"

#include <stdio.h>
#include <strings.h>

#include "text/forwarded.h"

typedef enum err read_fn(struct forwarded *out, struct slice element);

/* The result of the walk along one header. */
struct walk {
	struct forwarded last; /* its address: the last one believed */
	bool garbled;
	size_t hops;
};

static void
walk(struct walk *w, struct slice list, read_fn *read,
    const struct ip_networks *trusted)
{
	struct slice element;

	while (forwarded_last(&list, &element)) {
		struct forwarded f;

		w->garbled =
		    ++w->hops > CLIENT_HOPS_MAX || read(&f, element) != ERR_OK;
		if (w->garbled)
			return;
		w->last.proto = f.proto;
		w->last.host = f.host;
		if (!f.has_address)
			return;
		w->last.address = f.address;
		w->last.has_address = true;
		if (!ip_networks_have(trusted, &f.address))
			return;
	}
}

/* A proxy that writes one of the headers may pass the other one unchanged. */
static bool
is_contradiction(const struct walk *plain, const struct walk *standard)
{
	if (plain->hops == 0 || standard->hops == 0)
		return false;
	return plain->garbled || standard->garbled ||
	       plain->last.has_address != standard->last.has_address ||
	       (plain->last.has_address &&
		   memcmp(&plain->last.address, &standard->last.address,
		       sizeof(plain->last.address)) != 0);
}

static void
read_proto(struct client *c, struct slice proto)
{
	static const char *const schemes[] = { "http", "https" };

	for (size_t i = 0; i < 2; i++)
		if (proto.len == strlen(schemes[i]) &&
		    strncasecmp(proto.base, schemes[i], proto.len) == 0)
			c->https = i == 1;
}

/* Use the scheme and host of the proxy that had the client as its peer. */
static void
read_origin(struct client *c, const struct request *rq,
    const struct forwarded *f, size_t hops)
{
	struct slice proto = forwarded_nth(rq->forwarded_proto, hops);
	struct slice host = forwarded_nth(rq->forwarded_host, hops);

	read_proto(c, f->proto.base != NULL ? f->proto : proto);
	if (f->host.base != NULL)
		host = f->host;
	if (host.len > 0)
		c->host = host;
}

static void
believe(struct client *c, const struct request *rq,
    const struct ip_networks *trusted)
{
	struct walk plain = { .hops = 0 }, standard = { .hops = 0 };
	const struct walk *w;

	c->kind = CLIENT_PROXY;
	if (rq->forwarded_for.len > 0)
		walk(&plain, rq->forwarded_for, forwarded_read_for, trusted);
	if (rq->forwarded.len > 0)
		walk(&standard, rq->forwarded, forwarded_read, trusted);
	w = standard.hops > 0 ? &standard : &plain;
	if (rq->forwarded_twice || is_contradiction(&plain, &standard)) {
		c->kind = CLIENT_GARBLED;
		return;
	}
	if (w->last.has_address)
		c->address = w->last.address;
	if (w->garbled) {
		c->kind = CLIENT_GARBLED;
		return;
	}
	read_origin(c, rq, &w->last, w->hops > 0 ? w->hops : 1);
	if (!ip_networks_have(trusted, &c->address))
		c->kind =
		    ip_is_inner(&c->address) ? CLIENT_INNER : CLIENT_OUTER;
}

static bool
is_forwarded(const struct request *rq)
{
	return rq->forwarded_for.len > 0 || rq->forwarded.len > 0 ||
	       rq->forwarded_twice;
}

void
client_find(struct client *out, const struct request *rq,
    const struct ip_networks *trusted)
{
	struct client c = { .https = rq->https, .host = rq->host };

	if (ip_parse(&c.address, rq->address) != ERR_OK) {
		c.kind = CLIENT_UNKNOWN;
		c.ignored = is_forwarded(rq);
	} else if (ip_networks_have(trusted, &c.address)) {
		believe(&c, rq, trusted);
	} else {
		c.kind = ip_is_inner(&c.address) ? CLIENT_INNER : CLIENT_OUTER;
		c.ignored = is_forwarded(rq);
	}
	*out = c;
}

void
client_write(char out[IP_TEXT_MAX], const struct client *c)
{
	if (c->kind == CLIENT_UNKNOWN)
		snprintf(out, IP_TEXT_MAX, "unknown");
	else
		ip_write(out, &c->address);
}

void
client_name(char out[IP_TEXT_MAX], const struct request *rq,
    const struct ip_networks *trusted)
{
	struct client c;

	client_find(&c, rq, trusted);
	client_write(out, &c);
}

void
client_write_counted(char out[IP_TEXT_MAX], const struct client *c)
{
	if (c->kind == CLIENT_UNKNOWN)
		snprintf(out, IP_TEXT_MAX, "unknown");
	else
		ip_write_counted(out, &c->address);
}
