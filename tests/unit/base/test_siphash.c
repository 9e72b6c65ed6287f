/* SPDX-License-Identifier: MIT */
/* test_siphash.c - against hashes of another implementation. */
#include "unit/unit.h"

#include "base/siphash.h"

#define TEXT 64

/* The bytes 0, 1, 2 … up to `len`, with a key of zeros, as Python 3.11's
 * hash() has them. */
static const struct {
	size_t len;
	uint64_t hash;
} rows[] = {
	{ 1, UINT64_C(0x68a914128e01e473) },
	{ 3, UINT64_C(0x4d4c9a4a8ef6e0ad) },
	{ 7, UINT64_C(0x2f098ab0c751325a) },
	{ 8, UINT64_C(0xead411e67ebe2eea) },
	{ 9, UINT64_C(0x75927f9d95124362) },
	{ 15, UINT64_C(0xf30eb725bb91c9ea) },
	{ 16, UINT64_C(0x8972188433a5c5b7) },
	{ 17, UINT64_C(0x4883c49a2c009c1d) },
	{ 31, UINT64_C(0x169739443111d49b) },
	{ 63, UINT64_C(0x385d3e39e5f37359) },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void
fill(char text[TEXT])
{
	for (size_t i = 0; i < TEXT; i++)
		text[i] = (char)i;
}

static void
hashes_as_others_do(void **state)
{
	const struct siphash_key zero = { { 0, 0 } };
	char text[TEXT];
	struct siphash s;

	(void)state;
	fill(text);
	for (size_t i = 0; i < ROWS; i++) {
		siphash_start(&s, &zero);
		siphash_add(&s, (struct slice){ text, rows[i].len });
		if (siphash_end(&s) != rows[i].hash)
			fail_msg("%zu bytes", rows[i].len);
	}
}

/* Each beginning on the way has the hash that it has alone. */
static void
hashes_beginnings_on_the_way(void **state)
{
	const struct siphash_key zero = { { 0, 0 } };
	char text[TEXT];
	struct siphash s;
	size_t row = 0;

	(void)state;
	fill(text);
	siphash_start(&s, &zero);
	for (size_t len = 1; len < TEXT; len++) {
		siphash_add(&s, (struct slice){ text + len - 1, 1 });
		if (len != rows[row].len)
			continue;
		assert_true(siphash_end(&s) == rows[row].hash);
		row++;
	}
	assert_int_equal(row, ROWS);
}

static void
keys_are_different(void **state)
{
	struct siphash_key one, other;
	struct siphash a, b;

	(void)state;
	siphash_key_random(&one);
	siphash_key_random(&other);
	siphash_start(&a, &one);
	siphash_start(&b, &other);
	siphash_add(&a, slice_of("topic"));
	siphash_add(&b, slice_of("topic"));
	assert_true(siphash_end(&a) != siphash_end(&b));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_as_others_do),
		cmocka_unit_test(hashes_beginnings_on_the_way),
		cmocka_unit_test(keys_are_different),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
