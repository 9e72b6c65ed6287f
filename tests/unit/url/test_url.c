/* SPDX-License-Identifier: MIT */
/* test_url.c - texts and bases, and the URLs they make. */
#include "unit/unit.h"

#include "base/mem.h"
#include "unit/mem_fail.h"
#include "url/url.h"

#define TEXT_MAX (2 * URL_HREF_MAX)

/* Parse against a base that is a text; NULL: none. */
static enum err
parse(struct url *out, const char *text, const char *base_text, unsigned flags)
{
	struct url base = { .is_special = false };
	enum err e = ERR_OK;

	if (base_text != NULL)
		e = url_parse(&base, slice_of(base_text), NULL, 0);
	assert_int_equal(e, ERR_OK);
	e = url_parse(
	    out, slice_of(text), base_text != NULL ? &base : NULL, flags);
	url_free(&base);
	return e;
}

static const struct {
	const char *name, *text, *base, *want; /* want NULL: no URL */
} rows[] = {
	{ "scheme", "HTTP://h/", NULL, "http://h/" },
	{ "scheme with marks", "a1+-.:x", NULL, "a1+-.:x" },
	{ "scheme that begins with a digit", "1a:x", NULL, NULL },
	{ "scheme with a wrong mark", "a_b:x", NULL, NULL },
	{ "no scheme", "x", NULL, NULL },
	{ "nothing", "", NULL, NULL },
	{ "trimmed", "\001 http://h/ \037", NULL, "http://h/" },
	{ "line breaks and tabs go", "ht\ntp:/\r/h\t/a\n", NULL, "http://h/a" },

	{ "no slash", "http:h", NULL, "http://h/" },
	{ "one slash", "http:/h", NULL, "http://h/" },
	{ "many slashes", "http:/\\//h", NULL, "http://h/" },
	{ "another special base", "http:x", "https://h/a/b", "http://x/" },
	{ "the same scheme", "http:x", "http://h/a/b", "http://h/a/x" },
	{ "the same scheme, capitals", "HTTP:x", "http://h/", "http://h/x" },
	{ "the same scheme, a slash", "http:/x", "http://h/a", "http://h/x" },
	{ "the same scheme, two", "http://x", "http://h/a", "http://x/" },
	{ "the same scheme, no more", "http:", "http://h/a?b#c",
	    "http://h/a?b" },
	{ "the same scheme, not special", "foo:x", "foo://h/a", "foo:x" },

	{ "username", "http://u@h/", NULL, "http://u@h/" },
	{ "password alone", "http://:p@h/", NULL, "http://:p@h/" },
	{ "both empty", "http://:@h/", NULL, "http://h/" },
	{ "an empty password", "http://u:@h/", NULL, "http://u@h/" },
	{ "the last at", "http://a@b:c@d:e@h/", NULL,
	    "http://a%40b:c%40d%3Ae@h/" },
	{ "credentials encoded", "foo://a b:c[@h", NULL, "foo://a%20b:c%5B@h" },
	{ "credentials without a host", "http://u@/x", NULL, NULL },
	{ "credentials alone", "foo://u@", NULL, NULL },
	{ "an at in the path", "http://h/@", NULL, "http://h/@" },
	{ "an at in the query", "http://h?@", NULL, "http://h/?@" },

	{ "host in capitals", "ws://H.Example", NULL, "ws://h.example/" },
	{ "host of a URL that is not special", "foo://H", NULL, "foo://H" },
	{ "no host", "http://", NULL, NULL },
	{ "no host, but a query", "http:///?x", NULL, NULL },
	{ "no host, not special", "foo:///x", NULL, "foo:///x" },
	{ "an address", "http://[1:0::]:8/", NULL, "http://[1::]:8/" },
	{ "no address", "http://[1/", NULL, NULL },
	{ "host with a blank", "http://a b/", NULL, NULL },
	{ "host with a caret, not special", "foo://a^b/", NULL, NULL },

	{ "port", "http://h:8080/", NULL, "http://h:8080/" },
	{ "port with zeros", "http://h:00008/", NULL, "http://h:8/" },
	{ "the default", "https://h:443/", NULL, "https://h/" },
	{ "the default of another", "https://h:80/", NULL, "https://h:80/" },
	{ "ftp's", "ftp://h:21", NULL, "ftp://h/" },
	{ "ws's", "ws://h:80", NULL, "ws://h/" },
	{ "wss's", "wss://h:443", NULL, "wss://h/" },
	{ "not special, so no default", "foo://h:0080", NULL, "foo://h:80" },
	{ "an empty port", "http://h:/", NULL, "http://h/" },
	{ "the largest", "http://h:65535/", NULL, "http://h:65535/" },
	{ "one more", "http://h:65536/", NULL, NULL },
	{ "very long", "http://h:99999999999999999999/", NULL, NULL },
	{ "a letter", "http://h:8a/", NULL, NULL },
	{ "a sign", "http://h:+8/", NULL, NULL },
	{ "two", "http://h:8:9/", NULL, NULL },
	{ "a port without a host", "foo://:8", NULL, NULL },

	{ "path", "http://h/a/b", NULL, "http://h/a/b" },
	{ "path of backslashes", "http://h\\a\\b", NULL, "http://h/a/b" },
	{ "backslashes, not special", "foo://h/a\\b", NULL, "foo://h/a\\b" },
	{ "dots", "http://h/a/./b/../c", NULL, "http://h/a/c" },
	{ "encoded dots", "http://h/a/%2e/b/.%2E/%2e%2E/c", NULL,
	    "http://h/c" },
	{ "a dot at the end", "http://h/a/.", NULL, "http://h/a/" },
	{ "dots at the end", "http://h/a/b/..", NULL, "http://h/a/" },
	{ "above the root", "http://h/../..", NULL, "http://h/" },
	{ "three dots", "http://h/...", NULL, "http://h/..." },
	{ "empty segments", "http://h//a//", NULL, "http://h//a//" },
	{ "dots take an empty one", "http://h/a//../b", NULL, "http://h/a/b" },
	{ "path encoded", "http://h/ {\303\251}", NULL,
	    "http://h/%20%7B%C3%A9%7D" },
	{ "percent stays", "http://h/%41%2f%zz%", NULL, "http://h/%41%2f%zz%" },
	{ "no path, not special", "foo://h?q", NULL, "foo://h?q" },
	{ "no authority", "foo:/a/../b", NULL, "foo:/b" },
	{ "like an authority", "foo:/.//a", NULL, "foo:/.//a" },
	{ "like an authority, and more", "foo:/..//a?b#c", NULL,
	    "foo:/.//a?b#c" },

	{ "opaque", "urn:a:b/../c", NULL, "urn:a:b/../c" },
	{ "opaque and empty", "foo:", NULL, "foo:" },
	{ "opaque encodes little", "foo:a \"<>`{\303\251\177", NULL,
	    "foo:a \"<>`{%C3%A9%7F" },
	{ "blanks before a query", "foo:a  ?q", NULL, "foo:a %20?q" },
	{ "blanks before a fragment", "foo: #f", NULL, "foo:%20#f" },

	{ "query", "http://h/?a b'\"?", NULL, "http://h/?a%20b%27%22?" },
	{ "query, not special", "foo://h/?a'", NULL, "foo://h/?a'" },
	{ "empty query and fragment", "http://h?#", NULL, "http://h/?#" },
	{ "fragment", "http://h/#a `?#", NULL, "http://h/#a%20%60?#" },

	{ "relative", "x", "http://u:p@h:8/a/b?q#f", "http://u:p@h:8/a/x" },
	{ "relative, no path in the base", "x", "foo://h", "foo://h/x" },
	{ "relative, no host in the base", "x", "foo:/a", "foo:/x" },
	{ "relative, up", "../x", "http://h/a/b/c", "http://h/a/x" },
	{ "relative, up and out", "..//x", "foo:/a/b", "foo:/.//x" },
	{ "from the root", "/x", "http://u:p@h/a/b?q", "http://u:p@h/x" },
	{ "a backslash", "\\x", "http://h/a/b", "http://h/x" },
	{ "a backslash, not special", "\\x", "foo://h/a/b", "foo://h/a/\\x" },
	{ "another host", "//x/y", "http://u:p@h/a", "http://x/y" },
	{ "three slashes", "///x/y", "http://h/a", "http://x/y" },
	{ "three slashes, not special", "///x/y", "foo://h/a", "foo:///x/y" },
	{ "only a query", "?x", "http://h/a?b#c", "http://h/a?x" },
	{ "only a fragment", "#x", "http://h/a?b#c", "http://h/a?b#x" },
	{ "nothing relative", "", "http://h/a?b#c", "http://h/a?b" },
	{ "fragment of an opaque one", "#x", "foo:a b?c#d", "foo:a b?c#x" },
	{ "relative to an opaque one", "x", "foo:a", NULL },
	{ "nothing relative to an opaque one", "", "foo:a", NULL },

	{ "file", "file:///a/b", NULL, "file:///a/b" },
	{ "file without slashes", "file:a", NULL, "file:///a" },
	{ "file alone", "file:", NULL, "file:///" },
	{ "file with a host", "file://H/a", NULL, "file://h/a" },
	{ "the local host", "file://LOCALHOST/a", NULL, "file:///a" },
	{ "file with a port", "file://h:8/a", NULL, NULL },
	{ "file with credentials", "file://u@h/a", NULL, NULL },
	{ "a drive", "file:///c|/a/../..", NULL, "file:///c:/" },
	{ "a drive for a host", "file://c:/a", NULL, "file:///c:/a" },
	{ "no drive", "file:///cc:/..", NULL, "file:///" },
	{ "a drive in the next segment", "file:///a/c|", NULL, "file:///a/c|" },
	{ "base's host", "/x", "file://h/a", "file://h/x" },
	{ "base's drive", "/x", "file:///c:/a", "file:///c:/x" },
	{ "a drive of its own", "/d:/x", "file:///c:/a", "file:///d:/x" },
	{ "a drive, relative", "d|/x", "file:///c:/a", "file:///d:/x" },
	{ "base's folder", "x", "file:///c:/a/b", "file:///c:/a/x" },
	{ "up to base's drive", "..", "file:///c:/a", "file:///c:/" },
	{ "file and only a query", "?x", "file:///a?b", "file:///a?x" },
	{ "file and another base", "file:x", "http://h/a", "file:///x" },
	{ "file and its base", "file:x", "file:///a/b", "file:///a/x" },
	{ "file, backslashes", "\\\\h\\x", "file:///a", "file://h/x" },
};

static void
makes_urls(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct url u = { .is_special = false };
		enum err e = parse(&u, rows[i].text, rows[i].base, 0);

		if (rows[i].want == NULL && e != ERR_SYNTAX)
			fail_msg("%s: %s", rows[i].name, err_text(e));
		if (rows[i].want != NULL &&
		    (e != ERR_OK || !slice_is(buf_view(&u.href), rows[i].want)))
			fail_msg("%s: %s, %.*s", rows[i].name, err_text(e),
			    SLICE_ARG(buf_view(&u.href)));
		url_free(&u);
	}
}

/* A serialized URL parses as the same URL. */
static void
makes_the_same_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct url u = { .is_special = false };

		if (rows[i].want == NULL)
			continue;
		if (parse(&u, rows[i].want, NULL, 0) != ERR_OK ||
		    !slice_is(buf_view(&u.href), rows[i].want))
			fail_msg("%s: %.*s", rows[i].name,
			    SLICE_ARG(buf_view(&u.href)));
		url_free(&u);
	}
}

/* Rows of parts; ABSENT is not there. */
#define ABSENT NULL

static const struct {
	const char *name, *text;
	const char *part[URL_PARTS];
	bool is_special, has_opaque_path;
} split[] = {
	{ "all", "https://u:p@h:8/a?q#f",
	    { "https", "u", "p", "h", "8", "/a", "q", "f" }, true, false },
	{ "only what a special one must have", "http://h",
	    { "http", "", "", "h", ABSENT, "/", ABSENT, ABSENT }, true, false },
	{ "empty ones", "foo://?#", { "foo", "", "", "", ABSENT, "", "", "" },
	    false, false },
	{ "no authority", "foo:/a",
	    { "foo", ABSENT, ABSENT, ABSENT, ABSENT, "/a", ABSENT, ABSENT },
	    false, false },
	{ "opaque", "urn:a?q",
	    { "urn", ABSENT, ABSENT, ABSENT, ABSENT, "a", "q", ABSENT }, false,
	    true },
	{ "no part holds the guard", "foo:/.//a#f",
	    { "foo", ABSENT, ABSENT, ABSENT, ABSENT, "//a", ABSENT, "f" },
	    false, false },
	{ "an address", "http://[::1]:8",
	    { "http", "", "", "[::1]", "8", "/", ABSENT, ABSENT }, true,
	    false },
	{ "the local host", "file://localhost/a",
	    { "file", "", "", "", ABSENT, "/a", ABSENT, ABSENT }, true, false },
};

static void
splits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(split) / sizeof(split[0]); i++) {
		struct url u = { .is_special = false };

		assert_int_equal(parse(&u, split[i].text, NULL, 0), ERR_OK);
		for (size_t k = 0; k < URL_PARTS; k++) {
			const char *want = split[i].part[k];
			struct slice part = u.part[k];

			if ((part.base != NULL) != (want != NULL) ||
			    (want != NULL && !slice_is(part, want)))
				fail_msg("%s: part %zu is %.*s", split[i].name,
				    k, SLICE_ARG(part));
		}
		if (u.is_special != split[i].is_special ||
		    u.has_opaque_path != split[i].has_opaque_path)
			fail_msg("%s: its kind", split[i].name);
		url_free(&u);
	}
}

static void
tells_what_needs_idna(void **state)
{
	static const char *const texts[] = { "http://\303\251/",
		"https://u@%C3%A9.example:80", "file://\303\251/a" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct url u = { .is_special = false };

		assert_int_equal(parse(&u, texts[i], NULL, 0), ERR_UNSUPPORTED);
		assert_null(u.href.base);
	}
}

static void
skips_the_authority(void **state)
{
	static const struct {
		const char *name, *text, *base, *path;
	} hosts[] = {
		{ "a host", "http://u:p@h:8/a/../b?q", NULL, "/b" },
		{ "not ASCII", "http://\303\251/a", NULL, "/a" },
		{ "not closed", "http://[bad/a", NULL, "/a" },
		{ "no port", "http://h:x/a", NULL, "/a" },
		{ "no host", "http://", NULL, "/" },
		{ "credentials alone", "foo://u@/a", NULL, "/a" },
		{ "another host", "//[/a", "http://h/", "/a" },
		{ "a file's host", "file://a b/a", NULL, "/a" },
		{ "a drive", "file://c:/a", NULL, "/c:/a" },
		{ "no host at all", "foo:/a", NULL, "/a" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct url u = { .is_special = false };
		enum err e =
		    parse(&u, hosts[i].text, hosts[i].base, URL_SKIP_AUTHORITY);

		if (e != ERR_OK || !slice_is(u.part[URL_PATH], hosts[i].path) ||
		    u.part[URL_HOST].len != 0 ||
		    u.part[URL_USERNAME].len != 0 ||
		    u.part[URL_PORT].base != NULL)
			fail_msg("%s: %.*s", hosts[i].name,
			    SLICE_ARG(buf_view(&u.href)));
		url_free(&u);
	}
}

static void
normalizes_paths(void **state)
{
	static const struct {
		const char *name, *path, *want;
	} paths[] = {
		{ "empty", "", "" },
		{ "nothing to do", "/a/b//c/", "/a/b//c/" },
		{ "unreserved", "/%61%2D%2e%5F%7e%30", "/a-._~0" },
		{ "reserved", "/%2F%3a%40", "/%2F%3a%40" },
		{ "not ASCII", "/%C3%A9", "/%C3%A9" },
		{ "stray", "/%zz%6", "/%zz%6" },
		{ "put together", "/%%36D", "/m" },
		{ "put together behind", "/%6%44", "/m" },
		{ "twice encoded", "/%256D", "/%256D" },
		{ "dots put together", "/a/%%32e%2%65/b", "/b" },
		{ "a dot at the end", "/a/%%32e", "/a/" },
		{ "dots at the end", "/a/b/.%%32E", "/a/" },
		{ "above the root", "/../%%32e./a", "/a" },
		{ "dots and more", "/a/..b/.c", "/a/..b/.c" },
		{ "the guard's", "//a", "//a" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct buf b;

		buf_init(&b, TEXT_MAX);
		url_normalize_path(&b, slice_of(paths[i].path));
		if (b.err != ERR_OK || !slice_is(buf_view(&b), paths[i].want))
			fail_msg(
			    "%s: %.*s", paths[i].name, SLICE_ARG(buf_view(&b)));
		/* Behind what was there, and its own normal form. */
		buf_clear(&b);
		buf_text(&b, "%6");
		url_normalize_path(&b, slice_of(paths[i].want));
		if (!slice_is(slice_after(buf_view(&b), 2), paths[i].want))
			fail_msg("%s: again %.*s", paths[i].name,
			    SLICE_ARG(buf_view(&b)));
		buf_free(&b);
	}
}

static void
keeps_the_limits(void **state)
{
	struct url u = { .is_special = false }, base = { .is_special = false };
	char *text = mem_calloc(1, URL_INPUT_MAX + 1);

	(void)state;
	assert_non_null(text);
	memset(text, '\377', URL_INPUT_MAX + 1);
	memcpy(text, "a:/", 3);
	assert_int_equal(
	    url_parse(&u, (struct slice){ text, URL_INPUT_MAX + 1 }, NULL, 0),
	    ERR_LIMIT);
	text[URL_INPUT_MAX - 1] = '/';
	assert_int_equal(
	    url_parse(&base, (struct slice){ text, URL_INPUT_MAX }, NULL, 0),
	    ERR_OK);
	assert_int_equal(base.href.len, 4 + 3 * (URL_INPUT_MAX - 4));
	/* Behind the base's folder it would be six times its length. */
	assert_int_equal(
	    url_parse(
		&u, (struct slice){ text + 3, URL_INPUT_MAX - 3 }, &base, 0),
	    ERR_LIMIT);
	assert_null(u.href.base);
	url_free(&u);
	url_free(&base);
	mem_free(text);
}

static void
takes_what_is_not_there(void **state)
{
	struct url u = { .is_special = false };

	(void)state;
	assert_int_equal(
	    url_parse(&u, (struct slice){ NULL, 0 }, NULL, 0), ERR_SYNTAX);
	url_free(&u);
}

static void
survives_no_memory(void **state)
{
	static const char base[] = "http://user:password@host.example:8080/a/b";
	static const char text[] =
	    "../\xc3\xa9/\n//////////////////////////////////////////////////"
	    "?query#fragment";
	enum err e;
	long n = 0;

	(void)state;
	do {
		struct url from = { .is_special = false };
		struct url u = { .is_special = false };

		assert_int_equal(
		    url_parse(&from, slice_of(base), NULL, 0), ERR_OK);
		mem_fail_at(++n);
		e = url_parse(&u, slice_of(text), &from, 0);
		assert_int_equal(e, mem_failed() ? ERR_NOMEM : ERR_OK);
		assert_int_equal(u.href.base == NULL, mem_failed());
		url_free(&u);
		url_free(&from);
	} while (mem_failed());
	mem_fail_at(0);
	assert_true(n > 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_urls),
		cmocka_unit_test(makes_the_same_again),
		cmocka_unit_test(splits),
		cmocka_unit_test(tells_what_needs_idna),
		cmocka_unit_test(skips_the_authority),
		cmocka_unit_test(normalizes_paths),
		cmocka_unit_test(keeps_the_limits),
		cmocka_unit_test(takes_what_is_not_there),
		cmocka_unit_test(survives_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
