/* SPDX-License-Identifier: MIT */
/* counted.c - decides whether the limit of an address holds for a request. */
#include "endpoint/counted.h"

#include "base/log.h"
#include "request/client.h"

#define LIMIT "MERCURE_MAX_CONNECTIONS_PER_ADDRESS"

/* May its address stand for a whole site? */
static bool
is_shared(const struct client *c)
{
	return c->kind != CLIENT_OUTER && c->kind != CLIENT_GARBLED;
}

static void
report_no_address(const struct settings *s)
{
	if (settings_is_report_due(s, SETTINGS_NO_ADDRESS))
		log_warn("client has no address",
		    LOG_TEXT("effect",
			s->config->per_address_given
			    ? "all streams without one count as one client's"
			    : "streams without one are not limited"),
		    LOG_TEXT("limit", LIMIT),
		    LOG_TEXT("variable", "REMOTE_ADDR"),
		    LOG_TEXT("hint", "have the web server pass it"));
}

/* Log a peer with a private address, which is most likely a proxy of this site.
 * Other peers are not logged, since any stranger could cause the line. */
static void
report_not_believed(const struct client *c, const struct settings *s)
{
	char peer[IP_TEXT_MAX];

	if (!settings_is_report_due(s, SETTINGS_NOT_BELIEVED))
		return;
	client_write(peer, c);
	log_warn("client's address not believed", LOG_TEXT("proxy", peer),
	    LOG_TEXT("limit", LIMIT),
	    LOG_TEXT("setting", "MERCURE_TRUSTED_PROXIES"));
}

static void
report_garbled(const struct client *c, const struct settings *s)
{
	char proxy[IP_TEXT_MAX];

	if (!settings_is_report_due(s, SETTINGS_GARBLED))
		return;
	client_write(proxy, c);
	log_warn("client's address not readable",
	    LOG_TEXT("effect", "its streams count as the proxy's"),
	    LOG_TEXT("proxy", proxy), LOG_TEXT("limit", LIMIT),
	    LOG_TEXT("setting", "MERCURE_TRUSTED_PROXIES"),
	    LOG_TEXT("hint",
		"have the proxy write one X-Forwarded-For or one Forwarded"));
}

void
counted_find(
    struct counted *out, const struct request *rq, const struct settings *s)
{
	struct client c;

	*out = (struct counted){ .max = 0 };
	client_find(&c, rq, s->trusted);
	client_write_counted(out->text, &c);
	if (s->config->per_address_max == 0)
		return;
	if (c.kind == CLIENT_UNKNOWN)
		report_no_address(s);
	else if (c.kind == CLIENT_INNER && c.ignored)
		report_not_believed(&c, s);
	else if (c.kind == CLIENT_GARBLED)
		report_garbled(&c, s);
	if (s->config->per_address_given || !is_shared(&c))
		out->max = s->config->per_address_max;
}

struct slice
counted_client(
    char out[IP_TEXT_MAX], const struct request *rq, const struct settings *s)
{
	struct client c;

	client_find(&c, rq, s->trusted);
	client_write_counted(out, &c);
	return slice_of(is_shared(&c) ? NULL : out);
}

void
counted_report_refused(
    const struct request *rq, const struct settings *s, const char *why)
{
	char client[IP_TEXT_MAX];

	if (!settings_is_report_due(s, SETTINGS_REFUSED))
		return;
	client_name(client, rq, s->trusted);
	log_warn("stream refused", LOG_TEXT("client", client),
	    LOG_TEXT("reason", why),
	    LOG_TEXT("hint", "the next hour's are not logged"));
}
