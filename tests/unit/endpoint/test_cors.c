/* SPDX-License-Identifier: MIT */
/* test_cors.c - origins that are allowed, and the headers that say so. */
#include "unit/unit.h"

#include "base/mem.h"
#include "endpoint/cors.h"
#include "unit/dialect.h"

static char read_list[] = "https://a.example https://b.example:8443 null *";
static char publish_list[] = "https://p.example null";
static char public_url[] = "HTTPS://Hub.Example:443/.well-known/mercure  "
			   "http://old.example:81/m";

static const struct {
	const char *name, *origin;
	bool listed;
} readers[] = {
	{ "no origin", NULL, false },
	{ "an empty one", "", false },
	{ "the first", "https://a.example", true },
	{ "the second", "https://b.example:8443", true },
	{ "another port", "https://b.example", false },
	{ "another scheme", "http://a.example", false },
	{ "a part of one", "https://a.exampl", false },
	{ "more than one", "https://a.example.evil", false },
	{ "both", "https://a.example https://b.example:8443", false },
	{ "a blank", " ", false },
	{ "null", "null", false },
	{ "a wildcard", "*", false },
	{ "large letters", "https://A.example", false },
	{ "a slash at its end", "https://a.example/", false },
	{ "the scheme's own port", "https://a.example:443", false },
	{ "a user", "https://a.example@evil", false },
	{ "two with a comma", "https://a.example, https://a.example", false },
};

static bool
has(struct response *r, const char *line)
{
	struct buf out;
	bool found;

	buf_init(&out, 65536);
	response_write(r, true, &out);
	buf_byte(&out, '\0');
	found = strstr(out.base, line) != NULL;
	buf_free(&out);
	return found;
}

static void
answers_listed_origins(void **state)
{
	struct config config = { .cors_allowed_origins = read_list };
	const struct settings s = { .config = &config,
		.dialects = unit_dialects() };

	(void)state;
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		const struct request rq = { .origin =
						slice_of(readers[i].origin) };
		bool want = readers[i].listed;
		struct response r;
		char line[128];

		response_init(&r);
		cors_answer(&r, &rq, &s);
		snprintf(line, sizeof(line),
		    "\r\nAccess-Control-Allow-Origin: %s\r\n",
		    want ? readers[i].origin : "");
		if (!has(&r, "\r\nVary: Origin\r\n") ||
		    has(&r, "Access-Control") != want ||
		    has(&r, line) != want ||
		    has(&r, "-Credentials: true\r\n") != want)
			fail_msg("%s: answer", readers[i].name);
		if (has(&r, "Allow-Methods"))
			fail_msg("%s: methods", readers[i].name);
		cors_preflight(&r, &rq, &s, "GET, PUT");
		if (has(&r, "-Methods: GET, PUT\r\n") != want ||
		    has(&r, "-Headers: Authorization, ") != want)
			fail_msg("%s: preflight", readers[i].name);
		response_free(&r);
	}
}

static void
lists_nobody_by_default(void **state)
{
	struct config config = { .cors_allowed_origins = NULL };
	const struct settings s = { .config = &config,
		.dialects = unit_dialects() };
	const struct request rq = { .origin = slice_of("https://a.example") };
	struct response r;

	(void)state;
	response_init(&r);
	cors_answer(&r, &rq, &s);
	assert_false(has(&r, "Access-Control"));
	assert_false(cors_may_publish(&rq, &s));
	response_free(&r);
}

#define HUB "https://hub.example"

static const struct {
	const char *name, *origin, *referer, *host;
	bool https, public_url, want;
} publishers[] = {
	{ "neither header", NULL, NULL, "h", false, false, false },
	{ "own", "http://h", NULL, "h", false, false, true },
	{ "own, secure", "https://h", NULL, "h", true, false, true },
	{ "own, port", "http://h:81", NULL, "h:81", false, false, true },
	{ "another scheme", "http://h", NULL, "h", true, false, false },
	{ "another port", "http://h:81", NULL, "h", false, false, false },
	{ "another host", "http://hh", NULL, "h", false, false, false },
	{ "no host", "http://", NULL, NULL, false, false, false },
	{ "listed", "https://p.example", NULL, "h", false, false, true },
	{ "listed for reading", "https://a.example", NULL, "h", false, false,
	    false },
	{ "null, though listed", "null", NULL, "h", false, false, false },
	{ "large letters", "http://H", NULL, "h", false, false, false },
	{ "a slash at its end", "http://h/", NULL, "h", false, false, false },
	{ "the scheme's own port", "http://h:80", NULL, "h:80", false, false,
	    false },
	{ "two with a comma", "http://h, http://h", NULL, "h", false, false,
	    false },
	{ "a list", "https://p.example https://q.example", NULL, "h", false,
	    false, false },
	{ "own, the host with its port", "http://h", NULL, "h:80", false, false,
	    true },
	{ "own, secure, the host with its port", "https://h", NULL, "h:443",
	    true, false, true },
	{ "own, the host in large letters", "http://h", NULL, "H", false, false,
	    true },
	{ "a host with a path", "http://h", NULL, "h/x", false, false, false },
	{ "own by referer", NULL, "http://h/page?x", "h", false, false, true },
	{ "referer, no path", NULL, "http://h", "h", false, false, true },
	{ "referer, query", NULL, "http://h?x", "h", false, false, true },
	{ "referer, longer", NULL, "http://h.evil/", "h", false, false, false },
	{ "referer, user", NULL, "http://h@evil/", "h", false, false, false },
	{ "referer, own in the path", NULL, "http://evil/http://h", "h", false,
	    false, false },
	{ "referer, listed", NULL, "https://p.example/x", "h", false, false,
	    true },
	{ "referer, no URL", NULL, "h", "h", false, false, false },
	{ "referer, null", NULL, "null", "h", false, false, false },
	{ "referer, another scheme", NULL, "ftp://h/", "h", false, false,
	    false },
	{ "referer, a backslash", NULL, "http://evil\\h/", "h", false, false,
	    false },
	{ "the origin beats the referer", "http://evil", "http://h/", "h",
	    false, false, false },
	{ "the public URL", HUB, NULL, "inner", false, true, true },
	{ "the second public URL", "http://old.example:81", NULL, "inner",
	    false, true, true },
	{ "its host, another port", "http://old.example", NULL, "old.example",
	    false, true, false },
	{ "its host, another scheme", "https://old.example:81", NULL,
	    "old.example:81", true, true, false },
	{ "the public URL beats the host", "http://h", NULL, "h", false, true,
	    false },
	{ "listed, with a public URL", "https://p.example", NULL, "h", false,
	    true, true },
};

static void
judges_publishers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(publishers) / sizeof(publishers[0]);
	     i++) {
		struct config config = { .cors_allowed_origins = read_list,
			.publish_allowed_origins = publish_list,
			.public_hub_url =
			    publishers[i].public_url ? public_url : NULL };
		const struct settings s = { .config = &config,
			.dialects = unit_dialects() };
		const struct request rq = {
			.origin = slice_of(publishers[i].origin),
			.referer = slice_of(publishers[i].referer),
			.host = slice_of(publishers[i].host),
			.https = publishers[i].https,
		};

		if (cors_may_publish(&rq, &s) != publishers[i].want)
			fail_msg("%s", publishers[i].name);
	}
}

#define PROXY "198.51.100.1"

/* The proxy requests http and the host h from the hub; the client requests
 * other ones from the proxy. */
static const struct {
	const char *name, *address, *origin, *proto, *host, *forwarded;
	bool want;
} behind[] = {
	{ "the proxy's scheme", PROXY, "https://h", "https", NULL, NULL, true },
	{ "not the server's", PROXY, "http://h", "https", NULL, NULL, false },
	{ "the proxy's host", PROXY, "http://o", NULL, "o", NULL, true },
	{ "both", PROXY, "https://o:81", "https", "o:81", NULL, true },
	{ "a foreign one", PROXY, "https://evil", "https", "o", NULL, false },
	{ "a host with a path", PROXY, "http://o", NULL, "o/x", NULL, false },
	{ "the standard", PROXY, "https://o", NULL, NULL,
	    "for=192.0.2.1;proto=https;host=o", true },
	{ "the standard, garbage", PROXY, "https://o", NULL, NULL,
	    "for=x;proto=https;host=o", false },
	{ "a proxy nobody listed", "192.0.2.1", "https://o", "https", "o",
	    "proto=https;host=o", false },
	{ "that one, the server's", "192.0.2.1", "http://h", "https", "o", NULL,
	    true },
	{ "no address", NULL, "https://o", "https", "o", NULL, false },
};

static void
judges_publishers_behind_proxies(void **state)
{
	struct ip_networks *trusted = NULL;
	struct config config = { .cors_allowed_origins = NULL };

	(void)state;
	assert_int_equal(ip_networks_new(&trusted, slice_of(PROXY)), ERR_OK);
	for (size_t i = 0; i < sizeof(behind) / sizeof(behind[0]); i++) {
		const struct settings s = { .config = &config,
			.dialects = unit_dialects(),
			.trusted = trusted };
		const struct request rq = {
			.address = slice_of(behind[i].address),
			.origin = slice_of(behind[i].origin),
			.forwarded_proto = slice_of(behind[i].proto),
			.forwarded_host = slice_of(behind[i].host),
			.forwarded = slice_of(behind[i].forwarded),
			.host = slice_of("h"),
		};

		if (cors_may_publish(&rq, &s) != behind[i].want)
			fail_msg("%s", behind[i].name);
	}
	mem_free(trusted);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_listed_origins),
		cmocka_unit_test(lists_nobody_by_default),
		cmocka_unit_test(judges_publishers),
		cmocka_unit_test(judges_publishers_behind_proxies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
