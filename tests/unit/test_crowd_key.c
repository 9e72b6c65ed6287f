/* SPDX-License-Identifier: MIT */
/* test_crowd_key.c - which addresses are one client, and what stands for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "crowd_key.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *name, *one, *other;
	bool same;
} pairs[] = {
	{ "the same", "192.0.2.1", "192.0.2.1", true },
	{ "IPv4 neighbours", "192.0.2.1", "192.0.2.2", false },
	{ "mapped", "192.0.2.1", "::ffff:192.0.2.1", true },
	{ "mapped, in hexadecimal", "192.0.2.1", "::FFFF:c000:201", true },
	{ "mapped neighbours", "::ffff:192.0.2.1", "::ffff:192.0.2.2", false },
	{ "translated", "192.0.2.1", "64:ff9b::192.0.2.1", true },
	{ "translated neighbours", "64:ff9b::c000:201", "64:ff9b::c000:202",
	    false },
	{ "not quite translated", "192.0.2.1", "64:ff9b:1::192.0.2.1", false },
	{ "compatible is not mapped", "192.0.2.1", "::192.0.2.1", false },
	{ "one /64", "2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff",
	    true },
	{ "another spelling", "2001:DB8:1:2:0::1", "2001:db8:1:2::1", true },
	{ "the next /64", "2001:db8:1:2::1", "2001:db8:1:3::1", false },
	{ "with a zone", "fe80::1%eth0", "fe80::2", true },
	{ "the loopbacks", "127.0.0.1", "::1", false },
	{ "::1 is not none", "::1", "", false },
	{ "0.0.0.0 is not none", "0.0.0.0", "", false },
	{ "none", "", "", true },
	{ "none, in a word", "", "unknown", true },
	{ "text", "unix:", "unix:", true },
	{ "other text", "unix:", "unix:/", false },
	{ "text is not none", "unix:", "", false },
	{ "no address: an octet more", "192.0.2.1.1", "192.0.2.1", false },
	{ "no address: an IPv4 network", "192.0.2", "192.0.2.0", false },
	{ "no address: a blank behind it", "192.0.2.1 ", "192.0.2.1", false },
	{ "no address: a port", "192.0.2.1:80", "192.0.2.1", false },
	{ "no address: brackets", "[2001:db8::1]", "2001:db8::1", false },
	{ "long text",
	    "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001",
	    "::1", false },
};

static void
test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		const uint64_t one = crowd_key_address(slice_of(pairs[i].one));
		const uint64_t other =
		    crowd_key_address(slice_of(pairs[i].other));

		if ((one == other) != pairs[i].same || one == CROWD_NOBODY ||
		    other == CROWD_NOBODY)
			fail_msg("%s", pairs[i].name);
	}
	assert_true(crowd_key_address(slice_of("")) == CROWD_UNKNOWN);
	assert_true(crowd_key_address(slice_of(NULL)) == CROWD_NOBODY);
}

/* An address is a slice: what lies behind it does not belong to it. */
static void
test_slices(void **state)
{
	const struct slice all = slice_of("192.0.2.12001:db8::1");

	(void)state;
	assert_true(crowd_key_address((struct slice){ all.base, 9 }) ==
		    crowd_key_address(slice_of("192.0.2.1")));
	assert_true(crowd_key_address((struct slice){ all.base + 9, 11 }) ==
		    crowd_key_address(slice_of("2001:db8::1")));
}

static void
test_grants(void **state)
{
	const uint8_t one[GRANT_TOKEN_SIZE] = { 1 },
		      two[GRANT_TOKEN_SIZE] = { 0, 0, 0, 0, 0, 0, 0, 1 };
	struct grant_parts parts = { .expires_ms = INT64_MAX };
	struct grant *g = NULL;

	(void)state;
	assert_true(crowd_key_grant(NULL) == CROWD_NOBODY);
	assert_int_equal(grant_new(&g, &parts), ERR_OK);
	assert_true(crowd_key_grant(g) != CROWD_NOBODY);
	grant_set_token(g, one);
	assert_true(crowd_key_grant(g) == 1);
	grant_set_token(g, two);
	assert_true(crowd_key_grant(g) == (uint64_t)1 << 56);
	grant_set_holder(g, 7);
	assert_true(crowd_key_grant(g) == 7);
	grant_unref(g);
}

/* What another implementation of SipHash-1-3 makes of "t" or "a" and the number, its lowest byte first.  Nobody stays
 * nobody. */
static void
test_hidden(void **state)
{
	const uint64_t secret[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 },
		       other[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0909 };
	const struct crowd_keys nobody = { CROWD_NOBODY, CROWD_NOBODY },
				same = { 7, 7 };
	struct crowd_keys a = crowd_key_hide(&nobody, secret), b;

	(void)state;
	assert_true(a.token == CROWD_NOBODY && a.address == CROWD_NOBODY);
	a = crowd_key_hide(&same, secret);
	b = crowd_key_hide(&same, secret);
	assert_true(a.token == b.token && a.address == b.address);
	assert_true(a.token == 0xb1383704c8ec8feb);
	assert_true(a.address == 0x7fa23bff9e0cc9bc);
	b = crowd_key_hide(&same, other);
	assert_true(a.token != b.token && a.address != b.address);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_slices),
		cmocka_unit_test(test_grants),
		cmocka_unit_test(test_hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
