/* SPDX-License-Identifier: MIT */
/* test_host.c - which hosts a URL may have, and how they are spelled. */
#include "unit/unit.h"

#include "unit/mem_fail.h"
#include "url/host.h"

#define HOST_MAX 4096

struct row {
	const char *name, *in, *want; /* want NULL: no host */
};

static void
expect(const struct row *rows, size_t n, bool is_opaque)
{
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &rows[i];
		struct buf b;
		enum err e;

		buf_init(&b, HOST_MAX);
		e = url_host_add(&b, slice_of(r->in), is_opaque);
		if (r->want == NULL && e != ERR_SYNTAX)
			fail_msg("%s: %s", r->name, err_text(e));
		if (r->want != NULL && (e != ERR_OK || b.err != ERR_OK ||
					   !slice_is(buf_view(&b), r->want)))
			fail_msg("%s: %s, %.*s", r->name, err_text(e),
			    SLICE_ARG(buf_view(&b)));
		buf_free(&b);
	}
}

static void
domains(void **state)
{
	static const struct row rows[] = {
		{ "plain", "example.com", "example.com" },
		{ "capitals", "EXAMPLE.Com", "example.com" },
		{ "digits and marks",
		    "a-1_b.~!$&'()*+,;=", "a-1_b.~!$&'()*+,;=" },
		{ "decoded", "ex%61mple%2Ecom", "example.com" },
		{ "decoded capitals", "%41b", "ab" },
		{ "Punycode", "XN--9ca", "xn--9ca" },
		{ "no Punycode", "xn--a", "xn--a" },
		{ "a dot behind", "a.", "a." },
		{ "empty labels", "a..b", "a..b" },
		{ "empty", "", NULL },
		{ "a blank", "a b", NULL },
		{ "a slash, encoded", "a%2fb", NULL },
		{ "a colon, encoded", "a%3ab", NULL },
		{ "an at, encoded", "a%40b", NULL },
		{ "a stray percent", "a%b", NULL },
		{ "a percent, encoded", "a%25b", NULL },
		{ "a control character", "a%01b", NULL },
		{ "DEL", "a\177", NULL },
		{ "NUL, encoded", "a%00", NULL },
		{ "a bracket behind", "a]", NULL },
		{ "a bracket, encoded", "%5B::1]", NULL },
	};

	(void)state;
	expect(rows, sizeof(rows) / sizeof(rows[0]), false);
}

static void
domains_beyond_ascii(void **state)
{
	static const struct {
		const char *name, *in;
	} rows[] = {
		{ "as UTF-8", "\303\251" },
		{ "encoded", "%C3%A9.example" },
		{ "no UTF-8", "%ff" },
		{ "forbidden, unless a mark changes it", "<\314\270" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b;

		buf_init(&b, HOST_MAX);
		if (url_host_add(&b, slice_of(rows[i].in), false) !=
		    ERR_UNSUPPORTED)
			fail_msg("%s", rows[i].name);
		buf_free(&b);
	}
}

static void
ipv4(void **state)
{
	static const struct row rows[] = {
		{ "four numbers", "192.168.0.1", "192.168.0.1" },
		{ "one", "1", "0.0.0.1" },
		{ "two", "1.2", "1.0.0.2" },
		{ "three", "1.2.3", "1.2.0.3" },
		{ "the last fills", "1.2.65535", "1.2.255.255" },
		{ "and does not fit", "1.2.65536", NULL },
		{ "the largest", "4294967295", "255.255.255.255" },
		{ "one more", "4294967296", NULL },
		{ "much more", "99999999999999999999999999", NULL },
		{ "hexadecimal", "0xC0.0XA8.0.1", "192.168.0.1" },
		{ "octal", "0300.0250.00.01", "192.168.0.1" },
		{ "an empty hexadecimal", "0x", "0.0.0.0" },
		{ "no octal", "1.2.3.09", NULL },
		{ "a number that has to be one", "1.2.3.08", NULL },
		{ "five", "1.2.3.4.5", NULL },
		{ "above 255", "1.256.3.4", NULL },
		{ "the last above 255", "1.2.3.256", NULL },
		{ "empty in between", "1..2", NULL },
		{ "a word before", "a.1", NULL },
		{ "a word before, hexadecimal", "a.0x1", NULL },
		{ "a dot behind", "1.2.3.4.", "1.2.3.4" },
		{ "two dots behind", "1.2.3.4..", "1.2.3.4.." },
		{ "no number at the end", "1.2.3.a", "1.2.3.a" },
		{ "no hexadecimal", "0xg", "0xg" },
		{ "a sign", "+1", "+1" },
		{ "a dot", ".", "." },
		{ "encoded", "%31%2e2", "1.0.0.2" },
	};

	(void)state;
	expect(rows, sizeof(rows) / sizeof(rows[0]), false);
}

static void
ipv6(void **state)
{
	static const struct row rows[] = {
		{ "all pieces", "[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7:8]" },
		{ "capitals and zeros", "[00AB:2:3:4:5:6:7:0008]",
		    "[ab:2:3:4:5:6:7:8]" },
		{ "nothing", "[::]", "[::]" },
		{ "the last", "[::1]", "[::1]" },
		{ "the first", "[1::]", "[1::]" },
		{ "a gap", "[1:2::7:8]", "[1:2::7:8]" },
		{ "a gap of one", "[1:2:3::5:6:7:8]", "[1:2:3:0:5:6:7:8]" },
		{ "a gap of one at the end", "[1:2:3:4:5:6:7::]",
		    "[1:2:3:4:5:6:7:0]" },
		{ "a gap of one in front", "[::2:3:4:5:6:7:8]",
		    "[0:2:3:4:5:6:7:8]" },
		{ "a gap of none", "[1:2:3:4::5:6:7:8]", NULL },
		{ "the first of two runs", "[1:0:0:4:5:0:0:8]",
		    "[1::4:5:0:0:8]" },
		{ "the longer run", "[1:0:0:4:0:0:0:8]", "[1:0:0:4::8]" },
		{ "two gaps", "[1::2::3]", NULL },
		{ "three colons", "[:::]", NULL },
		{ "too few", "[1:2:3]", NULL },
		{ "too many", "[1:2:3:4:5:6:7:8:9]", NULL },
		{ "a colon in front", "[:1:2:3:4:5:6:7]", NULL },
		{ "a colon in front, gap later", "[:1::]", NULL },
		{ "a colon behind", "[1:2:3:4:5:6:7:]", NULL },
		{ "five digits", "[12345::]", NULL },
		{ "no digit", "[g::]", NULL },
		{ "a zone", "[fe80::1%25eth0]", NULL },
		{ "IPv4 behind", "[::ffff:1.2.3.4]", "[::ffff:102:304]" },
		{ "IPv4 behind six", "[1:2:3:4:5:6:1.2.3.4]",
		    "[1:2:3:4:5:6:102:304]" },
		{ "IPv4 behind seven", "[1:2:3:4:5:6:7:1.2.3.4]", NULL },
		{ "IPv4 of three", "[::1.2.3]", NULL },
		{ "IPv4 of five", "[::1.2.3.4.5]", NULL },
		{ "IPv4 with a zero in front", "[::1.2.3.04]", NULL },
		{ "IPv4 above 255", "[::1.2.3.256]", NULL },
		{ "IPv4 with a letter", "[::1.2.3.a]", NULL },
		{ "IPv4 with a hole", "[::1..3.4]", NULL },
		{ "IPv4 with a dot behind", "[::1.2.3.4.]", NULL },
		{ "IPv4 with more behind", "[::1.2.3.4:5]", NULL },
		{ "a dot in front", "[::.1.2.3]", NULL },
		{ "empty", "[]", NULL },
		{ "not closed", "[::1", NULL },
		{ "one bracket", "[", NULL },
		{ "something behind", "[::1]x", NULL },
	};

	(void)state;
	expect(rows, sizeof(rows) / sizeof(rows[0]), false);
	expect(rows, sizeof(rows) / sizeof(rows[0]), true);
}

static void
opaque(void **state)
{
	static const struct row rows[] = {
		{ "empty", "", "" },
		{ "case stays", "Host", "Host" },
		{ "encoded stays", "h%4fst%20%zz", "h%4fst%20%zz" },
		{ "no address", "0x1", "0x1" },
		{ "not ASCII", "\303\251", "%C3%A9" },
		{ "a control character", "a\001\177", "a%01%7F" },
		{ "marks", "!\"$&'()*+,-.;=_`{}~", "!\"$&'()*+,-.;=_`{}~" },
		{ "a blank", "a b", NULL },
		{ "a caret", "a^b", NULL },
		{ "a bar", "a|b", NULL },
		{ "a bracket", "a[b", NULL },
		{ "a line break", "a\nb", NULL },
		{ "a less-than", "a<b", NULL },
	};

	(void)state;
	expect(rows, sizeof(rows) / sizeof(rows[0]), true);
	assert_int_equal(
	    url_host_add(NULL, (struct slice){ "a\0", 2 }, true), ERR_SYNTAX);
}

static void
no_memory(void **state)
{
	static const char *const hosts[] = { "example.com", "1.2.3.4",
		"[::1]" };

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct buf b;

		buf_init(&b, HOST_MAX);
		mem_fail_at(1);
		assert_int_equal(
		    url_host_add(&b, slice_of(hosts[i]), false), ERR_OK);
		assert_true(mem_failed());
		assert_int_equal(b.err, ERR_NOMEM);
		mem_fail_at(0);
		buf_free(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(domains),
		cmocka_unit_test(domains_beyond_ascii),
		cmocka_unit_test(ipv4),
		cmocka_unit_test(ipv6),
		cmocka_unit_test(opaque),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
