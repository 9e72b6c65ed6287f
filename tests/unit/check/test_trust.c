/* SPDX-License-Identifier: MIT */
/* test_trust.c - to which URLs pushcgi check sends which tokens. */
#include "unit/unit.h"

#include "check/trust.h"
#include "unit/mem_fail.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define HUB "https://hub.example.com/.well-known/mercure"
#define LOCAL "http://127.0.0.1:8080/.well-known/mercure"

static enum err
judge(enum check_trust *out, const char *url, const char *public_url,
    const char *hub_url)
{
	struct slice configured[2];
	size_t n = 0;
	struct url u = { .part = { { NULL, 0 } } };
	enum err e = url_parse(&u, slice_of(url), NULL, 0);

	if (public_url != NULL)
		configured[n++] = slice_of(public_url);
	if (hub_url != NULL)
		configured[n++] = slice_of(hub_url);
	if (e == ERR_OK)
		e = check_trust_of(out, &u, configured, n);
	url_free(&u);
	return e;
}

static const struct {
	const char *name, *url, *public_url, *hub_url;
	enum check_trust want;
} rows[] = {
	{ "the public one", HUB, HUB, NULL, CHECK_OWN },
	{ "the one to publish to", HUB, NULL, HUB, CHECK_OWN },
	{ "either", HUB, "https://www.example.com/", HUB, CHECK_OWN },
	{ "another path", "https://hub.example.com/x", HUB, NULL, CHECK_OWN },
	{ "another spelling", HUB, "HTTPS://Hub.Example.com:443/", NULL,
	    CHECK_OWN },
	{ "another host", "https://hub.example.org/", HUB, HUB,
	    CHECK_STRANGER },
	{ "a host below", "https://a.hub.example.com/", HUB, NULL,
	    CHECK_STRANGER },
	{ "a host above", "https://example.com/", HUB, NULL, CHECK_STRANGER },
	{ "without TLS", "http://hub.example.com/", HUB, NULL, CHECK_STRANGER },
	{ "its port without TLS", "http://hub.example.com:443/", HUB, NULL,
	    CHECK_STRANGER },
	{ "another port", "https://hub.example.com:8443/", HUB, NULL,
	    CHECK_STRANGER },
	{ "this machine, and another is set", LOCAL, HUB, NULL,
	    CHECK_STRANGER },
	{ "this machine, as it is set", LOCAL, LOCAL, NULL, CHECK_OWN },
	{ "this machine, another port", "http://127.0.0.1:8081/", LOCAL, NULL,
	    CHECK_STRANGER },
	{ "this machine, another address", "http://127.0.0.2:8080/", LOCAL,
	    NULL, CHECK_STRANGER },
	{ "what is set is no URL", HUB, "/.well-known/mercure", NULL,
	    CHECK_STRANGER },
	{ "none is set: any host", HUB, NULL, NULL, CHECK_STRANGER },
	{ "none is set: 127.0.0.1", LOCAL, NULL, NULL, CHECK_NEIGHBOUR },
	{ "none is set: by TLS", "https://127.0.0.1/", NULL, NULL,
	    CHECK_NEIGHBOUR },
	{ "none is set: the last of 127/8", "http://127.255.255.254/", NULL,
	    NULL, CHECK_NEIGHBOUR },
	{ "none is set: in short", "http://127.1/", NULL, NULL,
	    CHECK_NEIGHBOUR },
	{ "none is set: as a number", "http://0x7f000001/", NULL, NULL,
	    CHECK_NEIGHBOUR },
	{ "none is set: ::1", "http://[::1]:8080/", NULL, NULL,
	    CHECK_NEIGHBOUR },
	{ "none is set: localhost", "http://LocalHost/", NULL, NULL,
	    CHECK_NEIGHBOUR },
	{ "none is set: 128.0.0.1", "http://128.0.0.1/", NULL, NULL,
	    CHECK_STRANGER },
	{ "none is set: 0.0.0.0", "http://0.0.0.0/", NULL, NULL,
	    CHECK_STRANGER },
	{ "none is set: ::2", "http://[::2]/", NULL, NULL, CHECK_STRANGER },
	{ "none is set: a name with 127", "http://127.0.0.1.example.com/", NULL,
	    NULL, CHECK_STRANGER },
	{ "none is set: a name that ends with a digit", "http://127.host1/",
	    NULL, NULL, CHECK_STRANGER },
	{ "none is set: below localhost", "http://hub.localhost/", NULL, NULL,
	    CHECK_STRANGER },
	{ "none is set: not quite localhost", "http://localhost.example.com/",
	    NULL, NULL, CHECK_STRANGER },
};

static void
test_trust(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		enum check_trust got = CHECK_STRANGER;

		assert_int_equal(judge(&got, rows[i].url, rows[i].public_url,
				     rows[i].hub_url),
		    ERR_OK);
		if (got != rows[i].want)
			fail_msg("%s: %d", rows[i].name, (int)got);
	}
}

static void
test_no_memory(void **state)
{
	bool failed = true;

	(void)state;
	for (long n = 1; failed; n++) {
		enum check_trust got = CHECK_STRANGER;
		enum err e;

		mem_fail_at(n);
		e = judge(&got, HUB, HUB, LOCAL);
		failed = mem_failed();
		mem_fail_at(0);
		assert_int_equal(e, failed ? ERR_NOMEM : ERR_OK);
		assert_int_equal(got, failed ? CHECK_STRANGER : CHECK_OWN);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trust),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
