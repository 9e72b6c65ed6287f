/* SPDX-License-Identifier: MIT */
/* test_uuid.c - the shape of an identifier, and that no two are alike. */
#include "unit/unit.h"

#include "base/uuid.h"

#define SAMPLES 1000

static void
test_shape(void **state)
{
	/* h: any hexadecimal digit, v: 8, 9, a or b. */
	static const char shape[] =
	    "urn:uuid:hhhhhhhh-hhhh-4hhh-vhhh-hhhhhhhhhhhh";
	char id[UUID_URN_SIZE];

	(void)state;
	for (int n = 0; n < SAMPLES; n++) {
		uuid_urn(id);
		assert_int_equal(strlen(id), sizeof(shape) - 1);
		for (size_t i = 0; i < sizeof(shape) - 1; i++) {
			const char *set = i < 9             ? NULL
					  : shape[i] == 'h' ? "0123456789abcdef"
					  : shape[i] == 'v' ? "89ab"
							    : NULL;

			if (set == NULL)
				assert_int_equal(id[i], shape[i]);
			else
				assert_non_null(strchr(set, id[i]));
		}
	}
}

static void
test_unique(void **state)
{
	static char ids[SAMPLES][UUID_URN_SIZE];

	(void)state;
	for (size_t n = 0; n < SAMPLES; n++) {
		uuid_urn(ids[n]);
		for (size_t i = 0; i < n; i++)
			assert_string_not_equal(ids[i], ids[n]);
	}
}

/* Every digit but the version takes more than one value. */
static void
test_every_digit_is_random(void **state)
{
	char first[UUID_URN_SIZE], id[UUID_URN_SIZE];
	int changed[UUID_URN_SIZE] = { 0 };

	(void)state;
	uuid_urn(first);
	for (int n = 0; n < SAMPLES; n++) {
		uuid_urn(id);
		for (size_t i = 0; i < strlen(first); i++)
			changed[i] |= id[i] != first[i];
	}
	for (size_t i = 9; i < strlen(first); i++)
		if (first[i] != '-' && i != 9 + 14)
			assert_true(changed[i]);
}

/* What the hub makes, and near misses. */
static void
test_is_urn(void **state)
{
	static const struct {
		const char *id;
		bool is;
	} cases[] = {
		{ "urn:uuid:90161978-a3ed-4d39-8a2c-5a8faf3c22e9", true },
		{ "urn:uuid:90161978-a3ed-4d39-ba2c-5a8faf3c22e9", true },
		/* Versions that are made of a clock or a name. */
		{ "urn:uuid:90161978-a3ed-1d39-8a2c-5a8faf3c22e9", false },
		{ "urn:uuid:90161978-a3ed-5d39-8a2c-5a8faf3c22e9", false },
		{ "urn:uuid:90161978-a3ed-7d39-8a2c-5a8faf3c22e9", false },
		{ "urn:uuid:90161978-a3ed-4d39-ca2c-5a8faf3c22e9", false },
		{ "urn:uuid:90161978-a3ed-4d39-8a2c-5a8faf3c22e", false },
		{ "urn:uuid:90161978-a3ed-4d39-8a2c-5a8faf3c22e90", false },
		{ "urn:uuid:90161978-a3ed-4d39-8a2c-5a8faf3c22eg", false },
		{ "urn:uuid:90161978-a3ed-4d39-8a2c-5A8FAF3C22E9", false },
		{ "urn:uuid:90161978.a3ed-4d39-8a2c-5a8faf3c22e9", false },
		{ "urn:uuie:90161978-a3ed-4d39-8a2c-5a8faf3c22e9", false },
		{ "order-4711", false },
		{ "", false },
		{ NULL, false },
	};
	char id[UUID_URN_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (uuid_urn_is(slice_of(cases[i].id)) != cases[i].is)
			fail_msg("row %zu", i);
	for (int n = 0; n < SAMPLES; n++) {
		uuid_urn(id);
		assert_true(uuid_urn_is(slice_of(id)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shape),
		cmocka_unit_test(test_unique),
		cmocka_unit_test(test_every_digit_is_random),
		cmocka_unit_test(test_is_urn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
