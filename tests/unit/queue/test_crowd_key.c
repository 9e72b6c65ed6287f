/* SPDX-License-Identifier: MIT */
/* test_crowd_key.c - numbers that stand for tokens and clients. */
#include "unit/unit.h"

#include "queue/crowd_key.h"

/* test_ip.c shows which addresses have the same name. */
static void
test_clients(void **state)
{
	const struct slice all = slice_of("192.0.2.12001:db8::/64");
	const uint64_t four = crowd_key_client(slice_of("192.0.2.1")),
		       six = crowd_key_client(slice_of("2001:db8::/64"));

	(void)state;
	assert_true(four > CROWD_UNKNOWN && six > CROWD_UNKNOWN);
	assert_true(four != six);
	assert_true(four != crowd_key_client(slice_of("192.0.2.2")));
	assert_true(four == crowd_key_client((struct slice){ all.base, 9 }));
	assert_true(
	    six == crowd_key_client((struct slice){ all.base + 9, 13 }));
	assert_true(crowd_key_client(slice_of("")) == CROWD_UNKNOWN);
	assert_true(crowd_key_client(slice_of("unknown")) == CROWD_UNKNOWN);
	assert_true(crowd_key_client(slice_of(NULL)) == CROWD_NOBODY);
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

/* The numbers were computed by another implementation of SipHash-1-3 from "t"
 * or "a" and the key, its lowest byte first.  CROWD_NOBODY is not changed. */
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
		cmocka_unit_test(test_clients),
		cmocka_unit_test(test_grants),
		cmocka_unit_test(test_hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
