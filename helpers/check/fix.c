/* SPDX-License-Identifier: MIT */
/* fix.c - the table of mends. */
#include "check/fix.h"

#include <strings.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define FCGID "mod_fcgid"
#define PROXY "mod_proxy_fcgi"
#define CGI "mod_cgid"
#define HOSTS "in every <VirtualHost>"
#define SERVER "outside any <VirtualHost>"
#define LOCATION "in the hub's <LocationMatch>"
#define PASS "at the end of the hub's ProxyPass"
#define CONDITION "in the hub's $HTTP[\"url\"] block"
#define GLOBAL "outside any block"
#define BLOCK "in the hub's location { }"
#define CONF "in pushcgi.conf"

static const struct doctor_mend mends[] = {
	{ DOCTOR_NO_HUB, DOCTOR_APACHE, "Apache",
	    "print the hub's part, and do what its first lines say",
	    "pushcgi snippet apache-mod_proxy_fcgi", false },
	{ DOCTOR_NO_HUB, DOCTOR_LIGHTTPD, "lighttpd",
	    "print the hub's part, and do what its first lines say",
	    "pushcgi snippet lighttpd-spawned", false },
	{ DOCTOR_NO_HUB, DOCTOR_NGINX, "nginx",
	    "print the hub's part, and do what its first lines say",
	    "pushcgi snippet nginx", false },
	{ DOCTOR_HUB_DOWN, DOCTOR_ANY, "the hub", "on its machine",
	    "systemctl enable --now pushcgi.socket", true },
	{ DOCTOR_CLOCK, DOCTOR_ANY, "the clock",
	    "on the machine whose clock is wrong", "timedatectl set-ntp true",
	    false },

	{ DOCTOR_AUTHORIZATION, DOCTOR_APACHE, "Apache", LOCATION,
	    "CGIPassAuth On", true },
	{ DOCTOR_AUTHORIZATION, DOCTOR_NGINX, "nginx", BLOCK,
	    "fastcgi_pass_request_headers on;", false },

	{ DOCTOR_SLASHES, DOCTOR_APACHE, "Apache", HOSTS,
	    "AllowEncodedSlashes NoDecode", true },
	{ DOCTOR_SLASHES, DOCTOR_LIGHTTPD, "lighttpd",
	    "in server.http-parseopts", "\"url-path-2f-reject\" => \"disable\"",
	    false },

	{ DOCTOR_BODY, DOCTOR_APACHE, FCGID, SERVER,
	    "FcgidMaxRequestLen 1114112", true },
	{ DOCTOR_BODY, DOCTOR_APACHE, "Apache", LOCATION,
	    "LimitRequestBody 1114112", true },
	{ DOCTOR_BODY, DOCTOR_LIGHTTPD, "lighttpd", CONDITION,
	    "server.max-request-size = 1088", true },
	{ DOCTOR_BODY, DOCTOR_NGINX, "nginx", BLOCK,
	    "client_max_body_size 1088k;", true },

	{ DOCTOR_HEAD, DOCTOR_APACHE, "Apache", SERVER,
	    "LimitRequestLine 16384", true },
	{ DOCTOR_HEAD, DOCTOR_APACHE, "Apache", SERVER,
	    "LimitRequestFieldSize 16384", true },
	{ DOCTOR_HEAD, DOCTOR_LIGHTTPD, "lighttpd", GLOBAL,
	    "server.max-request-field-size := 20480", true },
	{ DOCTOR_HEAD, DOCTOR_NGINX, "nginx",
	    "in the server { } that is the first of its port",
	    "large_client_header_buffers 4 16k;", true },

	{ DOCTOR_TAKEN, DOCTOR_APACHE, PROXY,
	    "in each ProxyPass of the hub's: PHP-FPM has the name localhost",
	    "\"unix:/run/pushcgi/hub.sock|fcgi://pushcgi\"", true },

	{ DOCTOR_HELD, DOCTOR_APACHE, FCGID, SERVER, "FcgidOutputBufferSize 0",
	    true },
	{ DOCTOR_HELD, DOCTOR_APACHE, PROXY, PASS, "flushpackets=on", true },
	{ DOCTOR_HELD, DOCTOR_LIGHTTPD, "lighttpd", CONDITION,
	    "server.stream-response-body = 2", true },
	{ DOCTOR_HELD, DOCTOR_NGINX, "nginx", BLOCK, "fastcgi_buffering off;",
	    true },
	{ DOCTOR_HELD, DOCTOR_ANY, "where none of this can be changed", CONF,
	    "MERCURE_DELIVERY = poll", false },

	{ DOCTOR_COMPRESSED, DOCTOR_APACHE, "Apache", LOCATION,
	    "SetEnv no-gzip 1", true },
	{ DOCTOR_COMPRESSED, DOCTOR_NGINX, "nginx", BLOCK, "gzip off;", true },

	{ DOCTOR_CUT, DOCTOR_APACHE, FCGID, SERVER, "FcgidIOTimeout 60", true },
	{ DOCTOR_CUT, DOCTOR_APACHE, PROXY, PASS, "timeout=60", true },
	{ DOCTOR_CUT, DOCTOR_APACHE, CGI, LOCATION, "CGIDScriptTimeout 60",
	    true },
	{ DOCTOR_CUT, DOCTOR_LIGHTTPD, "lighttpd", CONDITION,
	    "server.max-write-idle = 60", true },
	{ DOCTOR_CUT, DOCTOR_NGINX, "nginx", BLOCK, "fastcgi_read_timeout 60s;",
	    true },
	{ DOCTOR_CUT, DOCTOR_ANY, "the hub", CONF,
	    "MERCURE_HUB_KEEPALIVE_INTERVAL = 15", false },
	{ DOCTOR_SILENT, DOCTOR_ANY, "the hub", CONF,
	    "MERCURE_HUB_KEEPALIVE_INTERVAL = 15", false },

	{ DOCTOR_STREAMS, DOCTOR_APACHE, "Apache", HOSTS " with HTTPS",
	    "Protocols h2 http/1.1", true },
	{ DOCTOR_STREAMS, DOCTOR_NGINX, "nginx", "in the server { }",
	    "listen 443 ssl http2;", false },
};

const char *
doctor_fault_name(enum doctor_fault problem)
{
	static const char *const names[] = {
#define X(name, text) [DOCTOR_##name] = text,
		DOCTOR_FAULTS(X)
#undef X
	};

	return names[problem];
}

enum doctor_kind
doctor_kind_of(struct slice server)
{
	static const struct {
		const char *name;
		enum doctor_kind kind;
	} known[] = {
		{ "Apache", DOCTOR_APACHE },
		{ "lighttpd", DOCTOR_LIGHTTPD },
		{ "nginx", DOCTOR_NGINX },
	};

	for (size_t i = 0; i < COUNT(known); i++) {
		size_t n = strlen(known[i].name);

		if (server.len >= n &&
		    strncasecmp(server.base, known[i].name, n) == 0 &&
		    (server.len == n || server.base[n] == '/' ||
			server.base[n] == ' '))
			return known[i].kind;
	}
	return DOCTOR_ELSE;
}

/* The modules of Apache exclude each other. */
static bool
fits(const struct doctor_mend *m, enum doctor_fault problem,
    const struct doctor_server *s)
{
	if (m->problem != problem ||
	    (m->kind != s->kind && m->kind != DOCTOR_ANY))
		return false;
	return !s->is_fcgid ||
	       (strcmp(m->with, PROXY) != 0 && strcmp(m->with, CGI) != 0);
}

const struct doctor_mend *
doctor_mend_next(const struct doctor_mend *after, enum doctor_fault problem,
    const struct doctor_server *s)
{
	size_t i = after == NULL ? 0 : (size_t)(after - mends) + 1;

	/* A buffer does the one or the other, by its size. */
	if (problem == DOCTOR_BATCHED)
		problem = DOCTOR_HELD;
	for (; i < COUNT(mends); i++)
		if (fits(&mends[i], problem, s))
			return &mends[i];
	return NULL;
}
