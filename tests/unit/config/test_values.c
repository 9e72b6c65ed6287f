/* SPDX-License-Identifier: MIT */
/* test_values.c - values of settings that only look right. */
#include "unit/unit.h"

#include <stdio.h>

#include "config/config.h"

static enum err
load(struct config **out, const char *arg, struct problem *p)
{
	char *no_environ[] = { NULL };
	const struct config_sources src = { .path = "/dev/null",
		.environ = no_environ,
		.args = &arg,
		.args_n = 1 };

	return config_load(out, &src, p);
}
/* Values that are almost right: [setting, value, what the message says]. */
static const struct {
	const char *name, *value, *says;
} nonsense[] = {
	{ "MERCURE_COOKIE_DOMAIN", ".", "must be a host name" },
	{ "MERCURE_COOKIE_DOMAIN", "..", "must be a host name" },
	{ "MERCURE_COOKIE_DOMAIN", "-", "must be a host name" },
	{ "MERCURE_COOKIE_DOMAIN", "a..b", "must be a host name" },
	{ "MERCURE_COOKIE_DOMAIN", "..example.com", "must be a host name" },
	{ "MERCURE_COOKIE_DOMAIN", "-a.example.com", "must be a host name" },
	{ "MERCURE_COOKIE_DOMAIN", "a-.example.com", "must be a host name" },
	{ "MERCURE_COOKIE_DOMAIN", "example.com.", "must be a host name" },
	{ "MERCURE_COOKIE_DOMAIN", "example.com:443", "must be a host name" },
	{ "MERCURE_COOKIE_DOMAIN", "https://example.com",
	    "must be a host name" },
	{ "MERCURE_COOKIE_DOMAIN", "a b", "must be a host name" },
	{ "MERCURE_PUBLIC_HUB_URL", "http://", "must be a URL" },
	{ "MERCURE_PUBLIC_HUB_URL", "https:///hub", "must be a URL" },
	{ "MERCURE_PUBLIC_HUB_URL", "https://?a", "must be a URL" },
	{ "MERCURE_PUBLIC_HUB_URL", "https://a..b/hub", "must be a URL" },
	{ "MERCURE_PUBLIC_HUB_URL", "https://../hub", "must be a URL" },
	{ "MERCURE_PUBLIC_HUB_URL", "https://a:99999/hub", "must be a URL" },
	{ "MERCURE_PUBLIC_HUB_URL", "https://a:b/hub", "must be a URL" },
	{ "MERCURE_PUBLIC_HUB_URL", "https://[::1/hub", "must be a URL" },
	{ "MERCURE_PUBLIC_HUB_URL", "https://u:p@a.example/hub",
	    "must not contain a name or a password" },
	{ "MERCURE_HUB_URL", "http://u@a.example", "remove what is before" },
	{ "MERCURE_HUB_URL", "http://", "must be a URL" },
	{ "MERCURE_PUBLIC_HUB_URL", "https://a.example/hub#x",
	    "has no part after #" },
	{ "MERCURE_PUBLIC_HUB_URL", "https://a.example/hub, https://b/hub",
	    "needs blanks between URLs" },
	{ "MERCURE_HUB_URL", "http://:80/", "must be a URL" },
	{ "MERCURE_HUB_URL", "https://a%zz/hub", "must be a URL" },
	{ "MERCURE_HUB_URL", "https://300.0.0.1/hub", "must be a URL" },
	{ "MERCURE_CORS_ALLOWED_ORIGINS", "https://..", "must be origins" },
	{ "MERCURE_CORS_ALLOWED_ORIGINS", "https://a..b", "must be origins" },
	{ "MERCURE_CORS_ALLOWED_ORIGINS", "https://:443", "must be origins" },
	{ "MERCURE_CORS_ALLOWED_ORIGINS", "https://a:", "must be origins" },
	{ "MERCURE_CORS_ALLOWED_ORIGINS", "https://a:99999",
	    "must be origins" },
	{ "MERCURE_PUBLISH_ALLOWED_ORIGINS", "https://a:0080",
	    "must be origins" },
	{ "MERCURE_PUBLISH_ALLOWED_ORIGINS", "https://a:b", "must be origins" },
	{ "MERCURE_PUBLISH_ALLOWED_ORIGINS", "https://[::1",
	    "must be origins" },
	{ "MERCURE_PUBLISH_ALLOWED_ORIGINS", "https://[::0:1]",
	    "must be origins" },
	{ "MERCURE_AUTHZ_COOKIE_NAME", "a;b", "must be letters" },
	{ "MERCURE_AUTHZ_COOKIE_NAME", "a=b", "must be letters" },
	{ "MERCURE_AUTHZ_COOKIE_NAME", "a,b", "must be letters" },
	{ "MERCURE_SESSION_COOKIE", "a;", "must be letters" },
	{ "MERCURE_SESSION_COOKIE", "a a", "each cookie once" },
	{ "MERCURE_SESSION_COOKIE", "a b c d e", "four cookies" },
	{ "MERCURE_CA_FILE", "ca.pem", "must be the path of a file" },
	{ "MERCURE_CA_FILE", "/", "must be the path of a file" },
	{ "MERCURE_CA_FILE", "/etc/ssl/", "must be the path of a file" },
	{ "MERCURE_TRANSPORT_URL", "sqlite:////", "and the path of a file" },
	{ "MERCURE_TRANSPORT_URL", "sqlite:///var/lib/",
	    "and the path of a file" },
	{ "MERCURE_TRANSPORT_URL", "sqlite:///q%00.db",
	    "and the path of a file" },
	{ "MERCURE_TRUSTED_PROXIES", "10.0.0.0/33", "must" },
	{ "MERCURE_TRUSTED_PROXIES", "10.0.0.1/8", "must" },
	{ "MERCURE_TRUSTED_PROXIES", "proxy.example.com", "must" },
	{ "MERCURE_TRUSTED_PROXIES", "10.0.0.0/8,10.1.0.0/16", "must" },
	{ "MERCURE_PROTOCOL_VERSIONS", "0", "must name versions" },
};

static void
refuses_nonsense(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
		const char *name = nonsense[i].name;
		struct config *c = NULL;
		struct problem p = { "" };
		char arg[256];

		snprintf(arg, sizeof(arg), "%s=%s", name, nonsense[i].value);
		if (load(&c, arg, &p) != ERR_SYNTAX || c != NULL)
			fail_msg("%s", arg);
		if (strstr(p.text, name) == NULL ||
		    strstr(p.text, nonsense[i].says) == NULL)
			fail_msg("%s: %s", arg, p.text);
	}
}

static const struct {
	const char *name, *value;
} sensible[] = {
	{ "MERCURE_COOKIE_DOMAIN", "example.com" },
	{ "MERCURE_COOKIE_DOMAIN", ".example.com" },
	{ "MERCURE_COOKIE_DOMAIN", "xn--bcher-kva.example" },
	{ "MERCURE_COOKIE_DOMAIN", "localhost" },
	{ "MERCURE_PUBLIC_HUB_URL", "https://a_b.example:8443/hub?x=y" },
	{ "MERCURE_PUBLIC_HUB_URL", "http://[::1]:80/" },
	{ "MERCURE_PUBLIC_HUB_URL", "https://example.com./hub,2" },
	{ "MERCURE_HUB_URL", "http://127.0.0.1:3000" },
	{ "MERCURE_HUB_URL", "https://a.example/@me" },
	{ "MERCURE_CORS_ALLOWED_ORIGINS", "https://[::1] http://a_b:8080" },
	{ "MERCURE_CORS_ALLOWED_ORIGINS", "https://xn--bcher-kva.example" },
	{ "MERCURE_CORS_ALLOWED_ORIGINS", "http://127.0.0.1" },
	{ "MERCURE_TRANSPORT_URL", "sqlite:///q%20u%3F.db" },
	{ "MERCURE_CA_FILE", "/etc/ca.pem" },
};

static void
takes_sensible_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sensible) / sizeof(sensible[0]); i++) {
		struct config *c = NULL;
		struct problem p = { "" };
		char arg[256];

		snprintf(arg, sizeof(arg), "%s=%s", sensible[i].name,
		    sensible[i].value);
		if (load(&c, arg, &p) != ERR_OK)
			fail_msg("%s: %s", arg, p.text);
		config_unref(c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_nonsense),
		cmocka_unit_test(takes_sensible_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
