/* SPDX-License-Identifier: MIT */
/* test_digest.c - SHA-256 against the standard's own examples (FIPS 180). */
#include "unit/unit.h"

#include "base/digest.h"

static void
test_examples(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb924"
		      "27ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223"
			 "b00361a396177a9cb410ff61f20015ad" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t digest[DIGEST_SIZE];
		char text[2 * DIGEST_SIZE + 1];

		assert_int_equal(
		    digest_sha256(digest, slice_of(rows[i].text)), ERR_OK);
		for (size_t n = 0; n < DIGEST_SIZE; n++)
			snprintf(text + 2 * n, 3, "%02x", digest[n]);
		assert_string_equal(text, rows[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
