/* SPDX-License-Identifier: MIT */
/* fix.c - the table of fixes. */
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
#define PROXY_BLOCK "in a location { } of its own for the hub's URL"
#define LAST                                                         \
	"in a copy of the hub's <LocationMatch> at the end of each " \
	"<VirtualHost>"
#define AS_WEB_USER "on its machine, as the web server's user"
#define SELFCHECK "sudo -u www-data " FCGIDIR "/pushcgi.fcgi --check"

static const struct check_fix fixes[] = {
	{ CHECK_NO_HUB, CHECK_APACHE, "Apache",
	    "print the hub's part, and do what its first lines say",
	    "pushcgi snippet apache-mod_proxy_fcgi", false },
	{ CHECK_NO_HUB, CHECK_LIGHTTPD, "lighttpd",
	    "print the hub's part, and do what its first lines say",
	    "pushcgi snippet lighttpd-spawned", false },
	{ CHECK_NO_HUB, CHECK_NGINX, "nginx",
	    "print the hub's part, and do what its first lines say",
	    "pushcgi snippet nginx", false },
	{ CHECK_NO_HUB, CHECK_APACHE, "Apache with a rule against dot files",
	    "instead of that rule", "RedirectMatch 404 \"/\\.(?!well-known/)\"",
	    false },
	{ CHECK_NO_HUB, CHECK_NGINX, "nginx with a rule against dot files",
	    "instead of that rule",
	    "if ($uri ~ \"/\\.(?!well-known/)\") { return 404; }", false },

	{ CHECK_PAGE, CHECK_APACHE, "Apache",
	    "before the site's RewriteRule, in each <VirtualHost>",
	    "RewriteRule \"^/\\.well-known/\" \"-\" [L]", false },
	{ CHECK_PAGE, CHECK_APACHE, "Apache",
	    "outside <Location>, instead of the site's ProxyPass in it",
	    "ProxyPass \"/\" \"http://...\"", false },
	{ CHECK_PAGE, CHECK_LIGHTTPD, "lighttpd",
	    CONDITION ", which comes last", "url.rewrite-once = ()", true },
	{ CHECK_PAGE, CHECK_NGINX, "nginx",
	    "instead of the site's if and rewrite",
	    "location / { try_files $uri $uri/ /index.php?$args; }", false },

	{ CHECK_REDIRECT, CHECK_LIGHTTPD, "lighttpd",
	    CONDITION ", if the site's url.redirect is meant for pages",
	    "url.redirect = ()", false },

	{ CHECK_METHODS, CHECK_APACHE, "Apache", LOCATION, "AllowMethods reset",
	    false },
	{ CHECK_METHODS, CHECK_NGINX, "nginx",
	    "in the site's rule against other methods",
	    "if ($request_method !~ ^(GET|HEAD|POST|OPTIONS)$) { return 405; }",
	    false },

	{ CHECK_HUB_DOWN, CHECK_ANY, "a standalone hub", "on its machine",
	    "systemctl enable --now pushcgi.socket", true },
	{ CHECK_HUB_DOWN, CHECK_APACHE, "a hub that Apache starts", AS_WEB_USER,
	    SELFCHECK, false },
	{ CHECK_HUB_DOWN, CHECK_LIGHTTPD, "a hub that lighttpd starts",
	    AS_WEB_USER, SELFCHECK, false },
	{ CHECK_HUB_DOWN, CHECK_ELSE, "a hub that the server starts",
	    AS_WEB_USER, SELFCHECK, false },
	{ CHECK_HUB_FAILS, CHECK_ANY, "the hub", AS_WEB_USER, SELFCHECK,
	    false },
	{ CHECK_CLOCK, CHECK_ANY, "the clock",
	    "on the machine whose clock is wrong", "timedatectl set-ntp true",
	    false },

	{ CHECK_AUTHORIZATION, CHECK_APACHE, "Apache", LOCATION,
	    "CGIPassAuth On", true },
	{ CHECK_AUTHORIZATION, CHECK_NGINX, "nginx", BLOCK,
	    "fastcgi_pass_request_headers on;", false },

	{ CHECK_SLASHES, CHECK_APACHE, "Apache", HOSTS,
	    "AllowEncodedSlashes NoDecode", true },
	{ CHECK_SLASHES, CHECK_LIGHTTPD, "lighttpd", "in server.http-parseopts",
	    "\"url-path-2f-reject\" => \"disable\"", false },

	{ CHECK_BODY, CHECK_APACHE, FCGID, SERVER, "FcgidMaxRequestLen 1114112",
	    true },
	{ CHECK_BODY, CHECK_APACHE, "Apache", LOCATION,
	    "LimitRequestBody 1114112", true },
	{ CHECK_BODY, CHECK_LIGHTTPD, "lighttpd", CONDITION,
	    "server.max-request-size = 1088", true },
	{ CHECK_BODY, CHECK_NGINX, "nginx", BLOCK,
	    "client_max_body_size 1088k;", true },

	{ CHECK_HEAD, CHECK_APACHE, "Apache", SERVER, "LimitRequestLine 16384",
	    true },
	{ CHECK_HEAD, CHECK_APACHE, "Apache", SERVER,
	    "LimitRequestFieldSize 16384", true },
	{ CHECK_HEAD, CHECK_LIGHTTPD, "lighttpd", GLOBAL,
	    "server.max-request-field-size := 20480", true },
	{ CHECK_HEAD, CHECK_NGINX, "nginx",
	    "in the server { } that is the first of its port",
	    "large_client_header_buffers 4 16k;", true },

	{ CHECK_TAKEN, CHECK_APACHE, PROXY,
	    "in each ProxyPass of the hub's: PHP-FPM has the name localhost",
	    "\"unix:/run/pushcgi/hub.sock|fcgi://pushcgi\"", true },

	{ CHECK_HELD, CHECK_APACHE, FCGID, SERVER, "FcgidOutputBufferSize 0",
	    true },
	{ CHECK_HELD, CHECK_APACHE, PROXY, PASS, "flushpackets=on", true },
	{ CHECK_HELD, CHECK_LIGHTTPD, "lighttpd", CONDITION,
	    "server.stream-response-body = 2", true },
	{ CHECK_HELD, CHECK_LIGHTTPD, "lighttpd",
	    "so that no other block overrides the hub's: its file is the last",
	    "mv 50-pushcgi.conf 95-pushcgi.conf", false },
	{ CHECK_HELD, CHECK_NGINX, "nginx", BLOCK, "fastcgi_buffering off;",
	    true },
	{ CHECK_HELD, CHECK_NGINX, "nginx behind another nginx", BLOCK,
	    "fastcgi_pass_header X-Accel-Buffering;", true },
	{ CHECK_HELD, CHECK_NGINX, "nginx in front of another server",
	    PROXY_BLOCK, "proxy_buffering off;", false },
	{ CHECK_HELD, CHECK_ANY, "where none of this can be changed", CONF,
	    "MERCURE_DELIVERY = poll", false },

	{ CHECK_PASSWORD, CHECK_APACHE, "Apache", LAST, "Require all granted",
	    true },
	{ CHECK_PASSWORD, CHECK_LIGHTTPD, "lighttpd",
	    CONDITION ", which comes last", "auth.require = ()", false },
	{ CHECK_PASSWORD, CHECK_NGINX, "nginx", BLOCK, "auth_basic off;",
	    false },
	{ CHECK_PASSWORD, CHECK_NGINX, "nginx", BLOCK, "auth_request off;",
	    false },

	{ CHECK_DENIED, CHECK_APACHE, "Apache", LAST, "Require all granted",
	    true },
	{ CHECK_DENIED, CHECK_LIGHTTPD, "lighttpd",
	    CONDITION ", which comes last", "url.access-deny = ()", true },
	{ CHECK_DENIED, CHECK_NGINX, "nginx", "as the hub's location",
	    "location ^~ /.well-known/mercure {", true },
	{ CHECK_DENIED, CHECK_NGINX, "nginx without the hub's part",
	    "print it, and do what its first lines say",
	    "pushcgi snippet nginx", false },

	{ CHECK_LIMITED, CHECK_NGINX, "nginx", BLOCK, "limit_req_dry_run on;",
	    true },
	{ CHECK_LIMITED, CHECK_NGINX, "nginx", BLOCK, "limit_conn_dry_run on;",
	    true },

	{ CHECK_REFUSALS, CHECK_APACHE, PROXY, LOCATION,
	    "ProxyErrorOverride Off", true },
	{ CHECK_REFUSALS, CHECK_LIGHTTPD, "lighttpd", CONDITION,
	    "server.error-intercept = \"disable\"", true },
	{ CHECK_REFUSALS, CHECK_NGINX, "nginx", BLOCK,
	    "fastcgi_intercept_errors off;", true },

	{ CHECK_CHARSET, CHECK_APACHE, "Apache", LAST,
	    "Header edit Content-Type \"^(text/event-stream).*\" \"$1\"",
	    false },
	{ CHECK_CHARSET, CHECK_LIGHTTPD, "lighttpd", CONDITION,
	    "setenv.set-response-header = ()", true },
	{ CHECK_CHARSET, CHECK_NGINX, "nginx", BLOCK, "charset off;", true },

	{ CHECK_CHANGED, CHECK_APACHE, "Apache", LOCATION,
	    "SetOutputFilter BYTERANGE", true },
	{ CHECK_CHANGED, CHECK_NGINX, "nginx", BLOCK,
	    "sub_filter_types application/xhtml+xml;", true },

	{ CHECK_CORS_TWICE, CHECK_APACHE, "Apache", LAST,
	    "Header unset Access-Control-Allow-Origin", false },
	{ CHECK_CORS_REPLACED, CHECK_APACHE, "Apache",
	    "instead of the site's Header always set",
	    "Header always setifempty Access-Control-Allow-Origin \"*\"",
	    false },
	{ CHECK_CACHING, CHECK_APACHE, "Apache", LAST,
	    "Header always set Cache-Control \"private, no-store\"", false },
	{ CHECK_SET_COOKIE, CHECK_APACHE, "Apache", LAST,
	    "Header unset Set-Cookie", false },
	{ CHECK_SET_COOKIE, CHECK_APACHE, "Apache", LAST,
	    "Header always unset Set-Cookie", false },
	{ CHECK_FIELD_ADDED, CHECK_LIGHTTPD, "lighttpd", CONDITION,
	    "setenv.add-response-header = ()", true },
	{ CHECK_FIELD_ADDED, CHECK_LIGHTTPD, "lighttpd", CONDITION,
	    "setenv.set-response-header = ()", true },
	{ CHECK_FIELD_ADDED, CHECK_NGINX, "nginx",
	    BLOCK ": any add_header there cancels those of the site",
	    "add_header Pushcgi \"\";", true },
	{ CHECK_FIELD_ADDED, CHECK_NGINX, "nginx", BLOCK, "expires off;",
	    true },

	{ CHECK_CACHED, CHECK_APACHE, "mod_cache", HOSTS,
	    "CacheDisable \"/.well-known/mercure\"", false },
	{ CHECK_CACHED, CHECK_NGINX, "nginx in front of another server",
	    PROXY_BLOCK, "proxy_cache off;", false },

	{ CHECK_COMPRESSED, CHECK_APACHE, "Apache", LOCATION,
	    "SetEnv no-gzip 1", true },
	{ CHECK_COMPRESSED, CHECK_APACHE, "mod_brotli", LOCATION,
	    "SetEnv no-brotli 1", true },
	{ CHECK_COMPRESSED, CHECK_NGINX, "nginx with brotli", BLOCK,
	    "brotli off;", false },
	{ CHECK_COMPRESSED, CHECK_NGINX, "nginx", BLOCK, "gzip off;", true },

	{ CHECK_CUT, CHECK_APACHE, FCGID, SERVER, "FcgidIOTimeout 60", true },
	{ CHECK_CUT, CHECK_APACHE, PROXY, PASS, "timeout=60", true },
	{ CHECK_CUT, CHECK_APACHE, CGI, LOCATION, "CGIDScriptTimeout 60",
	    true },
	{ CHECK_CUT, CHECK_LIGHTTPD, "lighttpd", CONDITION,
	    "server.max-write-idle = 60", true },
	{ CHECK_CUT, CHECK_NGINX, "nginx", BLOCK, "fastcgi_read_timeout 60s;",
	    true },
	{ CHECK_CUT, CHECK_ANY, "the hub", CONF,
	    "MERCURE_HUB_KEEPALIVE_INTERVAL = 15", false },
	{ CHECK_SILENT, CHECK_ANY, "the hub", CONF,
	    "MERCURE_HUB_KEEPALIVE_INTERVAL = 15", false },

	{ CHECK_STREAMS, CHECK_APACHE, "Apache", HOSTS " with HTTPS",
	    "Protocols h2 http/1.1", true },
	{ CHECK_STREAMS, CHECK_NGINX, "nginx", "in the server { }",
	    "listen 443 ssl http2;", false },
};

const char *
check_problem_name(enum check_problem problem)
{
	static const char *const names[] = {
#define X(name, text) [CHECK_##name] = text,
		CHECK_PROBLEMS(X)
#undef X
	};

	return names[problem];
}

enum check_kind
check_kind_of(struct slice server)
{
	static const struct {
		const char *name;
		enum check_kind kind;
	} known[] = {
		{ "Apache", CHECK_APACHE },
		{ "lighttpd", CHECK_LIGHTTPD },
		{ "nginx", CHECK_NGINX },
	};

	for (size_t i = 0; i < COUNT(known); i++) {
		size_t n = strlen(known[i].name);

		if (server.len >= n &&
		    strncasecmp(server.base, known[i].name, n) == 0 &&
		    (server.len == n || server.base[n] == '/' ||
			server.base[n] == ' '))
			return known[i].kind;
	}
	return CHECK_ELSE;
}

/* The modules of Apache exclude each other. */
static bool
fits(const struct check_fix *m, enum check_problem problem,
    const struct check_server *s)
{
	if (m->problem != problem ||
	    (m->kind != s->kind && m->kind != CHECK_ANY))
		return false;
	return !s->is_fcgid ||
	       (strcmp(m->with, PROXY) != 0 && strcmp(m->with, CGI) != 0);
}

/* The problem whose fixes are those of this one, too. */
static enum check_problem
family_of(enum check_problem problem)
{
	switch (problem) {
	/* A buffer does the one or the other, by its size. */
	case CHECK_BATCHED:
		return CHECK_HELD;
	case CHECK_CORS_TWICE:
	case CHECK_CORS_REPLACED:
	case CHECK_CACHING:
	case CHECK_SET_COOKIE:
		return CHECK_FIELD_ADDED;
	default:
		return problem;
	}
}

const struct check_fix *
check_fix_next(const struct check_fix *after, enum check_problem problem,
    const struct check_server *s)
{
	size_t i = after == NULL ? 0 : (size_t)(after - fixes) + 1;

	for (; i < COUNT(fixes); i++)
		if (fits(&fixes[i], problem, s) ||
		    fits(&fixes[i], family_of(problem), s))
			return &fixes[i];
	return NULL;
}
