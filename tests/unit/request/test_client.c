/* SPDX-License-Identifier: MIT */
/* test_client.c - proxies whose headers name the client, and others. */
#include "unit/unit.h"

#include "base/mem.h"
#include "request/client.h"

#define PROXIES "127.0.0.1 10.0.0.0/8 2001:db8:1::/48 ::1"
#define SIXTEEN "10.0.0.1,10.0.0.1,10.0.0.1,10.0.0.1,"

static const struct {
	const char *name, *address, *plain, *standard;
	enum client_kind kind;
	const char *written, *counted;
	bool ignored;
} rows[] = {
	{ "no proxy", "192.0.2.1", NULL, NULL, CLIENT_OUTER, "192.0.2.1",
	    "192.0.2.1", false },
	{ "IPv6", "2001:db8::1", NULL, NULL, CLIENT_OUTER, "2001:db8::1",
	    "2001:db8::/64", false },
	{ "IPv4 as IPv6", "::ffff:192.0.2.1", NULL, NULL, CLIENT_OUTER,
	    "192.0.2.1", "192.0.2.1", false },
	{ "not listed", "192.0.2.1", "198.51.100.1", NULL, CLIENT_OUTER,
	    "192.0.2.1", "192.0.2.1", true },
	{ "not listed, the standard", "192.0.2.1", NULL, "for=198.51.100.1",
	    CLIENT_OUTER, "192.0.2.1", "192.0.2.1", true },
	{ "not listed, loopback", "127.0.0.2", "198.51.100.1", NULL,
	    CLIENT_INNER, "127.0.0.2", "127.0.0.2", true },
	{ "private", "192.168.1.1", NULL, NULL, CLIENT_INNER, "192.168.1.1",
	    "192.168.1.1", false },
	{ "no address", NULL, NULL, NULL, CLIENT_UNKNOWN, "unknown", "unknown",
	    false },
	{ "an empty one", "", "198.51.100.1", NULL, CLIENT_UNKNOWN, "unknown",
	    "unknown", true },
	{ "a unix socket", "unix:", "198.51.100.1", NULL, CLIENT_UNKNOWN,
	    "unknown", "unknown", true },
	{ "listed", "127.0.0.1", NULL, NULL, CLIENT_PROXY, "127.0.0.1",
	    "127.0.0.1", false },
	{ "listed, an empty header", "127.0.0.1", "", "", CLIENT_PROXY,
	    "127.0.0.1", "127.0.0.1", false },
	{ "one hop", "127.0.0.1", "198.51.100.1", NULL, CLIENT_OUTER,
	    "198.51.100.1", "198.51.100.1", false },
	{ "one hop, IPv6", "::1", "2001:db8:2:3:4::5", NULL, CLIENT_OUTER,
	    "2001:db8:2:3:4::5", "2001:db8:2:3::/64", false },
	{ "one hop, private", "127.0.0.1", "192.168.7.7", NULL, CLIENT_INNER,
	    "192.168.7.7", "192.168.7.7", false },
	{ "forged in front", "127.0.0.1", "203.0.113.9, 198.51.100.1", NULL,
	    CLIENT_OUTER, "198.51.100.1", "198.51.100.1", false },
	{ "forged as a proxy", "127.0.0.1", "10.0.0.1, 198.51.100.1", NULL,
	    CLIENT_OUTER, "198.51.100.1", "198.51.100.1", false },
	{ "garbage in front", "127.0.0.1", "x, ,\"', 198.51.100.1", NULL,
	    CLIENT_OUTER, "198.51.100.1", "198.51.100.1", false },
	{ "two hops", "127.0.0.1", "198.51.100.1, 10.1.2.3", NULL, CLIENT_OUTER,
	    "198.51.100.1", "198.51.100.1", false },
	{ "three hops", "::1", "198.51.100.1,2001:db8:1::9,10.1.2.3", NULL,
	    CLIENT_OUTER, "198.51.100.1", "198.51.100.1", false },
	{ "one of them not listed", "::1", "198.51.100.1,203.0.113.5,10.1.2.3",
	    NULL, CLIENT_OUTER, "203.0.113.5", "203.0.113.5", false },
	{ "only proxies", "127.0.0.1", "10.0.0.2, 10.0.0.3", NULL, CLIENT_PROXY,
	    "10.0.0.2", "10.0.0.2", false },
	{ "garbage", "127.0.0.1", "x", NULL, CLIENT_GARBLED, "127.0.0.1",
	    "127.0.0.1", false },
	{ "garbage behind a hop", "127.0.0.1", "x, 10.0.0.2", NULL,
	    CLIENT_GARBLED, "10.0.0.2", "10.0.0.2", false },
	{ "an empty element", "127.0.0.1", "198.51.100.1, ", NULL,
	    CLIENT_GARBLED, "127.0.0.1", "127.0.0.1", false },
	{ "sixteen hops", "127.0.0.1",
	    "198.51.100.1," SIXTEEN SIXTEEN SIXTEEN "10.0.0.1,10.0.0.1,"
	    "10.0.0.9",
	    NULL, CLIENT_OUTER, "198.51.100.1", "198.51.100.1", false },
	{ "more hops", "127.0.0.1",
	    "198.51.100.1,10.0.0.7," SIXTEEN SIXTEEN SIXTEEN "10.0.0.1,"
	    "10.0.0.1,10.0.0.9",
	    NULL, CLIENT_GARBLED, "10.0.0.7", "10.0.0.7", false },
	{ "the standard", "127.0.0.1", NULL, "for=198.51.100.1", CLIENT_OUTER,
	    "198.51.100.1", "198.51.100.1", false },
	{ "the standard, hops", "127.0.0.1", NULL,
	    "for=\"[2001:db8::7]:80\";proto=https, for=10.0.0.4", CLIENT_OUTER,
	    "2001:db8::7", "2001:db8::/64", false },
	{ "the standard, a quote left open in front", "127.0.0.1", NULL,
	    "for=\"203.0.113.9, for=198.51.100.1", CLIENT_OUTER, "198.51.100.1",
	    "198.51.100.1", false },
	{ "the standard, hidden", "127.0.0.1", NULL, "for=unknown",
	    CLIENT_PROXY, "127.0.0.1", "127.0.0.1", false },
	{ "the standard, hidden behind a hop", "127.0.0.1", NULL,
	    "for=203.0.113.9, for=_x, for=10.0.0.4", CLIENT_PROXY, "10.0.0.4",
	    "10.0.0.4", false },
	{ "the standard, garbage", "127.0.0.1", NULL, "for=x", CLIENT_GARBLED,
	    "127.0.0.1", "127.0.0.1", false },
	{ "both, the same", "127.0.0.1", "203.0.113.9, 198.51.100.1",
	    "for=198.51.100.1", CLIENT_OUTER, "198.51.100.1", "198.51.100.1",
	    false },
	{ "both, not the same", "127.0.0.1", "198.51.100.1", "for=203.0.113.9",
	    CLIENT_GARBLED, "127.0.0.1", "127.0.0.1", false },
	{ "both, one of them hidden", "127.0.0.1", "198.51.100.1",
	    "for=unknown", CLIENT_GARBLED, "127.0.0.1", "127.0.0.1", false },
	{ "both, one of them garbage", "127.0.0.1", "198.51.100.1", "for=x",
	    CLIENT_GARBLED, "127.0.0.1", "127.0.0.1", false },
};

static struct ip_networks *
proxies(void)
{
	struct ip_networks *list = NULL;

	assert_int_equal(ip_networks_new(&list, slice_of(PROXIES)), ERR_OK);
	return list;
}

static void
finds_clients(void **state)
{
	struct ip_networks *trusted = proxies();

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct request rq = {
			.address = slice_of(rows[i].address),
			.forwarded_for = slice_of(rows[i].plain),
			.forwarded = slice_of(rows[i].standard),
		};
		char written[IP_TEXT_MAX], counted[IP_TEXT_MAX];
		struct client c;

		client_find(&c, &rq, trusted);
		client_write(written, &c);
		client_write_counted(counted, &c);
		if (c.kind != rows[i].kind || c.ignored != rows[i].ignored ||
		    strcmp(written, rows[i].written) != 0 ||
		    strcmp(counted, rows[i].counted) != 0)
			fail_msg("%s: %d %s %s", rows[i].name, c.kind, written,
			    counted);
	}
	mem_free(trusted);
}

static void
believes_nobody_by_default(void **state)
{
	const struct request rq = { .address = slice_of("127.0.0.1"),
		.forwarded_for = slice_of("198.51.100.1"),
		.forwarded_proto = slice_of("https"),
		.forwarded_host = slice_of("evil.example"),
		.host = slice_of("h") };
	struct client c;

	(void)state;
	client_find(&c, &rq, NULL);
	assert_int_equal(c.kind, CLIENT_INNER);
	assert_true(c.ignored);
	assert_false(c.https);
	assert_true(slice_is(c.host, "h"));
}

static const struct {
	const char *name, *address, *plain, *standard, *proto, *host;
	bool https, twice;
	bool want_https;
	const char *want_host;
} words[] = {
	{ "nothing said", "127.0.0.1", NULL, NULL, NULL, NULL, true, false,
	    true, "h" },
	{ "https", "127.0.0.1", "1.2.3.4", NULL, "https", "o", false, false,
	    true, "o" },
	{ "large letters", "127.0.0.1", "1.2.3.4", NULL, "HTTPS", NULL, false,
	    false, true, "h" },
	{ "http", "127.0.0.1", "1.2.3.4", NULL, "http", NULL, true, false,
	    false, "h" },
	{ "something else", "127.0.0.1", "1.2.3.4", NULL, "httpsx", "", true,
	    false, true, "h" },
	{ "without an address", "127.0.0.1", NULL, NULL, "https", "o", false,
	    false, true, "o" },
	{ "not believed", "192.0.2.1", "1.2.3.4", "for=1.2.3.4;proto=https",
	    "https", "o", false, false, false, "h" },
	{ "not believed, unknown", NULL, NULL, NULL, "https", "o", false, false,
	    false, "h" },
	{ "the first proxy's", "127.0.0.1", "1.2.3.4, 10.0.0.1", NULL,
	    "https, http", "o, i", false, false, true, "o" },
	{ "one for two hops", "127.0.0.1", "1.2.3.4, 10.0.0.1", NULL, "https",
	    "o", false, false, true, "o" },
	{ "forged in front", "127.0.0.1", "1.2.3.4", NULL, "https, http",
	    "evil, o", false, false, false, "o" },
	{ "the standard", "127.0.0.1", NULL,
	    "for=1.2.3.4;proto=https;host=o, for=10.0.0.1;proto=http;host=i",
	    NULL, NULL, false, false, true, "o" },
	{ "the standard's address only", "127.0.0.1", NULL, "for=1.2.3.4",
	    "https", "o", false, false, true, "o" },
	{ "garbled", "127.0.0.1", "x", NULL, "https", "o", false, false, false,
	    "h" },
	{ "there twice", "127.0.0.1", "1.2.3.4", NULL, "https", "o", false,
	    true, false, "h" },
};

static void
believes_words(void **state)
{
	struct ip_networks *trusted = proxies();

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const struct request rq = {
			.address = slice_of(words[i].address),
			.forwarded_for = slice_of(words[i].plain),
			.forwarded = slice_of(words[i].standard),
			.forwarded_proto = slice_of(words[i].proto),
			.forwarded_host = slice_of(words[i].host),
			.forwarded_twice = words[i].twice,
			.https = words[i].https,
			.host = slice_of("h"),
		};
		struct client c;

		client_find(&c, &rq, trusted);
		if (c.https != words[i].want_https ||
		    !slice_is(c.host, words[i].want_host))
			fail_msg("%s: %d %.*s", words[i].name, c.https,
			    SLICE_ARG(c.host));
		if (words[i].twice)
			assert_int_equal(c.kind, CLIENT_GARBLED);
	}
	mem_free(trusted);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_clients),
		cmocka_unit_test(believes_nobody_by_default),
		cmocka_unit_test(believes_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
